"""Callbacks that wait on this machine's disk while PostgreSQL is away.

Each web process appends to a file of its own; one of them replays all files into the journal (``spool_drainer.py``). A marker file says that
something waits: as long as it is there, what arrives goes behind it. Records are sealed like every secret: they hold consumers' words, and some
vendors' callbacks carry credentials.

Appending and clearing are kept apart by a lock of the kernel's (``gate``), which a dying process gives back: a record is written while the gate is
shared, and the files go while it is closed. So nobody appends to a file that is gone, and nobody overtakes what waits.
"""

from __future__ import annotations

import fcntl
import json
import os
import struct
import threading
import uuid
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path
from typing import NamedTuple

import structlog
from django.conf import settings

from channels_app.models.base import secret_box
from channels_app.providers.base import CallbackRequest
from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import ConnectorError
from connector_platform.core.ids import uuid7

LIVEPERSON = "liveperson"
"""The ``source`` of LivePerson's webhooks; that of a vendor's callback is its provider's slug."""

REST_S = 1.0
"""A disk that failed is left alone this long: every failure may leave a file behind."""

_HEADER = struct.Struct(">4sqII")  # magic, received at (µs since 1970), length and checksum of what follows
_MAGIC = b"\x01CPS"  # its first byte is in no sealed content
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

log = structlog.get_logger(__name__)


class SpoolUnavailable(ConnectorError):
    """The spool is full, or its disk cannot be written."""

    code = "spool_unavailable"


class RecordUnreadable(ConnectorError):
    """The record is damaged."""

    code = "record_unreadable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """A callback as it came. ``app_id`` is the provider app's or, for LivePerson's webhooks, the LivePerson app's; None at the shared address."""

    source: str
    request: CallbackRequest
    received_at: datetime
    channel_id: uuid.UUID | None = None
    app_id: uuid.UUID | None = None

    def to_bytes(self) -> bytes:
        """Header and sealed content, as they lie in a file."""
        told = asdict(self.request)
        body = told.pop("body")
        ids = {"channel_id": self.channel_id and str(self.channel_id), "app_id": self.app_id and str(self.app_id)}
        content = secret_box().seal_bytes(json.dumps({"source": self.source, **ids, "request": told}).encode() + b"\n" + body)
        received_us = (self.received_at - _EPOCH) // timedelta(microseconds=1)
        return _HEADER.pack(_MAGIC, received_us, len(content), zlib.crc32(content)) + content


class Place(NamedTuple):
    """Where a record lies; places sort by the time at which the callbacks came."""

    received_us: int
    path: Path
    offset: int
    length: int  # with its header

    def raw(self) -> bytes:
        """The record as it lies there."""
        with self.path.open("rb") as file:
            file.seek(self.offset)
            return file.read(self.length)


def read_record(raw: bytes) -> Record:
    """The record that ``to_bytes`` wrote.

    Raises:
        RecordUnreadable: it is damaged. SecretUnreadable: the key that it was sealed with is gone.
    """
    magic, received_us, length, checksum = _HEADER.unpack_from(raw)
    content = raw[_HEADER.size :]
    if magic != _MAGIC or len(content) != length or zlib.crc32(content) != checksum:
        raise RecordUnreadable("the checksum is wrong")
    told, _, body = secret_box().open_bytes(content).partition(b"\n")
    fields = json.loads(told)
    return Record(
        source=fields["source"],
        request=CallbackRequest(**fields["request"], body=body),
        received_at=_EPOCH + timedelta(microseconds=received_us),
        channel_id=uuid.UUID(fields["channel_id"]) if fields["channel_id"] else None,
        app_id=uuid.UUID(fields["app_id"]) if fields["app_id"] else None,
    )


def find_places(path: Path, offset: int) -> tuple[list[Place], int]:
    """The whole records of a file from ``offset`` on, and where they end: behind that is nothing, a torn record, or damage."""
    places = []
    with path.open("rb") as file:
        size = os.fstat(file.fileno()).st_size
        while offset + _HEADER.size <= size:
            file.seek(offset)
            magic, received_us, length, _ = _HEADER.unpack(file.read(_HEADER.size))
            length += _HEADER.size
            if magic != _MAGIC or offset + length > size:
                break
            places.append(Place(received_us, path, offset, length))
            offset += length
    return places, offset


def is_torn(tail: bytes) -> bool:
    """Whether ``tail`` is the beginning of a record whose rest was never written: it was not answered, so nothing is lost."""
    return tail[:4] == _MAGIC[: len(tail)] and _MAGIC not in tail[1:]


