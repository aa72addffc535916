from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.db import models
from django_scopes import ScopedManager

from channels_app.models.base import Row, SealedJSONField


def _empty() -> dict[str, Any]:
    return {}


class Consumer(Row):
    """A person on one channel, known by the vendor's opaque id; never by a phone number across channels.

    Written by the workers when the person first writes. ``id`` is random: it is part of the identity given to LivePerson.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey("channels_app.Channel", on_delete=models.PROTECT, related_name="consumers")
    external_id = models.CharField(max_length=255, help_text="The vendor's id of the person.")
    profile = models.JSONField(default=_empty, help_text="What the channel told about the person.")
    profile_asked_at = models.DateTimeField(null=True, blank=True, help_text="When the vendor was last asked for the profile.")
    last_inbound_at = models.DateTimeField(null=True, blank=True, help_text="When the person last wrote; messaging windows count from it.")
    delivered_until_at = models.DateTimeField(null=True, blank=True)
    read_until_at = models.DateTimeField(null=True, blank=True)
    opted_out_at = models.DateTimeField(null=True, blank=True)
    liveperson_app = models.ForeignKey("channels_app.LivePersonApp", on_delete=models.PROTECT, null=True, blank=True, related_name="+")
    liveperson_consumer_id = models.CharField(max_length=64, blank=True, default="", help_text="The person in LivePerson's notifications.")
    liveperson_visitor_id = models.CharField(
        max_length=64, blank=True, default="", db_default="", help_text="The person in the Monitoring API."
    )
    liveperson_session_id = models.CharField(max_length=64, blank=True, default="", db_default="")
    liveperson_jws: models.Field = SealedJSONField(null=True, blank=True)

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("channel", "external_id"), name="uniq_consumer_per_channel"),
            models.UniqueConstraint(fields=("id", "brand"), name="uniq_consumer_brand"),
            models.UniqueConstraint(
                fields=("liveperson_app", "liveperson_consumer_id"),
                condition=~models.Q(liveperson_consumer_id=""),
                name="uniq_consumer_per_liveperson_app",
            ),
        ]

    def __str__(self) -> str:
        return str(self.profile.get("name") or self.external_id)

    @property
    def ext_consumer_id(self) -> str:
        """The identity given to LivePerson: unguessable, never reused, different on each channel."""
        return f"consumer-{self.id}"
