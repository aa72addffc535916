"""From a gateway's callback to events: messages, delivery reports, opt-outs."""

from __future__ import annotations

import hashlib
import re
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from channels_app.providers._sms import gsm7
from channels_app.providers._sms.inbound import EMPTY, consent, piece, piece_of_header
from channels_app.providers._sms.numbers import profile
from channels_app.providers.base import CallbackRequest
from channels_app.providers.sms_gateway.config import HmacAuth, InboundConfig, InboundFields, QueryAuth, SmsGatewayConfig, StatusConfig
from channels_app.providers.sms_gateway.fields import Fields, clean, decode_octets, parse_parameters, read_json, read_xml
from channels_app.providers.sms_gateway.media import files_of
from channels_app.providers.sms_gateway.numbers import canonical_number
from connector_platform.core.errors import PayloadMalformed, RequestMethodInvalid
from connector_platform.core.events import (
    Content,
    File,
    InboundEvent,
    OptOut,
    ParsedCallback,
    Piece,
    Profile,
    Receipt,
    ReceiptKind,
    Text,
    Unsupported,
)

EVENT_TYPES = {
    "message": "Text, and a File for each media URL; an empty one, or an address that cannot be called, becomes a line for the agent",
    "piece": "Text: a piece of a long message, which waits for the others",
    "keyword_stop": "OptOut: a message of just a stop word",
    "keyword_start": "OptIn: a message of just a start word",
    "stopped": "OptOut: the gateway says that the consumer opted out",
    "status_delivered": "Receipt, delivered",
    "status_failed": "Receipt, failed, with the gateway's reason",
    "status_sent": "ignored: on its way",
    "status_unknown": "ignored: a word that the configuration does not know",
    "unreadable": "ignored: one of a batch that lacks its sender, its id or its status",
}

MAX_SENDER_CHARS = 64
MAX_ID_CHARS = 200
MAX_REASON_CHARS = 200

_CHARSET = re.compile(r"charset\s*=\s*\"?([\w.:-]{1,40})", re.IGNORECASE)
_HEX = re.compile(rb"(?:[0-9A-Fa-f]{2}){5,}")
# "2026-10-26T09:15:00 01:00": the + of the offset, not encoded in a form or query, arrives as a blank.
_LOST_PLUS = re.compile(r"(?<=:\d\d) (?=\d\d:?\d\d$)|(?<=\.\d{3}) (?=\d\d:?\d\d$)")
# Kannel's report bits; 66 is 2 and "outcome not known".
_KANNEL_DELIVERED, _KANNEL_FAILED, _KANNEL_SENT, _KANNEL_UNKNOWN = 1, 2 | 16, 4 | 8, 66


def parse(request: CallbackRequest, config: SmsGatewayConfig) -> ParsedCallback:
    """The events of a callback; which kind it is follows from its path.

    Raises:
        PayloadMalformed: the body cannot be read, the sender or the id is missing, or the path is not one of ours.
        RequestMethodInvalid: the channel does not take this method.
    """
    if request.method not in config.inbound.methods:
        raise RequestMethodInvalid(f"{request.method} is not among the methods of this channel")
    fields = read_fields(request, config.inbound)
    items = config.status.items if request.path.startswith("/status") else config.inbound.items
    if not items:
        return _parse(request.path, fields, config, _raw(request, config.inbound))
    parsed = [_parse_item(request.path, item, config, raw) for item, raw in fields.items(items)]
    if not parsed:
        raise PayloadMalformed("there is nothing where the messages of a batch should stand")
    return ParsedCallback(
        events=tuple(event for one in parsed for event in one.events), ignored=tuple(name for one in parsed for name in one.ignored)
    )


def _parse_item(path: str, fields: Fields, config: SmsGatewayConfig, raw: bytes) -> ParsedCallback:
    try:
        return _parse(path, fields, config, raw)
    except PayloadMalformed:
        return ParsedCallback(ignored=("unreadable",))


