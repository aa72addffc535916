"""WhatsApp's part in the contract suite."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from channels_app.providers._meta.verify import SIGNATURE_HEADER, signature
from channels_app.providers._meta.whatsapp.config import WhatsAppTemplate
from channels_app.providers.base import CallbackRequest
from channels_app.providers.whatsapp import WhatsApp, WhatsAppAppConfig, WhatsAppConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers._meta import case as meta
from tests.providers._meta.case import challenge, json_response, post
from tests.providers.contract.cases import ErrorSample, HandshakeSample, ProviderCase, TextSample

APP_SECRET = "whatsapp-docs-app-secret"
APP_ID = "1517776481860111"
PHONE_NUMBER_ID = "106500000000066"
WABA_ID = "102200000000033"
CONSUMERS = ("31612345678", "BR.5530001112223334")
TOKEN = "EAAcanaryWhatsAppToken0001"

APP_CONFIG = WhatsAppAppConfig(
    app_id=APP_ID, app_secret=SecretStr(APP_SECRET), verify_token=SecretStr("canary verify token"), send_appsecret_proof=True
)
CONFIG = WhatsAppConfig(
    phone_number_id=PHONE_NUMBER_ID,
    waba_id=WABA_ID,
    access_token=SecretStr(TOKEN),
    templates=[
        WhatsAppTemplate(name="reopen", language="nl"),
        WhatsAppTemplate(name="order_update", language="en_US", parameters=["order", "day"], purpose="news of an order"),
        WhatsAppTemplate(name="order_update", language="nl", parameters=["order", "day"], has_named_parameters=True),
    ],
)


def sign(request: CallbackRequest) -> CallbackRequest:
    """``request`` as Meta would sign it for the app above."""
    return replace(request, headers={**request.headers, SIGNATURE_HEADER: signature(request.body, APP_SECRET)})


def envelope(value: dict[str, Any], *, field: str = "messages", escaped: bool = False) -> CallbackRequest:
    """An unsigned callback with one change of this number."""
    metadata = {"display_phone_number": "31201234567", "phone_number_id": PHONE_NUMBER_ID}
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    body = {"object": "whatsapp_business_account", "entry": [{"id": WABA_ID, "changes": [change]}]}
    return post(json.dumps(body, ensure_ascii=escaped, separators=(",", ":")).encode())


def message(kind: str = "text", consumer_id: str = CONSUMERS[0], **more: Any) -> dict[str, Any]:
    """One element of ``messages``; ``more`` holds the object that is named after its type."""
    who = {"from" if consumer_id.isdigit() else "from_user_id": consumer_id}
    return {**who, "id": "wamid.one", "timestamp": "1793001599", "type": kind, **more}


def text_message(sample: TextSample) -> dict[str, Any]:
    """The element of ``messages`` for a text."""
    return {**message(consumer_id=sample.consumer_id, text={"body": sample.text}), "id": f"wamid.{sample.source_id}"}


def text_callback(sample: TextSample) -> CallbackRequest:
    return envelope({"messages": [text_message(sample)]}, escaped=sample.escaped)


def batch_callback(samples: Sequence[TextSample]) -> CallbackRequest:
    return envelope({"messages": [text_message(sample) for sample in samples]})


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Meta in a good mood."""
    path = call.url.partition("?")[0]
    if path.endswith("/subscribed_apps"):
        app = {"whatsapp_business_api_data": {"id": APP_ID, "name": "Example app", "link": "https://www.example.com"}}
        return json_response({"data": [app]} if call.method == "GET" else {"success": True})
    if path.endswith("/debug_token"):
        scopes = ["whatsapp_business_management", "whatsapp_business_messaging"]
        facts = {"app_id": APP_ID, "type": "SYSTEM_USER", "expires_at": 0, "data_access_expires_at": 0, "is_valid": True}
        return json_response({"data": {**facts, "scopes": scopes}})
    if path.endswith("/message_templates"):
        rows = [{"name": template.name, "language": template.language, "status": "APPROVED"} for template in CONFIG.templates]
        return json_response({"data": rows})
    if call.method == "GET":
        number_ = {"id": PHONE_NUMBER_ID, "display_phone_number": "+31 20 123 4567", "verified_name": "Example Shop"}
        return json_response({**number_, "quality_rating": "GREEN", "status": "CONNECTED"})
    payload = json.loads(call.body)
    if "status" in payload:
        return json_response({"success": True})
    person = payload.get("to") or payload["recipient"]
    contact = {"input": person, "wa_id": person}
    return json_response({"messaging_product": "whatsapp", "contacts": [contact], "messages": [{"id": f"wamid.out{number}"}]})


