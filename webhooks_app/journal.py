"""Writing events down, durably and once, before anybody is answered.

One statement takes a whole callback: it drops what is known already, takes each lane's row (whose lock hands out the positions, so that
order of position is order of commit), and inserts the events. Lanes are locked in the order of their keys, so two callbacks cannot
deadlock.
"""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any

from connector_platform.core.events import ChatState, Content, InboundEvent, Profile, Receipt, content_to_json
from connector_platform.core.ids import uuid7
from connector_platform.database import run

MAX_SOURCE_ID = 300
_NUL = re.compile(r"(?<!\\)((?:\\\\)*)\\u0000")


def inbound_lane(channel_id: uuid.UUID, consumer_external_id: str) -> str:
    """The key of the lane that orders what this person sends."""
    return f"i:{channel_id}:{consumer_external_id}"


def outbound_lane(liveperson_app_id: uuid.UUID, liveperson_conversation_id: str) -> str:
    """The key of the lane that orders what LivePerson says in this conversation."""
    return f"o:{liveperson_app_id}:{liveperson_conversation_id}"


def typing_lane(lane_key: str) -> str:
    """The key of the lane beside ``lane_key`` for chat states: they wait for no message, and no message waits for them."""
    return lane_key[0].upper() + lane_key[1:]


def message_lane(lane_key: str) -> str:
    """The key of the lane of messages beside ``typing_lane``."""
    return lane_key[0].lower() + lane_key[1:]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One event about to be written. ``source_id`` None: it has no identity, every copy is a new event.

    ``by_bot``: towards the consumer, a bot is known to have written it. ``received_at`` None: now.
    """

    lane_key: str
    direction: str
    brand_id: uuid.UUID
    channel_id: uuid.UUID | None
    source_scope: uuid.UUID
    source_id: str | None
    content: Content
    raw: bytes = b""
    wire_type: str = ""
    consumer_external_id: str = ""
    profile: Profile | None = None
    conversation_id: uuid.UUID | None = None
    dialog_id: str = ""
    sequence: int | None = None
    occurred_at: datetime | None = None
    received_at: datetime | None = None
    by_bot: bool = False
    orphan: bool = False

    @classmethod
    def inbound(cls, event: InboundEvent, *, channel_id: uuid.UUID, brand_id: uuid.UUID, received_at: datetime | None = None) -> Entry:
        """What a consumer did on ``channel_id``.

        A receipt that names a message but no person (an SMS delivery report) has a lane of its own: it waits for nobody.
        """
        lane = event.consumer_id
        if not lane and isinstance(event.content, Receipt) and event.content.message_ids:
            lane = f"#{event.content.message_ids[0]}"
        lane_key = inbound_lane(channel_id, lane)
        return cls(
            lane_key=typing_lane(lane_key) if isinstance(event.content, ChatState) else lane_key,
            direction="i",
            brand_id=brand_id,
            channel_id=channel_id,
            source_scope=channel_id,
            source_id=event.source_id,
            content=event.content,
            raw=event.raw,
            wire_type=event.wire_type,
            consumer_external_id=event.consumer_id,
            profile=event.profile,
            occurred_at=event.occurred_at,
            received_at=received_at,
        )


# An orphan's lane is not due until the conversation is ours; anything new ends a lane's idleness and its wait for an earlier number.
_ON_CONFLICT = """
    ON CONFLICT (key) DO UPDATE SET
        tail = lane.tail + EXCLUDED.tail,
        channel_id = COALESCE(lane.channel_id, EXCLUDED.channel_id),
        due_at = CASE WHEN lane.state IN ('idle', 'gap') OR (lane.state = 'orphan' AND EXCLUDED.state = 'ready') THEN now() ELSE lane.due_at END,
        state = CASE WHEN lane.state = 'idle' THEN EXCLUDED.state
                     WHEN lane.state = 'gap' OR (lane.state = 'orphan' AND EXCLUDED.state = 'ready') THEN 'ready' ELSE lane.state END
"""
_INSERT_LANE = (
    "INSERT INTO webhooks_app_lane AS lane (key, direction, brand_id, channel_id, tail, state, due_at, token, worker, created_at)"
)
_INSERT_EVENT = """INSERT INTO webhooks_app_event (
    public_id, brand_id, channel_id, conversation_id, lane_id, position, direction, kind, content, consumer_external_id, profile, dialog_id,
    sequence, source_scope, source_id, wire_type, raw, occurred_at, received_at, state, tries, outcome, detail, possibly_doubled, awaits,
    by_bot
)"""

_APPEND = f"""
WITH input AS (
    SELECT * FROM unnest(
        %(ord)s::int[], %(key)s::text[], %(direction)s::text[], %(brand)s::uuid[], %(channel)s::uuid[], %(scope)s::uuid[], %(source)s::text[],
        %(public)s::uuid[], %(kind)s::text[], %(content)s::text[], %(raw)s::bytea[], %(wire)s::text[], %(consumer)s::text[],
        %(profile)s::text[], %(conversation)s::uuid[], %(dialog)s::text[], %(sequence)s::bigint[], %(occurred)s::timestamptz[], %(received)s::timestamptz[],
        %(bot)s::bool[], %(orphan)s::bool[]
    ) AS t(ord, key, direction, brand, channel, scope, source, public, kind, content, raw, wire, consumer, profile, conversation, dialog,
           sequence, occurred, received, bot, orphan)
), fresh AS (
    SELECT DISTINCT ON (scope, source) * FROM input
    WHERE NOT EXISTS (SELECT 1 FROM webhooks_app_event e WHERE e.source_scope = input.scope AND e.source_id = input.source)
    ORDER BY scope, source, ord
), lanes AS (
    {_INSERT_LANE}
    SELECT key, direction, brand, channel, count(*), CASE WHEN bool_or(orphan) THEN 'orphan' ELSE 'ready' END, now(), 0, '', now()
    FROM fresh GROUP BY key, direction, brand, channel ORDER BY key
    {_ON_CONFLICT}
    RETURNING id, key, tail
), numbered AS (
    SELECT fresh.*, lanes.id AS lane_id,
           lanes.tail - count(*) OVER (PARTITION BY fresh.key) + row_number() OVER (PARTITION BY fresh.key ORDER BY fresh.ord) AS position
    FROM fresh JOIN lanes ON lanes.key = fresh.key
)
{_INSERT_EVENT}
SELECT public, brand, channel, conversation, lane_id, position, direction, kind, content::jsonb, consumer, profile::jsonb, dialog,
       sequence, scope, source, wire, raw, occurred, COALESCE(received, now()), 'waiting', 0, '', '', false, '', bot
