"""Writing LivePerson's notifications down: which of them concern us, and where each goes.

LivePerson notifies of the whole account: of other connectors' conversations, of private messages, of our own consumers' messages. Only what
agents say to our consumers becomes an event; an echo is remembered for reconciliation; the rest leaves nothing but a count.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from channels_app.selectors.configs import LivePersonConfig
from connector_platform.core.events import ChatState, ConversationChange, File, RichContent, Text
from connector_platform.database import hot_pool
from connector_platform.liveperson.notifications import Notification
from webhooks_app import lanes
from webhooks_app.journal import Entry, append, outbound_lane, typing_lane

MAX_ID = 64
"""LivePerson's ids of conversations and dialogs have 36 characters at most; a longer one is no id of ours."""
OPENING_S = 120
"""LivePerson is asked for a conversation at most this long; one that nobody asks for any more makes no other connector's words ours."""


@dataclass
class Ingested:
    """What became of the notifications of one webhook, counted."""

    stored: int = 0
    duplicate: int = 0
    echo: int = 0
    private: int = 0
    ignored: int = 0
    foreign: int = 0
    held: int = 0
    ids: list[uuid.UUID] = field(default_factory=list)


@dataclass(frozen=True)
class _Known:
    """``conversation_id`` None: ours, but not recorded yet."""

    conversation_id: uuid.UUID | None
    brand_id: uuid.UUID
    channel_id: uuid.UUID
    consumer_id: str = ""


def digest(content: Any) -> str:
    """What identifies the words of a consumer's message in its echo."""
    said = (
        content.text if isinstance(content, Text | RichContent) else content.relative_path if isinstance(content, File) else repr(content)
    )
    return hashlib.sha256(said.encode("utf-8", "surrogatepass")).hexdigest()


def ingest(app: LivePersonConfig, notifications: Sequence[Notification]) -> Ingested:
    """Write down what concerns us, in one transaction.

    Raises:
        psycopg.OperationalError, psycopg_pool.PoolTimeout: PostgreSQL cannot be reached; nothing is written.
    """
    result = Ingested()
    entries: list[Entry] = []
    echoes: list[tuple[Notification, _Known]] = []
    seen: set[tuple[str, uuid.UUID, str, int]] = set()
    usable = [n for n in notifications if len(n.conversation_id) <= MAX_ID and len(n.dialog_id) <= MAX_ID]
    result.foreign = len(notifications) - len(usable)
    with hot_pool().connection() as connection, connection.transaction():
        known = _whose(connection, app, usable)
        for notification in usable:
            where = known.get(notification.conversation_id)
            if where is None:
                if _may_become_ours(connection, app, notification):
                    entries.append(_entry(app, notification, _Known(None, app.brand_id, uuid.UUID(int=0)), orphan=True))
                    result.held += 1
                else:
                    result.foreign += 1
                continue
            if where.conversation_id is not None and notification.sequence is not None and notification.dialog_id:
                seen.add((notification.conversation_id, where.conversation_id, notification.dialog_id, notification.sequence))
            if notification.is_private:
                result.private += 1
            elif notification.is_ignored:
                result.ignored += 1
            elif _is_echo(notification, where):
                echoes.append((notification, where))
                result.echo += 1
            else:
                entries.append(_entry(app, notification, where))
        # Rows are locked in one order everywhere, or a notification and the record of a delivery would wait for each other: the consumer's
        # messages, lanes, dialogs.
        for echo, where in sorted(echoes, key=lambda pair: (pair[0].conversation_id, pair[0].dialog_id, pair[0].sequence or 0)):
            _remember_echo(connection, echo, where)
        result.ids = append(entries, connection)
        for liveperson_id in sorted({mark[0] for mark in seen}):
            lanes.wake_gap(connection, key=outbound_lane(app.id, liveperson_id))
        for _, conversation_id, dialog_id, sequence in sorted(seen):
            mark_seen(connection, conversation_id, dialog_id, sequence)
    result.stored = len(result.ids)
    result.duplicate = len(entries) - result.stored
    return result


