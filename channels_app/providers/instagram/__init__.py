"""Instagram: an account's direct messages, by Instagram Login or through the Facebook page that it is linked to."""

from __future__ import annotations

from datetime import datetime

from channels_app.providers._meta import verify
from channels_app.providers.base import CallbackAnswer, CallbackRequest, Capabilities, Provider, SendContext, Sent, TextUnit
from channels_app.providers.instagram import errors, inbound, outbound, rich, setup
from channels_app.providers.instagram.config import InstagramAppConfig, InstagramConfig
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.events import Content, ParsedCallback, Profile

__all__ = ["Instagram", "InstagramAppConfig", "InstagramConfig"]


class Instagram(Provider):
    """Professional accounts. One Meta app's callback serves many; ``parse`` names the account of every event in ``address``."""

    slug = "instagram"
    title = "Instagram"
    config_model = InstagramConfig
    app_config_model = InstagramAppConfig
    capabilities = Capabilities(
        max_text=rich.MAX_TEXT_BYTES,
        text_unit=TextUnit.BYTES,
        images_in=True,
        images_out=True,
        files_in=True,
        files_out=True,
        quick_replies=True,
        buttons=True,
        typing_out=True,
        # typing_on fades after about 20 s.
        typing_repeat_s=15,
        mark_read_out=True,
        read_receipts=True,
    )
    event_types = inbound.EVENT_TYPES
    errors = errors.ERRORS
    docs_url = "https://developers.facebook.com/docs/instagram-platform"
    registers_webhook = True
    renews_credentials = True

    def verify(self, request: CallbackRequest, config: InstagramAppConfig, *, now: datetime) -> None:
        """See ``_meta.verify.verify``; ``now`` is not looked at, because Meta signs no time."""
        verify.verify(request, config.secrets)

    def handshake(self, request: CallbackRequest, config: InstagramAppConfig) -> CallbackAnswer | None:
        """See ``_meta.verify.handshake``."""
        return verify.handshake(request, config.verify_token.get_secret_value())

    def parse(self, request: CallbackRequest, config: InstagramAppConfig) -> ParsedCallback:
        """See ``inbound.parse``."""
        return inbound.parse(request.body)

    def address(self, config: InstagramConfig) -> str:
        """The professional account's id."""
        return config.account_id

    def send(self, content: Content, config: InstagramConfig, context: SendContext) -> Steps[Sent]:
        """See ``outbound.send``."""
        return outbound.send(content, config, context)

    def look_up_profile(self, config: InstagramConfig, context: SendContext) -> Steps[Profile | None]:
        """See ``outbound.look_up_profile``."""
        return outbound.look_up_profile(config, context)

    def interpret(self, call: HttpCall, response: HttpResponse) -> None:
        """See ``errors.interpret``."""
        errors.interpret(call, response)

    def register_webhook(self, config: InstagramConfig, context: SendContext) -> Steps[str]:
        """See ``setup.register_webhook``."""
        return setup.register_webhook(config, context)

    def remove_webhook(self, config: InstagramConfig, context: SendContext) -> Steps[str]:
        """See ``setup.remove_webhook``."""
        return setup.remove_webhook(config, context)

    def renew_credentials(self, config: InstagramConfig, context: SendContext) -> Steps[dict[str, str]]:
        """See ``setup.renew_credentials``."""
        return setup.renew_credentials(config, context)

    def check(self, config: InstagramConfig, context: SendContext) -> Steps[str]:
        """See ``setup.check``."""
        return setup.check(config, context)
