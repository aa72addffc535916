"""Where Telegram sends a bot's updates: told, taken back, and compared with what the channel expects.

Source: https://core.telegram.org/bots/api#setwebhook, #deletewebhook, #getwebhookinfo (checked 2026-11).
"""

from __future__ import annotations

import re
from typing import Any

from channels_app.providers.base import SendContext
from channels_app.providers.telegram import api, wire
from channels_app.providers.telegram.config import TelegramConfig
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ServerFault

ALLOWED_UPDATES = ("message", "edited_message", "callback_query", "my_chat_member", "message_reaction")
"""What becomes an event. Reactions come to bots that ask for them only; everything else would be counted and left aside."""

MAX_CONNECTIONS = 40
"""Telegram's default. Updates of one chat keep their order whatever it is."""

_STATUS = re.compile(r"Wrong response from the webhook: ([0-9]{3})\b")


def register(config: TelegramConfig, context: SendContext) -> Steps[str]:
    """Telegram is told the channel's callback URL and its secret token. Updates that wait are kept.

    Raises:
        ConfigurationError: Telegram does not take the address. CredentialsRejected: it does not take the token.
    """
    fields = {
        "url": context.callback_url,
        "secret_token": config.secret_token.get_secret_value(),
        "allowed_updates": list(ALLOWED_UPDATES),
        "max_connections": MAX_CONNECTIONS,
        "drop_pending_updates": False,
    }
    yield api.call("setWebhook", fields, config, context, purpose="set_webhook", effect=False)
    return f"Telegram sends this bot's updates to {context.callback_url}."


def remove(config: TelegramConfig, context: SendContext) -> Steps[str]:
    """Telegram sends this bot's updates nowhere; it keeps them for a day. A webhook that is not ours is left alone.

    Raises:
        CredentialsRejected: Telegram does not take the token.
    """
    response = yield api.call("getWebhookInfo", {}, config, context, purpose="check", effect=False)
    url = wire.text(wire.obj(response.json(), "result"), "url")
    if not url:
        return "Telegram has no webhook for this bot."
    if url.rstrip("/") != context.callback_url:
        return "This bot's webhook is another address, which was left as it is."
    yield api.call("deleteWebhook", {"drop_pending_updates": False}, config, context, purpose="delete_webhook", effect=False)
    return "Telegram sends this bot's updates here no more; it keeps what comes for a day."


def check(config: TelegramConfig, context: SendContext) -> Steps[str]:
    """A sentence that names the bot, and says what is wrong with the webhook where something is.

    Raises:
        CredentialsRejected: Telegram does not take the token. ServerFault: an answer that names nobody.
    """
    response = yield api.call("getMe", {}, config, context, purpose="check", effect=False)
    username = wire.text(wire.obj(response.json(), "result"), "username")
    if not username:
        raise ServerFault("Telegram did not say which bot this is", provider_code=str(response.status))
    response = yield api.call("getWebhookInfo", {}, config, context, purpose="check", effect=False)
    return f"Connected to @{username[:64]}{_fault(wire.obj(response.json(), 'result'), context)}."


def _fault(webhook: dict[str, Any], context: SendContext) -> str:
    url = wire.text(webhook, "url")
    if not url:
        return ", but no webhook is set: register it"
    if url.rstrip("/") != context.callback_url:
        return ", but its webhook is another address: register this channel's"
    allowed = set(map(str, wire.items(webhook, "allowed_updates")))
    # Without a list Telegram sends everything but reactions.
    missing = set(ALLOWED_UPDATES) - allowed if allowed else {"message_reaction"}
    if missing:
        return f", but its webhook leaves out {', '.join(sorted(missing))}: register it again"
    waiting, failed_at = wire.count(webhook, "pending_update_count") or 0, wire.instant(webhook, "last_error_date")
    if waiting and failed_at is not None:
        # Telegram's own sentence may quote what we answered; the status is enough.
        status = _STATUS.match(wire.text(webhook, "last_error_message"))
        answered = f"was answered HTTP {status[1]}" if status else "failed"
        return f", but updates wait there ({waiting}): a callback {answered} at {failed_at:%Y-%m-%d %H:%M} UTC"
    return ""
