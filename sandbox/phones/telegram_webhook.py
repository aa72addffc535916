"""A bot's webhook as Telegram keeps it: where updates go, what waits, what went wrong last.

Source: https://core.telegram.org/bots/api#setwebhook, #deletewebhook, #getwebhookinfo; words of refusal after Telegram's server,
https://github.com/tdlib/telegram-bot-api (checked 2026-11).
"""

from __future__ import annotations

import ipaddress
import json
import re
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import SplitResult, urlsplit

from sandbox.kernel import now_ms
from sandbox.phones.callbacks import Answer, Callback
from sandbox.phones.telegram_forms import Json, bad, is_true

SECRET = re.compile(r"[A-Za-z0-9_-]{1,256}")
PORTS = (80, 88, 443, 8443)
NOT_BY_DEFAULT = ("chat_member", "message_reaction", "message_reaction_count")
UPDATES = (
    *("message", "edited_message", "channel_post", "edited_channel_post", "business_connection", "business_message"),
    *("edited_business_message", "deleted_business_messages", "guest_message", "message_reaction", "message_reaction_count"),
    *("inline_query", "chosen_inline_result", "callback_query", "shipping_query", "pre_checkout_query", "purchased_paid_media"),
    *("poll", "poll_answer", "my_chat_member", "chat_member", "chat_join_request", "chat_boost", "removed_chat_boost"),
    *("managed_bot", "subscription"),
)


@dataclass
class Webhook:
    """``kept`` are updates that came while there was no webhook, ``under_way`` counts those that are not accepted yet."""

    url: str = ""
    secret_token: str = ""
    allowed_updates: tuple[str, ...] = ()  # empty: all but those of NOT_BY_DEFAULT
    max_connections: int = 40
    kept: list[Callback] = field(default_factory=list)
    under_way: int = 0
    last_error_s: int = 0
    last_error: str = ""

    def hears(self, kind: str) -> bool:
        """Whether an update of this kind is one for this bot."""
        return kind in self.allowed_updates if self.allowed_updates else kind not in NOT_BY_DEFAULT

    def set(self, params: Json) -> str:
        """Take over what setWebhook says; returns Telegram's description. The kinds of updates are remembered where none are named.

        Raises:
            BotError: the address or the secret cannot be one.
        """
        url, secret = str(params.get("url", "")), str(params.get("secret_token", ""))
        if url:
            _check_address(url)
        if secret and not SECRET.fullmatch(secret):
            bad("secret token contains unallowed characters")
        kinds = _kinds(params.get("allowed_updates"))
        named = str(params.get("max_connections", ""))
        most = min(max(int(named), 1), 100) if named.isdecimal() else 40
        was = (self.url, self.secret_token, self.allowed_updates, self.max_connections)
        self.url, self.secret_token, self.max_connections = url, secret, most
        self.allowed_updates = self.allowed_updates if kinds is None else kinds
        self.last_error_s, self.last_error = 0, ""
        changed = was != (self.url, self.secret_token, self.allowed_updates, self.max_connections)
        if not url:
            return "Webhook was deleted" if was[0] else "Webhook is already deleted"
        return "Webhook was set" if changed else "Webhook is already set"

    def headers(self) -> dict[str, str]:
        """Those of an update."""
        secret = {"X-Telegram-Bot-Api-Secret-Token": self.secret_token} if self.secret_token else {}
        return {"Content-Type": "application/json", **secret}

    def heard(self, answer: Answer) -> None:
        """Note what went wrong, in Telegram's words."""
        if 200 <= answer.status < 300:
            return
        self.last_error_s = now_ms() // 1000
        if answer.status:
            words = next((status.phrase for status in HTTPStatus if status == answer.status), "")
            self.last_error = f"Wrong response from the webhook: {answer.status} {words}".rstrip()
        else:
            self.last_error = "Read timeout expired" if "Timeout" in answer.reason else "Connection refused"

    def info(self) -> Json:
        """What getWebhookInfo tells."""
        info: Json = {"url": self.url, "has_custom_certificate": False, "pending_update_count": self.under_way + len(self.kept)}
        if self.last_error:
            info |= {"last_error_date": self.last_error_s, "last_error_message": self.last_error}
        if self.url:
            info["max_connections"] = self.max_connections
        if self.allowed_updates:
            info["allowed_updates"] = list(self.allowed_updates)
        return info


def drops_pending(params: Json) -> bool:
    """Whether what waits is to be forgotten."""
    return is_true(params.get("drop_pending_updates"))


def _check_address(url: str) -> None:
    """Telegram wants TLS and one of four ports. Where the sandbox plays the internet, addresses of this network need neither."""
    try:
        parts = urlsplit(url)
        port = parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        bad("bad webhook: invalid webhook URL specified")
    if not parts.hostname or parts.scheme not in ("http", "https"):
        bad("bad webhook: An HTTPS URL must be provided for webhook")
    if _is_near(parts):
        return
    if parts.scheme != "https":
        bad("bad webhook: An HTTPS URL must be provided for webhook")
    if port not in PORTS:
        bad("bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443")


def _is_near(parts: SplitResult) -> bool:
    host = parts.hostname or ""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return "." not in host


def _kinds(value: Any) -> tuple[str, ...] | None:
    """The kinds of updates that are named; None where none are. Names that Telegram does not know are passed over."""
    if isinstance(value, str):
        try:
            value = json.loads(value)
        except ValueError:
            bad("can't parse allowed_updates JSON object")
    if not isinstance(value, list):
        return None
    return tuple(kind for kind in UPDATES if kind in value)
