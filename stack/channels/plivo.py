"""A number at Plivo."""

from __future__ import annotations

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "plivo"
PLIVO_NUMBER = "15550120"
PLIVO_AUTH_ID = "MADEMO00000000000120"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    account = {"auth_id": PLIVO_AUTH_ID, "auth_token": keys.derive("plivo auth_token")}

    def line(channel: Json, app_row: Json) -> Json:
        return {**account, "name": channel["name"], "message_url": f"{channel['callback_url']}/inbound"}

    config = {**account, "sender": PLIVO_NUMBER, "media": "mms"}
    return [DemoChannel(key="plivo", provider="plivo", name="at Plivo", config=config, address=PLIVO_NUMBER, line=line)]
