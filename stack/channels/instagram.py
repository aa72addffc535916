"""An Instagram account under a Meta app."""

from __future__ import annotations

from stack.channels import DemoApp, DemoChannel, Json
from stack.keys import Keys

API_PATH = "instagram"
INSTAGRAM_ID = "17841400000000091"
INSTAGRAM_APP_ID = "300000000000003"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    secret, verify_token, token = (keys.derive(f"instagram {name}") for name in ("app_secret", "verify_token", "access_token"))

    def line(channel: Json, app_row: Json) -> Json:
        return {
            "name": channel["name"],
            "username": "demo.brand",
            "callback_url": app_row["callback_url"],
            "app_id": INSTAGRAM_APP_ID,
            "app_secret": secret,
            "verify_token": verify_token,
            "access_token": token,
            "human_agent": True,
        }

    app = {
        "app_id": INSTAGRAM_APP_ID,
        "app_secret": keys.derive("instagram meta_secret"),
        "instagram_app_secret": secret,
        "verify_token": verify_token,
    }
    return [
        DemoChannel(
            key="instagram",
            provider="instagram",
            name="on Instagram",
            config={"account_id": INSTAGRAM_ID, "access_token": token, "human_agent_enabled": True},
            address=INSTAGRAM_ID,
            line=line,
            app=DemoApp(name="Demo Instagram app", config=app),
        )
    ]
