"""Infobip: SMS, and MMS where the number can, over one account's API."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from channels_app.providers._sms.numbers import canonical_number
from channels_app.providers.base import (
    CallbackRequest,
    Capabilities,
    ErrorMeaning,
    Provider,
    ProviderConfig,
    SendContext,
    Sent,
    TextUnit,
)
from channels_app.providers.infobip import errors, inbound, outbound, subscriptions, verify
from channels_app.providers.infobip.config import InfobipConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, File, ParsedCallback

__all__ = ["Infobip", "InfobipConfig"]


class Infobip(Provider):
    """One number at Infobip is one channel. SMS has no typing indicator and no read receipt."""

    slug = "infobip"
    title = "Infobip"
    config_model: ClassVar[type[ProviderConfig]] = InfobipConfig
    capabilities = Capabilities(
        max_text=outbound.MAX_SEGMENTS,
        text_unit=TextUnit.SEGMENTS,
        images_in=True,
        images_out=True,
        files_in=True,
        files_out=True,
        delivered_receipts=True,
    )
    event_types = inbound.EVENT_TYPES
    errors: ClassVar[tuple[ErrorMeaning, ...]] = errors.ERRORS
    docs_url = "https://www.infobip.com/docs/api/channels/sms"
    registers_webhook = True

    def verify(self, request: CallbackRequest, config: InfobipConfig, *, now: datetime) -> None:
        """See ``verify.verify``; ``now`` is not looked at, because Infobip proves no time."""
        verify.verify(request, config)

    def parse(self, request: CallbackRequest, config: InfobipConfig) -> ParsedCallback:
        """See ``inbound.parse``."""
        return inbound.parse(request.body, config)

    def address(self, config: InfobipConfig) -> str:
        """The sender, an international number with its plus."""
        return canonical_number(config.sender)

    def send(self, content: Content, config: InfobipConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def fetch_file(self, file: File, config: InfobipConfig, context: SendContext) -> Steps[bytes]:
        """See ``outbound.fetch_file``."""
        return outbound.fetch_file(file, config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def register_webhook(self, config: InfobipConfig, context: SendContext) -> Steps[str]:
        """See ``subscriptions.register``."""
        return subscriptions.register(config, context)

    def remove_webhook(self, config: InfobipConfig, context: SendContext) -> Steps[str]:
        """See ``subscriptions.remove``."""
        return subscriptions.remove(config, context)

    def check(self, config: InfobipConfig, context: SendContext) -> Steps[str]:
        """See ``subscriptions.check``."""
        return subscriptions.check(config, context)
