"""From an agent's message to Infobip's calls.

A message gets no id of ours: Infobip refuses an id that it has seen (REJECTED_DUPLICATE_MESSAGE_ID), and does not say whether a message that
was refused, for want of credit say, uses its id up. A retry would then never be sent. So a lost answer stays an unknown outcome.

Source: the model SmsRequest of infobip-api-python-client 6.0.0 (v3); https://infobip.com/docs/api/channels/mms/send-mms-messages (v2: at most 1600
letters beside the media) and Infobip's OpenAPI 3.210.0, read 2026-11.
"""

from __future__ import annotations

import mimetypes
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode, urlsplit

from channels_app.providers._sms.gsm7 import segments
from channels_app.providers._sms.numbers import vendor_number
from channels_app.providers._sms.outbound import Limits, Message, render, send_messages
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.infobip.config import InfobipConfig, UrlTokenProof
from channels_app.providers.infobip.errors import message_id
from channels_app.providers.infobip.verify import TOKEN_PARAMETER
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Content, File

MAX_SEGMENTS = 10
"""Joined SMS of one text: 1530 septets, or 670 UTF-16 units. Infobip itself takes 25; few networks join more than ten."""

SMS_LIMITS = Limits(measure=segments, max_text=MAX_SEGMENTS)
MMS_LIMITS = replace(SMS_LIMITS, image_schemes=frozenset({"https"}), max_caption=MAX_SEGMENTS)


def send(content: Content, config: InfobipConfig, context: SendContext) -> Steps[Sent]:
    """One call for each message that ``content`` takes.

    Raises:
        UnsupportedContent: it cannot be said in text.
        RecipientGone: the recipient is a name, not a number.
    """
    rendered = render(content, MMS_LIMITS if config.mms_enabled else SMS_LIMITS)
    to = vendor_number(context.to)
    steps = send_messages(rendered, lambda message, _: _call(message, to, config, context), lambda response: [message_id(response)])
    return (yield from steps)


def fetch_file(file: File, config: InfobipConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file out of an MMS. Infobip keeps them behind the API key, which goes to the account's own address only.

    Raises:
        UnsupportedContent: it has no address. DeliveryError: the answer.
    """
    if not file.url:
        raise UnsupportedContent("the file has no address")
    own = urlsplit(base_url(config, context))
    given = urlsplit(file.url)
    headers = authorization(config) if (given.scheme, given.netloc) == (own.scheme, own.netloc) else {}
    response = yield HttpCall(method="GET", url=file.url, headers=headers, purpose="fetch_file", effect=False)
    return response.body


def callback_url(config: InfobipConfig, context: SendContext) -> str:
    """Where Infobip is to call, with the token where that is the proof."""
    if isinstance(config.proof, UrlTokenProof):
        return f"{context.callback_url}?{urlencode({TOKEN_PARAMETER: config.proof.token.get_secret_value()})}"
    return context.callback_url


def base_url(config: InfobipConfig, context: SendContext) -> str:
    """Where Infobip's API is, without a trailing slash."""
    return context.api_base or config.base_url


def authorization(config: InfobipConfig) -> dict[str, str]:
    """The headers of every call."""
    return {"Authorization": f"App {config.api_key.get_secret_value()}", "Accept": "application/json"}


def _call(message: Message, to: str, config: InfobipConfig, context: SendContext) -> HttpCall:
    content: dict[str, Any] = {"text": message.text}
    if message.file:
        url = message.file.url
        mime_type = message.file.mime_type or mimetypes.guess_type(urlsplit(url).path)[0] or "image/jpeg"
        link = {"type": "LINK", "contentUrl": url, "contentType": mime_type}
        content = {"messageSegments": [*([{"type": "TEXT", "text": message.text}] if message.text else []), link]}
    fields: dict[str, Any] = {"sender": config.sender, "destinations": [{"to": to}], "content": content}
    if isinstance(config.proof, UrlTokenProof):
        # With the other proofs a subscription brings the reports: a call to an address in the message would carry none.
        fields["webhooks"] = {"delivery": {"url": callback_url(config, context)}, "contentType": "application/json"}
    path, purpose = ("/mms/2/messages", "send_mms") if message.file else ("/sms/3/messages", "send_text")
    return HttpCall.json("POST", base_url(config, context) + path, {"messages": [fields]}, headers=authorization(config), purpose=purpose)
