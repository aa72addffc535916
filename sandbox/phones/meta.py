"""Meta's side of a messaging channel: lines of Meta apps, and the webhook events that Meta sends about them.

The Send API and the rest of the Graph API that a platform calls are in ``meta_graph``; what each channel has for itself in its own module.

Source: https://developers.facebook.com/docs/messenger-platform/webhooks and .../reference/webhook-events (checked 2026-11).
"""

from __future__ import annotations

import asyncio
import hmac
import json
import secrets
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

import aiohttp

from sandbox.kernel import Kernel, now_ms
from sandbox.phones.base import Acted, LineRefused, Refused, Reported, Simulator
from sandbox.phones.callbacks import Callback, Courier, Part, Wire
from sandbox.phones.fields import Fields
from sandbox.phones.state import Line, Message, Phone

BATCH_WAIT_S = 0.05  # how long an event waits for others to share its callback

Event = dict[str, Any]


@dataclass(kw_only=True)
class MetaLine(Line):
    """A page or account, with the Meta app that it belongs to."""

    app_id: str
    app_secret: str
    verify_token: str
    access_token: str
    callback_url: str
    callbacks_batch: int = 1  # the most events in one callback
    human_agent: bool = False  # the app may use the HUMAN_AGENT tag
    require_proof: bool = False  # the app wants an appsecret_proof beside the token
    token_expires_at: int = 0  # in seconds since 1970; 0: never
    subscribed_fields: tuple[str, ...]  # empty: the app is not subscribed to the page

    @property
    def app(self) -> tuple[str, str, str, str]:
        return self.app_id, self.app_secret, self.verify_token, self.callback_url

    @property
    def tokens(self) -> tuple[str, ...]:
        """The access tokens that are good."""
        return (self.access_token,)

    @property
    def node(self) -> str:
        """The id under which the Graph API knows it."""
        return self.address

    def public(self) -> dict[str, Any]:
        return {
            **super().public(),
            "app_id": self.app_id,
            "callback_url": self.callback_url,
            "callbacks_batch": self.callbacks_batch,
            "human_agent": self.human_agent,
            "require_proof": self.require_proof,
            "subscribed_fields": list(self.subscribed_fields),
        }


@dataclass
class Together:
    """Events of one app that will share a callback."""

    done: asyncio.Future[None]
    line: MetaLine
    parts: list[Part] = field(default_factory=list)
    events: list[tuple[str, Event]] = field(default_factory=list)  # (page id, event)


def encode(body: dict[str, Any]) -> bytes:
    """``body`` in the compact form Meta sends: no blanks, non-ASCII as ``\\uXXXX``, slashes escaped."""
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def sign(body: bytes, app_secret: str, algorithm: str = "sha256") -> str:
    """The value of ``X-Hub-Signature-256`` (or, with sha1, of ``X-Hub-Signature``) over the exact bytes."""
    return f"{algorithm}={hmac.new(app_secret.encode(), body, algorithm).hexdigest()}"


def wire(line: MetaLine, kind: str, events: list[tuple[str, Event]]) -> Wire:
    """The POST that tells ``line``'s app of ``events``, given as (page id, event); ``kind`` is the webhook's object."""
    entries: dict[str, list[Event]] = {}
    for page_id, event in events:
        entries.setdefault(page_id, []).append(event)
    time_ms = now_ms()
    body = encode({"object": kind, "entry": [{"id": page, "time": time_ms, "messaging": list_} for page, list_ in entries.items()]})
    headers = {
        "Content-Type": "application/json",
        "User-Agent": "facebookexternalua",
        "X-Hub-Signature": sign(body, line.app_secret, "sha1"),
        "X-Hub-Signature-256": sign(body, line.app_secret),
    }
    return Wire("POST", line.callback_url, headers, body)


MetaLineT = TypeVar("MetaLineT", bound=MetaLine)


