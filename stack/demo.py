"""The demo brand: what `make run` sets up through the platform's own REST API, and what it tells the sandbox about it.

Idempotent: what is there is brought up to date. The sandbox forgets everything when it ends, so it is told again whenever it starts.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

import requests

from stack.errors import StackError
from stack.keys import Keys
from stack.parts import session

Json = dict[str, Any]

BRAND = "Demo Brand"
BRAND_SLUG = "demo"
ACCOUNT_ID = "12345678"
CLIENT_ID = "demo-connector"
CAMPAIGN_ID, ENGAGEMENT_ID = "1001", "2001"
SKILLS = {"101": "Sales", "102": "Service"}
PAGE_ID = "100000000000001"
APP_ID = "200000000000002"
SMS_NUMBER = "+15550100"
BOT_ID = "6123456789"
TWILIO_ACCOUNT = "AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d"
TWILIO_NUMBER, TWILIO_WHATSAPP = "+15550111", "whatsapp:+15550112"


@dataclass(frozen=True, slots=True)
class Demo:
    """What was set up: rows as the platform's API answers them."""

    brand: Json
    liveperson_app: Json
    messenger_app: Json
    messenger: Json
    sms: Json
    telegram: Json
    twilio: Json
    twilio_whatsapp: Json


class PlatformApi:
    """The platform's REST API with a platform key."""

    def __init__(self, base_url: str, key: str) -> None:
        self._base_url = base_url
        self._session = session()
        self._session.headers["Authorization"] = f"Bearer {key}"

    def request(self, method: str, path: str, **arguments: Any) -> Json:
        """One call; the JSON that it answers, or ``{}`` for an empty answer.

        Raises:
            StackError: nobody answers, or the answer is a refusal.
        """
        row: Json = _call(self._session, method, f"{self._base_url}/api/v1/{path}", **arguments)
        return row

    def find(self, path: str, **natural_key: str) -> Json | None:
        """The one row of ``path`` that has all of ``natural_key``, or None."""
        page = self.request("GET", path, params=natural_key)
        while True:
            for row in page["results"]:
                if all(row.get(name) == value for name, value in natural_key.items()):
                    found: Json = row
                    return found
            if not page.get("next"):
                return None
            page = _call(self._session, "GET", page["next"])

    def ensure(self, path: str, natural_key: Mapping[str, str], body: Json) -> Json:
        """The row with ``natural_key``, made or brought up to date, so that it says what ``body`` says."""
        wanted = {**natural_key, **body}
        row = self.find(path, **natural_key)
        if row is None:
            return self.request("POST", path, json=wanted)
        return self.request("PATCH", f"{path}{row['id']}/", json=body)


class SandboxControl:
    """The sandbox's control API."""

    def __init__(self, base_url: str) -> None:
        self._base_url = base_url
        self._session = session()

    def request(self, method: str, path: str, **arguments: Any) -> Any:
        """One call under ``/control/``; the JSON that it answers.

        Raises:
            StackError: nobody answers, or the answer is a refusal.
        """
        return _call(self._session, method, f"{self._base_url}/control/{path}", **arguments)


def provision(api: PlatformApi, keys: Keys, sandbox_url: str) -> Demo:
    """Make the demo brand with its LivePerson app and its channels.

    Raises:
        StackError: the platform refused something.
    """
    brand = api.ensure("brands/", {"slug": BRAND_SLUG}, {"name": BRAND})
    liveperson_app = api.ensure(
        "liveperson-apps/",
        {"brand": brand["id"], "name": "Demo connector"},
        {
            "account_id": ACCOUNT_ID,
            "client_id": CLIENT_ID,
            "client_secret": keys.derive("liveperson client_secret"),
            "domain_api": sandbox_url,
            "skill_id": "101",
            "campaign_id": CAMPAIGN_ID,
            "engagement_id": ENGAGEMENT_ID,
        },
    )
    messenger_app = api.ensure(
        "provider-apps/",
        {"provider": "messenger", "name": "Demo Meta app"},
        {
            "config": {
                "app_id": APP_ID,
                "app_secret": keys.derive("messenger app_secret"),
                "verify_token": keys.derive("messenger verify_token"),
            }
        },
    )
    messenger = api.ensure(
        "channels/",
        {"brand": brand["id"], "name": f"{BRAND} on Messenger", "provider": "messenger"},
        {
            "provider_app": messenger_app["id"],
            "liveperson_app": liveperson_app["id"],
            "config": {"page_id": PAGE_ID, "page_access_token": keys.derive("messenger access_token")},
        },
    )
    sms = api.ensure(
        "channels/",
        {"brand": brand["id"], "name": f"{BRAND} by SMS", "provider": "sms_gateway"},
        {"liveperson_app": liveperson_app["id"], "config": _sms_config(keys, sandbox_url)},
    )
    telegram = api.ensure(
        "channels/",
        {"brand": brand["id"], "name": f"{BRAND} on Telegram", "provider": "telegram"},
        {
            "liveperson_app": liveperson_app["id"],
            "config": {"bot_token": bot_token(keys), "secret_token": keys.derive("telegram secret_token")},
        },
    )
    twilio, twilio_whatsapp = (
        api.ensure(
            "channels/",
            {"brand": brand["id"], "name": f"{BRAND} {name}", "provider": "twilio"},
            {"liveperson_app": liveperson_app["id"], "config": {**_twilio_account(keys), "sender": sender}},
        )
        for name, sender in (("by Twilio SMS", TWILIO_NUMBER), ("on WhatsApp by Twilio", TWILIO_WHATSAPP))
    )
    return Demo(brand, liveperson_app, messenger_app, messenger, sms, telegram, twilio, twilio_whatsapp)


