"""WhatsApp: a business number's conversations over Meta's Cloud API."""

from __future__ import annotations

from datetime import datetime

from channels_app.providers._meta import verify
from channels_app.providers.base import CallbackAnswer, CallbackRequest, Capabilities, Provider, SendContext, Sent, TextUnit
from channels_app.providers.whatsapp import error_table, errors, files, inbound, outbound, setup
from channels_app.providers.whatsapp.config import WhatsAppAppConfig, WhatsAppConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, File, ParsedCallback

__all__ = ["WhatsApp", "WhatsAppAppConfig", "WhatsAppConfig"]


class WhatsApp(Provider):
    """Business numbers. One Meta app's callback serves many numbers; ``parse`` names the phone number id of every event in ``address``."""

    slug = "whatsapp"
    title = "WhatsApp"
    config_model = WhatsAppConfig
    app_config_model = WhatsAppAppConfig
    capabilities = Capabilities(
        max_text=outbound.MAX_TEXT,
        text_unit=TextUnit.CHARACTERS,
        images_in=True,
        files_in=True,
        images_out=True,
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
    event_types = inbound.EVENT_TYPES
    errors = error_table.ERRORS
    docs_url = "https://developers.facebook.com/docs/whatsapp/cloud-api"
    registers_webhook = True
    renews_credentials = True

    def verify(self, request: CallbackRequest, config: WhatsAppAppConfig, *, now: datetime) -> None:
        """See ``verify.verify``; ``now`` is not looked at, because Meta signs no time."""
        verify.verify(request, (config.app_secret.get_secret_value(),))

    def handshake(self, request: CallbackRequest, config: WhatsAppAppConfig) -> CallbackAnswer | None:
        """See ``verify.handshake``."""
        return verify.handshake(request, config.verify_token.get_secret_value())

    def parse(self, request: CallbackRequest, config: WhatsAppAppConfig) -> ParsedCallback:
        """See ``inbound.parse``."""
        return inbound.parse(request.body, config)

    def address(self, config: WhatsAppConfig) -> str:
        """The phone number id."""
        return config.phone_number_id

    def send(self, content: Content, config: WhatsAppConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def fetch_file(self, file: File, config: WhatsAppConfig, context: SendContext) -> Steps[bytes]:
        """See ``files.fetch_file``."""
        return files.fetch_file(file, config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def register_webhook(self, config: WhatsAppConfig, context: SendContext) -> Steps[str]:
        """See ``setup.register_webhook``."""
        return setup.register_webhook(config, context)

    def remove_webhook(self, config: WhatsAppConfig, context: SendContext) -> Steps[str]:
        """See ``setup.remove_webhook``."""
        return setup.remove_webhook(config, context)

    def renew_credentials(self, config: WhatsAppConfig, context: SendContext) -> Steps[dict[str, str]]:
        """See ``setup.renew_credentials``."""
        return setup.renew_credentials(config, context)

    def check(self, config: WhatsAppConfig, context: SendContext) -> Steps[str]:
        """See ``setup.check``."""
        return setup.check(config, context)
