"""A number, a WhatsApp sender and an RCS agent at Vonage, each with an application of its own."""

from __future__ import annotations

from typing import Any

from stack.channels import DemoChannel, Json
from stack.keys import Keys

API_PATH = "vonage"
VONAGE_NUMBER, VONAGE_WHATSAPP, VONAGE_RCS = "15550110", "15550113", "AcmeShoes"
VONAGE_APPLICATION_ID = "aaaaaaaa-bbbb-4ccc-8ddd-000000000110"
TEMPLATE = {"name": "back_in_stock", "language": "en_US"}


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    private_key, public_key = keys.demo_key_pair()
    secrets = {name: keys.derive(f"vonage {name}") for name in ("api_key", "api_secret", "signature_secret")}

    def demo(key: str, name: str, application: str, config: dict[str, Any], **told: Any) -> DemoChannel:
        account = {**secrets, "application_id": application}
        kind, sender = config.get("kind", ""), config["sender"]

        def line(channel: Json, app_row: Json) -> Json:
            urls = {"inbound_url": f"{channel['callback_url']}/inbound", "status_url": f"{channel['callback_url']}/status"}
            return {**account, **urls, "name": channel["name"], "public_key": public_key, "country": "US", **told}

        return DemoChannel(
            key=key,
            provider="vonage",
            name=name,
            config={**account, **config, "private_key": private_key, "stop_keywords": ["STOP", "ARRET"]},
            address=f"{kind}:{sender}" if kind else sender,
            line=line,
        )

    template = {**TEMPLATE, "parameters": ["shoe"], "purpose": "a shoe that was sold out is here again"}
    return [
        demo("vonage", "at Vonage", VONAGE_APPLICATION_ID, {"sender": VONAGE_NUMBER, "media": "mms"}),
        demo(
            "vonage_whatsapp",
            "on WhatsApp by Vonage",
            VONAGE_APPLICATION_ID.replace("0110", "0113"),
            {"kind": "whatsapp", "sender": VONAGE_WHATSAPP, "templates": [template]},
            templates=[{**TEMPLATE, "text": "The {{1}} is here again. Shall we keep one for you?", "buttons": ["Yes, keep one"]}],
        ),
        demo("vonage_rcs", "by RCS at Vonage", VONAGE_APPLICATION_ID.replace("0110", "0114"), {"kind": "rcs", "sender": VONAGE_RCS}),
    ]
