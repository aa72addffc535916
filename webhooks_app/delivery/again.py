"""Messages that the vendor had taken and then could not deliver, for a reason that passes: they go out anew, in their old place."""

from __future__ import annotations

import uuid
from dataclasses import dataclass

import structlog
from django.conf import settings

from channels_app.services.channels import break_channel
from connector_platform.core.events import Receipt
from connector_platform.database import run
from webhooks_app.bell import bell
from webhooks_app.delivery.outcome import Outcome, skipped
from webhooks_app.retry import AGAIN_WAITS_S, wait_s

log = structlog.get_logger(__name__)

# Each sending of a message has its own moment, whatever ids the vendor gave it. A change of the conversation that the person was told of is
# not done again for the sake of the words.
_FIND = """
SELECT e.id, e.state, count(DISTINCT m.sent_at), count(DISTINCT m.part),
       max(m.sent_at) = max(m.sent_at) FILTER (WHERE m.provider_message_id = ANY(%(ids)s)),
       e.received_at > now() - %(max_age)s * interval '1 second'
FROM webhooks_app_deliveredmessage m JOIN webhooks_app_event e ON e.id = m.event_id
WHERE m.event_id = (SELECT max(event_id) FROM webhooks_app_deliveredmessage WHERE channel_id = %(channel)s AND provider_message_id = ANY(%(ids)s))
AND e.direction = 'o' AND e.kind <> 'conversation_change' GROUP BY e.id
"""

# A statement of its own, not a part of the receipt's transaction: that holds the lane of the person, and whoever sends in this lane may be
# about to wake that one. Done twice, it finds the message waiting, or sent anew.
_PUT_BACK = """
WITH lane AS (
    UPDATE webhooks_app_lane SET tail = tail + 1,
        due_at = CASE WHEN state IN ('idle', 'gap') THEN now() + %(wait_s)s * interval '1 second' ELSE due_at END,
        state = CASE WHEN state IN ('idle', 'gap') THEN 'ready' ELSE state END
    WHERE id = (SELECT lane_id FROM webhooks_app_event WHERE id = %(event)s AND state = 'done') RETURNING id, tail
)
UPDATE webhooks_app_event event SET position = lane.tail, state = 'waiting', tries = 0, outcome = 'again', detail = %(detail)s, started_at = NULL,
    finished_at = NULL, progress = NULL
FROM lane WHERE event.id = %(event)s AND event.lane_id = lane.id AND event.state = 'done'
"""


@dataclass(frozen=True, slots=True)
class _Message:
    id: int
    state: str
    sendings: int
    parts: int
    is_last_sending: bool
    is_fresh: bool


def send_again(channel_id: uuid.UUID, receipt: Receipt) -> Outcome | None:
    """What a failed ``receipt`` leads to where its message may go out anew; None where the failure is for good.

    A message that became several at the vendor does not: those that arrived would arrive again.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    if receipt.breaks_channel:
        break_channel(channel_id, receipt.reason)
    if not receipt.message_ids:
        return None
    ids = {"channel": channel_id, "ids": list(receipt.message_ids), "max_age": settings.MAX_AGE_S}
    rows = run(_FIND, ids)
    if not rows:
        return None
    message = _Message(*rows[0])
    if message.state in ("waiting", "sending") or not message.is_last_sending:
        return skipped("nothing_new", "the message is on its way anew")
    may = receipt.breaks_channel or message.sendings <= receipt.again
    if not may or message.state != "done" or message.parts != 1 or not message.is_fresh:
        return None
    waits_s = 0.0 if receipt.breaks_channel else wait_s(AGAIN_WAITS_S, message.sendings)
    detail = f"sent {message.sendings} times; {receipt.reason}" if message.sendings > 1 else receipt.reason
    run(_PUT_BACK, {"event": message.id, "wait_s": waits_s, "detail": detail[:500]})
    bell.ring()
    log.info("message_goes_again", channel_id=str(channel_id), sendings=message.sendings, in_s=round(waits_s, 1))
    return skipped("sent_again", f"the message goes out anew: {receipt.reason}"[:500])
