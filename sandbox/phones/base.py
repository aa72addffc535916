"""What every simulated messaging platform is: its phones, what a consumer can do on them, and what the vendor tells the brand's platform.

A simulator is one class: what its phones are able to do (``capabilities``), how a line is described (``read_line``), the vendor's API
(``routes``), and how the vendor reports what a consumer did (the ``report_*`` methods). Transcripts, receipts, typing, the ledger and the
live feed are here, once for all; the control routes are in ``control``.
"""

from __future__ import annotations

import asyncio
import secrets
from abc import ABC, abstractmethod
from dataclasses import asdict, dataclass
from typing import Any, ClassVar, Generic, TypeVar

from aiohttp import web

from sandbox.kernel import Kernel, now_ms
from sandbox.phones.callbacks import Callback, Courier, Part
from sandbox.phones.state import Line, Message, Phone, Profile

Reported = list[asyncio.Future[None]]
"""One future per callback that was queued; empty where the vendor has nothing to report."""


class Refused(Exception):
    """A person cannot do this on such a phone; the sentence says why."""


class UnknownLine(Exception):
    """No such line is registered; the sentence says which."""


class LineRefused(Exception):
    """The vendor did not accept the line; the sentence says what failed."""


@dataclass(frozen=True)
class Capabilities:
    """What the platform's phone can do; the control API refuses, and the phone page hides, the rest."""

    typing: bool = False  # the consumer's typing is told to the brand
    read_receipts: bool = False
    delivered_receipts: bool = False
    quick_replies: bool = False
    images: bool = False
    location: bool = False
    close: bool = False
    profile: bool = False  # the vendor tells the brand the consumer's name


@dataclass(frozen=True)
class Acted:
    """What a consumer did: the vendor's id of it, and its callbacks under way."""

    id: str
    reported: Reported


LineT = TypeVar("LineT", bound=Line)


