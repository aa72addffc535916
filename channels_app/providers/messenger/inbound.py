"""From Meta's webhook to our vocabulary. One POST carries up to 1000 events of several pages: each is read on its own.

Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any

from channels_app.providers.messenger import attachments, wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import (
    Content,
    InboundEvent,
    OptIn,
    ParsedCallback,
    Receipt,
    ReceiptKind,
    Selection,
    Text,
    Unsupported,
)

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message.text": "a text for the agent; a quoted message is named",
        "message.quick_reply": "a selection: title and payload of the quick reply",
        **attachments.EVENT_TYPES,
        "message.empty": "a note for the agent that something came which cannot be shown",
        "message.echo": "ignored: a copy of what the page wrote",
        "message_edit": "a text for the agent, marked as an edit",
        "postback": "a selection: title and payload of the button",
        "referral": "an opt-in with the link's reference: the person opened the thread by a link or an ad",
        "optin": "an opt-in with the plug-in's reference",
        "optin.notification_messages": "ignored: a token for marketing messages, which this channel does not send",
        "delivery": "a receipt: delivered, by message ids or up to the watermark",
        "read": "a receipt: read up to the watermark",
        "reaction": "a note for the agent: reacted, or took the reaction back",
        "standby": "ignored: another app holds the conversation",
        "changes": "ignored: the page's feed, or the dashboard's test button",
        "pass_thread_control": "ignored: handover between apps",
        "take_thread_control": "ignored: handover between apps",
        "request_thread_control": "ignored: handover between apps",
        "app_roles": "ignored: handover between apps",
        "policy_enforcement": "ignored: a warning by Meta to the page; operators see it at Meta",
        "account_linking": "ignored: login by a button of another system",
        "message_context": "ignored: what the person looked at",
        "object.instagram": "ignored: Instagram events of the same Meta app",
        "object.whatsapp_business_account": "ignored: WhatsApp events of the same Meta app",
        "unreadable": "ignored: an event that names no person or no page, or is no event",
    }
)

# Beside the event's own key stand these; the first key that is none of them names an unknown event.
_ENVELOPE = frozenset({"sender", "recipient", "timestamp", "hop_context", "prior_message"})
_ENTRY_ENVELOPE = frozenset({"id", "time", "messaging", "hop_context"})

Made = tuple[str, str, Content]
"""Wire type, source id, content."""


@dataclass(frozen=True, slots=True)
class _Event:
    """One element of ``messaging`` whose sender and page are known."""

    data: dict[str, Any]
    consumer_id: str
    occurred_at: datetime | None

    @property
    def stamp(self) -> str:
        return wire.digits(self.data, "timestamp")


class _Ignored(Exception):
    """This event is understood and left aside; the argument is its wire type."""


def parse(body: bytes) -> ParsedCallback:
    """Every event of ``body``, in its order, tagged with its page; what is left aside is named.

    Raises:
        PayloadMalformed: not JSON, or not Meta's envelope.
    """
    root = wire.decode(body)
    kind = wire.text(root, "object")
    if not kind:
        raise PayloadMalformed("the body is not a webhook of Meta: it has no object")
    if kind != "page":
        return ParsedCallback(ignored=(f"object.{wire.name(kind)}",))
    if not isinstance(root.get("entry"), list):
        raise PayloadMalformed("the body is not a webhook of Meta: it has no entry")
    events: list[InboundEvent] = []
    ignored: list[str] = []
    for entry in root["entry"]:
        _read_entry(entry, events, ignored)
    return ParsedCallback(events=tuple(events), ignored=tuple(ignored))


def _read_entry(entry: Any, events: list[InboundEvent], ignored: list[str]) -> None:
    others = [wire.name(key) for key in entry if key not in _ENTRY_ENVELOPE] if isinstance(entry, dict) else ["unreadable"]
    ignored.extend(others)
    page_id = wire.identifier(entry, "id")
    messaging = wire.items(entry, "messaging")
    if not messaging and not others:
        ignored.append("unreadable")
    for data in messaging:
        try:
            events.extend(_read_event(data, page_id))
        except _Ignored as reason:
            ignored.append(str(reason))
        except RecursionError:
            # Just shallow enough to be read, too deep to be written again.
            ignored.append("unreadable")


def _read_event(data: Any, page_id: str) -> list[InboundEvent]:
    if not isinstance(data, dict):
        raise _Ignored("unreadable")
    key = next((key for key in _READERS if key in data), "")
    if not key:
        # Left aside by name: handover, policy, account linking, and what Meta may invent tomorrow.
        other = next((key for key in data if key not in _ENVELOPE), "")
        raise _Ignored(wire.name(other) if other else "unreadable")
    consumer_id = wire.identifier(wire.obj(data, "sender"), "id")
    if key == "message" and (wire.obj(data, "message").get("is_echo") is True or (consumer_id and consumer_id == page_id)):
        raise _Ignored("message.echo")
    if not consumer_id or not page_id:
        raise _Ignored("unreadable")
    if consumer_id == page_id:
        raise _Ignored(key)
    event = _Event(data=data, consumer_id=consumer_id, occurred_at=wire.instant(data, "timestamp"))
    made = list(_READERS[key](event))
    raw = wire.dump(data)
    return [
        InboundEvent(
            consumer_id=consumer_id,
            source_id=source_id,
            content=content,
            wire_type=wire_type,
            raw=raw,
            address=page_id,
            occurred_at=event.occurred_at,
        )
        for wire_type, source_id, content in made
    ]


def _message(event: _Event) -> Iterator[Made]:
    """Text first, then the attachments; the first part is known by the message id, the others by ``mid#1``, ``mid#2`` ..."""
    message = wire.obj(event.data, "message")
    words = wire.text(message, "text")
    reply_to = wire.identifier(wire.obj(message, "reply_to"), "mid")
    parts: list[tuple[str, Content]] = []
    if isinstance(message.get("quick_reply"), dict):
        payload = wire.text(message["quick_reply"], "payload")
        parts.append(("message.quick_reply", Selection(payload=payload, title=words, message_id=reply_to)))
    elif words:
        parts.append(("message.text", Text(text=words, reply_to=reply_to)))
    parts.extend(attachments.read(wire.items(message, "attachments"), has_text=bool(words)))
    if not parts:
        parts.append(("message.empty", Unsupported(kind="message", description="sent something this channel cannot show")))
    mid = wire.identifier(message, "mid") or f"message:{event.consumer_id}:{event.stamp}:{wire.digest(words)}"
    for index, (wire_type, content) in enumerate(parts):
        yield wire_type, f"{mid}#{index}" if index else mid, content


