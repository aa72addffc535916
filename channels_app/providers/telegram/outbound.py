"""From our vocabulary to the Bot API: which calls an event takes. Every address holds the bot token; the platform masks it in attempts.

Source: https://core.telegram.org/bots/api#available-methods (checked 2026-11).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.telegram import rich, wire
from channels_app.providers.telegram.config import BOT_API, TelegramConfig
from channels_app.providers.telegram.errors import DOWNLOAD, message_number
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, OutcomeUnknown, ServerFault, UnsupportedContent
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
    RichContent,
    Text,
)


def send(content: Content, config: TelegramConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one part strictly after another; several at once would arrive out of order.

    Telegram's typing sign goes out by itself and cannot be taken back; receipts, a close and a changed conversation have nothing that it
    could show: no call.

    Raises:
        UnsupportedContent: nothing of it can be shown.
    """
    match content:
        case ChatState(state=ChatStateKind.COMPOSING):
            fields = {"chat_id": _chat(context), "action": "typing"}
            yield _call("sendChatAction", fields, config, context, purpose="typing", effect=False)
            return Sent()
        case ChatState() | Receipt() | Close() | ConversationChange():
            return Sent()
    parts: list[tuple[str, ...]] = []
    for message in _messages(content, config):
        fields = {"chat_id": _chat(context), **message.fields()}
        purpose = "send_photo" if message.photo else "send_text"
        response = yield _call(message.method, fields, config, context, purpose=purpose, effect=True)
        number = message_number(response.json())
        if not number:
            raise OutcomeUnknown("Telegram answered without a message id; the person may have the message")
        # A number is unique in one chat only.
        parts.append((f"{context.to}:{number}",))
    return Sent(parts=tuple(parts))


def fetch_file(file: File, config: TelegramConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file that a consumer sent: getFile tells where it lies, for an hour. That address holds the bot token.

    Raises:
        UnsupportedContent: the file has no handle. ContentRejected: Telegram does not give it out. DeliveryError: any other answer.

    Source: https://core.telegram.org/bots/api#getfile (checked 2026-11).
    """
    if not file.media_id:
        raise UnsupportedContent("the file has no handle at Telegram")
    response = yield _call("getFile", {"file_id": file.media_id}, config, context, purpose="get_file", effect=False)
    path = wire.text(wire.obj(response.json(), "result"), "file_path")
    if not path or ".." in path.split("/"):
        raise ContentRejected("Telegram does not say where the file is")
    url = f"{_base(config, context)}/file/bot{config.bot_token.get_secret_value()}/{quote(path)}"
    downloaded = yield HttpCall(method="GET", url=url, purpose=DOWNLOAD, effect=False)
    return downloaded.body


def check(config: TelegramConfig, context: SendContext) -> Steps[str]:
    """A sentence that names the bot, and says what is wrong with the webhook where something is.

    Raises:
        CredentialsRejected: Telegram does not take the token. ServerFault: an answer that names nobody.
    """
    response = yield _call("getMe", {}, config, context, purpose="check", effect=False)
    username = wire.text(wire.obj(response.json(), "result"), "username")
    if not username:
        raise ServerFault("Telegram did not say which bot this is", provider_code=str(response.status))
    response = yield _call("getWebhookInfo", {}, config, context, purpose="check", effect=False)
    webhook = wire.obj(response.json(), "result")
    return f"Connected to @{username[:64]}{_webhook_fault(webhook, context.callback_url)}."


def _webhook_fault(webhook: dict[str, Any], callback_url: str) -> str:
    url = wire.text(webhook, "url")
    if not url:
        return ", but no webhook is set: call setWebhook with this channel's callback URL"
    if url.rstrip("/") != callback_url:
        return ", but its webhook is another address: call setWebhook with this channel's callback URL"
    missing = {"message", "callback_query", "my_chat_member"} - set(map(str, wire.items(webhook, "allowed_updates")))
    if wire.items(webhook, "allowed_updates") and missing:
        return f", but its webhook leaves out {', '.join(sorted(missing))}: call setWebhook with the allowed_updates of the channel's page"
    return ""


def _messages(content: Content, config: TelegramConfig) -> list[rich.Message]:
    """The messages that ``content`` becomes, in order; never empty.

    Raises:
        UnsupportedContent: there is no form for it.
    """
    match content:
        case Text():
            messages = rich.text_messages(content.text)
        case File(kind=FileKind.IMAGE, url=url) if rich.is_web(url):
            messages = rich.photo_messages(url, content.caption)
        case File(url=url) if url.startswith(("https://", "http://")):
            # Telegram takes only some types by address (PDF, ZIP, GIF); a link works for all.
            lines = (content.caption, f"{content.name}: {url}" if content.name else url)
            messages = rich.text_messages("\n".join(line for line in lines if line))
        case File():
            raise UnsupportedContent("Telegram fetches files by their address, and this one has none")
        case Location():
            link = rich.maps_link(content.latitude, content.longitude)
            messages = rich.text_messages("\n".join(line for line in (content.title, content.address, link) if line))
        case Contact():
            messages = rich.text_messages("\n".join(line for line in (content.name, content.phone, content.email) if line))
        case RichContent():
            messages = rich.messages(content, prompt=config.choice_prompt)
        case _:
            raise UnsupportedContent(f"Telegram has no form for {content.type}")
    if not messages:
        raise UnsupportedContent("there is nothing in it to show")
    return messages


def _call(method: str, fields: dict[str, Any], config: TelegramConfig, context: SendContext, *, purpose: str, effect: bool) -> HttpCall:
    url = f"{_base(config, context)}/bot{config.bot_token.get_secret_value()}/{method}"
    return HttpCall.json("POST", url, fields, purpose=purpose, effect=effect)


def _base(config: TelegramConfig, context: SendContext) -> str:
    return context.api_base or config.api_base or BOT_API


def _chat(context: SendContext) -> int | str:
    return int(context.to) if context.to.isascii() and context.to.isdigit() else context.to
