"""From an agent's message to Bird's calls.

Source: https://developers.messagebird.com/api/sms-messaging/#send-outbound-sms, https://developers.messagebird.com/api/mms-messaging/,
https://developers.messagebird.com/api/balance/, known as of 2026-11.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from channels_app.providers._sms.gsm7 import segments
from channels_app.providers._sms.numbers import vendor_number
from channels_app.providers._sms.outbound import Limits, Message, part_id, render, send_messages
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.bird.config import BirdConfig
from channels_app.providers.bird.errors import message_id
from channels_app.providers.bird.inbound import STATUS
from channels_app.providers.bird.media import authorization
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ServerFault
from connector_platform.core.events import Content

REST_API = "https://rest.messagebird.com"

MAX_SEGMENTS = 9
"""Joined SMS of one text, which is all that Bird takes: 1377 septets, or 603 UTF-16 units."""

SMS_LIMITS = Limits(measure=segments, max_text=MAX_SEGMENTS)
MMS_LIMITS = replace(SMS_LIMITS, image_schemes=frozenset({"https"}), max_caption=MAX_SEGMENTS)


def send(content: Content, config: BirdConfig, context: SendContext) -> Steps[Sent]:
    """One call for each message that ``content`` takes.

    Raises:
        UnsupportedContent: it cannot be said in text.
        RecipientGone: the recipient is a name, not a number.
    """
    rendered = render(content, MMS_LIMITS if config.mms_enabled else SMS_LIMITS)
    to = vendor_number(context.to)
    steps = send_messages(
        rendered, lambda message, number: _call(message, to, number, config, context), lambda response: [message_id(response)]
    )
    return (yield from steps)


def check(config: BirdConfig, context: SendContext) -> Steps[str]:
    """A sentence with the account's balance.

    Raises:
        CredentialsRejected: Bird does not take the key. ServerFault: an answer that says nothing.
    """
    url = f"{context.api_base or REST_API}/balance"
    response = yield HttpCall(method="GET", url=url, headers=authorization(config), purpose="check", effect=False)
    account = response.json()
    amount = wire.number(account, "amount")
    if amount is None:
        raise ServerFault("Bird did not tell the balance", provider_code=str(response.status))
    return f"Connected to Bird; the {wire.name(wire.text(account, 'payment'))} balance is {amount:.2f} {wire.name(wire.text(account, 'type'))}."


def _call(message: Message, to: str, number: int, config: BirdConfig, context: SendContext) -> HttpCall:
    fields: dict[str, Any] = {
        "originator": config.sender,
        "recipients": [to],
        "body": message.text,
        # Reports come only for messages with a reference.
        "reference": part_id(context.message_id, number),
        "reportUrl": context.callback_url + STATUS,
    }
    if message.file:
        fields["mediaUrls"] = [message.file.url]
    else:
        fields["datacoding"] = "auto"
    path, purpose = ("/mms", "send_mms") if message.file else ("/messages", "send_text")
    return HttpCall.json("POST", (context.api_base or REST_API) + path, fields, headers=authorization(config), purpose=purpose)
