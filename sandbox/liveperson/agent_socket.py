"""The agents' websocket: ``/ws_api/account/{id}/messaging/brand/{bearer}?v=2.1`` at the host of ``facadeMsg`` or ``asyncMessagingEnt``."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import WSCloseCode, WSMsgType, web

from sandbox.liveperson.agent_requests import AgentRequests
from sandbox.liveperson.sessions import Sessions
from sandbox.liveperson.subscriptions import Hub, Subscriber

MAX_MESSAGE_BYTES = 1024 * 1024
UNAUTHORISED = 4401  # a close code after which a client must log in anew

Outgoing = dict[str, Any] | int  # a message, or the code to close with


class AgentSocketRoutes:
    def __init__(self, hub: Hub, sessions: Sessions) -> None:
        self.hub = hub
        self.sessions = sessions

    async def connect(self, request: web.Request) -> web.StreamResponse:
        """The websocket; a bearer that no login gave is answered 401 before the handshake."""
        names, ledger = request.match_info, self.hub.state.kernel.ledger
        session = self.sessions.of_bearer(names["account_id"], names["bearer"])
        if session is None:
            ledger.record("liveperson.refused", call="agent", accountId=names["account_id"], status=401, reason="unknown bearer")
            return web.Response(status=401, text="Unauthorized")
        if not request.query.get("v", "2").startswith("2"):
            ledger.record("liveperson.refused", call="agent", accountId=names["account_id"], status=400, reason="v must be 2 or 2.1")
            return web.Response(status=400, text="query parameter v must be 2 or 2.1")
        socket = web.WebSocketResponse(max_msg_size=MAX_MESSAGE_BYTES)
        await socket.prepare(request)
        outgoing: asyncio.Queue[Outgoing] = asyncio.Queue()
        subscriber = Subscriber(self.hub, session.user, outgoing.put_nowait, outgoing.put_nowait)
        sending = asyncio.create_task(self._send(socket, outgoing))
        self.hub.join(subscriber)
        try:
            await self._receive(socket, subscriber)
        finally:
            self.hub.leave(subscriber)
            sending.cancel()
        return socket

    async def close(self, app: web.Application) -> None:
        """End every connection, so that the server can stop."""
        for subscriber in list(self.hub.subscribers):
            subscriber.close(WSCloseCode.GOING_AWAY)

    @staticmethod
    async def _receive(socket: web.WebSocketResponse, subscriber: Subscriber) -> None:
        requests = AgentRequests(subscriber)
        async for message in socket:
            if message.type is not WSMsgType.TEXT:
                continue
            try:
                data = json.loads(message.data)
            except ValueError:
                data = None
            subscriber.send(requests.answer(data))

    @staticmethod
    async def _send(socket: web.WebSocketResponse, outgoing: asyncio.Queue[Outgoing]) -> None:
        while True:
            item = await outgoing.get()
            if isinstance(item, int):
                await socket.close(code=item)
                return
            try:
                await socket.send_json(item)
            except ConnectionError:
                return
