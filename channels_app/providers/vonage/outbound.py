"""From our vocabulary to Vonage's messages: texts as SMS, pictures and files as links or as MMS.

Source: https://developer.vonage.com/en/api/messages and https://developer.vonage.com/en/api/sms (checked 2026-11).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from channels_app.providers._sms import gsm7
from channels_app.providers._sms.numbers import vendor_number
from channels_app.providers._sms.outbound import Limits, Message, Rendered, part_id, render, send_messages, texts
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.vonage import calls
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.errors import message_uuid, sms_ids
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.events import Content, File, FileKind

MAX_TEXT = 1000
"""Characters of one text; Vonage cuts it into SMS that the phone joins."""
MAX_CAPTION = 2000
MAX_CALLBACK = 100
"""The longest address that the SMS API takes with a message; with a longer one reports go to the account's."""

SMS_LIMITS = Limits(max_text=MAX_TEXT)
MMS_LIMITS = replace(SMS_LIMITS, image_schemes=frozenset({"https", "http"}), max_caption=MAX_CAPTION)
_MMS_TYPES = {FileKind.IMAGE: "image", FileKind.VIDEO: "video", FileKind.AUDIO: "audio", FileKind.DOCUMENT: "file"}


def send(content: Content, config: VonageConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one message strictly after another. The SMS API tells an id for each SMS that a text became.

    Raises:
        UnsupportedContent: SMS has no form for it, or there is nothing in it. RecipientGone: the recipient is a name.
    """
    limits = MMS_LIMITS if config.media == "mms" else SMS_LIMITS
    rendered = _mms(content) if isinstance(content, File) and content.url and config.media == "mms" else render(content, limits)
    to = vendor_number(context.to)

    def message_call(message: Message, part: int) -> HttpCall:
        return calls.message(_fields(message, to, config, context, part), config, context, part=part)

    def sms_call(message: Message, part: int) -> HttpCall:
        return calls.sms(_sms_fields(message, to, config, context, part), config, context)

    if config.api == "messages":
        return (yield from send_messages(rendered, message_call, lambda response: [message_uuid(response)]))
    return (yield from send_messages(rendered, sms_call, sms_ids))


def _mms(file: File) -> Rendered:
    """The file with its caption; one that is too long follows as a text."""
    if len(file.caption) <= MAX_CAPTION:
        return Rendered(messages=[Message(text=file.caption, file=file)])
    return Rendered(messages=[Message(file=file), *texts(file.caption, SMS_LIMITS)])


def _fields(message: Message, to: str, config: VonageConfig, context: SendContext, part: int) -> dict[str, Any]:
    kind = _MMS_TYPES[message.file.kind] if message.file else "text"
    fields: dict[str, Any] = {
        "channel": "mms" if message.file else "sms",
        "message_type": kind,
        "to": to,
        "from": config.sender,
        # Our id, for Vonage's records: it does not keep a second message with the same from being sent.
        "client_ref": part_id(context.message_id, part),
        "webhook_url": f"{context.callback_url}/status",
        "webhook_version": "v1",
    }
    if message.file:
        return {**fields, kind: {"url": message.file.url, **({"caption": message.text} if message.text else {})}}
    return {**fields, "text": message.text}


def _sms_fields(message: Message, to: str, config: VonageConfig, context: SendContext, part: int) -> dict[str, str]:
    callback = f"{context.callback_url}/status"
    return {
        "from": config.sender,
        "to": to,
        "text": message.text,
        "type": "text" if gsm7.fits(message.text) else "unicode",
        "status-report-req": "1",
        "client-ref": part_id(context.message_id, part),
        **({"callback": callback} if len(callback) <= MAX_CALLBACK else {}),
    }
