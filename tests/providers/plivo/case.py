"""Plivo's part in the contract suite."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from channels_app.providers.base import CallbackRequest
from channels_app.providers.plivo import Plivo, PlivoConfig
from channels_app.providers.plivo.verify import signature
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers.contract.cases import ErrorSample, ProviderCase, TextSample

FIXTURES = Path(__file__).parent / "fixtures"
FORM = "application/x-www-form-urlencoded"
NUMBER = "15550100"
CONSUMERS = ("15550142", "31612345678")
AUTH_ID = "MAXXXXXXXXXXXXXXXXXX"
AUTH_TOKEN = "fx-Plivo-Auth-Token-4711"
POWERPACK = "86bbb125-97bb-4d72-89fd-81d5c515b015"
CALLBACK_URL = "https://connect.example.com/callbacks/plivo/0192f1c2-0000-7000-8000-0000000000c1"
NONCE = "05429567804466091622"
SIGNATURE_HEADER = "x-plivo-signature-v3"
NONCE_HEADER = "x-plivo-signature-v3-nonce"


def config_data(**changes: Any) -> dict[str, Any]:
    """What an operator enters for a number."""
    return {"sender": NUMBER, "auth_id": AUTH_ID, "auth_token": AUTH_TOKEN, **changes}


def make_config(**changes: Any) -> PlivoConfig:
    return PlivoConfig.model_validate(config_data(**changes))


CONFIG = make_config()
MMS_CONFIG = make_config(media="mms")
PACK_CONFIG = make_config(sender="", powerpack_uuid=POWERPACK)


def post(body: bytes | dict[str, str], path: str = "/inbound", *, query: str = "") -> CallbackRequest:
    """An unsigned callback."""
    octets = body if isinstance(body, bytes) else urlencode(body).encode()
    return CallbackRequest(
        method="POST", public_url=CALLBACK_URL + path, path=path, query_string=query, headers={"content-type": FORM}, body=octets
    )


def sign(request: CallbackRequest, auth_token: str = AUTH_TOKEN) -> CallbackRequest:
    """``request`` with the headers that Plivo sends with it."""
    headers = {SIGNATURE_HEADER: signature(request, NONCE, auth_token), NONCE_HEADER: NONCE}
    return replace(request, headers={**request.headers, **headers})


def message(consumer_id: str = CONSUMERS[0], uuid: str = "9d000000-0000-4000-8000-000000009001", /, **changes: str) -> dict[str, str]:
    """A message as Plivo tells of it."""
    head = {"From": consumer_id, "To": NUMBER, "Type": "sms", "Text": "", "MessageUUID": uuid, "Units": "1"}
    return {**head, "TotalRate": "0.00000", "TotalAmount": "0.00000", **changes}


def text_callback(sample: TextSample) -> CallbackRequest:
    fields = message(sample.consumer_id, sample.source_id, Text=sample.text)
    if not sample.escaped:
        return post(fields)
    # The other legal spelling: every octet escaped.
    body = "&".join(f"{name}={''.join(f'%{octet:02X}' for octet in value.encode())}" for name, value in fields.items())
    return post(body.encode())


def fixture_request(fixture: Path) -> CallbackRequest:
    path = "/inbound" if fixture.name.startswith(("message", "opted", "other_channel")) else "/status"
    return post(fixture.read_bytes(), path)


def reply(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status=status, headers={"content-type": "application/json", **headers}, body=json.dumps(body).encode())


def taken(number: int) -> HttpResponse:
    """Plivo's answer to a message."""
    body = {"api_id": "db342550-7c9d-11e1-8ea2-1231380bc196", "message": "message(s) queued", "message_uuid": [f"db3ce55a-{number}"]}
    return reply(202, body)


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Plivo, taking everything."""
    if call.url.endswith("/Message/"):
        return taken(number)
    if "/Number/" in call.url:
        return reply(200, {"number": NUMBER, "application": f"/v1/Account/{AUTH_ID}/Application/20372631212782780/"})
    if "/Application/" in call.url:
        return reply(200, {"app_id": "20372631212782780", "app_name": "Acme"})
    return reply(200, {"auth_id": AUTH_ID, "name": "Acme", "cash_credits": "17.42"})


def refusal(status: int, words: str = "secret-looking words") -> HttpResponse:
    return reply(status, {"api_id": "db342550-7c9d-11e1-8ea2-1231380bc196", "error": words})


def sent_text(call: HttpCall) -> str:
    return str(json.loads(call.body).get("text", "")) if call.body else ""


def rendered(call: HttpCall) -> Any:
    """The message without what is the same in all."""
    fields = json.loads(call.body)
    return {name: fields[name] for name in fields if name not in ("src", "dst", "url", "method")}


ERROR_SAMPLES = {
    **{str(status): ErrorSample(response=refusal(status)) for status in (400, 401, 402, 403, 404, 405, 429, 500)},
    "400/insufficient credit": ErrorSample(response=refusal(400, "Insufficient credit to send the message")),
    "400/caller id is not allowed": ErrorSample(response=refusal(400, "This caller ID is not allowed for outbound message")),
    "400/powerpack": ErrorSample(response=refusal(400, "Powerpack UUID not found"), config=PACK_CONFIG),
    "invalid_number": ErrorSample(response=reply(202, {"message_uuid": [], "invalid_number": ["15550142"]})),
    "no_id": ErrorSample(response=reply(202, {"message": "message(s) queued"})),
}

CASE = ProviderCase(
    provider=Plivo(),
    config=CONFIG,
    fixtures_dir=FIXTURES,
    sign=sign,
    text_callback=text_callback,
    unknown_callback=post({"MessageUUID": "9d-1", "From": NUMBER, "To": CONSUMERS[0], "Status": "teleported"}, "/status"),
    answer=answer,
    sent_text=sent_text,
    consumer_ids=CONSUMERS,
    signature_header=SIGNATURE_HEADER,
    fixture_request=fixture_request,
    rendered=rendered,
    error_samples=ERROR_SAMPLES,
    bad_configs=(
        ("sender", config_data(sender="Acme")),
        ("sender", config_data(sender="")),
        ("sender", config_data(powerpack_uuid=POWERPACK)),
        ("powerpack_uuid", config_data(sender="", powerpack_uuid="my pack")),
        ("auth_id", config_data(auth_id="nobody")),
        ("auth_token", config_data(auth_token="short")),
        ("auth_token", config_data(auth_token="two words are not a token")),
        ("media", config_data(media="fax")),
    ),
)
