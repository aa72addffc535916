"""Reading Meta's JSON: what every provider needs, and what is Meta's own (instants, addresses, file names)."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import unquote, urlsplit

from connector_platform.core.wire import decode, digest, dump, identifier, items, name, number, obj, storable, text

__all__ = [
    "decode",
    "digest",
    "digits",
    "dump",
    "file_name",
    "identifier",
    "instant",
    "items",
    "name",
    "number",
    "obj",
    "storable",
    "text",
    "web_url",
]

_FILE_NAME = re.compile(r"[^/\\\x00-\x1f]{1,120}\.[A-Za-z0-9]{1,8}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

# "timestamp" is in milliseconds, but some referrals carry seconds. 10^11 ms is March 1973, 10^11 s is the year 5138.
_SECONDS_BELOW = 10**11


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
