"""Reading settings from the environment: typed, and failing at start-up with a sentence that says what to do."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TypeVar
from urllib.parse import urlsplit

from cryptography.fernet import Fernet
from django.core.exceptions import ImproperlyConfigured

Value = TypeVar("Value")


def read(name: str, default: str | None, convert: Callable[[str], Value], *, hint: str) -> Value:
    """The setting ``name`` as ``convert`` reads it, or its default.

    Raises:
        ImproperlyConfigured: missing without a default, or unreadable; the message names the setting and ``hint`` says what it must be.
    """
    raw = os.environ.get(name, "").strip()
    if not raw:
        if default is None:
            raise ImproperlyConfigured(f"{name} is not set. Set it to {hint}.")
        raw = default
    try:
        return convert(raw)
    except ValueError as error:
        raise ImproperlyConfigured(f"{name} is wrong ({error}). Set it to {hint}.") from error


def text(raw: str) -> str:
    return raw


def flag(raw: str) -> bool:
    value = raw.lower()
    if value in ("1", "true", "yes", "on"):
        return True
    if value in ("0", "false", "no", "off", ""):
        return False
    raise ValueError(f"{raw!r} is neither yes nor no")


def number(minimum: float, maximum: float) -> Callable[[str], float]:
    def convert(raw: str) -> float:
        value = float(raw)
        if not minimum <= value <= maximum:
            raise ValueError(f"{raw} is not between {minimum:g} and {maximum:g}")
        return value

    return convert


def whole(minimum: int, maximum: int) -> Callable[[str], int]:
    def convert(raw: str) -> int:
        value = int(raw)
        if not minimum <= value <= maximum:
            raise ValueError(f"{raw} is not between {minimum} and {maximum}")
        return value

    return convert


def words(raw: str) -> list[str]:
    return [word.strip() for word in raw.split(",") if word.strip()]


def url(*schemes: str) -> Callable[[str], str]:
    def convert(raw: str) -> str:
        if not raw:
            return ""
        parts = urlsplit(raw)
        if parts.scheme not in schemes:
            raise ValueError(f"it does not begin with {' or '.join(scheme + '://' for scheme in schemes)}")
        if not parts.netloc and "unix" not in parts.scheme and parts.scheme != "redis+socket" and "host=" not in parts.query:
            raise ValueError("it names no host")
        return raw.rstrip("/")

    return convert


def origins(raw: str) -> list[str]:
    return [url("http", "https")(word) for word in words(raw)]


def pairs(raw: str) -> dict[str, str]:
    found = {}
    for word in words(raw):
        name, separator, value = word.partition("=")
        if not separator:
            raise ValueError(f"{word!r} is not of the form name=value")
        found[name] = value.rstrip("/")
    return found


def fernet_keys(raw: str) -> list[str]:
    keys = words(raw)
    if not keys:
        raise ValueError("no key")
    for position, key in enumerate(keys, 1):
        try:
            Fernet(key)
        except ValueError as error:
            raise ValueError(f"key {position} is not 32 url-safe base64-encoded bytes") from error
    return keys
