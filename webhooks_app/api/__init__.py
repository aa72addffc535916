"""The part of the API that is about traffic: conversations, events, replay, checks, unreadable callbacks."""
