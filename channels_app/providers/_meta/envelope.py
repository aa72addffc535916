"""Meta's webhook envelope: one POST carries up to 1000 events of several accounts, each of which is read on its own.

Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from channels_app.providers._meta import wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import Content, InboundEvent, ParsedCallback, Profile

# Beside the event's own key stand these; the first key that is none of them names an unknown event.
_ENVELOPE = frozenset({"sender", "recipient", "timestamp", "hop_context", "prior_message"})
_ENTRY_ENVELOPE = frozenset({"id", "time", "messaging", "hop_context"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Made:
    """What a reader makes of an event. ``reference``: what brought the person here, where the event tells."""

    wire_type: str
    source_id: str
    content: Content
    reference: str = ""


@dataclass(frozen=True, slots=True)
class Event:
    """One element of ``messaging`` whose person and account are known."""

    data: dict[str, Any]
    consumer_id: str
    occurred_at: datetime | None

    @property
    def stamp(self) -> str:
        """Its time in digits, as written."""
        return wire.digits(self.data, "timestamp")


class Ignored(Exception):
    """This event is understood and left aside; the argument is its wire type."""


Readers = Mapping[str, Callable[[Event], Iterator[Made]]]
"""By the event's own key, in the order of looking: an event may carry a second key that only annotates the first."""


def parse(body: bytes, kind: str, readers: Readers) -> ParsedCallback:
    """Every event of ``body``, in its order, tagged with its account; what is left aside is named.

    ``kind`` is the webhook object that the channel speaks (``page``, ``instagram``); one Meta app may send several to one address.

    Raises:
        PayloadMalformed: not JSON, or not Meta's envelope.
    """
    events: list[InboundEvent] = []
    entries, ignored = opened(body, kind)
    for entry in entries:
        _read_entry(entry, readers, events, ignored)
    return ParsedCallback(events=tuple(events), ignored=tuple(ignored))


def opened(body: bytes, kind: str) -> tuple[list[Any], list[str]]:
    """The entries of ``body`` where it is a webhook for objects of ``kind``; else none, and the name of what is left aside.

    Raises:
        PayloadMalformed: not JSON, or not Meta's envelope.
    """
    root = wire.decode(body)
    found = wire.text(root, "object")
    if not found:
        raise PayloadMalformed("the body is not a webhook of Meta: it has no object")
    if found != kind:
        return [], [f"object.{wire.name(found)}"]
    if not isinstance(root.get("entry"), list):
        raise PayloadMalformed("the body is not a webhook of Meta: it has no entry")
    return root["entry"], []


def _read_entry(entry: Any, readers: Readers, events: list[InboundEvent], ignored: list[str]) -> None:
    others = [wire.name(key) for key in entry if key not in _ENTRY_ENVELOPE] if isinstance(entry, dict) else ["unreadable"]
    ignored.extend(others)
    account_id = wire.identifier(entry, "id")
    messaging = wire.items(entry, "messaging")
    if not messaging and not others:
        ignored.append("unreadable")
    for data in messaging:
        try:
            events.extend(_read_event(data, account_id, readers))
        except Ignored as reason:
            ignored.append(str(reason))
        except RecursionError:
            # Just shallow enough to be read, too deep to be written again.
            ignored.append("unreadable")


def _read_event(data: Any, account_id: str, readers: Readers) -> list[InboundEvent]:
    if not isinstance(data, dict):
        raise Ignored("unreadable")
    key = next((key for key in readers if key in data), "")
    if not key:
        # Left aside by name: handover, policy, account linking, and what Meta may invent tomorrow.
        other = next((key for key in data if key not in _ENVELOPE), "")
        raise Ignored(wire.name(other) if other else "unreadable")
    sender = wire.obj(data, "sender")
    consumer_id = wire.identifier(sender, "id")
    if key == "message" and (wire.obj(data, "message").get("is_echo") is True or (consumer_id and consumer_id == account_id)):
        raise Ignored("message.echo")
    if not consumer_id and account_id and wire.identifier(sender, "user_ref"):
        raise Ignored(f"{key}.user_ref")
    if not consumer_id or not account_id:
        raise Ignored("unreadable")
    if consumer_id == account_id:
        raise Ignored(key)
    event = Event(data=data, consumer_id=consumer_id, occurred_at=wire.instant(data, "timestamp"))
    made = list(readers[key](event))
    raw = wire.dump(data)
    return [
        InboundEvent(
            consumer_id=consumer_id,
            source_id=one.source_id,
            content=one.content,
            wire_type=one.wire_type,
            raw=raw,
            address=account_id,
            occurred_at=event.occurred_at,
            profile=Profile(reference=one.reference) if one.reference else None,
        )
        for one in made
    ]
