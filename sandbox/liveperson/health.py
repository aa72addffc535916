"""How LivePerson sees a connector's endpoints: the four states of an app under retries by time to live, and the rule for slow ones.

UP -> FAILED (an endpoint failed: everything is stored, one event is tried now and then) -> IN TRANSITION (one was taken: what is stored is
sent) -> RECOVERED (what was stored meanwhile is sent) -> UP.

Source: https://developers.liveperson.com/connector-api-webhooks-retry-policy.html
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from sandbox.liveperson.notifications import Notification

FIRST_WAIT_S = 2.0
LONGEST_WAIT_S = 300.0


class AppState(Enum):
    UP = "UP"
    FAILED = "FAILED"
    IN_TRANSITION = "IN TRANSITION"
    RECOVERED = "RECOVERED"


@dataclass(eq=False)
class Delivery:
    """What goes to one app in one request: one notification, or several that waited together."""

    notifications: list[Notification]
    body: bytes
    queued_at: float
    attempts: int = 0
    wait_s: float = 0.0  # fault: before the first attempt
    fail_status: int | None = None  # fault: the first attempt ends so, without a call
    lose_reply: bool = False  # fault: the first attempt's success is taken for a failure

    @property
    def notification(self) -> Notification:
        """The first one; all have its event type."""
        return self.notifications[0]

    def takes(self, other: Delivery) -> bool:
        """Whether ``other``, next in line, may travel in the same request."""
        is_plain = not (other.attempts or other.wait_s or other.fail_status or other.lose_reply)
        return is_plain and self.attempts == 0 and other.notification.event_type == self.notification.event_type


@dataclass
class Lane:
    """What is still to be sent about one conversation to one app, in order."""

    queue: deque[Delivery] = field(default_factory=deque)
    held: list[Delivery] = field(default_factory=list)  # fault: swapped, waiting for the next event
    task: asyncio.Task[None] | None = None
    is_draining: bool = False  # it held events when the app came back, and has not been empty since


@dataclass
class Health:
    """One app's state. While FAILED, whoever holds ``probe`` makes the next attempt, alone."""

    state: AppState = AppState.UP
    wait_s: float = FIRST_WAIT_S
    probe: asyncio.Lock = field(default_factory=asyncio.Lock)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    awaited: set[Delivery] = field(default_factory=set)  # IN TRANSITION and RECOVERED end when these have left
    slow_since: dict[str, float] = field(default_factory=dict)  # endpoint -> when its unbroken series of slow answers began

    def fail(self) -> None:
        if self.state is not AppState.FAILED:
            self.state, self.wait_s = AppState.FAILED, FIRST_WAIT_S
            self.awaited.clear()
            self.wake.clear()

    def wait_longer(self) -> None:
        self.wait_s = min(self.wait_s * 2, LONGEST_WAIT_S)

    def come_back(self, lanes: Iterable[Lane]) -> None:
        """The app took an event: send what is stored in ``lanes``."""
        stored = [lane for lane in lanes if lane.queue]
        for lane in stored:
            lane.is_draining = True
        self.awaited = {delivery for lane in stored for delivery in lane.queue}
        self.state = AppState.IN_TRANSITION if self.awaited else AppState.UP

    def left(self, delivery: Delivery, lanes: Iterable[Lane]) -> None:
        """``delivery`` is no longer queued; with the last awaited one the next state begins."""
        self.awaited.discard(delivery)
        if self.awaited or self.state not in (AppState.IN_TRANSITION, AppState.RECOVERED):
            return
        if self.state is AppState.IN_TRANSITION:
            self.awaited = {later for lane in lanes if lane.is_draining for later in lane.queue}
        self.state = AppState.RECOVERED if self.awaited else AppState.UP

    def is_slow(self, url: str, started: float, ended: float, *, answer_s: float, window_s: float) -> bool:
        """Whether the endpoint has answered slower than ``answer_s`` for ``window_s`` by now."""
        if ended - started < answer_s:
            self.slow_since.pop(url, None)
            return False
        return ended - self.slow_since.setdefault(url, started) >= window_s
