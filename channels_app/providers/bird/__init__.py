"""Bird, formerly MessageBird: SMS, and MMS where the number can, over its REST API or over the successor, the Channels API."""

from __future__ import annotations

from datetime import datetime
from types import MappingProxyType
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
from channels_app.providers.bird import errors, inbound, media, outbound, verify
from channels_app.providers.bird.channels_api import errors as channels_errors
from channels_app.providers.bird.channels_api import inbound as channels_inbound
from channels_app.providers.bird.channels_api import outbound as channels_outbound
from channels_app.providers.bird.channels_api import setup
from channels_app.providers.bird.channels_api import verify as channels_verify
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
    event_types = MappingProxyType({**inbound.EVENT_TYPES, **channels_inbound.EVENT_TYPES})
    errors: ClassVar[tuple[ErrorMeaning, ...]] = (*errors.ERRORS, *channels_errors.ERRORS)
    callback_paths = ("", inbound.RECEIVE, inbound.STATUS)  # the Channels API calls the bare address
    docs_url = "https://docs.bird.com/api/channels-api/supported-channels/programmable-sms"
    registers_webhook = True

    def verify(self, request: CallbackRequest, config: BirdConfig, *, now: datetime) -> None:
        """See ``verify.verify`` and ``channels_api.verify.verify``."""
        (channels_verify if config.api == "bird" else verify).verify(request, config, now=now)

    def parse(self, request: CallbackRequest, config: BirdConfig) -> ParsedCallback:
        """See ``inbound.parse`` and ``channels_api.inbound.parse``."""
        return channels_inbound.parse(request, config) if config.api == "bird" else inbound.parse(request, config)

    def answer(self, request: CallbackRequest, config: BirdConfig, parsed: ParsedCallback) -> CallbackAnswer:
        """``OK``, the word that Bird's pages show; the status is what counts."""
        return CallbackAnswer(body=b"OK")

    def address(self, config: BirdConfig) -> str:
        """The sender, an international number with its plus; at the Channels API, whose callbacks name no number, the channel's id."""
        return config.channel_id if config.api == "bird" else canonical_number(config.sender)

    def send(self, content: Content, config: BirdConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send`` and ``channels_api.outbound.send``."""
        return channels_outbound.send(content, config, context) if config.api == "bird" else outbound.send(content, config, context)

    def fetch_file(self, file: File, config: BirdConfig, context: SendContext) -> Steps[bytes]:
        """See ``media.fetch_file``."""
        return media.fetch_file(file, config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret`` and ``channels_api.errors.interpret``."""
        (channels_errors if call.purpose in channels_errors.PURPOSES else errors).interpret(call, response)

    def register_webhook(self, config: BirdConfig, context: SendContext) -> Steps[str]:
        """See ``channels_api.setup.register``. For the REST API the address is entered by hand."""
        return setup.register(config, context) if config.api == "bird" else super().register_webhook(config, context)

    def remove_webhook(self, config: BirdConfig, context: SendContext) -> Steps[str]:
        """See ``channels_api.setup.remove``. For the REST API the address is removed by hand."""
        return setup.remove(config, context) if config.api == "bird" else super().remove_webhook(config, context)

    def check(self, config: BirdConfig, context: SendContext) -> Steps[str]:
        """See ``outbound.check`` and ``channels_api.setup.check``."""
        return setup.check(config, context) if config.api == "bird" else outbound.check(config, context)
