from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager


class Attempt(models.Model):
    """One HTTP call made for an event: when, how long, what came back (redacted, cut). Lives as long as its event."""

    event = models.ForeignKey("webhooks_app.Event", on_delete=models.CASCADE, related_name="attempts")
    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    number = models.IntegerField(help_text="Which try of the event this call belongs to, from 1.")
    purpose = models.CharField(max_length=40)
    method = models.CharField(max_length=8)
    url = models.CharField(max_length=500)
    started_at = models.DateTimeField()
    duration_ms = models.FloatField()
    http_status = models.IntegerField(null=True)
    outcome = models.CharField(max_length=40, help_text="sent, or the code of the error.")
    provider_code = models.CharField(max_length=80, blank=True, default="")
    message = models.CharField(max_length=500, blank=True, default="")
    response_excerpt = models.CharField(max_length=1000, blank=True, default="")
    worker = models.CharField(max_length=80, blank=True, default="")

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        ordering = ("id",)

    def __str__(self) -> str:
        return f"{self.purpose} {self.outcome}"
