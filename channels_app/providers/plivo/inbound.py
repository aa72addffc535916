"""From Plivo's callbacks to our vocabulary: messages, and a report for each part of one of ours.

Source: https://www.plivo.com/docs/messaging/use-cases/receive-messages and .../concepts/message-status (known, 2026-11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from channels_app.providers._sms.inbound import EMPTY, consent, is_web, kind_by_suffix
from channels_app.providers._sms.numbers import profile
from channels_app.providers.base import CallbackRequest
from channels_app.providers.plivo import wire
from channels_app.providers.plivo.config import PlivoConfig
from channels_app.providers.plivo.reasons import reason
from connector_platform.core import wire as json_wire
from connector_platform.core.events import (
    Content,
    File,
    FileKind,
    InboundEvent,
    OptIn,
    OptOut,
    ParsedCallback,
    Receipt,
    ReceiptKind,
    Text,
)

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message": "a text, and a file for each medium; an empty one becomes a line for the agent",
        "opted_out": "an opt-out: a message of just a stop word, or one that Plivo took for it",
        "opted_in": "an opt-in: a message of just a start word, or one that Plivo took for it",
        "delivered": "a receipt, delivered: the last part of the message has arrived",
        "failed": "a receipt, failed, with Plivo's reason: any part of the message has not arrived",
        "part_delivered": "ignored: a part of a message has arrived, but not the last",
        "on_its_way": "ignored: queued or sent",
        "status_other": "ignored: a status that this channel does not know",
        "other_channel": "ignored: WhatsApp on the same application",
        "unreadable": "ignored: a callback that names nobody",
    }
)

MAX_MEDIA = 20
_FAILED = ("undelivered", "failed", "rejected")
_PART = re.compile(r"\s*(\d{1,3})\s*of\s*(\d{1,3})\s*", re.IGNORECASE)


def parse(request: CallbackRequest, config: PlivoConfig) -> ParsedCallback:
    """What a callback says. Both kinds are told apart by what they hold: only a report has a status.

    Raises:
        PayloadMalformed: it has more parameters than any of Plivo's.
    """
    given = wire.fields(request)
    # Seen in the field with a small letter, too.
    status = (given.get("Status") or given.get("status") or "").lower()
    message_id = json_wire.identifier(given, "MessageUUID")
    person = wire.number(given, "From")
    if not message_id or not (status or person):
        return ParsedCallback(ignored=("unreadable",))
    if given.get("Type", "").lower() == "whatsapp":
        return ParsedCallback(ignored=("other_channel",))
    raw = json_wire.dump(given)
    return _report(given, status, message_id, raw, config) if status else _message(given, person, message_id, raw, config)


def _message(given: dict[str, str], person: str, message_id: str, raw: bytes, config: PlivoConfig) -> ParsedCallback:
    return ParsedCallback(
        events=tuple(
            InboundEvent(
                consumer_id=person,
                source_id=f"{message_id}#{at}" if at else message_id,
                content=content,
                wire_type=wire_type,
                raw=raw,
                # A powerpack has many numbers; all that comes to them is this channel's.
                address="" if config.powerpack_uuid else wire.number(given, "To"),
                profile=profile(person),
            )
            for at, (wire_type, content) in enumerate(_contents(given, config))
        )
    )


def _contents(given: dict[str, str], config: PlivoConfig) -> Iterator[tuple[str, Content]]:
    text = given.get("Text", "")
    wish = consent(text, stop=config.stop_keywords, start=config.start_keywords)
    # Plivo tells no type and mostly writes no ending; what comes so is most often a picture.
    files = [File(kind=kind_by_suffix(url, default=FileKind.IMAGE), url=url) for url in _media(given)]
    intent = given.get("MessageIntent", "").lower()
    if not files and (intent == "optout" or isinstance(wish, OptOut)):
        yield "opted_out", OptOut(reason=text.strip()[:100])
    elif not files and (intent == "optin" or isinstance(wish, OptIn)):
        yield "opted_in", OptIn()
    else:
        if text.strip() or not files:
            yield "message", Text(text=text) if text.strip() else EMPTY
        yield from (("message", file) for file in files)


def _media(given: dict[str, str]) -> Iterator[str]:
    """The addresses of the media: ``Media0``, ``Media1`` …"""
    for number in range(MAX_MEDIA):
        if is_web(url := given.get(f"Media{number}", "")):
            yield url


def _report(given: dict[str, str], status: str, message_id: str, raw: bytes, config: PlivoConfig) -> ParsedCallback:
    """A report on one part. The id that sending was answered with is the parent's."""
    parent_id = json_wire.identifier(given, "ParentMessageUUID") or message_id
    if status in ("queued", "sent", "accepted"):
        return ParsedCallback(ignored=("on_its_way",))
    if status == "delivered":
        if not _is_last_part(given):
            return ParsedCallback(ignored=("part_delivered",))
        kind, content = "delivered", Receipt(kind=ReceiptKind.DELIVERED, message_ids=(parent_id,))
    elif status in _FAILED:
        words = reason(status, given.get("ErrorCode", ""))
        kind, content = "failed", Receipt(kind=ReceiptKind.FAILED, message_ids=(parent_id,), reason=words)
    else:
        return ParsedCallback(ignored=("status_other",))
    event = InboundEvent(
        # Named, so that the reports on all parts of a text are read one after another, in the person's lane.
        consumer_id=wire.number(given, "To"),
        source_id=f"status:{kind}:{message_id}",
        content=content,
        wire_type=kind,
        raw=raw,
        address="" if config.powerpack_uuid else wire.number(given, "From"),
    )
    return ParsedCallback(events=(event,))


def _is_last_part(given: dict[str, str]) -> bool:
    """Whether ``PartInfo`` (“2 of 3”) names the last part; a message without it has one."""
    found = _PART.fullmatch(given.get("PartInfo", ""))
    return found is None or int(found[1]) >= int(found[2])
