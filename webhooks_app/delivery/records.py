"""The rows of a delivery: taking the next event, writing down what came of it. Every write is fenced by the lane's token."""

from __future__ import annotations

import json
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from pydantic import ValidationError

from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import ConnectorError
from connector_platform.core.events import Content, Unsupported, content_from_json
from connector_platform.database import hot_pool, run
from connector_platform.observability.metrics import ATTEMPTS, DELIVERED
from webhooks_app.delivery.outcome import Spoken
from webhooks_app.delivery.steps import Progress, Try
from webhooks_app.lanes import Claim

UNREADABLE = Unsupported(kind="unreadable_content")
"""Stands for a content that this version does not know, another one having written it."""


class LaneLost(ConnectorError):
    """The lease ended and another worker has the lane; nothing more may be recorded here."""

    code = "lane_lost"


@dataclass(frozen=True, slots=True)
class Job:
    """An event that this worker is to deliver. ``in_doubt``: an earlier call for it may have taken effect unseen.

    ``untried_s``: seconds since its last call began. ``joined`` are the rows whose words it says too, and which end with it.
    """

    id: int
    public_id: uuid.UUID
    brand_id: uuid.UUID
    channel_id: uuid.UUID | None
    conversation_id: uuid.UUID | None
    content: Content
    consumer_external_id: str
    profile: dict[str, str]
    dialog_id: str
    sequence: int | None
    occurred_at: datetime | None
    received_at: datetime
    tries: int
    started_at: datetime | None
    progress: Progress
    possibly_doubled: bool
    in_doubt: bool
    wire_type: str
    by_bot: bool
    untried_s: float
    read_age_s: float
    read_at_s: float
    joined: tuple[int, ...] = ()

    @property
    def age_s(self) -> float:
        """Seconds since it was received, by PostgreSQL's clock when it was read and by ours since then."""
        return self.read_age_s + monotonic_s() - self.read_at_s


_COLUMNS = """e.id, e.public_id, e.brand_id, e.channel_id, e.conversation_id, e.content, e.consumer_external_id, e.profile, e.dialog_id,
    e.sequence, e.occurred_at, e.received_at, e.tries, e.started_at, e.progress, e.possibly_doubled, e.state = 'sending', e.wire_type,
    e.by_bot, COALESCE(extract(epoch FROM now() - e.started_at), 0)::float, extract(epoch FROM now() - e.received_at)::float"""


def _job(row: Sequence[Any]) -> Job:
    values = list(row)
    try:
        values[5] = content_from_json(values[5])
    except ValidationError:
        values[5] = UNREADABLE
    values[7] = values[7] or {}
    values[14] = Progress.from_json(values[14])
    values.append(monotonic_s())
    return Job(*values)


_HEAD = f"""
SELECT lane.tail, lane.token, {_COLUMNS}
FROM webhooks_app_lane lane
LEFT JOIN LATERAL (
    SELECT * FROM webhooks_app_event w WHERE w.lane_id = lane.id AND w.state IN ('waiting', 'sending') ORDER BY w.position LIMIT %s
) e ON true
WHERE lane.id = %s ORDER BY e.position
"""


def waiting(claim: Claim, limit: int = 1) -> tuple[int, list[Job]]:
    """The lane's tail, and its first ``limit`` events that are not finished, in order, from one snapshot.

    Raises:
        LaneLost: the lane is no longer this worker's. DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    rows = run(_HEAD, [limit, claim.lane_id])
    if not rows or rows[0][1] != claim.token:
        raise LaneLost("another worker has this lane")
    return rows[0][0], [_job(row[2:]) for row in rows if row[2] is not None]


# The lane's row is narrow and this touches none of its indexes; the event's is neither. So a call under way is noted at the lane.
_START = "UPDATE webhooks_app_lane SET in_flight = %s, flight_at = now() WHERE id = %s AND token = %s RETURNING id"


def start(claim: Claim, job: Job) -> None:
    """Note, before the call, that it is about to be made: after a crash the event is in doubt. One that is already may be sent twice now.

    Raises:
        LaneLost: the lane is no longer this worker's.
    """
    query, parameters = _START, [job.id, claim.lane_id, claim.token]
    if job.in_doubt:
        query = f"WITH lane AS ({_START}) UPDATE webhooks_app_event SET possibly_doubled = true FROM lane WHERE webhooks_app_event.id = %s RETURNING 1"
        parameters.append(job.id)
    if not run(query, parameters):
        raise LaneLost("another worker has this lane")


def settle(claim: Claim) -> None:
    """What was under way when the lane's last worker died is in doubt."""
    run(
        """WITH lane AS (SELECT id, in_flight, flight_at FROM webhooks_app_lane WHERE id = %s AND token = %s FOR UPDATE), doubt AS (
               UPDATE webhooks_app_event event SET state = 'sending', tries = tries + 1, started_at = GREATEST(started_at, lane.flight_at)
               FROM lane WHERE event.id = lane.in_flight AND event.lane_id = lane.id AND event.state IN ('waiting', 'sending')
           )
           UPDATE webhooks_app_lane SET in_flight = NULL, flight_at = NULL FROM lane WHERE webhooks_app_lane.id = lane.id""",
        [claim.lane_id, claim.token],
    )


