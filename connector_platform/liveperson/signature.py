"""Whether a webhook is LivePerson's."""

from __future__ import annotations

import base64
import hmac
from collections.abc import Sequence

from connector_platform.core.errors import SignatureInvalid

SIGNATURE_HEADER = "x-liveperson-signature"
ACCOUNT_HEADER = "x-liveperson-account-id"
CLIENT_HEADER = "x-liveperson-client-id"

_ALGORITHMS = frozenset({"sha1", "sha256"})


def verify_signature(body: bytes, header: str | None, secrets: Sequence[str]) -> None:
    """Return if ``header`` signs the exact bytes ``body`` with one of ``secrets`` (client secrets: the current, the previous).

    The header is ``sha1=`` or ``sha256=`` and the HMAC, in base64 or, by the account's configuration, in hexadecimal. Empty secrets
    are passed over: they verify nothing.

    Raises:
        SignatureInvalid: anything else, whatever the bytes.

    Source: https://developers.liveperson.com/connector-api-webhooks-notification-protocol.html (archived copy, checked 2026-11).
    """
    algorithm, separator, value = (header or "").strip().partition("=")
    algorithm = algorithm.lower()
    if not separator or algorithm not in _ALGORITHMS:
        raise SignatureInvalid("the webhook carries no LivePerson signature")
    given = value.encode("utf-8", "backslashreplace")
    valid = False
    for secret in secrets:
        if secret:
            digest = hmac.digest(secret.encode(), body, algorithm)
            # Every form is compared, whichever matched before: the time taken tells nothing.
            valid |= hmac.compare_digest(given, base64.b64encode(digest))
            valid |= hmac.compare_digest(given.lower(), digest.hex().encode())
    if not valid:
        raise SignatureInvalid("the webhook's signature does not match")
