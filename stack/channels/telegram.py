"""A bot."""

from __future__ import annotations

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "telegram"
BOT_ID = "6123456789"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    config = {"bot_token": bot_token(keys), "secret_token": keys.derive("telegram secret_token")}

    def line(channel: Json, app_row: Json) -> Json:
        return {**config, "name": channel["name"], "username": "demo_brand_bot", "callback_url": channel["callback_url"]}

    return [DemoChannel(key="telegram", provider="telegram", name="on Telegram", config=config, address=BOT_ID, line=line)]


def bot_token(keys: Keys) -> str:
    """The demo bot's token, in Telegram's form."""
    return f"{BOT_ID}:AAA{keys.derive('telegram bot_token')}"
