"""From our vocabulary to Plivo's messages: texts as SMS, pictures and files as links or as MMS.

Source: https://www.plivo.com/docs/messaging/api/message/send-a-message (known) and plivo-python 4.63.0 (read 2026-11).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from channels_app.providers._sms import gsm7
from channels_app.providers._sms.numbers import vendor_number
from channels_app.providers._sms.outbound import Limits, Message, render, send_messages
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.plivo import calls
from channels_app.providers.plivo.config import PlivoConfig
from channels_app.providers.plivo.errors import message_uuid
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.events import Content
from connector_platform.core.text import utf16_units

MAX_SEPTETS = 1600
"""Of one text, which Plivo cuts into SMS that the phone joins."""
MAX_UNITS = 737
"""Of UTF-16, where a letter is not in the GSM alphabet."""


def length(text: str) -> int:
    """The length of ``text`` in septets; a text with other letters counts so much more that 737 of its units are 1600."""
    return gsm7.septets(text) if gsm7.fits(text) else -(-utf16_units(text) * MAX_SEPTETS // MAX_UNITS)


SMS_LIMITS = Limits(measure=length, max_text=MAX_SEPTETS)
MMS_LIMITS = replace(SMS_LIMITS, image_schemes=frozenset({"https", "http"}), max_caption=MAX_SEPTETS)


def send(content: Content, config: PlivoConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one message strictly after another.

    Raises:
        UnsupportedContent: SMS has no form for it, or there is nothing in it. RecipientGone: the recipient is a name.
    """
    rendered = render(content, MMS_LIMITS if config.media == "mms" else SMS_LIMITS)
    to = vendor_number(context.to)

    def call(message: Message, _: int) -> HttpCall:
        return calls.message(_fields(message, to, config, context), config, context)

    return (yield from send_messages(rendered, call, lambda response: [message_uuid(response)]))


def _fields(message: Message, to: str, config: PlivoConfig, context: SendContext) -> dict[str, Any]:
    sender = {"powerpack_uuid": config.powerpack_uuid} if config.powerpack_uuid else {"src": config.sender}
    fields: dict[str, Any] = {
        **sender,
        "dst": to,
        "type": "mms" if message.file else "sms",
        "url": f"{context.callback_url}/status",
        "method": "POST",
    }
    if message.text:
        fields["text"] = message.text
    return {**fields, "media_urls": [message.file.url]} if message.file else fields
