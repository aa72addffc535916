"""Whether a callback is Infobip's: by the proof that the operator chose.

Source: https://www.infobip.com/docs/cpaas-x/subscriptions-management and the subscriptions API (security settings BASIC, HMAC, OAUTH), read
2026-11. Unproven: neither says in which header and how an HMAC signature is written, so these are settings; nothing that Infobip signs carries
a time.
"""

from __future__ import annotations

import base64
import binascii
import hmac

from channels_app.providers.base import CallbackRequest
from channels_app.providers.infobip.config import BasicProof, HmacProof, InfobipConfig
from connector_platform.core.errors import SignatureInvalid

TOKEN_PARAMETER = "token"  # noqa: S105  the parameter's name


def verify(request: CallbackRequest, config: InfobipConfig) -> None:
    """Return if ``request`` carries the configured proof.

    Raises:
        SignatureInvalid: it does not.
    """
    proof = config.proof
    if isinstance(proof, BasicProof):
        expected = f"{proof.username}:{proof.password.get_secret_value()}".encode()
        _equal(_basic_credentials(request), expected, "the user name or the password is missing or wrong")
    elif isinstance(proof, HmacProof):
        digest = hmac.digest(proof.secret.get_secret_value().encode(), request.body, proof.algorithm)
        given = request.headers.get(proof.header.lower(), "").encode("utf-8", "replace")
        is_hex = proof.encoding == "hex"
        expected = digest.hex().encode() if is_hex else base64.b64encode(digest)
        _equal(given.lower() if is_hex else given, expected, "the signature is missing or wrong")
    else:
        given = request.query.get(TOKEN_PARAMETER, "").encode("utf-8", "replace")
        _equal(given, proof.token.get_secret_value().encode(), "the token in the address is missing or wrong")


def _equal(given: bytes, expected: bytes, problem: str) -> None:
    if not hmac.compare_digest(given, expected):
        raise SignatureInvalid(problem)


def _basic_credentials(request: CallbackRequest) -> bytes:
    scheme, _, credentials = request.headers.get("authorization", "").encode("utf-8", "replace").partition(b" ")
    if scheme.lower() != b"basic":
        return b""
    try:
        return base64.b64decode(credentials.strip(), validate=True)
    except (binascii.Error, ValueError):
        return b""
