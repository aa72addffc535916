"""Receipts of the channel, translated into LivePerson's sequences; those that come too early are kept and matched."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from connector_platform.core.events import Receipt, ReceiptKind, Unsupported
from connector_platform.database import run
from webhooks_app.delivery.people import Person
from webhooks_app.delivery.records import Job
from webhooks_app.journal import Entry, append, inbound_lane


@dataclass(frozen=True, slots=True)
class Covered:
    """What a receipt says of one dialog: the rows that it covers, and the sequences that are complete with them."""

    conversation_id: uuid.UUID
    liveperson_id: str
    dialog_id: str
    sequences: tuple[int, ...]
    row_ids: tuple[int, ...]


# A message of several parts is delivered, or read, when its last part is: a part that this receipt neither covers nor finds stamped, under
# any of its ids, holds it back. It has failed, once and for all, as soon as one part has.
_COVER = """
WITH hit AS (
    SELECT m.* FROM webhooks_app_deliveredmessage m JOIN channels_app_conversation c ON c.id = m.conversation_id
    WHERE m.channel_id = %(channel)s AND c.consumer_id = %(consumer)s AND {column} IS NULL AND {condition}
    AND NOT EXISTS (SELECT 1 FROM webhooks_app_event e WHERE e.id = m.event_id AND e.outcome = 'failed_at_vendor')
), whole AS (
    SELECT h.event_id, %(failed)s OR NOT EXISTS (
        SELECT 1 FROM webhooks_app_deliveredmessage o WHERE o.event_id = h.event_id
        AND o.part NOT IN (SELECT part FROM hit x WHERE x.event_id = h.event_id) GROUP BY o.part HAVING count({other}) = 0
    ) AS complete FROM hit h GROUP BY h.event_id
)
SELECT c.id, c.liveperson_id, h.dialog_id, array_agg(DISTINCT h.sequence ORDER BY h.sequence) FILTER (WHERE w.complete AND h.sequence IS NOT NULL),
       array_agg(h.id)
FROM hit h JOIN whole w ON w.event_id = h.event_id JOIN channels_app_conversation c ON c.id = h.conversation_id
GROUP BY c.id, c.liveperson_id, h.dialog_id
"""


def covered(person: Person, channel_id: uuid.UUID, receipt: Receipt) -> list[Covered]:
    """What the vendor's receipt says, dialog by dialog; messages that had this receipt before are left out."""
    column = "read_at" if receipt.kind is ReceiptKind.READ else "delivered_at"
    conditions: list[str] = []
    parameters: dict[str, Any] = {"channel": channel_id, "consumer": person.id, "failed": receipt.kind is ReceiptKind.FAILED}
    if receipt.message_ids:
        conditions.append("m.provider_message_id = ANY(%(ids)s)")
        parameters["ids"] = list(receipt.message_ids)
    if receipt.message_ids and receipt.is_cumulative:
        conditions.append(
            """m.sent_at <= (SELECT max(n.sent_at) FROM webhooks_app_deliveredmessage n JOIN channels_app_conversation t ON t.id = n.conversation_id
               WHERE n.channel_id = %(channel)s AND t.consumer_id = %(consumer)s AND n.provider_message_id = ANY(%(ids)s))"""
        )
    if receipt.watermark_at is not None:
        # A watermark in the future would make receipts of messages that are yet to be sent.
        conditions.append("m.sent_at <= LEAST(%(watermark)s, now())")
        parameters["watermark"] = receipt.watermark_at
    if not conditions:
        return []
    query = _COVER.format(column=f"m.{column}", other=f"o.{column}", condition="(" + " OR ".join(conditions) + ")")
    return [Covered(row[0], row[1], row[2], tuple(row[3] or ()), tuple(row[4])) for row in run(query, parameters)]


def any_known(channel_id: uuid.UUID, message_ids: Sequence[str]) -> bool:
    """Whether a message of ours has one of these ids; if not, its own answer has not been recorded yet."""
    return bool(
        run(
            "SELECT 1 FROM webhooks_app_deliveredmessage WHERE channel_id = %s AND provider_message_id = ANY(%s) LIMIT 1",
            [channel_id, list(message_ids)],
        )
    )


def is_of_several_parts(channel_id: uuid.UUID, message_ids: Sequence[str]) -> bool:
    """Whether one of these ids is of a message that went out in several parts."""
    return bool(
        run(
            """SELECT 1 FROM webhooks_app_deliveredmessage m JOIN webhooks_app_deliveredmessage o ON o.event_id = m.event_id AND o.part <> m.part
               WHERE m.channel_id = %s AND m.provider_message_id = ANY(%s) LIMIT 1""",
            [channel_id, list(message_ids)],
        )
    )


def stamp(connection: Any, kind: ReceiptKind, row_ids: Sequence[int]) -> None:
    """Note that these messages had this receipt; what was read was delivered, and what failed was not."""
    if kind is not ReceiptKind.FAILED:
        _stamp(connection, kind, "id = ANY(%s)", [list(row_ids)])


def _stamp(connection: Any, kind: ReceiptKind, which: str, parameters: Sequence[Any]) -> None:
    columns = "read_at = now(), delivered_at = COALESCE(delivered_at, now())" if kind is ReceiptKind.READ else "delivered_at = now()"
    connection.execute(f"UPDATE webhooks_app_deliveredmessage SET {columns} WHERE {which}", parameters)


