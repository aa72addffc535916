"""Twilio's part in the contract suite: a WhatsApp sender, which can show the most; SMS has its own tests beside it."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, parse_qsl, quote, urlencode, urlsplit

from channels_app.providers.base import CallbackRequest
from channels_app.providers.twilio import Twilio, TwilioConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.providers.contract.cases import ErrorSample, ProviderCase, TextSample

ACCOUNT = "AC0a1b2c3d0a1b2c3d0a1b2c3d0a1b2c3d"
TOKEN = "canary-auth-token-of-32-letters"
KEY = "SK" + "1" * 32
NUMBER, WHATSAPP_SENDER, SERVICE = "+3197010200300", "whatsapp:+3197010200300", "MG5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e5e"
PERSON = "+31612345678"
CONSUMERS = (f"whatsapp:{PERSON}", "whatsapp:+447700900123")
URL = "https://connect.example.com/callbacks/twilio/0192f1c2-0000-7000-8000-0000000000c1"
FORM = "application/x-www-form-urlencoded"
FIXTURES = Path(__file__).parent / "fixtures"


def make_config(**changes: Any) -> TwilioConfig:
    """The WhatsApp sender, with what is given changed."""
    data = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": WHATSAPP_SENDER, **changes}
    return TwilioConfig.model_validate(data)


CONFIG = make_config(signing_secret="canary-signing-secret", api_key_sid=KEY, api_key_secret="canary-api-key-secret")
SMS = make_config(sender=NUMBER)
MMS = make_config(sender=NUMBER, mms=True)
POOL = make_config(sender="", messaging_service_sid=SERVICE)


def form(fields: Any, *, query: str = "", escaped: bool = False) -> CallbackRequest:
    """An unsigned callback with ``fields``; ``escaped`` writes every blank as %20 and no letter plainly."""
    body = urlencode(fields, quote_via=quote, safe="") if escaped else urlencode(fields)
    return CallbackRequest(method="POST", public_url=URL, query_string=query, headers={"content-type": FORM}, body=body.encode())


def sign(request: CallbackRequest, secret: str = TOKEN) -> CallbackRequest:
    """``request`` as Twilio signs it, after its documentation: the address, then the sorted parameters, or the body's hash in the address."""
    request = replace(request, public_url=request.public_url or URL)
    signed = request.public_url + (f"?{request.query_string}" if request.query_string else "")
    if "json" in request.headers.get("content-type", ""):
        hashed = "bodySHA256=" + hashlib.sha256(request.body).hexdigest()
        request = replace(request, query_string=hashed)
        signed = f"{request.public_url}?{hashed}"
    else:
        pairs = parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True, errors="replace")
        signed += "".join(name + value for name, value in sorted(set(pairs)))
    digest = hmac.new(secret.encode(), signed.encode("utf-8", "replace"), hashlib.sha1).digest()
    return replace(request, headers={**request.headers, "x-twilio-signature": base64.b64encode(digest).decode()})


def message(sid: str = "SM" + "0" * 31 + "1", /, **fields: str) -> dict[str, str]:
    """The fields of a WhatsApp message."""
    return {
        "SmsMessageSid": sid,
        "NumMedia": "0",
        "ProfileName": "Noor Bakker",
        "MessageType": "text",
        "SmsSid": sid,
        "WaId": PERSON.removeprefix("+"),
        "SmsStatus": "received",
        "To": WHATSAPP_SENDER,
        "MessageSid": sid,
        "AccountSid": ACCOUNT,
        "From": CONSUMERS[0],
        **fields,
    }


def text_callback(sample: TextSample) -> CallbackRequest:
    number = sample.consumer_id.rpartition("+")[2]
    fields = message(f"SM{int(sample.source_id):032x}", From=sample.consumer_id, WaId=number, Body=sample.text)
    return form(fields, escaped=sample.escaped)


def fixture_request(fixture: Path) -> CallbackRequest:
    if fixture.suffix == ".json":
        return CallbackRequest(method="POST", public_url=URL, headers={"content-type": "application/json"}, body=fixture.read_bytes())
    query = "part=0192f6a0-77aa-7c1e-9b1f-5d2f7c3e9a10-2" if fixture.name.startswith("status__") else ""
    return CallbackRequest(method="POST", public_url=URL, query_string=query, headers={"content-type": FORM}, body=fixture.read_bytes())


def fixture_config(fixture: Path) -> TwilioConfig:
    kind = fixture.stem.partition("__")[2].partition("_")[0]
    return {"service": POOL, "whatsapp": CONFIG}.get(kind, SMS)


def answered(value: Any, status: int = 200) -> HttpResponse:
    return HttpResponse(status=status, headers={"content-type": "application/json"}, body=json.dumps(value).encode())


