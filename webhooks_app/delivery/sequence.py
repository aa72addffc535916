"""Putting LivePerson's notifications back in the order of their sequence numbers.

Numbers are per dialog and have no holes once everything is known: messages, receipts and the consumer's own echoes share one counter. So an
event whose predecessors are all known may go; one with a hole before it waits a moment for the missing notification.
"""

from __future__ import annotations

from django.conf import settings

from connector_platform.core.events import ChatState
from connector_platform.database import run
from webhooks_app.delivery.outcome import Again
from webhooks_app.delivery.records import Job
from webhooks_app.lanes import Claim


def next_job(claim: Claim, jobs: list[Job]) -> Job | Again:
    """The event to deliver next of those waiting (in order of arrival), or how long to wait for one that is missing."""
    head = jobs[0]
    if head.sequence is None or isinstance(head.content, ChatState):
        return head
    same = [job for job in jobs if job.dialog_id == head.dialog_id and job.sequence is not None]
    lowest = min(same, key=lambda job: job.sequence or 0)
    if lowest.in_doubt or lowest.tries:
        return lowest
    wait_s = _wait_s(claim, lowest, [job.sequence for job in same if job.sequence is not None])
    return Again(delay_s=wait_s, outcome="sequence_gap", gap=True) if wait_s > 0 else lowest


def _wait_s(claim: Claim, job: Job, arrived: list[int]) -> float:
    """Seconds that ``job`` still has to wait for a number before its own; 0 where none is missing or the wait is over."""
    app_id, liveperson_id = claim.key[2:].split(":", 1)
    rows = run(
        """SELECT d.id, int8multirange(int8range(d.floor, %(number)s)) <@ (d.seen + %(arrived)s::int8multirange),
                  COALESCE(a.sequence_gap_wait_s, %(default)s)
           FROM channels_app_dialog d JOIN channels_app_conversation c ON c.id = d.conversation_id
           JOIN channels_app_livepersonapp a ON a.id = c.liveperson_app_id
           WHERE c.liveperson_app_id = %(app)s AND c.liveperson_id = %(conversation)s AND d.dialog_id = %(dialog)s AND d.floor < %(number)s""",
        {
            "number": job.sequence,
            "arrived": "{" + ",".join(f"[{number},{number}]" for number in arrived) + "}",
            "app": app_id,
            "conversation": liveperson_id,
            "dialog": job.dialog_id,
            "default": float(settings.SEQUENCE_GAP_WAIT_S),
        },
    )
    if not rows or rows[0][1]:
        return 0.0
    left_s = float(rows[0][2]) - job.age_s
    if left_s > 0:
        return left_s
    # Waited long enough: what is missing was never notified to us, and later numbers need not wait for it again.
    run("UPDATE channels_app_dialog SET seen = seen + int8multirange(int8range(floor, %s)) WHERE id = %s", [job.sequence, rows[0][0]])
    return 0.0
