"""What an operator types in: once for the Meta app, once for each WhatsApp number.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/get-started (checked 2026-07).
"""

from __future__ import annotations

from pydantic import Field

from channels_app.providers._meta.config import Credential, MetaId, VerifyToken
from channels_app.providers._meta.whatsapp.config import WhatsAppMessages
from channels_app.providers.base import ProviderConfig


class WhatsAppAppConfig(ProviderConfig):
    """One Meta app: its webhook serves every number of every business account that the app is subscribed to."""

    app_id: MetaId = Field(
        title="App ID",
        description="The number at the top of the app's dashboard, and under App settings → Basic, on developers.facebook.com.",
    )
    app_secret: Credential = Field(
        title="App secret",
        description="App settings → Basic → App secret → Show. Meta signs every callback with it, for all numbers of the app.",
    )
    verify_token: VerifyToken = Field(
        title="Verify token",
        description="A phrase of your own. Enter the same one under WhatsApp → Configuration → Webhook → Verify token.",
    )
    send_appsecret_proof: bool = Field(
        default=False,
        title="Send app secret proof",
        description="Switch on where App settings → Advanced → Security → Require app secret is on at Meta.",
    )
    stop_keywords: list[str] = Field(
        default=["STOP"],
        title="Stop words",
        description="A message of just one of these words stops all sending to its writer, whatever its letter case. One app serves "
        "numbers in several languages: give all of them. Empty: no word does.",
    )
    start_keywords: list[str] = Field(
        default=["START"], title="Start words", description="A message of just one of these words allows sending again."
    )


class WhatsAppNumber(ProviderConfig):
    """One WhatsApp number: what Meta calls it, and what lets us speak for it."""

    phone_number_id: MetaId = Field(
        title="Phone number ID",
        description="WhatsApp → API setup, below the number; also in WhatsApp Manager under Phone numbers. It is not the number itself.",
    )
    waba_id: MetaId = Field(
        title="WhatsApp business account ID",
        description="WhatsApp → API setup, beside the phone number ID. Subscriptions and templates belong to it.",
    )
    access_token: Credential = Field(
        title="Access token",
        description="Business settings → System users → Generate token for this app, without an end, with whatsapp_business_messaging and "
        "whatsapp_business_management. The token of the API setup page dies after a day.",
    )


class WhatsAppConfig(WhatsAppMessages, WhatsAppNumber):
    """One WhatsApp number as a channel."""
