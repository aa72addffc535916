"""From our vocabulary to the Bot API: which calls an event takes.

Source: https://core.telegram.org/bots/api#available-methods (checked 2026-11).
"""

from __future__ import annotations

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.telegram import api, files, rich, wire
from channels_app.providers.telegram.config import TelegramConfig
from channels_app.providers.telegram.messages import Message, compose
from channels_app.providers.telegram.plainer import Draft
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ContentRejected, UnsupportedContent
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Close,
    Contact,
    Content,
    ConversationChange,
    File,
    Location,
    Receipt,
    RichContent,
    Text,
)
from connector_platform.core.rich import in_words


def send(content: Content, config: TelegramConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one part strictly after another; several at once would arrive out of order.

    What Telegram refuses in one form goes out in a plainer one: see ``plainer``.
    Telegram's typing sign goes out by itself and cannot be taken back; receipts, a close and a changed conversation have nothing that it
    could show: no call.

    Raises:
        UnsupportedContent: nothing of it can be shown.
    """
    match content:
        case ChatState(state=ChatStateKind.COMPOSING):
            fields = {"chat_id": api.chat_id(context), "action": "typing"}
            yield api.call("sendChatAction", fields, config, context, purpose="typing", effect=False)
            return Sent()
        case ChatState() | Receipt() | Close() | ConversationChange():
            return Sent()
        case File():
            return (yield from files.send(content, config, context))
    draft = _draft(content, config, context)
    parts: list[tuple[str, ...]] = []
    while draft.messages:
        message = draft.messages.pop(0)
        fields = {"chat_id": api.chat_id(context), **message.fields()}
        try:
            response = yield api.call(message.method, fields, config, context, purpose=message.purpose, effect=True)
        except ContentRejected as refusal:
            draft.messages = [*draft.make_plainer(message, refusal), *draft.messages]
            continue
        parts.append(api.part(response, context))
    return Sent(parts=tuple(parts), losses=draft.losses, shown=draft.shown)


def fetch_file(file: File, config: TelegramConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file that a consumer sent: getFile tells where it lies, for an hour. That address holds the bot token.

    Raises:
        UnsupportedContent: the file has no handle. ContentRejected: Telegram does not give it out. DeliveryError: any other answer.

    Source: https://core.telegram.org/bots/api#getfile (checked 2026-11).
    """
    if not file.media_id:
        raise UnsupportedContent("the file has no handle at Telegram")
    response = yield api.call("getFile", {"file_id": file.media_id}, config, context, purpose="get_file", effect=False)
    path = wire.text(wire.obj(response.json(), "result"), "file_path")
    if not path or ".." in path.split("/"):
        raise ContentRejected("Telegram does not say where the file is")
    downloaded = yield api.download(path, config, context)
    return downloaded.body


def _draft(content: Content, config: TelegramConfig, context: SendContext) -> Draft:
    """The messages that ``content`` becomes, in order; never none.

    Raises:
        UnsupportedContent: there is no form for it.
    """
    match content:
        case Text():
            draft = Draft(messages=compose(content.text))
        case Location():
            draft = Draft(messages=[Message(place=content)])
        case Contact():
            words, loss = in_words(content)
            draft = Draft(messages=compose(words))
            draft.losses = (loss,)
        case RichContent():
            draft = rich.render(content, prompt=config.choice_prompt, payload_for=context.payload_for)
            draft.write_out_links()
        case _:
            raise UnsupportedContent(f"Telegram has no form for {content.type}")
    if not draft.messages:
        raise UnsupportedContent("there is nothing in it to show")
    return draft
