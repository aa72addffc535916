"""Plivo: SMS and MMS on a number, short code or powerpack of one's own."""

from __future__ import annotations

from datetime import datetime

from channels_app.providers.base import CallbackAnswer, CallbackRequest, Capabilities, Provider, SendContext, Sent, TextUnit
from channels_app.providers.plivo import calls, errors, inbound, outbound, setup, verify
from channels_app.providers.plivo.config import PlivoConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, File, ParsedCallback

__all__ = ["Plivo", "PlivoConfig"]

# Plivo reads the answer as instructions; this one says that there is nothing to send.
_NOTHING_TO_SEND = CallbackAnswer(body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="application/xml; charset=utf-8")


class Plivo(Provider):
    """One number or powerpack is one channel. SMS and MMS know neither typing nor read receipts."""

    slug = "plivo"
    title = "Plivo SMS"
    config_model = PlivoConfig
    capabilities = Capabilities(
        max_text=outbound.MAX_SEPTETS,
        text_unit=TextUnit.CHARACTERS,
        images_in=True,
        images_out=True,
        files_in=True,
        files_out=True,
        delivered_receipts=True,
    )
    event_types = inbound.EVENT_TYPES
    errors = errors.ERRORS
    callback_paths = ("/inbound", "/status")
    docs_url = "https://www.plivo.com/docs/messaging"
    registers_webhook = True

    def verify(self, request: CallbackRequest, config: PlivoConfig, *, now: datetime) -> None:
        """See ``verify.verify``; ``now`` is not looked at, because Plivo signs no time."""
        verify.verify(request, config)

    def parse(self, request: CallbackRequest, config: PlivoConfig) -> ParsedCallback:
        """See ``inbound.parse``."""
        return inbound.parse(request, config)

    def answer(self, request: CallbackRequest, config: PlivoConfig, parsed: ParsedCallback) -> CallbackAnswer:
        """XML that sends nothing."""
        return _NOTHING_TO_SEND

    def address(self, config: PlivoConfig) -> str:
        """The powerpack's id, or the number without a plus, as Plivo writes it."""
        return config.powerpack_uuid or config.sender

    def send(self, content: Content, config: PlivoConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def fetch_file(self, file: File, config: PlivoConfig, context: SendContext) -> Steps[bytes]:
        """See ``calls.fetch_file``."""
        return calls.fetch_file(file, config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def register_webhook(self, config: PlivoConfig, context: SendContext) -> Steps[str]:
        """See ``setup.register_webhook``."""
        return setup.register_webhook(config, context)

    def remove_webhook(self, config: PlivoConfig, context: SendContext) -> Steps[str]:
        """See ``setup.remove_webhook``."""
        return setup.remove_webhook(config, context)

    def check(self, config: PlivoConfig, context: SendContext) -> Steps[str]:
        """See ``setup.check``."""
        return setup.check(config, context)
