"""Whether a callback is Plivo's: signature version 3, over the address that was called, the parameters and a nonce.

Version 2 covers the address and a nonce only, so that anybody who saw one could send other words with it: it is enough only where the operator
says so. Plivo's voice pages say that version 3 stands on message callbacks too; its messaging pages name version 2 alone.

Source: https://www.plivo.com/docs/messaging/concepts/signature-validation, .../voice/xml/request/validation; the order of things after
``validate_signature`` and ``signature_v3.py`` of plivo-python 4.63.0 (read 2026-11).
"""

from __future__ import annotations

import base64
import hmac
from collections import defaultdict
from collections.abc import Iterable, Iterator
from urllib.parse import urlsplit

from channels_app.providers.base import CallbackRequest
from channels_app.providers.plivo import wire
from channels_app.providers.plivo.config import PlivoConfig
from connector_platform.core.errors import PayloadMalformed, SignatureInvalid

_MAX_NONCE = 200
_MAX_SIGNATURES = 20


def verify(request: CallbackRequest, config: PlivoConfig) -> None:
    """Return if Plivo signed this address with these parameters. Nothing in a callback ages: Plivo signs no time.

    Raises:
        SignatureInvalid: no signature, or another one.
    """
    version = "v2" if config.signature_version == "v2" and "x-plivo-signature-v3-nonce" not in request.headers else "v3"
    header = f"X-Plivo-Signature-{version.upper()}"
    # Made with the token of the (sub)account and of the main account; each may list several, separated by commas.
    names = (f"x-plivo-signature-{version}", f"x-plivo-signature-ma-{version}")
    given = [part for name in names for part in _listed(request.headers.get(name, ""))]
    nonce = request.headers.get(f"x-plivo-signature-{version}-nonce", "")
    if not any(given) or not nonce or len(nonce) > _MAX_NONCE:
        raise SignatureInvalid(f"the callback carries no {header} with its nonce")
    try:
        expected = signature(request, nonce, config.auth_token.get_secret_value(), version=version).encode()
    except PayloadMalformed:
        raise SignatureInvalid("the callback cannot be read, so nothing signs it") from None
    # Strangers choose what is given: bytes, because compare_digest raises on non-ASCII text; "replace", because it may hold surrogates.
    if not any([hmac.compare_digest(part.encode("utf-8", "replace"), expected) for part in given]):
        raise SignatureInvalid(f"{header} does not match; check the auth token, and that Plivo calls exactly the callback URL")


def _listed(header: str) -> list[str]:
    """The signatures in ``header``; none where one stands there twice, which Plivo never sends: each is made with another token."""
    parts = [part.strip() for part in header.split(",")]
    return parts if len(set(parts)) == len(parts) <= _MAX_SIGNATURES else []


def signature(request: CallbackRequest, nonce: str, auth_token: str, *, version: str = "v3") -> str:
    """The base64 signature of this version that Plivo makes for ``request``.

    Raises:
        PayloadMalformed: it has more parameters than any callback of Plivo's.
    """
    signed = f"{_signed_words(request)}.{nonce}" if version == "v3" else f"{_address(request)}{nonce}"
    return base64.b64encode(hmac.digest(auth_token.encode(), signed.encode("utf-8", "replace"), "sha256")).decode()


def _address(request: CallbackRequest) -> str:
    parts = urlsplit(request.public_url)
    return f"{parts.scheme}://{parts.netloc}{parts.path}"


def _signed_words(request: CallbackRequest) -> str:
    base = _address(request)
    query = "&".join(f"{name}={value}" for name, value in _in_order(wire.read_pairs(request.query_string)))
    parameters = [] if request.method == "GET" else wire.pairs(request)
    if not parameters:
        return f"{base}?{query}" if query else base
    glued = "".join(f"{name}{value}" for name, value in _in_order(parameters))
    return f"{base}?{query}{'.' if query else ''}{glued}"


def _in_order(pairs: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """By name, and the values of one name by themselves."""
    values = defaultdict(list)
    for name, value in pairs:
        values[name].append(value)
    for name in sorted(values):
        yield from ((name, value) for value in sorted(values[name]))
