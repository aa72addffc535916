"""Two numbers at Bird: one at its REST API, one at the successor, the Channels API."""

from __future__ import annotations

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "bird"
BIRD_NUMBER = "+15550102"
BIRD_CHANNELS_NUMBER = "+15550103"
BIRD_WORKSPACE_ID = "aaaaaaaa-bbbb-4ccc-8ddd-000000000103"
BIRD_CHANNEL_ID = "bbbbbbbb-cccc-4ddd-8eee-000000000103"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    account = {"access_key": keys.derive("bird access_key"), "signing_key": keys.derive("bird signing_key")}
    workspace = {
        "api": "bird",
        "access_key": keys.derive("bird_channels access_key"),
        "signing_key": keys.derive("bird_channels signing_key"),
        "workspace_id": BIRD_WORKSPACE_ID,
        "channel_id": BIRD_CHANNEL_ID,
    }

    def line(channel: Json, app_row: Json) -> Json:
        return {**account, "name": channel["name"], "receive_url": f"{channel['callback_url']}/receive", "mms": True}

    def channels_line(channel: Json, app_row: Json) -> Json:
        return {**workspace, "name": channel["name"], "webhook_url": channel["callback_url"], "mms": True}

    config = {**account, "sender": BIRD_NUMBER, "mms_enabled": True}
    return [
        DemoChannel(key="bird", provider="bird", name="by Bird", config=config, address=BIRD_NUMBER, line=line),
        DemoChannel(
            key="bird_channels",
            provider="bird",
            name="by Bird's Channels API",
            config={**workspace, "mms_enabled": True},
            address=BIRD_CHANNELS_NUMBER,
            line=channels_line,
        ),
    ]