def register(demo: Demo, keys: Keys, sandbox: SandboxControl) -> None:
    """Tell the sandbox about the demo brand: the connector at LivePerson, the page at Meta, the number at the gateway,
    the bot at Telegram, the number and the WhatsApp sender at Twilio.

    Raises:
        StackError: the sandbox refused something.
    """
    sandbox.request(
        "PUT",
        f"accounts/{ACCOUNT_ID}/apps/{CLIENT_ID}",
        json={
            "client_secret": keys.derive("liveperson client_secret"),
            "client_name": "Demo connector",
            "endpoints": demo.liveperson_app["webhook_url"],
            "skills": SKILLS,
        },
    )
    sandbox.request(
        "PUT",
        f"lines/messenger/{PAGE_ID}",
        json={
            "name": demo.messenger["name"],
            "callback_url": demo.messenger_app["callback_url"],
            "app_id": APP_ID,
            "app_secret": keys.derive("messenger app_secret"),
            "verify_token": keys.derive("messenger verify_token"),
            "access_token": keys.derive("messenger access_token"),
        },
    )
    sandbox.request(
        "PUT",
        f"lines/sms_gateway/{SMS_NUMBER}",
        json={
            "name": demo.sms["name"],
            "receive_url": f"{demo.sms['callback_url']}/receive",
            "status_url": f"{demo.sms['callback_url']}/status",
            "inbound_auth": _inbound_auth(keys),
            "outbound_auth": _outbound_auth(keys),
        },
    )
    sandbox.request(
        "PUT",
        f"lines/telegram/{BOT_ID}",
        json={
            "name": demo.telegram["name"],
            "username": "demo_brand_bot",
            "bot_token": bot_token(keys),
            "secret_token": keys.derive("telegram secret_token"),
            "callback_url": demo.telegram["callback_url"],
        },
    )
    for sender, channel in ((TWILIO_NUMBER, demo.twilio), (TWILIO_WHATSAPP, demo.twilio_whatsapp)):
        sandbox.request(
            "PUT",
            f"lines/twilio/{sender}",
            json={**_twilio_account(keys), "name": channel["name"], "callback_url": f"{channel['callback_url']}#rc=3&rp=all"},
        )


def bot_token(keys: Keys) -> str:
    """The demo bot's token, in Telegram's form."""
    return f"{BOT_ID}:AAA{keys.derive('telegram bot_token')}"


def _twilio_account(keys: Keys) -> Json:
    return {"account_sid": TWILIO_ACCOUNT, "auth_token": keys.derive("twilio auth_token")}


def _inbound_auth(keys: Keys) -> Json:
    return {"kind": "hmac", "header": "X-Gateway-Signature", "prefix": "sha256=", "secret": keys.derive("sms inbound")}


def _outbound_auth(keys: Keys) -> Json:
    return {"kind": "basic", "username": "demo", "password": keys.derive("sms outbound")}


def _sms_config(keys: Keys, sandbox_url: str) -> Json:
    return {
        "sender": SMS_NUMBER,
        "inbound": {
            "auth": _inbound_auth(keys),
            "methods": ["POST"],
            "body_format": "form",
            "fields": {"sender": ["from"], "text": ["text"], "recipient": ["to"], "message_id": ["id"], "timestamp": ["date"]},
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
            "url": f"{sandbox_url}/sms/{quote(SMS_NUMBER)}/send",
            "method": "POST",
            "content_type": "application/json",
            "auth": _outbound_auth(keys),
            "body": '{"to":{{to}},"from":{{from}},"text":{{text}},"ref":{{id}},"dlr":{{status_url}}}',
            "success": {"status": [200], "json_path": "messages[0].status", "equals": "accepted"},
            "message_id": {"json_path": "messages[0].id"},
            "errors": [
                {"status": [429], "class": "rate_limited"},
                {"json_path": "code", "in": ["10", "11", "14"], "class": "auth"},
                {"json_path": "code", "in": ["13", "16"], "class": "recipient"},
                {"json_path": "code", "in": ["12", "15"], "class": "permanent"},
            ],
            "retry_after": {"header": "Retry-After"},
            "timeout_s": 10,
        },
    }


def _call(local: requests.Session, method: str, url: str, **arguments: Any) -> Any:
    try:
        answer = local.request(method, url, timeout=30, **arguments)
    except requests.RequestException as error:
        raise StackError(f"{method} {url} got no answer ({type(error).__name__}): see the logs.") from error
    if not answer.ok:
        says = answer.text[:500] if "json" in answer.headers.get("Content-Type", "") else "see the logs"
        raise StackError(f"{method} {url} answered {answer.status_code}: {says}")
    try:
        return answer.json() if answer.content else {}
    except ValueError as error:
        raise StackError(f"{method} {url} answered {answer.status_code}, but not with JSON: see the logs.") from error