def _whose(connection: Any, app: LivePersonConfig, notifications: Sequence[Notification]) -> dict[str, _Known]:
    """The conversations that are ours: recorded, or about to be, because their consumer is."""
    ids = {n.conversation_id for n in notifications}
    rows = connection.execute(
        """SELECT c.liveperson_id, c.id, c.brand_id, c.channel_id, p.liveperson_consumer_id
           FROM channels_app_conversation c JOIN channels_app_consumer p ON p.id = c.consumer_id
           WHERE c.liveperson_app_id = %s AND c.liveperson_id = ANY(%s)""",
        [app.id, list(ids)],
    ).fetchall()
    known = {row[0]: _Known(*row[1:]) for row in rows}
    if len(known) < len(ids):
        for notification in notifications:
            if notification.conversation_id not in known and (where := _by_participant(connection, app, notification)) is not None:
                known[notification.conversation_id] = where
    if unknown := ids - known.keys():
        # Its state came before and waits in its lane: the worker has not adopted it yet.
        keys = {outbound_lane(app.id, liveperson_id): liveperson_id for liveperson_id in unknown}
        rows = connection.execute(
            "SELECT key, brand_id, channel_id FROM webhooks_app_lane WHERE key = ANY(%s) AND channel_id IS NOT NULL", [list(keys)]
        ).fetchall()
        known |= {keys[row[0]]: _Known(None, row[1], row[2]) for row in rows}
    return known


def _is_echo(notification: Notification, where: _Known) -> bool:
    """Whether our consumer did it. Where LivePerson gives no role, as in its oldest samples, the originator tells."""
    if notification.kind == "conversation":
        return False
    return notification.is_echo or (not notification.role and where.consumer_id != "" and notification.originator_id == where.consumer_id)


def _by_participant(connection: Any, app: LivePersonConfig, notification: Notification) -> _Known | None:
    """A conversation that we did not create but whose consumer is ours (an agent resumed it, or the create's answer was lost)."""
    content = notification.content
    if not isinstance(content, ConversationChange) or not content.consumer_id or content.stage == "CLOSE":
        return None
    row = connection.execute(
        "SELECT brand_id, channel_id FROM channels_app_consumer WHERE liveperson_app_id = %s AND liveperson_consumer_id = %s",
        [app.id, content.consumer_id],
    ).fetchone()
    return _Known(None, row[0], row[1], content.consumer_id) if row else None


def _may_become_ours(connection: Any, app: LivePersonConfig, notification: Notification) -> bool:
    """Whether a conversation of this app is being opened right now, whose id may turn out to be this one."""
    if notification.is_private or notification.is_echo or notification.is_ignored or isinstance(notification.content, ChatState):
        return False
    row = connection.execute(
        """SELECT 1 FROM channels_app_conversation WHERE liveperson_app_id = %s AND state = 'opening'
           AND updated_at > now() - make_interval(secs => %s) LIMIT 1""",
        [app.id, OPENING_S],
    ).fetchone()
    return row is not None


def mark_seen(connection: Any, conversation_id: uuid.UUID, dialog_id: str, sequence: int) -> None:
    """Note that ``sequence`` exists in the dialog: later numbers need not wait for it."""
    connection.execute(
        """INSERT INTO channels_app_dialog AS dialog (conversation_id, dialog_id, dialog_type, state, seen)
           VALUES (%(conversation)s, %(dialog)s, '', '', int8multirange(int8range(%(number)s, %(number)s, '[]')))
           ON CONFLICT (conversation_id, dialog_id) DO UPDATE SET seen = dialog.seen + EXCLUDED.seen
           WHERE NOT dialog.seen @> %(number)s::bigint""",
        {"conversation": conversation_id, "dialog": dialog_id, "number": sequence},
    )


def _remember_echo(connection: Any, notification: Notification, where: _Known) -> None:
    if notification.sequence is None or where.conversation_id is None or notification.kind not in ("content", "rich"):
        return
    connection.execute(
        """INSERT INTO webhooks_app_consumermessage (brand_id, conversation_id, dialog_id, sequence, digest, created_at)
           VALUES (%s, %s, %s, %s, %s, now()) ON CONFLICT (conversation_id, dialog_id, sequence) DO NOTHING""",
        [where.brand_id, where.conversation_id, notification.dialog_id, notification.sequence, digest(notification.content)],
    )


def _instant(epoch_ms: int | None) -> datetime | None:
    return None if epoch_ms is None else datetime.fromtimestamp(epoch_ms / 1000, UTC)


def _entry(app: LivePersonConfig, notification: Notification, where: _Known, *, orphan: bool = False) -> Entry:
    lane_key = outbound_lane(app.id, notification.conversation_id)
    return Entry(
        lane_key=typing_lane(lane_key) if isinstance(notification.content, ChatState) else lane_key,
        direction="o",
        brand_id=where.brand_id,
        channel_id=None if orphan else where.channel_id,
        source_scope=app.id,
        source_id=notification.source_id,
        content=notification.content,
        raw=notification.raw,
        wire_type=notification.kind,
        conversation_id=where.conversation_id,
        dialog_id=notification.dialog_id,
        sequence=notification.sequence,
        occurred_at=_instant(notification.server_timestamp_ms),
        by_bot=notification.by_bot,
        orphan=orphan,
    )
