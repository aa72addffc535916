"""Sharing: what one brand's queue costs another one, and how well a channel's rate is kept and used by several workers."""

from __future__ import annotations

import subprocess
import sys
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass

from bench.rig import Line, Rig
from bench.standin import Control
from stack.errors import StackError
from stack.parts import ROOT
from stack.processes import wait_until

CALM_LANES = 1_000_000
"""The calm brand's lanes begin here, so that the far side can tell the brands apart."""
LATENCY_MS = 50.0
EVERY_MS = 50
WARM_UP = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Waits:
    """How long a brand's messages took, from their commit to the far side's having them."""

    name: str
    messages: int
    p50_ms: float
    p99_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Paced:
    """Moments that several processes were given, and took."""

    per_second: float
    processes: int
    seconds: float
    taken: int
    most_in_a_second: int

    @property
    def used(self) -> float:
        """The share of the rate that was used."""
        return self.taken / self.seconds / self.per_second


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it."""

    queued: int
    alone: Waits
    beside: Waits
    paced: list[Paced]


def measure(*, queued: int = 20_000, messages: int = 400, seconds: float = 10, say: Callable[[str], None] = lambda _: None) -> Report:
    """A calm brand alone, and beside another one with ``queued`` messages in 1,000 lanes; then two processes at a channel's rate.

    Raises:
        StackError: something did not start, or a message did not arrive.
    """
    with Rig() as rig:
        control = Control(rig.layout.sandbox_url)
        rig.python("standin", ["-m", "bench.standin", str(rig.layout.sandbox_port)], ready=control.is_up)
        web, _ = rig.web()
        busy, calm = rig.provision(), rig.provision("calm", page_id="100000000000009")
        rig.stop(web)
        worker = rig.worker()
        control.reset(latency_ms=LATENCY_MS)
        _tick(rig, control, calm, WARM_UP)  # opens the conversations
        say(f"a calm brand alone: {messages} messages, one every {EVERY_MS} ms")
        alone = _tick(rig, control, calm, messages, "alone")
        say(f"beside another brand's {queued:,} waiting messages")
        _fill(rig, busy, queued)
        beside = _tick(rig, control, calm, messages, "beside a queue")
        if not rig.count("SELECT count(*) FROM webhooks_app_event WHERE state IN ('waiting', 'sending')"):
            raise StackError("The other brand's queue was empty before the end: queue more.")
        rig.stop(worker)  # what is left of the queue must not take the processor from what is measured next
        paced = []
        # On a channel each: moments that were asked for in advance, and never used, would delay the first ones at another rate.
        for line, per_second in ((busy, 5.0), (calm, 50.0)):
            say(f"two processes at {per_second:g} a second")
            paced.append(_pace(rig, line, per_second, seconds))
        return Report(queued=queued, alone=alone, beside=beside, paced=paced)


def _fill(rig: Rig, line: Line, messages: int) -> None:
    arguments = [sys.executable, "-m", "bench.fill", line.channel_id, "1000", "0", str(messages)]
    fill = subprocess.Popen(arguments, env=rig.env, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    said, _ = fill.communicate("go\n", timeout=120)
    if fill.returncode != 0:
        raise StackError(f"The messages could not be written: {said}")


def _tick(rig: Rig, control: Control, line: Line, messages: int, name: str = "") -> Waits:
    control.reset(latency_ms=LATENCY_MS)
    arguments = [sys.executable, "-m", "bench.tick", line.channel_id, str(CALM_LANES), str(messages), str(EVERY_MS)]
    done = subprocess.run(
        arguments, env=rig.env, cwd=ROOT, capture_output=True, text=True, timeout=messages * EVERY_MS / 1000 + 60, check=False
    )
    if done.returncode != 0:
        raise StackError(f"The calm brand's messages could not be written: {done.stderr.strip()[-500:]}")
    committed: dict[int, list[float]] = defaultdict(list)
    for said in done.stdout.splitlines():
        lane, instant = said.split()
        committed[int(lane)].append(float(instant))

    def arrived() -> dict[int, list[float]]:
        found: dict[int, list[float]] = defaultdict(list)
        for instant, lane in control.tally().arrivals:
            if lane in committed:
                found[lane].append(instant)
        return found

    wait_until(
        lambda: sum(map(len, arrived().values())) >= messages, 60, lambda: f"The calm brand waits.\n{rig.log_tails()}", interval_s=0.5
    )
    found = arrived()
    waits = sorted((there - here) * 1000 for lane, heres in committed.items() for here, there in zip(heres, found[lane], strict=True))
    return Waits(name=name, messages=messages, p50_ms=waits[len(waits) // 2], p99_ms=waits[int(len(waits) * 0.99)])


def _pace(rig: Rig, line: Line, per_second: float, seconds: float) -> Paced:
    arguments = [sys.executable, "-m", "bench.moments", line.channel_id, str(per_second), str(seconds)]
    children = [subprocess.Popen(arguments, env=rig.env, cwd=ROOT, stdout=subprocess.PIPE, text=True) for _ in range(2)]
    instants = sorted(float(word) for child in children for word in child.communicate(timeout=seconds + 60)[0].split())
    if len(instants) < 2:
        raise StackError("No moments were given.")
    most = max(bisect_right(instants, instant + 1 - 1e-9) - index for index, instant in enumerate(instants))
    return Paced(per_second=per_second, processes=2, seconds=instants[-1] - instants[0], taken=len(instants) - 1, most_in_a_second=most)