def _parse(path: str, fields: Fields, config: SmsGatewayConfig, raw: bytes) -> ParsedCallback:
    if path == "/receive":
        return _message(fields, config, raw)
    if path == "/stopped":
        return _stopped(fields, config, raw)
    if path == "/status":
        return _status(_status_of(fields, config.status), fields, config.status, raw)
    _, _, state = path.rpartition("/status/")
    if path == f"/status/{state}" and state in ("sent", "delivered", "failed"):
        return _status(state, fields, config.status, raw)
    raise PayloadMalformed("the path is none of /receive, /status and /stopped")


def read_fields(request: CallbackRequest, config: InboundConfig) -> Fields:
    """Everything that ``request`` carries. With ``hmac`` only the body counts: the query is not signed.

    Raises:
        PayloadMalformed: the body is not what its content type (or the configuration) says.
    """
    content_type = request.headers.get("content-type", "").lower()
    match = _CHARSET.search(content_type)
    charset = match[1] if match else ""
    query = {} if isinstance(config.auth, HmacAuth) else parse_parameters(request.query_string.encode("utf-8", "replace"))
    if isinstance(config.auth, QueryAuth):
        query.pop(config.auth.name, None)
    if not request.body.strip():
        return Fields(parameters=query, charset=charset)
    body_format = _format(content_type, request.body) if config.body_format == "auto" else config.body_format
    if body_format == "json":
        return Fields(parameters=query, charset=charset, document=read_json(request.body, charset))
    if body_format == "xml":
        return Fields(parameters=query, charset=charset, root=read_xml(request.body))
    if content_type.startswith("multipart/"):
        raise PayloadMalformed("multipart bodies are not read; let the gateway send a form, JSON or XML")
    return Fields(parameters={**query, **parse_parameters(request.body.strip())}, charset=charset)


def _format(content_type: str, body: bytes) -> str:
    media_type = content_type.partition(";")[0].strip()
    if media_type.endswith(("/json", "+json")):
        return "json"
    if media_type.endswith(("/xml", "+xml")):
        return "xml"
    if media_type == "application/x-www-form-urlencoded":
        return "form"
    return {b"{": "json", b"[": "json", b"<": "xml"}.get(body.lstrip()[:1], "form")


def _raw(request: CallbackRequest, config: InboundConfig) -> bytes:
    """What is kept of the callback: the body, or the query without the secret that it may hold."""
    if request.body:
        return request.body
    pairs = request.query_string.split("&")
    if isinstance(config.auth, QueryAuth):
        secret = config.auth.value.get_secret_value()
        pairs = [pair for pair in pairs if secret not in pair and not pair.startswith(f"{config.auth.name}=")]
    return "&".join(pairs).encode("utf-8", "replace")


def _sender(fields: Fields, config: SmsGatewayConfig) -> str:
    given = clean(fields.first(config.inbound.fields.sender) or "").strip()
    if not given:
        raise PayloadMalformed("the sender is missing")
    if len(given) > MAX_SENDER_CHARS:
        raise PayloadMalformed("the sender is longer than any number or name")
    return canonical_number(given, config.default_region)


def _profile(sender: str) -> Profile | None:
    """The sender's number; one without a plus may be a national one."""
    return profile(sender) if sender.startswith("+") else None


def _id(text: str) -> str:
    """An id as it can be stored: a longer one than any gateway's is kept as its hash."""
    text = clean(text).strip()
    return text if len(text) <= MAX_ID_CHARS else "sha256:" + hashlib.sha256(text.encode()).hexdigest()


def _source_id(fields: Fields, config: InboundConfig, parts: Sequence[str], *, wire: str = "") -> str:
    """The identity of this event. The gateway's id if it gives one; else a hash of the content and the gateway's own time, which a
    repeated callback repeats. With neither, nothing tells a repeated callback from a person who says "ok" twice: each is new.
    """
    if given := _id(fields.first(config.fields.message_id) or ""):
        return wire + given
    if given_time := (fields.first(config.fields.timestamp) or "").strip():
        digest = hashlib.sha256("\x00".join((*parts, given_time)).encode("utf-8", "replace")).hexdigest()
        return f"{wire}content:{digest}"
    return f"{wire}once:{uuid.uuid4().hex}"


