"""Chat states: worth something only at once. They have lanes of their own, are dropped when late, and typing always comes to an end."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from connector_platform.core.clock import now
from connector_platform.core.events import ChatState, ChatStateKind
from connector_platform.database import run
from webhooks_app.delivery.records import Job
from webhooks_app.journal import Entry, append, inbound_lane, message_lane, outbound_lane, typing_lane

FRESH_S = 10
"""A chat state older than this says nothing any more."""
TIMEOUT_S = 3.0
"""How long a call about a chat state may take: it holds a thread, though no message."""
CONSUMER_TYPES_S = 20
"""A consumer who was typing, and of whom nothing was heard for this long, stopped. Platforms repeat the state every few seconds or not at all."""
AGENT_TYPES_S = 90
"""The same for agents: LivePerson reports the beginning and the end."""
REPEATED = "own.typing"
"""The wire type of a chat state that the sweeper makes."""


def is_late(job: Job, lane_key: str) -> bool:
    """Whether it is too late for the chat state: it is old, or something was said after it."""
    if job.age_s > FRESH_S or job.tries:
        return True
    return bool(
        run(
            """SELECT 1 FROM webhooks_app_event e JOIN webhooks_app_lane l ON l.id = e.lane_id
               WHERE l.key = %s AND e.id > %s AND e.kind NOT IN ('chat_state', 'receipt', 'conversation_change') LIMIT 1""",
            [message_lane(lane_key), job.id],
        )
    )


def begin(conversation_id: uuid.UUID, direction: str, lasts_s: float, repeat_s: float | None = None) -> None:
    """Note, before the other side is told, that somebody types. ``repeat_s``: the channel's indicator fades and is shown anew so often."""
    instant = now()
    run(
        """INSERT INTO webhooks_app_typing (conversation_id, direction, again_at, ends_at) VALUES (%s, %s, %s, %s)
           ON CONFLICT (conversation_id, direction) DO UPDATE SET again_at = EXCLUDED.again_at, ends_at = EXCLUDED.ends_at""",
        [
            conversation_id,
            direction,
            instant + timedelta(seconds=repeat_s) if repeat_s else None,
            instant + timedelta(seconds=lasts_s),
        ],
    )


def go_on(conversation_id: uuid.UUID, direction: str, repeat_s: float | None) -> None:
    """Note when the indicator has to be shown anew; when the typing ends stays as it was."""
    run(
        "UPDATE webhooks_app_typing SET again_at = now() + make_interval(secs => %s) WHERE conversation_id = %s AND direction = %s",
        [repeat_s, conversation_id, direction],
    )


def end(conversation_id: uuid.UUID, direction: str, connection: Any = None) -> bool:
    """Forget that somebody types; whether anybody did."""
    query = "DELETE FROM webhooks_app_typing WHERE conversation_id = %s AND direction = %s RETURNING 1"
    if connection is None:
        return bool(run(query, [conversation_id, direction]))
    return connection.execute(query, [conversation_id, direction]).fetchone() is not None


def is_going_on(conversation_id: uuid.UUID, direction: str) -> bool:
    """Whether somebody still types."""
    return bool(run("SELECT 1 FROM webhooks_app_typing WHERE conversation_id = %s AND direction = %s", [conversation_id, direction]))


def sweep() -> int:
    """End what nobody ended, and show again what fades; how many were ended or shown."""
    ended = run(
        """DELETE FROM webhooks_app_typing t USING channels_app_conversation c, channels_app_consumer p
           WHERE t.ends_at < now() AND c.id = t.conversation_id AND p.id = c.consumer_id
           RETURNING t.direction, c.id, c.brand_id, c.channel_id, c.liveperson_app_id, c.liveperson_id, p.external_id"""
    )
    fading = run(
        """UPDATE webhooks_app_typing t SET again_at = NULL FROM channels_app_conversation c, channels_app_consumer p
           WHERE t.again_at < now() AND c.id = t.conversation_id AND p.id = c.consumer_id
           RETURNING t.direction, c.id, c.brand_id, c.channel_id, c.liveperson_app_id, c.liveperson_id, p.external_id"""
    )
    entries = [_entry(row, ChatStateKind.PAUSED) for row in ended] + [_entry(row, ChatStateKind.COMPOSING) for row in fading]
    for entry in entries:
        append([entry])
    return len(entries)


def _entry(row: Any, state: ChatStateKind) -> Entry:
    direction, conversation_id, brand_id, channel_id, app_id, liveperson_id, external_id = row
    lane_key = inbound_lane(channel_id, external_id) if direction == "i" else outbound_lane(app_id, liveperson_id)
    return Entry(
        lane_key=typing_lane(lane_key),
        direction=direction,
        brand_id=brand_id,
        channel_id=channel_id,
        source_scope=channel_id if direction == "i" else app_id,
        source_id=None,
        content=ChatState(state=state),
        consumer_external_id=external_id if direction == "i" else "",
        conversation_id=conversation_id,
        dialog_id=liveperson_id if direction == "o" else "",
        wire_type=REPEATED,
    )
