"""Reading Telegram's JSON: what every provider needs, and what is Telegram's own (updates, file handles, instants in seconds).

Source: https://core.telegram.org/bots/api#available-types (checked 2026-11).
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from connector_platform.core import wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.wire import digest, dump, identifier, items, name, number, obj, text

__all__ = ["count", "decode", "digest", "dump", "handle", "identifier", "instant", "items", "name", "number", "obj", "text"]

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def decode(body: bytes) -> dict[str, Any]:
    """``body`` as the JSON object that an update is.

    Raises:
        PayloadMalformed: it is none. Answered 200: Telegram repeats whatever is not, and the chat's next updates wait behind it.
    """
    root = wire.decode(body, refusal_status=200)
    if not isinstance(root, dict):
        raise PayloadMalformed("the body is not an update of Telegram: it is no object", status=200)
    return root


def handle(value: Any, key: str) -> str:
    """The file handle at ``key``: sent back as it came, so that one too long to be a handle counts as none."""
    found = text(value, key)
    return found if len(found) <= 1000 else ""


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
