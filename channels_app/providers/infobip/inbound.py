"""From Infobip's callbacks to events: messages and delivery reports, several in one body.

Source: the models SmsInboundMessageResult and SmsDeliveryResult of infobip-api-python-client 6.0.0; for MMS Infobip's OpenAPI 3.210.0
(webhooks receive-inbound-mms-messages, receive-outbound-mms-message-delivery-reports), read 2026-11.
"""

from __future__ import annotations

import mimetypes
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from channels_app.providers._sms.inbound import EMPTY, consent, in_parts, is_web, opted_out
from channels_app.providers._sms.numbers import canonical_number, profile
from channels_app.providers.infobip.config import InfobipConfig
from channels_app.providers.infobip.errors import group_of
from channels_app.providers.infobip.reasons import AGAIN, has_opted_out, passes, reason
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

EVENT_TYPES = {
    "message": "Text; an empty one becomes a line for the agent",
    "mms": "Text for its words, a File for each picture or file",
    "keyword_stop": "OptOut: a message of just a stop word",
    "keyword_start": "OptIn: a message of just a start word",
    "unknown": "Unsupported: a person sent it, but it has neither text nor parts",
    "report_delivered": "Receipt, delivered",
    "report_failed": "Receipt, failed, with the reason in words",
    "report_opted_out": "OptOut behind the failed receipt: the person had sent a stop word to the operator",
    "report_pending": "ignored: on its way",
    "report_unknown": "ignored: a status group that we do not know",
    "unreadable": "ignored: without the id or the sender that it needs",
    "no_results": "ignored: a callback without results",
}

_FILE_KINDS = {"image": FileKind.IMAGE, "video": FileKind.VIDEO, "audio": FileKind.AUDIO}
# How a phone lays the parts of an MMS out; nothing that a person wrote.
_LAYOUT = "application/smil"
_FAILED = ("UNDELIVERABLE", "EXPIRED", "REJECTED")


def parse(body: bytes, config: InfobipConfig) -> ParsedCallback:
    """Every message and report of a callback, in its order.

    Raises:
        PayloadMalformed: it is not JSON or has no ``results``. Answered 200: Infobip would repeat it in vain.
    """
    document = wire.decode(body, refusal_status=200)
    if not isinstance(document, dict) or not isinstance(document.get("results"), list):
        raise PayloadMalformed("the body has no results", status=200)
    events: list[InboundEvent] = []
    ignored: list[str] = [] if document["results"] else ["no_results"]
    for result in document["results"]:
        found = _report(result) if wire.obj(result, "status") else _message(result, config)
        if isinstance(found, str):
            ignored.append(found)
        else:
            events += found
    return ParsedCallback(events=tuple(events), ignored=tuple(ignored))


def _message(result: Any, config: InfobipConfig) -> list[InboundEvent] | str:
    """The events of one message, or the name under which it is left aside."""
    message_id = wire.identifier(result, "messageId")
    sender = canonical_number(wire.identifier(result, "from"))
    raw = _raw(result)
    if not message_id or not sender or not raw:
        return "unreadable"
    wire_type, contents = _contents(result, config)
    first = InboundEvent(
        consumer_id=sender,
        source_id=message_id,
        content=contents[0],
        wire_type=wire_type,
        raw=raw,
        # A subscription may cover more numbers than this channel's.
        address=canonical_number(wire.identifier(result, "to")),
        occurred_at=_instant(wire.text(result, "receivedAt")),
        profile=profile(sender),
    )
    return list(in_parts(first, contents))


def _contents(result: dict[str, Any], config: InfobipConfig) -> tuple[str, list[Content]]:
    if isinstance(result.get("message"), list):
        wire_type, contents = "mms", list(_mms(wire.items(result, "message")))
    # ``cleanText`` lacks the keyword that the number is rented with: what was typed is ``text``.
    elif any(isinstance(result.get(key), str) for key in ("text", "message")):
        text = wire.text(result, "text" if isinstance(result.get("text"), str) else "message").strip()
        wire_type, contents = "message", [Text(text=text)] if text else []
    else:
        return "unknown", [Unsupported(kind="unknown", description="sent something this channel cannot show")]
    match contents:
        case [Text(text=words)] if wish := consent(words, stop=config.stop_keywords, start=config.start_keywords):
            return "keyword_stop" if isinstance(wish, OptOut) else "keyword_start", [wish]
    return wire_type, contents or [EMPTY]


def _mms(parts: list[Any]) -> Iterator[Content]:
    for part in parts:
        mime_type = wire.text(part, "contentType").partition(";")[0].strip().lower()
        url = wire.text(part, "url")
        if mime_type == _LAYOUT:
            continue
        if is_web(url):
            name = urlsplit(url).path.rpartition("/")[2][:100]
            kind = _FILE_KINDS.get((mime_type or mimetypes.guess_type(name)[0] or "").partition("/")[0], FileKind.DOCUMENT)
            yield File(kind=kind, url=url, mime_type=mime_type[:100], name=name)
        elif words := wire.text(part, "value").strip():
            yield Text(text=words)


def _report(result: Any) -> list[InboundEvent] | str:
    """The receipt of one delivery report, or the name under which it is left aside."""
    message_id, status, raw = wire.identifier(result, "messageId"), wire.obj(result, "status"), _raw(result)
    if not message_id or not raw:
        return "unreadable"
    group = group_of(status)
    if group in ("ACCEPTED", "PENDING"):
        return "report_pending"
    if group != "DELIVERED" and group not in _FAILED:
        return "report_unknown"
    error = wire.obj(result, "error")
    kind = ReceiptKind.DELIVERED if group == "DELIVERED" else ReceiptKind.FAILED
    words = reason(status, error) if kind is ReceiptKind.FAILED else ""
    receipt = InboundEvent(
        # In the person's own lane: the reports of a message's parts are told one after another. A report on an MMS may name nobody.
        consumer_id=canonical_number(wire.identifier(result, "to")),
        source_id=f"report:{kind.value}:{message_id}",
        content=Receipt(
            kind=kind, message_ids=(message_id,), reason=words, again=AGAIN if group == "UNDELIVERABLE" and passes(error) else 0
        ),
        wire_type=f"report_{kind.value}",
        raw=raw,
        occurred_at=_instant(wire.text(result, "doneAt")),
    )
    if kind is not ReceiptKind.FAILED or not has_opted_out(error):
        return [receipt]
    # Of one number only: a subscription may cover more than this channel's.
    of_sender = replace(receipt, address=canonical_number(wire.identifier(result, "sender")))
    return [receipt, *opted_out(of_sender, at="the operator", wire_type="report_opted_out")]


def _raw(result: Any) -> bytes:
    """``result`` as it is kept; empty where it is nested too deeply to be written again."""
    try:
        return wire.dump(result)
    except RecursionError:
        return b""


def _instant(written: str) -> datetime | None:
    """``2026-10-26T09:15:00.220+0000`` as aware UTC; None where it cannot be read."""
    try:
        at = datetime.fromisoformat(written)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
