"""From Twilio's callbacks to our vocabulary. One call carries one message, or what became of one.

Source: https://www.twilio.com/docs/messaging/guides/webhook-request, /en-us/changelog/rcs-button-payload (2025-07) and
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks (known, not re-read, 2026-11).
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from channels_app.providers._sms.inbound import EMPTY, is_one_of
from channels_app.providers.base import CallbackRequest
from channels_app.providers.twilio import errors, media, templates, wire
from channels_app.providers.twilio.config import RCS, WHATSAPP, TwilioConfig
from connector_platform.core import wire as core_wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import (
    Content,
    InboundEvent,
    Location,
    OptIn,
    OptOut,
    ParsedCallback,
    Profile,
    Receipt,
    ReceiptKind,
    Selection,
    Text,
    Unsupported,
)

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message.text": "a text for the agent; a quoted message is named",
        "message.media": "a file for each medium: a picture as such, anything else as a line with its link; the text is the only file's caption",
        "message.location": "WhatsApp: a place",
        "message.button": "WhatsApp and RCS: a selection: what stands behind the tapped button, and its label",
        "message.list": "WhatsApp: a selection: what stands behind the chosen item, and its title",
        "message.referral": "WhatsApp: an opt-in with the headline of the ad that brought the person here; its id is the profile's reference",
        "message.forwarded": "WhatsApp: a line for the agent before what was forwarded",
        "message.form": "WhatsApp: what the person filled in, as lines of text",
        "message.reaction": "WhatsApp: a line for the agent: reacted, or took the reaction back",
        "message.stop": "an opt-out: Twilio says so, or a message of just a stop word",
        "message.start": "an opt-in: Twilio says so, or a message of just a start word",
        "message.help": "a text for the agent; Twilio has answered it with its help text",
        "message.empty": "a line for the agent: legal in SMS, but LivePerson has no empty message",
        "message.other": "a line for the agent that something came which cannot be shown",
        "status.delivered": "a receipt: delivered",
        "status.read": "a receipt: read (WhatsApp and RCS)",
        "status.failed": "a receipt: failed, with Twilio's reason in words",
        "status.under_way": "ignored: accepted, queued, scheduled, sending, sent",
        "status.inbound": "ignored: Twilio's own notes on a message that comes in",
        "status.unknown": "ignored: a word that Twilio may invent tomorrow",
        "other_account": "ignored: signed with our secret, but another account's",
        "json": "ignored: a notification of Event Streams; messages come as forms",
    }
)

PART_PARAMETER = "part"
"""Names our own id of a part in the address that Twilio reports to."""

_UNDER_WAY = ("accepted", "queued", "scheduled", "sending", "sent")
_INBOUND = ("receiving", "received")
_DELIVERED = ("delivered", "partially_delivered")
_FAILED = ("undelivered", "failed", "canceled")
_PART = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}-[0-9]{1,4}")
_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_MAX_FORM_LINES = 50

Made = tuple[str, list[Content]]
"""Wire type, contents."""


@dataclass(frozen=True, slots=True)
class _Message:
    """The fields of a message that a consumer sent."""

    fields: dict[str, str]
    config: TwilioConfig
    is_whatsapp: bool

    def text(self, name: str) -> str:
        return wire.text(self.fields, name)

    @property
    def words(self) -> str:
        return wire.plain(self.text("Body")).strip()

    @property
    def has_buttons(self) -> bool:
        """Whether it may be a tap; anybody may call a parameter of an SMS so."""
        return self.is_whatsapp or self.text("From").startswith(RCS)

    @property
    def kind(self) -> str:
        """What WhatsApp calls it; ``""`` on SMS."""
        return self.text("MessageType").lower() if self.is_whatsapp else ""


def parse(request: CallbackRequest, config: TwilioConfig) -> ParsedCallback:
    """The message, or the receipt, that the callback carries.

    Raises:
        PayloadMalformed: it names no message or nobody. Answered 400, so that Twilio's debugger shows it: the text of an answer with 200
            would be sent to the consumer.
    """
    if wire.is_json(request):
        core_wire.decode(request.body)
        return ParsedCallback(ignored=("json",))
    try:
        fields = wire.read_form(request)
    except ValueError:
        raise PayloadMalformed("the callback has more parameters than any of Twilio's") from None
    message_id = wire.identifier(fields, "MessageSid") or wire.identifier(fields, "SmsSid")
    if not message_id:
        raise PayloadMalformed("the callback names no message; is it one of Programmable Messaging?")
    if wire.text(fields, "AccountSid") not in ("", config.account_sid):
        return ParsedCallback(ignored=("other_account",))
    raw = request.body if request.method != "GET" else request.query_string.encode("utf-8", "replace")
    status = wire.text(fields, "MessageStatus").lower()
    if not status and (word := wire.text(fields, "SmsStatus").lower()) not in _INBOUND:
        status = word
    if status:
        return _status(status, message_id, fields, request.query.get(PART_PARAMETER, ""), config, raw)
    return _message(message_id, fields, config, raw)


# Messages


def _message(message_id: str, fields: dict[str, str], config: TwilioConfig, raw: bytes) -> ParsedCallback:
    is_whatsapp = any(wire.text(fields, name).startswith(WHATSAPP) for name in ("From", "To")) or config.sender.startswith(WHATSAPP)
    consumer_id = _party(fields, "From", is_whatsapp=is_whatsapp)
    if not consumer_id:
        raise PayloadMalformed("the message names no sender")
    message = _Message(fields, config, is_whatsapp)
    wire_type, contents = _contents(message)
    said = [(wire_type, f"#{number}" if number else "", content) for number, content in enumerate(contents)]
    return ParsedCallback(
        events=tuple(
            InboundEvent(
                consumer_id=consumer_id,
                source_id=message_id + part,
                content=content,
                wire_type=kind,
                raw=raw,
                address=_address(fields, config, is_whatsapp=is_whatsapp),
                profile=_profile(message, consumer_id),
            )
            for kind, part, content in (*_before(message), *said)
        )
    )


def _party(fields: dict[str, str], name: str, *, is_whatsapp: bool) -> str:
    """Who it is: a number, a short code or a name as Twilio writes it; on WhatsApp always with the prefix, which Twilio rarely leaves out."""
    party = wire.text(fields, name)
    if party and is_whatsapp and not party.startswith(WHATSAPP):
        party = WHATSAPP + party
    return wire.identifier({name: party}, name)


def _address(fields: dict[str, str], config: TwilioConfig, *, is_whatsapp: bool) -> str:
    """Empty where the message is for this channel; else what it is for: a number that is pointed here by mistake must not be answered by
    another. A messaging service has many numbers, and names itself beside them.
    """
    if config.messaging_service_sid:
        service = wire.identifier(fields, "MessagingServiceSid")
        return "" if service in ("", config.messaging_service_sid) else service
    to = _party(fields, "To", is_whatsapp=is_whatsapp)
    return "" if to in ("", config.sender) else to


def _profile(message: _Message, consumer_id: str) -> Profile | None:
    number = consumer_id.removeprefix(WHATSAPP).removeprefix(RCS)
    digits = message.text("WaId")
    phone = number if _NUMBER.fullmatch(number) else f"+{digits}" if _NUMBER.fullmatch(f"+{digits}") else ""
    name = message.text("ProfileName")[:200]
    # Twilio sends some of an ad's fields with every message; only one with a source came from an ad.
    reference = message.text("ReferralSourceId")[:200]
    username = message.text("ProfileUsername")[:100]
    if not (phone or name or reference or username):
        return None
    return Profile(name=name, phone=phone, username=username, reference=reference)


def _contents(message: _Message) -> Made:
    """What a message becomes; never nothing."""
    richer = _WHATSAPP_READERS if message.is_whatsapp else (_button,) if message.has_buttons else ()
    for read in (_consent, *richer, _media, _text):
        made = read(message)
        if made is not None:
            return made
    if message.is_whatsapp and message.kind not in ("", "text"):
        return "message.other", [Unsupported(kind=core_wire.name(message.kind), description="sent something this channel cannot show")]
    return "message.empty", [EMPTY]


def _before(message: _Message) -> Iterator[tuple[str, str, Content]]:
    """What the agent has to know before the message itself: wire type, what tells it from the message's other parts, content."""
    if not message.is_whatsapp:
        return
    if source := message.text("ReferralSourceId"):
        came_by = message.text("ReferralHeadline") or message.text("ReferralSourceUrl") or source
        yield "message.referral", "#referral", OptIn(reference=came_by[:300])
    if "true" in (message.text("Forwarded").lower(), message.text("FrequentlyForwarded").lower()):
        yield "message.forwarded", "#forwarded", Unsupported(kind="forwarded", description="forwarded what follows")


