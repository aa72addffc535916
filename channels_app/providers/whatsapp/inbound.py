"""From Meta's webhook to our vocabulary. One POST may carry several business accounts, numbers, messages and statuses: each is read on its own.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from channels_app.providers._meta import wire
from channels_app.providers._meta.envelope import opened
from channels_app.providers.whatsapp import messages
from channels_app.providers.whatsapp.config import WhatsAppAppConfig
from channels_app.providers.whatsapp.errors import failure
from channels_app.providers.whatsapp.people import Person, person_of
from connector_platform.core.events import Content, InboundEvent, OptIn, OptOut, ParsedCallback, Receipt, ReceiptKind

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        **messages.EVENT_TYPES,
        "message.group": "ignored: what is said in a group is no conversation with the brand",
        "status.delivered": "a receipt: delivered",
        "status.read": "a receipt: read",
        "status.played": "a receipt: a voice message was listened to, which is read",
        "status.failed": "a receipt: not delivered, with Meta's reason in our words",
        "status.sent": "ignored: Meta has taken the message, which its answer said already",
        "status.deleted": "ignored: the person deleted our message",
        "status.warning": "ignored: Meta warns of something in our message, which went out",
        "user_preferences.stop": "an opt-out of advertisements; answers still go out",
        "user_preferences.resume": "an opt-in to advertisements",
        "user_preferences.signup": "an opt-in to advertisements",
        "value.errors": "ignored: a failure of the business account; operators see it in WhatsApp Manager",
        "field.smb_message_echoes": "ignored: copies of what the brand wrote in the phone's own app",
        "field.account_update": "ignored: the business account changed",
        "field.account_alerts": "ignored: Meta warns the business account",
        "field.calls": "ignored: voice calls",
        "field.message_template_status_update": "ignored: a template was approved, paused or refused; “Test connection” tells",
        "field.phone_number_quality_update": "ignored: the number's quality changed; “Test connection” tells",
        "object.page": "ignored: Messenger events of the same Meta app",
        "object.instagram": "ignored: Instagram events of the same Meta app",
        "unreadable": "ignored: an event that names no person or no number, or is no event",
    }
)

_RECEIPTS = {"delivered": ReceiptKind.DELIVERED, "read": ReceiptKind.READ, "played": ReceiptKind.READ, "failed": ReceiptKind.FAILED}

Found = Iterator[InboundEvent | str]
"""Events, and the names of what is left aside."""


def parse(body: bytes, config: WhatsAppAppConfig) -> ParsedCallback:
    """Every event of ``body``, in its order, tagged with its phone number id; what is left aside is named.

    Raises:
        PayloadMalformed: not JSON, or not Meta's envelope.
    """
    events: list[InboundEvent] = []
    entries, ignored = opened(body, "whatsapp_business_account")
    for entry in entries:
        for change in wire.items(entry, "changes") or [None]:
            for found in _read_change(change, config):
                if isinstance(found, str):
                    ignored.append(found)
                else:
                    events.append(found)
    return ParsedCallback(events=tuple(events), ignored=tuple(ignored))


def _read_change(change: Any, config: WhatsAppAppConfig) -> Found:
    field, value = wire.text(change, "field"), wire.obj(change, "value")
    if field not in _READERS:
        yield f"field.{wire.name(field)}" if field else "unreadable"
        return
    address = wire.identifier(wire.obj(value, "metadata"), "phone_number_id")
    found_any = False
    for key in _READERS[field]:
        for data in wire.items(value, key):
            found_any = True
            if not isinstance(data, dict) or not address:
                yield "unreadable"
                continue
            try:
                yield from list(_read(key, data, value, config, address))
            except RecursionError:
                # Just shallow enough to be read, too deep to be written again.
                yield "unreadable"
    if wire.items(value, "errors"):
        yield "value.errors"
    elif not found_any:
        yield "unreadable"


def _read(key: str, data: dict[str, Any], value: dict[str, Any], config: WhatsAppAppConfig, address: str) -> Found:
    raw = wire.dump(data)
    match key:
        case "messages":
            found = _read_message(data, value, config)
        case "statuses":
            found = _read_status(data)
        case _:
            found = _read_preference(data, value)
    for one in found:
        yield one if isinstance(one, str) else replace(one, address=address, raw=raw, occurred_at=wire.instant(data, "timestamp"))


def _read_message(data: dict[str, Any], value: dict[str, Any], config: WhatsAppAppConfig) -> Found:
    if wire.identifier(data, "group_id"):
        yield "message.group"
        return
    person = person_of(data, wire.items(value, "contacts"))
    message_id = wire.identifier(data, "id")
    if person is None or not message_id:
        yield "unreadable"
        return
    profile = replace(person.profile, reference=messages.reference(data))
    for wire_type, suffix, content in messages.read(data, config):
        if content is None:
            yield wire_type
        else:
            source_id = f"{message_id}{suffix}" if not suffix or suffix.startswith("#") else f"{suffix}:{message_id}"
            yield _event(person, source_id, wire_type, content, profile=profile)


def _read_status(data: dict[str, Any]) -> Found:
    """What became of a message of ours. The message tells whose it was: a status may name the person by another id than the messages do."""
    message_id, status = wire.identifier(data, "id"), wire.name(wire.text(data, "status"))
    kind = _RECEIPTS.get(status)
    if kind is None or not message_id:
        yield f"status.{status}" if message_id else "unreadable"
        return
    failed = kind is ReceiptKind.FAILED
    content = failure(message_id, wire.items(data, "errors")) if failed else Receipt(kind=kind, message_ids=(message_id,))
    yield _event(None, f"status:{status}:{message_id}", f"status.{status}", content)


def _read_preference(data: dict[str, Any], value: dict[str, Any]) -> Found:
    person = person_of(data, wire.items(value, "contacts"))
    if person is None:
        yield "unreadable"
        return
    wish = wire.name(wire.text(data, "value").lower())
    if wish not in ("stop", "resume", "signup"):
        yield f"user_preferences.{wish}"
        return
    content: Content = OptOut(reason="marketing", marketing_only=True) if wish == "stop" else OptIn(marketing_only=True)
    source_id = f"preference:{person.id}:{wish}:{wire.identifier(data, 'timestamp')}"
    yield _event(person, source_id, f"user_preferences.{wish}", content, profile=person.profile)


_READERS: Mapping[str, tuple[str, ...]] = {"messages": ("messages", "statuses"), "user_preferences": ("user_preferences",)}
"""Which lists the value of a field holds."""


def _event(person: Person | None, source_id: str, wire_type: str, content: Content, **more: Any) -> InboundEvent:
    return InboundEvent(consumer_id=person.id if person else "", source_id=source_id, wire_type=wire_type, content=content, raw=b"", **more)
