"""Consumers and their LivePerson conversations, as the workers write them."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import lru_cache
from typing import Any

from channels_app.models.base import secret_box
from channels_app.selectors.configs import ChannelConfig, LivePersonConfig
from connector_platform.core.events import ConversationChange, Profile
from connector_platform.core.ids import uuid7
from connector_platform.database import hot_pool, run
from connector_platform.liveperson.tokens import ConsumerJws
from webhooks_app import lanes
from webhooks_app.journal import jsonb, outbound_lane, profile_to_json

WINDOW_GRAIN_S = 30
MAX_PARTS, MAX_EDITS = 40, 10
"""Of one message, with room: the apps let a person choose 30 pictures at once and edit a message 5 times."""


@dataclass(frozen=True, slots=True)
class Person:
    """A consumer as a delivery needs it. ``jws`` is empty while LivePerson does not know the person."""

    id: uuid.UUID
    external_id: str
    profile: Profile
    last_inbound_at: datetime | None
    delivered_until_at: datetime | None
    read_until_at: datetime | None
    opted_out_at: datetime | None
    liveperson_app_id: uuid.UUID | None
    jws: str
    visitor_id: str
    session_id: str
    profile_asked_at: datetime | None

    @property
    def ext_consumer_id(self) -> str:
        return f"consumer-{self.id}"


@dataclass(frozen=True, slots=True)
class Talk:
    """A conversation. ``liveperson_id`` is empty while it is being opened.

    ``dialog_id`` is where messages go: the open survey's where there is one, else MAIN, whose state is ``main_state``. ``skill_id``,
    ``agent_id`` and ``stage`` are LivePerson's, of the state that was applied last (``changed_ms`` 0: none yet). ``is_typing``: LivePerson was
    told that the consumer is typing. ``offered``: something was shown in it to choose from.
    """

    id: uuid.UUID
    consumer_id: uuid.UUID
    channel_id: uuid.UUID
    liveperson_id: str
    state: str
    dialog_id: str
    created_at: datetime
    stage: str
    skill_id: str
    agent_id: str
    close_reason: str
    changed_ms: int
    main_state: str
    is_typing: bool
    offered: bool


# One column for each of Person's fields, in their order; so are Talk's below.
_PERSON = """id, external_id, profile, last_inbound_at, delivered_until_at, read_until_at, opted_out_at, liveperson_app_id, liveperson_jws,
    liveperson_visitor_id, liveperson_session_id, profile_asked_at"""


@lru_cache(maxsize=4096)
def _open_jws(sealed: bytes) -> str:
    """Opening costs more than the query that brings it, and the busiest people's tokens are wanted again and again."""
    return str(secret_box().open(sealed))


def _person(row: Any) -> Person:
    jws = _open_jws(row[8]) if row[8] else ""
    return Person(row[0], row[1], Profile(**(row[2] or {})), row[3], row[4], row[5], row[6], row[7], jws, row[9], row[10], row[11])


def person_of_message(channel_id: uuid.UUID, message_ids: Sequence[str]) -> Person | None:
    """The consumer whom the message with one of these vendor's ids went to, or None where there is no such message yet."""
    rows = run(
        """SELECT c.consumer_id FROM webhooks_app_deliveredmessage m JOIN channels_app_conversation c ON c.id = m.conversation_id
           WHERE m.channel_id = %s AND m.provider_message_id = ANY(%s) LIMIT 1""",
        [channel_id, list(message_ids)],
    )
    return person_by_id(rows[0][0]) if rows else None


def person_by_id(consumer_id: uuid.UUID) -> Person:
    """The consumer with this id, which exists."""
    return _person(run(f"SELECT {_PERSON} FROM channels_app_consumer WHERE id = %s", [consumer_id])[0])


def add_profile(person: Person, profile: Profile) -> Person:
    """The person with what the vendor's ``profile`` tells beside what was known; the vendor was asked now."""
    rows = run(
        f"""UPDATE channels_app_consumer SET profile = %s::jsonb || profile, profile_asked_at = now(), updated_at = now() WHERE id = %s
            RETURNING {_PERSON}""",
        [jsonb(profile_to_json(profile)), person.id],
    )
    return _person(rows[0])


