"""Whether a callback is Bird's: a token of one minute that names the address and the body by their hashes.

Source: https://developers.messagebird.com/docs/verify-http-requests, known as of 2026-11; cross-checked with messagebird 2.2.0.
"""

from __future__ import annotations

import hashlib
import hmac
import re
from datetime import datetime
from typing import Any

import jwt

from channels_app.providers.base import CallbackRequest
from channels_app.providers.bird.config import BirdConfig
from connector_platform.core.errors import SignatureInvalid

SIGNATURE_HEADER = "messagebird-signature-jwt"
ISSUER = "MessageBird"
# Never "none", and no public-key algorithm: whoever may choose the algorithm could otherwise sign with what is public.
ALGORITHMS = ("HS256", "HS384", "HS512")
LEEWAY_S = 1

# Decoders of base64 skip letters that are not its own, so that many texts would be the same token.
_TOKEN = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_MAX_TOKEN_CHARS = 4096


def verify(request: CallbackRequest, config: BirdConfig, *, now: datetime) -> None:
    """Return if the token is signed with the signing key, is valid at ``now``, and is of this address and this body.

    Raises:
        SignatureInvalid: it is not.
    """
    token = request.headers.get(SIGNATURE_HEADER, "")
    if len(token) > _MAX_TOKEN_CHARS or not _TOKEN.fullmatch(token):
        raise SignatureInvalid("the MessageBird-Signature-JWT header is missing or no token")
    claims = _claims(token, config.signing_key.get_secret_value())
    _check_time(claims, now)
    _check_hash(claims.get("url_hash"), called_url(request).encode("utf-8", "replace"), "the address that was called is not the one signed")
    if request.body:
        _check_hash(claims.get("payload_hash"), request.body, "the body is not the one signed")
    elif claims.get("payload_hash"):
        raise SignatureInvalid("a body is signed, but there is none")


def called_url(request: CallbackRequest) -> str:
    """The whole address that was called, as the vendor wrote it."""
    return f"{request.public_url}?{request.query_string}" if request.query_string else request.public_url


def _claims(token: str, key: str) -> dict[str, Any]:
    # PyJWT reads the clock of the machine: the times are compared below.
    options: Any = {"require": ["iss", "nbf", "exp"], "verify_exp": False, "verify_nbf": False, "verify_iat": False, "verify_aud": False}
    try:
        return jwt.decode(token, key, algorithms=list(ALGORITHMS), issuer=ISSUER, options=options)
    except (jwt.PyJWTError, ValueError, TypeError, RecursionError) as error:
        raise SignatureInvalid(f"the token is not signed with this channel's signing key ({type(error).__name__})") from None


def _check_time(claims: dict[str, Any], now: datetime) -> None:
    not_before, expires = claims["nbf"], claims["exp"]
    if not all(isinstance(at, int) and not isinstance(at, bool) for at in (not_before, expires)):
        raise SignatureInvalid("the token's times are no numbers")
    if now.timestamp() < not_before - LEEWAY_S:
        raise SignatureInvalid("the token is not valid yet: is this machine's clock right?")
    if now.timestamp() >= expires + LEEWAY_S:
        raise SignatureInvalid("the token has expired")


def _check_hash(given: Any, what: bytes, problem: str) -> None:
    expected = hashlib.sha256(what).hexdigest().encode()
    if not isinstance(given, str) or not hmac.compare_digest(given.encode("utf-8", "replace"), expected):
        raise SignatureInvalid(problem)