def refusal(code: int, status: int = 400) -> HttpResponse:
    """Twilio's refusal."""
    words = {"code": code, "message": "Words of Twilio", "more_info": f"https://www.twilio.com/docs/errors/{code}", "status": status}
    return answered(words, status)


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Twilio in a good mood."""
    path = urlsplit(call.url).path
    if path.endswith("/Messages.json"):
        return answered({"sid": f"SM{number:032x}", "status": "queued", "num_segments": "1", "error_code": None}, 201)
    if path.endswith("/v3/Indicators/Typing.json"):
        return answered({"success": True})
    if path.endswith("/v1/Content"):
        return answered({"sid": f"HX{number:032x}"}, 201)
    if path.endswith(f"/Accounts/{ACCOUNT}.json"):
        return answered({"sid": ACCOUNT, "friendly_name": "Acme", "status": "active", "auth_token": TOKEN})
    if path.endswith("/IncomingPhoneNumbers.json"):
        return answered({"incoming_phone_numbers": [{"sid": "PN" + "2" * 32, "phone_number": NUMBER, "sms_url": ""}]})
    if path.endswith("/SMS/ShortCodes.json"):
        return answered({"short_codes": [{"sid": "SC" + "2" * 32, "short_code": "3020", "sms_url": ""}]})
    if path.endswith(f"/v1/Services/{SERVICE}"):
        return answered({"sid": SERVICE, "friendly_name": "Pool", "inbound_request_url": None, "use_inbound_webhook_on_number": True})
    if path.endswith("/v2/Channels/Senders"):
        webhook = {"callback_url": "https://demo.twilio.com/reply", "callback_method": "POST", "fallback_url": "", "fallback_method": None}
        other = {"sid": "XE" + "3" * 32, "sender_id": "whatsapp:+15550199", "webhook": None}
        return answered({"senders": [other, {"sid": "XE" + "2" * 32, "sender_id": WHATSAPP_SENDER, "webhook": webhook}], "meta": {}})
    return answered({})


def fields_of(call: HttpCall) -> dict[str, str]:
    """The fields of a form that leaves."""
    return dict(parse_qsl(call.body.decode(), keep_blank_values=True))


def sent_text(call: HttpCall) -> str:
    return fields_of(call).get("Body", "") if call.effect else ""


def rendered(call: HttpCall) -> Any:
    """A content that is made, or the message without what is the same in all."""
    if not call.effect:
        return json.loads(call.body)["types"]
    return {name: values[0] for name, values in parse_qs(call.body.decode()).items() if name not in ("To", "From", "StatusCallback")}


OWN = {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": WHATSAPP_SENDER}

CASE = ProviderCase(
    provider=Twilio(),
    config=CONFIG,
    fixtures_dir=FIXTURES,
    sign=sign,
    signature_header="x-twilio-signature",
    text_callback=text_callback,
    unknown_callback=form({**message(), "MessageStatus": "teleported"}),
    answer=answer,
    sent_text=sent_text,
    consumer_ids=CONSUMERS,
    fixture_request=fixture_request,
    fixture_config=fixture_config,
    rendered=rendered,
    recent_source_ids=("MM" + "a" * 32 + "#1", "SM" + "b" * 32),
    error_samples={row.code: ErrorSample(response=refusal(int(row.code))) for row in Twilio.errors},
    bad_configs=(
        ("account_sid", {"account_sid": "AC12", "auth_token": TOKEN, "sender": NUMBER}),
        ("account_sid", {"account_sid": "", "auth_token": TOKEN, "sender": NUMBER}),
        ("auth_token", {"account_sid": ACCOUNT, "auth_token": "", "sender": NUMBER}),
        ("auth_token", {"account_sid": ACCOUNT, "auth_token": "short", "sender": NUMBER}),
        ("sender", {"account_sid": ACCOUNT, "auth_token": TOKEN}),
        ("sender", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "Acme Care"}),
        ("sender", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "0612345678"}),
        ("sender", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": "whatsapp:31612345678"}),
        ("sender", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER, "messaging_service_sid": SERVICE}),
        ("messaging_service_sid", {"account_sid": ACCOUNT, "auth_token": TOKEN, "messaging_service_sid": ACCOUNT}),
        ("templates", {**OWN, "templates": [{"name": "Hello", "content_sid": "HX" + "a" * 32}]}),
        ("templates", {**OWN, "templates": [{"name": "hello", "content_sid": "MG" + "a" * 32}]}),
        ("templates", {**OWN, "templates": [{"name": "hello", "content_sid": ""}]}),
        ("templates", {**OWN, "templates": [{"name": "hello", "content_sid": "HX" + "a" * 32}] * 2}),
        ("template_command", {**OWN, "template_command": "send it"}),
        ("api_key_secret", {"account_sid": ACCOUNT, "auth_token": TOKEN, "sender": NUMBER, "api_key_sid": KEY}),
    ),
)