class _File:
    """One process's file. Threads share a flush: it covers whatever was written before it began."""

    def __init__(self, path: Path) -> None:
        self._descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
        self._written = self._flushed = 0
        self._flushing = threading.Lock()
        self._is_closed = False
        self.has_failed = False

    @property
    def is_usable(self) -> bool:
        """Not after a failure of its disk, nor once the drainer has deleted the file."""
        return not self.has_failed and os.fstat(self._descriptor).st_nlink > 0

    def write(self, data: bytes) -> int:
        """Append all of it, or nothing; returns how far to ``flush``."""
        end = self._written
        try:
            while data:
                count = os.write(self._descriptor, data)
                end += count
                data = data[count:]
        except OSError:
            self.has_failed = True
            os.ftruncate(self._descriptor, self._written)
            self.has_failed = False
            raise
        self._written = end
        return end

    def flush(self, target: int) -> None:
        """Return when the bytes up to ``target`` are on the disk."""
        with self._flushing:
            if self.has_failed:
                # After a failed flush the kernel takes the lost pages for written: the next one would succeed.
                raise OSError("an earlier write of this file failed")
            if self._flushed >= target or self._is_closed:
                return
            goal = self._written
            try:
                os.fsync(self._descriptor)
            except OSError:
                self.has_failed = True
                raise
            self._flushed = goal

    def close(self) -> None:
        """For good. Where it was deleted, its records are journaled, and who still waits for its flush need not."""
        with self._flushing:
            self._is_closed = True
            os.close(self._descriptor)


class Spool:
    """The spool in ``folder``, which is made, private, where it is missing. Any number of threads and processes of one machine may use it."""

    def __init__(self, folder: Path, max_bytes: int) -> None:
        self.folder = folder
        self.max_bytes = max_bytes
        self.stirred = threading.Event()  # something was appended here
        self._marker = folder / "waiting"
        self._gate = folder / "gate"
        self._lock = threading.Lock()
        self._file: _File | None = None
        self._rests_until = 0.0
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if folder.stat().st_mode & 0o077:
            log.warning("spool_open_to_others", folder=str(folder))

    def is_waiting(self) -> bool:
        """Whether anything waits: what arrives must go behind it."""
        return os.access(self._marker, os.F_OK)

    def append(self, record: Record, *, behind_others: bool = False) -> bool:
        """Put a record on the disk; True when it is there. With ``behind_others`` only if something waits still, else False.

        Raises:
            SpoolUnavailable: it is full, or the disk cannot be written. The record may be found in the spool nevertheless.
        """
        if monotonic_s() < self._rests_until:
            raise SpoolUnavailable("the spool could not be written a moment ago; see SPOOL_DIR")
        data = record.to_bytes()
        try:
            with self._entered(fcntl.LOCK_SH):
                if behind_others and not self.is_waiting():
                    return False
                with self._lock:
                    if self.size() + len(data) > self.max_bytes:
                        raise SpoolUnavailable("the spool is full; see SPOOL_MAX_BYTES")
                    file = self._writable()
                    target = file.write(data)
            file.flush(target)
        except OSError as error:
            self._rests_until = monotonic_s() + REST_S
            raise SpoolUnavailable(f"the spool cannot be written ({error.strerror or error}); see SPOOL_DIR") from error
        self.stirred.set()
        return True

    def _writable(self) -> _File:
        if self._file is not None and not self._file.is_usable:
            self._file.close()
            self._file = None
        if self._file is None:
            # The marker first: with the file alone, what arrives would not go behind it.
            os.close(os.open(self._marker, os.O_WRONLY | os.O_CREAT, 0o600))
            self._file = _File(self.folder / f"{uuid7().hex}.spool")
            self.flush_names()
        return self._file

    def has_room(self) -> bool:
        """Whether the next callback, as far as one can tell, can be put here."""
        return monotonic_s() >= self._rests_until and self.size() + settings.CALLBACK_MAX_BYTES < self.max_bytes

    def size(self, *kinds: str) -> int:
        """Bytes in the files of these kinds (see ``files``), or of all."""
        total = 0
        for path in self.files(*(kinds or ("spool", "failed"))):
            with suppress(FileNotFoundError):
                total += path.stat().st_size
        return total

    def files(self, *kinds: str) -> list[Path]:
        """The files of these kinds: ``spool`` waits, ``failed`` could not be replayed. One that is deleted meanwhile may be among them."""
        return [self.folder / found.name for found in os.scandir(self.folder) if found.name.rpartition(".")[2] in kinds]

    def set_aside(self, raw: bytes, name: str) -> Path:
        """Keep what could not be replayed as ``name``.failed. Doing it again changes nothing."""
        path = self.folder / f"{name}.failed"
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(raw)
            file.flush()
            os.fsync(file.fileno())
        self.flush_names()
        return path

    @contextmanager
    def closed(self) -> Iterator[None]:
        """Nobody appends inside the block; who wants to, waits."""
        with self._entered(fcntl.LOCK_EX):
            yield

    def clear(self) -> None:
        """Delete the files that waited, then the marker. Only while ``closed``, and when all is journaled."""
        for path in self.files("spool"):
            path.unlink()
        self._marker.unlink(missing_ok=True)
        self.flush_names()

    def flush_names(self) -> None:
        """Return when the folder's entries are on the disk."""
        descriptor = os.open(self.folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    @contextmanager
    def _entered(self, operation: int) -> Iterator[None]:
        # Opened each time: threads that share a descriptor share its lock.
        descriptor = os.open(self._gate, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, operation)
            yield
        finally:
            os.close(descriptor)


@lru_cache(maxsize=1)
def _opened(folder: str, max_bytes: int) -> Spool:
    return Spool(Path(folder), max_bytes)


def spooling() -> Spool | None:
    """This process's spool; None where ``SPOOL_DIR`` is empty."""
    folder = settings.SPOOL_DIR
    return _opened(folder, settings.SPOOL_MAX_BYTES) if folder else None
