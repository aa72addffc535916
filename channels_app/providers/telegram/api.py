"""One call of the Bot API, and what it names. Every address holds the bot token; the platform masks it in attempts.

Source: https://core.telegram.org/bots/api#making-requests (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from channels_app.providers.base import SendContext
from channels_app.providers.telegram.config import BOT_API, TelegramConfig
from channels_app.providers.telegram.errors import DOWNLOAD, message_number
from connector_platform.core.calls import HttpCall, HttpResponse, Upload
from connector_platform.core.errors import OutcomeUnknown


def call(method: str, fields: dict[str, Any], config: TelegramConfig, context: SendContext, *, purpose: str, effect: bool) -> HttpCall:
    """``method`` with ``fields``."""
    return HttpCall.json("POST", f"{_base(config, context)}/bot{_token(config)}/{method}", fields, purpose=purpose, effect=effect)


def upload(method: str, fields: Mapping[str, int | str], file: Upload, config: TelegramConfig, context: SendContext) -> HttpCall:
    """``method`` with ``fields`` and a file's bytes."""
    form = {name: str(value) for name, value in fields.items()}
    return HttpCall.multipart("POST", f"{_base(config, context)}/bot{_token(config)}/{method}", form, [file], purpose="upload_file")


def download(file_path: str, config: TelegramConfig, context: SendContext) -> HttpCall:
    """The bytes that getFile told the path of."""
    url = f"{_base(config, context)}/file/bot{_token(config)}/{quote(file_path)}"
    return HttpCall(method="GET", url=url, purpose=DOWNLOAD, effect=False)


def chat_id(context: SendContext) -> int | str:
    """The chat to write into; people's are numbers."""
    return int(context.to) if context.to.isascii() and context.to.isdigit() else context.to


def part(response: HttpResponse, context: SendContext) -> tuple[str]:
    """The id of the message that was sent. Its number is unique in one chat only.

    Raises:
        OutcomeUnknown: the answer names none.
    """
    number = message_number(response.json())
    if not number:
        raise OutcomeUnknown("Telegram answered without a message id; the person may have the message")
    return (f"{context.to}:{number}",)


def _token(config: TelegramConfig) -> str:
    return config.bot_token.get_secret_value()


def _base(config: TelegramConfig, context: SendContext) -> str:
    return context.api_base or config.api_base or BOT_API
