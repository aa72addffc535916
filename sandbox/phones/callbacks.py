"""Delivery of what happened on phones to the platform: in order per consumer, retried, with the faults that are switched on."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp import web
from yarl import URL

from sandbox.kernel import FaultRule, Kernel

TIMEOUT_S = 5.0  # Meta waits about 5 s for the 200
GIVE_UP_AFTER_S = 36 * 3600  # Meta repeats for up to 36 h; the gateway is given the same patience
LONGEST_WAIT_S = 600.0
SWAP_WAIT_S = 2.0  # how long a swapped callback waits for the next one

Lane = tuple[str, str, str]  # provider, address, consumer id


@dataclass(frozen=True)
class Wire:
    """One HTTP request, to the byte."""

    method: str
    url: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass(frozen=True)
class Answer:
    """What came of one attempt: the platform's answer, or with status 0 the ``reason`` why there is none."""

    status: int
    reason: str = ""
    content_type: str = ""
    body: bytes = b""


@dataclass(frozen=True)
class Part:
    """One happening inside a callback: whose it is, and the message it is about ("" for a receipt by watermark)."""

    provider: str
    address: str
    consumer_id: str
    message_id: str
    settle: Callable[[bool], None]  # told True when the platform accepted it, False when the vendor gave up

    @property
    def lane(self) -> Lane:
        return self.provider, self.address, self.consumer_id

    def ledger_fields(self) -> dict[str, Any]:
        return {"provider": self.provider, "address": self.address, "consumer": self.consumer_id, "id": self.message_id}


@dataclass(frozen=True)
class Callback:
    """What the vendor calls on the platform. ``wire`` is asked anew for each attempt: a signature may cover the time of sending."""

    parts: tuple[Part, ...]
    wire: Callable[[], Wire]
    accepts: Callable[[int], bool]  # whether this status means that the platform has it
    heard: Callable[[Answer], None] = lambda answer: None  # told of every answer that the vendor got, and of every one that it did not

    @property
    def provider(self) -> str:
        return self.parts[0].provider


@dataclass(eq=False)
class Slot:
    """A callback's place in its lanes."""

    callback: Callback
    rules: list[FaultRule]
    before: list[asyncio.Future[None]]  # what has to be done first
    done: asyncio.Future[None]
    overtaken: asyncio.Event | None = None  # fault: swapped, set once the next callback took the place


