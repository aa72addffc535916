"""The phones with their control API on a real port, and a platform's callback endpoint that records what it is sent."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from sandbox import phones
from sandbox.kernel import FaultRule, Kernel

GIVE_UP_S = 20  # a test that waits this long for a callback has failed
PAGE, OTHER_PAGE = "108800000000017", "108800000000023"
PSID = "24500000000000031"
APP_SECRET = "messenger-docs-app-secret"
NUMBER, PHONE_NUMBER = "3020", "+31612345678"


@dataclass
class Received:
    method: str
    path: str
    query: dict[str, str]
    raw_query: str
    headers: dict[str, str]
    raw: bytes

    @property
    def events(self) -> list[dict[str, Any]]:
        """Messenger's events in it, of all entries."""
        return [event for entry in json.loads(self.raw)["entry"] for event in entry["messaging"]]

    @property
    def text(self) -> str:
        """The text of the one message in it."""
        (event,) = self.events
        return str(event["message"]["text"])


@dataclass
class Platform:
    """The platform's endpoint: answers 200, or what ``answers`` holds, one after the other, or what ``says`` makes of the body; GET gets
    the challenge back."""

    answers: list[int] = field(default_factory=list)
    handshake: Callable[[web.Request], web.Response] = lambda request: web.Response(text=request.query["hub.challenge"])
    says: Callable[[Any], web.Response] | None = None
    received: list[Received] = field(default_factory=list)
    url: str = ""
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.Response:
        raw = await request.read()
        self.received.append(
            Received(request.method, request.path, dict(request.query), request.rel_url.raw_query_string, dict(request.headers), raw)
        )
        async with self._changed:
            self._changed.notify_all()
        if "hub.challenge" in request.query:
            return self.handshake(request)
        if self.says is not None:
            return self.says(json.loads(raw))
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def until(self, count: int) -> list[Received]:
        """What was received, as soon as there are ``count`` of them."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: len(self.received) >= count), GIVE_UP_S)
        return self.received


@dataclass
class World:
    kernel: Kernel
    platform: Platform
    http: ClientSession
    base: str

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and JSON (``None`` for an empty body) of a call to the sandbox."""
        async with self.http.request(method, self.base + path, json=body, **options) as response:
            raw = await response.read()
            return response.status, json.loads(raw) if raw else None

    async def does(self, action: str, body: Any = None, *, who: str = PSID, provider: str = "messenger") -> Any:
        """What the consumer does, refusing any answer but 202."""
        status, answer = await self.call("POST", f"/control/phones/{provider}/{who}/{action}", body or {})
        assert status == 202, answer
        return answer

    async def page(self, address: str = PAGE, **settings: Any) -> tuple[int, Any]:
        """Register a Messenger page; the handshake is skipped unless asked for."""
        body = {
            "name": "Acme",
            "callback_url": self.platform.url + "/callbacks",
            "app_id": "7001",
            "app_secret": APP_SECRET,
            "verify_token": "docs-verify",
            "access_token": f"EAA-{address}",
            "handshake": False,
            "auto_delivered": False,
            **settings,
        }
        return await self.call("PUT", f"/control/lines/messenger/{address}", body)

    async def number(self, address: str = NUMBER, **settings: Any) -> tuple[int, Any]:
        """Register an SMS number."""
        body = {
            "name": "Acme SMS",
            "receive_url": self.platform.url + "/receive",
            "status_url": self.platform.url + "/status",
            "outbound_auth": {"kind": "basic", "username": "acme", "password": "pw"},
            "auto_delivered": False,
            **settings,
        }
        return await self.call("PUT", f"/control/lines/sms_gateway/{address}", body)

    async def graph(self, body: Any, *, page: str = PAGE, token: str = "", **options: Any) -> tuple[int, Any]:
        """A call to Messenger's Send API."""
        headers = {"Authorization": f"Bearer {token or 'EAA-' + PAGE}"}
        return await self.call("POST", f"/graph/v25.0/{page}/messages", body, headers=headers, **options)

    async def sends(self, message: Any, **more: Any) -> tuple[int, Any]:
        """The brand sends ``message`` to the consumer."""
        return await self.graph({"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": message, **more})

    async def transcript(self, who: str = PSID, provider: str = "messenger") -> Any:
        status, answer = await self.call("GET", f"/control/phones/{provider}/{who}")
        assert status == 200, answer
        return answer

    def ledger(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.kernel.ledger.entries if entry["kind"] == kind]

    def fault(self, target: str, **fields: Any) -> None:
        self.kernel.faults.rules.append(FaultRule.from_json({"target": target, **fields}))

    async def until(self, is_so: Callable[[], Any]) -> None:
        """Return as soon as ``is_so()`` is true of the sandbox."""
        async with asyncio.timeout(GIVE_UP_S):
            while not is_so():
                await asyncio.sleep(0.002)


@asynccontextmanager
async def world(*, time_scale: float = 0.001) -> AsyncIterator[World]:
    kernel = Kernel(base_url="", time_scale=time_scale)
    app, receiver, platform = web.Application(), web.Application(), Platform()
    phones.install(app, kernel)
    receiver.router.add_route("*", "/{path:.*}", platform.handle)
    async with TestServer(receiver) as receiving, TestServer(app) as serving, ClientSession() as http:
        platform.url = str(receiving.make_url("")).rstrip("/")
        kernel.base_url = str(serving.make_url("")).rstrip("/")
        yield World(kernel, platform, http, kernel.base_url)


def run(test: Callable[[World], Awaitable[None]], **settings: Any) -> None:
    """Run one test body in a world of its own."""

    async def inside() -> None:
        async with world(**settings) as it:
            await test(it)

    asyncio.run(inside())
