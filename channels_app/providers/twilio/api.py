"""Where Twilio's APIs are, and how a call to them is made.

Source: https://www.twilio.com/docs/usage/api (known, not re-read, 2026-11).
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from channels_app.providers.base import SendContext
from channels_app.providers.twilio.config import TwilioConfig
from connector_platform.core.calls import HttpCall

API = "https://api.twilio.com"
CONTENT = "https://content.twilio.com"
MESSAGING = "https://messaging.twilio.com"

RETRIES = "#rc=3&rp=all"
"""Asks Twilio to repeat, three times within its 15 s, what was not answered or was answered 4xx or 5xx. By default it repeats only where
it got no connection. It stands behind the callback URL and is not a part of what is called.

Source: https://www.twilio.com/docs/usage/webhooks/webhooks-connection-overrides (read 2026-11)."""


def url(context: SendContext, host: str, path: str, query: Mapping[str, str] | None = None) -> str:
    """The address of ``path``: at ``host``, or, where another base is set, there; the paths of the three hosts do not meet."""
    return f"{context.api_base or host}{path}" + (f"?{urlencode(query)}" if query else "")


def account_path(config: TwilioConfig, rest: str = "") -> str:
    """The path of the account, or of what is ``rest`` in it."""
    return f"/2010-04-01/Accounts/{config.account_sid}{rest}.json"


def authorization(credentials: tuple[str, str]) -> dict[str, str]:
    """The header that logs in with user name and password."""
    return {"Authorization": "Basic " + base64.b64encode(":".join(credentials).encode()).decode()}


def get(address: str, credentials: tuple[str, str], *, purpose: str) -> HttpCall:
    """A call that reads."""
    return HttpCall(method="GET", url=address, headers=authorization(credentials), purpose=purpose, effect=False)


def post(address: str, fields: Mapping[str, str], config: TwilioConfig, *, purpose: str, effect: bool) -> HttpCall:
    """A call with a form."""
    return HttpCall.form("POST", address, fields, headers=authorization(config.call_credentials), purpose=purpose, effect=effect)


def post_json(address: str, payload: Any, config: TwilioConfig, *, purpose: str) -> HttpCall:
    """A call with a JSON body, which may be repeated unnoticed."""
    return HttpCall.json("POST", address, payload, headers=authorization(config.call_credentials), purpose=purpose, effect=False)
