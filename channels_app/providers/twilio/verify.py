"""Whether a callback is Twilio's: the signature over the address that was called and every parameter.

Source: https://www.twilio.com/docs/usage/security#validating-requests (known, not re-read, 2026-11); shared keys after ``RequestValidator``
of twilio-python 9.13.0 (read 2026-11).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit, urlunsplit

from channels_app.providers.base import CallbackRequest
from channels_app.providers.twilio import api, wire
from channels_app.providers.twilio.config import TwilioConfig
from connector_platform.core.errors import SignatureInvalid

SIGNATURE_HEADER = "x-twilio-signature"
SETTINGS_HEADER = "x-twilio-webhooks-signature-settings"
"""Names key and algorithm where a shared key signs and not the auth token: ``key=...,algorithm=HMAC_SHA256``."""

_ALGORITHMS = {"HMAC_SHA1": "sha1", "HMAC_SHA256": "sha256"}
_DEFAULT_PORTS = {"https": 443, "http": 80}


def signature(url: str, parameters: list[tuple[str, str]], secret: str, algorithm: str = "sha1") -> str:
    """The header value that Twilio sends: base64 of the HMAC over ``url`` and the parameters, sorted by name and value, each once."""
    signed = url + "".join(f"{name}{value}" for name, value in sorted(set(parameters)))
    return base64.b64encode(hmac.new(secret.encode(), signed.encode("utf-8", "replace"), algorithm).digest()).decode()


def verify(request: CallbackRequest, config: TwilioConfig) -> None:
    """Return if Twilio signed this address with these parameters. Nothing in a callback ages: Twilio signs no time.

    A JSON body is not a part of what is signed; its hash is, in the query, and has to be right.

    Raises:
        SignatureInvalid: no signature, or another one.
    """
    given = request.headers.get(SIGNATURE_HEADER, "")
    if not given:
        raise SignatureInvalid("the callback carries no X-Twilio-Signature")
    if wire.is_json(request) and not _same(_body_hash(request), hashlib.sha256(request.body).hexdigest()):
        raise SignatureInvalid("the body is not the one that bodySHA256 stands for")
    try:
        parameters = wire.parameters(request)
    except ValueError:
        raise SignatureInvalid("the callback has more parameters than any of Twilio's") from None
    settings = request.headers.get(SETTINGS_HEADER, "")
    algorithm = _algorithm(settings)
    secrets = [config.signing_secret.get_secret_value()] + ([] if settings else [config.auth_token.get_secret_value()])
    for secret in filter(None, secrets):
        for url in _spellings(request):
            if _same(given, signature(url, parameters, secret, algorithm)):
                return
    raise SignatureInvalid("X-Twilio-Signature does not match; check the auth token, and that Twilio calls exactly the callback URL")


def _algorithm(settings: str) -> str:
    """The hash that ``SETTINGS_HEADER`` asks for.

    Raises:
        SignatureInvalid: one that we do not know.
    """
    named = {name.strip(): value.strip() for name, _, value in (part.partition("=") for part in settings.split(","))}
    algorithm = named.get("algorithm") or "HMAC_SHA1"
    if algorithm.upper() not in _ALGORITHMS:
        raise SignatureInvalid("the signature is of a kind that this version does not know")
    return _ALGORITHMS[algorithm.upper()]


def _body_hash(request: CallbackRequest) -> str:
    hashes = parse_qs(request.query_string, errors="replace").get("bodySHA256", [])
    return hashes[0] if len(hashes) == 1 else ""


def _spellings(request: CallbackRequest) -> Iterator[str]:
    """The address that was called, as Twilio may have signed it: without its port, and with it, also where that is the scheme's own.

    Twilio does not say whether it signs what stands behind the # of the address that it was given, so that is tried last.
    """
    query = f"?{request.query_string}" if request.query_string else ""
    parts = urlsplit(request.public_url)
    host = parts.netloc.rpartition(":")[0] if parts.port else parts.netloc
    port = parts.port or _DEFAULT_PORTS.get(parts.scheme, 0)
    for retries in ("", api.RETRIES):
        for netloc in (host, f"{host}:{port}"):
            yield urlunsplit(parts._replace(netloc=netloc)) + query + retries


def _same(given: str, expected: str) -> bool:
    # Strangers choose ``given``: bytes, because compare_digest raises on non-ASCII text; "replace", because it may hold surrogates.
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
