"""From Bird's callbacks to events: an inbound message as a form (or a query), a report as a query.

Source: https://developers.messagebird.com/api/sms-messaging/#handle-inbound-sms, .../#handle-a-status-report,
https://developers.messagebird.com/api/mms-messaging/, known as of 2026-11.
"""

from __future__ import annotations

import json
import mimetypes
import re
import urllib.parse
from collections.abc import Iterator
from datetime import UTC, datetime

from channels_app.providers._sms.inbound import EMPTY, consent, in_parts, is_web, opted_out
from channels_app.providers._sms.numbers import canonical_number, profile
from channels_app.providers.base import CallbackRequest
from channels_app.providers.bird.config import BirdConfig
from channels_app.providers.bird.errors import OPTED_OUT, failure_reason, reason_key
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

RECEIVE, STATUS = "/receive", "/status"

EVENT_TYPES = {
    "message": "Text; an empty one becomes a line for the agent",
    "mms": "Text for its words, a File for each picture or file",
    "keyword_stop": "OptOut: a message of just a stop word",
    "keyword_start": "OptIn: a message of just a start word",
    "unknown": "Unsupported: a person sent it, but it has neither a body nor media",
    "status_delivered": "Receipt, delivered",
    "status_failed": "Receipt, failed, with the reason in words",
    "status_opted_out": "OptOut beside the failed receipt: the recipient had sent a stop word to Bird",
    "status_pending": "ignored: on its way",
    "status_unknown": "ignored: a status that we do not know",
}

_PENDING = ("scheduled", "buffered", "sent", "accepted")
_FAILED = ("delivery_failed", "expired", "rejected")
_FILE_KINDS = {"image": FileKind.IMAGE, "video": FileKind.VIDEO, "audio": FileKind.AUDIO}
_MEDIA_NAME = re.compile(r"mediaurls?(\[\d*\])?", re.IGNORECASE)
_SHORT_CODE_TIME = re.compile(r"\d{14}", re.ASCII)
_MAX_FIELDS = 100

Pairs = list[tuple[str, str]]


def parse(request: CallbackRequest, config: BirdConfig) -> ParsedCallback:
    """The events of a callback; its path tells which kind it is.

    Raises:
        PayloadMalformed: it has too many fields, or not those that identify it. Answered 200: Bird would repeat it in vain.
    """
    pairs = _pairs(request)
    fields = dict(pairs)  # of a name that comes twice, the last counts
    raw = request.body or request.query_string.encode("utf-8", "replace")
    if request.path == STATUS:
        return _status(fields, raw)
    return _message(pairs, fields, config, raw)


def _pairs(request: CallbackRequest) -> Pairs:
    """Every field: the query's, and after it the body's."""
    try:
        query = urllib.parse.parse_qsl(request.query_string, keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)
        body = request.body.decode("utf-8", "replace")
        form = urllib.parse.parse_qsl(body, keep_blank_values=True, errors="replace", max_num_fields=_MAX_FIELDS)
    except ValueError as error:
        raise PayloadMalformed("the callback has too many fields", status=200) from error
    return [(wire.storable(name), wire.storable(value)) for name, value in (*query, *form)]


def _message(pairs: Pairs, fields: dict[str, str], config: BirdConfig, raw: bytes) -> ParsedCallback:
    # Short codes have names of their own: mid, shortcode, message, receive_datetime.
    message_id = wire.identifier(fields, "id") or wire.identifier(fields, "mid")
    sender = canonical_number(fields.get("originator", ""))
    if not message_id or not sender:
        raise PayloadMalformed("the message's id or its originator is missing", status=200)
    wire_type, contents = _contents(pairs, fields, config)
    occurred_at = instant(fields.get("createdDatetime") or fields.get("CreatedDatetime") or fields.get("receive_datetime", ""))
    first = InboundEvent(
        consumer_id=sender,
        source_id=message_id,
        content=contents[0],
        wire_type=wire_type,
        raw=raw,
        # A forwarding may serve more numbers than this channel's.
        address=canonical_number(fields.get("recipient") or fields.get("shortcode", "")),
        occurred_at=occurred_at,
        profile=profile(sender),
    )
    return ParsedCallback(events=in_parts(first, contents))


