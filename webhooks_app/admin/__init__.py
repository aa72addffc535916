"""The operators' pages for traffic, and what a channel's page can do with it."""

from webhooks_app.admin import channels, conversations, events, unreadable

__all__ = ["channels", "conversations", "events", "unreadable"]
