"""One call of the Bot API. Every address holds the bot token; the platform masks it in attempts.

Source: https://core.telegram.org/bots/api#making-requests (checked 2026-11).
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from channels_app.providers.base import SendContext
from channels_app.providers.telegram.config import BOT_API, TelegramConfig
from channels_app.providers.telegram.errors import DOWNLOAD
from connector_platform.core.calls import HttpCall


def call(method: str, fields: dict[str, Any], config: TelegramConfig, context: SendContext, *, purpose: str, effect: bool) -> HttpCall:
    """``method`` with ``fields``."""
    return HttpCall.json("POST", f"{_base(config, context)}/bot{_token(config)}/{method}", fields, purpose=purpose, effect=effect)


def download(file_path: str, config: TelegramConfig, context: SendContext) -> HttpCall:
    """The bytes that getFile told the path of."""
    url = f"{_base(config, context)}/file/bot{_token(config)}/{quote(file_path)}"
    return HttpCall(method="GET", url=url, purpose=DOWNLOAD, effect=False)


def _token(config: TelegramConfig) -> str:
    return config.bot_token.get_secret_value()


def _base(config: TelegramConfig, context: SendContext) -> str:
    return context.api_base or config.api_base or BOT_API
