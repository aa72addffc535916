"""From the Messages API's callbacks to our vocabulary. One POST carries one message, or the status of one.

Source: https://developer.vonage.com/en/api/messages#inbound-message and #message-status,
https://developer.vonage.com/en/messages/concepts/whatsapp/wa-status-callbacks (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import Any

from channels_app.providers._meta.whatsapp.templates import offered
from channels_app.providers._sms.inbound import opted_out
from channels_app.providers._sms.numbers import profile
from channels_app.providers.vonage import messages, wire
from channels_app.providers.vonage.config import Kind, VonageConfig
from channels_app.providers.vonage.reasons import AGAIN, OPTED_OUT, OUTSIDE_WINDOW, error_code, message_reason
from connector_platform.core import wire as json_wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import InboundEvent, ParsedCallback, Profile, Receipt, ReceiptKind

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        **messages.EVENT_TYPES,
        "status.submitted": "ignored: Vonage has passed it on",
        "status.delivered": "a receipt, delivered",
        "status.read": "a receipt, read; SMS has none",
        "status.rejected": "a receipt, failed, with Vonage's reason",
        "status.undeliverable": "a receipt, failed, with Vonage's reason",
        "status.opted_out": "an opt-out, beside the receipt: the person had sent STOP to Vonage or the carrier",
        "status.other": "ignored: a status that this channel does not know",
        "other_channel": "ignored: it is for a sender of another kind, linked to the same application",
        "unreadable": "ignored: a callback that names nobody, or is of another form",
    }
)

CHANNELS: Mapping[Kind, tuple[str, ...]] = {
    "sms": ("sms", "mms", ""),
    "whatsapp": ("whatsapp",),
    "rcs": ("rcs",),
    "viber": ("viber_service",),
    "messenger": ("messenger",),
}
"""What Vonage calls the channels that a kind of sender has."""

_RECEIPTS = {
    "delivered": ReceiptKind.DELIVERED,
    "read": ReceiptKind.READ,
    "rejected": ReceiptKind.FAILED,
    "undeliverable": ReceiptKind.FAILED,
}


def parse(body: bytes, config: VonageConfig) -> ParsedCallback:
    """What the callback in ``body`` says. Both kinds are told apart by what they hold, whichever address they were sent to.

    Raises:
        PayloadMalformed: not JSON, or no object. Answered 200: Vonage repeats whatever is not for a day.
    """
    root = json_wire.decode(body, refusal_status=200)
    if not isinstance(root, dict):
        raise PayloadMalformed("the body is no object", status=200)
    try:
        raw = json_wire.dump(root)
    except RecursionError:
        # Just shallow enough to be read, too deep to be written again.
        return ParsedCallback(ignored=("unreadable",))
    if "message_type" not in root and "status" not in root:
        return ParsedCallback(ignored=("unreadable",))
    if json_wire.text(root, "channel") not in CHANNELS[config.kind]:
        return ParsedCallback(ignored=("other_channel",))
    return _message(root, raw, config) if "message_type" in root else _status(root, raw, config)


def _message(root: dict[str, Any], raw: bytes, config: VonageConfig) -> ParsedCallback:
    person = wire.number(root, "from")
    if not person:
        return ParsedCallback(ignored=("unreadable",))
    message_id = json_wire.identifier(root, "message_uuid") or f"content:{json_wire.digest(raw.decode())}"
    events: list[InboundEvent] = []
    parts = 0
    for wire_type, word, content in messages.read(root, config):
        source_id = f"{word}:{message_id}" if word else f"{message_id}#{parts}" if parts else message_id
        parts += not word
        event = InboundEvent(
            consumer_id=person,
            source_id=source_id,
            content=content,
            wire_type=wire_type,
            raw=raw,
            address=_address(root, "to", config),
            occurred_at=wire.instant(json_wire.text(root, "timestamp")),
            profile=_profile(root, person, config),
        )
        events.append(event)
    return ParsedCallback(events=tuple(events))


def _profile(root: dict[str, Any], person: str, config: VonageConfig) -> Profile | None:
    """The number, and on WhatsApp the name that the person chose and what brought the person here. A page's people have no number."""
    known = profile(person) if config.kind != "messenger" else None
    shown, came_by = json_wire.obj(root, "profile"), messages.reference(root)
    name, username = json_wire.text(shown, "name")[:200], json_wire.text(shown, "username")[:100]
    if not (name or username or came_by):
        return known
    return replace(known or Profile(), name=name, username=username, reference=came_by)


def _address(root: dict[str, Any], key: str, config: VonageConfig) -> str:
    sender = wire.number(root, key)
    return sender if config.kind == "sms" or not sender else f"{config.kind}:{sender}"


def _status(root: dict[str, Any], raw: bytes, config: VonageConfig) -> ParsedCallback:
    status, message_id = json_wire.text(root, "status"), json_wire.identifier(root, "message_uuid")
    if not message_id:
        return ParsedCallback(ignored=("unreadable",))
    kind = _RECEIPTS.get(status)
    if kind is None:
        return ParsedCallback(ignored=("status.submitted" if status == "submitted" else "status.other",))
    content, code = Receipt(kind=kind, message_ids=(message_id,)), error_code(root)
    if kind is ReceiptKind.FAILED:
        content = replace(content, reason=_reason(root, status, config), again=AGAIN.get(code, 0))
    event = InboundEvent(
        # Named, so that the reports on all parts of a text are read one after another, in the person's lane.
        consumer_id=wire.number(root, "to"),
        source_id=f"status:{status}:{message_id}",
        content=content,
        wire_type=f"status.{status}",
        raw=raw,
        address=_address(root, "from", config),
        occurred_at=wire.instant(json_wire.text(root, "timestamp")),
    )
    if kind is not ReceiptKind.FAILED or code != OPTED_OUT:
        return ParsedCallback(events=(event,))
    return ParsedCallback(events=(event, *opted_out(event, at="Vonage", wire_type="status.opted_out")))


def _reason(root: dict[str, Any], status: str, config: VonageConfig) -> str:
    """Why the message did not arrive; outside of WhatsApp's window with the templates that could go."""
    reason = message_reason(root, status)
    if config.kind == "whatsapp" and error_code(root) == OUTSIDE_WINDOW:
        return f"{reason}. {offered(config)}"
    return reason
