"""Reading Meta's JSON without trusting it: every accessor gives a value of the type that it promises, whatever came."""

from __future__ import annotations

import hashlib
import json
import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, NoReturn
from urllib.parse import unquote, urlsplit

from connector_platform.core.errors import PayloadMalformed

# NUL and halves of surrogate pairs are legal in JSON text, but fit neither UTF-8 nor a PostgreSQL value.
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_FILE_NAME = re.compile(r"[^/\\\x00-\x1f]{1,120}\.[A-Za-z0-9]{1,8}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# "timestamp" is in milliseconds, but some referrals carry seconds. 10^11 ms is March 1973, 10^11 s is the year 5138.
_SECONDS_BELOW = 10**11
_MAX_KEY = 200
_MAX_NAME = 64


def decode(body: bytes) -> Any:
    """``body`` as JSON.

    Raises:
        PayloadMalformed: it is not UTF-8, not JSON, or nested too deeply.
    """
    try:
        return json.loads(body.decode("utf-8"), parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise PayloadMalformed(f"the body is not JSON ({type(error).__name__})") from None


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
    return _UNSTORABLE.sub(lambda match: "" if match[0] == "\x00" else "\ufffd", value)


def identifier(value: Any, key: str) -> str:
    """The id at ``key`` as text, whether Meta wrote a number or a text; ``""`` where there is none."""
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


def digits(value: Any, key: str) -> str:
    """The whole number at ``key`` in digits, whether written as a number or as text; ``""`` for anything else."""
    found = value.get(key) if isinstance(value, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | str):
        return ""
    written = str(found) if isinstance(found, str) or abs(found) < 10**18 else ""
    return written if written.isascii() and written.isdigit() and len(written) <= 18 else ""


def instant(value: Any, key: str) -> datetime | None:
    """The instant at ``key``, given in milliseconds or seconds; None where there is none that a calendar has."""
    written = digits(value, key)
    if not written or int(written) == 0:
        return None
    count = int(written)
    try:
        return _EPOCH + (timedelta(seconds=count) if count < _SECONDS_BELOW else timedelta(milliseconds=count))
    except OverflowError:
        return None


def web_url(value: Any, key: str) -> str:
    """The absolute http(s) address at ``key``; ``""`` for anything else."""
    found = text(value, key).strip()
    try:
        parts = urlsplit(found)
    except ValueError:
        return ""
    return found if parts.scheme in ("http", "https") and parts.netloc and not re.search(r"\s", found) else ""


def file_name(url: str) -> str:
    """The name at the end of ``url``'s path where it looks like one (``invoice.pdf``); else ``""``."""
    last = storable(unquote(urlsplit(url).path.rpartition("/")[2], errors="replace"))
    return last if _FILE_NAME.fullmatch(last) else ""


def digest(value: str) -> str:
    """A short stable stand-in for a long value inside an idempotency key."""
    return hashlib.sha256(value.encode("utf-8", "surrogatepass")).hexdigest()[:16]


def dump(event: Any) -> bytes:
    """``event`` as compact ASCII JSON: what is kept as its raw form."""
    return json.dumps(event, ensure_ascii=True, separators=(",", ":")).encode("ascii")
