"""From an agent's message to Infobip's calls.

A message gets no id of ours: Infobip refuses an id that it has seen (REJECTED_DUPLICATE_MESSAGE_ID), and does not say whether a message that
was refused, for want of credit say, uses its id up. A retry would then never be sent. So a lost answer stays an unknown outcome.

Source: https://www.infobip.com/docs/api/channels/sms/outbound-sms/send-sms-messages (v3), .../mms/outbound-mms/send-mms-messages (v2),
known as of 2026-11; the SMS shapes after infobip-api-python-client 6.0.0.
"""

from __future__ import annotations

import mimetypes
from typing import Any
from urllib.parse import urlencode, urlsplit

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.infobip import rich
from channels_app.providers.infobip.config import InfobipConfig, UrlTokenProof
from channels_app.providers.infobip.errors import message_id
from channels_app.providers.infobip.numbers import vendor_number
from channels_app.providers.infobip.verify import TOKEN_PARAMETER
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Contact, Content, File, Location, RichContent, Text
from connector_platform.core.rich import Loss, LossKind, maps_link

_AS_LINK = (Loss(path="/url", kind=LossKind.REDUCED, reason="the file is sent as a link"),)


def send(content: Content, config: InfobipConfig, context: SendContext) -> Steps[Sent]:
    """One call for each message that ``content`` takes.

    Raises:
        UnsupportedContent: it cannot be said in text.
        RecipientGone: the recipient is a name, not a number.
    """
    rendered = _render(content, config)
    if not rendered.messages:
        raise UnsupportedContent("there is nothing in it to send")
    to = vendor_number(context.to)
    parts: list[tuple[str, ...]] = []
    for message in rendered.messages:
        response = yield _call(message, to, config, context)
        parts.append((message_id(response),))
    return Sent(parts=tuple(parts), losses=rendered.losses, shown=rendered.shown)


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


def _render(content: Content, config: InfobipConfig) -> rich.Rendered:
    match content:
        case Text():
            return rich.Rendered(messages=rich.text_messages(content.text))
        case File(url=url) if url.startswith(("https://", "http://")):
            return _file(content, config)
        case File():
            raise UnsupportedContent("the file has no public address that a message could hold")
        case Location():
            link = maps_link(content.latitude, content.longitude)
            lines = (content.title, content.address, link)
            return _lines(lines, Loss(path="", kind=LossKind.REDUCED, reason="the place is shown as a link to a map", after=link))
        case Contact():
            lines = (content.name, content.phone, content.email)
            return _lines(lines, Loss(path="", kind=LossKind.REDUCED, reason="the contact is shown as text"))
        case RichContent():
            return rich.render(content, mms_enabled=config.mms_enabled)
        case _:
            raise UnsupportedContent(f"SMS has no form for {content.type}")


def _file(file: File, config: InfobipConfig) -> rich.Rendered:
    if config.mms_enabled:
        first, *rest = rich.text_messages(file.caption) or [rich.Message()]
        return rich.Rendered(messages=[rich.Message(text=first.text, file_url=file.url, mime_type=file.mime_type), *rest])
    lines = (file.caption or file.name, file.url)
    return rich.Rendered(messages=rich.text_messages("\n".join(line for line in lines if line)), losses=_AS_LINK)


def _lines(lines: tuple[str, ...], loss: Loss) -> rich.Rendered:
    return rich.Rendered(messages=rich.text_messages("\n".join(line for line in lines if line)), losses=(loss,))


def _call(message: rich.Message, to: str, config: InfobipConfig, context: SendContext) -> HttpCall:
    content: dict[str, Any] = {"text": message.text}
    if message.file_url:
        mime_type = message.mime_type or mimetypes.guess_type(urlsplit(message.file_url).path)[0] or "image/jpeg"
        link = {"type": "LINK", "contentUrl": message.file_url, "contentType": mime_type}
        content = {"messageSegments": [*([{"type": "TEXT", "text": message.text}] if message.text else []), link]}
    fields: dict[str, Any] = {"sender": config.sender, "destinations": [{"to": to}], "content": content}
    if isinstance(config.proof, UrlTokenProof):
        # With the other proofs a subscription brings the reports: a call to an address in the message would carry none.
        fields["webhooks"] = {"delivery": {"url": callback_url(config, context)}, "contentType": "application/json"}
    path, purpose = ("/mms/2/messages", "send_mms") if message.file_url else ("/sms/3/messages", "send_text")
    url = base_url(config, context) + path
    return HttpCall.json("POST", url, {"messages": [fields]}, headers=authorization(config), purpose=purpose)
