"""A conversation as it happened: its events with their attempts, oldest first, both directions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import QuerySet

from connector_platform.core.rich import Choice, Loss
from webhooks_app.admin.labels import EVENT_COLOURS, LOSSES, offered, remedy, summary
from webhooks_app.models import Attempt, Event, EventState

SHOWN = 500
"""A page shows the newest of so many events; older ones are in the list of events."""


@dataclass(frozen=True)
class Try:
    """An attempt and what may be done about it."""

    attempt: Attempt
    remedy: str


@dataclass(frozen=True)
class Lost:
    """A loss in words: what happened to what was meant, and both."""

    word: str
    colour: str
    loss: Loss


@dataclass(frozen=True)
class Moment:
    """One event, ready to be shown."""

    event: Event
    summary: str
    state: str
    colour: str
    is_inbound: bool
    ids: tuple[str, ...]
    tries: tuple[Try, ...]
    losses: tuple[Lost, ...]
    offered: tuple[str, ...]

    @property
    def at(self) -> datetime:
        return self.event.occurred_at or self.event.received_at


def moments(events: QuerySet[Event]) -> list[Moment]:
    """The newest ``SHOWN`` of ``events`` in the order in which they arrived, in a fixed number of queries."""
    rows = (
        events.select_related("channel")
        .defer("raw", "progress", "channel__config")
        .prefetch_related("attempts", "delivered_messages", "consumer_messages")
        .order_by("-id")[:SHOWN]
    )
    return [moment(event) for event in reversed(rows)]


def moment(event: Event) -> Moment:
    """``event`` with its attempts; its related rows should be prefetched."""
    provider = event.channel.provider if event.channel is not None else ""
    return Moment(
        event=event,
        summary=summary(event.content),
        state=EventState(event.state).label,
        colour=EVENT_COLOURS[EventState(event.state)],
        is_inbound=event.direction == "i",
        ids=tuple(_ids(event)),
        tries=tuple(Try(attempt, remedy(provider, attempt.provider_code)) for attempt in event.attempts.all()),
        losses=tuple(Lost(*LOSSES[loss.kind], loss) for loss in map(Loss.from_json, event.losses or ())),
        offered=tuple(offered(Choice.from_json(choice)) for choice in event.shown or ()),
    )


def _ids(event: Any) -> list[str]:
    found = [f"LivePerson sequence {event.sequence}"] if event.sequence is not None else []
    found += [f"LivePerson sequence {message.sequence}" for message in event.consumer_messages.all()]
    found += [_delivered(message) for message in event.delivered_messages.all()]
    if event.direction == "i" and not event.source_id.startswith("own:"):
        found.append(f"vendor's id {event.source_id}")
    return found


def _delivered(message: Any) -> str:
    state = "read" if message.read_at else "delivered" if message.delivered_at else "sent"
    return f"vendor's id {message.provider_message_id} ({state})"
