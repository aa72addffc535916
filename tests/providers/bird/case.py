"""Bird's part in the contract suite."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import jwt

from channels_app.providers.base import CallbackRequest
from channels_app.providers.bird import Bird, BirdConfig, errors
from channels_app.providers.bird.channels_api import errors as channels_errors
from channels_app.providers.bird.errors import SEND_PURPOSES
from channels_app.providers.bird.verify import SIGNATURE_HEADER
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers.contract.cases import NOW, ErrorSample, ProviderCase, TextSample

SIGNING_KEY = "canary-signing-key-of-32-letters"
NUMBER = "31970001234"
CALLBACK = "https://connect.example.com/callbacks/bird/0192f1c2-0000-7000-8000-0000000000c1"
FORM = "application/x-www-form-urlencoded"
WORKSPACE_ID = "a1405560-c8d3-4b1a-877d-3f449ad95352"
WEBHOOK_URL = "https://connect.example.com/webhooks/callback"
CHANNEL_ID = "614208aa-b153-4d5d-9989-2fddfc0ce4c3"


def config_data(**changes: Any) -> dict[str, Any]:
    """A complete configuration."""
    return {"access_key": "canary-access-key-0001", "signing_key": SIGNING_KEY, "sender": NUMBER, **changes}


def make_config(**changes: Any) -> BirdConfig:
    return BirdConfig.model_validate(config_data(**changes))


def bird_data(**changes: Any) -> dict[str, Any]:
    """A complete configuration of the Channels API."""
    account = {"access_key": "canary-access-key-0002", "signing_key": SIGNING_KEY}
    return {"api": "bird", **account, "workspace_id": WORKSPACE_ID, "channel_id": CHANNEL_ID, **changes}


BIRD_CONFIG = BirdConfig.model_validate(bird_data())
BIRD_MMS_CONFIG = BirdConfig.model_validate(bird_data(mms_enabled=True))


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
    """``request`` as Bird signs it: a token beside the REST API's forms and queries, a signature beside the Channels API's JSON."""
    if request.headers.get("content-type") == "application/json":
        return sign_json(request)
    return replace(request, headers={**request.headers, SIGNATURE_HEADER: token(request)})


def sign_json(request: CallbackRequest, *, key: str = SIGNING_KEY, at: datetime = NOW) -> CallbackRequest:
    """``request`` with the Channels API's two headers."""
    timestamp = str(int(at.timestamp()))
    url = f"{request.public_url}?{request.query_string}" if request.query_string else request.public_url
    signed = f"{timestamp}\n{url}\n".encode("utf-8", "replace") + hashlib.sha256(request.body).digest()
    proof = base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()
    return replace(request, headers={**request.headers, "messagebird-signature": proof, "messagebird-request-timestamp": timestamp})


def post(body: Any, *, escaped: bool = True) -> CallbackRequest:
    """An unsigned callback of the Channels API."""
    octets = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=escaped).encode()
    return CallbackRequest(method="POST", public_url=CALLBACK, headers={"content-type": "application/json"}, body=octets)


def inbound(body: Any, *, message_id: str = "96a0b5fa-a986-453d-be5c-3117f989f025", sender: str = "+31612345678") -> dict[str, Any]:
    """A message as the Channels API tells of it."""
    contact = {"id": "32cf5eee-f940-422c-ab8c-5f753aad5efd", "identifierKey": "phonenumber", "identifierValue": sender}
    payload = {
        "id": message_id,
        "channelId": CHANNEL_ID,
        "sender": {"contact": contact},
        "receiver": {"connector": {"id": "86cc4dc0-3dc0-41b7-ac43-8ec829ead56f"}},
        "body": body,
        "status": "delivered",
        "direction": "incoming",
        "createdAt": "2026-10-26T08:00:00.736Z",
    }
    return {"service": "channels", "event": "sms.inbound", "payload": payload}