def _consent(message: _Message) -> Made | None:
    """STOP, START and HELP. Twilio says so with Advanced Opt-Out; without it, only the words tell, if they were written and not tapped."""
    words, config = message.words, message.config
    told = message.text("OptOutType").upper()
    is_tapped = any(message.text(name) for name in ("ButtonPayload", "ButtonText", "ListId"))
    if not told and not (is_tapped and message.has_buttons):
        listed = {"STOP": config.stop_keywords, "START": config.start_keywords}
        if message.is_whatsapp:
            listed = {"STOP": config.whatsapp_stop_keywords, "START": config.whatsapp_start_keywords}
        told = next((kind for kind, keywords in listed.items() if is_one_of(words, keywords)), "")
    if told == "STOP":
        return "message.stop", [OptOut(reason=words)]
    if told == "START":
        return "message.start", [OptIn()]
    if told == "HELP" and words:
        return "message.help", [Text(text=words)]
    return None


def _button(message: _Message) -> Made | None:
    return _chosen(message, "message.button", message.text("ButtonPayload"), message.text("ButtonText"))


def _list(message: _Message) -> Made | None:
    return _chosen(message, "message.list", message.text("ListId"), message.text("ListTitle"))


def _chosen(message: _Message, wire_type: str, payload: str, title: str) -> Made | None:
    if not title and not payload:
        return None
    chosen = Selection(payload=payload or title, title=title or message.words, message_id=message.text("OriginalRepliedMessageSid"))
    return wire_type, [chosen]


