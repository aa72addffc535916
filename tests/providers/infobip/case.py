"""Infobip's part in the contract suite."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from channels_app.providers.base import CallbackRequest
from channels_app.providers.infobip import Infobip, InfobipConfig
from channels_app.providers.infobip.errors import SEND_PURPOSES
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers.contract.cases import ErrorSample, ProviderCase, TextSample

SECRET = "canary-hmac-secret"
SIGNATURE_HEADER = "x-infobip-signature"
NUMBER = "447491163443"
BASE_URL = "https://xyz123.api.infobip.com"

BASIC = {"kind": "basic", "username": "infobip", "password": "canary-callback-password"}
URL_TOKEN = {"kind": "url_token", "token": "canary-url-token-0001"}
HMAC = {"kind": "hmac", "header": "X-Infobip-Signature", "secret": SECRET}


def config_data(**changes: Any) -> dict[str, Any]:
    """A complete configuration."""
    return {"base_url": BASE_URL, "api_key": "canary-api-key-0001", "sender": NUMBER, "proof": HMAC, **changes}


def make_config(**changes: Any) -> InfobipConfig:
    return InfobipConfig.model_validate(config_data(**changes))


def post(body: bytes) -> CallbackRequest:
    """An unsigned callback."""
    return CallbackRequest(method="POST", headers={"content-type": "application/json"}, body=body)


def sign(request: CallbackRequest) -> CallbackRequest:
    """``request`` as Infobip would sign it for the configuration above."""
    digest = hmac.new(SECRET.encode(), request.body, hashlib.sha256).hexdigest()
    return replace(request, headers={**request.headers, SIGNATURE_HEADER: digest})


def message(sample: TextSample) -> dict[str, Any]:
    """The result of an inbound text."""
    return {
        "messageId": sample.source_id,
        "from": sample.consumer_id.removeprefix("+"),
        "to": NUMBER,
        "text": sample.text,
        "cleanText": sample.text,
        "keyword": "",
        "receivedAt": "2026-10-26T07:59:59.412+0000",
        "smsCount": 1,
    }


def results(*results: Any, escaped: bool = False) -> CallbackRequest:
    """An unsigned callback with these results."""
    body = {"results": list(results), "messageCount": len(results), "pendingMessageCount": 0}
    return post(json.dumps(body, ensure_ascii=escaped).encode())


def batch_callback(samples: Sequence[TextSample]) -> CallbackRequest:
    return results(*(message(sample) for sample in samples))


def json_response(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status=status, headers={"content-type": "application/json", **(headers or {})}, body=json.dumps(body).encode())


def sent_response(message_id: str, *, group_id: int = 1, name: str = "PENDING_ACCEPTED") -> HttpResponse:
    """The answer to a send call, with this status of its message."""
    status = {"groupId": group_id, "groupName": "PENDING", "id": 26, "name": name, "description": "Words of Infobip"}
    return json_response({"bulkId": "bulk-1", "messages": [{"messageId": message_id, "status": status, "destination": "31612345678"}]})


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Infobip in a good mood."""
    if call.purpose in SEND_PURPOSES:
        return sent_response(f"ib-{number}")
    if call.url.endswith("/account/1/balance"):
        return json_response({"balance": 47.7, "currency": "EUR"})
    return json_response({"profileId": "p", "webhook": {"notifyUrl": "https://connect.example.com/webhooks/callback"}})


def sent_text(call: HttpCall) -> str:
    if call.purpose not in SEND_PURPOSES:
        return ""
    content = json.loads(call.body)["messages"][0]["content"]
    return str(content.get("text", "")) or "".join(part.get("text", "") for part in content.get("messageSegments", ()))


def refused_request(code: str) -> HttpResponse:
    """A refused request: the newer form for codes such as E401, the older for names."""
    status = {"UNAUTHORIZED": 401, "FORBIDDEN": 403, "NOT_FOUND": 404, "TOO_MANY_REQUESTS": 429, "GENERAL_ERROR": 500}.get(code, 400)
    if code.startswith("E4") or code.startswith("E5"):
        words = {"description": "Words of Infobip", "action": "Words", "violations": [], "resources": []}
        return json_response({"errorCode": code, **words}, status=int(code[1:]))
    return json_response({"requestError": {"serviceException": {"messageId": code, "text": "Words of Infobip"}}}, status=status)


def refused_message(name: str) -> HttpResponse:
    """A refused message: HTTP 200, and a status of a refusing group."""
    groups = {"UNDELIVERABLE": 2, "EXPIRED": 4}
    group_id = next((number for prefix, number in groups.items() if name.startswith(prefix)), 5)
    return sent_response("ib-refused", group_id=group_id, name="SOMETHING_NEW" if name in (*groups, "REJECTED") else name)


REQUEST_CODES = {"UNAUTHORIZED", "FORBIDDEN", "BAD_REQUEST", "NOT_FOUND", "TOO_MANY_REQUESTS", "GENERAL_ERROR"}


def error_response(code: str) -> HttpResponse:
    """Infobip's answer for one row of the table."""
    is_of_request = code in REQUEST_CODES or code[1:].isdigit()
    return refused_request(code) if is_of_request else refused_message(code)


CASE = ProviderCase(
    rendered=lambda call: json.loads(call.body)["messages"][0]["content"],
    provider=Infobip(),
    config=make_config(),
    fixtures_dir=Path(__file__).parent / "fixtures",
    sign=sign,
    signature_header=SIGNATURE_HEADER,
    text_callback=lambda sample: results(message(sample), escaped=sample.escaped),
    batch_callback=batch_callback,
    unknown_callback=results({"messageId": "1", "from": "31612345678", "to": NUMBER, "hologram": {}}, {"telepathy": "hm"}),
    answer=answer,
    text_limit=1530,
    sent_text=sent_text,
    consumer_ids=("+31612345678", "+447700900123"),
    error_samples={row.code: ErrorSample(response=error_response(row.code)) for row in Infobip.errors},
    bad_configs=(
        ("base_url", config_data(base_url="https://infobip.example.com")),
        ("base_url", config_data(base_url="http://xyz123.api.infobip.com")),
        ("base_url", config_data(base_url="https://xyz123.api.infobip.com@evil.example.com")),
        ("api_key", config_data(api_key="two words")),
        ("sender", config_data(sender="a name that is too long")),
        ("sender", config_data(sender="+Acme")),
        ("token", config_data(proof={"kind": "url_token", "token": "short"})),
        ("header", config_data(proof={**HMAC, "header": "X Signature"})),
        ("username", config_data(proof={**BASIC, "username": "a:b"})),
        ("proof", config_data(proof={"kind": "none"})),
    ),
)
