"""A stand-in for LivePerson (and for Meta's profile look-up) that costs little and counts: ``python -m bench.standin PORT``.

It answers the Domain API, Sentinel, IDP and the Send API minimally, each after the set latency, and notes every text that arrives: the texts
are ``bench <lane> <number>``, so it can tell what is lost, doubled or out of order. ``sandbox`` is the truthful emulation; it checks everything
and costs more than what is measured here.
"""

from __future__ import annotations

import asyncio
import base64
import json
import re
import selectors
import sys
import time
from dataclasses import asdict, dataclass, field
from typing import Any

import requests

from stack.parts import session

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
_SERVICES = ("asyncMessagingEnt", "sentinel", "idp", "swift")


@dataclass
class Tally:
    """What arrived since the last reset. Instants are ``time.monotonic()``; ``arrivals`` holds one (instant, lane) for each text."""

    texts: int = 0
    out_of_order: int = 0
    doubled: int = 0
    arrivals: list[tuple[float, int]] = field(default_factory=list)
    last_answer_at: float = 0.0


class Far:
    """The far side's state."""

    def __init__(self, port: int) -> None:
        self.host = f"127.0.0.1:{port}"
        self.latency_s = 0.0
        self.tally = Tally()
        self._last: dict[int, int] = {}
        self._seen: set[tuple[int, int]] = set()
        self._sequence = 0

    def answer(self, method: bytes, path: str, body: bytes) -> tuple[Any, float]:
        """The JSON to answer with and after how many seconds."""
        if path.startswith("/control/"):
            return self._control(path, body), 0.0
        if path.endswith("/messaging/consumer/conversation/send"):
            return self._send(json.loads(body)), self.latency_s
        if path.endswith("/messaging/consumer/conversation"):
            profile, conversation = json.loads(body)
            self._sequence += 1
            done = {"code": "OK", "body": {"msg": "OK"}, "reqId": profile["id"]}
            opened = {"conversationId": f"conversation-{self._sequence:08d}"}
            return [done, {"code": "OK", "body": opened, "reqId": conversation["id"]}], self.latency_s
        if path.endswith("/service/baseURI.json"):
            return {"baseURIs": [{"service": service, "account": "bench", "baseURI": self.host} for service in _SERVICES]}, self.latency_s
        if path.endswith("/app/token"):
            return {"access_token": _jwt({"exp": int(time.time()) + 3600}), "token_type": "Bearer"}, self.latency_s
        if path.endswith("/consumer"):
            return {"token": _jwt({"lp_consumer_id": json.loads(body)["ext_consumer_id"]})}, self.latency_s
        return {"first_name": "Ada", "last_name": "Example"}, self.latency_s  # the profile, which Meta tells on request

    def _send(self, request: dict[str, Any]) -> Any:
        self._sequence += 1
        event = request["body"].get("event", {})
        if event.get("type") == "ContentEvent":
            self._note(event["message"])
        return {"reqId": request["id"], "code": "OK", "body": {"sequence": self._sequence}}

    def _note(self, text: str) -> None:
        _, lane_word, number_word = text.split(" ", 3)[:3]
        lane, number = int(lane_word), int(number_word)
        tally = self.tally
        tally.texts += 1
        tally.arrivals.append((time.monotonic(), lane))
        if (lane, number) in self._seen:
            tally.doubled += 1
        elif number < self._last.get(lane, -1):
            tally.out_of_order += 1
        self._seen.add((lane, number))
        self._last[lane] = max(number, self._last.get(lane, -1))

    def _control(self, path: str, body: bytes) -> Any:
        match path:
            case "/control/reset":
                self.latency_s = json.loads(body)["latency_ms"] / 1000
                self.tally = Tally()
                self._last.clear()
                self._seen.clear()
                return {}
            case "/control/count":
                return {"texts": self.tally.texts}
        return asdict(self.tally)


class Server(asyncio.Protocol):
    """One keep-alive connection."""

    def __init__(self, far: Far) -> None:
        self._far = far
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        head, separator, rest = self._buffer.partition(b"\r\n\r\n")
        if not separator:
            return
        length = _LENGTH.search(head)
        size = int(length[1]) if length else 0
        if len(rest) < size:
            return
        self._buffer = rest[size:]
        method, target, _ = head.split(b"\r\n", 1)[0].split(b" ", 2)
        answer, delay_s = self._far.answer(method, target.decode().partition("?")[0], rest[:size])
        payload = json.dumps(answer).encode()
        whole = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(payload), payload)
        if delay_s:
            asyncio.get_running_loop().call_later(delay_s, self._write, whole)
        else:
            self._write(whole)

    def _write(self, whole: bytes) -> None:
        self._far.tally.last_answer_at = time.monotonic()
        if self._transport is not None and not self._transport.is_closing():
            self._transport.write(whole)


def _jwt(claims: dict[str, Any]) -> str:
    parts = ({"alg": "HS256", "typ": "JWT"}, claims, {"signature": "of nobody"})
    return ".".join(base64.urlsafe_b64encode(json.dumps(part).encode()).rstrip(b"=").decode() for part in parts)


async def serve(port: int) -> None:
    """Until the process is stopped."""
    far = Far(port)
    server = await asyncio.get_running_loop().create_server(lambda: Server(far), "127.0.0.1", port)
    await server.serve_forever()


class Control:
    """The other processes' handle on the stand-in."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = session()

    def is_up(self) -> bool:
        try:
            return self._session.post(f"{self._base_url}/control/count", timeout=2).ok
        except requests.RequestException:
            return False

    def reset(self, *, latency_ms: float) -> None:
        """Forget what arrived; answer after ``latency_ms`` from now on."""
        self._session.post(f"{self._base_url}/control/reset", json={"latency_ms": latency_ms}, timeout=10).raise_for_status()

    def texts(self) -> int:
        """How many texts have arrived since the last reset."""
        return int(self._session.post(f"{self._base_url}/control/count", timeout=10).json()["texts"])

    def tally(self) -> Tally:
        """All that is known of them."""
        return Tally(**self._session.post(f"{self._base_url}/control/tally", timeout=30).json())


def main() -> None:
    # select() takes microseconds where epoll rounds a timer up to the next millisecond: 50 ms are to be 50 ms.
    loop = asyncio.SelectorEventLoop(selectors.SelectSelector())
    asyncio.set_event_loop(loop)
    loop.run_until_complete(serve(int(sys.argv[1])))


if __name__ == "__main__":
    main()
