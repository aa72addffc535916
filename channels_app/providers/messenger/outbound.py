"""From our vocabulary to the Send API: which calls an event takes.

Source: https://developers.facebook.com/docs/messenger-platform/reference/send-api (checked 2026-07).
"""

from __future__ import annotations

from urllib.parse import quote

from channels_app.providers._meta import sending, wire
from channels_app.providers._meta.graph import Graph, fields_of
from channels_app.providers._meta.sending import Rendered
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.messenger import rich
from channels_app.providers.messenger.config import MessengerAppConfig, MessengerConfig
from channels_app.providers.messenger.errors import FILE_REFUSALS
from connector_platform.core.calls import Steps
from connector_platform.core.errors import UnsupportedContent, WindowClosed
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
from connector_platform.core.rich import Loss, LossKind

GRAPH_API = "https://graph.facebook.com"

MAX_TEXT = rich.MAX_TEXT

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
            rendered = _render(content, config, context)
            window = sending.messaging_type(context, human_agent=config.human_agent_enabled)
            steps = sending.send_messages(rendered, page_graph(config, context), config.page_id, window=window, to=context.to)
            return (yield from steps)


def look_up_profile(config: MessengerConfig, context: SendContext) -> Steps[Profile | None]:
    """The person's name and picture; None where Meta names nobody. The picture's address expires within days.

    Raises:
        DeliveryError: Meta refuses, which is normal (100/33) for people who have not agreed to be named.

    Source: https://developers.facebook.com/docs/messenger-platform/identity/user-profile (checked 2026-07).
    """
    path = quote(context.to, safe="")
    response = yield page_graph(config, context).get(path, {"fields": "first_name,last_name,profile_pic"}, purpose="profile")
    person = fields_of(response)
    first_name, last_name = wire.text(person, "first_name"), wire.text(person, "last_name")
    if not first_name and not last_name:
        return None
    name = f"{first_name} {last_name}".strip()
    return Profile(name=name, first_name=first_name, last_name=last_name, avatar_url=wire.web_url(person, "profile_pic"))


def page_graph(config: MessengerConfig, context: SendContext) -> Graph:
    """Calls as the page."""
    app = context.app
    proof_secret = app.app_secret.get_secret_value() if isinstance(app, MessengerAppConfig) and app.send_appsecret_proof else ""
    return Graph(host=context.api_base or GRAPH_API, token=config.page_access_token.get_secret_value(), proof_secret=proof_secret)


def app_graph(app: MessengerAppConfig, context: SendContext) -> Graph:
    """Calls as the app itself."""
    return Graph(host=context.api_base or GRAPH_API, token=f"{app.app_id}|{app.app_secret.get_secret_value()}")


def _render(content: Content, config: MessengerConfig, context: SendContext) -> Rendered:
    """The ``message`` objects that ``content`` becomes, in order; never none.

    Raises:
        UnsupportedContent: there is no form for it.
    """
    match content:
        case Text():
            rendered = Rendered(messages=rich.text_messages(content.text))
        case File(url=url) if url.startswith(("https://", "http://")):
            messages = [sending.attachment(_ATTACHMENT_TYPE[content.kind], url), *rich.text_messages(content.caption)]
            losses = _CAPTION_MOVED if len(messages) > 1 else ()
            rendered = Rendered(messages=messages, losses=losses, instead=rich.text_messages(url)[:1], refusals=FILE_REFUSALS)
        case File():
            raise UnsupportedContent("Messenger fetches files by their address, and this one has none")
        case Location():
            words, loss = sending.place_in_words(content)
            rendered = Rendered(messages=rich.text_messages(words), losses=(loss,))
        case Contact():
            lines = [line for line in (content.name, content.phone, content.email) if line]
            loss = Loss(path="", kind=LossKind.REDUCED, reason="the contact is shown as text")
            rendered = Rendered(messages=rich.text_messages("\n".join(lines)), losses=(loss,))
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


def _act(action: str, config: MessengerConfig, context: SendContext) -> Steps[Sent]:
    """Show typing or seen. Outside the window Meta refuses these too, and nobody would miss them: no call."""
    try:
        sending.messaging_type(context, human_agent=config.human_agent_enabled)
    except WindowClosed:
        return Sent()
    return (yield from sending.act(action, page_graph(config, context), config.page_id, to=context.to))
