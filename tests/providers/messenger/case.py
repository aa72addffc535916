"""Messenger's part in the contract suite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pydantic import SecretStr

from channels_app.providers._meta.verify import SIGNATURE_HEADER, signature
from channels_app.providers.base import CallbackRequest
from channels_app.providers.messenger import Messenger, MessengerAppConfig, MessengerConfig
from channels_app.providers.messenger.inbound import SUBSCRIBED_FIELDS
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers._meta.case import challenge, error_response, json_response, post, sent_text
from tests.providers.contract.cases import ErrorSample, HandshakeSample, ProviderCase, TextSample

APP_SECRET = "messenger-docs-app-secret"
PAGE_ID = "108800000000017"
CALLBACK_URL = "https://connect.example.com/webhooks/callback"
FIELD_VERSIONS = [{"name": name, "version": "v25.0"} for name in SUBSCRIBED_FIELDS]
CONSUMERS = ("24500000000000031", "24500000000000047")

APP_CONFIG = MessengerAppConfig(
    app_id="1517776481860111", app_secret=SecretStr(APP_SECRET), verify_token=SecretStr("canary verify token"), send_appsecret_proof=True
)
CONFIG = MessengerConfig(page_id=PAGE_ID, page_access_token=SecretStr("EAAcanaryPageToken0000001"))


def sign(request: CallbackRequest) -> CallbackRequest:
    """``request`` as Meta would sign it for the app above."""
    return replace(request, headers={**request.headers, SIGNATURE_HEADER: signature(request.body, APP_SECRET)})


def envelope(*events: Any, page_id: str = PAGE_ID, escaped: bool = False) -> CallbackRequest:
    """An unsigned callback with these elements of ``messaging``."""
    body = {"object": "page", "entry": [{"id": page_id, "time": 1793001600000, "messaging": list(events)}]}
    return post(json.dumps(body, ensure_ascii=escaped, separators=(",", ":")).encode())


def event(consumer_id: str = CONSUMERS[0], /, **kind: Any) -> dict[str, Any]:
    """One element of ``messaging``."""
    return {"sender": {"id": consumer_id}, "recipient": {"id": PAGE_ID}, "timestamp": 1793001599412, **kind}


def text_event(sample: TextSample) -> dict[str, Any]:
    """The element of ``messaging`` for a text message."""
    return event(sample.consumer_id, message={"mid": f"m_{sample.source_id}", "text": sample.text})


def text_callback(sample: TextSample) -> CallbackRequest:
    return envelope(text_event(sample), escaped=sample.escaped)


def batch_callback(samples: Sequence[TextSample]) -> CallbackRequest:
    return envelope(*(text_event(sample) for sample in samples))


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Meta in a good mood."""
    path = urlsplit(call.url).path
    if path.endswith("/subscribed_apps"):
        subscribed = {"id": APP_CONFIG.app_id, "name": "Example app", "subscribed_fields": list(SUBSCRIBED_FIELDS)}
        return json_response({"data": [subscribed]} if call.method == "GET" else {"success": True})
    if path.endswith("/subscriptions") and call.method == "POST":
        return json_response({"success": True})
    if path.endswith("/subscriptions"):
        return json_response({"data": [{"object": "page", "callback_url": CALLBACK_URL, "active": True, "fields": FIELD_VERSIONS}]})
    if path.endswith("/debug_token"):
        return json_response({"data": {"is_valid": True, "expires_at": 0, "scopes": ["pages_messaging", "pages_manage_metadata"]}})
    if call.method == "GET":
        return json_response({"id": PAGE_ID, "name": "Example Shop"})
    payload = json.loads(call.body)
    recipient = {"recipient_id": payload["recipient"]["id"]}
    return json_response(recipient if "sender_action" in payload else {**recipient, "message_id": f"m_out_{number}"})


CASE = ProviderCase(
    rendered=lambda call: json.loads(call.body)["message"],
    provider=Messenger(),
    config=CONFIG,
    app_config=APP_CONFIG,
    fixtures_dir=Path(__file__).parent / "fixtures",
    sign=sign,
    signature_header=SIGNATURE_HEADER,
    text_callback=text_callback,
    batch_callback=batch_callback,
    unknown_callback=envelope(
        event(message={"mid": "m_future", "attachments": [{"type": "hologram", "payload": {"url": "https://cdn.example.com/h"}}]}),
        event(telepathy={"thought": "hm"}),
    ),
    echo_callback=envelope(
        {
            "sender": {"id": PAGE_ID},
            "recipient": {"id": CONSUMERS[0]},
            "timestamp": 1793001610000,
            "message": {"mid": "m_echo", "is_echo": True, "app_id": "1517776481860111", "text": "ours"},
        }
    ),
    handshake=HandshakeSample(request=challenge("canary+verify+token"), answer_body=b"1158201444", refused=challenge("guess")),
    answer=answer,
    sent_text=sent_text,
    consumer_ids=CONSUMERS,
    # debug_token takes the page's token in its address and nowhere else; test_outbound holds that no other call has it there.
    secrets_in_url=True,
    error_samples={row.code: ErrorSample(response=error_response(row.code)) for row in Messenger.errors},
    bad_configs=(
        ("page_id", {"page_id": "my page", "page_access_token": "EAAcanaryPageToken0000001"}),
        ("page_id", {"page_access_token": "EAAcanaryPageToken0000001"}),
        ("page_access_token", {"page_id": PAGE_ID, "page_access_token": "short"}),
        ("page_access_token", {"page_id": PAGE_ID, "page_access_token": "EAAcanary with a blank 0001"}),
    ),
    bad_app_configs=(
        ("app_id", {"app_id": "12a", "app_secret": APP_SECRET, "verify_token": "phrase"}),
        ("verify_token", {"app_id": "12", "app_secret": APP_SECRET, "verify_token": " "}),
    ),
)
