"""The limit on a connector's requests: off until the options set one, as LivePerson publishes no numbers.

Source: https://developers.liveperson.com/retry-and-keepalive-best-practices-overview.html (429: wait a second before the retry)
"""

from __future__ import annotations

import time

from aiohttp import web

from sandbox.liveperson.faulty import Handler
from sandbox.liveperson.state import LivePersonState

RETRY_AFTER_S = 1


class RateLimit:
    """A bucket per account that holds one second's worth of requests."""

    def __init__(self, state: LivePersonState) -> None:
        self.state = state
        self._buckets: dict[str, tuple[float, float]] = {}  # account id -> requests left, when that was so

    def limited(self, call: str, handler: Handler) -> Handler:
        """``handler``, answering 429 to what is over the limit."""

        async def run(request: web.Request) -> web.StreamResponse:
            account_id = request.match_info["account_id"]
            if self._takes(account_id):
                return await handler(request)
            reason = "more than requests_per_s"
            self.state.kernel.ledger.record("liveperson.refused", call=call, accountId=account_id, status=429, reason=reason)
            answer = {"code": "TOO_MANY_REQUESTS", "body": {"msg": "Too many requests"}}
            return web.json_response(answer, status=429, headers={"Retry-After": str(RETRY_AFTER_S)})

        return run

    def _takes(self, account_id: str) -> bool:
        per_s, now = self.state.options.requests_per_s, time.monotonic()
        if per_s is None:
            self._buckets.clear()
            return True
        most = max(per_s, 1.0)
        left, since = self._buckets.get(account_id, (most, now))
        left = min(most, left + (now - since) * per_s)
        self._buckets[account_id] = (left - 1 if left >= 1 else left, now)
        return left >= 1