def remember_visitor(person: Person, visitor_id: str, session_id: str) -> None:
    """Keep how the Monitoring API calls the person: the next question continues the session."""
    if visitor_id and session_id and (visitor_id, session_id) != (person.visitor_id, person.session_id):
        run(
            "UPDATE channels_app_consumer SET liveperson_visitor_id = %s, liveperson_session_id = %s, updated_at = now() WHERE id = %s",
            [visitor_id, session_id, person.id],
        )


def remember_jws(person: Person, app: LivePersonConfig, jws: ConsumerJws) -> None:
    """Keep the consumer's token, and the id by which LivePerson's notifications name the person."""
    run(
        """UPDATE channels_app_consumer SET liveperson_app_id = %s, liveperson_consumer_id = %s, liveperson_jws = %s, updated_at = now()
           WHERE id = %s""",
        [app.id, jws.lp_consumer_id, secret_box().seal(jws.token), person.id],
    )


def forget_jws(person: Person) -> None:
    """LivePerson refused the consumer's token: the next delivery asks for another."""
    run("UPDATE channels_app_consumer SET liveperson_jws = NULL WHERE id = %s", [person.id])


def set_opt_out(person: Person, *, opted_out: bool) -> None:
    """Note that the person wants no messages, or wants them again."""
    run(
        "UPDATE channels_app_consumer SET opted_out_at = CASE WHEN %s THEN now() END, updated_at = now() WHERE id = %s",
        [opted_out, person.id],
    )


_TALK = """
SELECT c.id, c.consumer_id, c.channel_id, c.liveperson_id, c.state, COALESCE(
    (SELECT d.dialog_id FROM channels_app_dialog d WHERE d.conversation_id = c.id AND d.dialog_type = 'POST_SURVEY' AND d.state = 'OPEN' LIMIT 1),
    c.liveperson_id), c.created_at, c.stage, c.skill_id, c.agent_id, c.close_reason, c.changed_ms,
    COALESCE((SELECT d.state FROM channels_app_dialog d WHERE d.conversation_id = c.id AND d.dialog_id = c.liveperson_id), ''),
    EXISTS (SELECT 1 FROM webhooks_app_typing t WHERE t.conversation_id = c.id AND t.direction = 'i'),
    EXISTS (SELECT 1 FROM webhooks_app_event e WHERE e.conversation_id = c.id AND e.shown IS NOT NULL)
FROM channels_app_conversation c WHERE """


def talk_of(person: Person) -> Talk | None:
    """The person's conversation that is not closed, or None. Its dialog is the open survey's where there is one, else MAIN."""
    rows = run(_TALK + "c.consumer_id = %s AND c.state <> 'closed'", [person.id])
    return Talk(*rows[0]) if rows else None


def talk_by_liveperson_id(app_id: uuid.UUID, liveperson_id: str) -> Talk | None:
    """The conversation, closed or not, that LivePerson calls ``liveperson_id``, or None."""
    rows = run(_TALK + "c.liveperson_app_id = %s AND c.liveperson_id = %s", [app_id, liveperson_id])
    return Talk(*rows[0]) if rows else None


_MET = f"SELECT met.*, talk.* FROM met LEFT JOIN LATERAL ({_TALK} c.consumer_id = met.id AND c.state <> 'closed') talk ON true"
_KNOWN = f"WITH met AS (SELECT {_PERSON} FROM channels_app_consumer WHERE channel_id = %s AND external_id = %s) {_MET}"
_MEET = f"""
WITH met AS (
    INSERT INTO channels_app_consumer AS consumer (id, brand_id, channel_id, external_id, profile, last_inbound_at, liveperson_consumer_id,
        created_at, updated_at)
    VALUES (%s, %s, %s, %s, %s::jsonb, %s, '', now(), now())
    ON CONFLICT (channel_id, external_id) DO UPDATE SET profile = consumer.profile || EXCLUDED.profile,
        last_inbound_at = GREATEST(consumer.last_inbound_at, EXCLUDED.last_inbound_at), updated_at = now()
    RETURNING {_PERSON}
)
{_MET}"""


