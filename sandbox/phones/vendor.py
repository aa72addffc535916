"""The faults of a vendor's API: late, refused, or done without the platform ever hearing of it."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable

from aiohttp import web

from sandbox.kernel import Kernel


async def answer_with_faults(
    kernel: Kernel,
    target: str,
    request: web.Request,
    effect: Callable[[], Awaitable[web.Response]],
    refusal: Callable[[int], str],
) -> web.Response:
    """What ``effect`` answers, unless a fault on ``target`` (``messenger.send``) strikes.

    ``refusal`` makes the body, in the vendor's words, of a status that a fault gives without a body of its own.
    """
    rules = kernel.faults.struck(target)
    await asyncio.sleep(sum(random.uniform(*rule.latency_ms) for rule in rules) / 1000)
    for rule in rules:
        if rule.status is not None:
            headers = {} if rule.retry_after_s is None else {"Retry-After": str(rule.retry_after_s)}
            body = rule.body or refusal(rule.status)
            kind = "application/json" if body.startswith("{") else "text/plain"
            kernel.ledger.record("phone.refused", provider=target.split(".")[0], reason="fault", status=rule.status, path=request.path)
            return web.Response(status=rule.status, text=body, content_type=kind, headers=headers)
    response = await effect()
    if any(rule.lose_reply for rule in rules) and request.transport is not None:
        request.transport.abort()
    return response
