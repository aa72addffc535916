"""The operators' pages for traffic, and what a channel's page can do with it."""

from django.contrib import admin

from webhooks_app.admin import channels, conversations, events, liveperson_apps, unreadable

__all__ = ["channels", "conversations", "events", "liveperson_apps", "unreadable"]

admin.site.index_template = "webhooks_app/admin/index.html"
