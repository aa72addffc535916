"""Draining: messages that wait in the journal, sent to a LivePerson stand-in by a real worker, beside one Celery task for each message."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from bench import machine
from bench.rig import ACCOUNT_ID, Line, Rig
from bench.standin import Control, Tally
from stack import parts
from stack.errors import StackError
from stack.parts import ROOT
from stack.processes import ChildProcess, wait_until

PLATFORM, IDIOMATIC = "the platform", "one Celery task a message"


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """One way of draining at one latency. Processor times are in microseconds a message.

    ``steady_rate`` leaves out the end, when fewer lanes than threads still have work: there the far side's latency alone decides.
    """

    name: str
    latency_ms: float
    messages: int
    arrived: int
    done: int
    out_of_order: int
    doubled: int
    rate: float
    steady_rate: float
    bound: float
    first_ms: float
    worker_us: float
    postgres_us: float
    redis_us: float
    enqueue_us: float

    @property
    def lost(self) -> int:
        return self.messages - (self.arrived - self.doubled)

    @property
    def total_us(self) -> float:
        return self.worker_us + self.postgres_us + self.redis_us + self.enqueue_us


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it."""

    threads: int
    lanes: int
    results: list[Drained]

    def result(self, name: str, latency_ms: float) -> Drained:
        """One of them.

        Raises:
            KeyError: it was not measured.
        """
        for found in self.results:
            if (found.name, found.latency_ms) == (name, latency_ms):
                return found
        raise KeyError((name, latency_ms))