def error_response(code: str, *, status: int = 400, **more: Any) -> HttpResponse:
    """Meta's error body for ``code`` or ``code/subcode``, with the details that the Cloud API adds."""
    return meta.error_response(code, status=status, error_data={"messaging_product": "whatsapp", "details": "More words of Meta"}, **more)


def sent_text(call: HttpCall) -> str:
    return str(json.loads(call.body).get("text", {}).get("body", "")) if call.body else ""


def rendered(call: HttpCall) -> Any:
    payload = json.loads(call.body)
    return {"type": payload["type"], payload["type"]: payload[payload["type"]]}


_VALID = {"phone_number_id": PHONE_NUMBER_ID, "waba_id": WABA_ID, "access_token": TOKEN}
_VALID_APP = {"app_id": APP_ID, "app_secret": APP_SECRET, "verify_token": "phrase"}

CASE = ProviderCase(
    rendered=rendered,
    provider=WhatsApp(),
    config=CONFIG,
    app_config=APP_CONFIG,
    fixtures_dir=Path(__file__).parent / "fixtures",
    sign=sign,
    signature_header=SIGNATURE_HEADER,
    text_callback=text_callback,
    batch_callback=batch_callback,
    unknown_callback=envelope({"messages": [message("telepathy", telepathy={"thought": "hm"})]}),
    echo_callback=envelope(
        {"message_echoes": [message(consumer_id="31201234567", to=CONSUMERS[0], text={"body": "ours"})]}, field="smb_message_echoes"
    ),
    handshake=HandshakeSample(request=challenge("canary+verify+token"), answer_body=b"1158201444", refused=challenge("guess")),
    answer=answer,
    sent_text=sent_text,
    consumer_ids=CONSUMERS,
    recent_source_ids=("reaction:wamid.newest", "wamid.latest#1", "wamid.before"),
    secrets_in_url=True,
    error_samples={row.code: ErrorSample(response=error_response(row.code)) for row in WhatsApp.errors},
    bad_configs=(
        ("phone_number_id", {**_VALID, "phone_number_id": "+31 20 123 4567"}),
        ("waba_id", {key: value for key, value in _VALID.items() if key != "waba_id"}),
        ("access_token", {**_VALID, "access_token": "short"}),
        ("access_token", {**_VALID, "access_token": "EAAcanary with a blank 0001"}),
        ("template_command", {**_VALID, "template_command": "send it"}),
        ("list_label", {**_VALID, "list_label": "two\nlines"}),
        ("templates", {**_VALID, "templates": [{"name": "Order update", "language": "nl"}]}),
        ("templates", {**_VALID, "templates": [{"name": "order_update", "language": "Dutch"}]}),
        ("templates", {**_VALID, "templates": [{"name": "one", "language": "nl", "header_image_url": "header.jpg"}]}),
        ("templates", {**_VALID, "templates": [{"name": "one", "language": "nl"}, {"name": "one", "language": "nl"}]}),
    ),
    bad_app_configs=(
        ("app_id", {**_VALID_APP, "app_id": "12a"}),
        ("app_secret", {**_VALID_APP, "app_secret": "short"}),
        ("verify_token", {**_VALID_APP, "verify_token": " "}),
    ),
)
