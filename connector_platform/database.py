"""The PostgreSQL pool of the hot paths: receive, lanes, journal. Autocommit, so one statement is one durable round trip.

The ORM has its own connections; nothing here depends on Django's request cycle.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import psycopg
from django.db import connections
from psycopg_pool import ConnectionPool, PoolTimeout

from connector_platform.core.errors import ConnectorError

Value = TypeVar("Value")

_POOL: ConnectionPool[psycopg.Connection[Any]] | None = None
_LOCK = threading.Lock()
_away = False
_DJANGO_ONLY = ("context", "cursor_factory", "prepare_threshold")

_PLANNED_ONCE = "-c plan_cache_mode=force_generic_plan"
"""Planning a hot statement takes longer than running it, and every plan is the same: a few rows by their keys. PostgreSQL would plan the first
ten on each connection anew."""

_NOTICES_LOSS = {"tcp_user_timeout": 2000, "keepalives_idle": 1, "keepalives_interval": 1, "keepalives_count": 2}
"""When PostgreSQL's machine is gone without a word, the kernel gives its connections up after 2 s (ms, s, s), not after a quarter of an hour.
DATABASE_URL may say otherwise; Unix sockets need none of it."""

WAIT_S = 2.0
"""How long a caller waits for a connection. LivePerson gives an answer 5 s, and may disable an app whose answers take over 2.5 s."""
GIVE_UP_S = 2.0
"""How long the pool tries by itself to replace a lost connection, with growing waits; then the next caller makes it try at once. The pool's
own default, five minutes, leaves waits of over a minute after a long outage has ended."""


class DatabaseUnavailable(ConnectorError):
    """PostgreSQL did not answer; the sender is asked to come back."""

    code = "database_unavailable"


def hot_pool() -> ConnectionPool[psycopg.Connection[Any]]:
    """The process's pool of autocommit connections to the default database (the test database under test)."""
    global _POOL
    with _LOCK:
        if _POOL is None or _POOL.closed:
            parameters = connections["default"].get_connection_params()
            kwargs = {name: value for name, value in parameters.items() if name not in _DJANGO_ONLY and value not in (None, "")}
            _POOL = ConnectionPool(
                kwargs={
                    **_NOTICES_LOSS,
                    **kwargs,
                    "autocommit": True,
                    "prepare_threshold": 0,
                    "options": f"{kwargs.get('options', '')} {_PLANNED_ONCE}".strip(),
                },
                min_size=1,
                max_size=48,
                timeout=WAIT_S,
                reconnect_timeout=GIVE_UP_S,
                open=True,
                name="hot",
            )
        return _POOL


def close_hot_pool() -> None:
    """Close every connection of the pool; the next use opens a new one (needed before a test database is dropped, and after a fork)."""
    global _POOL
    with _LOCK:
        if _POOL is not None:
            _POOL.close(timeout=2)
            _POOL = None


def is_away() -> bool:
    """Whether PostgreSQL could not be reached when this process last tried."""
    return _away


def retried(work: Callable[[], Value]) -> Value:
    """What ``work`` returns, which may safely run twice: after a restart of PostgreSQL dead connections are replaced and it is tried again.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    global _away
    for attempt in (1, 2):
        try:
            result = work()
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            if attempt == 2 or isinstance(error, PoolTimeout):
                _away = True
                raise DatabaseUnavailable("PostgreSQL cannot be reached; see DATABASE_URL") from error
            hot_pool().check()
        else:
            _away = False
            return result
    raise AssertionError("the second attempt returns or raises")


def run(query: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Any]:
    """The rows of one statement that may safely run twice.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """

    def execute() -> list[Any]:
        with hot_pool().connection() as connection:
            cursor = connection.execute(query, parameters)
            # Not ``description``: it builds an object for each column.
            return cursor.fetchall() if cursor.pgresult is not None and cursor.pgresult.nfields else []

    return retried(execute)
