"""From the Messages API's callbacks to our vocabulary. One POST carries one message, or the status of one.

Source: https://developer.vonage.com/en/api/messages#inbound-message and #message-status (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from channels_app.providers._sms.inbound import is_web
from channels_app.providers._sms.numbers import profile
from channels_app.providers.vonage import wire
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.reasons import message_reason
from connector_platform.core import wire as json_wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import Content, File, InboundEvent, ParsedCallback, Receipt, ReceiptKind, Text, Unsupported

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message.text": "a text for the agent; an empty one becomes a line",
        "message.image": "a picture for the agent, with its caption",
        "message.audio": "a file for the agent",
        "message.video": "a file for the agent",
        "message.file": "a file for the agent",
        "message.vcard": "a file for the agent: a contact card",
        "message.content": "an MMS of several parts: each of them as if it came alone",
        "message.other": "a line for the agent that something came which cannot be shown",
        "keyword_stop": "an opt-out: a message of just a stop word",
        "keyword_start": "an opt-in: a message of just a start word",
        "status.submitted": "ignored: Vonage has passed it on",
        "status.delivered": "a receipt, delivered",
        "status.rejected": "a receipt, failed, with Vonage's reason",
        "status.undeliverable": "a receipt, failed, with Vonage's reason",
        "status.other": "ignored: a status that this channel does not know",
        "other_channel": "ignored: WhatsApp, Messenger, Viber or RCS, linked to the same application",
        "unreadable": "ignored: a callback that names nobody, or is of another form",
    }
)

_CHANNELS = ("sms", "mms")
_FAILED = ("rejected", "undeliverable")
_MAX_ITEMS = 50


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
    if json_wire.text(root, "channel") not in ("", *_CHANNELS):
        return ParsedCallback(ignored=("other_channel",))
    return _message(root, raw, config) if "message_type" in root else _status(root, raw)


def _message(root: dict[str, Any], raw: bytes, config: VonageConfig) -> ParsedCallback:
    person = wire.number(root, "from")
    if not person:
        return ParsedCallback(ignored=("unreadable",))
    source_id = json_wire.identifier(root, "message_uuid") or f"content:{json_wire.digest(raw.decode())}"
    return ParsedCallback(
        events=tuple(
            InboundEvent(
                consumer_id=person,
                source_id=f"{source_id}#{at}" if at else source_id,
                content=content,
                wire_type=wire_type,
                raw=raw,
                address=wire.number(root, "to"),
                occurred_at=wire.instant(json_wire.text(root, "timestamp")),
                profile=profile(person),
            )
            for at, (wire_type, content) in enumerate(_contents(root, config))
        )
    )


def _contents(root: dict[str, Any], config: VonageConfig) -> Iterator[tuple[str, Content]]:
    kind = json_wire.text(root, "message_type")
    if kind == "text":
        yield wire.words(json_wire.text(root, "text"), config)
        return
    # The words of an MMS come as its caption, or beside it.
    if beside := json_wire.text(root, "text"):
        yield "message.content", Text(text=beside)
    if kind == "content":
        items = [item for item in json_wire.items(root, "content")[:_MAX_ITEMS] if isinstance(item, dict)]
        yield from (("message.content", _item(json_wire.text(item, "type"), item)) for item in items)
        if not items and not beside:
            yield "message.content", _unknown("content")
        return
    content = _item(kind, json_wire.obj(root, kind))
    yield f"message.{kind}" if isinstance(content, File) else "message.other", content


def _item(kind: str, item: dict[str, Any]) -> Content:
    """One part of a message: a file, a text, or what cannot be shown."""
    url, file_kind = json_wire.text(item, "url"), wire.file_kind(kind)
    if file_kind is not None and is_web(url):
        name, caption = json_wire.text(item, "name")[:200], json_wire.text(item, "caption")
        return File(kind=file_kind, url=url, name=name or ("contact.vcf" if kind == "vcard" else ""), caption=caption)
    if kind == "text" and (words := json_wire.text(item, "text")):
        return Text(text=words)
    return _unknown(kind)


def _unknown(kind: str) -> Unsupported:
    return Unsupported(kind=json_wire.name(kind), description="sent something this channel cannot show")


def _status(root: dict[str, Any], raw: bytes) -> ParsedCallback:
    status, message_id = json_wire.text(root, "status"), json_wire.identifier(root, "message_uuid")
    if not message_id:
        return ParsedCallback(ignored=("unreadable",))
    if status != "delivered" and status not in _FAILED:
        return ParsedCallback(ignored=("status.submitted" if status == "submitted" else "status.other",))
    kind = ReceiptKind.DELIVERED if status == "delivered" else ReceiptKind.FAILED
    event = InboundEvent(
        # Named, so that the reports on all parts of a text are read one after another, in the person's lane.
        consumer_id=wire.number(root, "to"),
        source_id=f"status:{status}:{message_id}",
        content=Receipt(kind=kind, message_ids=(message_id,), reason="" if status == "delivered" else message_reason(root, status)),
        wire_type=f"status.{status}",
        raw=raw,
        address=wire.number(root, "from"),
        occurred_at=wire.instant(json_wire.text(root, "timestamp")),
    )
    return ParsedCallback(events=(event,))
