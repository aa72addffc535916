"""Vonage's calls: where they go and how they are signed. The result is for ``errors.interpret``.

Source: https://developer.vonage.com/en/getting-started/concepts/authentication, https://developer.vonage.com/en/api/messages,
https://developer.vonage.com/en/api/sms, .../en/messages/concepts/replying-indicators (checked 2026-11).
"""

from __future__ import annotations

import base64
import uuid
from typing import Any

import jwt

from channels_app.providers._sms.inbound import is_at
from channels_app.providers.base import SendContext
from channels_app.providers.vonage.config import VonageConfig, read_key
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import File

API = "https://api.nexmo.com"
REST = "https://rest.nexmo.com"

DOWNLOAD = "fetch_file"
SEND_MESSAGE = "send_message"
SEND_SMS = "send_sms"
MARK = "mark"

TOKEN_LIFETIME_S = 15 * 60
_VENDOR_DOMAINS = ("nexmo.com", "vonage.com")
_NAMESPACE = uuid.UUID("6f7dfd6c-5d0a-4f0c-9a53-9c2f3b8b1f36")


def message(fields: dict[str, Any], config: VonageConfig, context: SendContext, *, part: int) -> HttpCall:
    """A call of the Messages API that sends one message; ``part`` counts those of one event from 1."""
    headers = {"Authorization": application_token(config, context, f"{context.message_id}/{part}"), "Accept": "application/json"}
    return HttpCall.json("POST", f"{context.api_base or API}/v1/messages", fields, headers=headers, purpose=SEND_MESSAGE)


def mark(message_uuid: str, fields: dict[str, Any], config: VonageConfig, context: SendContext) -> HttpCall:
    """A call that changes what the person sees of a message of theirs. It has to be made in the region of the sender."""
    url = f"{context.api_base or f'https://api-{config.region}.vonage.com'}/v1/messages/{message_uuid}"
    headers = {"Authorization": application_token(config, context, f"{message_uuid}/{sorted(fields)}"), "Accept": "application/json"}
    return HttpCall.json("PATCH", url, fields, headers=headers, purpose=MARK, effect=False)


def sms(fields: dict[str, str], config: VonageConfig, context: SendContext) -> HttpCall:
    """A call of the SMS API that sends one text."""
    headers = {"Authorization": account_login(config), "Accept": "application/json"}
    return HttpCall.form("POST", f"{context.api_base or REST}/sms/json", fields, headers=headers, purpose=SEND_SMS)


def of_account(
    method: str, url: str, config: VonageConfig, *, json: Any = None, form: dict[str, str] | None = None, purpose: str = "check"
) -> HttpCall:
    """A call with the account's log-in that sends nothing to anybody."""
    headers = {"Authorization": account_login(config), "Accept": "application/json"}
    if json is not None:
        return HttpCall.json(method, url, json, headers=headers, purpose=purpose, effect=False)
    if form is not None:
        return HttpCall.form(method, url, form, headers=headers, purpose=purpose, effect=False)
    return HttpCall(method=method, url=url, headers=headers, purpose=purpose, effect=False)


def account_login(config: VonageConfig) -> str:
    """HTTP Basic with key and secret of the account."""
    pair = f"{config.api_key.get_secret_value()}:{config.api_secret.get_secret_value()}"
    return "Basic " + base64.b64encode(pair.encode()).decode()


def application_token(config: VonageConfig, context: SendContext, identity: str) -> str:
    """A bearer token of the application, good for 15 minutes. ``identity`` and the moment make its id: the same again for the same call."""
    issued_at = int(context.now.timestamp())
    claims = {
        "application_id": config.application_id,
        "iat": issued_at,
        "exp": issued_at + TOKEN_LIFETIME_S,
        "jti": str(uuid.uuid5(_NAMESPACE, f"{identity}/{issued_at}")),
    }
    return "Bearer " + jwt.encode(claims, read_key(config.private_key.get_secret_value()), algorithm="RS256")


def fetch_file(file: File, config: VonageConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file that a consumer sent. Vonage keeps it for 48 hours; where “secure inbound media” is on, it wants a token.

    Raises:
        UnsupportedContent: the file has no address. DeliveryError: the answer.

    Source: https://developer.vonage.com/en/messages/concepts/secure-inbound-media (checked 2026-11).
    """
    if not file.url:
        raise UnsupportedContent("the file has no address")
    is_theirs = config.api == "messages" and is_at(file.url, _VENDOR_DOMAINS, context.api_base)
    headers = {"Authorization": application_token(config, context, file.url)} if is_theirs else {}
    response = yield HttpCall(method="GET", url=file.url, headers=headers, purpose=DOWNLOAD, effect=False)
    return response.body
