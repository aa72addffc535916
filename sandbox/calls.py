"""The calls that LivePerson's services were given, as they came over the wire: for looking at what a connector says, and for tests that hold it to that."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import web

from sandbox.kernel import now_ms

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

MOST = 5000
"""Calls that are kept; older ones are forgotten."""
LOGGED = ("domains", "sentinel", "idp", "conversation", "send", "monitoring", "files", "history")
"""What connectors call. Agents' logins and sockets are not kept."""

_SECRETS = ("client_secret", "temp_url_sig", "password")
_TOKENS = ("Authorization", "X-LP-ON-BEHALF")


@dataclass
class CallLog:
    """The newest calls, oldest first."""

    calls: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=MOST))
    count: int = 0

    def add(self, **fields: Any) -> None:
        self.count += 1
        self.calls.append({"n": self.count, "at_ms": now_ms(), **fields})

    def clear(self) -> None:
        self.calls.clear()


def logged(log: CallLog, target: str, handler: Handler) -> Handler:
    """``handler``, with what it was asked and what it answered kept in ``log``. Of tokens only whether they were there is kept."""
    if target not in LOGGED:
        return handler

    async def run(request: web.Request) -> web.StreamResponse:
        body = await request.read()
        response = await handler(request)
        answered = response.body if isinstance(response, web.Response) and isinstance(response.body, bytes) else b""
        properties = request.headers.get("Client-Properties")
        log.add(
            target=target,
            method=request.method,
            path=request.path,
            query={name: "***" if name in _SECRETS else value for name, value in request.query.items()},
            tokens=[name for name in _TOKENS if request.headers.get(name)],
            contentType=request.content_type,
            clientProperties=_read(properties.encode(), "application/json") if properties else None,
            body=_read(body, request.content_type),
            status=response.status,
            answer=_read(answered, response.content_type) if target not in ("sentinel", "idp") else None,
        )
        return response

    return run


def _read(data: bytes, content_type: str) -> Any:
    """JSON and forms taken apart, without their secrets; of anything else its size."""
    if not data:
        return None
    if content_type == "application/json":
        try:
            return _masked(json.loads(data))
        except (ValueError, RecursionError):
            return {"unreadable": len(data)}
    if content_type == "application/x-www-form-urlencoded":
        return _masked(dict(parse_qsl(data.decode("utf-8", "replace"))))
    return {"bytes": len(data)}


def _masked(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: "***" if name in _SECRETS else inner for name, inner in value.items()}
    return value


class CallRoutes:
    """``GET`` and ``DELETE /control/calls``."""

    def __init__(self, log: CallLog) -> None:
        self.log = log

    async def list(self, request: web.Request) -> web.Response:
        """``{"calls": [...]}``; ``target`` selects one kind, ``since`` those with a greater ``n``."""
        target, since = request.query.get("target"), request.query.get("since", "0")
        if not (since.isascii() and since.isdigit()):
            raise ValueError("since must be the n of a call")
        calls = [call for call in self.log.calls if call["n"] > int(since) and target in (None, call["target"])]
        return web.json_response({"calls": calls})

    async def clear(self, request: web.Request) -> web.Response:
        self.log.clear()
        return web.json_response({"calls": []})
