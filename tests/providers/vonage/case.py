"""Vonage's part in the contract suite."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlencode

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from channels_app.providers.base import CallbackRequest
from channels_app.providers.vonage import Vonage, VonageConfig
from channels_app.providers.vonage.verify import signature
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.events import ChatState, ChatStateKind
from tests.providers.contract.cases import NOW, ErrorSample, ProviderCase, TextSample

FIXTURES = Path(__file__).parent / "fixtures"
FORM = "application/x-www-form-urlencoded"
NUMBER = "3197010200300"
CONSUMERS = ("31612345678", "447700900123")
API_KEY = "a1b2c3d4e5f6"
API_SECRET = "fx-Api-Secret-4711"
SIGNATURE_SECRET = "fx-signature-secret-of-at-least-32-bytes"
APPLICATION_ID = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
PRIVATE_KEY = generate_private_key(65537, 2048).private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()


def config_data(**changes: Any) -> dict[str, Any]:
    """What an operator enters for the Messages API."""
    data = {
        "sender": NUMBER,
        "api_key": API_KEY,
        "api_secret": API_SECRET,
        "signature_secret": SIGNATURE_SECRET,
        "application_id": APPLICATION_ID,
        "private_key": PRIVATE_KEY,
    }
    return {**data, **changes}


def make_config(**changes: Any) -> VonageConfig:
    return VonageConfig.model_validate(config_data(**changes))


CONFIG = make_config()
MMS_CONFIG = make_config(media="mms")
SMS_CONFIG = make_config(api="sms", application_id="", private_key="")
WHATSAPP = make_config(
    kind="whatsapp",
    templates=[{"name": "order_update", "language": "en_US", "parameters": ["order", "when"], "purpose": "news of an order"}],
)
RCS = make_config(kind="rcs", sender="Acme_Agent")
VIBER = make_config(kind="viber", sender="12345")
MESSENGER = make_config(kind="messenger", sender="108800000000017")
BY_CHANNEL = {"sms": CONFIG, "mms": CONFIG, "whatsapp": WHATSAPP, "rcs": RCS, "viber_service": VIBER, "messenger": MESSENGER}


def post(body: Any, path: str = "/inbound", *, escaped: bool = True) -> CallbackRequest:
    """An unsigned callback of the Messages API."""
    octets = body if isinstance(body, bytes) else json.dumps(body, ensure_ascii=escaped, separators=(",", ":")).encode()
    return CallbackRequest(method="POST", path=path, headers={"content-type": "application/json"}, body=octets)


def form(parameters: dict[str, str], path: str = "/inbound") -> CallbackRequest:
    """An unsigned callback of the SMS API."""
    return CallbackRequest(method="POST", path=path, headers={"content-type": FORM}, body=urlencode(parameters).encode())


def token(body: bytes, **changes: Any) -> str:
    """The token that Vonage makes for ``body``; a claim changed to None is left out."""
    claims = {
        "iat": int(NOW.timestamp()),
        "jti": "c5ba8f24-1a14-4c10-bfdf-3fbe8ce511b5",
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": API_KEY,
        "application_id": APPLICATION_ID,
        **changes,
    }
    return jwt.encode({name: value for name, value in claims.items() if value is not None}, SIGNATURE_SECRET, algorithm="HS256")


def sign(request: CallbackRequest) -> CallbackRequest:
    """``request`` as Vonage signs it: the SMS API's calls by a parameter, all others by a token."""
    added = {"api-key": API_KEY, "nonce": "aa11", "timestamp": str(int(NOW.timestamp()))}
    if request.method == "GET":
        return replace(request, query_string=urlencode(_signed({**dict(parse_qsl(request.query_string, keep_blank_values=True)), **added})))
    if request.headers.get("content-type") == FORM:
        parameters = {**dict(parse_qsl(request.body.decode("utf-8", "replace"), keep_blank_values=True)), **added}
        return replace(request, body=urlencode(_signed(parameters)).encode())
    if request.body.startswith(b'{"msisdn"'):
        parameters = {name: str(value) for name, value in json.loads(request.body).items()}
        return replace(request, body=json.dumps(_signed({**parameters, **added})).encode())
    return replace(request, headers={**request.headers, "authorization": f"Bearer {token(request.body)}"})


def _signed(parameters: dict[str, str]) -> dict[str, str]:
    parameters.pop("sig", None)
    return {**parameters, "sig": signature(parameters, SIGNATURE_SECRET, "sha256")}


def message(consumer_id: str = CONSUMERS[0], uuid: str = "5d8c1e0a-0000-4000-8000-000000009001", /, **content: Any) -> dict[str, Any]:
    """A message as the Messages API tells of it."""
    head = {"channel": "sms", "message_uuid": uuid, "to": NUMBER, "from": consumer_id, "timestamp": "2026-10-26T08:00:00Z"}
    return {**head, "message_type": "text", **content}


def text_callback(sample: TextSample) -> CallbackRequest:
    return post(message(sample.consumer_id, sample.source_id, text=sample.text, channel="whatsapp"), escaped=sample.escaped)


def fixture_config(fixture: Path) -> VonageConfig:
    """The sender that the callback is for: that of the channel that it names."""
    if fixture.name.startswith("sms_"):
        return SMS_CONFIG
    if fixture.name.startswith("other_channel"):
        return CONFIG
    return BY_CHANNEL[json.loads(fixture.read_bytes()).get("channel", "sms")]