def outbound(status: str, **more: Any) -> dict[str, Any]:
    """A report as the Channels API makes it."""
    receiver = {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+31612345678"}]}
    payload = {"id": "b-out-1", "channelId": CHANNEL_ID, "receiver": receiver, "status": status, "direction": "outgoing", **more}
    return {"service": "channels", "event": "sms.outbound", "payload": {**payload, "lastStatusAt": "2026-10-26T08:00:05.1Z"}}


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
    if fixture.suffix == ".json":
        return post(octets)
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


def webhook(event: str, **changes: Any) -> dict[str, Any]:
    """A webhook as the Channels API shows it: without its signing key."""
    filters = [{"key": "channelId", "value": CHANNEL_ID}]
    row = {"id": f"id-of-{event}", "service": "channels", "event": event, "eventFilters": filters, "url": WEBHOOK_URL, "status": "active"}
    return {**row, **changes}


def channels_answer(call: HttpCall, number: int) -> HttpResponse:
    """The Channels API in a good mood."""
    if call.purpose == channels_errors.SEND:
        return json_response({"id": f"b-out-{number}", "status": "accepted", "direction": "outgoing"}, status=202)
    if call.purpose == channels_errors.READ_CHANNEL:
        return json_response({"id": CHANNEL_ID, "platformId": "sms-messagebird", "name": "Acme SMS", "status": "active"})
    if call.method == "GET":
        return json_response({"results": [webhook("sms.inbound"), webhook("sms.outbound")]})
    return json_response({}, status=201 if call.method == "POST" else 204)


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
    """What of a call is the message, of the REST API."""
    body = json.loads(call.body)
    return {name: body[name] for name in ("body", "mediaUrls") if name in body}


def refused_by_channels(code: str) -> HttpResponse:
    """The Channels API's answer for a row of its table: a code of the body, or a status."""
    body_code, status = ("", int(code)) if code.isdecimal() else (code, 422)
    return json_response({"code": body_code, "message": "Words of Bird"}, status=status)


ERROR_SAMPLES = {
    **{row.code: ErrorSample(response=refused(row.code)) for row in errors.ERRORS},
    **{row.code: ErrorSample(response=refused_by_channels(row.code), config=BIRD_CONFIG) for row in channels_errors.ERRORS},
}

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
    fixture_config=lambda fixture: BIRD_CONFIG if fixture.suffix == ".json" else make_config(),
    answer=answer,
    text_limit=1377,
    sent_text=sent_text,
    consumer_ids=("+31612345678", "+447700900123"),
    error_samples=ERROR_SAMPLES,
    bad_configs=(
        ("access_key", config_data(access_key="two words")),
        ("signing_key", config_data(signing_key="short")),
        ("sender", config_data(sender="a name that is too long")),
        ("sender", config_data(sender="+Acme")),
        ("sender", {name: value for name, value in config_data().items() if name != "sender"}),
        ("api", config_data(api="conversations")),
        ("workspace_id", bird_data(workspace_id="")),
        ("workspace_id", bird_data(workspace_id="ws_1")),
        ("channel_id", bird_data(channel_id="")),
        ("channel_id", bird_data(channel_id="+31970001234")),
    ),
)

CHANNELS_CASE = replace(
    CASE,
    config=BIRD_CONFIG,
    rendered=None,
    signature_header="messagebird-signature",
    signature_lifetime=timedelta(hours=24),
    text_callback=lambda sample: post(
        inbound({"type": "text", "text": {"text": sample.text}}, message_id=sample.source_id, sender=sample.consumer_id),
        escaped=sample.escaped,
    ),
    unknown_callback=post({"service": "channels", "event": "sms.hologram", "payload": {"id": "1"}}),
    answer=channels_answer,
    sent_text=lambda call: str(json.loads(call.body)["body"]["text"]["text"]) if call.purpose == channels_errors.SEND else "",
)
"""The same suite over the Channels API."""
