"""A page under a Meta app."""

from __future__ import annotations

from stack.channels import DemoApp, DemoChannel, Json
from stack.keys import Keys

API_PATH = "graph"
PAGE_ID = "100000000000001"
APP_ID = "200000000000002"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    app = {"app_id": APP_ID, "app_secret": keys.derive("messenger app_secret"), "verify_token": keys.derive("messenger verify_token")}
    token = keys.derive("messenger access_token")

    def line(channel: Json, app_row: Json) -> Json:
        return {**app, "name": channel["name"], "callback_url": app_row["callback_url"], "access_token": token, "human_agent": True}

    return [
        DemoChannel(
            key="messenger",
            provider="messenger",
            name="on Messenger",
            config={"page_id": PAGE_ID, "page_access_token": token, "human_agent_enabled": True},
            address=PAGE_ID,
            line=line,
            app=DemoApp(name="Demo Meta app", config=app),
        )
    ]