def _message(fields: Fields, config: SmsGatewayConfig, raw: bytes) -> ParsedCallback:
    sender = _sender(fields, config)
    names = config.inbound.fields
    text, part = _text(fields, config.inbound), _piece(fields, names)
    # Blanks at the ends of a piece may stand between two words.
    text = text if part else text.strip()
    files = list(files_of(fields, names))
    # Some gateways give all pieces the same id.
    wire = f"{part.number}/{part.total}:" if part else ""
    source_id = _source_id(fields, config.inbound, (sender, text, *(file.url for file in files if isinstance(file, File))), wire=wire)
    wire_type, contents = ("piece", [Text(text=text, piece=part)]) if part else _contents(text, files, config.inbound)
    occurred_at = read_time(fields.first(names.timestamp) or "", config.inbound)
    return ParsedCallback(
        events=tuple(
            InboundEvent(
                consumer_id=sender,
                source_id=source_id if number == 0 else f"{source_id}:{number}",
                content=content,
                wire_type=wire_type,
                raw=raw,
                occurred_at=occurred_at,
                profile=_profile(sender),
            )
            for number, content in enumerate(contents)
        )
    )


def _contents(text: str, files: Sequence[File | Unsupported], config: InboundConfig) -> tuple[str, list[Content]]:
    wish = None if files else consent(text, stop=config.stop_keywords, start=config.start_keywords)
    if wish is not None:
        return "keyword_stop" if isinstance(wish, OptOut) else "keyword_start", [wish]
    contents: list[Content] = [Text(text=text)] if text else []
    return "message", [*contents, *files] or [EMPTY]


def _text(fields: Fields, config: InboundConfig) -> str:
    """The message's text, decoded as its coding says, with the blanks around it."""
    names = config.fields
    coding = (fields.first(names.coding) or "").strip() if names.coding else ""
    hex_text = (fields.first(names.hex_text) or "").strip() if names.hex_text else ""
    text: str | None = None
    if (charset := (fields.first(names.charset) or "").strip()) and (octets := fields.octets(names.text)) is not None:
        text = decode_octets(octets, charset)
    if text is None and hex_text and (coding == "8" or not fields.first(names.text)):
        text = _from_hex(hex_text, coding, config)
    if text is None and coding in ("0", "1", "3") and (octets := fields.octets(names.text)) is not None:
        text = _decode(octets, coding, config, fields.charset)
    if text is None:
        text = fields.first(names.text) or ""
    return clean(text).replace("\r\n", "\n")


def _piece(fields: Fields, names: InboundFields) -> Piece | None:
    """Which piece of a long message this is; None where it is a whole one."""
    if names.udh and (octets := fields.octets(names.udh)) is not None:
        return piece_of_header(bytes.fromhex(octets.decode()) if _HEX.fullmatch(octets) else octets)
    given = (clean(fields.first(path) or "").strip() for path in (names.concat_reference, names.concat_part, names.concat_total))
    return piece(*given)


def _from_hex(hex_text: str, coding: str, config: InboundConfig) -> str | None:
    try:
        octets = bytes.fromhex(hex_text)
    except ValueError:
        return None
    return _decode(octets, coding or "8", config, "")


def _decode(octets: bytes, coding: str, config: InboundConfig, charset: str) -> str:
    if coding == "8":
        return octets.decode("utf-16-be", "replace")
    if coding == "3":
        return octets.decode("latin-1")
    # GSM codes: 0x00 is "@", so this comes before NUL is removed. An octet above 0x7F shows that the gateway sent plain text after all.
    if coding == "0" and config.gsm_codes and (text := gsm7.decode(octets)) is not None:
        return text
    return decode_octets(octets, charset)


def read_time(given: str, config: InboundConfig) -> datetime | None:
    """``given`` by the configured format as aware UTC, or None where it cannot be read: the time of receipt will do."""
    given = given.strip()
    try:
        if config.timestamp_format in ("unix", "unix_ms"):
            seconds = float(given) / (1000 if config.timestamp_format == "unix_ms" else 1)
            at = datetime.fromtimestamp(0, UTC) + timedelta(seconds=seconds)
        elif config.timestamp_format == "iso8601":
            at = datetime.fromisoformat(_LOST_PLUS.sub("+", given))
        else:
            at = datetime.strptime(given, config.timestamp_format)
        if at.tzinfo is None:
            at = at.replace(tzinfo=ZoneInfo(config.timezone))
        return at.astimezone(UTC)
    except (ValueError, OverflowError, OSError, re.error):
        return None