class MetaSimulator(Simulator[MetaLineT]):
    """What Messenger and Instagram have in common."""

    webhook_object: ClassVar[str]
    default_fields: ClassVar[tuple[str, ...]]
    line_name: ClassVar[str]  # what a line is called in sentences
    echo_field: ClassVar[str]  # the subscription in which copies of the brand's own messages come

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        super().__init__(kernel, courier)
        self._waiting: dict[str, Together] = {}  # by app id
        self._timers: dict[str, asyncio.TimerHandle] = {}
        self._gathering = False  # a batch is being put together by hand

    # ---- lines ---------------------------------------------------------------------------------------------------------------

    def read_common(self, address: str, fields: Fields) -> dict[str, Any]:
        """The fields that every line of Meta's has, checked against those of the lines there are.

        Raises:
            ValueError: a field is missing, of the wrong form, or contradicts another line's.
        """
        fields.get("handshake", True)
        return {
            "provider": self.slug,
            "address": address,
            "name": fields.get("name", address),
            "auto_delivered": fields.get("auto_delivered", True),
            "auto_read": fields.get("auto_read", False),
            "app_id": fields.need("app_id", str),
            "app_secret": fields.need("app_secret", str),
            "verify_token": fields.need("verify_token", str),
            "access_token": fields.need("access_token", str),
            "callback_url": fields.need("callback_url", str),
            "callbacks_batch": fields.get("callbacks_batch", 1),
            "human_agent": fields.get("human_agent", False),
            "require_proof": fields.get("require_proof", False),
            "token_expires_at": fields.get("token_expires_at", 0),
            "subscribed_fields": tuple(fields.get("subscribed_fields", list(self.default_fields))),
        }

    def fits(self, line: MetaLineT) -> MetaLineT:
        """``line``, if no other contradicts it.

        Raises:
            ValueError: one does.
        """
        for other in self.lines.values():
            if other.address == line.address:
                continue
            if other.app_id == line.app_id and other.app != line.app:
                where = f"{self.line_name} {other.address} has app {line.app_id}"
                raise ValueError(f"{where} with another app_secret, verify_token or callback_url")
            if other.access_token == line.access_token:
                raise ValueError(f"{self.line_name} {other.address} has the same access_token")
        return line

    async def connect(self, line: MetaLineT, body: dict[str, Any]) -> str:
        if body.get("handshake") is False:
            return "skipped"
        challenge = str(secrets.randbelow(10**10))
        query = {"hub.mode": "subscribe", "hub.verify_token": line.verify_token, "hub.challenge": challenge}
        try:
            async with self.courier.session.get(line.callback_url, params=query, allow_redirects=False) as answer:
                got = await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = f"{line.callback_url} did not answer ({type(error).__name__})"
            raise LineRefused(f"the callback URL couldn't be validated: {reason}") from error
        if answer.status != 200:
            raise LineRefused(f"the callback URL couldn't be validated: it answered {answer.status} to the challenge, not 200")
        if got != challenge.encode():
            raise LineRefused(f"the callback URL couldn't be validated: it answered {got[:80]!r}, not the challenge {challenge}")
        return "ok"

    # ---- events --------------------------------------------------------------------------------------------------------------

    def report_echo(self, line: MetaLineT, phone: Phone, sent: dict[str, Any], message_id: str) -> Reported:
        """Tell the platform of its own message, as Meta does for a line that is subscribed to the field with echoes."""
        if self.echo_field not in line.subscribed_fields:
            return []
        echo = {"mid": message_id, "is_echo": True, "app_id": int(line.app_id) if line.app_id.isdigit() else line.app_id, **sent}
        return self.report(line, phone, self.echo_field, {"message": echo}, is_echo=True)

    def batch(self, messages: list[tuple[MetaLineT, str, str]]) -> list[Acted]:
        if len({line.app_id for line, _, _ in messages}) > 1:
            raise Refused("one callback holds events of one app only; these pages have several")
        self._gathering = True
        try:
            acted = [self.writes(line, consumer_id, "text", text) for line, consumer_id, text in messages]
        finally:
            self._gathering = False
        for line, _, _ in messages[:1]:
            self._flush(line.app_id)
        return acted

    def forget_phones(self) -> None:
        super().forget_phones()
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()
        for together in self._waiting.values():
            together.done.cancel()
        self._waiting.clear()

    def report(
        self, line: MetaLineT, phone: Phone, kind: str, happened: Event, message: Message | None = None, *, is_echo: bool = False
    ) -> Reported:
        """Queue one event. Nothing is queued for a page whose app is not subscribed to ``kind`` of events."""
        part = self.part(phone, message)
        if kind not in line.subscribed_fields:
            self.kernel.ledger.record("callback.unsubscribed", **part.ledger_fields(), field=kind)
            return []
        sender, recipient = phone.consumer_id, line.address
        if is_echo:
            sender, recipient = recipient, sender
        at_ms = message["at_ms"] if message else now_ms()
        loop = asyncio.get_running_loop()
        together = self._waiting.setdefault(line.app_id, Together(loop.create_future(), line))
        together.parts.append(part)
        together.events.append((line.address, {"sender": {"id": sender}, "recipient": {"id": recipient}, "timestamp": at_ms, **happened}))
        if self._gathering:
            return [together.done]
        if len(together.events) >= line.callbacks_batch:
            self._flush(line.app_id)
        elif line.app_id not in self._timers:
            self._timers[line.app_id] = loop.call_later(BATCH_WAIT_S, self._flush, line.app_id)
        return [together.done]

    def _flush(self, app_id: str) -> None:
        """Send everything that waits for the app, in one callback."""
        if timer := self._timers.pop(app_id, None):
            timer.cancel()
        if together := self._waiting.pop(app_id, None):
            request = wire(together.line, self.webhook_object, together.events)
            self.courier.post(Callback(tuple(together.parts), lambda: request, lambda status: status == 200), together.done)
