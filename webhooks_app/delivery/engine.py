"""Draining a lane: its events one after another, each written down before the next goes out."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import partial
from typing import Any, TypeVar

import psycopg
import structlog
from django.conf import settings
from psycopg_pool import PoolTimeout

from channels_app.providers.base import Provider
from channels_app.selectors import configs
from channels_app.selectors.configs import ChannelConfig
from channels_app.services.channels import break_channel, note_problem
from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import DeliveryError, PersonThrottled, Throttled
from connector_platform.core.events import ChatState, Text
from connector_platform.core.http import HttpClient
from connector_platform.database import DatabaseUnavailable, hot_pool
from webhooks_app import lanes
from webhooks_app.delivery import pieces, records, sequence, typing
from webhooks_app.delivery.inbound import InboundDelivery
from webhooks_app.delivery.judge import judge_inbound, judge_outbound, refuses_app
from webhooks_app.delivery.outbound import OutboundDelivery
from webhooks_app.delivery.outcome import Again, Ended, Outcome, Parked
from webhooks_app.delivery.records import Job, LaneLost
from webhooks_app.delivery.steps import Progress, Runner
from webhooks_app.lanes import Claim
from webhooks_app.pacing import AwaitingMoment, Pacer
from webhooks_app.retry import MAX_WAIT_S
from webhooks_app.tokens import LivePersonAccess

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

UNWRITABLE = (psycopg.DataError, psycopg.IntegrityError, UnicodeError)
"""PostgreSQL refuses these values and always will: waiting for it would block the lane for ever."""

LOOK_AHEAD = 20
"""Events of a lane that are read at once; outbound, as many notifications may have overtaken each other."""


class Engine:
    """Drains claimed lanes. One per worker process, shared by its threads."""

    def __init__(self, worker: str, client: HttpClient) -> None:
        self.worker = worker
        self._client = client
        self._access = LivePersonAccess()
        self._stopping = threading.Event()
        self._held_until: dict[uuid.UUID, float] = {}
        """By channel: until when its rate limit lets nothing through, on the monotonic clock. Each worker finds it out by one call."""

    def stop(self) -> None:
        """Give every lane back after the event that is under way."""
        self._stopping.set()

    def drain(self, claim: Claim) -> int:
        """How many events were taken to an end. Returns when the lane is empty, waits, or has had its share, or after ``stop``."""
        ended = tail = 0
        jobs: list[Job] = []
        begun_id: int | None = None
        try:
            if claim.was_abandoned:
                patiently(partial(records.settle, claim))
            for _ in range(settings.LANE_BUDGET):
                if self._stopping.is_set():
                    break
                if claim.direction == "o" or not jobs or pieces.piece_of(jobs[0]):
                    tail, jobs = patiently(partial(records.waiting, claim, LOOK_AHEAD))
                if not jobs:
                    lanes.release(claim, seen_tail=tail)
                    return ended
                # Inbound, nothing but this worker touches what waits, so a few events are read at once.
                job: Job | Again = pieces.next_job(jobs) if claim.direction == "i" else sequence.next_job(claim, jobs)
                if isinstance(job, Again):
                    lanes.release_until(claim, job.delay_s, state="gap", seen_tail=tail)
                    return ended
                next_id = _next_id(claim, jobs)
                if not self._deliver(claim, job, begun_id=begun_id, next_id=next_id):
                    return ended
                begun_id = next_id
                claim = replace(claim, moment_s=None)  # it was the first one's
                ended += 1
            lanes.release_until(claim, 0)
        except LaneLost:
            log.warning("lane_lost", lane=claim.lane_id, worker=self.worker)
        except (DatabaseUnavailable, psycopg.Error, PoolTimeout) as error:
            # The lease runs out and the lane comes due by itself.
            log.error("drain_interrupted", lane=claim.lane_id, reason=type(error).__name__, detail=str(error)[:300])
        return ended

    def _deliver(self, claim: Claim, job: Job, *, begun_id: int | None = None, next_id: int | None = None) -> bool:
        """Deliver one event and write down what came of it; whether the lane may go on.

        ``begun_id`` is the event that is noted as begun already; ``next_id`` is to be noted so with this one's end.
        """
        delivery = self._prepare(claim, job, is_begun=begun_id == job.id)
        if isinstance(delivery, Ended | Parked):
            return self._write(claim, job, delivery, None, next_id)
        runner = delivery.runner
        try:
            # What was parked meanwhile has not been tried all that time: it is, once the channel works again.
            if job.tries > 0 and job.age_s > settings.MAX_AGE_S and job.untried_s < 2 * MAX_WAIT_S:
                outcome: Outcome = Ended(
                    state="dead", outcome="too_old", detail=f"not delivered within MAX_AGE_S ({settings.MAX_AGE_S:g} s)"
                )
            else:
                if isinstance(delivery, OutboundDelivery):
                    self._raise_if_held(claim, job)
                outcome = delivery.deliver()
                if isinstance(delivery, InboundDelivery) and delivery.app.problem and runner.tries:
                    note_problem(delivery.app.id, "")
        except DeliveryError as error:
            outcome = self._judge(claim, job, delivery, error)
        except (LaneLost, DatabaseUnavailable, psycopg.Error, PoolTimeout) as error:
            if not isinstance(error, UNWRITABLE):
                raise
            log.exception("delivery_failed", event_id=str(job.public_id), kind=job.content.type)
            outcome = Ended(state="dead", outcome="internal_error", detail=f"{type(error).__name__}; see the log, then replay")
        except Exception as error:
            log.exception("delivery_failed", event_id=str(job.public_id), kind=job.content.type)
            outcome = Ended(state="dead", outcome="internal_error", detail=f"{type(error).__name__}; see the log, then replay")
        if isinstance(outcome, Ended) and outcome.state == "dead" and isinstance(delivery, OutboundDelivery):
            receipt = delivery.failure_receipt(outcome.outcome, runner.clean(outcome.detail))
            if receipt is not None:
                outcome = replace(outcome, write=receipt)
        return self._write(claim, job, pieces.ending_with(job, outcome), runner, next_id)

    def _prepare(self, claim: Claim, job: Job, *, is_begun: bool = False) -> InboundDelivery | OutboundDelivery | Ended | Parked:
        if job.content is records.UNREADABLE:
            return Ended(
                state="dead", outcome="unreadable_content", detail="this version cannot read the event; replay it with one that can"
            )
        if claim.direction == "o":
            app_id, liveperson_id = claim.key[2:].split(":", 1)
            app = configs.liveperson_app(uuid.UUID(app_id))
            if app is None:
                return Ended(state="dead", outcome="app_gone", detail="the LivePerson app was deleted")
            channel = configs.channel(job.channel_id or claim.channel_id or uuid.UUID(int=0))
            runner = self._runner(claim, job, channel.secrets if channel else (), pace=self._pace(claim, channel))
            return OutboundDelivery(job=job, app=app, liveperson_id=liveperson_id, runner=runner, access=self._access)
        channel = configs.channel(claim.channel_id or uuid.UUID(int=0))
        app = configs.liveperson_app(channel.liveperson_app_id) if channel else None
        if channel is None or app is None:
            return Ended(state="dead", outcome="channel_gone", detail="the channel was deleted")
        if not channel.receives:
            return Parked(outcome="channel_" + channel.state.value, detail=channel.why_still)
        # The channel's too: people's names and pictures are asked of the vendor.
        runner = self._runner(claim, job, app.webhook_secrets + channel.secrets, is_begun=is_begun)
        return InboundDelivery(job=job, channel=channel, app=app, access=self._access, runner=runner)

    @staticmethod
    def _pace(claim: Claim, channel: ChannelConfig | None) -> Callable[[], None] | None:
        per_second = channel.options.messages_per_second if channel is not None else 0
        return Pacer(channel.id, per_second, claim.moment_s).wait if channel is not None and per_second else None

    def _runner(
        self, claim: Claim, job: Job, secrets: tuple[str, ...], *, pace: Callable[[], None] | None = None, is_begun: bool = False
    ) -> Runner:
        def begin() -> None:
            # After other calls, such as one that opened a conversation, the note of its beginning is too old to compare with.
            if not is_begun or runner.tries:
                patiently(lambda: records.start(claim, job))

        def save(progress: Progress) -> None:
            patiently(lambda: records.save_progress(claim, job, progress))

        # A chat state is worth no long wait.
        timeout_s = typing.TIMEOUT_S if isinstance(job.content, ChatState) else None
        runner = Runner(self._client, secrets=secrets, begin=begin, save=save, pace=pace, timeout_s=timeout_s)
        return runner

    def _judge(self, claim: Claim, job: Job, delivery: InboundDelivery | OutboundDelivery, error: DeliveryError) -> Outcome:
        level = logging.DEBUG if isinstance(error, AwaitingMoment) else logging.INFO
        log.log(level, "delivery_error", event_id=str(job.public_id), direction=claim.direction, code=error.code, tries=job.tries + 1)
        if isinstance(delivery, InboundDelivery):
            if refuses_app(error) and not delivery.app.problem:
                note_problem(delivery.app.id, delivery.runner.clean(error.message))
            return judge_inbound(error, job)
        channel = configs.channel(job.channel_id or claim.channel_id or uuid.UUID(int=0))
        provider: Provider | None = channel.provider if channel else None
        outcome = judge_outbound(error, job, provider, channel.config if channel else None)
        is_new = isinstance(error, Throttled) and not isinstance(error, PersonThrottled) and delivery.runner.tries
        if is_new and isinstance(outcome, Again) and channel is not None:
            self._held_until[channel.id] = max(self._held_until.get(channel.id, 0.0), monotonic_s() + outcome.delay_s)
        if isinstance(outcome, Parked) and channel is not None:
            break_channel(channel.id, delivery.runner.clean(error.message))
        return outcome

    def _raise_if_held(self, claim: Claim, job: Job) -> None:
        """Return if no rate limit of the whole channel is known to hold now.

        Raises:
            Throttled: one does; no call is made.
        """
        channel_id = job.channel_id or claim.channel_id
        left_s = self._held_until.get(channel_id, 0.0) - monotonic_s() if channel_id else 0.0
        if left_s > 0:
            raise Throttled("the channel's rate limit was reached by another message", retry_after_s=left_s)

    def _write(self, claim: Claim, job: Job, outcome: Outcome, runner: Runner | None, next_id: int | None) -> bool:
        tries = runner.tries if runner else []
        clean = runner.clean if runner else str
        detail = clean(outcome.detail)
        match outcome:
            case Ended():
                self._finish_somehow(claim, job, outcome, detail, tries, next_id)
                return True
            case Again():
                state = "sending" if outcome.in_doubt else "waiting"
                self._record(
                    claim,
                    job,
                    state=state,
                    outcome=outcome.outcome,
                    detail=detail,
                    tries=tries,
                    progress=job.progress,
                    counts=bool(tries) and outcome.counts and not outcome.in_doubt,
                )
                lanes.release_until(claim, outcome.delay_s, moment_s=outcome.moment_s)
            case Parked():
                self._record(
                    claim, job, state="waiting", outcome=outcome.outcome, detail=detail, tries=tries, progress=job.progress, counts=False
                )
                lanes.release_until(claim, 0, state="parked")
                log.warning("lane_parked", channel_id=str(claim.channel_id), outcome=outcome.outcome)
        return False

    def _finish_somehow(self, claim: Claim, job: Job, outcome: Ended, detail: str, tries: Any, next_id: int | None) -> None:
        """Write the end down; what the far side said and PostgreSQL cannot hold is left out, lest the event be sent again and again."""
        try:
            self._finish(claim, job, outcome, detail, tries, next_id)
        except UNWRITABLE as error:
            log.exception("record_failed", event_id=str(job.public_id), kind=job.content.type)
            why = f"{type(error).__name__} while recording it; see the log"
            if outcome.state == "done" and any(entry.http_status is not None for entry in tries):
                self._finish(claim, job, Ended(state="done", outcome=outcome.outcome, detail=why), why, (), next_id)
            else:
                self._finish(claim, job, Ended(state="dead", outcome="internal_error", detail=why), why, (), next_id)

    def _finish(self, claim: Claim, job: Job, outcome: Ended, detail: str, tries: Any, next_id: int | None) -> None:
        def write() -> None:
            with hot_pool().connection() as connection, _transaction(connection, outcome):
                records.finish(
                    connection,
                    claim,
                    job,
                    worker=self.worker,
                    state=outcome.state,
                    outcome=outcome.outcome,
                    detail=detail,
                    tries=tries,
                    # For a replay, which goes on where this stopped.
                    progress=job.progress if outcome.state in ("dead", "unknown") else None,
                    awaits=outcome.awaits,
                    conversation_id=outcome.conversation_id,
                    channel_id=outcome.channel_id,
                    spoken=outcome.spoken,
                    next_id=next_id,
                )
                if outcome.write is not None:
                    outcome.write(connection)

        patiently(write)
        if outcome.state in ("dead", "unknown"):
            log.warning("event_" + outcome.state, event_id=str(job.public_id), brand_id=str(job.brand_id), outcome=outcome.outcome)

    def _record(self, claim: Claim, job: Job, **fields: Any) -> None:
        patiently(lambda: records.finish_alone(claim, job, worker=self.worker, **fields))


def _next_id(claim: Claim, jobs: list[Job]) -> int | None:
    """The event that comes next where it is known, and its beginning may be noted with this one's end: one commit instead of two.

    Only towards LivePerson, where an echo tells afterwards whether a call was made; only a message that was never tried.
    """
    if claim.direction != "i" or not jobs or jobs[0].in_doubt or jobs[0].tries or pieces.piece_of(jobs[0]):
        return None
    return jobs[0].id if isinstance(jobs[0].content, Text) else None


def _transaction(connection: Any, outcome: Ended) -> AbstractContextManager[Any]:
    """A transaction where there is more to write than the one statement, which is one by itself."""
    return nullcontext() if outcome.write is None else connection.transaction()


def patiently(action: Callable[[], Result]) -> Result:
    """What ``action`` gives, tried again while PostgreSQL restarts: a result that was sent must be written down before the lease ends.

    Raises:
        DatabaseUnavailable, psycopg.OperationalError, PoolTimeout: PostgreSQL stayed away for most of a lease.
    """
    deadline = monotonic_s() + settings.LEASE_S * 0.7
    while True:
        try:
            return action()
        except (DatabaseUnavailable, psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout):
            if monotonic_s() > deadline:
                raise
            time.sleep(0.2)
            hot_pool().check()
