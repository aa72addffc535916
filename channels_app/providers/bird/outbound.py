"""From an agent's message to Bird's calls.

Source: https://developers.messagebird.com/api/sms-messaging/#send-outbound-sms, https://developers.messagebird.com/api/mms-messaging/,
https://developers.messagebird.com/api/balance/, known as of 2026-11.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.bird import rich
from channels_app.providers.bird.config import BirdConfig
from channels_app.providers.bird.errors import message_id
from channels_app.providers.bird.inbound import STATUS
from channels_app.providers.bird.numbers import vendor_number
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ServerFault, UnsupportedContent
from connector_platform.core.events import Contact, Content, File, Location, RichContent, Text
from connector_platform.core.rich import Loss, LossKind, maps_link

REST_API = "https://rest.messagebird.com"
# Media of inbound MMS lie behind the access key.
MEDIA_ORIGINS = frozenset({("https", "rest.messagebird.com"), ("https", "media.messagebird.com")})

_AS_LINK = (Loss(path="/url", kind=LossKind.REDUCED, reason="the file is sent as a link"),)


def send(content: Content, config: BirdConfig, context: SendContext) -> Steps[Sent]:
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
    for number, message in enumerate(rendered.messages, 1):
        response = yield _call(message, to, number, config, context)
        parts.append((message_id(response),))
    return Sent(parts=tuple(parts), losses=rendered.losses, shown=rendered.shown)


def fetch_file(file: File, config: BirdConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file out of an MMS. The access key goes to Bird's own hosts only.

    Raises:
        UnsupportedContent: it has no address. DeliveryError: the answer.
    """
    if not file.url:
        raise UnsupportedContent("the file has no address")
    given, stand_in = urlsplit(file.url), urlsplit(context.api_base)
    is_own = (given.scheme, given.netloc) in {*MEDIA_ORIGINS, (stand_in.scheme, stand_in.netloc)}
    response = yield HttpCall(
        method="GET", url=file.url, headers=_authorization(config) if is_own else {}, purpose="fetch_file", effect=False
    )
    return response.body


def check(config: BirdConfig, context: SendContext) -> Steps[str]:
    """A sentence with the account's balance.

    Raises:
        CredentialsRejected: Bird does not take the key. ServerFault: an answer that says nothing.
    """
    url = f"{context.api_base or REST_API}/balance"
    response = yield HttpCall(method="GET", url=url, headers=_authorization(config), purpose="check", effect=False)
    account = response.json()
    amount = wire.number(account, "amount")
    if amount is None:
        raise ServerFault("Bird did not tell the balance", provider_code=str(response.status))
    return f"Connected to Bird; the {wire.name(wire.text(account, 'payment'))} balance is {amount:.2f} {wire.name(wire.text(account, 'type'))}."


def _render(content: Content, config: BirdConfig) -> rich.Rendered:
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


def _file(file: File, config: BirdConfig) -> rich.Rendered:
    if config.mms_enabled:
        first, *rest = rich.text_messages(file.caption) or [rich.Message()]
        return rich.Rendered(messages=[rich.Message(text=first.text, file_url=file.url), *rest])
    lines = (file.caption or file.name, file.url)
    return rich.Rendered(messages=rich.text_messages("\n".join(line for line in lines if line)), losses=_AS_LINK)


def _lines(lines: tuple[str, ...], loss: Loss) -> rich.Rendered:
    return rich.Rendered(messages=rich.text_messages("\n".join(line for line in lines if line)), losses=(loss,))


def _call(message: rich.Message, to: str, number: int, config: BirdConfig, context: SendContext) -> HttpCall:
    fields: dict[str, Any] = {
        "originator": config.sender,
        "recipients": [to],
        "body": message.text,
        # Reports come only for messages with a reference.
        "reference": context.message_id if number == 1 else f"{context.message_id}-{number}",
        "reportUrl": context.callback_url + STATUS,
    }
    if message.file_url:
        fields["mediaUrls"] = [message.file_url]
    else:
        fields["datacoding"] = "auto"
    path, purpose = ("/mms", "send_mms") if message.file_url else ("/messages", "send_text")
    return HttpCall.json("POST", (context.api_base or REST_API) + path, fields, headers=_authorization(config), purpose=purpose)


def _authorization(config: BirdConfig) -> dict[str, str]:
    return {"Authorization": f"AccessKey {config.access_key.get_secret_value()}"}
