"""From the Channels API's callbacks to events: what a person wrote (``sms.inbound``), and what became of ours (``sms.outbound``).

Source: https://docs.bird.com/api/channels-api/supported-channels/programmable-sms/receiving-messages (the callback and a text),
.../message-status-and-interactions and its pages on failures (read 2026-11). Pictures and files of an MMS come in the form of the other channels'
pages (.../programmable-whatsapp): the page on SMS shows none. That code 103 of the SMS platform and the word ``opted_out`` are an opt-out is the
REST API's; it is not proven here.
"""

from __future__ import annotations

import mimetypes
import urllib.parse
from typing import Any

from channels_app.providers._sms.inbound import EMPTY, consent, in_parts, is_web, opted_out
from channels_app.providers._sms.numbers import canonical_number, profile
from channels_app.providers.base import CallbackRequest
from channels_app.providers.bird.channels_api.errors import FAILED, SMS_PLATFORM, failure_reason
from channels_app.providers.bird.config import BirdConfig
from channels_app.providers.bird.errors import OPTED_OUT, reason_key
from channels_app.providers.bird.inbound import instant
from connector_platform.core import wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import (
    Content,
    File,
    FileKind,
    InboundEvent,
    OptOut,
    ParsedCallback,
    Receipt,
    ReceiptKind,
    Text,
    Unsupported,
)
from connector_platform.core.rich import in_lines

EVENT_TYPES = {
    "bird_message": "Text; an empty one becomes a line for the agent",
    "bird_image": "Text for its title and words, a File for each picture",
    "bird_file": "Text for its words, a File for each file",
    "bird_keyword_stop": "OptOut: a message of just a stop word",
    "bird_keyword_start": "OptIn: a message of just a start word",
    "bird_unknown": "Unsupported: a person sent it, but its body is of a kind that we do not know",
    "bird_status_delivered": "Receipt, delivered",
    "bird_status_failed": "Receipt, failed, with the reason in words",
    "bird_status_opted_out": "OptOut beside the failed receipt: the recipient had sent a stop word to Bird",
    "bird_status_pending": "ignored: on its way",
    "bird_status_unknown": "ignored: a status that we do not know",
    "bird_other_event": "ignored: an event of another kind, which a webhook of the operator's own may send here",
}

_PENDING = frozenset({"accepted", "scheduled", "processing", "sent"})
_FILE_KINDS = {"image": FileKind.IMAGE, "video": FileKind.VIDEO, "audio": FileKind.AUDIO}


def parse(request: CallbackRequest, config: BirdConfig) -> ParsedCallback:
    """The events of a callback.

    Raises:
        PayloadMalformed: it is no JSON object, or does not say what identifies it. Answered 200: Bird would repeat it in vain.
    """
    body = wire.decode(request.body, refusal_status=200)
    if not isinstance(body, dict):
        raise PayloadMalformed("the callback is no JSON object", status=200)
    payload = wire.obj(body, "payload")
    match wire.text(body, "service"), wire.text(body, "event"):
        case "channels", "sms.inbound":
            return _message(payload, config, request.body)
        case "channels", "sms.outbound":
            return _status(payload, request.body)
        case _:
            return ParsedCallback(ignored=("bird_other_event",))


def _message(payload: dict[str, Any], config: BirdConfig, raw: bytes) -> ParsedCallback:
    message_id = wire.identifier(payload, "id")
    sender = canonical_number(wire.text(wire.obj(wire.obj(payload, "sender"), "contact"), "identifierValue"))
    if not message_id or not sender:
        raise PayloadMalformed("the message's id or its sender is missing", status=200)
    wire_type, contents = _contents(wire.obj(payload, "body"), config)
    first = InboundEvent(
        consumer_id=sender,
        source_id=message_id,
        content=contents[0],
        wire_type=wire_type,
        raw=raw,
        # A webhook without a filter tells of every SMS channel of the workspace.
        address=wire.identifier(payload, "channelId"),
        occurred_at=instant(wire.text(payload, "createdAt")),
        profile=profile(sender),
    )
    return ParsedCallback(events=in_parts(first, contents))


def _contents(body: dict[str, Any], config: BirdConfig) -> tuple[str, list[Content]]:
    kind = wire.text(body, "type")
    part = wire.obj(body, kind)
    words = in_lines((wire.text(part, "title").strip(), wire.text(part, "text").replace("\r\n", "\n").strip()))
    if kind == "text" and "text" in part:
        if wish := consent(words, stop=config.stop_keywords, start=config.start_keywords):
            return "bird_keyword_stop" if isinstance(wish, OptOut) else "bird_keyword_start", [wish]
        return "bird_message", [Text(text=words) if words else EMPTY]
    if kind in ("image", "file"):
        media = [item for item in wire.items(part, f"{kind}s") if is_web(wire.text(item, "mediaUrl").strip())]
        if media:
            return f"bird_{kind}", [*([Text(text=words)] if words else []), *(_file(item, is_image=kind == "image") for item in media)]
    return "bird_unknown", [Unsupported(kind="unknown", description="sent something this channel cannot show")]


def _file(item: Any, *, is_image: bool) -> File:
    url = wire.text(item, "mediaUrl").strip()
    name = wire.text(item, "filename").strip()[:100] or urllib.parse.urlsplit(url).path.rpartition("/")[2][:100]
    mime_type = (wire.text(item, "contentType").strip().lower() or mimetypes.guess_type(name)[0] or "")[:100]
    kind = FileKind.IMAGE if is_image else _FILE_KINDS.get(mime_type.partition("/")[0], FileKind.DOCUMENT)
    return File(kind=kind, url=url, mime_type=mime_type, name=name)


def _status(payload: dict[str, Any], raw: bytes) -> ParsedCallback:
    message_id, status = wire.identifier(payload, "id"), wire.text(payload, "status").strip().lower()
    if not message_id or not status:
        raise PayloadMalformed("the report's id or its status is missing", status=200)
    if status in _PENDING:
        return ParsedCallback(ignored=("bird_status_pending",))
    if status != "delivered" and status not in FAILED:
        return ParsedCallback(ignored=("bird_status_unknown",))
    kind = ReceiptKind.DELIVERED if status == "delivered" else ReceiptKind.FAILED
    failure = wire.obj(payload, "failure")
    source = wire.obj(failure, "source")
    platform, network_code = wire.text(source, "name"), wire.identifier(source, "code")
    details = wire.text(payload, "details")
    reason = failure_reason(status, wire.identifier(failure, "code"), platform, network_code, details)
    contacts = wire.items(wire.obj(payload, "receiver"), "contacts")
    receipt = InboundEvent(
        consumer_id=canonical_number(wire.text(contacts[0], "identifierValue")) if contacts else "",
        source_id=f"status:{kind.value}:{message_id}",
        content=Receipt(kind=kind, message_ids=(message_id,), reason=reason if kind is ReceiptKind.FAILED else ""),
        wire_type=f"bird_status_{kind.value}",
        raw=raw,
        address=wire.identifier(payload, "channelId"),
        occurred_at=instant(wire.text(payload, "lastStatusAt")),
    )
    is_opted_out = (platform, network_code) == (SMS_PLATFORM, OPTED_OUT) or reason_key(details) == "opted_out"
    if kind is ReceiptKind.DELIVERED or not is_opted_out:
        return ParsedCallback(events=(receipt,))
    opt_out = opted_out(receipt, at="Bird", wire_type="bird_status_opted_out", source_id=f"status:opted_out:{message_id}")
    return ParsedCallback(events=(receipt, *opt_out))
