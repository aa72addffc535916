"""The hot paths' pool: every parameter of the database's URL, and back at once after an outage."""

from __future__ import annotations

import time
from itertools import pairwise
from typing import Any

import psycopg
import pytest
from django.db import connections

from connector_platform import database
from connector_platform.database import DatabaseUnavailable, hot_pool, run


@pytest.fixture
def hot(transactional_db: None) -> Any:
    database.close_hot_pool()
    yield
    database.close_hot_pool()


def refuse(*args: Any, **kwargs: Any) -> Any:
    raise psycopg.OperationalError("connection refused")


def test_every_parameter_of_the_url_reaches_the_pool(hot: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """A certificate that is left out would make the hot paths fail where the pages work."""
    given = connections["default"].get_connection_params()
    more = {"sslmode": "verify-full", "sslrootcert": "/etc/ca.pem", "keepalives_idle": "5", "target_session_attrs": "read-write"}
    monkeypatch.setattr(connections["default"], "get_connection_params", lambda: {**given, **more})
    monkeypatch.setattr(psycopg.Connection, "connect", refuse)
    kwargs = hot_pool().kwargs
    assert isinstance(kwargs, dict)
    assert {name: kwargs[name] for name in more} == more
    assert kwargs["tcp_user_timeout"] == 2000  # not in the URL
    assert kwargs["autocommit"] is True
    assert kwargs["dbname"] == given["dbname"]


def test_a_statement_is_durable_by_itself(hot: None) -> None:
    run("CREATE TEMP TABLE IF NOT EXISTS nothing (x int)")
    with hot_pool().connection() as connection:
        assert connection.autocommit is True


def test_an_outage_is_answered_soon_and_over_as_soon_as_it_is_over(hot: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """The pool's own waits double up to minutes; nobody must wait for them after PostgreSQL is back."""
    # given: PostgreSQL is away for longer than the pool tries by itself
    run("SELECT 1")
    database.close_hot_pool()
    original = psycopg.Connection.connect
    attempts: list[float] = []

    def note(*args: Any, **kwargs: Any) -> Any:
        attempts.append(time.monotonic())
        return refuse()

    monkeypatch.setattr(psycopg.Connection, "connect", note)
    until = time.monotonic() + 7
    while time.monotonic() < until:
        started = time.monotonic()
        with pytest.raises(DatabaseUnavailable):
            run("SELECT 1")
        assert time.monotonic() - started < 4
    # when
    monkeypatch.setattr(psycopg.Connection, "connect", original)
    # then
    back = time.monotonic()
    while True:
        try:
            assert run("SELECT 1") == [(1,)]
            break
        except DatabaseUnavailable:
            assert time.monotonic() - back < 6
    assert max(later - earlier for earlier, later in pairwise(attempts)) < 4


def test_a_programming_error_is_not_taken_for_an_outage(hot: None) -> None:
    with pytest.raises(psycopg.errors.UndefinedTable):
        run("SELECT * FROM no_such_table")
