"""The Send API, as Messenger and Instagram share it: by what right, one part after another, what a file becomes that Meta refuses.

Source: https://developers.facebook.com/docs/messenger-platform/reference/send-api (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from channels_app.providers._meta.graph import Graph, fields_of
from channels_app.providers.base import SendContext, Sent
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ContentRejected, OutcomeUnknown, UnsupportedContent, WindowClosed
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
    Receipt,
    ReceiptKind,
    RichContent,
    Text,
)
from connector_platform.core.rich import Loss, LossKind, Shown, in_words

# "You have 24 hours to respond": https://developers.facebook.com/docs/messenger-platform/policy/policy-overview
STANDARD_WINDOW = timedelta(hours=24)
HUMAN_AGENT_WINDOW = timedelta(days=7)

CAPTION_MOVED = Loss(path="/caption", kind=LossKind.MOVED, reason="a file and a text cannot share a message: the caption follows")
_ATTACHMENT_TYPE = {FileKind.IMAGE: "image", FileKind.VIDEO: "video", FileKind.AUDIO: "audio", FileKind.DOCUMENT: "file"}

Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """``message`` objects in order, what they lack, what they offer to choose from.

    ``instead`` is what goes out in place of the first where Meta refuses it for one of ``refusals``: a link to a file.
    """

    messages: Sequence[Message]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()
    instead: Sequence[Message] = ()
    refusals: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """What is a channel's own in sending.

    ``node``: the page or account in whose name messages leave. ``text_messages``: a text in pieces that the channel takes; none for blank
    text. ``rich`` is also given the schemes of addresses that pictures may be fetched from.
    """

    title: str
    graph: Graph
    node: str
    human_agent: bool
    text_messages: Callable[[str], list[Message]]
    file: Callable[[File], Rendered]
    rich: Callable[[RichContent, frozenset[str]], Rendered]


def send(content: Content, channel: Channel, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one part strictly after another; several at once would arrive out of order.

    Receipts other than READ, a close and a changed conversation have nothing that Meta could show: no call.

    Raises:
        UnsupportedContent: nothing of it can be shown.
        WindowClosed: the person's last message is too long ago, known without a call.
    """
    match content:
        case ChatState():
            action = "typing_on" if content.state is ChatStateKind.COMPOSING else "typing_off"
            return (yield from _act(action, channel, context))
        case Receipt(kind=ReceiptKind.READ):
            return (yield from _act("mark_seen", channel, context))
        case Receipt() | Close() | ConversationChange():
            return Sent()
        case _:
            rendered = _render(content, channel, context)
            window = messaging_type(context, human_agent=channel.human_agent)
            return (yield from _send_messages(rendered, channel, window=window, to=context.to))


def _render(content: Content, channel: Channel, context: SendContext) -> Rendered:
    """The ``message`` objects that ``content`` becomes, in order; never none.

    Raises:
        UnsupportedContent: there is no form for it.
    """
    match content:
        case Text():
            rendered = Rendered(messages=channel.text_messages(content.text))
        case File(url=url) if url.startswith(("https://", "http://")):
            rendered = channel.file(content)
        case File():
            raise UnsupportedContent(f"{channel.title} fetches files by their address, and this one has none")
        case Location() | Contact():
            words, loss = in_words(content)
            rendered = Rendered(messages=channel.text_messages(words), losses=(loss,))
        case RichContent():
            # Meta fetches pictures over TLS only. A stand-in that is itself reached without (a sandbox) fetches them so, too.
            schemes = {"https", "http"} if context.api_base.startswith("http://") else {"https"}
            rendered = channel.rich(content, frozenset(schemes))
        case _:
            raise UnsupportedContent(f"{channel.title} has no form for {content.type}")
    if not rendered.messages:
        raise UnsupportedContent("there is nothing in it to show")
    return rendered


def _send_messages(rendered: Rendered, channel: Channel, *, window: Mapping[str, str], to: str) -> Steps[Sent]:
    """Send one message strictly after another; several at once would arrive out of order."""
    waiting, losses = list(rendered.messages), rendered.losses
    parts: list[tuple[str, ...]] = []
    while waiting:
        message = waiting.pop(0)
        payload = {"recipient": {"id": to}, **window, "message": message}
        try:
            response = yield channel.graph.post(f"{channel.node}/messages", payload, purpose=_purpose(message), effect=True)
        except ContentRejected as error:
            if message is not rendered.messages[0] or error.provider_code not in rendered.refusals:
                raise
            waiting = [*rendered.instead, *waiting]
            losses = (
                *losses,
                Loss(path="", kind=LossKind.REDUCED, reason=f"Meta refused the file ({error.provider_code}): a link instead"),
            )
            continue
        message_id = fields_of(response).get("message_id")
        if not isinstance(message_id, str):
            raise OutcomeUnknown("Meta answered without a message id; the person may have the message", provider_code=str(response.status))
        parts.append((message_id,))
    return Sent(parts=tuple(parts), losses=losses, shown=rendered.shown)


def _act(action: str, channel: Channel, context: SendContext) -> Steps[Sent]:
    """Show typing or seen. Outside the window Meta refuses these too, and nobody would miss them: no call."""
    try:
        messaging_type(context, human_agent=channel.human_agent)
    except WindowClosed:
        return Sent()
    payload = {"recipient": {"id": context.to}, "sender_action": action}
    yield channel.graph.post(f"{channel.node}/messages", payload, purpose=action, effect=False)
    return Sent()


def messaging_type(context: SendContext, *, human_agent: bool) -> dict[str, str]:
    """The fields that say by what right we write.

    Message tags other than HUMAN_AGENT were removed on 2026-04-27; using one is answered 100/1893061. That one is for people's answers only:
    https://developers.facebook.com/docs/messenger-platform/policy/policy-overview (checked 2026-07).

    Raises:
        WindowClosed: by none.
    """
    age = context.now - context.last_inbound_at if context.last_inbound_at else timedelta(0)
    if age <= STANDARD_WINDOW:
        return {"messaging_type": "RESPONSE"}
    if not human_agent:
        raise WindowClosed("the person's last message is more than 24 hours ago, and Human agent is not enabled for this channel")
    if age <= HUMAN_AGENT_WINDOW and context.by_bot:
        raise WindowClosed(
            "the person's last message is more than 24 hours ago: until 7 days have passed only a person's answer may go, and a bot wrote this one"
        )
    if age <= HUMAN_AGENT_WINDOW:
        return {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}
    raise WindowClosed("the person's last message is more than 7 days ago; only a new one from them opens the conversation again")


def attachment(kind: str, url: str) -> Message:
    """A file that Meta fetches from ``url``."""
    return {"attachment": {"type": kind, "payload": {"url": url, "is_reusable": False}}}


def file_message(file: File, text_messages: Callable[[str], list[Message]], refusals: frozenset[str]) -> Rendered:
    """The file, and its caption below it; a link to it where Meta refuses it for one of ``refusals``."""
    caption = text_messages(file.caption)
    shown = attachment(_ATTACHMENT_TYPE[file.kind], file.url)
    losses = (CAPTION_MOVED,) if caption else ()
    return Rendered(messages=[shown, *caption], losses=losses, instead=text_messages(file.url)[:1], refusals=refusals)


def _purpose(message: Mapping[str, Any]) -> str:
    found = message.get("attachment")
    if found is None:
        return "send_text"
    return "send_template" if found["type"] == "template" else "send_file"
