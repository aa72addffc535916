"""What every part of the sandbox shares: the ledger of effects, the faults, and the live feed for its pages."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any


def now_ms() -> int:
    """The wall clock in epoch milliseconds, the unit of both LivePerson and Meta."""
    return time.time_ns() // 1_000_000


class Ledger:
    """Every effect that happened, in the order it happened; a test counts losses and duplicates here.

    An entry is recorded when the effect takes place, before the answer is written, so that a reply lost
    afterwards does not hide it.
    """

    def __init__(self) -> None:
        self.entries: list[dict[str, Any]] = []

    def record(self, kind: str, **fields: Any) -> dict[str, Any]:
        """Append one effect of ``kind`` (``liveperson.message``, ``phone.message`` ...) and return its entry."""
        entry = {"n": len(self.entries) + 1, "at_ms": now_ms(), "kind": kind, **fields}
        self.entries.append(entry)
        return entry

    def clear(self) -> None:
        self.entries.clear()


class Bus:
    """Live feed: whatever changes is published under a topic; pages follow it by server-sent events."""

    def __init__(self) -> None:
        self._queues: set[asyncio.Queue[tuple[str, dict[str, Any]]]] = set()

    def has_listeners(self) -> bool:
        """Whether anyone follows the feed, for publishers whose data is costly to build."""
        return bool(self._queues)

    def publish(self, topic: str, data: dict[str, Any]) -> None:
        """Hand ``data`` to every page that listens; a page that stopped reading loses the oldest item."""
        for queue in self._queues:
            if queue.full():
                queue.get_nowait()
            queue.put_nowait((topic, data))

    @asynccontextmanager
    async def listen(self) -> AsyncIterator[asyncio.Queue[tuple[str, dict[str, Any]]]]:
        queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue(maxsize=1000)
        self._queues.add(queue)
        try:
            yield queue
        finally:
            self._queues.discard(queue)


@dataclass
class FaultRule:
    """One misbehaviour. ``target`` names what misbehaves, by prefix: ``liveperson`` covers ``liveperson.send``.

    Targets:

    - ``liveperson.{domains,sentinel,idp,conversation,send,files}`` (what a connector calls),
      ``liveperson.{login,agent,config,monitoring,history}`` (``login``: agents' and administrators' logins; ``agent``: the opening of an
      agent's socket);
    - ``webhooks`` (what LivePerson calls on the platform), or one type of them, such as ``webhooks.ContentEvent``;
    - ``<provider>.callback`` (what the vendor calls on the platform);
    - the vendor's API: ``<provider>.send``; ``messenger.typing`` and ``telegram.typing`` (Messenger's read receipts too);
      ``messenger.profile``; ``telegram.file`` (getFile) and ``telegram.api`` (every other method).
    """

    target: str
    rate: float = 1.0  # the share of calls that it strikes, 0..1
    times: int | None = None  # strikes left; None is without end
    latency_ms: tuple[int, int] = (0, 0)  # uniform, before the effect
    status: int | None = None  # answered instead of the effect
    retry_after_s: int | None = None  # header beside ``status``
    body: str = ""  # body beside ``status``
    lose_reply: bool = False  # the effect happens, the connection is cut before the answer
    duplicate: bool = False  # webhooks and callbacks: sent twice
    swap: bool = False  # webhooks and callbacks: sent after the next one
    delay_ms: int = 0  # webhooks and callbacks: sent this much later
    expire_tokens: bool = False  # liveperson.send/conversation: the AppJWT is answered as expired (40102)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> FaultRule:
        """A rule from the control API.

        Raises:
            ValueError: an unknown field, or a value of the wrong form.
        """
        known = set(cls.__dataclass_fields__)
        unknown = set(data) - known
        if unknown:
            raise ValueError(f"unknown fault fields {sorted(unknown)}; known are {sorted(known)}")
        if "target" not in data:
            raise ValueError("a fault needs a target")
        values = dict(data)
        for name, kinds in _FAULT_VALUES.items():
            if name in values and type(values[name]) not in kinds:
                raise ValueError(f"the fault field {name} must be {' or '.join(kind.__name__ for kind in kinds)}, not {values[name]!r}")
        latency = values.get("latency_ms", (0, 0))
        if isinstance(latency, list) and not (len(latency) == 2 and all(type(bound) is int for bound in latency)):
            raise ValueError("latency_ms must be a number of milliseconds, or [least, most]")
        values["latency_ms"] = (0, int(latency)) if isinstance(latency, int) else (int(latency[0]), int(latency[1]))
        return cls(**values)

    def strikes(self, target: str) -> bool:
        if not (target == self.target or target.startswith(self.target + ".")) or self.times == 0:
            return False
        if random.random() >= self.rate:
            return False
        if self.times is not None:
            self.times -= 1
        return True


_FAULT_VALUES: dict[str, tuple[type, ...]] = {
    "target": (str,),
    "rate": (int, float),
    "times": (int, type(None)),
    "latency_ms": (int, list),
    "status": (int, type(None)),
    "retry_after_s": (int, type(None)),
    "body": (str,),
    "lose_reply": (bool,),
    "duplicate": (bool,),
    "swap": (bool,),
    "delay_ms": (int,),
    "expire_tokens": (bool,),
}


@dataclass
class Faults:
    rules: list[FaultRule] = field(default_factory=list)

    def struck(self, target: str) -> list[FaultRule]:
        """The rules that strike this call (each counted down where it has a number of ``times``)."""
        return [rule for rule in self.rules if rule.strikes(target)]


@dataclass
class Kernel:
    """One per process; every part of the sandbox is given it."""

    base_url: str  # http://127.0.0.1:8800, without a trailing slash
    ledger: Ledger = field(default_factory=Ledger)
    faults: Faults = field(default_factory=Faults)
    bus: Bus = field(default_factory=Bus)
    time_scale: float = 1.0  # retry waits are multiplied by it: tests compress time
    on_reset: list[Callable[[], None]] = field(default_factory=list)  # each part forgets what happened, and keeps its set-up

    def reset(self) -> None:
        """Forget everything that happened: the ledger, the faults, and what each part keeps; pages are told under ``reset``."""
        self.faults.rules.clear()
        for forget in self.on_reset:
            forget()
        self.ledger.clear()
        self.bus.publish("reset", {})
