"""Rows of configuration on this machine's disk: what a process that starts while PostgreSQL is away knows of them. Sealed as a whole."""

from __future__ import annotations

import base64
import os
import uuid
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import structlog

from channels_app.models.base import secret_box
from connector_platform.core.clock import now
from connector_platform.core.crypto import SecretUnreadable

SavedRows = dict[tuple[Any, ...], tuple[Any, ...]]

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class SavedRow:
    """A row, and how long ago it was read."""

    row: tuple[Any, ...]
    age_s: float


def save_rows(folder: Path, rows: SavedRows) -> None:
    """Replace what is saved in ``folder``.

    Raises:
        OSError: the disk cannot be written; what was saved before is still there.
    """
    listed = [[[_told(value) for value in key], [_told(value) for value in row]] for key, row in rows.items()]
    path, new = _path(folder), folder / f"configurations.{os.getpid()}.new"
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(secret_box().seal(listed))
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)


def saved_row(folder: Path, key: tuple[Any, ...]) -> SavedRow | None:
    """The row that was saved under ``key``; None where there is none, or nothing that can be read."""
    path = _path(folder)
    try:
        saved_at = path.stat().st_mtime
        row = _read(path, saved_at).get(key)
    except FileNotFoundError:
        return None
    except (OSError, SecretUnreadable) as error:
        log.error("saved_configurations_unreadable", reason=type(error).__name__)
        return None
    return SavedRow(row, max(0.0, now().timestamp() - saved_at)) if row is not None else None


@lru_cache(maxsize=1)
def _read(path: Path, saved_at: float) -> SavedRows:
    listed = secret_box().open(path.read_bytes())
    return {tuple(map(_untold, key)): tuple(map(_untold, row)) for key, row in listed}


def _path(folder: Path) -> Path:
    return folder / "configurations"


def _told(value: Any) -> Any:
    """``value`` as JSON: a kind and what it is."""
    match value:
        case uuid.UUID():
            return ["uuid", str(value)]
        case bytes() | bytearray() | memoryview():
            return ["bytes", base64.b64encode(value).decode()]
        case _:
            return ["", value]


def _untold(told: Any) -> Any:
    kind, value = told
    return uuid.UUID(value) if kind == "uuid" else base64.b64decode(value) if kind == "bytes" else value
