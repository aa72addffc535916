"""Reading strangers' JSON without trusting it: every accessor gives a value of the type that it promises, whatever came."""

from __future__ import annotations

import hashlib
import json
import math
import re
from typing import Any, NoReturn

from connector_platform.core.errors import PayloadMalformed

# NUL and halves of surrogate pairs are legal in JSON text, but fit neither UTF-8 nor a PostgreSQL value.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_MAX_KEY = 200
_MAX_NAME = 64


def decode(body: bytes, *, refusal_status: int = 400) -> Any:
    """``body`` as JSON.

    Raises:
        PayloadMalformed: it is not UTF-8, not JSON, or nested too deeply; to be answered with ``refusal_status``.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PayloadMalformed(f"the body is not JSON ({type(error).__name__})", status=refusal_status) from None


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def obj(value: Any, key: str) -> dict[str, Any]:
    """The object at ``key``; empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, dict) else {}


def items(value: Any, key: str) -> list[Any]:
    """The list at ``key``; empty where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    return found if isinstance(found, list) else []


def text(value: Any, key: str) -> str:
    """The text at ``key``, storable: NUL is dropped and a lone surrogate becomes U+FFFD."""
    found = value.get(key) if isinstance(value, dict) else None
    return storable(found) if isinstance(found, str) else ""


def storable(value: str) -> str:
    """``value`` without what PostgreSQL and UTF-8 cannot hold."""
    if value.isascii() and "\0" not in value:
        return value  # nearly every id and most texts; looking letter by letter costs the more the longer they are
    return _UNSTORABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", value)


def identifier(value: Any, key: str) -> str:
    """The id at ``key`` as text, whether it was written as a number or as a text; ``""`` where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found) if abs(found) < 10**40 else ""
    written = text(value, key).strip()
    return written if len(written) <= _MAX_KEY else f"{written[:100]}:{digest(written)}"


def name(value: str) -> str:
    """A wire name made short and harmless: names of unknown events end up in counters."""
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", value)[:_MAX_NAME] or "_"


def number(value: Any, key: str) -> float | None:
    """The finite number at ``key``, or None."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        return float(found) if math.isfinite(found) else None
    except OverflowError:
        return None


def digest(value: str) -> str:
    """A short stable stand-in for a long value inside an idempotency key."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def dump(event: Any) -> bytes:
    """``event`` as compact ASCII JSON: what is kept as its raw form."""
    return json.dumps(event, ensure_ascii=True, separators=(",", ":")).encode("ascii")
