"""From our vocabulary to the Send API: which calls an event takes.

Source: https://developers.facebook.com/docs/messenger-platform/reference/send-api (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote, urlencode

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.messenger import rich, wire
from channels_app.providers.messenger.config import MessengerAppConfig, MessengerConfig
from channels_app.providers.messenger.verify import appsecret_proof
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import ConfigurationError, OutcomeUnknown, ServerFault, UnsupportedContent, WindowClosed
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Close,
    Contact,
    Content,
    ConversationChange,
    File,
    FileKind,
    Location,
    Profile,
    Receipt,
    ReceiptKind,
    RichContent,
    Text,
)
from connector_platform.core.rich import Loss, LossKind, maps_link

GRAPH_API = "https://graph.facebook.com"
GRAPH_VERSION = "v25.0"
"""A version lives about two years; after that Meta serves the oldest living one without a word."""

MAX_TEXT = rich.MAX_TEXT

# "You have 24 hours to respond": https://developers.facebook.com/docs/messenger-platform/policy/policy-overview
STANDARD_WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)

_CAPTION_MOVED = (Loss(path="/caption", kind=LossKind.MOVED, reason="a file and a text cannot share a message: the caption follows"),)

_ATTACHMENT_TYPE = {FileKind.IMAGE: "image", FileKind.VIDEO: "video", FileKind.AUDIO: "audio", FileKind.DOCUMENT: "file"}


def send(content: Content, config: MessengerConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one part strictly after another; several at once would arrive out of order.

    Receipts other than READ, a close and a changed conversation have nothing that Messenger could show: no call.

    Raises:
        UnsupportedContent: nothing of it can be shown.
        WindowClosed: the person's last message is too long ago, known without a call.
    """
    match content:
        case ChatState():
            action = "typing_on" if content.state is ChatStateKind.COMPOSING else "typing_off"
            return (yield from _act(action, config, context))
        case Receipt(kind=ReceiptKind.READ):
            return (yield from _act("mark_seen", config, context))
        case Receipt() | Close() | ConversationChange():
            return Sent()
        case _:
            return (yield from _send_messages(_render(content, config, context), config, context))


def check(config: MessengerConfig, context: SendContext) -> Steps[str]:
    """A sentence that names the page that the token belongs to.

    Raises:
        ConfigurationError: the token is another page's, or a person's.
        CredentialsRejected: Meta does not take the token.
        ServerFault: an answer that names nobody.
    """
    url = _url(config, context, "me", {"fields": "id,name"})
    response = yield HttpCall(method="GET", url=url, headers=_headers(config), purpose="check", effect=False)
    page = _fields(response)
    page_id = page.get("id")
    if not isinstance(page_id, str):
        raise ServerFault("Meta did not say whose token this is", provider_code=str(response.status))
    if page_id != config.page_id:
        raise ConfigurationError(
            f"the token belongs to {page_id[:32]}, not to page {config.page_id}; generate it for this page, not for a person"
        )
    name = page.get("name")
    return f"Connected to page {name if isinstance(name, str) and name else 'without a name'} ({page_id})."


def look_up_profile(config: MessengerConfig, context: SendContext) -> Steps[Profile | None]:
    """The person's name and picture; None where Meta names nobody. The picture's address expires within days.

    Raises:
        DeliveryError: Meta refuses, which is normal (100/33) for people who have not agreed to be named.

    Source: https://developers.facebook.com/docs/messenger-platform/identity/user-profile (checked 2026-07).
    """
    url = _url(config, context, quote(context.to, safe=""), {"fields": "first_name,last_name,profile_pic"})
    response = yield HttpCall(method="GET", url=url, headers=_headers(config), purpose="profile", effect=False)
    person = _fields(response)
    first_name, last_name = wire.text(person, "first_name"), wire.text(person, "last_name")
    if not first_name and not last_name:
        return None
    name = f"{first_name} {last_name}".strip()
    return Profile(name=name, first_name=first_name, last_name=last_name, avatar_url=wire.web_url(person, "profile_pic"))


