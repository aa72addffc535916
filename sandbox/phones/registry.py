"""The messaging platforms that the sandbox simulates."""

from __future__ import annotations

from typing import Any

from sandbox.phones.base import Simulator
from sandbox.phones.bird import Bird
from sandbox.phones.infobip import Infobip
from sandbox.phones.instagram import Instagram
from sandbox.phones.messenger import Messenger
from sandbox.phones.plivo import Plivo
from sandbox.phones.sms_gateway import SmsGateway
from sandbox.phones.telegram import Telegram
from sandbox.phones.twilio import Twilio
from sandbox.phones.vonage import Vonage
from sandbox.phones.whatsapp import WhatsApp

SIMULATORS: tuple[type[Simulator[Any]], ...] = (
    Messenger,
    Bird,
    Infobip,
    Instagram,
    Plivo,
    SmsGateway,
    Telegram,
    Twilio,
    Vonage,
    WhatsApp,
)
