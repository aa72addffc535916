"""Replaying the spool into the journal once PostgreSQL is back: the oldest first, many at a time, and none lost or passed by.

Replaying again changes nothing, since the journal knows what it has by its source id: a drainer that dies is followed by one that begins anew.
"""

from __future__ import annotations

import fcntl
import os
import threading
import uuid
from collections import defaultdict, deque
from collections.abc import Callable, Sequence
from functools import lru_cache, partial
from itertools import chain
from pathlib import Path
from typing import TypeVar

import psycopg
import structlog

from channels_app.selectors import configs
from channels_app.selectors.configs import LivePersonConfig
from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import ChatState
from connector_platform.database import DatabaseUnavailable, is_away, run
from connector_platform.liveperson.notifications import Notification, parse_notification
from connector_platform.observability.metrics import SPOOL_BYTES, SPOOLED
from webhooks_app.journal import Entry
from webhooks_app.receive import (
    entries_of,
    find_liveperson_app,
    find_owner,
    keep_unreadable,
    keep_unreadable_parts,
    store_entries,
    store_notifications,
)
from webhooks_app.spool import LIVEPERSON, Place, Record, Spool, find_places, is_torn, read_record, spooling

LOOK_S = 0.5
"""How often a keeper looks whether PostgreSQL is back, and for what dead processes left."""
SAVE_S = 30.0
"""How often the configurations are saved for an outage."""
BATCH = 200
BATCH_BYTES = 4 * 1024**2
"""Records replayed together: a commit each would take longer than the outage where flushes are slow."""

_OF_THE_DATA = ("21", "22", "23")  # SQLSTATE classes: cardinality, data, integrity

Item = TypeVar("Item")

log = structlog.get_logger(__name__)


class Drainer:
    """Empties a spool. One at a time: see ``Keeper``."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._ends: dict[Path, int] = {}
        self._due: deque[Place] = deque()

    def drain(self) -> int:
        """Replay everything and open the direct way again; how many records there were. What is not replayed yet stays due.

        Raises:
            DatabaseUnavailable, psycopg.Error: PostgreSQL is away, or cannot write at present. OSError: the disk fails.
        """
        count = 0
        while True:
            self._look()
            count += self._replay_due()
            # Meanwhile more may have come. With the gate closed nobody adds any; who arrives waits for one batch at most.
            with self._spool.closed():
                self._look()
                if len(self._due) <= BATCH:
                    count += self._replay_due()
                    self._keep_tails()
                    self._spool.clear()
                    self._ends.clear()
                    return count

    def _look(self) -> None:
        """Find the records that were appended since the last look."""
        found: list[Place] = []
        for path in self._spool.files("spool"):
            places, self._ends[path] = find_places(path, self._ends.get(path, 0))
            found += places
        if found:
            # Sorted, for a callback that waited for PostgreSQL before it was spooled came earlier than those before it in the file.
            self._due = deque(sorted(chain(self._due, found)))

    def _replay_due(self) -> int:
        count = 0
        while self._due:
            batch = self._next_batch()
            self._replay(batch)
            for _ in batch:
                self._due.popleft()
            count += len(batch)
        return count

    def _next_batch(self) -> list[Place]:
        batch: list[Place] = []
        size = 0
        for place in self._due:
            size += place.length
            if batch and (size > BATCH_BYTES or len(batch) == BATCH):
                break
            batch.append(place)
        return batch

    def _replay(self, places: Sequence[Place]) -> None:
        callbacks: dict[str, list[tuple[Place, list[Entry]]]] = defaultdict(list)
        webhooks: dict[uuid.UUID, list[tuple[Place, list[Notification]]]] = defaultdict(list)
        apps: dict[uuid.UUID, LivePersonConfig] = {}
        for place in places:
            try:
                record = read_record(place.raw())
                if record.source == LIVEPERSON:
                    app, notifications = _read_webhook(record)
                    apps[app.id] = app
                    webhooks[app.id].append((place, notifications))
                else:
                    callbacks[record.source].append((place, _read_callback(record)))
            except Exception as error:
                self._set_aside_unless_passing(place, error)
        for slug, items in callbacks.items():
            self._write(items, partial(store_entries, slug))
        for app_id, found in webhooks.items():
            self._write(found, partial(store_notifications, apps[app_id]))

    def _write(self, items: Sequence[tuple[Place, list[Item]]], store: Callable[[list[Item]], object]) -> None:
        """``store`` everything at once or, where that fails, each record by itself, so that one bad record does not stop the others."""
        try:
            store([item for _, found in items for item in found])
        except Exception as error:
            if len(items) == 1 or _is_passing(error):
                self._set_aside_unless_passing(items[0][0], error)
            else:
                for item in items:
                    self._write([item], store)
            return
        SPOOLED.labels("replayed").inc(len(items))

    def _set_aside_unless_passing(self, place: Place, error: Exception) -> None:
        if _is_passing(error):
            raise error
        path = self._spool.set_aside(place.raw(), f"{place.path.stem}-{place.offset}")
        SPOOLED.labels("failed").inc()
        # Never the error's text: it may quote a consumer's words.
        log.error("spooled_callback_failed", reason=type(error).__name__, code=getattr(error, "code", ""), kept_in=str(path))

    def _keep_tails(self) -> None:
        """What no record begins with: a record that its process did not live to finish was not answered; damage is kept for a person."""
        for path, end in self._ends.items():
            with path.open("rb") as file:
                file.seek(end)
                tail = file.read()
            if tail and is_torn(tail):
                log.info("spooled_callback_torn", file=path.name, size=len(tail))
            elif tail:
                SPOOLED.labels("failed").inc()
                log.error("spool_damaged", file=path.name, kept_in=str(self._spool.set_aside(tail, f"{path.stem}-{end}")))


def _is_passing(error: Exception) -> bool:
    """Whether PostgreSQL or the disk is to blame, and not what was to be written."""
    if isinstance(error, psycopg.Error):
        return not isinstance(error, psycopg.DataError) and (error.sqlstate or "")[:2] not in _OF_THE_DATA
    return isinstance(error, DatabaseUnavailable | OSError)


def _read_callback(record: Record) -> list[Entry]:
    """The events of a vendor's callback, verified by the clock of its arrival."""
    owner = find_owner(record)
    owner.provider.verify(record.request, owner.config, now=record.received_at)
    try:
        parsed = owner.provider.parse(record.request, owner.config)
    except PayloadMalformed as error:
        keep_unreadable(record, error.message)
        return []
    return entries_of(owner, parsed, received_at=record.received_at)


