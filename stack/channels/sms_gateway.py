"""A number at an SMS gateway."""

from __future__ import annotations

from urllib.parse import quote

from stack.channels import DemoChannel, Json
from stack.keys import Keys

SMS_NUMBER = "+15550100"


def channels(keys: Keys, sandbox_url: str) -> list[DemoChannel]:
    def demo_line(channel: Json, app_row: Json) -> Json:
        return line(keys, channel)

    return [
        DemoChannel(key="sms", provider="sms_gateway", name="by SMS", config=config(keys, sandbox_url), address=SMS_NUMBER, line=demo_line)
    ]


def line(keys: Keys, channel: Json) -> Json:
    """What the sandbox's gateway is told of ``channel``'s number."""
    return {
        "name": channel["name"],
        "receive_url": f"{channel['callback_url']}/receive",
        "status_url": f"{channel['callback_url']}/status",
        "inbound_auth": inbound_auth(keys),
        "outbound_auth": outbound_auth(keys),
    }


def inbound_auth(keys: Keys) -> Json:
    return {"kind": "hmac", "header": "X-Gateway-Signature", "prefix": "sha256=", "secret": keys.derive("sms inbound")}


def outbound_auth(keys: Keys) -> Json:
    return {"kind": "basic", "username": "demo", "password": keys.derive("sms outbound")}


def config(keys: Keys, sandbox_url: str, number: str = SMS_NUMBER) -> Json:
    """The channel's configuration for a ``number`` at the sandbox's gateway."""
    return {
        "sender": number,
        "inbound": {
            "auth": inbound_auth(keys),
            "methods": ["POST"],
            "body_format": "form",
            "fields": {
                "sender": ["from"],
                "text": ["text"],
                "recipient": ["to"],
                "message_id": ["id"],
                "timestamp": ["date"],
                "media": ["MediaUrl#"],
                "media_type": ["MediaContentType#"],
            },
        },
        "status": {
            "fields": {"message_id": ["ref", "id"], "status": ["status"]},
            "values": {
                "delivered": ["DELIVRD", "delivered"],
                "failed": ["UNDELIV", "REJECTD", "EXPIRED", "DELETED", "UNKNOWN", "failed", "undelivered", "rejected", "expired"],
                "sent": ["ACCEPTD", "ENROUTE", "sent"],
            },
        },
        "outbound": {
            "url": f"{sandbox_url}/sms/{quote(number)}/send",
            "method": "POST",
            "content_type": "application/json",
            "auth": outbound_auth(keys),
            "body": '{"to":{{to}},"from":{{from}},"text":{{text}},"ref":{{id}},"dlr":{{status_url}}}',
            "media": "variable",
            "mms_body": '{"to":{{to}},"from":{{from}},"text":{{text}},"media":{{media_url}},"ref":{{id}},"dlr":{{status_url}}}',
            "check_url": f"{sandbox_url}/sms/{quote(number)}/balance",
            "success": {"status": [200], "json_path": "messages[0].status", "equals": "accepted"},
            "message_id": {"json_path": "messages[0].id"},
            "errors": [
                {"status": [429], "class": "rate_limited"},
                {"json_path": "code", "in": ["10", "11", "14"], "class": "auth"},
                {"json_path": "code", "in": ["13"], "class": "recipient", "reason": "the gateway knows no such number"},
                {"json_path": "code", "in": ["16"], "class": "recipient", "reason": "the consumer opted out at the gateway"},
                {"json_path": "code", "in": ["12", "15", "18"], "class": "permanent"},
            ],
            "retry_after": {"header": "Retry-After"},
            "timeout_s": 10,
        },
    }
