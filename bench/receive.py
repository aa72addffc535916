"""Receiving: signed Messenger callbacks against the real web server, beside the limits under it and the usual way."""

from __future__ import annotations

import dataclasses
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from statistics import median

from bench import commits, load, machine
from bench.load import Plan, Result
from bench.rig import PAGE_ID, Line, Rig
from stack import parts
from stack.errors import StackError
from stack.processes import ChildProcess

THREADS = 16
"""Of the web server (see stack/parts.py), and so the connections that pgbench is given."""


@dataclass(frozen=True, slots=True)
class Target:
    """One receiver. ``rows`` counts the rows that it has written."""

    name: str
    process: ChildProcess
    port: int
    path: str
    rows: Callable[[], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """One receiver under full load: medians over the rounds."""

    name: str
    connections: int
    rate: float
    p50_ms: float
    p99_ms: float
    server_us: float
    postgres_us: float
    redis_us: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """The platform's answer time at a fixed rate."""

    name: str
    rate: float
    reached: float
    p50_ms: float
    p99_ms: float
    max_ms: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """All of it. ``accepted`` and ``rows`` are of all receivers together, warm-up included, and must be equal."""

    fsync_ms: float
    flush_us: float
    rates: list[Rate]
    latencies: list[Latency]
    commits: commits.Commits
    accepted: dict[str, int]
    rows: dict[str, int]

    def rate(self, name: str, connections: int) -> Rate:
        """The measured rate of one receiver.

        Raises:
            KeyError: it was not measured so.
        """
        for found in self.rates:
            if (found.name, found.connections) == (name, connections):
                return found
        raise KeyError((name, connections))


class WrongCount(RuntimeError):
    """Requests were answered 200 whose rows are missing, or the other way round: the figures mean nothing."""


def measure(
    *,
    seconds: float,
    rounds: int = 3,
    connections: tuple[int, ...] = (16, 32),
    rates: tuple[float, ...] = (100.0, 1000.0),
    fsync_ms: float = 0.0,
    consumers: int = 200,
    say: Callable[[str], None] = lambda _: None,
) -> Report:
    """The receivers side by side: each is loaded for ``seconds``, in turn, ``rounds`` times.

    Raises:
        WrongCount: see there. StackError: something did not start. SlowDiskUnavailable: ``fsync_ms`` cannot be modelled here.
    """
    with Rig(fsync_ms=fsync_ms) as rig:
        say("starting the receivers")
        targets, line = _start(rig)
        bench = _Bench(rig, line, seconds, consumers)
        for target in targets:
            bench.load(target, connections=max(connections), seconds=min(1.0, seconds))
        samples: dict[tuple[str, int], list[Rate]] = {}
        for number in range(rounds):
            for target in targets:
                for count in connections if target is targets[0] else connections[-1:]:
                    say(f"round {number + 1} of {rounds}: {target.name}, {count} connections")
                    samples.setdefault((target.name, count), []).append(bench.rate(target, count))
        latencies = []
        for rate in rates:
            for target in (targets[0], targets[-1]) if rate == min(rates) else targets[:1]:
                say(f"answer time of {target.name} at {rate:g}/s")
                latencies.append(bench.latency(target, rate))
        say("bare commits")
        bare = commits.measure(rig, connections=THREADS, seconds=max(1, round(seconds)))
        rows = {target.name: target.rows() for target in targets}
        if rows != bench.accepted:
            raise WrongCount(f"answered 200: {bench.accepted}; rows: {rows}")
        return Report(
            fsync_ms=fsync_ms,
            flush_us=machine.flush_us() + fsync_ms * 1000,
            rates=[_middle(found) for found in samples.values()],
            latencies=latencies,
            commits=bare,
            accepted=bench.accepted,
            rows=rows,
        )


PLATFORM, BARE_JOURNAL, BARE_PLAIN, IDIOMATIC = (
    "the platform",
    "bare WSGI function, the same statement",
    "bare WSGI function, one plain row",
    "DRF + ModelSerializer + ORM + .delay()",
)


def _start(rig: Rig) -> tuple[list[Target], Line]:
    web, port = rig.web()
    line = rig.provision()
    with rig.connect() as connection:
        connection.execute(commits.TABLE)
        found = connection.execute("SELECT brand_id FROM channels_app_channel WHERE id = %s", [line.channel_id]).fetchone()
        assert found is not None
    bare = {
        **rig.env,
        "BENCH_APP_SECRET": line.app_secret,
        "BENCH_CHANNEL_ID": line.channel_id,
        "BENCH_BRAND_ID": str(found[0]),
    }
    rig.postgres.create_database("idiomatic")
    idiomatic = rig.environment(
        "idiomatic", redis_database=1, DJANGO_SETTINGS_MODULE="bench.idiomatic.settings", BENCH_APP_SECRET=line.app_secret
    )
    parts.manage(["migrate", "--run-syncdb", "--noinput", "--verbosity", "0"], idiomatic)
    # Both write into the journal; the bare one's raw is the whole body, which no event of the platform's own has.
    journal = "SELECT count(*) FROM webhooks_app_event WHERE "
    of_bare = "raw LIKE '{\"object\"%'::bytea"
    journal_web, journal_port = rig.web("bare-journal", "bench.bare:journal", bare)
    plain_web, plain_port = rig.web("bare-plain", "bench.bare:plain", bare)
    idiomatic_web, idiomatic_port = rig.web("idiomatic", "bench.idiomatic.wsgi:application", idiomatic)
    targets = [
        Target(PLATFORM, web, port, line.callback_path, lambda: rig.count(journal + "NOT " + of_bare)),
        Target(BARE_JOURNAL, journal_web, journal_port, "/", lambda: rig.count(journal + of_bare)),
        Target(BARE_PLAIN, plain_web, plain_port, "/", lambda: rig.count("SELECT count(*) FROM bench_plain")),
        Target(
            IDIOMATIC, idiomatic_web, idiomatic_port, "/webhook/", lambda: rig.count("SELECT count(*) FROM idiomatic_message", "idiomatic")
        ),
    ]
    return targets, line


class _Bench:
    def __init__(self, rig: Rig, line: Line, seconds: float, consumers: int) -> None:
        self._rig = rig
        self._line = line
        self._seconds = seconds
        self._consumers = consumers
        self.accepted: dict[str, int] = {}

    def load(self, target: Target, *, connections: int, seconds: float, rate: float = 0.0) -> Result:
        plan = Plan(
            port=target.port,
            path=target.path,
            secret=self._line.app_secret,
            page_id=PAGE_ID,
            prefix=uuid.uuid4().hex,
            seconds=seconds,
            connections=connections,
            rate=rate,
            consumers=self._consumers,
        )
        try:
            result = load.generate(plan)
        except RuntimeError as error:
            raise StackError(f"{target.name}: {error}\nIts log ends with:\n{target.process.log_tail()}") from error
        self.accepted[target.name] = self.accepted.get(target.name, 0) + result.accepted
        return result

    def rate(self, target: Target, connections: int) -> Rate:
        before = self._used(target)
        result = self.load(target, connections=connections, seconds=self._seconds)
        server, postgres, redis = ((after - start) / result.accepted * 1e6 for start, after in zip(before, self._used(target), strict=True))
        return Rate(
            name=target.name,
            connections=connections,
            rate=result.rate,
            p50_ms=result.p50_ms,
            p99_ms=result.p99_ms,
            server_us=server,
            postgres_us=postgres,
            redis_us=redis,
        )

    def latency(self, target: Target, rate: float) -> Latency:
        result = self.load(target, connections=64, seconds=self._seconds, rate=rate)
        return Latency(name=target.name, rate=rate, reached=result.rate, p50_ms=result.p50_ms, p99_ms=result.p99_ms, max_ms=result.max_ms)

    def _used(self, target: Target) -> tuple[float, float, float]:
        return machine.cpu_s(target.process.pid), self._rig.postgres_cpu_s(), self._rig.redis_cpu_s()


def _middle(samples: list[Rate]) -> Rate:
    fields = ("rate", "p50_ms", "p99_ms", "server_us", "postgres_us", "redis_us")
    return dataclasses.replace(samples[0], **{name: median(getattr(sample, name) for sample in samples) for name in fields})
