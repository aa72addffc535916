"""Keeping secrets out of attempts, logs and error messages."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote, quote_plus

from pydantic import BaseModel, SecretStr

MASK = "***"
_MIN_BASE64 = 8
"""Shorter ones would be found in innocent text."""


def secret_values(model: BaseModel | None) -> tuple[str, ...]:
    """Every ``SecretStr`` anywhere in ``model``, longest first, in the forms in which it may show up: plain, quoted for URLs and JSON, base64."""
    found = {form for value in _secrets(model) if len(value) >= 4 for form in _forms(value)}
    return tuple(sorted(found, key=len, reverse=True))


def _forms(secret: str) -> Iterator[str]:
    yield from (secret, quote(secret, safe=""), quote_plus(secret), json.dumps(secret)[1:-1], json.dumps(secret, ensure_ascii=False)[1:-1])
    yield from _base64_forms(secret.encode("utf-8", "surrogatepass"))


def _base64_forms(secret: bytes) -> Iterator[str]:
    """What base64 makes of ``secret`` wherever it stands in a longer text, as the password does in HTTP's Basic log-in.

    Three bytes are four characters, so there are three ways in which it may lie. Characters that its neighbours share in are left out.
    """
    for before in range(3):
        encoded = base64.b64encode(b"\0" * before + secret).decode().rstrip("=")
        inner = encoded[(before * 8 + 5) // 6 : (before + len(secret)) * 8 // 6]
        if len(inner) >= _MIN_BASE64:
            yield from (inner, inner.replace("+", "-").replace("/", "_"))


def _secrets(value: Any) -> Iterator[str]:
    if isinstance(value, SecretStr):
        yield value.get_secret_value()
    elif isinstance(value, BaseModel):
        for name in type(value).model_fields:
            yield from _secrets(getattr(value, name))
    elif isinstance(value, dict):
        for item in value.values():
            yield from _secrets(item)
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _secrets(item)


def redact(text: str, secrets: Iterable[str]) -> str:
    """``text`` with every one of ``secrets`` masked."""
    for secret in secrets:
        if secret:
            text = text.replace(secret, MASK)
    return text
