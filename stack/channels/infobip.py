"""A number at Infobip."""

from __future__ import annotations

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "infobip"
INFOBIP_NUMBER = "+15550101"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    api_key = keys.derive("infobip api_key")
    proof = {"kind": "basic", "username": "infobip", "password": keys.derive("infobip inbound")}

    def line(channel: Json, app_row: Json) -> Json:
        return {"name": channel["name"], "api_key": api_key, "callback_url": channel["callback_url"], "inbound_auth": proof, "mms": True}

    config = {
        "base_url": "https://demo.api.infobip.com",
        "api_key": api_key,
        "sender": INFOBIP_NUMBER,
        "proof": proof,
        "mms_enabled": True,
    }
    return [DemoChannel(key="infobip", provider="infobip", name="by Infobip", config=config, address=INFOBIP_NUMBER, line=line)]
