"""What an operator types in for one bot.

Source: https://core.telegram.org/bots/api#authorizing-your-bot and #setwebhook (checked 2026-11).
"""

from __future__ import annotations

import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, SecretStr

from channels_app.providers.base import ProviderConfig

BOT_API = "https://api.telegram.org"

_BOT_TOKEN = re.compile(r"[0-9]{3,20}:[A-Za-z0-9_-]{30,64}")
_SECRET_TOKEN = re.compile(r"[A-Za-z0-9_-]{16,256}")


def _bot_token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not _BOT_TOKEN.fullmatch(text):
        raise ValueError("is not a bot token; copy all of it from @BotFather: digits, a colon, and 35 characters")
    return SecretStr(text)


def _secret_token(value: SecretStr) -> SecretStr:
    # Nothing else proves that a callback is Telegram's, so Telegram's minimum of one character is not enough.
    text = value.get_secret_value().strip()
    if not _SECRET_TOKEN.fullmatch(text):
        raise ValueError("must be 16 to 256 letters without accents, digits, _ or -; make up a random one for this bot")
    return SecretStr(text)


def _api_base(value: str) -> str:
    if not value:
        return ""
    try:
        parts = urlsplit(value)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("must be an address such as https://bots.example.com, or empty")
    return value.rstrip("/")


class TelegramConfig(ProviderConfig):
    """One bot as a channel."""

    bot_token: Annotated[SecretStr, AfterValidator(_bot_token)] = Field(
        title="Bot token",
        description="In Telegram, ask @BotFather: /mybots → your bot → API Token. Who has it can read and write as the bot.",
    )
    secret_token: Annotated[SecretStr, AfterValidator(_secret_token)] = Field(
        title="Secret token",
        description=(
            "A random text of your own, 16 to 256 letters, digits, _ or -. Telegram is told it with the webhook and sends it with every "
            "callback; nothing else proves that a callback is Telegram's. After a change, register the webhook again."
        ),
    )
    choice_prompt: str = Field(
        default="Please choose:",
        min_length=1,
        max_length=1000,
        title="Line above choices",
        description="Telegram shows no buttons without a message. This line, in your own words, stands above them when they come alone.",
    )
    api_base: Annotated[str, AfterValidator(_api_base)] = Field(
        default="",
        title="Bot API server",
        description="Leave it empty for Telegram's own servers. Only for a Bot API server that you run yourself: its address.",
    )

    @property
    def bot_id(self) -> str:
        """The bot's own id: the part of the token before the colon."""
        return self.bot_token.get_secret_value().partition(":")[0]
