from __future__ import annotations

from django.db import models

from channels_app.models.base import SealedJSONField


class Token(models.Model):
    """An access token that expires, shared by all workers. ``refreshing_until`` makes its renewal single-flight."""

    key = models.CharField(max_length=200, unique=True)
    value: models.Field = SealedJSONField(null=True)
    renew_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    refreshing_until = models.DateTimeField(null=True)

    def __str__(self) -> str:
        return self.key
