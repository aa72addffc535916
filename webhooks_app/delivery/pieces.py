"""Long texts that a vendor hands on piece by piece: joined when all are there, else said piece by piece.

What decides is when the pieces were received, never when somebody looks: a retry joins what the try before it joined.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from connector_platform.core.events import Piece, Text
from webhooks_app.delivery.outcome import Again, Ended, Outcome, Write
from webhooks_app.delivery.records import Job

WAIT_S = 60.0
"""A piece waits this long for the others of its text."""


def piece_of(job: Job) -> Piece | None:
    """Which piece ``job`` is; None where it is a whole message."""
    return job.content.piece if isinstance(job.content, Text) else None


def next_job(jobs: list[Job]) -> Job | Again:
    """Takes the event to deliver next out of ``jobs`` (those waiting, in order), or says how long its first one waits for its other pieces."""
    head, piece = jobs[0], piece_of(jobs[0])
    if piece is None:
        return jobs.pop(0)
    together: dict[int, Job] = {}
    for job in jobs:
        other = piece_of(job)
        is_same = other is not None and (other.reference, other.total) == (piece.reference, piece.total)
        if other is not None and is_same and (job.received_at - head.received_at).total_seconds() < WAIT_S:
            together.setdefault(other.number, job)
    if len(together) == piece.total:
        jobs[:] = [job for job in jobs if job not in together.values()]
        said = "".join(job.content.text for _, job in sorted(together.items()) if isinstance(job.content, Text))
        others = tuple(job.id for job in together.values() if job.id != head.id)
        return replace(head, content=Text(text=said.strip()), joined=others)
    left_s = WAIT_S - head.age_s
    return Again(delay_s=left_s, outcome="waits_for_pieces", gap=True) if left_s > 0 else jobs.pop(0)


def ending_with(job: Job, outcome: Outcome) -> Outcome:
    """``outcome``, which ends with ``job`` the other rows that it said."""
    if not job.joined or not isinstance(outcome, Ended):
        return outcome
    return replace(outcome, write=_also(outcome.write, job, outcome))


def _also(first: Write | None, job: Job, outcome: Ended) -> Write:
    def write(connection: Any) -> None:
        if first is not None:
            first(connection)
        connection.execute(
            """UPDATE webhooks_app_event SET state = %s, outcome = 'joined', detail = %s, finished_at = now(),
                   conversation_id = COALESCE(conversation_id, %s)
               WHERE id = ANY(%s) AND state IN ('waiting', 'sending')""",
            [outcome.state, f"its words went with {job.public_id}", outcome.conversation_id, list(job.joined)],
        )

    return write
