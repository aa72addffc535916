"""A channel's own rate: PostgreSQL hands out moments to send in, one after another, to all workers.

A moment is taken for each call that reaches a person; typing and uploads take none. What has to wait long gives its lane back with the moment that
it was given, and comes back for it.
"""

from __future__ import annotations

import random
import time
import uuid

from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import DeliveryError
from connector_platform.database import run

LATE_S = 0.03
"""A moment that was missed by more is given up for another one, or calls would crowd into a second."""
STRETCH = 1.04
"""The moments lie this much further apart than the rate asks for: with calls up to LATE_S late, no second holds one too many."""
SLEEP_S = 0.25
"""A shorter wait is slept through; for a longer one the lane is given back."""
EARLY_S = 0.1
"""A lane comes due this much before its moment, so that claiming it does not make it late."""
HORIZON_S = 300.0
"""Moments are given at most so far ahead: later than that, a changed rate would not count."""


class AwaitingMoment(DeliveryError):
    """The channel's rate lets this go out later: ``moment_s`` on the monotonic clock, None where no moment is given yet."""

    code = "paced"
    retryable = True

    def __init__(self, moment_s: float | None) -> None:
        super().__init__("the channel's rate lets it go out later")
        self.moment_s = moment_s

    @property
    def delay_s(self) -> float:
        """Seconds until the lane should come back."""
        if self.moment_s is None:
            return HORIZON_S * random.uniform(0.5, 1)
        return max(0.0, self.moment_s - EARLY_S - monotonic_s())


_TAKE = """
INSERT INTO webhooks_app_pace AS pace (channel_id, next_at) VALUES (%(channel)s, clock_timestamp() + make_interval(secs => %(step)s))
ON CONFLICT (channel_id) DO UPDATE SET next_at = GREATEST(pace.next_at, clock_timestamp()) + make_interval(secs => %(step)s)
WHERE pace.next_at < clock_timestamp() + make_interval(secs => %(horizon)s)
RETURNING extract(epoch FROM next_at - clock_timestamp())::float
"""


def take_moment(channel_id: uuid.UUID, per_second: float) -> float | None:
    """The channel's next free moment on the monotonic clock, which is nobody else's; None where it is further away than ``HORIZON_S``.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    step_s = STRETCH / per_second
    rows = run(_TAKE, {"channel": channel_id, "step": step_s, "horizon": HORIZON_S})
    return monotonic_s() + rows[0][0] - step_s if rows else None


class Pacer:
    """Lets the calls of one claimed lane through at the channel's rate. ``moment_s``: the one that the lane was given when it was given back."""

    def __init__(self, channel_id: uuid.UUID, per_second: float, moment_s: float | None) -> None:
        self._channel_id = channel_id
        self._per_second = per_second
        self._moment_s = moment_s

    def wait(self) -> None:
        """Return when the next call may begin.

        Raises:
            AwaitingMoment: it is too long to sleep through. DatabaseUnavailable: PostgreSQL cannot be reached.
        """
        moment_s, self._moment_s = self._moment_s, None
        while True:
            if moment_s is None or monotonic_s() > moment_s + LATE_S:
                moment_s = take_moment(self._channel_id, self._per_second)
            if moment_s is None:
                raise AwaitingMoment(None)
            left_s = moment_s - monotonic_s()
            if left_s <= 0:
                return
            if left_s > SLEEP_S:
                raise AwaitingMoment(moment_s)
            time.sleep(left_s)  # and look again: a busy machine may wake us late
