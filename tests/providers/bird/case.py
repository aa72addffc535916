"""Bird's part in the contract suite."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from channels_app.providers.base import CallbackRequest
from channels_app.providers.bird import Bird, BirdConfig
from channels_app.providers.bird.errors import SEND_PURPOSES
from channels_app.providers.bird.verify import SIGNATURE_HEADER
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers.contract.cases import NOW, ErrorSample, ProviderCase, TextSample

SIGNING_KEY = "canary-signing-key-of-32-letters"
NUMBER = "31970001234"
CALLBACK = "https://connect.example.com/callbacks/bird/0192f1c2-0000-7000-8000-0000000000c1"
FORM = "application/x-www-form-urlencoded"


def config_data(**changes: Any) -> dict[str, Any]:
    """A complete configuration."""
    return {"access_key": "canary-access-key-0001", "signing_key": SIGNING_KEY, "sender": NUMBER, **changes}


def make_config(**changes: Any) -> BirdConfig:
    return BirdConfig.model_validate(config_data(**changes))


def token(request: CallbackRequest, *, key: str = SIGNING_KEY, algorithm: str = "HS256", at: datetime = NOW, **changes: Any) -> str:
    """The token that Bird puts beside ``request``; a claim of None is left out."""
    url = f"{request.public_url}?{request.query_string}" if request.query_string else request.public_url
    claims = {
        "iss": "MessageBird",
        "nbf": int(at.timestamp()),
        "exp": int(at.timestamp()) + 60,
        "jti": "11111111-2222-3333-4444-555555555555",
        "url_hash": hashlib.sha256(url.encode("utf-8", "replace")).hexdigest(),
        "payload_hash": hashlib.sha256(request.body).hexdigest() if request.body else None,
        **changes,
    }
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, key, algorithm=algorithm)


def sign(request: CallbackRequest) -> CallbackRequest:
    return replace(request, headers={**request.headers, SIGNATURE_HEADER: token(request)})


def receive(fields: dict[str, str], *, escaped: bool = False) -> CallbackRequest:
    """An unsigned inbound message as a form."""
    body = urlencode(fields, quote_via=quote) if escaped else urlencode(fields)
    return CallbackRequest(
        method="POST", public_url=f"{CALLBACK}/receive", path="/receive", headers={"content-type": FORM}, body=body.encode()
    )


def report(query: str) -> CallbackRequest:
    """An unsigned status report."""
    return CallbackRequest(method="GET", public_url=f"{CALLBACK}/status", path="/status", query_string=query, headers={})


def text_callback(sample: TextSample) -> CallbackRequest:
    return receive(
        {"id": sample.source_id, "originator": sample.consumer_id.removeprefix("+"), "recipient": NUMBER, "body": sample.text},
        escaped=sample.escaped,
    )


def fixture_request(fixture: Path) -> CallbackRequest:
    octets = fixture.read_bytes()
    if fixture.stem.startswith("status"):
        return report(octets.decode())
    if fixture.stem.endswith("_query"):
        return CallbackRequest(method="GET", public_url=f"{CALLBACK}/receive", path="/receive", query_string=octets.decode(), headers={})
    return CallbackRequest(method="POST", public_url=f"{CALLBACK}/receive", path="/receive", headers={"content-type": FORM}, body=octets)


def json_response(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    return HttpResponse(status=status, headers={"content-type": "application/json", **(headers or {})}, body=json.dumps(body).encode())


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Bird in a good mood."""
    if call.purpose not in SEND_PURPOSES:
        return json_response({"payment": "prepaid", "type": "credits", "amount": 9.2})
    recipients = {"totalCount": 1, "items": [{"recipient": 31612345678, "status": "sent", "statusDatetime": "2026-10-26T08:00:00+00:00"}]}
    return json_response(
        {"id": f"mb-out-{number}", "href": f"https://rest.messagebird.com/messages/{number}", "recipients": recipients}, status=201
    )


def sent_text(call: HttpCall) -> str:
    return str(json.loads(call.body)["body"]) if call.purpose in SEND_PURPOSES else ""


def refused(code: str) -> HttpResponse:
    """Bird's answer for a row of the table: ``code`` or ``code/parameter``."""
    number, _, parameter = code.partition("/")
    status = {"2": 401, "20": 404, "98": 500, "99": 500, "429": 429}.get(number, 422)
    if code == "429":
        return HttpResponse(status=429, body=b"Too many requests")
    parameter = "recipients" if parameter == "recipient" else parameter
    return json_response({"errors": [{"code": int(number), "description": "Words of Bird", "parameter": parameter or None}]}, status=status)


def rendered(call: HttpCall) -> dict[str, Any]:
    """What of a call is the message."""
    body = json.loads(call.body)
    return {name: body[name] for name in ("body", "mediaUrls") if name in body}


CASE = ProviderCase(
    rendered=rendered,
    provider=Bird(),
    config=make_config(),
    fixtures_dir=Path(__file__).parent / "fixtures",
    sign=sign,
    signature_header=SIGNATURE_HEADER,
    signature_lifetime=timedelta(seconds=60),
    text_callback=text_callback,
    unknown_callback=receive({"id": "mb-future", "originator": "31612345678", "recipient": NUMBER, "hologram": "1"}),
    fixture_request=fixture_request,
    answer=answer,
    text_limit=1377,
    sent_text=sent_text,
    consumer_ids=("+31612345678", "+447700900123"),
    error_samples={row.code: ErrorSample(response=refused(row.code)) for row in Bird.errors},
    bad_configs=(
        ("access_key", config_data(access_key="two words")),
        ("signing_key", config_data(signing_key="short")),
        ("sender", config_data(sender="a name that is too long")),
        ("sender", config_data(sender="+Acme")),
        ("sender", {name: value for name, value in config_data().items() if name != "sender"}),
    ),
)
