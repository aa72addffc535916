from __future__ import annotations

from typing import ClassVar

from django.db import models

from connector_platform.core.ids import uuid7


class UnreadableBody(models.Model):
    """A verified body that could not be read: kept raw, so that it can be replayed once the parser can.

    Exactly one of the three owners is set. The body of a shared provider app may hold several brands' events, so only the platform's own
    operators see it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    provider = models.CharField(max_length=40, help_text="The provider, or liveperson.")
    channel = models.ForeignKey("channels_app.Channel", on_delete=models.CASCADE, null=True, related_name="+")
    provider_app = models.ForeignKey("channels_app.ProviderApp", on_delete=models.CASCADE, null=True, related_name="+")
    liveperson_app = models.ForeignKey("channels_app.LivePersonApp", on_delete=models.CASCADE, null=True, related_name="+")
    method = models.CharField(max_length=8)
    path = models.CharField(max_length=200, blank=True, default="")
    query_string = models.TextField(blank=True, default="")
    content_type = models.CharField(max_length=200, blank=True, default="")
    raw = models.BinaryField()
    digest = models.CharField(max_length=64, editable=False, help_text="SHA-256 of the body: a repetition is counted, not stored again.")
    times = models.IntegerField(default=1)
    error = models.CharField(max_length=500)
    received_at = models.DateTimeField()
    replayed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ("-received_at",)
        verbose_name = "unreadable callback"
        constraints: ClassVar = [
            models.CheckConstraint(
                condition=models.Q(channel__isnull=False, provider_app__isnull=True, liveperson_app__isnull=True)
                | models.Q(channel__isnull=True, provider_app__isnull=False, liveperson_app__isnull=True)
                | models.Q(channel__isnull=True, provider_app__isnull=True, liveperson_app__isnull=False),
                name="unreadable_body_has_one_owner",
            ),
            models.UniqueConstraint(
                fields=("channel", "provider_app", "liveperson_app", "digest"), name="uniq_unreadable_body", nulls_distinct=False
            ),
        ]

    def __str__(self) -> str:
        return f"{self.provider} {self.received_at:%Y-%m-%d %H:%M:%S}"
