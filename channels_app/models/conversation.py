from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from channels_app.models.base import Row


class ConversationState(models.TextChoices):
    OPENING = "opening", "Opening"
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


class Conversation(Row):
    """The mapping: one consumer's conversation on a channel and the LivePerson conversation that it is.

    Written by the workers: ``opening`` before LivePerson is asked (so that a crash in between is known), ``open`` with its id,
    ``closed`` when LivePerson's ``stage`` says so. A consumer has at most one that is not closed.
    """

    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="+")
    channel = models.ForeignKey("channels_app.Channel", on_delete=models.PROTECT, related_name="conversations")
    consumer = models.ForeignKey("channels_app.Consumer", on_delete=models.PROTECT, related_name="conversations")
    liveperson_app = models.ForeignKey("channels_app.LivePersonApp", on_delete=models.PROTECT, related_name="conversations")
    liveperson_id = models.CharField(max_length=64, blank=True, default="")
    state = models.CharField(max_length=10, choices=ConversationState.choices, default=ConversationState.OPENING)
    stage = models.CharField(
        max_length=20, blank=True, default="", help_text="LivePerson's stage: the state of the conversation with all its dialogs."
    )
    skill_id = models.CharField(max_length=40, blank=True, default="")
    agent_id = models.CharField(max_length=64, blank=True, default="")
    close_reason = models.CharField(max_length=80, blank=True, default="")
    changed_ms = models.BigIntegerField(default=0, help_text="metaDataLastUpdateTs of the newest change applied, epoch milliseconds.")
    closed_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        ordering = ("-created_at",)
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("consumer",), condition=~models.Q(state="closed"), name="uniq_open_conversation_per_consumer"),
            models.UniqueConstraint(
                fields=("liveperson_app", "liveperson_id"), condition=~models.Q(liveperson_id=""), name="uniq_liveperson_conversation"
            ),
            models.UniqueConstraint(fields=("id", "brand"), name="uniq_conversation_brand"),
            models.CheckConstraint(condition=models.Q(state__in=ConversationState.values), name="conversation_state_known"),
            models.CheckConstraint(condition=~models.Q(state="open") | ~models.Q(liveperson_id=""), name="conversation_open_has_id"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("liveperson_app",), condition=models.Q(state="opening"), name="idx_conversation_opening"),
            models.Index(fields=("channel", "-created_at"), name="idx_conversation_channel"),
        ]

    def __str__(self) -> str:
        return self.liveperson_id or f"opening {self.id}"


class Dialog(models.Model):
    """A dialog of a LivePerson conversation: MAIN, or a survey. ``seen`` holds the sequence numbers known to exist so far."""

    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="dialogs", db_index=False)
    dialog_id = models.CharField(max_length=64)
    dialog_type = models.CharField(max_length=20, blank=True, default="")
    state = models.CharField(max_length=10, blank=True, default="")
    # seen int8multirange: added by SQL in the migration, since Django has no field for it; read and written by the journal only.

    class Meta:
        constraints: ClassVar = [models.UniqueConstraint(fields=("conversation", "dialog_id"), name="uniq_dialog_per_conversation")]

    def __str__(self) -> str:
        return self.dialog_id
