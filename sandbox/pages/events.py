"""The live feed: the kernel's bus as server-sent events."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp import web

from sandbox.kernel import Kernel

HEARTBEAT_S = 15.0
RECONNECT_MS = 1000
HEADERS = {"Content-Type": "text/event-stream", "Cache-Control": "no-store", "X-Accel-Buffering": "no"}

Item = tuple[str, dict[str, Any]]


class LiveFeed:
    """``GET /events[?topics=phone,conversation]``: one event per change, named by its topic, until the page leaves or the server stops."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel
        self._streams: set[asyncio.Task[None]] = set()

    async def stream(self, request: web.Request) -> web.StreamResponse:
        topics = {topic for topic in request.query.get("topics", "").split(",") if topic}
        response = web.StreamResponse(headers=HEADERS)
        # Listening starts before the headers leave: what changes once the page sees the stream open is in the stream.
        async with self._kernel.bus.listen() as queue:
            await response.prepare(request)
            sending = asyncio.create_task(self._send(response, queue, topics))
            self._streams.add(sending)
            try:
                await asyncio.wait([sending])
            finally:
                sending.cancel()
                self._streams.discard(sending)
        if not sending.cancelled() and (error := sending.exception()) and not isinstance(error, ConnectionError):
            raise error
        return response

    async def close(self, app: web.Application) -> None:
        """End every stream, so that the server can stop."""
        for sending in self._streams:
            sending.cancel()

    async def _send(self, response: web.StreamResponse, queue: asyncio.Queue[Item], topics: set[str]) -> None:
        await response.write(f"retry: {RECONNECT_MS}\n\n".encode())
        while True:
            try:
                first = await asyncio.wait_for(queue.get(), HEARTBEAT_S)
            except TimeoutError:
                await response.write(b": still here\n\n")
                continue
            waiting = [first]
            while not queue.empty():
                waiting.append(queue.get_nowait())
            for topic, data in latest(waiting):
                if not topics or topic in topics:
                    await response.write(f"event: {topic}\ndata: {json.dumps(data)}\n\n".encode())


def latest(items: list[Item]) -> list[Item]:
    """``items`` without those that a later one replaces: each item is the whole of one phone or conversation as it is now."""
    newest: dict[tuple[Any, ...], Item] = {}
    for topic, data in items:
        key = topic, data.get("conversationId"), data.get("provider"), data.get("address"), data.get("consumer_id")
        newest.pop(key, None)
        newest[key] = topic, data
    return list(newest.values())
