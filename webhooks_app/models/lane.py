from __future__ import annotations

from typing import ClassVar

from django.db import models
from django_scopes import ScopedManager


class LaneState(models.TextChoices):
    IDLE = "idle", "Idle"  # nothing waits
    READY = "ready", "Ready"  # due at due_at
    GAP = "gap", "Waiting for an earlier number"  # due at due_at, or as soon as anything arrives
    LEASED = "leased", "Leased"  # a worker has it until due_at
    PARKED = "parked", "Parked"  # the channel is paused or broken
    ORPHAN = "orphan", "Unknown conversation"  # LivePerson spoke of a conversation that is still being opened


class Lane(models.Model):
    """The ordered queue of one consumer's events in one direction: drained by one worker at a time, head first.

    Written by the receive path (a new event) and by the worker that holds the lease. ``token`` fences: a worker whose token is not the
    row's has lost the lane. ``tail`` numbers the events; it is taken under this row's lock, so positions are in commit order.
    """

    # Every index is written anew with every claim and every release, so there are only those that the queue needs.
    key = models.CharField(max_length=400, unique=True)
    direction = models.CharField(max_length=1)
    brand = models.ForeignKey("channels_app.Brand", on_delete=models.PROTECT, related_name="+", db_index=False)
    channel = models.ForeignKey("channels_app.Channel", on_delete=models.PROTECT, null=True, related_name="+", db_index=False)
    tail = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=LaneState.choices, default=LaneState.IDLE)
    due_at = models.DateTimeField()
    token = models.BigIntegerField(default=0)
    moment_at = models.DateTimeField(null=True, help_text="When the channel's rate lets the head go out.")
    worker = models.CharField(max_length=80, blank=True, default="")
    # No foreign key: it is set and cleared with every message, and only tells who finds an abandoned lane what was under way.
    in_flight = models.BigIntegerField(null=True, help_text="The event for which a call may be under way; after a crash it is in doubt.")
    flight_at = models.DateTimeField(null=True, help_text="Since when.")
    created_at = models.DateTimeField(auto_now_add=True)

    objects: ClassVar = ScopedManager(brand="brand")

    class Meta:
        constraints: ClassVar = [
            models.CheckConstraint(condition=models.Q(state__in=LaneState.values), name="lane_state_known"),
            models.CheckConstraint(condition=models.Q(direction__in=["i", "o"]), name="lane_direction_known"),
        ]
        indexes: ClassVar = [
            models.Index(
                fields=("brand", "due_at"), condition=models.Q(state__in=["ready", "gap", "leased"]), name="idx_lane_due_by_brand"
            ),
            models.Index(fields=("channel", "state"), condition=models.Q(state="parked"), name="idx_lane_parked"),
            models.Index(fields=("due_at",), condition=models.Q(state="orphan"), name="idx_lane_orphan"),
        ]

    def __str__(self) -> str:
        return self.key
