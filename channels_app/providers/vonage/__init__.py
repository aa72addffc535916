"""Vonage: SMS and MMS on a number of one's own, and the WhatsApp, RCS, Viber and Messenger senders of its Messages API."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType

from channels_app.providers.base import CallbackAnswer, CallbackRequest, Capabilities, Provider, SendContext, Sent, TextUnit
from channels_app.providers.vonage import calls, errors, inbound, outbound, setup, sms, sms_inbound, verify
from channels_app.providers.vonage.config import VonageConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, File, ParsedCallback

__all__ = ["Vonage", "VonageConfig"]


class Vonage(Provider):
    """One sender is one channel. What SMS lacks and others have is said in README.md."""

    slug = "vonage"
    title = "Vonage (SMS, MMS, WhatsApp, RCS, Viber, Messenger)"
    config_model = VonageConfig
    capabilities = Capabilities(
        max_text=sms.MAX_TEXT,
        text_unit=TextUnit.CHARACTERS,
        images_in=True,
        images_out=True,
        files_in=True,
        files_out=True,
        locations_in=True,
        quick_replies=True,
        buttons=True,
        typing_out=True,
        # The dots go out after 25 s.
        typing_repeat_s=20,
        mark_read_out=True,
        delivered_receipts=True,
        read_receipts=True,
    )
    event_types = MappingProxyType({**inbound.EVENT_TYPES, **sms_inbound.EVENT_TYPES})
    errors = errors.ERRORS
    callback_paths = ("/inbound", "/status")
    docs_url = "https://developer.vonage.com/en/messages/overview"
    registers_webhook = True

    def verify(self, request: CallbackRequest, config: VonageConfig, *, now: datetime) -> None:
        """See ``verify.verify``."""
        verify.verify(request, config, now=now)

    def handshake(self, request: CallbackRequest, config: VonageConfig) -> CallbackAnswer | None:
        """See ``verify.probe``."""
        return verify.probe(request, config)

    def parse(self, request: CallbackRequest, config: VonageConfig) -> ParsedCallback:
        """See ``inbound.parse`` and ``sms_inbound.parse``."""
        return inbound.parse(request.body, config) if config.api == "messages" else sms_inbound.parse(request, config)

    def address(self, config: VonageConfig) -> str:
        """The number, without a plus, as Vonage writes it; any other sender with its kind before it."""
        return config.address

    def send(self, content: Content, config: VonageConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def fetch_file(self, file: File, config: VonageConfig, context: SendContext) -> Steps[bytes]:
        """See ``calls.fetch_file``."""
        return calls.fetch_file(file, config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def register_webhook(self, config: VonageConfig, context: SendContext) -> Steps[str]:
        """See ``setup.register_webhook``."""
        return setup.register_webhook(config, context)

    def remove_webhook(self, config: VonageConfig, context: SendContext) -> Steps[str]:
        """See ``setup.remove_webhook``."""
        return setup.remove_webhook(config, context)

    def check(self, config: VonageConfig, context: SendContext) -> Steps[str]:
        """See ``setup.check``."""
        return setup.check(config, context)
