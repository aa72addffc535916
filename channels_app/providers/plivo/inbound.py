"""From Plivo's callbacks to our vocabulary: messages, and reports on ours.

Plivo documents one report on a message, whose ``ParentMessageUUID`` is its own id, and reserves ``PartInfo``: to be ignored. Reports on each
part of a long text have been seen in the field, under the parent's id. Both read alike here: the first that says so counts.

Source: https://www.plivo.com/docs/messaging/api/message/handling-incoming, .../message-status-callbacks, read 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from channels_app.providers._sms.inbound import EMPTY, consent, is_web, kind_by_suffix, opted_out
from channels_app.providers._sms.numbers import profile
from channels_app.providers.base import CallbackRequest
from channels_app.providers.plivo import wire
from channels_app.providers.plivo.config import PlivoConfig
from channels_app.providers.plivo.reasons import OPTED_OUT, normal, reason
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
    Unsupported,
)

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message": "a text, and a file for each medium; an empty one, and a medium that Plivo lost, become a line for the agent",
        "opted_out": "an opt-out: a message of just a stop word, one that Plivo took for it, or a report that the person stopped us at Plivo",
        "opted_in": "an opt-in: a message of just a start word, or one that Plivo took for it",
        "delivered": "a receipt, delivered",
        "failed": "a receipt, failed, with Plivo's reason; behind it an opt-out where that is the reason",
        "on_its_way": "ignored: queued or sent",
        "status_other": "ignored: a status that this channel does not know",
        "other_channel": "ignored: WhatsApp on the same application",
        "unreadable": "ignored: a callback that names nobody",
    }
)

MAX_MEDIA = 20
_FAILED = ("undelivered", "failed", "rejected")
LOST = Unsupported(kind="lost_media", description="sent a picture or file that Plivo could not receive")


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
    # The words of an SMS are its Text, those of an MMS its Body.
    text = given.get("Text", "") if given.get("Text", "").strip() else given.get("Body", "")
    wish = consent(text, stop=config.stop_keywords, start=config.start_keywords)
    # Plivo tells no type and mostly writes no ending; what comes so is most often a picture.
    files = [File(kind=kind_by_suffix(url, default=FileKind.IMAGE), url=url) for url in _media(given)]
    intent = given.get("MessageIntent", "").lower()
    is_lost = _lacks_media(given, len(files))
    if not files and (intent == "optout" or isinstance(wish, OptOut)):
        yield "opted_out", OptOut(reason=text.strip()[:100])
    elif not files and (intent == "optin" or isinstance(wish, OptIn)):
        yield "opted_in", OptIn()
    else:
        if text.strip() or not (files or is_lost):
            yield "message", Text(text=text) if text.strip() else EMPTY
        yield from (("message", file) for file in files)
        if is_lost:
            yield "message", LOST


def _lacks_media(given: dict[str, str], count: int) -> bool:
    """Whether more media were sent than the ``count`` that have an address."""
    announced = given.get("MediaCount", "")
    is_short = announced.isascii() and announced.isdigit() and len(announced) <= 3 and int(announced) > count
    return is_short or (given.get("Type", "").lower() == "mms" and count == 0 and bool(normal(given.get("ErrorCode", ""))))


def _media(given: dict[str, str]) -> Iterator[str]:
    """The addresses of the media, numbered from 1; in older accounts from 0."""
    for number in range(MAX_MEDIA + 1):
        if is_web(url := given.get(f"Media{number}", "")):
            yield url


def _report(given: dict[str, str], status: str, message_id: str, raw: bytes, config: PlivoConfig) -> ParsedCallback:
    """What a report says of the whole message, whose id sending was answered with."""
    message_id = json_wire.identifier(given, "ParentMessageUUID") or message_id
    if status in ("queued", "sent", "accepted"):
        return ParsedCallback(ignored=("on_its_way",))
    if status == "delivered":
        kind, words = ReceiptKind.DELIVERED, ""
    elif status in _FAILED:
        kind, words = ReceiptKind.FAILED, reason(status, given.get("ErrorCode", ""))
    else:
        return ParsedCallback(ignored=("status_other",))
    receipt = InboundEvent(
        # Named, so that several reports on one message are read one after another, in the person's lane.
        consumer_id=wire.number(given, "To"),
        source_id=f"status:{kind.value}:{message_id}",
        content=Receipt(kind=kind, message_ids=(message_id,), reason=words),
        wire_type=kind.value,
        raw=raw,
        address="" if config.powerpack_uuid else wire.number(given, "From"),
    )
    has_stopped = kind is ReceiptKind.FAILED and normal(given.get("ErrorCode", "")) == OPTED_OUT
    return ParsedCallback(events=(receipt, *opted_out(receipt, at="Plivo", wire_type="opted_out")) if has_stopped else (receipt,))
