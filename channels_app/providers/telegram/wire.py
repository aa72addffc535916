"""Reading Telegram's JSON without trusting it: every accessor gives a value of the type that it promises, whatever came.

Source: https://core.telegram.org/bots/api#available-types (checked 2026-11).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn

from connector_platform.core.errors import PayloadMalformed

# NUL and halves of surrogate pairs are legal in JSON text, but fit neither UTF-8 nor a PostgreSQL value.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MAX_KEY = 200
_MAX_NAME = 64


def decode(body: bytes) -> dict[str, Any]:
    """``body`` as the JSON object that an update is.

    Raises:
        PayloadMalformed: it is none. Answered 200: Telegram repeats whatever is not, and the chat's next updates wait behind it.
    """
    try:
        root = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PayloadMalformed(f"the body is not JSON ({type(error).__name__})", status=200) from None
    if not isinstance(root, dict):
        raise PayloadMalformed("the body is not an update of Telegram: it is no object", status=200)
    return root


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
    return _UNSTORABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", found) if isinstance(found, str) else ""


def identifier(value: Any, key: str) -> str:
    """The id at ``key`` as text, whether Telegram wrote a number or a text; ``""`` where there is none."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found) if abs(found) < 10**40 else ""
    written = text(value, key).strip()
    return written if len(written) <= _MAX_KEY else f"{written[:100]}:{digest(written)}"


def handle(value: Any, key: str) -> str:
    """The file handle at ``key``: sent back as it came, so that one too long to be a handle counts as none."""
    found = text(value, key)
    return found if len(found) <= 1000 else ""


def number(value: Any, key: str) -> float | None:
    """The finite number at ``key``, or None."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float):
        return None
    try:
        return float(found) if math.isfinite(found) else None
    except OverflowError:
        return None


def count(value: Any, key: str) -> int | None:
    """The whole number at ``key`` where it is one that a size or a duration can have, or None."""
    found = number(value, key)
    return int(found) if found is not None and 0 <= found < 2**53 else None


def instant(value: Any, key: str) -> datetime | None:
    """The instant at ``key``, in seconds; None where there is none that a calendar has. 0 stands for "not known"."""
    seconds = count(value, key)
    try:
        return _EPOCH + timedelta(seconds=seconds) if seconds else None
    except OverflowError:
        return None


def name(value: str) -> str:
    """A wire name made short and harmless: names of unknown updates end up in counters."""
    return re.sub(r"[^A-Za-z0-9_.\-]", "_", value)[:_MAX_NAME] or "_"


def digest(value: str) -> str:
    """A short stable stand-in for a long value inside an idempotency key."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def dump(update: Any) -> bytes:
    """``update`` as compact ASCII JSON: what is kept as its raw form."""
    return json.dumps(update, ensure_ascii=True, separators=(",", ":")).encode("ascii")
