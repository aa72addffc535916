"""An agent at the websocket, without LivePerson's SDK."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientWebSocketResponse, WSMsgType

from tests.sandbox.liveperson_world import ACCOUNT, GIVE_UP_S, World

Body = dict[str, Any]
RINGS, CONVERSATIONS = ".ams.routing.RoutingTaskNotification", ".ams.aam.ExConversationChangeNotification"


@dataclass
class Agent:
    socket: ClientWebSocketResponse
    pid: str
    old_id: str
    told: list[Body] = field(default_factory=list)
    _answers: dict[str, Body] = field(default_factory=dict)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def follow(self) -> None:
        async for message in self.socket:
            assert message.type is WSMsgType.TEXT
            data = message.json()
            async with self._news:
                if data["kind"] == "resp":
                    self._answers[data["reqId"]] = data
                else:
                    self.told.append(data)
                self._news.notify_all()

    async def ask(self, kind: str, body: Any = None, **more: Any) -> Body:
        """The whole response to one request."""
        number = str(len(self._answers) + 1)
        await self.socket.send_json({"kind": "req", "id": number, "type": kind, "body": {} if body is None else body, **more})
        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: number in self._answers), GIVE_UP_S)
        return self._answers[number]

    async def get(self, kind: str, body: Any = None, **more: Any) -> Any:
        answer = await self.ask(kind, body, **more)
        assert answer["code"] == 200, answer
        return answer["body"]

    async def until(self, kind: str, fits: Callable[[Body], bool] = lambda change: True) -> Body:
        """The first change told under ``kind`` that fits."""

        def found() -> list[Body]:
            return [each for item in self.told if item["type"] == kind for each in item["body"]["changes"] if fits(each)]

        async with self._news:
            await asyncio.wait_for(self._news.wait_for(lambda: bool(found())), GIVE_UP_S)
        return found()[0]

    async def online(self) -> None:
        await self.get(".ams.routing.SetAgentState", {"availability": "ONLINE"})
        await self.get(".ams.routing.SubscribeRoutingTasks")

    async def ring(self, cid: str, state: str = "WAITING", but: tuple[str, ...] = ()) -> Body:
        """The ring of the conversation, once it is in ``state``; those named ``but`` are passed over."""

        def fits(change: Body) -> bool:
            (ring,) = change["result"]["ringsDetails"]
            return change["result"]["conversationId"] == cid and ring["ringState"] == state and ring["ringId"] not in but

        return (await self.until(RINGS, fits))["result"]["ringsDetails"][0]


async def login(world: World, username: str, password: str = "pw", **more: Any) -> tuple[int, Body]:
    return await world.call("POST", f"/api/account/{ACCOUNT}/login?v=1.3", {"username": username, "password": password, **more})


@asynccontextmanager
async def agent(world: World, username: str, **settings: Any) -> AsyncIterator[Agent]:
    """A registered agent with an open websocket."""
    user = await world.control("PUT", f"/accounts/{ACCOUNT}/agents/{username}", {"password": "pw", **settings})
    _, answer = await login(world, username)
    url = f"{world.base}/ws_api/account/{ACCOUNT}/messaging/brand/{answer['bearer']}?v=2.1"
    async with world.http.ws_connect(url) as socket:
        it = Agent(socket, user["pid"], user["oldId"])
        following = asyncio.create_task(it.follow())
        try:
            yield it
        finally:
            following.cancel()
            await asyncio.gather(following, return_exceptions=True)