def _message_edit(event: _Event) -> Iterator[Made]:
    edit = wire.obj(event.data, "message_edit")
    mid = wire.identifier(edit, "mid")
    if not mid:
        raise _Ignored("message_edit")
    words = wire.text(edit, "text")
    # Meta writes num_edit as a number or as text.
    source_id = f"edit:{mid}:{wire.digits(edit, 'num_edit') or event.stamp}"
    yield "message_edit", source_id, Text(text=f"✎ edited: {words}" if words else "✎ edited: (no text)", reply_to=mid)


def _postback(event: _Event) -> Iterator[Made]:
    postback = wire.obj(event.data, "postback")
    payload = wire.text(postback, "payload")
    # Old payloads have no mid.
    mid = wire.identifier(postback, "mid") or f"postback:{event.consumer_id}:{event.stamp}:{wire.digest(payload)}"
    yield "postback", mid, Selection(payload=payload, title=wire.text(postback, "title"))


def _referral(event: _Event) -> Iterator[Made]:
    yield _reference("referral", event, wire.obj(event.data, "referral"))


def _optin(event: _Event) -> Iterator[Made]:
    optin = wire.obj(event.data, "optin")
    kind = wire.text(optin, "type")
    if kind:
        raise _Ignored(f"optin.{wire.name(kind)}")
    yield _reference("optin", event, optin)


def _reference(wire_type: str, event: _Event, data: dict[str, Any]) -> Made:
    reference = wire.text(data, "ref") or wire.identifier(data, "ad_id")
    return wire_type, f"{wire_type}:{event.consumer_id}:{event.stamp}:{wire.digest(reference)}", OptIn(reference=reference)


def _delivery(event: _Event) -> Iterator[Made]:
    delivery = wire.obj(event.data, "delivery")
    mids = tuple(wire.storable(mid)[:200] for mid in wire.items(delivery, "mids") if isinstance(mid, str) and mid)
    watermark_at = wire.instant(delivery, "watermark")
    if not mids and watermark_at is None:
        raise _Ignored("delivery")
    # Two deliveries of one millisecond differ in their mids only.
    source_id = f"delivery:{event.consumer_id}:{wire.digits(delivery, 'watermark')}" + (f":{wire.digest(' '.join(mids))}" if mids else "")
    yield "delivery", source_id, Receipt(kind=ReceiptKind.DELIVERED, message_ids=mids, watermark_at=watermark_at)


def _read(event: _Event) -> Iterator[Made]:
    read = wire.obj(event.data, "read")
    watermark_at = wire.instant(read, "watermark")
    if watermark_at is None:
        raise _Ignored("read")
    source_id = f"read:{event.consumer_id}:{wire.digits(read, 'watermark')}"
    yield "read", source_id, Receipt(kind=ReceiptKind.READ, watermark_at=watermark_at)


def _reaction(event: _Event) -> Iterator[Made]:
    reaction = wire.obj(event.data, "reaction")
    mid, action = wire.identifier(reaction, "mid"), wire.text(reaction, "action")
    if not mid:
        raise _Ignored("reaction")
    removed = action == "unreact"
    shown = wire.text(reaction, "emoji") or wire.text(reaction, "reaction") or "an emoji"
    source_id = f"reaction:{mid}:{event.consumer_id}:{wire.name(action)}:{event.stamp}"
    description = "took a reaction back" if removed else f"reacted with {shown[:32]}"
    yield "reaction", source_id, Unsupported(kind="reaction_removed" if removed else "reaction", description=description)


# In this order: an event may carry a second key that only annotates the first (a postback's referral).
_READERS: Mapping[str, Callable[[_Event], Iterator[Made]]] = {
    "message": _message,
    "message_edit": _message_edit,
    "postback": _postback,
    "reaction": _reaction,
    "delivery": _delivery,
    "read": _read,
    "optin": _optin,
    "referral": _referral,
}
