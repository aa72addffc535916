"""Whether a callback is Telegram's. There is no signature: the secret that setWebhook was given comes back in a header.

Source: https://core.telegram.org/bots/api#setwebhook (checked 2026-11).
"""

from __future__ import annotations

import hmac

from channels_app.providers.base import CallbackRequest
from channels_app.providers.telegram.config import TelegramConfig
from connector_platform.core.errors import SignatureInvalid

HEADER = "x-telegram-bot-api-secret-token"


def verify(request: CallbackRequest, config: TelegramConfig) -> None:
    """Return if the header holds this bot's secret. It says nothing about the body, and nothing in a callback ages.

    Raises:
        SignatureInvalid: no secret, or another one; with status 403.
    """
    given = request.headers.get(HEADER, "")
    if not given:
        raise SignatureInvalid("the callback carries no X-Telegram-Bot-Api-Secret-Token; register the webhook again", status=403)
    # Strangers choose ``given``: bytes, because compare_digest raises on non-ASCII text; "replace", because it may hold surrogates.
    if not hmac.compare_digest(given.encode("utf-8", "replace"), config.secret_token.get_secret_value().encode()):
        raise SignatureInvalid("the secret token is not the channel's; register the webhook again", status=403)
