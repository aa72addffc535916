"""What an operator types in: once for the Meta app, once for each page.

Source: https://developers.facebook.com/docs/messenger-platform/get-started (checked 2026-07).
"""

from __future__ import annotations

from pydantic import Field

from channels_app.providers._meta.config import AppId, Credential, HasHumanAgent, MetaId, SendsProof, VerifyToken
from channels_app.providers.base import ProviderConfig


class MessengerAppConfig(ProviderConfig):
    """One Meta app: its webhook serves every page that the app is subscribed to."""

    app_id: AppId
    app_secret: Credential = Field(
        title="App secret",
        description="App settings → Basic → App secret → Show. Meta signs every callback with it, for all pages of the app.",
    )
    verify_token: VerifyToken = Field(
        title="Verify token",
        description="A phrase of your own. Register webhook tells it to Meta; by hand, enter the same one under Messenger → Settings → Webhooks.",
    )
    send_appsecret_proof: SendsProof = False


class MessengerConfig(ProviderConfig):
    """One Facebook page as a channel."""

    page_id: MetaId = Field(
        title="Page ID",
        description="The page's number: on the page under About → Page transparency, or in Meta Business Suite under Settings → Page.",
    )
    page_access_token: Credential = Field(
        title="Page access token",
        description=(
            "Messenger → Settings → Access tokens → Generate, for this page, by somebody with full control of it. "
            "It dies when that person changes the password or loses the page."
        ),
    )
    human_agent_enabled: HasHumanAgent = False
    asks_for_locale: bool = Field(
        default=False,
        title="Ask for the language",
        description="Learn people's language with their name. Only after Meta approved pages_user_locale: App review → Permissions and features.",
    )
    choice_prompt: str = Field(
        default="Please choose:",
        min_length=1,
        max_length=640,
        title="Line above choices",
        description="Messenger shows no buttons without a text. This line, in your own words, stands above them when they come alone.",
    )