class Courier:
    """All callbacks under way.

    Each waits for the one before it of every consumer it speaks of, so that one consumer's events arrive in order behind a failing one
    while other consumers' pass.
    """

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._tails: dict[Lane, Slot] = {}
        self._tasks: dict[asyncio.Task[None], Slot] = {}
        self._session: aiohttp.ClientSession | None = None

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """Open the HTTP client with the application; with it, end what is still waiting."""
        # Servers drop idle connections after a few seconds; a callback sent into one just dropped would count as a failed attempt.
        connector = aiohttp.TCPConnector(limit=256, keepalive_timeout=2)
        async with aiohttp.ClientSession(connector=connector, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as self._session:
            yield
            tasks = list(self._tasks)
            self.drop_all()
            await asyncio.gather(*tasks, return_exceptions=True)

    @property
    def session(self) -> aiohttp.ClientSession:
        """The open HTTP client.

        Raises:
            RuntimeError: the application is not running.
        """
        if self._session is None:
            raise RuntimeError("callbacks can be sent only while the application runs")
        return self._session

    @property
    def pending(self) -> int:
        """How many callbacks are not accepted yet."""
        return len(self._tasks)

    def drop_all(self) -> None:
        """Forget every callback that is not accepted yet."""
        self.drop(lambda callback: True)

    def drop(self, is_meant: Callable[[Callback], bool]) -> None:
        """Forget those callbacks that are not accepted yet and are meant."""
        for task, slot in self._tasks.items():
            if is_meant(slot.callback):
                task.cancel()
        self._tails = {lane: slot for lane, slot in self._tails.items() if not is_meant(slot.callback)}

    def post(self, callback: Callback, done: asyncio.Future[None]) -> None:
        """Queue ``callback``; ``done`` is done when the platform accepted it (or the vendor gave up), cancelled when it was dropped."""
        rules = self._kernel.faults.struck(f"{callback.provider}.callback")
        slot = Slot(callback, rules, [], done)
        lanes = {part.lane for part in callback.parts}
        ahead = list(dict.fromkeys(self._tails[lane] for lane in lanes if lane in self._tails))
        overtakes = False
        for other in ahead:
            if other.overtaken is not None and not other.overtaken.is_set():
                overtakes = True
                slot.before += other.before
                other.before = [slot.done]
                other.overtaken.set()
                lanes -= {part.lane for part in other.callback.parts}  # it stays the last one there
            else:
                slot.before.append(other.done)
        if any(rule.swap for rule in rules) and not overtakes:
            slot.overtaken = asyncio.Event()
        for lane in lanes:
            self._tails[lane] = slot
        task = asyncio.create_task(self._run(slot))
        self._tasks[task] = slot
        task.add_done_callback(lambda _: self._ended(task, slot))

    def _ended(self, task: asyncio.Task[None], slot: Slot) -> None:
        self._tasks.pop(task)
        for part in slot.callback.parts:
            if self._tails.get(part.lane) is slot:
                del self._tails[part.lane]
        if task.cancelled():
            slot.done.cancel()
        elif error := task.exception():
            slot.done.set_exception(error)
        else:
            slot.done.set_result(None)

    async def _run(self, slot: Slot) -> None:
        if slot.overtaken is not None:
            try:
                await asyncio.wait_for(slot.overtaken.wait(), SWAP_WAIT_S * self._kernel.time_scale)
            except TimeoutError:
                slot.overtaken.set()  # nobody came: it goes in its own place
        if slot.before:
            await asyncio.wait(slot.before)
        await asyncio.sleep(sum(rule.delay_ms + random.uniform(*rule.latency_ms) for rule in slot.rules) / 1000)
        status = next((rule.status for rule in slot.rules if rule.status), None)
        attempt = await self._until_accepted(slot.callback, status, any(rule.lose_reply for rule in slot.rules))
        if attempt and any(rule.duplicate for rule in slot.rules):
            await self._attempt(slot.callback, attempt + 1)

    async def _until_accepted(self, callback: Callback, fail_status: int | None, lose_reply: bool) -> int:
        """The number of the attempt that was accepted; 0 when the vendor gave up.

        ``fail_status`` (fault) stands for the first attempt, without a call; with ``lose_reply`` (fault) the first success is not noticed.
        """
        attempt, wait_s, waited_s = 1, 1.0, 0.0
        while True:
            if fail_status is not None:
                answer, accepted, fail_status = Answer(fail_status, "fault"), False, None
                self._failed(callback, attempt, answer)
            else:
                answer = await self._attempt(callback, attempt)
                accepted = callback.accepts(answer.status)
            if accepted and lose_reply:
                accepted, lose_reply, answer = False, False, Answer(0, "the answer was lost")
            callback.heard(answer)
            if accepted:
                for part in callback.parts:
                    part.settle(True)
                return attempt
            if waited_s >= GIVE_UP_AFTER_S:
                for part in callback.parts:
                    self._kernel.ledger.record("callback.given_up", **part.ledger_fields(), attempt=attempt)
                    part.settle(False)
                return 0
            await asyncio.sleep(wait_s * self._kernel.time_scale)
            attempt, waited_s, wait_s = attempt + 1, waited_s + wait_s, min(wait_s * 2, LONGEST_WAIT_S)

    async def _attempt(self, callback: Callback, attempt: int) -> Answer:
        wire = callback.wire()
        try:
            url = URL(wire.url, encoded=True)  # as it is: the query was encoded by whoever made it, and may be signed
            call = self.session.request(wire.method, url, headers=wire.headers, data=wire.body or None, allow_redirects=False)
            async with call as response:
                answer = Answer(response.status, "refused", response.content_type, await response.read())
        except (aiohttp.ClientError, TimeoutError) as error:
            answer = Answer(0, f"{type(error).__name__}: {error}")
        if answer.status and callback.accepts(answer.status):
            for part in callback.parts:
                self._kernel.ledger.record("callback.delivered", **part.ledger_fields(), attempt=attempt, status=answer.status)
        else:
            self._failed(callback, attempt, answer)
        return answer

    def _failed(self, callback: Callback, attempt: int, answer: Answer) -> None:
        for part in callback.parts:
            self._kernel.ledger.record(
                "callback.failed", **part.ledger_fields(), attempt=attempt, status=answer.status, reason=answer.reason
            )
