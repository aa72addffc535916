"""Claiming lanes and giving them back.

A claim is one statement for as many lanes as the worker has free threads. It moves ``due_at`` to the lease's end, so nobody else sees the
lane until then; a live worker renews, a dead one's lanes come due by themselves. The token fences: who lost the lane can record nothing.

Brands take turns: whoever holds the fewest of the worker's threads is next, whatever another one has waiting.
"""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings

from connector_platform.core.clock import monotonic_s
from connector_platform.database import run

_NEVER = 2**62


@dataclass(frozen=True, slots=True)
class Claim:
    """A lane that this worker may drain until its lease ends. ``was_abandoned``: its last worker died with it.

    ``moment_s``: the moment, on the monotonic clock, that the channel's rate gave to its head.
    """

    lane_id: int
    token: int
    direction: str
    key: str
    brand_id: uuid.UUID
    channel_id: uuid.UUID | None
    was_abandoned: bool
    moment_s: float | None = None


_CLAIM = """
WITH RECURSIVE brands AS (
    (SELECT brand_id AS id FROM webhooks_app_lane WHERE state IN ('ready', 'gap', 'leased') ORDER BY brand_id LIMIT 1)
    UNION ALL
    SELECT (SELECT brand_id FROM webhooks_app_lane WHERE state IN ('ready', 'gap', 'leased') AND brand_id > brands.id ORDER BY brand_id LIMIT 1)
    FROM brands WHERE brands.id IS NOT NULL
), shares AS (
    SELECT brands.id, COALESCE(held.lanes, 0) AS held
    FROM brands LEFT JOIN unnest(%(brands)s::uuid[], %(lanes)s::int[]) AS held(id, lanes) ON held.id = brands.id
    WHERE brands.id IS NOT NULL AND COALESCE(held.lanes, 0) < %(most)s
), due AS MATERIALIZED (
    SELECT lane.*, shares.held + row_number() OVER (PARTITION BY shares.id ORDER BY lane.due_at) AS turn
    FROM shares CROSS JOIN LATERAL (
        SELECT id, state, moment_at, due_at FROM webhooks_app_lane
        WHERE brand_id = shares.id AND state IN ('ready', 'gap', 'leased') AND due_at <= now()
        ORDER BY due_at LIMIT LEAST(%(limit)s, %(most)s - shares.held) FOR UPDATE SKIP LOCKED
    ) AS lane
    ORDER BY turn, due_at LIMIT %(limit)s
)
UPDATE webhooks_app_lane AS lane
SET state = 'leased', due_at = now() + make_interval(secs => %(lease)s), token = lane.token + 1, worker = %(worker)s, moment_at = NULL
FROM due WHERE lane.id = due.id
RETURNING lane.id, lane.token, lane.direction, lane.key, lane.brand_id, lane.channel_id, due.state = 'leased',
    extract(epoch FROM due.moment_at - clock_timestamp())::float
"""


def claim(worker: str, limit: int, held: Mapping[uuid.UUID, int] | None = None, *, most: int = 10_000) -> list[Claim]:
    """Up to ``limit`` due lanes, leased to ``worker`` for ``LEASE_S`` seconds; in turns by brand, of each brand the longest due first.

    ``held`` are the lanes that the worker has already, by brand: they count as turns. No brand gets more than ``most`` with them.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    held = held or {}
    names = {"limit": limit, "lease": settings.LEASE_S, "worker": worker, "most": most}
    rows = run(_CLAIM, {**names, "brands": list(held), "lanes": list(held.values())})
    clock_s = monotonic_s()
    return [replace(Claim(*row[:-1]), moment_s=None if row[-1] is None else clock_s + row[-1]) for row in rows]


def renew(worker: str, lane_ids: Sequence[int]) -> None:
    """Put off the end of the leases that ``worker`` still holds.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    run(
        "UPDATE webhooks_app_lane SET due_at = now() + make_interval(secs => %s) WHERE id = ANY(%s) AND worker = %s AND state = 'leased'",
        [settings.LEASE_S, list(lane_ids), worker],
    )


def release(claim: Claim, *, seen_tail: int) -> None:
    """Give the lane back: idle where nothing arrived after ``seen_tail`` (the tail when nothing waited), else due at once."""
    run(
        """UPDATE webhooks_app_lane SET state = CASE WHEN tail > %s THEN 'ready' ELSE 'idle' END, due_at = now(), worker = '',
               in_flight = NULL, flight_at = NULL WHERE id = %s AND token = %s""",
        [seen_tail, claim.lane_id, claim.token],
    )


def release_until(
    claim: Claim, delay_s: float, *, state: str = "ready", seen_tail: int | None = None, moment_s: float | None = None
) -> None:
    """Give the lane back with its head still waiting: due after ``delay_s`` seconds (``ready``, ``gap``), or ``parked``.

    With ``seen_tail`` due at once where something arrived after it. ``moment_s`` is what the next claim of it is told.
    """
    run(
        """UPDATE webhooks_app_lane SET state = %s, worker = '', in_flight = NULL, flight_at = NULL, moment_at = now() + make_interval(secs => %s),
               due_at = CASE WHEN tail > %s THEN now() ELSE now() + make_interval(secs => %s) END
           WHERE id = %s AND token = %s""",
        [
            state,
            None if moment_s is None else moment_s - monotonic_s(),
            _NEVER if seen_tail is None else seen_tail,
            max(0.0, delay_s),
            claim.lane_id,
            claim.token,
        ],
    )


def bind_orphans(connection: Any, *, key: str, channel_id: uuid.UUID) -> None:
    """What LivePerson said of a conversation before it was recorded here may now go out."""
    connection.execute(
        "UPDATE webhooks_app_lane SET state = 'ready', due_at = now(), channel_id = %s WHERE key = %s AND state = 'orphan'",
        [channel_id, key],
    )


def wake_gap(connection: Any, *, key: str) -> None:
    """A number became known: a lane that waits for one looks again."""
    connection.execute("UPDATE webhooks_app_lane SET state = 'ready', due_at = now() WHERE key = %s AND state = 'gap'", [key])
