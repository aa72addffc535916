"""Facebook Messenger: a page's conversations over Meta's Messenger Platform."""

from __future__ import annotations

from datetime import datetime

from channels_app.providers._meta import verify
from channels_app.providers.base import CallbackAnswer, CallbackRequest, Capabilities, Provider, SendContext, Sent, TextUnit
from channels_app.providers.messenger import errors, inbound, outbound, setup
from channels_app.providers.messenger.config import MessengerAppConfig, MessengerConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, ParsedCallback, Profile

__all__ = ["Messenger", "MessengerAppConfig", "MessengerConfig"]


class Messenger(Provider):
    """Facebook pages. One Meta app's callback serves many pages; ``parse`` names the page of every event in ``address``."""

    slug = "messenger"
    title = "Facebook Messenger"
    config_model = MessengerConfig
    app_config_model = MessengerAppConfig
    capabilities = Capabilities(
        max_text=outbound.MAX_TEXT,
        text_unit=TextUnit.CHARACTERS,
        images_in=True,
        images_out=True,
        files_in=True,
        files_out=True,
        locations_in=True,
        quick_replies=True,
        buttons=True,
        typing_out=True,
        # typing_on fades after about 20 s.
        typing_repeat_s=15,
        mark_read_out=True,
        delivered_receipts=True,
        read_receipts=True,
    )
    event_types = inbound.EVENT_TYPES
    errors = errors.ERRORS
    docs_url = "https://developers.facebook.com/docs/messenger-platform"
    registers_webhook = True
    renews_credentials = True

    def verify(self, request: CallbackRequest, config: MessengerAppConfig, *, now: datetime) -> None:
        """See ``verify.verify``; ``now`` is not looked at, because Meta signs no time."""
        verify.verify(request, (config.app_secret.get_secret_value(),))

    def handshake(self, request: CallbackRequest, config: MessengerAppConfig) -> CallbackAnswer | None:
        """See ``verify.handshake``."""
        return verify.handshake(request, config.verify_token.get_secret_value())

    def parse(self, request: CallbackRequest, config: MessengerAppConfig) -> ParsedCallback:
        """See ``inbound.parse``."""
        return inbound.parse(request.body)

    def address(self, config: MessengerConfig) -> str:
        """The page id."""
        return config.page_id

    def send(self, content: Content, config: MessengerConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def look_up_profile(self, config: MessengerConfig, context: SendContext) -> Steps[Profile | None]:
        """See ``outbound.look_up_profile``."""
        return outbound.look_up_profile(config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def register_webhook(self, config: MessengerConfig, context: SendContext) -> Steps[str]:
        """See ``setup.register_webhook``."""
        return setup.register_webhook(config, context)

    def remove_webhook(self, config: MessengerConfig, context: SendContext) -> Steps[str]:
        """See ``setup.remove_webhook``."""
        return setup.remove_webhook(config, context)

    def renew_credentials(self, config: MessengerConfig, context: SendContext) -> Steps[dict[str, str]]:
        """See ``setup.renew_credentials``."""
        return setup.renew_credentials(config, context)

    def check(self, config: MessengerConfig, context: SendContext) -> Steps[str]:
        """See ``setup.check``."""
        return setup.check(config, context)