def _render(content: Content, config: MessengerConfig, context: SendContext) -> rich.Rendered:
    """The ``message`` objects that ``content`` becomes, in order; never none.

    Raises:
        UnsupportedContent: there is no form for it.
    """
    match content:
        case Text():
            rendered = rich.Rendered(messages=rich.text_messages(content.text))
        case File(url=url) if url.startswith(("https://", "http://")):
            messages = [rich.attachment(_ATTACHMENT_TYPE[content.kind], url), *rich.text_messages(content.caption)]
            rendered = rich.Rendered(messages=messages, losses=_CAPTION_MOVED if len(messages) > 1 else ())
        case File():
            raise UnsupportedContent("Messenger fetches files by their address, and this one has none")
        case Location():
            link = maps_link(content.latitude, content.longitude)
            lines = [line for line in (content.title, content.address, link) if line]
            loss = Loss(path="", kind=LossKind.REDUCED, reason="the place is shown as a link to a map", after=link)
            rendered = rich.Rendered(messages=rich.text_messages("\n".join(lines)), losses=(loss,))
        case Contact():
            lines = [line for line in (content.name, content.phone, content.email) if line]
            loss = Loss(path="", kind=LossKind.REDUCED, reason="the contact is shown as text")
            rendered = rich.Rendered(messages=rich.text_messages("\n".join(lines)), losses=(loss,))
        case RichContent():
            schemes = rich.ABILITIES.image_schemes
            # A stand-in for Meta that is itself reached without TLS (a sandbox) fetches pictures so, too.
            if context.api_base.startswith("http://"):
                schemes |= {"http"}
            rendered = rich.render(content, prompt=config.choice_prompt, payload_for=context.payload_for, image_schemes=schemes)
        case _:
            raise UnsupportedContent(f"Messenger has no form for {content.type}")
    if not rendered.messages:
        raise UnsupportedContent("there is nothing in it to show")
    return rendered


def _send_messages(rendered: rich.Rendered, config: MessengerConfig, context: SendContext) -> Steps[Sent]:
    window = _messaging_type(config, context)
    parts: list[tuple[str, ...]] = []
    for message in rendered.messages:
        payload = {"recipient": {"id": context.to}, **window, "message": message}
        response = yield _post(payload, config, context, purpose=_purpose(message), effect=True)
        message_id = _fields(response).get("message_id")
        if not isinstance(message_id, str):
            raise OutcomeUnknown("Meta answered without a message id; the person may have the message", provider_code=str(response.status))
        parts.append((message_id,))
    return Sent(parts=tuple(parts), losses=rendered.losses, shown=rendered.shown)


def _act(action: str, config: MessengerConfig, context: SendContext) -> Steps[Sent]:
    """Show typing or seen. Outside the window Meta refuses these too, and nobody would miss them: no call."""
    try:
        _messaging_type(config, context)
    except WindowClosed:
        return Sent()
    payload = {"recipient": {"id": context.to}, "sender_action": action}
    yield _post(payload, config, context, purpose=action, effect=False)
    return Sent()


def _messaging_type(config: MessengerConfig, context: SendContext) -> dict[str, str]:
    """The fields that say by what right we write.

    Message tags other than HUMAN_AGENT were removed on 2026-04-27; using one is answered 100/1893061.

    Raises:
        WindowClosed: by none.
    """
    age = context.now - context.last_inbound_at if context.last_inbound_at else timedelta(0)
    if age <= STANDARD_WINDOW:
        return {"messaging_type": "RESPONSE"}
    if not config.human_agent_enabled:
        raise WindowClosed("the person's last message is more than 24 hours ago, and Human agent is not enabled for this page")
    if age <= HUMAN_AGENT_WINDOW:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    raise WindowClosed("the person's last message is more than 7 days ago")


def _post(payload: Mapping[str, Any], config: MessengerConfig, context: SendContext, *, purpose: str, effect: bool) -> HttpCall:
    url = _url(config, context, f"{config.page_id}/messages")
    return HttpCall.json("POST", url, payload, headers=_headers(config), purpose=purpose, effect=effect)


def _url(config: MessengerConfig, context: SendContext, path: str, query: Mapping[str, str] | None = None) -> str:
    fields = dict(query or {})
    if isinstance(context.app, MessengerAppConfig) and context.app.send_appsecret_proof:
        fields["appsecret_proof"] = appsecret_proof(config.page_access_token.get_secret_value(), context.app.app_secret.get_secret_value())
    suffix = "?" + urlencode(fields, safe=",") if fields else ""
    return f"{context.api_base or GRAPH_API}/{GRAPH_VERSION}/{path}{suffix}"


def _headers(config: MessengerConfig) -> dict[str, str]:
    # Meta takes the token as a query parameter too, but addresses end up in logs.
    return {"Authorization": f"Bearer {config.page_access_token.get_secret_value()}"}


def _fields(response: HttpResponse) -> dict[str, Any]:
    body = response.json()
    return body if isinstance(body, dict) else {}


def _purpose(message: Mapping[str, Any]) -> str:
    attachment = message.get("attachment")
    if attachment is None:
        return "send_text"
    return "send_template" if attachment["type"] == "template" else "send_file"
