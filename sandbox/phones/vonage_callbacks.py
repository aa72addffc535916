"""How Vonage calls the platform: a token over the body (Messages API), a signature over the parameters (SMS API); made anew each time.

Source: https://developer.vonage.com/en/getting-started/concepts/webhooks and .../signing-messages (checked 2026-11).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import re
import secrets
import time
import uuid
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

import jwt

from sandbox.phones.callbacks import Wire
from sandbox.phones.gsm7 import segments

if TYPE_CHECKING:
    from sandbox.phones.vonage_line import VonageLine


def tokened(line: VonageLine, url: str, event: dict[str, Any]) -> Wire:
    """The POST that tells of ``event``, with a token of the account."""
    body = json.dumps(event, ensure_ascii=False, separators=(",", ":")).encode()
    claims = {
        "iat": int(time.time()),
        "jti": str(uuid.uuid4()),
        "iss": "Vonage",
        "payload_hash": hashlib.sha256(body).hexdigest(),
        "api_key": line.api_key,
        "application_id": line.application_id,
    }
    token = jwt.encode(claims, line.signature_secret, algorithm="HS256")
    return Wire("POST", url, {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}, body)


def signed(line: VonageLine, url: str, fields: dict[str, str]) -> Wire:
    """The call that carries ``fields``, signed, in the account's format."""
    now = datetime.now(UTC)
    given = {**fields, "message-timestamp": f"{now:%Y-%m-%d %H:%M:%S}", "timestamp": str(int(now.timestamp()))}
    given |= {"nonce": secrets.token_hex(8), "api-key": line.api_key}
    given["sig"] = sign(given, line.signature_secret, line.signature_method)
    if line.webhook_format == "GET":
        return Wire("GET", f"{url}?{urlencode(given)}", {})
    if line.webhook_format == "POST":
        return Wire("POST", url, {"Content-Type": "application/x-www-form-urlencoded"}, urlencode(given).encode())
    return Wire("POST", url, {"Content-Type": "application/json"}, json.dumps(given).encode())


def sign(parameters: dict[str, str], secret: str, method: str) -> str:
    """The ``sig`` of the SMS API's callback with ``parameters``."""
    words = "".join(f"&{name}={re.sub('[&=]', '_', parameters[name])}" for name in sorted(parameters))
    if method == "md5hash":
        return hashlib.md5((words + secret).encode()).hexdigest()
    return hmac.new(secret.encode(), words.encode(), method).hexdigest()


def parts(text: str) -> list[str]:
    """``text`` as the phone cuts it into SMS, roughly: plain letters count one."""
    size = segments(text)
    if size.count == 1:
        return [text]
    each = 153 if size.encoding == "GSM-7" else 33
    return [text[at : at + each] for at in range(0, len(text), each)]


def keyword(text: str) -> str:
    """The first word, in capitals."""
    return (text.split() or [""])[0].upper()[:20]


def timestamp(at_ms: int) -> str:
    """The instant as the Messages API writes it."""
    return datetime.fromtimestamp(at_ms / 1000, UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