def save_progress(claim: Claim, job: Job, progress: Progress) -> None:
    """Keep the answers so far: a retry goes on behind them. In between, the next call may be made: the event's clock starts anew.

    Raises:
        LaneLost: the lane is no longer this worker's.
    """
    rows = run(
        """UPDATE webhooks_app_event SET progress = %s::jsonb, started_at = now()
           WHERE id = %s AND EXISTS (SELECT 1 FROM webhooks_app_lane WHERE id = %s AND token = %s) RETURNING id""",
        [json.dumps(progress.answers), job.id, claim.lane_id, claim.token],
    )
    if not rows:
        raise LaneLost("another worker has this lane")


_DONE = """
WITH fence AS (
    UPDATE webhooks_app_lane lane SET in_flight = %(next)s::bigint, flight_at = CASE WHEN %(next)s::bigint IS NULL THEN NULL ELSE now() END
    FROM (SELECT id, in_flight, flight_at FROM webhooks_app_lane WHERE id = %(lane)s AND token = %(token)s FOR UPDATE) AS was
    WHERE lane.id = was.id RETURNING lane.id, CASE WHEN was.in_flight = %(event)s THEN was.flight_at END AS began_at
),
tries AS (
    INSERT INTO webhooks_app_attempt (event_id, brand_id, number, purpose, method, url, started_at, duration_ms, http_status, outcome,
                                      provider_code, message, response_excerpt, worker)
    SELECT %(event)s::bigint, %(brand)s::uuid, %(number)s::int, t.purpose, t.method, t.url, t.started, t.duration, t.status, t.outcome, t.code, t.message,
           t.excerpt, %(worker)s::text
    FROM ({tries}) AS t(purpose, method, url, started, duration, status, outcome, code, message, excerpt), fence
), done AS (
    UPDATE webhooks_app_event SET state = %(state)s::text, tries = GREATEST(tries, %(number)s::int), outcome = %(outcome)s, detail = %(detail)s,
        finished_at = CASE WHEN %(state)s::text IN ('waiting', 'sending', 'held') THEN NULL ELSE now() END,
        started_at = GREATEST(started_at, fence.began_at), progress = %(progress)s::jsonb, awaits = %(awaits)s,
        conversation_id = COALESCE(conversation_id, %(conversation)s::uuid), channel_id = COALESCE(channel_id, %(channel)s::uuid)
    FROM fence WHERE webhooks_app_event.id = %(event)s RETURNING webhooks_app_event.id
)
"""

# Scalars cost the driver a third of what arrays do, and nearly every event takes one try.
_ONE_TRY = """SELECT %(purpose)s::text, %(method)s::text, %(url)s::text, %(started)s::timestamptz, %(duration)s::float, %(status)s::int,
    %(outcomes)s::text, %(code)s::text, %(message)s::text, %(excerpt)s::text"""
_MANY_TRIES = """SELECT * FROM unnest(%(purpose)s::text[], %(method)s::text[], %(url)s::text[], %(started)s::timestamptz[], %(duration)s::float[],
    %(status)s::int[], %(outcomes)s::text[], %(code)s::text[], %(message)s::text[], %(excerpt)s::text[])"""


