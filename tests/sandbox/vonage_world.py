"""A Vonage number with its account and application, and what its callbacks and calls hold."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jwt
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from vonage_jwt import verify_signature

from tests.sandbox.phones_world import Received, World

NUMBER, PERSON = "3197010200300", "31612345678"
APPLICATION = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
SECRET = "vonage-docs-signature-secret-of-32-bytes"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"a1b2c3d4:s3cret").decode()}


@cache
def private_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def public_pem() -> str:
    return private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def bearer(**changes: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"application_id": APPLICATION, "iat": now, "exp": now + 900, "jti": "j", **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return {"Authorization": "Bearer " + jwt.encode(kept, private_key(), algorithm="RS256")}


async def number(it: World, **settings: Any) -> tuple[int, Any]:
    """Register a number of the Messages API."""
    body = {
        "name": "Acme",
        "api_key": "a1b2c3d4",
        "api_secret": "s3cret",
        "signature_secret": SECRET,
        "application_id": APPLICATION,
        "public_key": public_pem(),
        "inbound_url": it.platform.url + "/inbound",
        "status_url": it.platform.url + "/status",
        "auto_delivered": False,
        **settings,
    }
    return await it.call("PUT", f"/control/lines/vonage/{NUMBER}", body)


async def does(it: World, action: str, body: Any) -> Any:
    return await it.does(action, {"wait": True, **body}, who=PERSON, provider="vonage")


def sms(**changes: Any) -> dict[str, Any]:
    fields = {"channel": "sms", "message_type": "text", "to": PERSON, "from": NUMBER, "text": "hi", **changes}
    return {name: value for name, value in fields.items() if value is not None}


async def sends(it: World, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    return await it.call("POST", "/vonage/v1/messages", body, headers=bearer() if headers is None else headers)


async def shown(it: World) -> Any:
    return (await it.transcript(PERSON, "vonage"))["messages"]


def claims_of(call: Received) -> Any:
    token = call.headers["Authorization"].removeprefix("Bearer ")
    assert verify_signature(token, SECRET), "Vonage's own SDK takes the token"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["payload_hash"] == hashlib.sha256(call.raw).hexdigest()
    return claims


def parameters(call: Received) -> dict[str, str]:
    if call.method == "GET":
        return call.query
    if call.headers["Content-Type"] == "application/json":
        found: dict[str, str] = json.loads(call.raw)
        return found
    return dict(parse_qsl(call.raw.decode(), keep_blank_values=True))