def meet(channel: ChannelConfig, external_id: str, profile: dict[str, str], wrote_at: datetime | None) -> tuple[Person, Talk | None]:
    """The consumer, made known if new, and the conversation that is not closed, if there is one.

    What the channel told is merged in, and ``wrote_at`` opens the messaging window: noted to within ``WINDOW_GRAIN_S``, since most messages
    follow another and a window lasts hours.
    """
    found = _read(run(_KNOWN, [channel.id, external_id]))
    if found is not None:
        known, last = profile_to_json(found[0].profile), found[0].last_inbound_at
        is_noted = wrote_at is None or (last is not None and (wrote_at - last).total_seconds() < WINDOW_GRAIN_S)
        if is_noted and profile.items() <= known.items():
            return found
    met = _read(run(_MEET, [uuid.uuid4(), channel.brand_id, channel.id, external_id, json.dumps(profile), wrote_at]))
    assert met is not None
    return met


def _read(rows: Sequence[Any]) -> tuple[Person, Talk | None] | None:
    if not rows:
        return None
    row, width = rows[0], len(fields(Person))
    return _person(row[:width]), Talk(*row[width:]) if row[width] is not None else None


def begin(person: Person, channel: ChannelConfig, app: LivePersonConfig) -> Talk:
    """A conversation in state ``opening``, committed before LivePerson is asked, so that a crash in between is known.

    Asked again, its ``updated_at`` says since when.
    """
    run(
        """INSERT INTO channels_app_conversation (id, brand_id, channel_id, consumer_id, liveperson_app_id, liveperson_id, state, stage, skill_id,
               agent_id, close_reason, changed_ms, created_at, updated_at)
           VALUES (%s, %s, %s, %s, %s, '', 'opening', '', %s, '', '', 0, now(), now())
           ON CONFLICT (consumer_id) WHERE state <> 'closed' DO UPDATE SET updated_at = now()""",
        [uuid7(), channel.brand_id, channel.id, person.id, app.id, app.config.skill_id],
    )
    talk = talk_of(person)
    assert talk is not None
    return talk


def record_open(
    *, consumer_id: uuid.UUID, brand_id: uuid.UUID, channel_id: uuid.UUID, app_id: uuid.UUID, liveperson_id: str, floor: int = 0
) -> None:
    """The consumer's conversation is ``liveperson_id``: from the create's answer or from a notification, whichever comes first.

    Another one that was still thought open is closed: LivePerson allows one. What LivePerson said of this one before may now go out.
    """
    with hot_pool().connection() as connection, connection.transaction():
        connection.execute("SELECT 1 FROM channels_app_consumer WHERE id = %s FOR UPDATE", [consumer_id])
        known = connection.execute(
            "SELECT 1 FROM channels_app_conversation WHERE liveperson_app_id = %s AND liveperson_id = %s", [app_id, liveperson_id]
        ).fetchone()
        if known is None:
            connection.execute(
                """UPDATE channels_app_conversation SET state = 'closed', closed_at = now(), close_reason = 'REPLACED', updated_at = now()
                   WHERE consumer_id = %s AND state = 'open'""",
                [consumer_id],
            )
            row = connection.execute(
                """INSERT INTO channels_app_conversation AS c (id, brand_id, channel_id, consumer_id, liveperson_app_id, liveperson_id, state, stage,
                       skill_id, agent_id, close_reason, changed_ms, created_at, updated_at)
                   VALUES (%s, %s, %s, %s, %s, %s, 'open', 'OPEN', '', '', '', 0, now(), now())
                   ON CONFLICT (consumer_id) WHERE state <> 'closed'
                   DO UPDATE SET state = 'open', stage = 'OPEN', liveperson_id = EXCLUDED.liveperson_id, updated_at = now() RETURNING c.id""",
                [uuid7(), brand_id, channel_id, consumer_id, app_id, liveperson_id],
            ).fetchone()
            assert row is not None
            connection.execute(
                """INSERT INTO channels_app_dialog (conversation_id, dialog_id, dialog_type, state, seen, floor)
                   VALUES (%s, %s, 'MAIN', 'OPEN', '{}', %s) ON CONFLICT (conversation_id, dialog_id) DO NOTHING""",
                [row[0], liveperson_id, floor],
            )
        lanes.bind_orphans(connection, key=outbound_lane(app_id, liveperson_id), channel_id=channel_id)


