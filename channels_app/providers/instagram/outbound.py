"""From our vocabulary to the Send API: which calls an event takes.

Source: https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api and
https://developers.facebook.com/docs/messenger-platform/instagram (checked 2026-07).
"""

from __future__ import annotations

from urllib.parse import quote

from channels_app.providers._meta import sending, wire
from channels_app.providers._meta.graph import Graph, fields_of
from channels_app.providers._meta.sending import Rendered
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.instagram import files, rich
from channels_app.providers.instagram.config import InstagramAppConfig, InstagramConfig
from channels_app.providers.instagram.errors import FILE_REFUSALS
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
    Location,
    Profile,
    Receipt,
    ReceiptKind,
    RichContent,
    Text,
)
from connector_platform.core.rich import Loss, LossKind

INSTAGRAM_API = "https://graph.instagram.com"
FACEBOOK_API = "https://graph.facebook.com"

_CAPTION_MOVED = Loss(path="/caption", kind=LossKind.MOVED, reason="a file and a text cannot share a message: the caption follows")


def send(content: Content, config: InstagramConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one part strictly after another; several at once would arrive out of order.

    Receipts other than READ, a close and a changed conversation have nothing that Instagram could show: no call.

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
            steps = sending.send_messages(rendered, account_graph(config, context), config.node, window=window, to=context.to)
            return (yield from steps)


def look_up_profile(config: InstagramConfig, context: SendContext) -> Steps[Profile | None]:
    """The person's name and picture; None where Meta names nobody. Who has no name is called by the user name.

    Raises:
        DeliveryError: Meta refuses, which is normal (230) for people who have not written yet: they mentioned the account in a story.

    Source: https://developers.facebook.com/docs/messenger-platform/instagram/features/user-profile (checked 2026-07).
    """
    path = quote(context.to, safe="")
    response = yield account_graph(config, context).get(path, {"fields": "name,username,profile_pic"}, purpose="profile")
    person = fields_of(response)
    username = wire.text(person, "username")
    name = wire.text(person, "name") or (f"@{username}" if username else "")
    return Profile(name=name, username=username, avatar_url=wire.web_url(person, "profile_pic")) if name else None


def account_graph(config: InstagramConfig, context: SendContext) -> Graph:
    """Calls with the account's token: to Instagram, or to Facebook as the linked page."""
    app = context.app
    proof_secret = ""
    if isinstance(app, InstagramAppConfig) and app.send_appsecret_proof:
        own = app.instagram_app_secret.get_secret_value() if config.login == "instagram" else ""
        proof_secret = own or app.app_secret.get_secret_value()
    host = context.api_base or (INSTAGRAM_API if config.login == "instagram" else FACEBOOK_API)
    return Graph(host=host, token=config.access_token.get_secret_value(), proof_secret=proof_secret)


def app_graph(app: InstagramAppConfig, context: SendContext) -> Graph:
    """Calls as the Meta app itself."""
    return Graph(host=context.api_base or FACEBOOK_API, token=f"{app.app_id}|{app.app_secret.get_secret_value()}")


def _render(content: Content, config: InstagramConfig, context: SendContext) -> Rendered:
    """The ``message`` objects that ``content`` becomes, in order; never none.

    Raises:
        UnsupportedContent: there is no form for it.
    """
    match content:
        case Text():
            rendered = Rendered(messages=rich.text_messages(content.text))
        case File(url=url) if url.startswith(("https://", "http://")):
            rendered = _file(content)
        case File():
            raise UnsupportedContent("Instagram fetches files by their address, and this one has none")
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
            rendered = rich.render(
                content,
                prompt=config.choice_prompt,
                repeats_choices=config.repeat_choices,
                payload_for=context.payload_for,
                image_schemes=schemes,
            )
        case _:
            raise UnsupportedContent(f"Instagram has no form for {content.type}")
    if not rendered.messages:
        raise UnsupportedContent("there is nothing in it to show")
    return rendered


def _file(file: File) -> Rendered:
    """The file and its caption, or where Instagram does not take such files, a link to it."""
    caption, link = rich.text_messages(file.caption), rich.text_messages(file.url)
    moved = (_CAPTION_MOVED,) if caption else ()
    if reason := files.why_not(file):
        named = rich.text_messages(f"{file.name}\n{file.url}" if file.name else file.url)
        return Rendered(messages=[*named, *caption], losses=(Loss(path="", kind=LossKind.REDUCED, reason=reason, after=file.url), *moved))
    shown = sending.attachment(files.ATTACHMENT_TYPE[file.kind], file.url)
    return Rendered(messages=[shown, *caption], losses=moved, instead=link[:1], refusals=FILE_REFUSALS)


def _act(action: str, config: InstagramConfig, context: SendContext) -> Steps[Sent]:
    """Show typing or seen. Outside the window Meta refuses these too, and nobody would miss them: no call."""
    try:
        sending.messaging_type(context, human_agent=config.human_agent_enabled)
    except WindowClosed:
        return Sent()
    return (yield from sending.act(action, account_graph(config, context), config.node, to=context.to))