def measure(
    *,
    messages: int = 3000,
    lanes: int = 100,
    threads: int = 32,
    latencies_ms: tuple[float, ...] = (50.0, 0.0),
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """Both ways, with the same messages, the same far side and as many threads.

    Raises:
        StackError: something did not start, or the messages did not arrive in time.
    """
    with Rig(DRAIN_THREADS=str(threads)) as rig:
        say("setting up the far side and the channel")
        url = rig.layout.sandbox_url
        control = Control(url)
        rig.python("standin", ["-m", "bench.standin", str(rig.layout.sandbox_port)], ready=control.is_up)
        web, _ = rig.web()
        line = rig.provision()
        rig.stop(web)
        results = []
        for run in (_Platform(rig, control, line, lanes, threads), _Idiomatic(rig, control, lanes, threads)):
            say(f"{run.name}: opening {lanes} conversations")
            run.start()
            for latency_ms in latencies_ms:
                say(f"{run.name}: {messages} messages, far side {latency_ms:g} ms")
                results.append(run.drain(messages, latency_ms))
            run.stop()
        return Report(threads=threads, lanes=lanes, results=results)


class _Run:
    """What both ways have in common."""

    name = ""

    def __init__(self, rig: Rig, control: Control, lanes: int, threads: int) -> None:
        self._rig = rig
        self._control = control
        self._lanes = lanes
        self._threads = threads
        self._worker: ChildProcess | None = None
        self._next = 0

    def stop(self) -> None:
        if self._worker is not None:
            self._rig.stop(self._worker)

    def _numbers(self, messages: int) -> int:
        """The first number of the next messages: a lane's numbers go up over all of this run."""
        first = self._next
        self._next += -(-messages // self._lanes)
        return first

    def _await(self, count: int, timeout_s: float, done: Callable[[], int]) -> None:
        wait_until(
            lambda: self._control.texts() >= count and done() >= count,
            timeout_s,
            lambda: f"{self._control.texts()} of {count} messages arrived, {done()} are done.\n{self._rig.log_tails()}",
            interval_s=0.1,
        )

    def _used(self) -> tuple[float, float, float]:
        assert self._worker is not None
        return machine.cpu_s(self._worker.pid), self._rig.postgres_cpu_s(), self._rig.redis_cpu_s()

    def _result(
        self, messages: int, latency_ms: float, started_at: float, used: tuple[float, float, float], done: int, enqueue_s: float = 0.0
    ) -> Drained:
        tally = self._control.tally()
        worker, postgres, redis = ((after - before) / messages * 1e6 for before, after in zip(used, self._used(), strict=True))
        first_at = tally.arrivals[0][0]
        return Drained(
            name=self.name,
            latency_ms=latency_ms,
            messages=messages,
            arrived=tally.texts,
            done=done,
            out_of_order=tally.out_of_order,
            doubled=tally.doubled,
            rate=messages / (tally.last_answer_at - first_at),
            steady_rate=_steady_rate(tally, self._threads, latency_ms),
            bound=self._threads / latency_ms * 1000 if latency_ms else 0.0,
            first_ms=(first_at - started_at) * 1000,
            worker_us=worker,
            postgres_us=postgres,
            redis_us=redis,
            enqueue_us=enqueue_s / messages * 1e6,
        )


def _steady_rate(tally: Tally, threads: int, latency_ms: float) -> float:
    """Messages a second while at least as many lanes as threads still had some."""
    left = Counter(lane for _, lane in tally.arrivals)
    first_at = tally.arrivals[0][0]
    for count, (instant, lane) in enumerate(tally.arrivals, 1):
        left[lane] -= 1
        if not left[lane]:
            del left[lane]
        if len(left) < threads:
            return count / (instant + latency_ms / 1000 - first_at)
    return 0.0


class _Platform(_Run):
    name = PLATFORM

    def __init__(self, rig: Rig, control: Control, line: Line, lanes: int, threads: int) -> None:
        super().__init__(rig, control, lanes, threads)
        self._line = line

    def start(self) -> None:
        """The worker, with a conversation open in every lane."""
        self._worker = self._rig.worker()
        self._control.reset(latency_ms=0)
        fill = self._fill(self._lanes)
        self._commit(fill)
        self._await(self._lanes, 60, self._done)
        self._finished = self._lanes

    def drain(self, messages: int, latency_ms: float) -> Drained:
        self._control.reset(latency_ms=latency_ms)
        fill = self._fill(messages)
        already, used = self._done(), self._used()
        started_at = self._commit(fill)
        self._await(messages, 60 + messages * max(latency_ms, 5) / 1000, lambda: self._done() - already)
        return self._result(messages, latency_ms, started_at, used, self._done() - already)

    def _fill(self, messages: int) -> subprocess.Popen[str]:
        arguments = [self._line.channel_id, str(self._lanes), str(self._numbers(messages)), str(messages)]
        fill = subprocess.Popen(
            [sys.executable, "-m", "bench.fill", *arguments],
            env=self._rig.env,
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert fill.stdout is not None
        said = fill.stdout.readline().split()
        if said != ["ready", str(messages)]:
            fill.kill()
            raise StackError(f"The messages could not be written: {said}")
        return fill

    @staticmethod
    def _commit(fill: subprocess.Popen[str]) -> float:
        said, _ = fill.communicate("go\n", timeout=60)
        return float(said.split()[1])

    def _done(self) -> int:
        return self._rig.count("SELECT count(*) FROM webhooks_app_event WHERE state = 'done'")


class _Idiomatic(_Run):
    name = IDIOMATIC

    def start(self) -> None:
        """The worker, with its connections open."""
        rig = self._rig
        rig.postgres.create_database("idiomatic")
        self._env = rig.environment(
            "idiomatic",
            redis_database=1,
            DJANGO_SETTINGS_MODULE="bench.idiomatic.settings",
            BENCH_APP_SECRET="unused",
            BENCH_SEND_URL=f"{rig.layout.sandbox_url}/api/account/{ACCOUNT_ID}/messaging/consumer/conversation/send?v=3",
        )
        parts.manage(["migrate", "--run-syncdb", "--noinput", "--verbosity", "0"], self._env)
        options = ["-P", "threads", "-c", str(self._threads), "--without-gossip", "--without-mingle", "-l", "WARNING"]
        self._worker = rig.python("idiomatic-worker", ["-m", "celery", "-A", "bench.idiomatic.celery", "worker", *options], env=self._env)
        self._control.reset(latency_ms=0)
        self._fill(self._lanes)
        self._await(self._lanes, 60, self._done)

    def drain(self, messages: int, latency_ms: float) -> Drained:
        assert self._worker is not None
        self._control.reset(latency_ms=latency_ms)
        already = self._done()
        # Held still while the queue fills, so that the queueing and the working are measured apart.
        self._worker.send(signal.SIGSTOP)
        enqueue_s = self._fill(messages)
        used, started_at = self._used(), time.monotonic()
        self._worker.send(signal.SIGCONT)
        self._await(messages, 60 + messages * max(latency_ms, 5) / 1000, lambda: self._done() - already)
        return self._result(messages, latency_ms, started_at, used, self._done() - already, enqueue_s)

    def _fill(self, messages: int) -> float:
        arguments = [str(self._lanes), str(self._numbers(messages)), str(messages)]
        done = subprocess.run(
            [sys.executable, "-m", "bench.idiomatic.fill", *arguments],
            env=self._env,
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        if done.returncode != 0:
            raise StackError(f"The tasks could not be queued: {done.stderr.strip()[-500:]}")
        return float(done.stdout.split()[1])

    def _done(self) -> int:
        return self._rig.count("SELECT count(*) FROM idiomatic_message WHERE status = 'sent'", "idiomatic")
