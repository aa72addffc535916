"""From our vocabulary to Vonage's messages: texts as SMS, pictures and files as links or as MMS.

Source: https://developer.vonage.com/en/api/messages and https://developer.vonage.com/en/api/sms (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.vonage import calls
from channels_app.providers.vonage.alphabet import is_gsm
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.errors import message_uuid, sms_ids
from channels_app.providers.vonage.wire import is_number
from connector_platform.core.calls import Steps
from connector_platform.core.errors import RecipientGone, UnsupportedContent
from connector_platform.core.events import Contact, Content, File, FileKind, Location, RichContent, Text
from connector_platform.core.rich import Abilities, Loss, LossKind, Shown, maps_link, parse, plan
from connector_platform.core.rich.parts import ChoicesPart, ImagePart, TextPart
from connector_platform.core.text import split_text

MAX_TEXT = 1000
"""Characters of one text; Vonage cuts it into SMS that the phone joins."""
MAX_CAPTION = 2000
MAX_CALLBACK = 100
"""The longest address that the SMS API takes with a message; with a longer one reports go to the account's."""

_WEB = frozenset({"https", "http"})
SMS_ABILITIES = Abilities(max_text=MAX_TEXT)
MMS_ABILITIES = Abilities(max_text=MAX_TEXT, image_schemes=_WEB, max_image_caption=MAX_CAPTION)
_MMS_TYPES = {FileKind.IMAGE: "image", FileKind.VIDEO: "video", FileKind.AUDIO: "audio", FileKind.DOCUMENT: "file"}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Message:
    """One message to send: a text, or with a ``url`` an MMS of that ``kind``."""

    text: str = ""
    kind: str = "text"
    url: str = ""


def send(content: Content, config: VonageConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one message strictly after another. The SMS API tells an id for each SMS that a text became.

    Raises:
        UnsupportedContent: SMS has no form for it, or there is nothing in it. RecipientGone: the recipient is a name.
    """
    messages, losses, shown = _messages(content, config)
    if not messages:
        raise UnsupportedContent("there is nothing in it to send")
    if not is_number(context.to):
        raise RecipientGone("the consumer wrote from a name, which cannot be answered")
    parts: list[tuple[str, ...]] = []
    for part, message in enumerate(messages, 1):
        if config.api == "messages":
            response = yield calls.message(_fields(message, config, context, part), config, context, part=part)
            parts.append((message_uuid(response),))
        else:
            response = yield calls.sms(_sms_fields(message, config, context, part), config, context)
            parts.extend((message_id,) for message_id in sms_ids(response))
    return Sent(parts=tuple(parts), losses=losses, shown=shown)


def _messages(content: Content, config: VonageConfig) -> tuple[list[_Message], tuple[Loss, ...], Shown]:
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
                        messages.append(_Message(kind="image", url=part.url, text=part.caption))
            return messages, planned.losses, planned.shown
        case File() if not content.url:
            raise UnsupportedContent("the file has no public address that an SMS could link to")
        case File() if config.media == "mms":
            return _mms(content), (), ()
        case File():
            loss = Loss(path="/url", kind=LossKind.REDUCED, reason="the file is sent as a link")
            return _texts(_lines((content.caption or content.name, content.url))), (loss,), ()
        case Location():
            return _texts(_lines((content.title, content.address, maps_link(content.latitude, content.longitude)))), (), ()
        case Contact():
            return _texts(_lines((content.name, content.phone, content.email))), (), ()
    raise UnsupportedContent(f"SMS has no form for {content.type}")


def _mms(file: File) -> list[_Message]:
    """The file with its caption; one that is too long follows as a text."""
    fits = len(file.caption) <= MAX_CAPTION
    first = _Message(kind=_MMS_TYPES[file.kind], url=file.url, text=file.caption if fits else "")
    return [first] if fits else [first, *_texts(file.caption)]


def _lines(lines: Iterable[str]) -> str:
    return "\n".join(line for line in lines if line)


def _texts(text: str) -> list[_Message]:
    return [_Message(text=piece) for piece in split_text(text.replace("\x00", "").strip(), MAX_TEXT) if not piece.isspace()]


def _fields(message: _Message, config: VonageConfig, context: SendContext, part: int) -> dict[str, Any]:
    fields: dict[str, Any] = {
        "channel": "mms" if message.url else "sms",
        "message_type": message.kind,
        "to": context.to,
        "from": config.sender,
        "client_ref": _our_id(context, part),
        "webhook_url": f"{context.callback_url}/status",
        "webhook_version": "v1",
    }
    if message.url:
        return {**fields, message.kind: {"url": message.url, **({"caption": message.text} if message.text else {})}}
    return {**fields, "text": message.text}


def _sms_fields(message: _Message, config: VonageConfig, context: SendContext, part: int) -> dict[str, str]:
    callback = f"{context.callback_url}/status"
    return {
        "from": config.sender,
        "to": context.to,
        "text": message.text,
        "type": "text" if is_gsm(message.text) else "unicode",
        "status-report-req": "1",
        "client-ref": _our_id(context, part),
        **({"callback": callback} if len(callback) <= MAX_CALLBACK else {}),
    }


def _our_id(context: SendContext, part: int) -> str:
    """Our id of one message, for Vonage's records: it does not keep a second one with the same from being sent."""
    return context.message_id if part == 1 else f"{context.message_id}-{part}"
