"""The load generator, a process of its own: signed Messenger callbacks over keep-alive connections. ``python -m bench.load '<JSON>'``.

Closed loop: each connection sends its next callback when the last one is answered; that measures the rate. Open loop: callbacks are due at
fixed times whatever the server does, and their answer time counts from when they were due; that measures latency honestly.
"""

from __future__ import annotations

import dataclasses
import hashlib
import hmac
import json
import re
import select
import socket
import subprocess
import sys
import time
from collections import deque
from dataclasses import dataclass

from stack.parts import ROOT

TIMEOUT_S = 20.0
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What to send. ``rate`` 0: closed loop. ``prefix`` makes the message ids of this run unlike those of others."""

    port: int
    path: str
    secret: str
    page_id: str
    prefix: str
    seconds: float
    connections: int
    rate: float = 0.0
    consumers: int = 200
    text_chars: int = 700


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What came of it. ``accepted`` counts the answers with status 200; times are in milliseconds."""

    accepted: int
    refused: int
    seconds: float
    p50_ms: float
    p99_ms: float
    max_ms: float
    first_refusal: str = ""

    @property
    def rate(self) -> float:
        return self.accepted / self.seconds if self.seconds else 0.0


class Callbacks:
    """One callback after another, each with a message id of its own, in turn from each consumer."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._secret = plan.secret.encode()
        self._text = ("Where is my order? " * 60)[: plan.text_chars]
        self._number = 0

    def next(self) -> bytes:
        """A whole HTTP request."""
        plan, number = self._plan, self._number
        self._number += 1
        consumer = f"55{number % plan.consumers:014d}"
        stamp = time.time_ns() // 1_000_000
        body = (
            f'{{"object":"page","entry":[{{"id":"{plan.page_id}","time":{stamp},"messaging":[{{"sender":{{"id":"{consumer}"}},'
            f'"recipient":{{"id":"{plan.page_id}"}},"timestamp":{stamp},"message":{{"mid":"m_{plan.prefix}-{number}",'
            f'"text":"{self._text}"}}}}]}}]}}'
        ).encode()
        signature = hmac.new(self._secret, body, hashlib.sha256).hexdigest()
        return (
            f"POST {plan.path} HTTP/1.1\r\nHost: 127.0.0.1:{plan.port}\r\nUser-Agent: facebookexternalua\r\nAccept: */*\r\n"
            f"Content-Type: application/json\r\nX-Hub-Signature-256: sha256={signature}\r\nContent-Length: {len(body)}\r\n\r\n"
        ).encode() + body


class Connection:
    """One keep-alive connection, one request at a time."""

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), TIMEOUT_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        self.due_at = 0.0

    def send(self, request: bytes, due_at: float) -> None:
        self.due_at = due_at
        self.socket.sendall(request)

    def answer(self) -> bytes | None:
        """The answer's head and body once it is complete, else None.

        Raises:
            ConnectionError: the server closed the connection.
        """
        data = self.socket.recv(65536)
        if not data:
            raise ConnectionError("the server closed the connection")
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return None
        length = _LENGTH.search(head)
        is_whole = len(rest) >= int(length[1]) if length else rest.endswith(b"0\r\n\r\n")
        if not is_whole:
            return None
        whole, self._buffer = self._buffer, b""
        return whole


def run(plan: Plan) -> Result:
    """Send until the time is over, then wait for the answers that are missing."""
    callbacks = Callbacks(plan)
    connections = {connection.socket.fileno(): connection for connection in (Connection(plan.port) for _ in range(plan.connections))}
    free = deque(connections.values())
    times: list[float] = []
    refused, first_refusal = 0, ""
    started = time.perf_counter()
    until = started + plan.seconds
    sent, last = 0, started
    busy: set[int] = set()
    while True:
        now = time.perf_counter()
        while free:
            due_at = started + sent / plan.rate if plan.rate else now
            if due_at > now or due_at >= until:
                break
            connection = free.popleft()
            connection.send(callbacks.next(), due_at)
            busy.add(connection.socket.fileno())
            sent += 1
        if now >= until and not busy and (not plan.rate or started + sent / plan.rate >= until):
            break
        wait_s = TIMEOUT_S
        if free and plan.rate and now < until:
            wait_s = max(0.0, started + sent / plan.rate - now)
        if now > until + TIMEOUT_S:
            raise TimeoutError(f"{len(busy)} callbacks were not answered within {TIMEOUT_S:g} s")
        ready, _, _ = select.select(list(busy), [], [], wait_s)
        for descriptor in ready:
            connection = connections[descriptor]
            answer = connection.answer()
            if answer is None:
                continue
            last = time.perf_counter()
            busy.discard(descriptor)
            free.append(connection)
            if answer.startswith(b"HTTP/1.1 200"):
                times.append(last - connection.due_at)
            else:
                refused += 1
                first_refusal = first_refusal or answer[:300].decode("latin-1")
    for connection in connections.values():
        connection.socket.close()
    times.sort()
    return Result(
        accepted=len(times),
        refused=refused,
        seconds=last - started,
        p50_ms=_percentile(times, 0.5),
        p99_ms=_percentile(times, 0.99),
        max_ms=_percentile(times, 1.0),
        first_refusal=first_refusal,
    )


def _percentile(ordered: list[float], share: float) -> float:
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))] * 1000 if ordered else 0.0


def generate(plan: Plan) -> Result:
    """``run`` in a process of its own.

    Raises:
        RuntimeError: it failed, or the server refused a callback.
    """
    command = [sys.executable, "-m", "bench.load", json.dumps(dataclasses.asdict(plan))]
    done = subprocess.run(command, capture_output=True, text=True, timeout=plan.seconds + 2 * TIMEOUT_S + 10, check=False, cwd=ROOT)
    if done.returncode != 0:
        raise RuntimeError(f"The load generator failed: {done.stderr.strip()[-1000:]}")
    result = Result(**json.loads(done.stdout))
    if result.refused or not result.accepted:
        raise RuntimeError(
            f"{result.refused} callbacks were refused, {result.accepted} accepted; the first refusal: {result.first_refusal}"
        )
    return result


if __name__ == "__main__":
    print(json.dumps(dataclasses.asdict(run(Plan(**json.loads(sys.argv[1]))))))
