"""Telegram: a bot's private chats over the Bot API."""

from __future__ import annotations

from datetime import datetime

from channels_app.providers.base import CallbackAnswer, CallbackRequest, Capabilities, Provider, SendContext, Sent, TextUnit
from channels_app.providers.telegram import errors, inbound, outbound, verify, webhook
from channels_app.providers.telegram.config import TelegramConfig
from channels_app.providers.telegram.messages import MAX_TEXT
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, File, ParsedCallback

__all__ = ["Telegram", "TelegramConfig"]


class Telegram(Provider):
    """One bot is one channel: its token, its webhook, its people."""

    slug = "telegram"
    title = "Telegram"
    config_model = TelegramConfig
    capabilities = Capabilities(
        max_text=MAX_TEXT,
        text_unit=TextUnit.UTF16,
        images_in=True,
        files_in=True,
        images_out=True,
        files_out=True,
        locations_in=True,
        quick_replies=True,
        buttons=True,
        typing_out=True,
        # The sign goes out after 5 s.
        typing_repeat_s=4,
    )
    event_types = inbound.EVENT_TYPES
    errors = errors.ERRORS
    registers_webhook = True
    docs_url = "https://core.telegram.org/bots/api"

    def verify(self, request: CallbackRequest, config: TelegramConfig, *, now: datetime) -> None:
        """See ``verify.verify``; ``now`` is not looked at, because Telegram sends no time."""
        verify.verify(request, config)

    def parse(self, request: CallbackRequest, config: TelegramConfig) -> ParsedCallback:
        """See ``inbound.parse``."""
        return inbound.parse(request.body)

    def answer(self, request: CallbackRequest, config: TelegramConfig, parsed: ParsedCallback) -> CallbackAnswer:
        """See ``inbound.answer``."""
        return inbound.answer(request.body)

    def address(self, config: TelegramConfig) -> str:
        """The bot's id."""
        return config.bot_id

    def send(self, content: Content, config: TelegramConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def fetch_file(self, file: File, config: TelegramConfig, context: SendContext) -> Steps[bytes]:
        """See ``outbound.fetch_file``."""
        return outbound.fetch_file(file, config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def register_webhook(self, config: TelegramConfig, context: SendContext) -> Steps[str]:
        """See ``webhook.register``."""
        return webhook.register(config, context)

    def remove_webhook(self, config: TelegramConfig, context: SendContext) -> Steps[str]:
        """See ``webhook.remove``."""
        return webhook.remove(config, context)

    def check(self, config: TelegramConfig, context: SendContext) -> Steps[str]:
        """See ``webhook.check``."""
        return webhook.check(config, context)