def _form(message: _Message) -> Made | None:
    """The answers of a form, of which only the names of the fields and what was filled in are known."""
    written = message.text("InteractiveData") or message.text("FlowData")
    if not written:
        return None
    try:
        answers = core_wire.decode(written.encode("utf-8", "replace"))
    except PayloadMalformed:
        answers = None
    lines = list(_lines(answers))[:_MAX_FORM_LINES]
    content: Content = Unsupported(kind="form", description="filled in a form")
    return "message.form", [Text(text="\n".join(lines))] if lines else [content]


def _lines(answers: object) -> list[str]:
    if not isinstance(answers, dict):
        return []
    shown = {name: value for name, value in answers.items() if isinstance(value, str | int | float) and name != "flow_token"}
    return [
        core_wire.storable(f"{name}: {value}")[:1000]
        for name, value in shown.items()
        if not isinstance(value, float) or math.isfinite(value)
    ]


def _location(message: _Message) -> Made | None:
    latitude, longitude = (_degrees(message.text(name), most) for name, most in (("Latitude", 90), ("Longitude", 180)))
    if latitude is None or longitude is None:
        return None
    place = Location(latitude=latitude, longitude=longitude, title=message.text("Label"), address=message.text("Address"))
    return "message.location", [place]


def _degrees(written: str, most: float) -> float | None:
    try:
        degrees = float(written)
    except ValueError:
        return None
    return degrees if abs(degrees) <= most else None  # NaN is not


def _reaction(message: _Message) -> Made | None:
    if message.kind != "reaction":
        return None
    emoji = message.words[:16]
    if not emoji:
        return "message.reaction", [Unsupported(kind="reaction_removed", description="took a reaction back")]
    return "message.reaction", [Unsupported(kind="reaction", description=f"reacted with {emoji}")]


def _media(message: _Message) -> Made | None:
    words = message.words
    files = media.read_files(message.fields, caption=words)
    if not files:
        return None
    before: list[Content] = [Text(text=words)] if words and len(files) > 1 else []
    return "message.media", [*before, *files]


def _text(message: _Message) -> Made | None:
    words = message.words
    reply_to = message.text("OriginalRepliedMessageSid")
    return ("message.text", [Text(text=words, reply_to=reply_to)]) if words else None


_WHATSAPP_READERS: tuple[Callable[[_Message], Made | None], ...] = (_button, _list, _form, _location, _reaction)


# What became of a message of ours


def _status(status: str, message_id: str, fields: dict[str, str], part: str, config: TwilioConfig, raw: bytes) -> ParsedCallback:
    """The receipt. To and From are the other way round here: ``To`` is the consumer, as we wrote the number when we sent."""
    if status in _UNDER_WAY:
        return ParsedCallback(ignored=("status.under_way",))
    if status in _INBOUND:
        return ParsedCallback(ignored=("status.inbound",))
    code = errors.code_of(wire.text(fields, "ErrorCode"))
    kinds = {**dict.fromkeys(_DELIVERED, ReceiptKind.DELIVERED), "read": ReceiptKind.READ, **dict.fromkeys(_FAILED, ReceiptKind.FAILED)}
    kind = kinds.get(status)
    if kind is None:
        return ParsedCallback(ignored=("status.unknown",))
    failed, row = kind is ReceiptKind.FAILED, errors.ERRORS.find(code)
    reason = errors.reason(code) if failed else ""
    if code == errors.WINDOW_CLOSED and config.templates:
        reason += f". {templates.offered(config)}"
    if status == "canceled" and not code:
        reason = "it was canceled at Twilio before it went out"
    # Our own id of the part is in the address that was called, which is signed with everything else.
    ids = (message_id, part) if _PART.fullmatch(part) else (message_id,)
    event = InboundEvent(
        consumer_id=_party(fields, "To", is_whatsapp=config.sender.startswith(WHATSAPP)),
        source_id=f"status:{kind.value}:{message_id}",
        content=row.receipt(ids, reason) if failed and row is not None else Receipt(kind=kind, message_ids=ids, reason=reason),
        wire_type=f"status.{kind.value}",
        raw=raw,
    )
    return ParsedCallback(events=(event,))
