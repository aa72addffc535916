"""Servers that somebody else runs: are they there, and do they let us in? Asked before anything is started."""

from __future__ import annotations

from urllib.parse import urlsplit

import psycopg
import redis
from psycopg.conninfo import conninfo_to_dict
from redis.backoff import NoBackoff
from redis.retry import Retry

from stack.errors import StackError

OLDEST_POSTGRES = 14  # Django 5.2's


def check_database(url: str) -> None:
    """Return if the PostgreSQL that DATABASE_URL names answers.

    Raises:
        StackError: it does not; the sentence says which server, why, and what to do. It never holds the password.
    """
    if urlsplit(url).scheme not in ("postgres", "postgresql"):
        raise StackError(
            "DATABASE_URL is not PostgreSQL's: set it to postgresql://user:password@host:port/name, "
            "or unset it to use the embedded PostgreSQL."
        )
    try:
        parts = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        raise StackError(
            "DATABASE_URL cannot be read: set it to postgresql://user:password@host:port/name (special characters percent-encoded), "
            "or unset it to use the embedded PostgreSQL."
        ) from error
    where = f"{parts.get('host') or 'localhost'}:{parts.get('port') or 5432}/{parts.get('dbname') or ''}"
    try:
        with psycopg.connect(url, connect_timeout=5) as connection:
            version = connection.info.server_version // 10_000
    except psycopg.Error as error:
        raise StackError(
            f"Cannot reach the PostgreSQL that DATABASE_URL names, {where} ({_reason(error)}): start it, correct DATABASE_URL, "
            "or unset it to use the embedded PostgreSQL."
        ) from error
    if version < OLDEST_POSTGRES:
        raise StackError(
            f"The PostgreSQL that DATABASE_URL names, {where}, is version {version}: {OLDEST_POSTGRES} or newer is needed, "
            "or unset DATABASE_URL to use the embedded PostgreSQL."
        )


def check_redis(url: str) -> None:
    """Return if the Redis that REDIS_URL names answers.

    Raises:
        StackError: it does not; the sentence says which server, why, and what to do. It never holds the password.
    """
    parts = urlsplit(url)
    if parts.scheme == "redis+socket":  # kombu's name for what redis-py calls unix
        url, where = f"unix://{parts.path}", parts.path
    elif parts.scheme in ("redis", "rediss"):
        try:
            where = f"{parts.hostname or 'localhost'}:{parts.port or 6379}"
        except ValueError as error:
            raise StackError("REDIS_URL has a port that is no number: set it to redis://host:port/database.") from error
    else:
        raise StackError("REDIS_URL is not Redis's: set it to redis://host:port/database, or unset it to use the embedded Redis.")
    try:
        client = redis.Redis.from_url(url, socket_connect_timeout=5, socket_timeout=5, retry=Retry(NoBackoff(), 0))
        try:
            client.ping()
        finally:
            client.close()
    except (redis.RedisError, ValueError) as error:
        raise StackError(
            f"Cannot reach the Redis that REDIS_URL names, {where} ({_reason(error)}): start it, correct REDIS_URL, "
            "or unset it to use the embedded Redis."
        ) from error


def _reason(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[0].rstrip(".") if lines else type(error).__name__
