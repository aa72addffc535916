"""A number and a WhatsApp sender of one account."""

from __future__ import annotations

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "twilio"
TWILIO_ACCOUNT = "AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d"
TWILIO_NUMBER, TWILIO_WHATSAPP = "+15550111", "whatsapp:+15550112"
TWILIO_TEMPLATES = {
    "still_there": ("HX" + "a1" * 16, "Hello, we have news for you. Shall we go on?", ["Go on"]),
    "order_update": ("HX" + "a2" * 16, "Your order {{1}} arrives {{2}}.", []),
}


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    account = {"account_sid": TWILIO_ACCOUNT, "auth_token": keys.derive("twilio auth_token")}

    def line(channel: Json, app_row: Json) -> Json:
        return {**account, "name": channel["name"], "callback_url": f"{channel['callback_url']}#rc=3&rp=all"}

    def whatsapp_line(channel: Json, app_row: Json) -> Json:
        templates = [{"sid": sid, "text": text, "buttons": buttons} for sid, text, buttons in TWILIO_TEMPLATES.values()]
        return {**line(channel, app_row), "templates": templates}

    templates = [
        {"name": "still_there", "content_sid": TWILIO_TEMPLATES["still_there"][0], "purpose": "asks to go on"},
        {
            "name": "order_update",
            "content_sid": TWILIO_TEMPLATES["order_update"][0],
            "parameters": ["order", "day"],
            "purpose": "news of an order",
        },
    ]
    return [
        DemoChannel(
            key="twilio",
            provider="twilio",
            name="by Twilio SMS",
            config={**account, "sender": TWILIO_NUMBER},
            address=TWILIO_NUMBER,
            line=line,
        ),
        DemoChannel(
            key="twilio_whatsapp",
            provider="twilio",
            name="on WhatsApp by Twilio",
            config={**account, "sender": TWILIO_WHATSAPP, "templates": templates},
            address=TWILIO_WHATSAPP,
            line=whatsapp_line,
        ),
    ]
