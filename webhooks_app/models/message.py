from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager


class ConsumerMessage(models.Model):
    """A consumer's message as LivePerson numbered it: from the SEND's answer, or from LivePerson's echo, whichever came first.

    ``event`` is empty while only the echo is known: an in-doubt send finds itself here instead of being repeated.
    """

    # The composite foreign key of migration 0002 holds brand and conversation together, the unique constraint is the conversation's index.
    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    conversation = models.ForeignKey(
        "channels_app.Conversation", on_delete=models.CASCADE, related_name="consumer_messages", db_index=False, db_constraint=False
    )
    dialog_id = models.CharField(max_length=64)
    sequence = models.BigIntegerField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of what was said; the words themselves are in the event.")
    event = models.ForeignKey("webhooks_app.Event", on_delete=models.CASCADE, null=True, related_name="consumer_messages")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("conversation", "dialog_id", "sequence"), name="uniq_consumer_message_sequence")
        ]

    def __str__(self) -> str:
        return f"{self.dialog_id}:{self.sequence}"


class DeliveredMessage(models.Model):
    """One id under which the vendor speaks of a part of an agent's message: receipts find the LivePerson sequence here."""

    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    channel = models.ForeignKey("channels_app.Channel", on_delete=models.PROTECT, related_name="+", db_index=False)
    conversation = models.ForeignKey(
        "channels_app.Conversation", on_delete=models.CASCADE, related_name="delivered_messages", db_constraint=False
    )
    event = models.ForeignKey("webhooks_app.Event", on_delete=models.CASCADE, related_name="delivered_messages")
    provider_message_id = models.CharField(max_length=300)
    part = models.IntegerField(default=0)
    dialog_id = models.CharField(max_length=64)
    sequence = models.BigIntegerField(null=True)
    sent_at = models.DateTimeField(help_text="When the call began: a vendor's watermark for this message cannot be earlier.")
    delivered_at = models.DateTimeField(null=True)
    read_at = models.DateTimeField(null=True)

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("channel", "provider_message_id"), name="uniq_delivered_message_id"),
        ]

    def __str__(self) -> str:
        return self.provider_message_id