def _contents(pairs: Pairs, fields: dict[str, str], config: BirdConfig) -> tuple[str, list[Content]]:
    urls = [url for name, value in pairs if _MEDIA_NAME.fullmatch(name) for url in _urls(value)]
    written = fields.get("body", fields.get("message"))
    text = (written or "").replace("\r\n", "\n").strip()
    if urls:
        return "mms", [*([Text(text=text)] if text else []), *map(_file, urls)]
    if written is None:
        return "unknown", [Unsupported(kind="unknown", description="sent something this channel cannot show")]
    if wish := consent(text, stop=config.stop_keywords, start=config.start_keywords):
        return "keyword_stop" if isinstance(wish, OptOut) else "keyword_start", [wish]
    return "message", [Text(text=text) if text else EMPTY]


def _urls(value: str) -> Iterator[str]:
    """The addresses in one media field: one, several with commas, or a JSON list."""
    found: list[object] = [*value.split(",")]
    if value.lstrip().startswith("["):
        try:
            listed = json.loads(value)
        except (ValueError, RecursionError):
            listed = []
        found = listed if isinstance(listed, list) else []
    for url in found:
        if isinstance(url, str) and is_web(url.strip()):
            yield wire.storable(url.strip())


def _file(url: str) -> File:
    name = urllib.parse.urlsplit(url).path.rpartition("/")[2][:100]
    mime_type = mimetypes.guess_type(name)[0] or ""
    # Most media of an MMS are pictures, and Bird's addresses tell no type: what is none is told to the agent after it was fetched.
    kind = _FILE_KINDS.get(mime_type.partition("/")[0], FileKind.DOCUMENT) if mime_type else FileKind.IMAGE
    return File(kind=kind, url=url, mime_type=mime_type, name=name)


def _status(fields: dict[str, str], raw: bytes) -> ParsedCallback:
    message_id, status = wire.identifier(fields, "id"), fields.get("status", "").strip().lower()
    if not message_id or not status:
        raise PayloadMalformed("the report's id or its status is missing", status=200)
    if status in _PENDING:
        return ParsedCallback(ignored=("status_pending",))
    if status != "delivered" and status not in _FAILED:
        return ParsedCallback(ignored=("status_unknown",))
    kind = ReceiptKind.DELIVERED if status == "delivered" else ReceiptKind.FAILED
    code, said = fields.get("statusErrorCode", "").strip(), fields.get("statusReason", "")
    receipt = InboundEvent(
        consumer_id=canonical_number(fields.get("recipient", "")),
        source_id=f"status:{kind.value}:{message_id}",
        content=Receipt(
            kind=kind, message_ids=(message_id,), reason=failure_reason(status, code, said) if kind is ReceiptKind.FAILED else ""
        ),
        wire_type=f"status_{kind.value}",
        raw=raw,
        occurred_at=instant(fields.get("statusDatetime", "")),
    )
    is_opted_out = code == OPTED_OUT or reason_key(said) == "opted_out"
    if kind is ReceiptKind.DELIVERED or not is_opted_out:
        return ParsedCallback(events=(receipt,))
    opt_out = opted_out(receipt, at="Bird", wire_type="status_opted_out", source_id=f"status:opted_out:{message_id}")
    return ParsedCallback(events=(receipt, *opt_out))


def instant(written: str) -> datetime | None:
    """An ISO time, or a short code's ``20261026091500``, as aware UTC; None where it cannot be read."""
    # "2026-10-26T09:15:00 01:00": a plus that was not encoded arrives as a blank.
    written = re.sub(r"(?<=:\d\d) (?=\d\d:\d\d$)", "+", written.strip())
    try:
        at = datetime.strptime(written, "%Y%m%d%H%M%S") if _SHORT_CODE_TIME.fullmatch(written) else datetime.fromisoformat(written)
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None
