"""From our vocabulary to Plivo's messages: texts as SMS, pictures and files as links or as MMS.

Source: https://www.plivo.com/docs/messaging/api/message/send-a-message (known) and plivo-python 4.63.0 (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.plivo import calls
from channels_app.providers.plivo.alphabet import MAX_SEPTETS, length
from channels_app.providers.plivo.config import PlivoConfig
from channels_app.providers.plivo.errors import message_uuid
from channels_app.providers.plivo.wire import is_number
from connector_platform.core.calls import Steps
from connector_platform.core.errors import RecipientGone, UnsupportedContent
from connector_platform.core.events import Contact, Content, File, Location, RichContent, Text
from connector_platform.core.rich import Abilities, Loss, LossKind, Shown, maps_link, parse, plan
from connector_platform.core.rich.parts import ChoicesPart, ImagePart, TextPart
from connector_platform.core.text import split_text

MAX_TEXT = MAX_SEPTETS
"""Septets of one text; 737 UTF-16 units where a letter is not in the GSM alphabet. Plivo cuts it into SMS that the phone joins."""

SMS_ABILITIES = Abilities(measure=length, max_text=MAX_TEXT)
MMS_ABILITIES = Abilities(measure=length, max_text=MAX_TEXT, image_schemes=frozenset({"https", "http"}), max_image_caption=MAX_TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """One message to send: a text, or with a ``url`` an MMS."""

    text: str = ""
    url: str = ""


def send(content: Content, config: PlivoConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one message strictly after another.

    Raises:
        UnsupportedContent: SMS has no form for it, or there is nothing in it. RecipientGone: the recipient is a name.
    """
    messages, losses, shown = _messages(content, config)
    if not messages:
        raise UnsupportedContent("there is nothing in it to send")
    if not is_number(context.to):
        raise RecipientGone("the consumer wrote from a name, which cannot be answered")
    parts: list[tuple[str, ...]] = []
    for message in messages:
        response = yield calls.message(_fields(message, config, context), config, context)
        parts.append((message_uuid(response),))
    return Sent(parts=tuple(parts), losses=losses, shown=shown)


def _messages(content: Content, config: PlivoConfig) -> tuple[list[_Message], tuple[Loss, ...], Shown]:
    match content:
        case Text():
            return _texts(content.text), (), ()
        case RichContent():
            planned = plan(
                parse(content.content, content.quick_replies, content.text), MMS_ABILITIES if config.media == "mms" else SMS_ABILITIES
            )
            messages: list[_Message] = []
            for part in planned.parts:
                match part:
                    case TextPart() | ChoicesPart():
                        messages += _texts(part.text)
                    case ImagePart():
                        messages.append(_Message(url=part.url, text=part.caption))
            return messages, planned.losses, planned.shown
        case File() if not content.url:
            raise UnsupportedContent("the file has no public address that an SMS could link to")
        case File() if config.media == "mms":
            first, *rest = _texts(content.caption) or [_Message()]
            return [_Message(url=content.url, text=first.text), *rest], (), ()
        case File():
            loss = Loss(path="/url", kind=LossKind.REDUCED, reason="the file is sent as a link")
            return _texts(_lines((content.caption or content.name, content.url))), (loss,), ()
        case Location():
            return _texts(_lines((content.title, content.address, maps_link(content.latitude, content.longitude)))), (), ()
        case Contact():
            return _texts(_lines((content.name, content.phone, content.email))), (), ()
    raise UnsupportedContent(f"SMS has no form for {content.type}")


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(line for line in lines if line)


def _texts(text: str) -> list[_Message]:
    pieces = split_text(text.replace("\x00", "").strip(), MAX_TEXT, measure=length)
    return [_Message(text=piece) for piece in pieces if not piece.isspace()]


def _fields(message: _Message, config: PlivoConfig, context: SendContext) -> dict[str, Any]:
    sender = {"powerpack_uuid": config.powerpack_uuid} if config.powerpack_uuid else {"src": config.sender}
    fields: dict[str, Any] = {
        **sender,
        "dst": context.to,
        "type": "mms" if message.url else "sms",
        "url": f"{context.callback_url}/status",
        "method": "POST",
    }
    if message.text:
        fields["text"] = message.text
    return {**fields, "media_urls": [message.url]} if message.url else fields
