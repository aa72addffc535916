"""PostgreSQL going away and coming back, and the spool meanwhile."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import psycopg
import pytest

from connector_platform import database, wsgi
from connector_platform.database import DatabaseUnavailable
from tests.support.stack import wait_until
from tests.webhooks_app.world import Answered, World, lp_headers, meta_body, meta_headers, said, send, webhook_body
from webhooks_app.spool import Record, Spool, find_places, read_record, spooling
from webhooks_app.spool_drainer import Keeper


class Outage:
    """New connections are refused and the old ones are gone from ``begin`` to ``end``. The keeper takes its turns when it is told to."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
        spool = spooling()
        assert spool is not None
        self.world = world
        self.spool: Spool = spool
        self.keeper = Keeper(spool)
        self._monkeypatch = monkeypatch
        self._connect = psycopg.Connection.connect
        self.refused = 0
        monkeypatch.setattr(database, "WAIT_S", 0.2)
        monkeypatch.setattr(database, "_away", False)

    def begin(self) -> None:
        def refuse(*args: Any, **kwargs: Any) -> Any:
            self.refused += 1
            raise psycopg.OperationalError("connection refused")

        database.close_hot_pool()
        self._monkeypatch.setattr(psycopg.Connection, "connect", refuse)

    def end(self) -> None:
        self._monkeypatch.setattr(psycopg.Connection, "connect", self._connect)
        database.close_hot_pool()

    def end_and_drain(self) -> None:
        """Until a keeper finds PostgreSQL back and has emptied the spool."""
        self.end()

        def drained() -> bool:
            try:
                self.keeper.turn()
            except DatabaseUnavailable:
                return False
            return not self.spool.is_waiting()

        wait_until(drained, 30, "the spool should be emptied")

    def consumer_says(self, text: str, mid: str = "", **to: Any) -> Answered:
        body = meta_body(said(text, mid or f"mid-{text}", **to))
        return send(wsgi.application, self.world.callback_path(), body, meta_headers(body))

    def liveperson_says(self, *changes: Any) -> Answered:
        body = webhook_body(*changes)
        return send(wsgi.application, f"/webhooks/liveperson/{self.world.app.id}", body, lp_headers(body, self.world.app))

    def texts(self, direction: str = "i") -> list[str]:
        """What the journal holds, in its order."""
        return [event.content["text"] for event in self.world.events(direction=direction, kind="text")]

    def names(self, kind: str) -> list[str]:
        return sorted(path.name for path in self.spool.files(kind))


def records(spool: Spool) -> list[Record]:
    """All that waits, in the order of the files."""
    return [read_record(place.raw()) for path in sorted(spool.files("spool")) for place in find_places(path, 0)[0]]


def cut(path: Path, size: int) -> None:
    """Leave away the last ``size`` bytes of a file."""
    path.write_bytes(path.read_bytes()[:-size])
