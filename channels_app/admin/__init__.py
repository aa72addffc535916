"""The operators' pages for what is set up. Traffic's pages are in ``webhooks_app.admin``."""

from channels_app.admin import api_keys, brands, channels, liveperson_apps, operators

__all__ = ["api_keys", "brands", "channels", "liveperson_apps", "operators"]