def mark_closed(talk: Talk, reason: str) -> None:
    """LivePerson says that the conversation is over; the next message opens another. What its own notification will say is left to that."""
    run(
        """UPDATE channels_app_conversation SET state = 'closed', close_reason = %s, closed_at = now(), updated_at = now()
           WHERE id = %s AND state <> 'closed'""",
        [reason[:80], talk.id],
    )


def apply_change(connection: Any, talk: Talk, change: ConversationChange) -> None:
    """Take over LivePerson's complete state of the conversation, unless a newer one was applied already.

    One that was held closed here and is open at LivePerson (a survey follows; an agent resumed it) is opened again, unless the consumer has
    another one by now.
    """
    closed = change.stage == "CLOSE"
    # Closed by LivePerson and open again, or only assumed closed; what the consumer closed stays so, whatever was still on its way.
    may_reopen = (
        talk.state == "closed" and (talk.stage == "CLOSE" or talk.close_reason == "GONE") and change.changed_at_ms > talk.changed_ms
    )
    reopens = change.stage == "OPEN" and may_reopen and _makes_room(connection, talk)
    row = connection.execute(
        """UPDATE channels_app_conversation SET stage = %s, skill_id = %s, agent_id = %s, changed_ms = %s, updated_at = now(),
               close_reason = CASE WHEN %s THEN %s WHEN %s THEN '' ELSE close_reason END,
               state = CASE WHEN %s THEN 'closed' WHEN %s THEN 'open' ELSE state END,
               closed_at = CASE WHEN %s THEN COALESCE(closed_at, now()) WHEN %s THEN NULL ELSE closed_at END
           WHERE id = %s AND changed_ms <= %s RETURNING id""",
        [
            change.stage[:20],
            change.skill_id[:40],
            (change.agent_ids[0] if change.agent_ids else "")[:64],
            change.changed_at_ms,
            closed,
            change.close_reason[:80],
            reopens,
            closed,
            reopens,
            closed,
            reopens,
            talk.id,
            change.changed_at_ms,
        ],
    ).fetchone()
    if row is None:
        return
    for dialog in change.dialogs:
        if not dialog.get("dialog_id"):
            continue
        connection.execute(
            """INSERT INTO channels_app_dialog (conversation_id, dialog_id, dialog_type, state, seen, floor) VALUES (%s, %s, %s, %s, '{}', 0)
               ON CONFLICT (conversation_id, dialog_id) DO UPDATE SET dialog_type = EXCLUDED.dialog_type, state = EXCLUDED.state""",
            [talk.id, dialog["dialog_id"][:64], str(dialog.get("dialog_type", ""))[:20], str(dialog.get("state", ""))[:10]],
        )


def _makes_room(connection: Any, talk: Talk) -> bool:
    """Whether the consumer has no other conversation; one that is only being opened gives way, since LivePerson will not open it."""
    connection.execute("SELECT 1 FROM channels_app_consumer WHERE id = %s FOR UPDATE", [talk.consumer_id])
    connection.execute(
        """UPDATE channels_app_conversation SET state = 'closed', closed_at = now(), close_reason = 'REPLACED', updated_at = now()
           WHERE consumer_id = %s AND state = 'opening'""",
        [talk.consumer_id],
    )
    other = connection.execute(
        "SELECT 1 FROM channels_app_conversation WHERE consumer_id = %s AND state <> 'closed'", [talk.consumer_id]
    ).fetchone()
    return other is None


def forget_words(channel_id: uuid.UUID, source_id: str) -> None:
    """Empty what is stored of a message that the person took back, with its parts and edits; that they were there stays."""
    parts = [f"{source_id}#{number}" for number in range(1, MAX_PARTS)]
    edits = [f"edit:{source_id}:{number}" for number in range(1, MAX_EDITS)]
    run(
        """WITH emptied AS (
               UPDATE webhooks_app_event SET content = '{"type": "unsupported", "kind": "taken_back"}', raw = '', progress = NULL
               WHERE source_scope = %s AND source_id = ANY(%s) AND direction = 'i' AND state IN ('done', 'skipped', 'unknown', 'dead')
               RETURNING id
           )
           UPDATE webhooks_app_attempt SET url = '', response_excerpt = '' FROM emptied WHERE event_id = emptied.id""",
        [channel_id, [source_id, *parts, *edits]],
    )
