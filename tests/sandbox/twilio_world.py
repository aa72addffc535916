"""An account of the simulated Twilio, and how its line, its consumer and the platform are played."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl

from aiohttp import FormData
from twilio.request_validator import RequestValidator

from tests.sandbox.phones_world import Received, World

ACCOUNT, TOKEN = "AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d", "docs-auth-token"
NUMBER, SENDER, SERVICE = "+15550100", "whatsapp:+15550100", "MG5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"
NOOR, NOOR_ON_WHATSAPP = "+31612345678", "whatsapp:+31612345678"
MESSAGES = f"/twilio/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
LOG_IN = {"Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()}


async def line(it: World, address: str = NUMBER, **settings: Any) -> Any:
    body = {
        "account_sid": ACCOUNT,
        "auth_token": TOKEN,
        "callback_url": it.platform.url + "/callbacks",
        "auto_delivered": False,
        **settings,
    }
    return await it.call("PUT", f"/control/lines/twilio/{address}", body)


async def does(it: World, action: str, body: Any = None, to: str = NUMBER) -> Any:
    return await it.does(action, {"wait": True, "to": to, **(body or {})}, who=NOOR, provider="twilio")


async def post(it: World, path: str, fields: dict[str, str], headers: dict[str, str] = LOG_IN) -> tuple[int, Any]:
    async with it.http.post(it.base + path, data=FormData(fields)(), headers=headers, allow_redirects=False) as answer:
        return answer.status, await answer.json()


async def sends(it: World, address: str = NUMBER, **fields: str) -> tuple[int, Any]:
    to = NOOR_ON_WHATSAPP if address.startswith("whatsapp:") else NOOR
    status_callback = it.platform.url + "/callbacks?part=0192-1"
    return await post(it, MESSAGES, {"From": address, "To": to, "StatusCallback": status_callback, **fields})


async def shown(it: World, to: str = NUMBER) -> Any:
    _, phone = await it.call("GET", f"/control/phones/twilio/{NOOR}?to={to.replace('+', '%2B')}")
    return phone["messages"]


def form(call: Received) -> dict[str, str]:
    return dict(parse_qsl(call.raw.decode(), keep_blank_values=True))


def is_genuine(it: World, call: Received) -> bool:
    url = it.platform.url + call.path + (f"?{call.raw_query}" if call.raw_query else "")
    return bool(RequestValidator(TOKEN).validate(url, form(call), call.headers["X-Twilio-Signature"]))
