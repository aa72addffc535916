"""A number at Bird."""

from __future__ import annotations

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "bird"
BIRD_NUMBER = "+15550102"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    account = {"access_key": keys.derive("bird access_key"), "signing_key": keys.derive("bird signing_key")}

    def line(channel: Json, app_row: Json) -> Json:
        return {**account, "name": channel["name"], "receive_url": f"{channel['callback_url']}/receive", "mms": True}

    config = {**account, "sender": BIRD_NUMBER, "mms_enabled": True}
    return [DemoChannel(key="bird", provider="bird", name="by Bird", config=config, address=BIRD_NUMBER, line=line)]
