"""The PostgreSQL and the Redis that the platform stands on: embedded ones, or those that DATABASE_URL and REDIS_URL name."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from stack.errors import StackError
from stack.external import check_database, check_redis
from stack.keys import Keys
from stack.postgres import EmbeddedPostgres
from stack.processes import Service, stop_all
from stack.redis import EmbeddedRedis

DATABASE = "connector"


class Backing:
    """Both servers. ``postgres`` and ``redis`` are None where somebody else runs them.

    Args:
        data_dir: where the embedded ones keep what they have.
        postgres_settings: beside or instead of ``stack.postgres.SETTINGS``.
    """

    def __init__(
        self,
        data_dir: Path,
        keys: Keys,
        *,
        database_url: str = "",
        redis_url: str = "",
        postgres_settings: Mapping[str, str] | None = None,
    ) -> None:
        self._external_database, self._external_redis = database_url, redis_url
        self.postgres = (
            None
            if database_url
            else EmbeddedPostgres(
                data_dir / "postgres", database=DATABASE, log_path=data_dir / "logs" / "postgres.log", settings=postgres_settings
            )
        )
        self.redis = (
            None
            if redis_url
            else EmbeddedRedis(data_dir / "redis", password=keys["REDIS_PASSWORD"], log_path=data_dir / "logs" / "redis.log")
        )

    @property
    def database_url(self) -> str:
        return self.postgres.url if self.postgres else self._external_database

    @property
    def redis_url(self) -> str:
        return self.redis.url if self.redis else self._external_redis

    @property
    def services(self) -> list[Service]:
        """Those that run here."""
        return [service for service in (self.postgres, self.redis) if service is not None]

    def start(self) -> None:
        """Start what is to run here and return when both answer.

        Raises:
            StackError: one does not.
        """
        if self._external_database:
            check_database(self._external_database)
        if self._external_redis:
            check_redis(self._external_redis)
        for service in self.services:
            service.start()
        if self.postgres:
            self.postgres.wait_ready()
        if self.redis:
            self.redis.wait_ready()

    def describe(self) -> str:
        """Which they are, in words."""
        names = [f"{name} ({'embedded' if ours else 'external'})" for name, ours in (("PostgreSQL", self.postgres), ("Redis", self.redis))]
        return " and ".join(names)

    def stop(self) -> None:
        """Stop what runs here."""
        stop_all(self.services)

    def destroy(self) -> None:
        """Stop, and delete the cluster.

        Raises:
            StackError: the database is somebody else's.
        """
        self.stop()
        if self.postgres is None:
            raise StackError("The database that DATABASE_URL names is not ours to delete.")
        self.postgres.destroy()
