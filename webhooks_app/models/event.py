from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager

from connector_platform.core.ids import uuid7


class Direction(models.TextChoices):
    INBOUND = "i", "Towards LivePerson"
    OUTBOUND = "o", "Towards the consumer"


class EventState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    SENDING = "sending", "In doubt"  # a call for it was under way, and nobody saw its answer
    HELD = "held", "Held"  # a receipt for a message whose own answer is not there yet
    DONE = "done", "Done"
    SKIPPED = "skipped", "Skipped"  # rightly not sent: stale typing, a duplicate close ...
    UNKNOWN = "unknown", "Answer lost"  # sent, but the answer never came, and repeating could double it
    DEAD = "dead", "Dead"  # will not be tried again by itself


class Event(models.Model):
    """One thing that one person did, on its way to the other side. The only queue of record.

    Written by the receive path; its state by the worker that holds the lane. Kept ``HISTORY_DAYS`` after it is finished. ``raw`` is this
    event's own part of the body it came in. ``progress`` holds the answers of the calls already made for it, so that a retry goes on
    where it stopped.
    """

    public_id = models.UUIDField(default=uuid7, unique=True, editable=False)
    # The composite foreign keys of migration 0002 hold brand, channel and conversation together; these add no second check to the hot path.
    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="+", db_index=False, db_constraint=False)
    channel = models.ForeignKey(
        "channels_app.Channel", on_delete=models.PROTECT, null=True, related_name="+", db_index=False, db_constraint=False
    )
    conversation = models.ForeignKey(
        "channels_app.Conversation", on_delete=models.PROTECT, null=True, related_name="events", db_index=False, db_constraint=False
    )
    lane = models.ForeignKey("webhooks_app.Lane", on_delete=models.PROTECT, related_name="+", db_index=False)
    position = models.BigIntegerField()
    direction = models.CharField(max_length=1, choices=Direction.choices)
    kind = models.CharField(max_length=20, help_text="The content's type: text, file, receipt ...")
    content = models.JSONField()
    consumer_external_id = models.CharField(max_length=255, blank=True, default="")
    profile = models.JSONField(null=True)
    dialog_id = models.CharField(max_length=64, blank=True, default="")
    sequence = models.BigIntegerField(null=True)
    source_scope = models.UUIDField(help_text="The channel or LivePerson app within which source_id is unique.")
    source_id = models.CharField(max_length=300)
    wire_type = models.CharField(max_length=60, blank=True, default="")
    raw = models.BinaryField(default=b"")
    occurred_at = models.DateTimeField(null=True)
    received_at = models.DateTimeField()
    state = models.CharField(max_length=8, choices=EventState.choices, default=EventState.WAITING)
    tries = models.IntegerField(default=0)
    started_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    outcome = models.CharField(max_length=40, blank=True, default="")
    detail = models.CharField(max_length=500, blank=True, default="")
    possibly_doubled = models.BooleanField(default=False)
    progress = models.JSONField(null=True)
    losses = models.JSONField(null=True, help_text="What the channel could not show as it was meant, and what became of it.")
    shown = models.JSONField(null=True, help_text="What the message offered to choose from: taps and numbers are looked up here.")
    by_bot = models.BooleanField(
        default=False, db_default=False, help_text="A bot is known to have written it; else a person, or nobody knows."
    )
    awaits = models.CharField(max_length=300, blank=True, default="", help_text="The vendor's message id that a held receipt waits for.")

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        constraints: ClassVar = [
            models.UniqueConstraint(fields=("source_scope", "source_id"), name="uniq_event_source"),
            models.CheckConstraint(condition=models.Q(state__in=EventState.values), name="event_state_known"),
            models.CheckConstraint(condition=models.Q(direction__in=Direction.values), name="event_direction_known"),
        ]
        indexes: ClassVar = [
            models.Index(fields=("lane", "position"), condition=models.Q(state__in=["waiting", "sending"]), name="idx_event_waiting"),
            models.Index(fields=("conversation", "id"), name="idx_event_conversation"),
            models.Index(fields=("brand", "id"), condition=models.Q(state__in=["dead", "unknown"]), name="idx_event_dead"),
            models.Index(fields=("channel", "awaits"), condition=models.Q(state="held"), name="idx_event_held"),
            models.Index(fields=("finished_at",), condition=models.Q(finished_at__isnull=False), name="idx_event_finished"),
            models.Index(fields=("lane",), name="idx_event_lane"),
            models.Index(fields=("brand", "-id"), name="idx_event_brand"),
            models.Index(fields=("conversation", "id"), condition=models.Q(shown__isnull=False), name="idx_event_shown"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"
