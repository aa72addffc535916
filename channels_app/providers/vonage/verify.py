"""Whether a callback is Vonage's: a JSON Web Token over the body (Messages API), or a signature over the parameters (SMS API).

Source: https://developer.vonage.com/en/getting-started/concepts/webhooks and .../signing-messages (checked 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import jwt

from channels_app.providers.base import CallbackAnswer, CallbackRequest
from channels_app.providers.vonage import wire
from channels_app.providers.vonage.config import SignatureMethod, VonageConfig
from connector_platform.core.errors import PayloadMalformed, SignatureInvalid

TOKEN_LIFETIME = timedelta(hours=24)
"""Vonage repeats a callback for 24 hours and does not say whether it signs it anew. A copy within that time is the same event to us."""
TIMESTAMP_TOLERANCE = timedelta(minutes=5)

_TOKEN = re.compile(r"[A-Za-z0-9_-]{1,2000}\.[A-Za-z0-9_-]{1,4000}\.[A-Za-z0-9_-]{1,100}")


def verify(request: CallbackRequest, config: VonageConfig, *, now: datetime) -> None:
    """Return if Vonage signed ``request`` with this account's signature secret, for this application, and not too long ago.

    Raises:
        SignatureInvalid: it did not. Status 503 where there is no signature at all: Vonage may fail to sign, and asks for a 5xx so that it
            signs and sends the callback again.
    """
    if config.api == "messages":
        _verify_token(request, config, now)
    else:
        _verify_parameters(request, config, now)


def probe(request: CallbackRequest, config: VonageConfig) -> CallbackAnswer | None:
    """200 to the call without any parameters by which the dashboard tries the address of the SMS API; None for any other."""
    is_bare = not request.query_string and not request.body
    return CallbackAnswer() if config.api == "sms" and is_bare and request.method in ("GET", "POST") else None


def _verify_token(request: CallbackRequest, config: VonageConfig, now: datetime) -> None:
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if not scheme:
        raise SignatureInvalid("the callback carries no token; switch on signed webhooks in the dashboard", status=503)
    claims = _claims(token, config) if scheme.lower() == "bearer" and _TOKEN.fullmatch(token) else None
    if claims is None:
        raise SignatureInvalid("the callback's token is not signed with this signature secret")
    _check(claims, "payload_hash", hashlib.sha256(request.body).hexdigest(), "the body is not the one that was signed")
    _check(claims, "api_key", config.api_key.get_secret_value(), "the callback is signed for another account")
    if claims.get("application_id"):
        _check(claims, "application_id", config.application_id, "the callback is signed for another application")
    if claims.get("iss") != "Vonage":
        raise SignatureInvalid("the callback's token was not issued by Vonage")
    _check_age(claims.get("iat"), now, TOKEN_LIFETIME)


def _claims(token: str, config: VonageConfig) -> dict[str, Any] | None:
    """What the token says; None where it is not signed with our secret. Its age is judged by the clock that we are given."""
    options: Any = {"verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False, "verify_iss": False}
    try:
        return dict(jwt.decode(token, config.signature_secret.get_secret_value(), algorithms=["HS256"], options=options))
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError):
        return None


def _check(claims: Mapping[str, Any], name: str, expected: str, problem: str) -> None:
    given = claims.get(name)
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise SignatureInvalid(problem)


def _check_age(given: Any, now: datetime, tolerance: timedelta) -> None:
    if isinstance(given, bool) or not isinstance(given, int) or not 0 <= given < 10**12:
        raise SignatureInvalid("the callback does not say when it was signed")
    if abs(now.timestamp() - given) > tolerance.total_seconds():
        raise SignatureInvalid("the callback was signed too long ago; is the clock of this machine right?")


def _verify_parameters(request: CallbackRequest, config: VonageConfig, now: datetime) -> None:
    try:
        parameters = wire.parameters(request)
    except PayloadMalformed:
        raise SignatureInvalid("the callback cannot be read, so nothing signs it") from None
    given = parameters.get("sig", "")
    if not given:
        raise SignatureInvalid("the callback carries no signature; have it switched on for the account", status=503)
    expected = signature(parameters, config.signature_secret.get_secret_value(), config.signature_method)
    if not hmac.compare_digest(given.lower().encode("utf-8", "replace"), expected.encode()):
        raise SignatureInvalid("the signature does not match; check the signature secret and method")
    timestamp = parameters.get("timestamp", "")
    _check_age(int(timestamp) if re.fullmatch("[0-9]{1,12}", timestamp) else None, now, TIMESTAMP_TOLERANCE)


def signature(parameters: Mapping[str, str], secret: str, method: SignatureMethod) -> str:
    """The lower-case hex ``sig`` of ``parameters``: sorted by name, ``&`` and ``=`` inside a value replaced by ``_``."""
    pairs = ((name, re.sub("[&=]", "_", value)) for name, value in sorted(parameters.items()) if name != "sig")
    signed = "".join(f"&{name}={value}" for name, value in pairs).encode("utf-8", "replace")
    if method == "md5hash":
        return hashlib.md5(signed + secret.encode(), usedforsecurity=False).hexdigest()
    return hmac.new(secret.encode(), signed, method).hexdigest()