class Simulator(ABC, Generic[LineT]):
    """One messaging platform."""

    slug: ClassVar[str]
    title: ClassVar[str]
    look: ClassVar[str]  # how the phone page paints it: "sms", or the app whose look it has (``data-look`` in phone_looks.css)
    consumer_example: ClassVar[str]  # an id as the vendor writes them; the phone page varies its last digits for a new consumer
    capabilities: ClassVar[Capabilities]
    brand_typing_s: ClassVar[float] = 20.0  # the brand's typing indicator goes out by itself

    def __init__(self, kernel: Kernel, courier: Courier) -> None:
        self.kernel = kernel
        self.courier = courier
        self.lines: dict[str, LineT] = {}
        self.phones: dict[tuple[str, str], Phone] = {}
        self._typing_ends: dict[tuple[str, str], asyncio.TimerHandle] = {}

    # ---- what a new simulator says -------------------------------------------------------------------------------------------

    @abstractmethod
    def read_line(self, address: str, body: dict[str, Any]) -> LineT:
        """The line that the body of ``PUT /control/lines/...`` describes.

        Raises:
            ValueError: a field is missing, unknown or of the wrong form.
        """

    @abstractmethod
    def routes(self) -> list[web.RouteDef]:
        """The vendor's API, which the platform calls."""

    @abstractmethod
    def report_message(self, line: LineT, phone: Phone, message: Message) -> Reported:
        """Tell the platform what the consumer wrote, sent or (``message["selected"]``) tapped."""

    async def connect(self, line: LineT, body: dict[str, Any]) -> str:
        """Do what the vendor does when a line is set up; returns how the handshake went, "none" where there is none.

        Raises:
            LineRefused: the vendor would not accept the line.
        """
        return "none"

    def report_delivered(self, line: LineT, phone: Phone, messages: list[Message], body: dict[str, Any]) -> Reported:
        """Mark ``messages`` with how it went and tell the platform. Only for a vendor with delivered receipts."""
        raise Refused(f"{self.title} has no delivered receipts")

    def report_read(self, line: LineT, phone: Phone, messages: list[Message]) -> Reported:
        """Tell the platform that ``messages`` were read. Only for a vendor with read receipts."""
        raise Refused(f"{self.title} has no read receipts")

    def report_typing(self, line: LineT, phone: Phone, on: bool) -> Reported:
        """Tell the platform that the consumer types, or stopped. Only for a vendor that tells."""
        raise Refused(f"{self.title} does not tell a brand that the consumer is typing")

    def report_close(self, line: LineT, phone: Phone) -> Reported:
        """Tell the platform that the consumer ended the conversation. Only for a vendor that has it."""
        raise Refused(f"{self.title} has no way to end a conversation")

    def batch(self, messages: list[tuple[LineT, str, str]]) -> list[Acted]:
        """Several consumers write (line, consumer id, text) and the vendor tells of all of it in one callback."""
        raise Refused(f"{self.title} sends one callback per message")

    def new_id(self) -> str:
        """A message id as the vendor makes them."""
        return secrets.token_hex(12)

    def canonical(self, consumer_id: str) -> str:
        """The one way to write a consumer's id, whichever way it was given."""
        return consumer_id

    # ---- lines and phones ----------------------------------------------------------------------------------------------------

    def line(self, address: str | None) -> LineT:
        """The line at ``address``; the first registered one when none is named.

        Raises:
            UnknownLine: there is none.
        """
        if address is None:
            if not self.lines:
                raise UnknownLine(f"no {self.title} line is registered: PUT /control/lines/{self.slug}/<address> first")
            return next(iter(self.lines.values()))
        if address not in self.lines:
            raise UnknownLine(f"{self.title} has no line {address}: PUT /control/lines/{self.slug}/{address} first")
        return self.lines[address]

    def add_line(self, line: LineT) -> None:
        """Register ``line``; phones of an earlier one at the same address keep their transcripts."""
        self.lines[line.address] = line
        self.kernel.bus.publish("line", line.public())
        for (address, _), phone in self.phones.items():
            if address == line.address:
                phone.line = line

    def remove_line(self, address: str) -> None:
        """Forget a line and every phone on it."""
        line = self.line(address)
        del self.lines[line.address]
        for key in [key for key in self.phones if key[0] == address]:
            del self.phones[key]
        self.kernel.bus.publish("line", {"provider": self.slug, "address": address, "removed": True})

    def phone(self, line: Line, consumer_id: str) -> Phone:
        """The consumer's phone on ``line``, made when it is new."""
        key = line.address, self.canonical(consumer_id)
        if key not in self.phones:
            self.phones[key] = Phone(line, key[1])
        return self.phones[key]

    def peek(self, line: Line, consumer_id: str) -> Phone:
        """The consumer's phone on ``line``; an empty one, which is not kept, when there is none yet."""
        consumer_id = self.canonical(consumer_id)
        return self.phones.get((line.address, consumer_id)) or Phone(line, consumer_id)

    def describe(self) -> dict[str, Any]:
        """What a page has to know to draw such a phone."""
        return {
            "provider": self.slug,
            "title": self.title,
            "look": self.look,
            "consumer_example": self.consumer_example,
            "capabilities": asdict(self.capabilities),
        }

    def changed(self, phone: Phone) -> None:
        """Show the phone as it is now to every page that looks at it."""
        self.kernel.bus.publish("phone", phone.to_json())

    # ---- what the consumer does ----------------------------------------------------------------------------------------------

    def writes(self, line: LineT, consumer_id: str, kind: str, text: str, message_id: str = "", **fields: Any) -> Acted:
        """The consumer wrote, sent or tapped something: a bubble on the phone, a callback to the platform."""
        phone = self.phone(line, consumer_id)
        message = phone.add(message_id or self.new_id(), "out", kind, text, **fields)
        self.kernel.ledger.record("consumer.message", **self._who(phone), id=message["id"], text=text)
        self.changed(phone)
        return Acted(message["id"], self.report_message(line, phone, message))

    def part(self, phone: Phone, message: Message | None = None) -> Part:
        """What a callback says it is about: the consumer's ``message``, or a receipt. The bubble shows how its callback went."""

        def settle(accepted: bool) -> None:
            if message is not None and phone.mark([message], "delivered" if accepted else "failed"):
                self.changed(phone)

        return Part(self.slug, phone.line.address, phone.consumer_id, message["id"] if message else "", settle)

    def selects(self, line: LineT, consumer_id: str, title: str, payload: str, message_id: str = "") -> Acted:
        """The consumer taps what is on the screen and carries ``title`` and ``payload``, as far as they are given; of several, the newest.

        Raises:
            Refused: nothing like it is on the screen, or tapping it sends nothing.
        """
        phone = self.peek(line, consumer_id)
        for choice in self._choices(phone):
            if title in ("", choice["title"]) and payload in ("", choice.get("payload")):
                if choice["kind"] == "link":
                    raise Refused(f'"{choice["title"]}" opens {choice["url"]} on the phone; nothing is sent to the brand')
                selected = {key: choice[key] for key in ("kind", "title", "payload", "message_id")}
                return self.writes(line, consumer_id, "text", choice["title"], message_id, selected=selected)
        raise Refused(f'nothing on the phone to tap that says "{title or payload}"')

    @staticmethod
    def _choices(phone: Phone) -> list[dict[str, Any]]:
        """What can be tapped now, newest first. Quick replies vanish as soon as another message follows; buttons stay."""
        choices: list[dict[str, Any]] = []
        for age, message in enumerate(reversed(phone.messages)):
            if age == 0:
                choices += [{"kind": "quick_reply", "message_id": message["id"], **option} for option in message.get("options", [])]
            for card in message.get("cards", []):
                choices += [{**button, "message_id": message["id"]} for button in card["buttons"]]
        return choices

    def delivers(self, line: LineT, consumer_id: str, body: dict[str, Any]) -> Acted:
        """The phone reports which of the brand's messages arrived: those that ``body`` names by ``ids``, or all that are only "sent"."""
        phone = self.peek(line, consumer_id)
        ids = body.get("ids")
        messages = phone.incoming("delivered") if ids is None else [m for m in phone.messages if m["direction"] == "in" and m["id"] in ids]
        if not messages:
            return Acted("", [])
        up_to_ms = messages[-1]["at_ms"] if ids else max(now_ms(), messages[-1]["at_ms"])
        phone.delivered_up_to_ms = max(phone.delivered_up_to_ms, up_to_ms)
        reported = self.report_delivered(line, phone, messages, body)
        self.changed(phone)
        return Acted(messages[-1]["id"], reported)

    def reads(self, line: LineT, consumer_id: str, body: dict[str, Any]) -> Acted:
        """The consumer looks at the chat: what came is read, up to the message ``body`` names by ``id``, or all of it."""
        phone = self.peek(line, consumer_id)
        last = phone.find(body["id"]) if body.get("id") else None
        messages = [m for m in phone.incoming("read") if last is None or m["at_ms"] <= last["at_ms"]]
        if not messages:
            return Acted("", [])
        up_to_ms = last["at_ms"] if last else max(now_ms(), messages[-1]["at_ms"])
        phone.read_up_to_ms = max(phone.read_up_to_ms, up_to_ms)
        reported = self.report_read(line, phone, messages)
        phone.mark(messages, "read")
        self.changed(phone)
        return Acted(messages[-1]["id"], reported)

    # ---- what the brand does -------------------------------------------------------------------------------------------------

    def lands(self, line: LineT, phone: Phone, kind: str, text: str, message_id: str = "", **fields: Any) -> Message:
        """A message of the brand arrives on the phone. The receipts that the phone sends by itself follow once the caller has answered."""
        message = phone.add(message_id or self.new_id(), "in", kind, text, **fields)
        self.kernel.ledger.record("phone.message", **self._who(phone), id=message["id"], text=text, type=kind)
        self._stop_typing(phone)
        self.changed(phone)
        loop = asyncio.get_running_loop()
        if line.auto_delivered and self.capabilities.delivered_receipts:
            loop.call_soon(self.delivers, line, phone.consumer_id, {})
        if line.auto_read and self.capabilities.read_receipts:
            loop.call_soon(self.reads, line, phone.consumer_id, {})
        return message

    def refuses(self, address: str, consumer_id: str, reason: str, **fields: Any) -> None:
        """Record that the vendor refused a message of the brand."""
        self.kernel.ledger.record("phone.refused", provider=self.slug, address=address, consumer=consumer_id, reason=reason, **fields)

    def brand_types(self, phone: Phone, on: bool) -> None:
        """Show, or take away, the brand's typing indicator."""
        self._stop_typing(phone)
        if on:
            phone.brand_is_typing = True
            key = phone.line.address, phone.consumer_id
            self._typing_ends[key] = asyncio.get_running_loop().call_later(self.brand_typing_s, self.brand_types, phone, False)
        self.changed(phone)

    def brand_saw(self, phone: Phone) -> None:
        """The brand read what the consumer wrote: the consumer's bubbles say so."""
        if phone.mark([m for m in phone.messages if m["direction"] == "out" and m["status"] != "failed"], "read"):
            self.changed(phone)

    def _stop_typing(self, phone: Phone) -> None:
        phone.brand_is_typing = False
        if timer := self._typing_ends.pop((phone.line.address, phone.consumer_id), None):
            timer.cancel()

    def _who(self, phone: Phone) -> dict[str, Any]:
        return {"provider": self.slug, "address": phone.line.address, "consumer": phone.consumer_id}

    def set_profile(self, phone: Phone, body: dict[str, Any]) -> Profile:
        """Change what the vendor knows about the consumer; the fields that ``body`` leaves out stay.

        Raises:
            ValueError: an unknown field.
        """
        unknown = set(body) - {"first_name", "last_name", "blocked"}
        if unknown:
            raise ValueError(f"unknown profile fields {sorted(unknown)}; known are first_name, last_name, blocked")
        phone.profile = Profile(**{**asdict(phone.profile), **body})
        self.changed(phone)
        return phone.profile

    def forget_phones(self) -> None:
        """Clear every transcript; the lines stay."""
        for timer in self._typing_ends.values():
            timer.cancel()
        self._typing_ends.clear()
        self.phones.clear()

    def queue(self, callback: Callback) -> Reported:
        """Hand ``callback`` to the courier."""
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.courier.post(callback, done)
        return [done]
