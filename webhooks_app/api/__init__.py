"""The part of the API that is about traffic: events, replay, checks, unreadable callbacks."""
