"""Twilio Programmable Messaging: SMS and MMS by a number, short code or messaging service, and WhatsApp senders."""

from __future__ import annotations

from datetime import datetime

from channels_app.providers.base import CallbackAnswer, CallbackRequest, Capabilities, Provider, SendContext, Sent, TextUnit
from channels_app.providers.twilio import errors, inbound, media, messages, outbound, setup, verify
from channels_app.providers.twilio.config import TwilioConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, File, ParsedCallback

__all__ = ["Twilio", "TwilioConfig"]

# A text/plain answer would be sent to the consumer as a message. This one says that there is nothing to send.
_NOTHING_TO_SEND = CallbackAnswer(body=b'<?xml version="1.0" encoding="UTF-8"?><Response/>', content_type="text/xml; charset=utf-8")


class Twilio(Provider):
    """One sender or messaging service of a Twilio account. What SMS lacks and WhatsApp has is said in README.md.

    A text of up to 1600 characters is one message to Twilio, which makes SMS of it: 160 characters of the GSM alphabet (153 in each of
    several), or 70 (67) as soon as one character is not in it.
    """

    slug = "twilio"
    title = "Twilio (SMS, MMS, WhatsApp)"
    config_model = TwilioConfig
    capabilities = Capabilities(
        max_text=messages.MAX_TEXT,
        text_unit=TextUnit.UTF16,
        images_in=True,
        images_out=True,
        files_in=True,
        files_out=True,
        locations_in=True,
        quick_replies=True,
        buttons=True,
        typing_out=True,
        typing_repeat_s=20,
        delivered_receipts=True,
        read_receipts=True,
    )
    event_types = inbound.EVENT_TYPES
    errors = errors.ERRORS
    docs_url = "https://www.twilio.com/docs/messaging"
    registers_webhook = True

    def verify(self, request: CallbackRequest, config: TwilioConfig, *, now: datetime) -> None:
        """See ``verify.verify``; ``now`` is not looked at, because Twilio signs no time."""
        verify.verify(request, config)

    def parse(self, request: CallbackRequest, config: TwilioConfig) -> ParsedCallback:
        """See ``inbound.parse``."""
        return inbound.parse(request, config)

    def answer(self, request: CallbackRequest, config: TwilioConfig, parsed: ParsedCallback) -> CallbackAnswer:
        """TwiML that sends nothing."""
        return _NOTHING_TO_SEND

    def address(self, config: TwilioConfig) -> str:
        """The messaging service's SID, or the sender as Twilio writes it."""
        return config.address

    def send(self, content: Content, config: TwilioConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def fetch_file(self, file: File, config: TwilioConfig, context: SendContext) -> Steps[bytes]:
        """See ``media.fetch_file``."""
        return media.fetch_file(file, config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def register_webhook(self, config: TwilioConfig, context: SendContext) -> Steps[str]:
        """See ``setup.register_webhook``."""
        return setup.register_webhook(config, context)

    def remove_webhook(self, config: TwilioConfig, context: SendContext) -> Steps[str]:
        """See ``setup.remove_webhook``."""
        return setup.remove_webhook(config, context)

    def check(self, config: TwilioConfig, context: SendContext) -> Steps[str]:
        """See ``setup.check``."""
        return setup.check(config, context)
