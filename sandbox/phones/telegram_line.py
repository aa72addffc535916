"""A bot as Telegram knows it, and how its updates name the people in its chats.

Source: https://core.telegram.org/bots/api#user, #chat (checked 2026-11).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.phones.state import Line, Phone
from sandbox.phones.telegram_forms import Json
from sandbox.phones.telegram_webhook import Webhook

TOKEN = re.compile(r"\d+:[A-Za-z0-9_-]{30,}")


@dataclass(kw_only=True)
class TelegramLine(Line):
    """A bot and its webhook."""

    bot_token: str
    username: str
    webhook: Webhook

    def public(self) -> Json:
        webhook = self.webhook
        shown = {"username": self.username, "callback_url": webhook.url, "allowed_updates": list(webhook.allowed_updates)}
        return {**super().public(), **shown}

    @property
    def bot(self) -> Json:
        return {"id": int(self.address), "is_bot": True, "first_name": self.name, "username": self.username}


@dataclass
class Stored:
    """A file that a consumer sent: where its bytes are, and the path that getFile tells."""

    url: str
    path: str


@dataclass
class Query:
    """A tap that wants an answer, and the buttons that wait for it."""

    phone: Phone
    buttons: list[Json]


def person(phone: Phone) -> Json:
    """The consumer as a Telegram user, who always has a first name."""
    profile = phone.profile
    names = {"first_name": profile.first_name or "Somebody", **({"last_name": profile.last_name} if profile.last_name else {})}
    return {"id": int(phone.consumer_id), "is_bot": False, **names, "language_code": "en"}


def chat(phone: Phone) -> Json:
    """The private chat with the consumer; its id is the consumer's."""
    shown = person(phone)
    return {**{key: shown[key] for key in ("id", "first_name", "last_name") if key in shown}, "type": "private"}
