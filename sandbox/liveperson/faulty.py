"""Misbehaviour on demand: what each emulated call does when a fault rule strikes it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.kernel import FaultRule, Kernel

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

EXPIRE_TOKENS = web.RequestKey("expire_tokens", bool)


def latency_s(rule: FaultRule) -> float:
    """The wait that one strike of ``rule`` causes."""
    return random.uniform(*rule.latency_ms) / 1000


def faulty(kernel: Kernel, target: str, handler: Handler, body: str = "") -> Handler:
    """``handler``, misbehaving as the fault rules for ``target`` say; ``body`` is answered with a rule's ``status`` if it brings none.

    Latency comes before the effect, a ``status`` instead of it; with ``lose_reply`` the effect happens and the connection is cut. A request
    struck by ``expire_tokens`` carries ``EXPIRE_TOKENS`` and the handler refuses its AppJWT.
    """

    async def run(request: web.Request) -> web.StreamResponse:
        rules = kernel.faults.struck(target)
        await asyncio.sleep(sum(latency_s(rule) for rule in rules))
        for rule in rules:
            if rule.status is not None:
                kernel.ledger.record("fault.answered", target=target, status=rule.status)
                return _answer(rule.status, rule, rule.body or body)
        request[EXPIRE_TOKENS] = any(rule.expire_tokens for rule in rules)
        response = await handler(request)
        if any(rule.lose_reply for rule in rules) and request.transport is not None:
            kernel.ledger.record("fault.reply_lost", target=target, status=response.status)
            request.transport.abort()
        return response

    return run


def _answer(status: int, rule: FaultRule, body: str) -> web.Response:
    headers = {} if rule.retry_after_s is None else {"Retry-After": str(rule.retry_after_s)}
    content_type = "application/json" if body.lstrip()[:1] in ("{", "[") else "text/plain"
    return web.Response(status=status, text=body, content_type=content_type, headers=headers)