def _read_webhook(record: Record) -> tuple[LivePersonConfig, list[Notification]]:
    """The notifications of LivePerson's webhook. Without chat states: who typed then does not type now."""
    app = find_liveperson_app(record)
    try:
        parsed = parse_notification(record.request.body)
    except PayloadMalformed as error:
        keep_unreadable(record, error.message, app=app)
        return app, []
    keep_unreadable_parts(record, app, parsed)
    return app, [one for one in parsed.notifications if not isinstance(one.content, ChatState)]


class Keeper:
    """Looks after the spool in a thread of each web process: finds out when PostgreSQL is back and, in one process of the machine, drains.

    The kernel's lock chooses that one, and frees it when the process dies.
    """

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._drainer = Drainer(spool)
        self._lock: int | None = None
        self._save_at_s = 0.0
        self._is_new = True

    def start(self) -> None:
        threading.Thread(target=self._run, name="spool-keeper", daemon=True).start()

    def close(self) -> None:
        """Let another keeper be chosen."""
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    def turn(self) -> None:
        """Do what is to do now.

        Raises:
            DatabaseUnavailable, psycopg.Error: PostgreSQL is away, or cannot write at present. OSError: the disk fails.
        """
        has_work = self.is_chosen() and (self._spool.is_waiting() or bool(self._spool.files("spool")))
        if has_work or is_away() or self._is_new:
            # The gate is not closed in vain, and the rest of the process learns how things are.
            self._is_new = False
            run("SELECT 1")
        if has_work:
            try:
                log.info("spool_drained", records=self._drainer.drain())
            except OSError:
                self._drainer = Drainer(self._spool)  # what it knows of the files may be wrong
                raise
        if self.is_chosen() and monotonic_s() >= self._save_at_s:
            configs.save_for_outages()
            self._save_at_s = monotonic_s() + SAVE_S

    def is_chosen(self) -> bool:
        """Whether this is the machine's one keeper that drains; it stays so until it is closed."""
        if self._lock is None:
            descriptor = os.open(self._spool.folder / "drainer", os.O_RDWR | os.O_CREAT, 0o600)
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                os.close(descriptor)
            else:
                self._lock = descriptor
        return self._lock is not None

    def _run(self) -> None:
        trouble = ""
        while True:
            try:
                self.turn()
            except Exception as error:
                # Whatever it is, the next turn tries again: nothing else would ever empty the spool.
                if type(error).__name__ != trouble:
                    trouble = type(error).__name__
                    log.error("spool_waits", reason=trouble)
            else:
                trouble = ""
            self._spool.stirred.wait(LOOK_S)
            self._spool.stirred.clear()


@lru_cache(maxsize=1)
def start_keeper() -> None:
    """Start this web process's keeper, where ``SPOOL_DIR`` is set.

    Raises:
        OSError: the folder cannot be made.
    """
    spool = spooling()
    if spool is not None:
        for kind in ("spool", "failed"):
            SPOOL_BYTES.labels(kind).set_function(partial(spool.size, kind))
        Keeper(spool).start()
