"""Keeping secrets out of attempts, logs and error messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any
from urllib.parse import quote

from pydantic import BaseModel, SecretStr

MASK = "***"


def secret_values(model: BaseModel | None) -> tuple[str, ...]:
    """Every ``SecretStr`` anywhere in ``model``, longest first, in the forms in which it may show up (plain and URL-quoted)."""
    found = {form for value in _secrets(model) for form in (value, quote(value, safe="")) if len(value) >= 4}
    return tuple(sorted(found, key=len, reverse=True))


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
