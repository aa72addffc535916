"""Bird, formerly MessageBird: SMS, and MMS where the number can, over the REST API of rest.messagebird.com."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from channels_app.providers._sms.numbers import canonical_number
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
from channels_app.providers.bird import errors, inbound, outbound, verify
from channels_app.providers.bird.config import BirdConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, File, ParsedCallback

__all__ = ["Bird", "BirdConfig"]


class Bird(Provider):
    """One number at Bird is one channel. SMS has no typing indicator and no read receipt."""

    slug = "bird"
    title = "Bird (MessageBird)"
    config_model: ClassVar[type[ProviderConfig]] = BirdConfig
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
    callback_paths = (inbound.RECEIVE, inbound.STATUS)
    docs_url = "https://developers.messagebird.com/api/sms-messaging/"

    def verify(self, request: CallbackRequest, config: BirdConfig, *, now: datetime) -> None:
        """See ``verify.verify``."""
        verify.verify(request, config, now=now)

    def parse(self, request: CallbackRequest, config: BirdConfig) -> ParsedCallback:
        """See ``inbound.parse``."""
        return inbound.parse(request, config)

    def answer(self, request: CallbackRequest, config: BirdConfig, parsed: ParsedCallback) -> CallbackAnswer:
        """``OK``, the word that Bird's pages show; the status is what counts."""
        return CallbackAnswer(body=b"OK")

    def address(self, config: BirdConfig) -> str:
        """The sender, an international number with its plus."""
        return canonical_number(config.sender)

    def send(self, content: Content, config: BirdConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def fetch_file(self, file: File, config: BirdConfig, context: SendContext) -> Steps[bytes]:
        """See ``outbound.fetch_file``."""
        return outbound.fetch_file(file, config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def check(self, config: BirdConfig, context: SendContext) -> Steps[str]:
        """See ``outbound.check``."""
        return outbound.check(config, context)