def fixture_request(fixture: Path) -> CallbackRequest:
    path = "/status" if "status" in fixture.name or "receipt" in fixture.name else "/inbound"
    octets = fixture.read_bytes()
    if fixture.suffix == ".json":
        return post(octets, path)
    if fixture.stem.endswith("_query"):
        return CallbackRequest(method="GET", path=path, query_string=octets.decode(), headers={})
    return CallbackRequest(method="POST", path=path, headers={"content-type": FORM}, body=octets)


def answer(call: HttpCall, number: int) -> HttpResponse:
    """Vonage, taking everything. An SMS of the SMS API for every 153 characters."""
    if "/v2/applications/" in call.url:
        return reply(200, {"id": APPLICATION_ID, "name": "Acme", "capabilities": {}})
    if "/account/numbers" in call.url:
        return reply(200, {"count": 1, "numbers": [{"country": "NL", "msisdn": NUMBER, "app_id": APPLICATION_ID}]})
    if call.method == "PATCH":
        return HttpResponse(status=200, headers={}, body=b"")
    if call.url.endswith("/sms/json"):
        text = dict(parse_qsl(call.body.decode()))["text"]
        count = max(1, -(-len(text) // 153))
        return reply(200, sms_answer(*[{"status": "0", "message-id": f"0C00{number}-{part}"} for part in range(count)]))
    return reply(202, {"message_uuid": f"aaaaaaaa-0000-4000-8000-{number:012}"})


def reply(status: int, body: Any, **headers: str) -> HttpResponse:
    return HttpResponse(status=status, headers={"content-type": "application/json", **headers}, body=json.dumps(body).encode())


def sms_answer(*entries: dict[str, str]) -> dict[str, Any]:
    """The SMS API's answer with one entry an SMS."""
    return {"message-count": str(len(entries)), "messages": list(entries)}


def problem(status: int, number: str = "", title: str = "") -> HttpResponse:
    """A refusal of the Messages API."""
    kind = f"https://developer.vonage.com/api-errors/messages#{number}"
    return reply(status, {"type": kind, "title": title, "detail": "secret-looking words", "instance": "bf0ca0bf927b3b52e3cb03217e1a1ddf"})


def sent_text(call: HttpCall) -> str:
    if call.url.endswith("/v1/messages"):
        return str(json.loads(call.body).get("text", ""))
    return dict(parse_qsl(call.body.decode())).get("text", "")


def rendered(call: HttpCall) -> Any:
    """The message object without what is the same in all."""
    fields = json.loads(call.body)
    return {name: fields[name] for name in fields if name not in ("to", "from", "client_ref", "webhook_url", "webhook_version")}


SMS_STATUSES = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12", "14", "15", "22", "23", "29", "32", "33")
ERROR_SAMPLES = {
    **{str(status): ErrorSample(response=problem(status)) for status in (400, 401, 402, 403, 404, 422, 429, 500)},
    **{f"422/{number}": ErrorSample(response=problem(422, number)) for number in ("1120", "1160", "1170", "1240")},
    "mark": ErrorSample(response=problem(404), content=ChatState(state=ChatStateKind.COMPOSING)),
    "no_id": ErrorSample(response=reply(202, {})),
    **{
        f"sms/{status}": ErrorSample(response=reply(200, sms_answer({"status": status, "error-text": "No"})), config=SMS_CONFIG)
        for status in SMS_STATUSES
    },
    "sms/partial": ErrorSample(
        response=reply(200, sms_answer({"status": "0", "message-id": "0C01"}, {"status": "6", "error-text": "No"})), config=SMS_CONFIG
    ),
}

CASE = ProviderCase(
    provider=Vonage(),
    # The kind that can do most; test_kinds.py has the others play by the suite's rules.
    config=WHATSAPP,
    fixtures_dir=FIXTURES,
    sign=sign,
    text_callback=text_callback,
    unknown_callback=post(message(channel="whatsapp", message_type="hologram", hologram={"url": "https://example.com/h"})),
    answer=answer,
    sent_text=sent_text,
    consumer_ids=CONSUMERS,
    signature_header="authorization",
    signature_lifetime=timedelta(hours=24),
    fixture_request=fixture_request,
    fixture_config=fixture_config,
    text_limit=4096,
    recent_source_ids=("5d8c1e0a-0000-4000-8000-000000009001",),
    rendered=rendered,
    error_samples=ERROR_SAMPLES,
    bad_configs=(
        ("sender", config_data(sender="Acme")),
        ("api_key", config_data(api_key="a b c d e f")),
        ("api_secret", config_data(api_secret="")),
        ("signature_secret", config_data(signature_secret="é" * 20)),
        ("application_id", config_data(application_id="my app")),
        ("application_id", config_data(application_id="")),
        ("private_key", config_data(private_key="")),
        ("private_key", config_data(private_key="-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----")),
        ("private_key", config_data(private_key="private.key")),
        ("media", config_data(api="sms", media="mms")),
        ("api", config_data(api="voice")),
        ("kind", config_data(kind="wechat")),
        ("sender", config_data(kind="whatsapp", sender="3020")),
        ("sender", config_data(kind="rcs", sender="Acme Agent")),
        ("sender", config_data(kind="viber", sender="+31 6")),
        ("sender", config_data(kind="messenger", sender="acme.page")),
        ("api", config_data(kind="whatsapp", api="sms")),
        ("media", config_data(kind="rcs", sender="Acme", media="mms")),
        ("region", config_data(kind="whatsapp", region="moon")),
        ("template_command", config_data(kind="whatsapp", template_command="send template")),
    ),
)