def _stopped(fields: Fields, config: SmsGatewayConfig, raw: bytes) -> ParsedCallback:
    sender = _sender(fields, config)
    return ParsedCallback(
        events=(
            InboundEvent(
                consumer_id=sender,
                source_id=_source_id(fields, config.inbound, ("stopped", sender), wire="stopped:"),
                content=OptOut(reason="stopped at the gateway"),
                wire_type="stopped",
                raw=raw,
                occurred_at=read_time(fields.first(config.inbound.fields.timestamp) or "", config.inbound),
                profile=_profile(sender),
            ),
        )
    )


def _status_of(fields: Fields, config: StatusConfig) -> str:
    """``delivered``, ``failed``, ``sent`` or ``unknown``.

    Raises:
        PayloadMalformed: there is no status.
    """
    names = config.fields
    word = (fields.first(names.status) or "").strip()
    if config.scheme == "kannel_mask":
        return _kannel_state(word)
    if word:
        return _state_of_word(word, config)
    count = (fields.first(names.delivered_count) or "").strip() if names.delivered_count else ""
    error = (fields.first(names.error) or "").strip()
    if count.isascii() and count.isdigit():
        if count.strip("0"):
            return "delivered"
        return "failed" if error.strip("0") else "sent"
    raise PayloadMalformed("the status is missing")


def _kannel_state(word: str) -> str:
    if not word or word.strip("0") == "":
        raise PayloadMalformed("the status is missing or 0, which Kannel never reports")
    # "-1" (undefined) has every bit set and is no number here; neither is anything above the three digits in use.
    mask = int(word) if word.isascii() and word.isdigit() and len(word) <= 5 else 0
    if mask == _KANNEL_UNKNOWN:
        return "unknown"
    if mask & _KANNEL_DELIVERED:
        return "delivered"
    if mask & _KANNEL_FAILED:
        return "failed"
    return "sent" if mask & _KANNEL_SENT else "unknown"


def _state_of_word(word: str, config: StatusConfig) -> str:
    lists = {"delivered": config.values.delivered, "failed": config.values.failed, "sent": config.values.sent}
    folded = word.casefold()
    for state, words in lists.items():
        if folded in {known.casefold() for known in words}:
            return state
    for state, words in lists.items():
        if any(known.endswith("*") and folded.startswith(known[:-1].casefold()) for known in words):
            return state
    return "unknown"


def _status(state: str, fields: Fields, config: StatusConfig, raw: bytes) -> ParsedCallback:
    message_id = _id(fields.first(config.fields.message_id) or "")
    if not message_id:
        raise PayloadMalformed("the message id is missing")
    if state not in ("delivered", "failed"):
        return ParsedCallback(ignored=(f"status_{state}",))
    kind = ReceiptKind(state)
    reason = _reason(fields, config) if kind is ReceiptKind.FAILED else ""
    return ParsedCallback(
        events=(
            InboundEvent(
                consumer_id="",  # reports name the message, not the person
                source_id=f"status:{state}:{message_id}",
                content=Receipt(kind=kind, message_ids=(message_id,), reason=reason),
                wire_type=f"status_{state}",
                raw=raw,
            ),
        )
    )


def _reason(fields: Fields, config: StatusConfig) -> str:
    """Why a message failed: in the configuration's words, and the gateway's own beside them."""
    word = clean(fields.first(config.fields.status) or "").strip()
    error = clean(fields.first(config.fields.error) or "").strip()
    known = {name.casefold(): reason for name, reason in config.reasons.items()}
    said = ", error ".join(part for part in (word, error) if part)[:MAX_REASON_CHARS]
    meaning = (known.get(error.casefold(), "") if error else "") or known.get(word.casefold(), "")
    if meaning:
        return f"{meaning} ({said})"
    return said or "the gateway gave no reason"