def raise_watermark(person: Person, receipt: Receipt) -> None:
    """Keep the highest watermark, for a message whose own answer comes only after it."""
    column = "read_until_at" if receipt.kind is ReceiptKind.READ else "delivered_until_at"
    run(f"UPDATE channels_app_consumer SET {column} = GREATEST({column}, %s) WHERE id = %s", [receipt.watermark_at, person.id])


def fail_messages(connection: Any, channel_id: uuid.UUID, receipt: Receipt) -> None:
    """The vendor could not deliver what it had taken: the event shows it and why."""
    connection.execute(
        """UPDATE webhooks_app_event SET state = 'dead', outcome = 'failed_at_vendor', detail = %s WHERE id IN (
               SELECT event_id FROM webhooks_app_deliveredmessage WHERE channel_id = %s AND provider_message_id = ANY(%s)) AND direction = 'o'""",
        [(receipt.reason or "the vendor reports that the message was not delivered")[:500], channel_id, list(receipt.message_ids)],
    )


def after_sent(
    connection: Any,
    job: Job,
    person: Person,
    *,
    conversation_id: uuid.UUID,
    channel_id: uuid.UUID,
    ids: Sequence[str],
    sent_at: datetime,
    tells_delivery: bool,
) -> None:
    """What a message's own answer sets free: receipts that came before it, and, on a channel without delivery receipts, the delivery itself.

    LivePerson counts a message as delivered once the channel has taken it where nothing better is known.
    """
    if ids:
        connection.execute(
            """WITH freed AS (
                   UPDATE webhooks_app_event SET state = 'waiting', awaits = '' WHERE channel_id = %s AND state = 'held' AND awaits = ANY(%s)
                   RETURNING lane_id
               )
               UPDATE webhooks_app_lane SET tail = tail + 1, state = CASE state WHEN 'idle' THEN 'ready' ELSE state END,
                   due_at = CASE state WHEN 'idle' THEN now() ELSE due_at END
               WHERE id IN (SELECT lane_id FROM freed)""",
            [channel_id, list(ids)],
        )
    if job.sequence is None:
        return
    # Read anew and locked: a watermark that came while the call was under way found no message, and one that comes now waits until it does.
    delivered_until_at, read_until_at = connection.execute(
        "SELECT delivered_until_at, read_until_at FROM channels_app_consumer WHERE id = %s FOR SHARE", [person.id]
    ).fetchone()
    kinds = [
        kind
        for kind, until in ((ReceiptKind.DELIVERED, delivered_until_at), (ReceiptKind.READ, read_until_at))
        if until is not None and until >= sent_at
    ]
    if not tells_delivery and ReceiptKind.DELIVERED not in kinds:
        kinds.insert(0, ReceiptKind.DELIVERED)
    for kind in kinds:
        # The watermark's own event may still look for messages: this one has had its receipt.
        _stamp(connection, kind, "event_id = %s", [job.id])
    append([own_receipt(job, person, conversation_id, channel_id, kind) for kind in kinds], connection)


def in_persons_lane(job: Job, person: Person, channel_id: uuid.UUID, receipt: Receipt) -> Entry:
    """A vendor's receipt that named no person, once more at the end of that person's lane."""
    return Entry(
        lane_key=inbound_lane(channel_id, person.external_id),
        direction="i",
        brand_id=job.brand_id,
        channel_id=channel_id,
        source_scope=channel_id,
        source_id=f"handed-over:{job.public_id}",
        content=receipt,
        consumer_external_id=person.external_id,
        occurred_at=job.occurred_at,
        wire_type="own",
    )


def own_receipt(job: Job, person: Person, conversation_id: uuid.UUID, channel_id: uuid.UUID, kind: ReceiptKind, reason: str = "") -> Entry:
    """A receipt that the platform itself finds out: for the event's sequence, at the end of the consumer's inbound lane."""
    assert job.sequence is not None
    return Entry(
        lane_key=inbound_lane(channel_id, person.external_id),
        direction="i",
        brand_id=job.brand_id,
        channel_id=channel_id,
        source_scope=channel_id,
        source_id=f"receipt:{kind.value}:{job.public_id}",
        content=Receipt(kind=kind, sequences=(job.sequence,), reason=reason),
        consumer_external_id=person.external_id,
        conversation_id=conversation_id,
        dialog_id=job.dialog_id,
        wire_type="own",
    )


NOT_DELIVERED = "own.not_delivered"
"""The wire type of the line that tells an agent why a message did not arrive."""


def why_not_delivered(job: Job, person: Person, conversation_id: uuid.UUID, channel_id: uuid.UUID, reason: str) -> Entry:
    """A line for the agent beside the NACK, which names no reason. It is nothing that the consumer said: it opens no conversation and no window."""
    return Entry(
        lane_key=inbound_lane(channel_id, person.external_id),
        direction="i",
        brand_id=job.brand_id,
        channel_id=channel_id,
        source_scope=channel_id,
        source_id=f"not-delivered:{job.public_id}",
        content=Unsupported(kind="not_delivered", description=f"not delivered: {reason}"[:500], opens_window=False),
        consumer_external_id=person.external_id,
        conversation_id=conversation_id,
        dialog_id=job.dialog_id,
        wire_type=NOT_DELIVERED,
    )
