"""Whether a callback is Bird's: a signature over its time, its address and its body.

Source: https://docs.bird.com/api/notifications-api/api-reference/webhook-subscriptions/verifying-a-webhook-subscription (read 2026-11).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from datetime import datetime, timedelta

from channels_app.providers.base import CallbackRequest
from channels_app.providers.bird.config import BirdConfig
from channels_app.providers.bird.verify import called_url
from connector_platform.core.errors import SignatureInvalid

SIGNATURE_HEADER = "messagebird-signature"
TIMESTAMP_HEADER = "messagebird-request-timestamp"

LIFETIME = timedelta(hours=24)
"""Bird repeats a callback for eight hours by its pages, for about a day as its users tell, and signs the repetition with the first one's time
(2026). A copy within that time is the same event to us."""

_TIMESTAMP = re.compile(r"[0-9]{1,12}", re.ASCII)


def verify(request: CallbackRequest, config: BirdConfig, *, now: datetime) -> None:
    """Return if ``request`` is signed with the signing key, for this address and this body, and not too long ago.

    Raises:
        SignatureInvalid: it is not.
    """
    timestamp = request.headers.get(TIMESTAMP_HEADER, "")
    if not _TIMESTAMP.fullmatch(timestamp):
        raise SignatureInvalid(f"the {TIMESTAMP_HEADER} header is missing or no time; was a signing key given to the webhook?")
    expected = signature(config.signing_key.get_secret_value(), timestamp, called_url(request), request.body)
    given = request.headers.get(SIGNATURE_HEADER, "")
    if not hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode()):
        raise SignatureInvalid("the signature is not of this channel's signing key, this address and this body")
    if abs(now.timestamp() - int(timestamp)) > LIFETIME.total_seconds():
        raise SignatureInvalid("the callback was signed too long ago; is the clock of this machine right?")


def signature(key: str, timestamp: str, url: str, body: bytes) -> str:
    """What stands in the signature's header: base64 of an HMAC over the time, the address and the body's SHA-256 as it is, a line each."""
    signed = b"\n".join((timestamp.encode(), url.encode("utf-8", "replace"), hashlib.sha256(body).digest()))
    return base64.b64encode(hmac.new(key.encode(), signed, hashlib.sha256).digest()).decode()