FROM numbered
ON CONFLICT (source_scope, source_id) DO NOTHING
RETURNING public_id
"""

# The same for the usual case of one event: scalars cost the driver and the planner a third of what arrays do.
_APPEND_ONE = f"""
WITH lane AS (
    {_INSERT_LANE}
    SELECT %(key)s, %(direction)s, %(brand)s::uuid, %(channel)s::uuid, 1, CASE WHEN %(orphan)s::bool THEN 'orphan' ELSE 'ready' END, now(), 0, '', now()
    WHERE NOT EXISTS (SELECT 1 FROM webhooks_app_event e WHERE e.source_scope = %(scope)s::uuid AND e.source_id = %(source)s)
    {_ON_CONFLICT}
    RETURNING id, tail
)
{_INSERT_EVENT}
SELECT %(public)s::uuid, %(brand)s::uuid, %(channel)s::uuid, %(conversation)s::uuid, lane.id, lane.tail, %(direction)s, %(kind)s, %(content)s::jsonb,
       %(consumer)s, %(profile)s::jsonb, %(dialog)s, %(sequence)s::bigint, %(scope)s::uuid, %(source)s, %(wire)s, %(raw)s::bytea,
       %(occurred)s::timestamptz, COALESCE(%(received)s::timestamptz, now()), 'waiting', 0, '', '', false, '', %(bot)s::bool
FROM lane
ON CONFLICT (source_scope, source_id) DO NOTHING
RETURNING public_id
"""


def append(entries: Sequence[Entry], connection: Any = None) -> list[uuid.UUID]:
    """The public ids of the events that are new; those known already (by scope and source id) are left out.

    With a ``connection`` the statement is part of its transaction; without, it commits by itself.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached (nothing is written); only without a ``connection``.
    """
    if not entries:
        return []
    rows = [dict(zip(_COLUMNS, _values(order, uuid7(), entry), strict=True)) for order, entry in enumerate(entries)]
    query, parameters = _APPEND_ONE, rows[0]
    if len(rows) > 1:
        query, parameters = _APPEND, {name: [row[name] for row in rows] for name in _COLUMNS}
    found = run(query, parameters) if connection is None else connection.execute(query, parameters).fetchall()
    return [row[0] for row in found]


_COLUMNS = (
    "ord",
    "key",
    "direction",
    "brand",
    "channel",
    "scope",
    "source",
    "public",
    "kind",
    "content",
    "raw",
    "wire",
    "consumer",
    "profile",
    "conversation",
    "dialog",
    "sequence",
    "occurred",
    "received",
    "bot",
    "orphan",
)


def _values(order: int, public_id: uuid.UUID, entry: Entry) -> Iterable[Any]:
    return (
        order,
        storable(entry.lane_key)[:400],
        entry.direction,
        entry.brand_id,
        entry.channel_id,
        entry.source_scope,
        storable(entry.source_id or f"own:{public_id}")[:MAX_SOURCE_ID],
        public_id,
        entry.content.type,
        jsonb(content_to_json(entry.content)),
        entry.raw,
        storable(entry.wire_type)[:60],
        storable(entry.consumer_external_id)[:255],
        jsonb(profile_to_json(entry.profile)) if entry.profile is not None else None,
        entry.conversation_id,
        storable(entry.dialog_id)[:64],
        entry.sequence,
        entry.occurred_at,
        entry.received_at,
        entry.by_bot,
        entry.orphan,
    )


def storable(text: str) -> str:
    """``text`` as PostgreSQL takes it: without U+0000 and lone surrogates, which become U+FFFD. The raw body keeps them."""
    if text.isascii():
        return text.replace("\0", "\ufffd")
    return text.encode("utf-16", "surrogatepass").decode("utf-16", "replace").replace("\0", "\ufffd")


def jsonb(value: Any) -> str:
    """``value`` as text for a ``jsonb`` column."""
    # json.dumps writes a NUL as an escape, which jsonb refuses as well. A person's own “\\u0000” has its backslash doubled, and stays.
    written = storable(json.dumps(value, ensure_ascii=False))
    return _NUL.sub(r"\1\\ufffd", written) if "\\u0000" in written else written


def profile_to_json(profile: Profile) -> dict[str, str]:
    """Only what the channel told."""
    return {one.name: value for one in fields(profile) if (value := getattr(profile, one.name))}
