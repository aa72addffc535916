"""Calls to the Graph API: address, version, credentials.

Source: https://developers.facebook.com/docs/graph-api/overview (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

from channels_app.providers.base import SendContext
from channels_app.providers.whatsapp.config import WhatsAppAppConfig, WhatsAppConfig
from channels_app.providers.whatsapp.verify import appsecret_proof
from connector_platform.core.calls import HttpCall

GRAPH_API = "https://graph.facebook.com"
GRAPH_VERSION = "v25.0"
"""A version lives about two years; after that Meta serves the oldest living one without a word."""


def get(path: str, query: Mapping[str, str], config: WhatsAppConfig, context: SendContext, *, purpose: str) -> HttpCall:
    """A question, which has no effect."""
    return HttpCall(method="GET", url=_url(path, query, config, context), headers=headers(config), purpose=purpose, effect=False)


def post(path: str, payload: Any, config: WhatsAppConfig, context: SendContext, *, purpose: str, effect: bool) -> HttpCall:
    """A call with a JSON body."""
    return HttpCall.json("POST", _url(path, {}, config, context), payload, headers=headers(config), purpose=purpose, effect=effect)


def delete(path: str, config: WhatsAppConfig, context: SendContext, *, purpose: str) -> HttpCall:
    """A removal. Repeated, it says the same: no effect."""
    return HttpCall(method="DELETE", url=_url(path, {}, config, context), headers=headers(config), purpose=purpose, effect=False)


def headers(config: WhatsAppConfig) -> dict[str, str]:
    """The credentials. Meta takes the token as a query parameter too, but addresses end up in logs."""
    return {"Authorization": f"Bearer {config.access_token.get_secret_value()}"}


def _url(path: str, query: Mapping[str, str], config: WhatsAppConfig, context: SendContext) -> str:
    fields = dict(query)
    if isinstance(context.app, WhatsAppAppConfig) and context.app.send_appsecret_proof:
        fields["appsecret_proof"] = appsecret_proof(config.access_token.get_secret_value(), context.app.app_secret.get_secret_value())
    suffix = "?" + urlencode(fields, safe=",") if fields else ""
    return f"{context.api_base or GRAPH_API}/{GRAPH_VERSION}/{path}{suffix}"
