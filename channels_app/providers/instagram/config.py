"""What an operator types in: once for the Meta app, once for each Instagram account.

Source: https://developers.facebook.com/docs/instagram-platform/overview (checked 2026-07).
"""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, SecretStr, ValidationInfo

from channels_app.providers._meta.config import AppId, Credential, HasHumanAgent, MetaId, OptionalCredential, SendsProof, VerifyToken
from channels_app.providers.base import ProviderConfig


def _page_id(value: str, info: ValidationInfo) -> str:
    if info.data.get("login") == "facebook":
        if not (value.isascii() and value.isdigit() and len(value) <= 32):
            raise ValueError("must be the number of the Facebook page that the account is linked to, digits only")
    elif value:
        raise ValueError("must stay empty with Instagram Login, which knows no page")
    return value


def _day(value: str) -> str:
    try:
        return f"{date.fromisoformat(value)}" if value else ""
    except ValueError:
        raise ValueError("must be a day such as 2027-01-21, or empty") from None


class InstagramAppConfig(ProviderConfig):
    """One Meta app: its webhook serves every account that the app is subscribed to."""

    app_id: AppId
    app_secret: Credential = Field(
        title="App secret",
        description="App settings → Basic → App secret → Show.",
    )
    instagram_app_secret: OptionalCredential = Field(
        default=SecretStr(""),
        title="Instagram app secret",
        description=(
            "Instagram → API setup with Instagram login → Instagram app secret. Callbacks for accounts that log in at Instagram are signed with "
            "it; leave it empty where all accounts come through Facebook pages."
        ),
    )
    verify_token: VerifyToken = Field(
        title="Verify token",
        description="A phrase of your own. Enter the same one beside the callback URL under Instagram → Configure webhooks.",
    )
    send_appsecret_proof: SendsProof = False

    @property
    def secrets(self) -> tuple[str, ...]:
        """Everything that Meta may sign a callback of this app with."""
        return tuple(found for found in (self.app_secret.get_secret_value(), self.instagram_app_secret.get_secret_value()) if found)


class InstagramConfig(ProviderConfig):
    """One professional Instagram account as a channel."""

    login: Literal["instagram", "facebook"] = Field(
        default="instagram",
        title="Log-in",
        description="instagram: the account logged in at Instagram itself. facebook: it is reached through the Facebook page it is linked to.",
    )
    account_id: MetaId = Field(
        title="Account ID",
        description="The professional account's number, which starts with 17841: Instagram → API setup → the account's row.",
    )
    page_id: Annotated[str, AfterValidator(_page_id)] = Field(
        default="",
        validate_default=True,
        title="Page ID",
        description="Only with the log-in facebook: the number of the linked page, under About → Page transparency.",
    )
    access_token: Credential = Field(
        title="Access token",
        description=(
            "With the log-in instagram: Instagram → API setup → Generate token; it lives 60 days. With facebook: the token of the linked page."
        ),
    )
    token_ends_on: Annotated[str, AfterValidator(_day)] = Field(
        default="",
        title="Token ends on",
        description="Only with the log-in instagram. Renewals fill it in; empty it when you enter a token yourself.",
    )
    human_agent_enabled: HasHumanAgent = False
    repeat_choices: bool = Field(
        default=True,
        title="Write choices out",
        description="Instagram in a browser shows no quick replies. Short ones are written below the question too, so that everybody can answer.",
    )
    choice_prompt: str = Field(
        default="Please choose:",
        min_length=1,
        max_length=300,
        title="Line above choices",
        description="Instagram shows no buttons without a text. This line, in your own words, stands above them when they come alone.",
    )

    @property
    def node(self) -> str:
        """Where messages are sent and the app is subscribed: the account itself, or the page that stands for it."""
        return self.page_id if self.login == "facebook" else self.account_id
