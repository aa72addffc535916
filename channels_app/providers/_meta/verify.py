"""Whether a callback is Meta's: the signature over the raw body, and the set-up challenge.

Source: https://developers.facebook.com/docs/messenger-platform/webhooks (checked 2026-07).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence

from channels_app.providers.base import CallbackAnswer, CallbackRequest
from connector_platform.core.errors import SignatureInvalid

SIGNATURE_HEADER = "x-hub-signature-256"


def signature(body: bytes, app_secret: str) -> str:
    """The header value that Meta sends with ``body``: ``sha256=`` and the lower-case hex HMAC over the bytes as they travel."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def appsecret_proof(access_token: str, app_secret: str) -> str:
    """What proves to Meta that the caller holds the app's secret beside the token.

    Source: https://developers.facebook.com/docs/graph-api/guides/secure-requests (checked 2026-07).
    """
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def verify(request: CallbackRequest, app_secrets: Sequence[str]) -> None:
    """Return if Meta signed the exact bytes of the body with one of the app's secrets.

    The older ``X-Hub-Signature`` (SHA-1) travels along and is never enough. Nothing in a callback ages: Meta signs no time.

    Raises:
        SignatureInvalid: no signature, or another one.
    """
    given = request.headers.get(SIGNATURE_HEADER, "")
    if not given:
        raise SignatureInvalid("the callback carries no X-Hub-Signature-256")
    # Every secret is tried, so that the time taken does not tell which of them fits.
    matches = [_same(given, signature(request.body, secret)) for secret in app_secrets]
    if not any(matches):
        raise SignatureInvalid("X-Hub-Signature-256 does not match; check the app secret of this Meta app")


def handshake(request: CallbackRequest, verify_token: str) -> CallbackAnswer | None:
    """Meta's challenge to echo, or None for anything but a GET.

    Raises:
        SignatureInvalid: a GET without the right mode, verify token or challenge; with status 403, as Meta's guide asks.
    """
    if request.method != "GET":
        return None
    query = request.query
    token_matches = _same(query.get("hub.verify_token", ""), verify_token)
    if query.get("hub.mode") != "subscribe" or "hub.challenge" not in query or not token_matches:
        raise SignatureInvalid("the challenge lacks the mode, or its verify token differs from the one configured here", status=403)
    return CallbackAnswer(body=query["hub.challenge"].encode("utf-8", "replace"))


def _same(given: str, expected: str) -> bool:
    # Strangers choose ``given``: bytes, because compare_digest raises on non-ASCII text; "replace", because it may hold surrogates.
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
