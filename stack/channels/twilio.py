"""A number and a WhatsApp sender of one account."""

from __future__ import annotations

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "twilio"
TWILIO_ACCOUNT = "AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d"
TWILIO_NUMBER, TWILIO_WHATSAPP = "+15550111", "whatsapp:+15550112"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    account = {"account_sid": TWILIO_ACCOUNT, "auth_token": keys.derive("twilio auth_token")}

    def line(channel: Json, app_row: Json) -> Json:
        return {**account, "name": channel["name"], "callback_url": f"{channel['callback_url']}#rc=3&rp=all"}

    return [
        DemoChannel(key=key, provider="twilio", name=name, config={**account, "sender": sender}, address=sender, line=line)
        for key, name, sender in (
            ("twilio", "by Twilio SMS", TWILIO_NUMBER),
            ("twilio_whatsapp", "on WhatsApp by Twilio", TWILIO_WHATSAPP),
        )
    ]