_ENDED = "SELECT id FROM done"
# A consumer's message that LivePerson numbered, all in one statement. Each part refers to the one before it, so that the rows are locked in
# the order in which notifications lock them: the consumer's messages, the outbound lane, the dialog.
_SPOKEN = """
, message AS (
    INSERT INTO webhooks_app_consumermessage (brand_id, conversation_id, dialog_id, sequence, digest, event_id, created_at)
    SELECT %(brand)s::uuid, %(conversation)s::uuid, %(dialog)s, %(sequence)s::bigint, %(digest)s, done.id, now() FROM done
    ON CONFLICT (conversation_id, dialog_id, sequence) DO UPDATE SET event_id = EXCLUDED.event_id RETURNING event_id
), woken AS (
    UPDATE webhooks_app_lane SET state = 'ready', due_at = now()
    WHERE key = %(outbound)s AND state = 'gap' AND EXISTS (SELECT 1 FROM message) RETURNING id
), seen AS (
    INSERT INTO channels_app_dialog AS dialog (conversation_id, dialog_id, dialog_type, state, seen)
    SELECT %(conversation)s::uuid, %(dialog)s, '', '', int8multirange(int8range(%(sequence)s::bigint, %(sequence)s::bigint, '[]'))
    FROM message WHERE (SELECT count(*) FROM woken) >= 0
    ON CONFLICT (conversation_id, dialog_id) DO UPDATE SET seen = dialog.seen + EXCLUDED.seen WHERE NOT dialog.seen @> %(sequence)s::bigint
)
SELECT id FROM done"""
_FINISH = {
    (is_one, is_spoken): _DONE.replace("{tries}", _ONE_TRY if is_one else _MANY_TRIES) + (_SPOKEN if is_spoken else _ENDED)
    for is_one in (True, False)
    for is_spoken in (True, False)
}


def finish(
    connection: Any,
    claim: Claim,
    job: Job,
    *,
    worker: str,
    state: str,
    outcome: str,
    detail: str = "",
    tries: Sequence[Try] = (),
    progress: Progress | None = None,
    awaits: str = "",
    counts: bool = True,
    conversation_id: uuid.UUID | None = None,
    channel_id: uuid.UUID | None = None,
    spoken: Spoken | None = None,
    next_id: int | None = None,
) -> None:
    """Write down what came of ``job``: its state, its attempts. ``waiting`` and ``sending`` keep it at the lane's head.
    ``counts``: it was a try, which the retry schedule counts. ``next_id``: the event whose call begins now, as ``start`` would note it.

    Raises:
        LaneLost: the lane is no longer this worker's; nothing is written.
    """
    row = connection.execute(
        _FINISH[len(tries) == 1, spoken is not None],
        {
            **(asdict(spoken) if spoken is not None else {}),
            "lane": claim.lane_id,
            "token": claim.token,
            "event": job.id,
            "next": next_id,
            "brand": job.brand_id,
            "number": job.tries + 1 if counts else job.tries,
            "worker": worker,
            "state": state,
            "outcome": outcome[:40],
            "detail": detail[:500].replace("\0", ""),
            "progress": json.dumps(progress.answers) if progress is not None and progress.answers else None,
            "awaits": awaits[:300],
            "conversation": conversation_id,
            "channel": channel_id,
            **{name: values[0] if len(tries) == 1 else values for name, values in _columns(tries).items()},
        },
    ).fetchone()
    if row is None:
        raise LaneLost("another worker has this lane")
    for entry in tries:
        ATTEMPTS.labels(entry.purpose, entry.outcome).inc()
    if state not in ("waiting", "sending"):
        DELIVERED.labels(claim.direction, state).inc()


def _columns(tries: Sequence[Try]) -> dict[str, list[Any]]:
    return {
        "purpose": [entry.purpose for entry in tries],
        "method": [entry.method for entry in tries],
        "url": [entry.url for entry in tries],
        "started": [entry.started_at for entry in tries],
        "duration": [entry.duration_ms for entry in tries],
        "status": [entry.http_status for entry in tries],
        "outcomes": [entry.outcome for entry in tries],
        "code": [entry.provider_code for entry in tries],
        "message": [entry.message for entry in tries],
        "excerpt": [entry.response_excerpt for entry in tries],
    }


def finish_alone(claim: Claim, job: Job, **fields: Any) -> None:
    """``finish`` as a statement of its own."""
    with hot_pool().connection() as connection:
        finish(connection, claim, job, **fields)
