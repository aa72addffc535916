"""Instagram's part in the contract suite."""

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
from channels_app.providers.instagram import Instagram, InstagramAppConfig, InstagramConfig
from channels_app.providers.instagram.inbound import SUBSCRIBED_FIELDS
from channels_app.providers.instagram.setup import PAGE_FIELDS
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers._meta.case import challenge, error_response, json_response, post, sent_text
from tests.providers.contract.cases import ErrorSample, HandshakeSample, ProviderCase, TextSample

APP_SECRET = "instagram-docs-app-secret"
INSTAGRAM_SECRET = "instagram-docs-second-secret"
ACCOUNT_ID = "17841400000000091"
PAGE_ID = "108800000000017"
CALLBACK_URL = "https://connect.example.com/webhooks/callback"
CONSUMERS = ("908800000000000412", "908800000000000478")

APP_CONFIG = InstagramAppConfig(
    app_id="1517776481860111",
    app_secret=SecretStr(APP_SECRET),
    instagram_app_secret=SecretStr(INSTAGRAM_SECRET),
    verify_token=SecretStr("canary verify token"),
    send_appsecret_proof=True,
)
CONFIG = InstagramConfig(account_id=ACCOUNT_ID, access_token=SecretStr("IGAAcanaryToken0000001"))
PAGE_CONFIG = InstagramConfig(login="facebook", account_id=ACCOUNT_ID, page_id=PAGE_ID, access_token=SecretStr("EAAcanaryPageToken0000001"))


def sign(request: CallbackRequest, secret: str = INSTAGRAM_SECRET) -> CallbackRequest:
    """``request`` as Meta would sign it for the app above."""
    return replace(request, headers={**request.headers, SIGNATURE_HEADER: signature(request.body, secret)})


def envelope(*events: Any, account_id: str = ACCOUNT_ID, escaped: bool = False) -> CallbackRequest:
    """An unsigned callback with these elements of ``messaging``."""
    body = {"object": "instagram", "entry": [{"id": account_id, "time": 1793001700000, "messaging": list(events)}]}
    return post(json.dumps(body, ensure_ascii=escaped, separators=(",", ":")).encode())


def event(consumer_id: str = CONSUMERS[0], /, **kind: Any) -> dict[str, Any]:
    """One element of ``messaging``."""
    return {"sender": {"id": consumer_id}, "recipient": {"id": ACCOUNT_ID}, "timestamp": 1793001699120, **kind}


def text_event(sample: TextSample) -> dict[str, Any]:
    """The element of ``messaging`` for a text message."""
    return event(sample.consumer_id, message={"mid": f"aWdf_{sample.source_id}", "text": sample.text})


def text_callback(sample: TextSample) -> CallbackRequest:
    return envelope(text_event(sample), escaped=sample.escaped)


def batch_callback(samples: Sequence[TextSample]) -> CallbackRequest:
    return envelope(*(text_event(sample) for sample in samples))


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Meta in a good mood."""
    path = urlsplit(call.url).path
    if path.endswith("/subscribed_apps"):
        subscribed = {"id": APP_CONFIG.app_id, "subscribed_fields": [*SUBSCRIBED_FIELDS, *PAGE_FIELDS]}
        return json_response({"data": [subscribed]} if call.method == "GET" else {"success": True})
    if path.endswith("/subscriptions"):
        return json_response({"data": [{"object": "instagram", "callback_url": CALLBACK_URL, "fields": list(SUBSCRIBED_FIELDS)}]})
    if path.endswith("/debug_token"):
        return json_response({"data": {"is_valid": True, "expires_at": 0, "scopes": ["instagram_basic", "instagram_manage_messages"]}})
    if call.method == "GET":
        account = {"id": ACCOUNT_ID, "username": "example.shop"}
        linked = {"id": PAGE_ID, "name": "Example Shop", "instagram_business_account": account}
        return json_response({"id": "99", "user_id": ACCOUNT_ID, "username": "example.shop"} if "user_id" in call.url else linked)
    payload = json.loads(call.body)
    recipient = {"recipient_id": payload["recipient"]["id"]}
    return json_response(recipient if "sender_action" in payload else {**recipient, "message_id": f"aWdf_out_{number}"})


CASE = ProviderCase(
    rendered=lambda call: json.loads(call.body)["message"],
    provider=Instagram(),
    config=CONFIG,
    app_config=APP_CONFIG,
    fixtures_dir=Path(__file__).parent / "fixtures",
    sign=sign,
    signature_header=SIGNATURE_HEADER,
    text_callback=text_callback,
    batch_callback=batch_callback,
    unknown_callback=envelope(
        event(message={"mid": "aWdf_future", "attachments": [{"type": "hologram", "payload": {"url": "https://cdn.example.com/h"}}]}),
        event(telepathy={"thought": "hm"}),
    ),
    echo_callback=envelope(
        {
            "sender": {"id": ACCOUNT_ID},
            "recipient": {"id": CONSUMERS[0]},
            "timestamp": 1793001710000,
            "message": {"mid": "aWdf_echo", "is_echo": True, "text": "ours"},
        }
    ),
    handshake=HandshakeSample(request=challenge("canary+verify+token"), answer_body=b"1158201444", refused=challenge("guess")),
    answer=answer,
    sent_text=sent_text,
    consumer_ids=CONSUMERS,
    error_samples={row.code: ErrorSample(response=error_response(row.code)) for row in Instagram.errors},
    bad_configs=(
        ("account_id", {"account_id": "@example.shop", "access_token": "IGAAcanaryToken0000001"}),
        ("access_token", {"account_id": ACCOUNT_ID, "access_token": "short"}),
        ("page_id", {"login": "facebook", "account_id": ACCOUNT_ID, "access_token": "EAAcanaryPageToken0000001"}),
        ("page_id", {"login": "instagram", "account_id": ACCOUNT_ID, "page_id": PAGE_ID, "access_token": "IGAAcanaryToken0000001"}),
        ("token_ends_on", {"account_id": ACCOUNT_ID, "access_token": "IGAAcanaryToken0000001", "token_ends_on": "soon"}),
        ("login", {"login": "myspace", "account_id": ACCOUNT_ID, "access_token": "IGAAcanaryToken0000001"}),
    ),
    bad_app_configs=(
        ("app_id", {"app_id": "12a", "app_secret": APP_SECRET, "verify_token": "phrase"}),
        ("instagram_app_secret", {"app_id": "12", "app_secret": APP_SECRET, "instagram_app_secret": "short", "verify_token": "phrase"}),
        ("verify_token", {"app_id": "12", "app_secret": APP_SECRET, "verify_token": " "}),
    ),
)
