"""SMS and MMS: texts, pictures and files as links or as MMS; and the older SMS API, which tells an id for each SMS that a text became.

Source: https://developer.vonage.com/en/api/messages and https://developer.vonage.com/en/api/sms (checked 2026-11).
"""

from __future__ import annotations

from dataclasses import replace

from channels_app.providers._sms import gsm7
from channels_app.providers._sms import outbound as _sms
from channels_app.providers._sms.numbers import vendor_number
from channels_app.providers._sms.outbound import Limits, Message
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.vonage import calls
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.errors import sms_ids
from channels_app.providers.vonage.rendered import Fields, Rendered
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

recipient = vendor_number


def render(content: Content, config: VonageConfig, context: SendContext) -> Rendered:
    """The SMS and MMS that ``content`` becomes.

    Raises:
        UnsupportedContent: SMS has no form for it, or there is nothing in it.
    """
    rendered = _render(content, config)
    return Rendered(messages=[_fields(message) for message in rendered.messages], losses=rendered.losses, shown=rendered.shown)


def send_by_sms_api(content: Content, config: VonageConfig, context: SendContext) -> Steps[Sent]:
    """The calls of the SMS API that ``content`` takes.

    Raises:
        UnsupportedContent: SMS has no form for it, or there is nothing in it. RecipientGone: the recipient is a name.
    """
    rendered, to = _render(content, config), vendor_number(context.to)

    def call(message: Message, part: int) -> HttpCall:
        return calls.sms(_sms_fields(message, to, config, context, part), config, context)

    return (yield from _sms.send_messages(rendered, call, sms_ids))


def _render(content: Content, config: VonageConfig) -> _sms.Rendered:
    if isinstance(content, File) and content.url and config.media == "mms":
        return _mms(content)
    return _sms.render(content, MMS_LIMITS if config.media == "mms" else SMS_LIMITS)


def _mms(file: File) -> _sms.Rendered:
    """The file with its caption; one that is too long follows as a text."""
    if len(file.caption) <= MAX_CAPTION:
        return _sms.Rendered(messages=[Message(text=file.caption, file=file)])
    return _sms.Rendered(messages=[Message(file=file), *_sms.texts(file.caption, SMS_LIMITS)])


def _fields(message: Message) -> Fields:
    if not message.file:
        return {"channel": "sms", "message_type": "text", "text": message.text}
    kind = _MMS_TYPES[message.file.kind]
    return {"channel": "mms", "message_type": kind, kind: {"url": message.file.url, **({"caption": message.text} if message.text else {})}}


def _sms_fields(message: Message, to: str, config: VonageConfig, context: SendContext, part: int) -> dict[str, str]:
    callback = f"{context.callback_url}/status"
    return {
        "from": config.sender,
        "to": to,
        "text": message.text,
        "type": "text" if gsm7.fits(message.text) else "unicode",
        "status-report-req": "1",
        "client-ref": _sms.part_id(context.message_id, part),
        **({"callback": callback} if len(callback) <= MAX_CALLBACK else {}),
    }
