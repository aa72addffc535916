"""What an operator types in: once for the Meta app, once for each page.

Source: https://developers.facebook.com/docs/messenger-platform/get-started (checked 2026-07).
"""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from channels_app.providers.base import ProviderConfig


def _digits(value: str) -> str:
    if not (value.isascii() and value.isdigit() and len(value) <= 32):
        raise ValueError("must be digits only, such as 108800000000017; copy the number, not the name or the address")
    return value


def _credential(value: SecretStr) -> SecretStr:
    # A header holds the token and an HTTP client refuses blanks and control characters there, so a bad paste is caught here.
    text = value.get_secret_value().strip()
    if len(text) < 8:
        raise ValueError("is too short; copy the whole value (8 characters or more)")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("has a blank, a line break or a letter outside ASCII inside; copy it again without surrounding text")
    return SecretStr(text)


def _verify_token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("must not be empty; make up any phrase and enter the same one at Meta")
    return SecretStr(text)


MetaId = Annotated[str, AfterValidator(_digits)]
Credential = Annotated[SecretStr, AfterValidator(_credential)]


class MessengerAppConfig(ProviderConfig):
    """One Meta app: its webhook serves every page that the app is subscribed to."""

    app_id: MetaId = Field(
        title="App ID",
        description="The number at the top of the app's dashboard, and under App settings → Basic, on developers.facebook.com.",
    )
    app_secret: Credential = Field(
        title="App secret",
        description="App settings → Basic → App secret → Show. Meta signs every callback with it, for all pages of the app.",
    )
    verify_token: Annotated[SecretStr, AfterValidator(_verify_token)] = Field(
        title="Verify token",
        description="A phrase of your own. Enter the same one under Messenger → Settings → Webhooks → Verify token.",
    )
    send_appsecret_proof: bool = Field(
        default=False,
        title="Send app secret proof",
        description="Switch on where App settings → Advanced → Security → Require app secret is on at Meta.",
    )


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
    human_agent_enabled: bool = Field(
        default=False,
        title="Human agent",
        description=(
            "Answer up to 7 days after the person's last message instead of 24 hours. Only after Meta approved the Human Agent feature: "
            "App review → Permissions and features."
        ),
    )
    choice_prompt: str = Field(
        default="Please choose:",
        min_length=1,
        max_length=640,
        title="Line above choices",
        description="Messenger shows no buttons without a text. This line, in your own words, stands above them when they come alone.",
    )
