"""A LivePerson with its control API on a real port, a connector's endpoint that records what it is sent, and a connector's calls."""

from __future__ import annotations

import asyncio
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from sandbox import control, liveperson
from sandbox.kernel import Kernel
from sandbox.liveperson import LivePersonState
from sandbox.liveperson.tls import self_signed

ACCOUNT = "5313846"
APP = "app-1"
SECRET = "rl9hacst6kqilbofup64n11ga3"
GIVE_UP_S = 20  # a test that waits this long for a notification has failed


@dataclass
class Received:
    path: str
    headers: dict[str, str]
    raw: bytes

    @property
    def change(self) -> dict[str, Any]:
        (change,) = json.loads(self.raw)["body"]["changes"]
        return change

    @property
    def says(self) -> Any:
        """The short name of the event in it: its text, its status, or the state of the conversation."""
        event = self.change.get("event")
        if event is None:
            return self.change["result"]["conversationDetails"]["stage"]
        return event.get("message") or event.get("status") or event.get("chatState")


@dataclass
class Endpoint:
    """A connector's webhook endpoint: answers 200, or what ``answers`` holds, one after the other."""

    answers: list[int] = field(default_factory=list)
    received: list[Received] = field(default_factory=list)
    url: str = ""
    gate: asyncio.Semaphore | None = None  # where there is one, each answer waits until it lets one through
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle(self, request: web.Request) -> web.Response:
        self.received.append(Received(request.path, dict(request.headers), await request.read()))
        async with self._changed:
            self._changed.notify_all()
        if self.gate is not None:
            await self.gate.acquire()
        return web.Response(status=self.answers.pop(0) if self.answers else 200)

    async def until(self, count: int) -> list[Received]:
        """What was received, as soon as there are ``count`` of them."""
        async with self._changed:
            await asyncio.wait_for(self._changed.wait_for(lambda: len(self.received) >= count), GIVE_UP_S)
        return self.received


@dataclass
class World:
    kernel: Kernel
    state: LivePersonState
    endpoint: Endpoint
    http: ClientSession
    base: str
    server: TestServer | None = None

    async def call(self, method: str, path: str, body: Any = None, **options: Any) -> tuple[int, Any]:
        """Status and JSON of a call to the sandbox."""
        async with self.http.request(method, self.base + path, json=body, **options) as response:
            return response.status, await response.json(content_type=None)

    async def control(self, method: str, path: str, body: Any = None) -> Any:
        status, answer = await self.call(method, "/control" + path, body)
        assert status == 200, answer
        return answer

    async def install(self, account: str = ACCOUNT, app: str = APP, **settings: Any) -> dict[str, Any]:
        return await self.control(
            "PUT", f"/accounts/{account}/apps/{app}", {"client_secret": SECRET, "endpoints": self.endpoint.url + f"/{app}", **settings}
        )

    def ledger(self, kind: str) -> list[dict[str, Any]]:
        return [entry for entry in self.kernel.ledger.entries if entry["kind"] == kind]

    async def until(self, is_so: Callable[[], Any]) -> None:
        """Return as soon as ``is_so()`` is true of the sandbox."""
        async with asyncio.timeout(GIVE_UP_S):
            while not is_so():
                await asyncio.sleep(0.002)


@dataclass
class Connector:
    """One consumer's view of the Send API, tokens included."""

    world: World
    headers: dict[str, str]
    consumer_id: str
    account: str = ACCOUNT
    requests: int = 0

    @classmethod
    async def of(cls, world: World, consumer: str = "ext-1", account: str = ACCOUNT, app: str = APP) -> Connector:
        state = world.state
        install = state.accounts.app(account, app)
        assert install is not None
        jws = state.tokens.consumer_jws(account, consumer)
        headers = {"Authorization": state.tokens.app_jwt(install), "X-LP-ON-BEHALF": jws}
        return cls(world, headers, state.tokens.read_consumer_jws(jws, account).lp_consumer_id, account)

    async def create(self, profile: dict[str, Any] | None = None, **fields: Any) -> tuple[int, Any]:
        batch = [
            {"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": profile or {}},
            {"kind": "req", "id": "2", "type": "cm.ConsumerRequestConversation", "body": {"brandId": self.account, **fields}},
        ]
        return await self.post_conversation(batch)

    async def opened(self, **fields: Any) -> str:
        status, answer = await self.create(**fields)
        assert status == 200, answer
        return answer[1]["body"]["conversationId"]

    async def post_conversation(self, batch: Any, query: str = "?v=3", **options: Any) -> tuple[int, Any]:
        path = f"/api/account/{self.account}/messaging/consumer/conversation{query}"
        return await self.world.call("POST", path, batch, **{"headers": self.headers, **options})

    async def send(self, kind: str, body: dict[str, Any], *, query: str = "?v=3", **more: Any) -> tuple[int, Any]:
        headers = more.pop("headers", self.headers)
        data = {"kind": "req", "id": "7", "type": kind, "body": body, **more}
        path = f"/api/account/{self.account}/messaging/consumer/conversation/send{query}"
        return await self.world.call("POST", path, data, headers=headers)

    async def publish(self, conversation_id: str, event: dict[str, Any], **more: Any) -> tuple[int, Any]:
        return await self.send("ms.PublishEvent", {"dialogId": conversation_id, "conversationId": conversation_id, "event": event}, **more)

    async def say(self, conversation_id: str, text: str, **more: Any) -> tuple[int, Any]:
        return await self.publish(conversation_id, {"type": "ContentEvent", "contentType": "text/plain", "message": text}, **more)

    async def update(self, conversation_id: str, field_: Any) -> tuple[int, Any]:
        return await self.send("cm.UpdateConversationField", {"conversationId": conversation_id, "conversationField": field_})

    async def close(self, conversation_id: str) -> tuple[int, Any]:
        return await self.update(conversation_id, {"field": "ConversationStateField", "conversationState": "CLOSE"})


@asynccontextmanager
async def world(*, installed: bool = True, time_scale: float = 0.001) -> AsyncIterator[World]:
    kernel = Kernel(base_url="", time_scale=time_scale)
    app = web.Application(client_max_size=8 * 1024 * 1024)
    liveperson.install(app, kernel)
    control.install(app, kernel)
    endpoint, receiver = Endpoint(), web.Application()
    receiver.router.add_post("/{path:.*}", endpoint.handle)
    async with TestServer(receiver) as receiving, TestServer(app) as serving, ClientSession() as http:
        endpoint.url = str(receiving.make_url("")).rstrip("/")
        kernel.base_url = str(serving.make_url("")).rstrip("/")
        it = World(kernel, liveperson.state(app), endpoint, http, kernel.base_url, serving)
        if installed:
            await it.install()
        yield it


def run(test: Callable[[World], Awaitable[None]], **settings: Any) -> None:
    """Run one test body in a world of its own."""

    async def inside() -> None:
        async with world(**settings) as it:
            await test(it)

    asyncio.run(inside())


@asynccontextmanager
async def tls(world: World, folder: Path) -> AsyncIterator[Path]:
    """Serve ``world`` by TLS too; the file with the certificate to trust."""
    context, pem = self_signed(["127.0.0.1", "localhost"])
    listener = socket.create_server(("127.0.0.1", 0))
    assert world.server is not None and world.server.runner is not None
    await web.SockSite(world.server.runner, listener, ssl_context=context).start()
    world.state.tls_host, world.state.certificate = f"127.0.0.1:{listener.getsockname()[1]}", pem
    trusted = folder / "sandbox.pem"
    trusted.write_text(pem)
    yield trusted


def trusting(certificate: Path) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate))
