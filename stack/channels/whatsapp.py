"""A number of WhatsApp's Cloud API, under a Meta app."""

from __future__ import annotations

from stack.channels import DemoApp, DemoChannel, Json
from stack.keys import Keys

API_PATH = "whatsapp"
WHATSAPP_APP_ID = "200000000000003"
WHATSAPP_NUMBER_ID = "300000000000001"
WHATSAPP_ACCOUNT_ID = "400000000000001"
WHATSAPP_TEMPLATES = {
    "still_there": ("en_US", "Hello, we have news for you. Shall we go on?", ["Go on"]),
    "order_update": ("en_US", "Your order {{1}} arrives {{2}}.", []),
}
"""Name: language, wording, buttons."""
WHATSAPP_CATALOGUE_ID = "500000000000001"
WHATSAPP_PRODUCTS = {"trail-blue": ("Trail shoe, blue", 89.5), "trail-red": ("Trail shoe, red", 85.0)}
"""Id: name, price in euros."""


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    app = {
        "app_id": WHATSAPP_APP_ID,
        "app_secret": keys.derive("whatsapp app_secret"),
        "verify_token": keys.derive("whatsapp verify_token"),
    }
    token = keys.derive("whatsapp access_token")

    def line(channel: Json, app_row: Json) -> Json:
        return {
            **app,
            "name": channel["name"],
            "waba_id": WHATSAPP_ACCOUNT_ID,
            "display_phone_number": "15550101",
            "callback_url": app_row["callback_url"],
            "access_token": token,
            "catalogue": {
                "id": WHATSAPP_CATALOGUE_ID,
                "products": [
                    {"id": product, "name": name, "price": price, "image_url": f"{sandbox_url}/static/sample.jpg"}
                    for product, (name, price) in WHATSAPP_PRODUCTS.items()
                ],
            },
            "templates": [
                {"name": name, "language": language, "text": text, "buttons": buttons}
                for name, (language, text, buttons) in WHATSAPP_TEMPLATES.items()
            ],
        }

    config = {
        "phone_number_id": WHATSAPP_NUMBER_ID,
        "waba_id": WHATSAPP_ACCOUNT_ID,
        "access_token": token,
        "templates": [
            {"name": "still_there", "language": "en_US", "purpose": "asks to go on"},
            {"name": "order_update", "language": "en_US", "parameters": ["order", "day"], "purpose": "news of an order"},
        ],
    }
    return [
        DemoChannel(
            key="whatsapp",
            provider="whatsapp",
            name="on WhatsApp",
            config=config,
            address=WHATSAPP_NUMBER_ID,
            line=line,
            app=DemoApp(name="Demo Meta app for WhatsApp", config=app),
        )
    ]
