"""Every provider that this installation has. Adding a channel adds one line here."""

from __future__ import annotations

from channels_app.providers.base import Provider
from channels_app.providers.bird import Bird
from channels_app.providers.infobip import Infobip
from channels_app.providers.instagram import Instagram
from channels_app.providers.messenger import Messenger
from channels_app.providers.plivo import Plivo
from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.telegram import Telegram
from channels_app.providers.twilio import Twilio
from channels_app.providers.vonage import Vonage
from channels_app.providers.whatsapp import WhatsApp

PROVIDERS: dict[str, Provider] = {
    provider.slug: provider
    for provider in (
        Bird(),
        Infobip(),
        Instagram(),
        Messenger(),
        Plivo(),
        SmsGateway(),
        Telegram(),
        Twilio(),
        Vonage(),
        WhatsApp(),
    )
}
