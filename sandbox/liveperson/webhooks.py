"""Delivery of notifications to the connectors' endpoints: signed, in order per conversation, retried as LivePerson retries.

By time to live (``retention_time`` set): the first failure of any endpoint makes the whole app FAILED; its events are stored, one of them
is tried again after 2, 4, 8 ... seconds (at most 5 minutes), and the first success sends the rest: see ``health``. By number (no
``retention_time``): a failed event is tried ``max_retries`` times more, 30 seconds apart, on its own and out of order. All these times, the
retention too, are multiplied by the kernel's ``time_scale``.

Faults strike an event when it is queued, under ``webhooks.<ContentEvent|RichContentEvent|AcceptStatusEvent|ChatStateEvent|
ExConversationChangeNotification>``. A delayed event holds back those behind it, as order is kept per conversation; ``swap`` breaks
the order.

Source: https://developers.liveperson.com/connector-api-webhooks-retry-policy.html
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from typing import Any

import aiohttp
from aiohttp import web

from sandbox.kernel import FaultRule, Kernel, now_ms
from sandbox.liveperson.accounts import Accounts, AppInstall
from sandbox.liveperson.faulty import latency_s
from sandbox.liveperson.health import AppState, Delivery, Health, Lane
from sandbox.liveperson.notifications import Notification, body_of, encode, sign
from sandbox.liveperson.options import Options

WAIT_BY_NUMBER_S = 30.0
OVERTAKE_S = 4.0  # how long an event waits for a conversation that is still being drained
GATHER_S = 0.05  # how long events are gathered where several may travel in one notification
SWAP_WAIT_S = 2.0  # how long a swapped event waits for the next one
RECENT_ATTEMPTS = 500

Key = tuple[str, str]  # account id, client id


class Webhooks:
    """All queues of all apps."""

    def __init__(self, kernel: Kernel, accounts: Accounts, options: Callable[[], Options]) -> None:
        self.kernel = kernel
        self.accounts = accounts
        self.options = options
        self.attempts: deque[dict[str, Any]] = deque(maxlen=RECENT_ATTEMPTS)
        self._lanes: dict[tuple[Key, str], Lane] = {}
        self._health: dict[Key, Health] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._session: aiohttp.ClientSession | None = None

    async def lifespan(self, app: web.Application) -> AsyncIterator[None]:
        """Open the HTTP client with the application; stop every queue with it."""
        # Servers drop idle connections after a few seconds; a POST into one just dropped would count as a failed delivery.
        connector = aiohttp.TCPConnector(limit=256, keepalive_timeout=2)
        async with aiohttp.ClientSession(connector=connector) as self._session:
            yield
            tasks = list(self._tasks)
            self.clear()
            await asyncio.gather(*tasks, return_exceptions=True)

    def enqueue(self, notification: Notification) -> None:
        """Queue ``notification`` for every enabled app of the account that has an endpoint for it."""
        short_type = notification.event_type.rsplit(".", 1)[1]
        for app in self.accounts.enabled_apps(notification.account_id):
            if notification.event_type in app.endpoints:
                rules = self.kernel.faults.struck(f"webhooks.{short_type}")
                self._add(app, self._delivery(app, notification, rules), rules)

    def clear(self) -> None:
        """Drop everything that is queued, and take every app for healthy."""
        for task in self._tasks:
            task.cancel()
        self._lanes.clear()
        self._health.clear()
        self.attempts.clear()

    def wake(self, key: Key | None = None) -> None:
        """Let the next retry of an app (of all apps) happen now."""
        for health_key, health in self._health.items():
            if key in (None, health_key):
                health.wake.set()

    def status(self) -> dict[str, Any]:
        """What is pending and what was tried lately."""
        apps = []
        for account in self.accounts:
            for app in account.apps.values():
                health = self._health.get(app.key, Health())
                failed = health.state is AppState.FAILED
                pending = {cid: len(lane.queue) + len(lane.held) for (key, cid), lane in self._lanes.items() if key == app.key}
                apps.append(
                    {
                        "accountId": app.account_id,
                        "clientId": app.client_id,
                        "enabled": app.enabled,
                        "state": health.state.value,
                        "wait_s": health.wait_s if failed else None,
                        "pending": sum(pending.values()),
                        "conversations": pending,
                    }
                )
        return {"escape_unicode": self.options().escape_unicode, "apps": apps, "attempts": list(self.attempts)}

    def _bytes(self, app: AppInstall, notifications: list[Notification]) -> bytes:
        options = self.options()
        return encode(body_of(notifications, app, subscription_id=options.subscription_id), escape_unicode=options.escape_unicode)

    def _delivery(self, app: AppInstall, notification: Notification, rules: list[FaultRule]) -> Delivery:
        delivery = Delivery([notification], self._bytes(app, [notification]), time.monotonic())
        for rule in rules:
            delivery.wait_s += rule.delay_ms / 1000 + latency_s(rule)
            delivery.fail_status = rule.status or delivery.fail_status
            delivery.lose_reply = delivery.lose_reply or rule.lose_reply
        return delivery

    def _add(self, app: AppInstall, delivery: Delivery, rules: list[FaultRule]) -> None:
        key = app.key, delivery.notification.conversation_id
        lane = self._lanes.setdefault(key, Lane())
        copies = [delivery]
        if any(rule.duplicate for rule in rules):
            copies.append(Delivery(delivery.notifications, delivery.body, delivery.queued_at))
        if any(rule.swap for rule in rules) and not lane.held:
            lane.held.extend(copies)
            self._spawn(self._release_held(key, lane))
            return
        lane.queue.extend(copies)
        lane.queue.extend(lane.held)
        lane.held.clear()
        if lane.is_draining and self._health[app.key].state is AppState.RECOVERED:
            self._spawn(self._overtake(app, lane, delivery))
        self._start(key, lane)

    async def _overtake(self, app: AppInstall, lane: Lane, delivery: Delivery) -> None:
        """Send ``delivery`` out of order if those before it have not left in time."""
        await asyncio.sleep(OVERTAKE_S * self.kernel.time_scale)
        if delivery not in lane.queue or delivery is lane.queue[0] or delivery.attempts:
            return
        lane.queue.remove(delivery)
        self._left(app.key, delivery)
        while (now := self._receiver(app.key, delivery)) and not await self._settled(now, delivery):
            pass

    async def _release_held(self, key: tuple[Key, str], lane: Lane) -> None:
        """Send what waits to be swapped, should no other event of the conversation come."""
        await asyncio.sleep(SWAP_WAIT_S)
        lane.queue.extend(lane.held)
        lane.held.clear()
        self._start(key, lane)

    def _start(self, key: tuple[Key, str], lane: Lane) -> None:
        if lane.task is None and lane.queue:
            lane.task = self._spawn(self._drain(key, lane))

    def _spawn(self, work: Any) -> asyncio.Task[None]:
        task: asyncio.Task[None] = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _drain(self, key: tuple[Key, str], lane: Lane) -> None:
        while lane.queue:
            delivery = lane.queue[0]
            app = self._receiver(key[0], delivery)
            if app is None:
                self._dropped(key[0], delivery, "the app is disabled or has no endpoint for it any more")
            else:
                await self._gathered(app, lane)
                if not await self._settled(app, delivery):
                    continue
            lane.queue.popleft()
            self._left(key[0], delivery)
        lane.task = None
        if not lane.held and self._lanes.get(key) is lane:
            del self._lanes[key]

    async def _gathered(self, app: AppInstall, lane: Lane) -> None:
        """Put into the first delivery what waits behind it and may travel with it, where that is switched on."""
        first = lane.queue[0]
        if not self.options().multi_change or first.attempts:
            return
        await asyncio.sleep(GATHER_S)
        while len(lane.queue) > 1 and first.takes(lane.queue[1]):
            other = lane.queue[1]
            del lane.queue[1]
            first.notifications = first.notifications + other.notifications
            self._left(app.key, other)
        first.body = self._bytes(app, first.notifications)

    def _left(self, key: Key, delivery: Delivery) -> None:
        health = self._health.get(key)
        if health is not None:
            health.left(delivery, self._lanes_of(key))

    def _lanes_of(self, key: Key) -> list[Lane]:
        return [lane for (owner, _), lane in self._lanes.items() if owner == key]

    def _receiver(self, key: Key, delivery: Delivery) -> AppInstall | None:
        """The app as it is installed now, if it still takes such events."""
        app = self.accounts.app(*key)
        return app if app and app.enabled and delivery.notification.event_type in app.endpoints else None

    async def _settled(self, app: AppInstall, delivery: Delivery) -> bool:
        """Whether ``delivery`` leaves the queue after this try: delivered, dropped, or retried outside of it."""
        if app.retention_time_s is None:
            if not await self._attempt(app, delivery):
                self._spawn(self._retry_by_number(app, delivery))
            return True
        health = self._health.setdefault(app.key, Health())
        if time.monotonic() - delivery.queued_at > app.retention_time_s * self.kernel.time_scale:
            self._dropped(app.key, delivery, "older than retention_time")
            return True
        if health.state is not AppState.FAILED:
            if await self._attempt(app, delivery):
                return True
            if app.retries_of(delivery.notification.event_type) == 0:
                self._dropped(app.key, delivery, "max_retries is 0")
                return True
            health.fail()
            return False
        return await self._probed(app, delivery, health)

    async def _probed(self, app: AppInstall, delivery: Delivery, health: Health) -> bool:
        async with health.probe:
            if health.state is not AppState.FAILED:
                return False
            with suppress(TimeoutError):
                await asyncio.wait_for(health.wake.wait(), health.wait_s * self.kernel.time_scale)
            health.wake.clear()
            now = self._receiver(app.key, delivery)
            if now is None:
                return False
            if await self._attempt(now, delivery):
                health.come_back(self._lanes_of(app.key))
                return True
            health.wait_longer()
            return False

    async def _retry_by_number(self, app: AppInstall, delivery: Delivery) -> None:
        retries = app.retries_of(delivery.notification.event_type) or 0
        for _ in range(retries):
            await asyncio.sleep(WAIT_BY_NUMBER_S * self.kernel.time_scale)
            if await self._attempt(app, delivery):
                return
        self._dropped(app.key, delivery, f"max_retries ({retries}) used up")

    async def _attempt(self, app: AppInstall, delivery: Delivery) -> bool:
        """Whether the endpoint took it; only 200 and 201 count."""
        delivery.attempts += 1
        is_first = delivery.attempts == 1
        if is_first and delivery.wait_s:
            await asyncio.sleep(delivery.wait_s)
        started = time.monotonic()
        if is_first and delivery.fail_status:
            status: int | None = delivery.fail_status
            error: str | None = "fault: not sent"
        else:
            status, error = await self._post(app, delivery)
        is_taken = status in (200, 201)
        ended = time.monotonic()
        seen = {**self._names(app.key, delivery.notification), "attempt": delivery.attempts}
        if is_taken:
            for notification in delivery.notifications:
                self.kernel.ledger.record("webhook.delivered", **self._names(app.key, notification), attempt=delivery.attempts)
            if is_first and delivery.lose_reply:
                is_taken, error = False, "fault: reply lost"
        said = {"changes": len(delivery.notifications), "status": status, "error": error}
        self.attempts.append({**seen, "at_ms": now_ms(), "duration_ms": int((ended - started) * 1000), **said})
        self._judge_speed(app, app.endpoints[delivery.notification.event_type], started, ended)
        return is_taken

    def _judge_speed(self, app: AppInstall, url: str, started: float, ended: float) -> None:
        """Disable an app of which an endpoint has been slow for too long, without warning, as LivePerson may."""
        options = self.options()
        if options.slow_app_answer_s is None:
            return
        health = self._health.setdefault(app.key, Health())
        limits = {"answer_s": options.slow_app_answer_s, "window_s": options.slow_app_window_s}
        if health.is_slow(url, started, ended, **limits) and app.enabled:
            app.enabled = False
            self.kernel.ledger.record("webhook.app_disabled", accountId=app.account_id, app=app.client_id, **limits)

    async def _post(self, app: AppInstall, delivery: Delivery) -> tuple[int | None, str | None]:
        if self._session is None:
            raise RuntimeError("webhooks are sent only while the application runs")
        event_type, wait_s = delivery.notification.event_type, self.options().webhook_timeout_s
        headers = {header["header_name"]: header["header_value"] for header in app.headers_of(event_type)}
        headers |= {
            "Content-Type": "application/json",
            "X-Liveperson-Account-Id": app.account_id,
            "X-Liveperson-Client-Id": app.client_id,
            "X-Liveperson-Signature": sign(delivery.body, app.client_secret, app.signature),
        }
        call: dict[str, Any] = {
            "data": delivery.body,
            "headers": headers,
            "allow_redirects": False,
            "timeout": aiohttp.ClientTimeout(total=None, sock_connect=wait_s, sock_read=wait_s),
        }
        try:
            async with self._session.post(app.endpoints[event_type], **call) as response:
                await response.read()
                return response.status, None
        except (aiohttp.ClientError, TimeoutError, OSError) as err:
            return None, f"{type(err).__name__}: {err}"

    def _dropped(self, key: Key, delivery: Delivery, reason: str) -> None:
        for notification in delivery.notifications:
            self.kernel.ledger.record("webhook.dropped", **self._names(key, notification), attempts=delivery.attempts, reason=reason)

    @staticmethod
    def _names(key: Key, notification: Notification) -> dict[str, Any]:
        return {
            "accountId": key[0],
            "app": key[1],
            "type": notification.event_type,
            "conversationId": notification.conversation_id,
            "sequence": notification.sequence,
        }
