"""Plivo's calls: where they go and the log-in that they carry.

Source: https://www.plivo.com/docs/messaging/api/message/send-a-message (known, 2026-11).
"""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

from channels_app.providers._sms.inbound import is_at, is_web
from channels_app.providers.base import SendContext
from channels_app.providers.plivo.config import PlivoConfig
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, UnsupportedContent
from connector_platform.core.events import File

API = "https://api.plivo.com"

SEND = "send_message"
DOWNLOAD = "fetch_file"
DOWNLOAD_STORED = "fetch_stored_file"

_VENDOR_DOMAINS = ("plivo.com",)


def message(fields: dict[str, Any], config: PlivoConfig, context: SendContext) -> HttpCall:
    """The call that sends one message."""
    return HttpCall.json("POST", url(config, context, "Message"), fields, headers=headers(config), purpose=SEND)


def of_account(
    method: str,
    path: str,
    config: PlivoConfig,
    context: SendContext,
    *,
    fields: dict[str, Any] | None = None,
    query: dict[str, str] | None = None,
    purpose: str = "check",
) -> HttpCall:
    """A call about the account, which sends nothing to anybody. ``path`` is what follows the account's own."""
    address = url(config, context, path) + (f"?{urlencode(query)}" if query else "")
    if fields is not None:
        return HttpCall.json(method, address, fields, headers=headers(config), purpose=purpose, effect=False)
    return HttpCall(method=method, url=address, headers=headers(config), purpose=purpose, effect=False)


def url(config: PlivoConfig, context: SendContext, path: str) -> str:
    """The address of ``path`` in the account; Plivo's end in a slash."""
    return f"{context.api_base or API}/v1/Account/{config.auth_id}/{f'{path}/' if path else ''}"


def headers(config: PlivoConfig) -> dict[str, str]:
    """HTTP Basic with id and token of the account."""
    pair = f"{config.auth_id}:{config.auth_token.get_secret_value()}"
    return {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode(), "Accept": "application/json"}


def fetch_file(file: File, config: PlivoConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file that a consumer sent. Where the account protects its media, Plivo wants the log-in; it may answer with the address
    of its storage, which is called without.

    Raises:
        UnsupportedContent: the file has no address. ContentRejected: Plivo does not give it out. DeliveryError: any other answer.
    """
    if not is_web(file.url):
        raise UnsupportedContent("the file has no address")
    if not is_at(file.url, _VENDOR_DOMAINS, context.api_base):
        response = yield HttpCall(method="GET", url=file.url, purpose=DOWNLOAD_STORED, effect=False)
        return response.body
    response = yield HttpCall(method="GET", url=file.url, headers=headers(config), purpose=DOWNLOAD, effect=False)
    if response.is_success:
        return response.body
    location = response.headers.get("location", "")
    if not is_web(location):
        raise ContentRejected("Plivo's answer names no address of the file", provider_code=str(response.status))
    response = yield HttpCall(method="GET", url=location, purpose=DOWNLOAD_STORED, effect=False)
    return response.body
