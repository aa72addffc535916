"""The SMS gateway's share of the provider contract suite."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from channels_app.providers.base import CallbackRequest
from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers.contract.cases import NOW, ErrorSample, ProviderCase, TextSample

SECRET = "canary-hmac-secret"
USERNAME, PASSWORD = "gateway", "canary-callback-password"
FORM = "application/x-www-form-urlencoded"
FIXTURES = Path(__file__).parent / "fixtures"

HMAC = {
    "kind": "hmac",
    "header": "X-Gateway-Signature",
    "prefix": "sha256=",
    "secret": SECRET,
    "timestamp_header": "X-Gateway-Timestamp",
}
BASIC = {"kind": "basic", "username": USERNAME, "password": PASSWORD}
TEMPLATE = {"kind": "template", "username": "account", "password": "canary-account-password"}
GATEWAY = {
    "url": "https://gw.example.net/send",
    "auth": {"kind": "basic", "username": "account", "password": "canary-account-password"},
    "message_id": {"json_path": "messages[0].id"},
    "check_url": "https://gw.example.net/balance",
}


def config_data(**changes: Any) -> dict[str, Any]:
    """A complete configuration; ``inbound`` and ``outbound`` are merged, everything else is replaced."""
    inbound = {"auth": HMAC, **changes.pop("inbound", {})}
    outbound = {**GATEWAY, **changes.pop("outbound", {})}
    return {"sender": "3020", "default_region": "NL", "inbound": inbound, "outbound": outbound, **changes}


def make_config(**changes: Any) -> SmsGatewayConfig:
    return SmsGatewayConfig.model_validate(config_data(**changes))


def preset_config(preset: str, **changes: Any) -> SmsGatewayConfig:
    """What an operator enters who uses a preset: the sender, the proof of origin, the account."""
    outbound = {"auth": TEMPLATE, **changes.pop("outbound", {})}
    inbound = {"auth": BASIC, **changes.pop("inbound", {})}
    return SmsGatewayConfig.model_validate({"preset": preset, "sender": "3020", "inbound": inbound, "outbound": outbound, **changes})


FIXTURE_CONFIGS = {
    "generic_form": make_config(),
    "generic_query": make_config(inbound={"auth": BASIC}),
    "generic_json": make_config(
        inbound={
            "fields": {
                "sender": ["message.msisdn"],
                "text": ["message.content"],
                "message_id": ["message.ref"],
                "timestamp": ["message.at"],
            },
            "timestamp_format": "unix_ms",
        }
    ),
    "generic_soap": make_config(
        inbound={"body_format": "xml", "fields": {"sender": ["//msisdn"], "text": ["//body"], "message_id": ["//id"]}}
    ),
    "generic_mms": make_config(inbound={"fields": {"media": ["files.*.url"]}}),
    "generic_numbered": make_config(inbound={"fields": {"media": ["MediaUrl#"], "media_type": ["MediaContentType#"]}}),
    "generic_batch": make_config(
        inbound={"items": "results.*", "fields": {"message_id": ["messageId"], "timestamp": ["receivedAt"]}},
        status={"items": "results.*", "fields": {"message_id": ["messageId"]}},
    ),
    "generic_udh": make_config(inbound={"auth": BASIC, "fields": {"udh": ["udh"]}}),
    "generic_state": make_config(status={"fields": {"message_id": ["ref"], "status": ["state"]}}),
    "kannel": preset_config("kannel"),
    "jasmin": preset_config("jasmin"),
}


def sign(request: CallbackRequest) -> CallbackRequest:
    """The signature for configurations with HMAC, the log-in for those with a password."""
    timestamp = str(int(NOW.timestamp()))
    digest = hmac.new(SECRET.encode(), timestamp.encode() + b"." + request.body, hashlib.sha256).hexdigest()
    proof = {
        "x-gateway-timestamp": timestamp,
        "x-gateway-signature": f"sha256={digest}",
        "authorization": "Basic " + base64.b64encode(f"{USERNAME}:{PASSWORD}".encode()).decode(),
    }
    return replace(request, headers={**request.headers, **proof})


def text_callback(sample: TextSample) -> CallbackRequest:
    data = {"from": sample.consumer_id, "text": sample.text, "id": sample.source_id}
    body = json.dumps(data, ensure_ascii=sample.escaped).encode()
    return CallbackRequest(method="POST", path="/receive", headers={"content-type": "application/json"}, body=body)


def fixture_request(fixture: Path) -> CallbackRequest:
    event, _, variant = fixture.stem.partition("__")
    path = "/status" if event.startswith("status") else "/stopped" if event == "stopped" else "/receive"
    octets = fixture.read_bytes()
    if variant.endswith("_query"):
        return CallbackRequest(method="GET", path=path, query_string=octets.decode(), headers={})
    content_type = {".json": "application/json", ".xml": "text/xml"}.get(fixture.suffix, FORM)
    return CallbackRequest(method="POST", path=path, headers={"content-type": content_type}, body=octets)


def fixture_config(fixture: Path) -> SmsGatewayConfig:
    event, _, variant = fixture.stem.partition("__")
    if event.startswith("status") and variant == "generic_form":
        return FIXTURE_CONFIGS["generic_state"]
    return next(config for name, config in FIXTURE_CONFIGS.items() if variant.startswith(name))


def answer(call: HttpCall, number: int) -> HttpResponse:
    body = {"messages": [{"id": f"gw-{number}", "status": "accepted"}]}
    return HttpResponse(status=202, headers={"content-type": "application/json"}, body=json.dumps(body).encode())


def sent_text(call: HttpCall) -> str:
    return str(json.loads(call.body)["text"]) if call.body else ""


def get(query: str, path: str = "/receive") -> CallbackRequest:
    """An unsigned GET."""
    return CallbackRequest(method="GET", path=path, query_string=query, headers={})


def post(body: bytes, content_type: str = FORM, *, path: str = "/receive", query: str = "") -> CallbackRequest:
    """An unsigned POST."""
    return CallbackRequest(method="POST", path=path, query_string=query, headers={"content-type": content_type}, body=body)


def _refused(name: str) -> ErrorSample:
    """The answer that a rule of class ``name`` matches."""
    code = f"rule_{name}"
    rule = {"json_path": "code", "in": [code], "class": name}
    return ErrorSample(
        response=HttpResponse(status=400, body=json.dumps({"code": code}).encode()), config=make_config(outbound={"errors": [rule]})
    )


ERROR_SAMPLES = {
    **{f"rule_{name}": _refused(name) for name in ("retry", "rate_limited", "auth", "permanent", "recipient", "unknown")},
    "not_confirmed": ErrorSample(
        response=HttpResponse(status=200, body=b"ERR 4"), config=make_config(outbound={"success": {"body_regex": "^OK"}})
    ),
    "no_message_id": ErrorSample(response=HttpResponse(status=200, body=b"{}")),
    **{
        str(status): ErrorSample(response=HttpResponse(status=status)) for status in (429, 503, 500, 401, 403, 407, 400, 404, 410, 413, 422)
    },
}

CASE = ProviderCase(
    rendered=lambda call: json.loads(call.body)["text"],
    provider=SmsGateway(),
    config=make_config(),
    fixtures_dir=FIXTURES,
    sign=sign,
    text_callback=text_callback,
    unknown_callback=CallbackRequest(
        method="POST", path="/status", headers={"content-type": "application/json"}, body=b'{"id":"gw-1","status":"TELEPORTED"}'
    ),
    answer=answer,
    sent_text=sent_text,
    consumer_ids=("+31612345678", "+447700900123"),
    signature_header="x-gateway-signature",
    signature_lifetime=timedelta(minutes=5),
    fixture_request=fixture_request,
    fixture_config=fixture_config,
    text_limit=1530,
    honours_api_base=False,
    error_samples=ERROR_SAMPLES,
    bad_configs=(
        ("sender", config_data(sender="")),
        ("default_region", config_data(default_region="Narnia")),
        ("url", config_data(outbound={"url": "ftp://gw.example.net/send"})),
        ("body", config_data(outbound={"body": '{"to":{{to}},"text":{{words}}}'})),
        ("timeout_s", config_data(outbound={"timeout_s": 600})),
        ("allowed_ips", config_data(inbound={"auth": {"kind": "none"}})),
    ),
)
