"""A number at Vonage."""

from __future__ import annotations

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "vonage"
VONAGE_NUMBER = "15550110"
VONAGE_APPLICATION_ID = "aaaaaaaa-bbbb-4ccc-8ddd-000000000110"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    private_key, public_key = keys.demo_key_pair()
    account = {
        "api_key": keys.derive("vonage api_key"),
        "api_secret": keys.derive("vonage api_secret"),
        "signature_secret": keys.derive("vonage signature_secret"),
        "application_id": VONAGE_APPLICATION_ID,
    }

    def line(channel: Json, app_row: Json) -> Json:
        return {
            **account,
            "name": channel["name"],
            "public_key": public_key,
            "country": "US",
            "inbound_url": f"{channel['callback_url']}/inbound",
            "status_url": f"{channel['callback_url']}/status",
        }

    config = {**account, "sender": VONAGE_NUMBER, "private_key": private_key, "media": "mms", "stop_keywords": ["STOP", "ARRET"]}
    return [DemoChannel(key="vonage", provider="vonage", name="at Vonage", config=config, address=VONAGE_NUMBER, line=line)]
