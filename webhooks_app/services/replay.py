"""Putting events that were given up back into their lanes."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import structlog
from django.db.models import QuerySet

from channels_app.services.errors import Conflict
from connector_platform.database import run
from webhooks_app.bell import bell
from webhooks_app.models import Event, EventState

log = structlog.get_logger(__name__)

REPLAYABLE = (EventState.DEAD, EventState.UNKNOWN)
MAX_AT_ONCE = 1000
"""One request puts back at most this many; the answer says how many are left."""


class NotReplayable(Conflict):
    """The event is not in a state in which it can be sent again."""

    code = "not_replayable"


# The lane's row is locked first, as everywhere; its new tail is the event's place. A lane that is parked or in work stays so: its worker
# finds the event. An event whose outcome is unknown may arrive twice, and says so from here on.
_REPLAY = """
WITH lane AS (
    UPDATE webhooks_app_lane SET tail = tail + 1,
        due_at = CASE WHEN state IN ('idle', 'gap') THEN now() ELSE due_at END,
        state = CASE WHEN state IN ('idle', 'gap') THEN 'ready' ELSE state END
    WHERE id = (SELECT lane_id FROM webhooks_app_event WHERE public_id = %(event)s AND state IN ('dead', 'unknown'))
    RETURNING id, tail
)
UPDATE webhooks_app_event event SET position = lane.tail, state = 'waiting', tries = 0, outcome = '', detail = '', awaits = '',
    started_at = NULL, finished_at = NULL, possibly_doubled = possibly_doubled OR event.state = 'unknown',
    progress = CASE WHEN %(restart)s THEN NULL ELSE progress END
FROM lane WHERE event.public_id = %(event)s AND event.lane_id = lane.id AND event.state IN ('dead', 'unknown')
RETURNING event.id
"""


def replay(public_id: uuid.UUID, *, restart: bool = False) -> None:
    """Put a dead event, or one whose outcome is unknown, at the end of its lane. What it already did is not done again, unless ``restart``.

    Raises:
        NotReplayable: it is neither. DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    if not run(_REPLAY, {"event": public_id, "restart": restart}):
        raise NotReplayable("Only events that are dead, or whose answer was lost, can be replayed; this one is neither.")
    log.info("event_replayed", event_id=str(public_id), restart=restart)
    bell.ring()


@dataclass(frozen=True, slots=True)
class Replayed:
    """How many events were put back, and how many more there are."""

    replayed: int
    remaining: int


def replay_many(events: QuerySet[Event], *, restart: bool = False, limit: int = MAX_AT_ONCE) -> Replayed:
    """Put those of ``events`` that can be replayed back, in the order in which they stood in their lanes, at most ``limit`` of them.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached; those that were put back stay so.
    """
    waiting = events.filter(state__in=REPLAYABLE)
    chosen = list(waiting.order_by("lane_id", "position").values_list("public_id", flat=True)[:limit])
    # One statement each: a statement over many lanes would lock them in an order that callbacks do not keep.
    done = sum(bool(run(_REPLAY, {"event": public_id, "restart": restart})) for public_id in chosen)
    if done:
        log.info("events_replayed", count=done, restart=restart)
        bell.ring()
    return Replayed(done, waiting.count() if len(chosen) == limit else 0)
