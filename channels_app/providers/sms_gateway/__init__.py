"""Any HTTP SMS gateway, configured and not coded. README.md in this folder says what can be set."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import ClassVar

from channels_app.providers.base import (
    CallbackAnswer,
    CallbackRequest,
    Capabilities,
    ErrorMeaning,
    Provider,
    ProviderConfig,
    SendContext,
    Sent,
    TextUnit,
)
from channels_app.providers.sms_gateway import errors, inbound, media, outbound, verify
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, File, ParsedCallback, Text
from connector_platform.core.redaction import redact, secret_values

_SAMPLE_TEXT = "Test"
_SAMPLE_NUMBER = "+31612345678"
# What a preview shows for values that only a real message has.
_SAMPLE_CONTEXT = SendContext(
    to="",
    message_id="00000000-0000-7000-8000-000000000000",
    channel_id="00000000-0000-7000-8000-000000000001",
    callback_url="https://callback.example",
    now=datetime(2026, 1, 1, tzinfo=UTC),
)


class SmsGateway(Provider):
    """A number at an SMS gateway of the tenant's choice. SMS has no typing indicator and no read receipt."""

    slug = "sms_gateway"
    title = "SMS gateway"
    config_model: ClassVar[type[ProviderConfig]] = SmsGatewayConfig
    capabilities = Capabilities(
        max_text=outbound.MAX_SEGMENTS,
        text_unit=TextUnit.SEGMENTS,
        images_in=True,
        images_out=True,
        files_in=True,
        delivered_receipts=True,
    )
    event_types = inbound.EVENT_TYPES
    errors: ClassVar[tuple[ErrorMeaning, ...]] = errors.ERRORS
    callback_paths = ("/receive", "/status", "/status/sent", "/status/delivered", "/status/failed", "/stopped")

    def verify(self, request: CallbackRequest, config: SmsGatewayConfig, *, now: datetime) -> None:
        verify.verify(request, config.inbound, now=now)

    def parse(self, request: CallbackRequest, config: SmsGatewayConfig) -> ParsedCallback:
        return inbound.parse(request, config)

    def answer(self, request: CallbackRequest, config: SmsGatewayConfig, parsed: ParsedCallback) -> CallbackAnswer:
        """The configured acknowledgement, byte for byte: some gateways compare it, some text it to the consumer."""
        ack = config.inbound
        return CallbackAnswer(status=ack.ack_status, body=ack.ack_body.encode(), content_type=ack.ack_content_type)

    def address(self, config: SmsGatewayConfig) -> str:
        return config.sender

    def send(self, content: Content, config: SmsGatewayConfig, context: SendContext) -> Steps[Sent]:
        return outbound.send(content, config, context)

    def fetch_file(self, file: File, config: SmsGatewayConfig, context: SendContext) -> Steps[bytes]:
        """See ``media.fetch_file``."""
        return media.fetch_file(file, config.outbound)

    def dedupes_sends(self, config: SmsGatewayConfig) -> bool:
        """As the operator says of their gateway: a lost answer is otherwise an SMS that may have been sent and billed."""
        return config.outbound.dedupes_on_id

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        errors.interpret(call, response)

    def check(self, config: SmsGatewayConfig, context: SendContext) -> Steps[str]:
        """Calls ``check_url`` where there is one; else says what would be sent, without calling.

        Raises:
            DeliveryError: the gateway refuses the credentials, or does not answer 2xx.
        """
        if config.outbound.check_url:
            response = yield outbound.build_check(config.outbound)
            return f"The gateway answered HTTP {response.status} at the check URL."
        call = self.preview(config, _SAMPLE_TEXT, _SAMPLE_NUMBER)
        shown = redact(f"{call.method} {call.url}", secret_values(config))
        return f"The configuration is complete. A message would go out as {shown}; the gateway has not been called."

    def preview(self, config: SmsGatewayConfig, text: str, to: str) -> HttpCall:
        """The first request that ``text`` to ``to`` would take, with samples for ids and times. It holds the credentials: redact it.

        Raises:
            UnsupportedContent: the text is blank.
            RecipientGone: ``to`` is a name, not a number.
        """
        return next(outbound.send(Text(text=text), config, replace(_SAMPLE_CONTEXT, to=to)))
