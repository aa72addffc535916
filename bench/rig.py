"""A PostgreSQL, a Redis and the platform's processes for one measurement: own ports, own directory, everything gone afterwards."""

from __future__ import annotations

import dataclasses
import os
import tempfile
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import Any, LiteralString, Self

import psycopg

from bench import machine
from bench.slow_disk import SlowDiskPostgres, compile_library
from stack import keys, parts
from stack.demo import PlatformApi
from stack.parts import Layout
from stack.ports import free_port
from stack.postgres import EmbeddedPostgres
from stack.processes import ChildProcess, stop_all
from stack.redis import EmbeddedRedis

DATABASE = "connector"
PAGE_ID = "100000000000001"
ACCOUNT_ID = "12345678"


@dataclasses.dataclass(frozen=True, slots=True)
class Line:
    """What was set up: one Messenger channel that leads to one LivePerson app."""

    channel_id: str
    callback_path: str
    app_secret: str


class Rig:
    """What a measurement stands on. Use it as a context manager; leaving it stops everything and deletes the data.

    Args:
        fsync_ms: how much longer PostgreSQL's flushes are to take than this machine's disk needs; 0 leaves them alone.
        settings: environment variables of the platform's parts.
    """

    def __init__(self, *, fsync_ms: float = 0.0, **settings: str) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="connector-bench-")
        self._library_folder: tempfile.TemporaryDirectory[str] | None = None
        data_dir = Path(self._folder.name)
        web, far_side = free_port(), free_port()
        while far_side == web:
            far_side = free_port()
        self.layout = Layout(data_dir=data_dir, port=web, sandbox_port=far_side)
        self.keys = keys.load_or_create(data_dir / "secrets.env")
        self.postgres = self._postgres(data_dir, fsync_ms)
        self.redis = EmbeddedRedis(data_dir / "redis", password=self.keys["REDIS_PASSWORD"], log_path=data_dir / "logs" / "redis.log")
        self._settings = settings
        self._children: list[ChildProcess] = []
        self.env: dict[str, str] = {}

    def _postgres(self, data_dir: Path, fsync_ms: float) -> EmbeddedPostgres:
        log_path = data_dir / "logs" / "postgres.log"
        if fsync_ms <= 0:
            return EmbeddedPostgres(data_dir / "postgres", database=DATABASE, log_path=log_path)
        self._library_folder = tempfile.TemporaryDirectory(prefix="connector-bench-library-")
        folder = Path(self._library_folder.name)
        folder.chmod(0o755)  # PostgreSQL's account reads the library
        slow = SlowDiskPostgres(data_dir / "postgres", database=DATABASE, log_path=log_path)
        slow.library, slow.fsync_ms = compile_library(folder), fsync_ms
        return slow

    def __enter__(self) -> Self:
        try:
            self.postgres.start()
            self.redis.start()
            self.postgres.wait_ready()
            self.redis.wait_ready()
            self.env = self.environment(DATABASE, redis_database=0)
            parts.migrate(self.layout, self.env)
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        stop_all(self._children)
        self.redis.stop()
        self.postgres.destroy()
        self._folder.cleanup()
        if self._library_folder is not None:
            self._library_folder.cleanup()

    def environment(self, database: str, *, redis_database: int, **fixed: str) -> dict[str, str]:
        """What a process is started with that works on this rig's ``database``. As in production: nothing of DEBUG."""
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")}
        return parts.environment(
            self.layout,
            self.keys,
            database_url=self.postgres.url_for(database),
            redis_url=self.redis.url.rsplit("/", 1)[0] + f"/{redis_database}",
            inherited=inherited,
            **{"DEBUG": "0", **self._settings, **fixed},
        )

    # -- processes

    def start(self, child: ChildProcess) -> ChildProcess:
        """Start a process that this rig stops at its end, and return when it is ready."""
        self._children.append(child)
        child.start()
        child.wait_ready()
        return child

    def stop(self, child: ChildProcess) -> None:
        """Stop it now."""
        child.stop()
        self._children.remove(child)

    def web(self, name: str = "web", application: str = "", env: dict[str, str] | None = None) -> tuple[ChildProcess, int]:
        """A web server with the options of `make run`, and its port. ``application`` takes the place of the platform's."""
        port = free_port() if application else self.layout.port
        layout = dataclasses.replace(self.layout, port=port)
        child = parts.web(layout, env or self.env)
        argv = [application if application and part.endswith(".wsgi:application") else part for part in child.argv]
        child = dataclasses.replace(child, name=name, argv=argv, log_path=self.layout.logs / f"{name}.log")
        return self.start(child), port

    def worker(self) -> ChildProcess:
        """A Celery worker as `make run` starts it."""
        return self.start(parts.worker(self.layout, self.env))

    def python(
        self,
        name: str,
        arguments: Sequence[str],
        *,
        env: dict[str, str] | None = None,
        ready: Callable[[], bool] | None = None,
    ) -> ChildProcess:
        """``python <arguments>``, started."""
        like = parts.worker(self.layout, env or self.env)
        log_path = self.layout.logs / f"{name}.log"
        return self.start(dataclasses.replace(like, name=name, argv=[like.argv[0], *arguments], log_path=log_path, ready=ready))

    # -- what was written

    def connect(self, database: str = DATABASE) -> psycopg.Connection[Any]:
        """A connection of our own, in autocommit."""
        return psycopg.connect(self.postgres.url_for(database), autocommit=True)

    def count(self, query: LiteralString, database: str = DATABASE) -> int:
        """The single number that ``query`` gives."""
        with self.connect(database) as connection:
            row = connection.execute(query).fetchone()
        return int(row[0]) if row else 0

    def postgres_cpu_s(self) -> float:
        return machine.cpu_s(self.postgres.pid)

    def redis_cpu_s(self) -> float:
        return machine.cpu_s(self.redis.pid)

    # -- a brand with one channel

    def provision(self, name: str = "bench", *, page_id: str = PAGE_ID) -> Line:
        """A brand with a LivePerson app and a Messenger channel, through the platform's own API; the web server must run."""
        api = self._api
        secret = self.keys.derive("messenger app_secret")
        brand = api.ensure("brands/", {"slug": name}, {"name": name.title()})
        liveperson_app = api.ensure(
            "liveperson-apps/",
            {"brand": brand["id"], "name": "Bench"},
            {
                "account_id": ACCOUNT_ID,
                "client_id": name,
                "client_secret": self.keys.derive("liveperson client_secret"),
                "domain_api": self.layout.sandbox_url,
            },
        )
        credentials = {"app_id": "200000000000002", "app_secret": secret, "verify_token": self.keys.derive("verify_token")}
        provider_app = api.ensure("provider-apps/", {"provider": "messenger", "name": "Bench"}, {"config": credentials})
        channel = api.ensure(
            "channels/",
            {"brand": brand["id"], "name": "Bench", "provider": "messenger"},
            {
                "provider_app": provider_app["id"],
                "liveperson_app": liveperson_app["id"],
                "config": {"page_id": page_id, "page_access_token": self.keys.derive("page_access_token")},
            },
        )
        return Line(channel["id"], f"/callbacks/messenger/apps/{provider_app['id']}", secret)

    @cached_property
    def _api(self) -> PlatformApi:
        """The platform's API, with a key that is made at the first use."""
        key = self.keys["PLATFORM_API_KEY"]
        parts.ensure_api_key(self.layout, self.env, name="bench", key=key)
        return PlatformApi(self.layout.web_url, key)

    def log_tails(self) -> str:
        """The ends of all logs, for an error message."""
        tails = []
        with suppress(OSError):
            for path in sorted(self.layout.logs.glob("*.log")):
                tails.append(f"{path.name}:\n" + "\n".join(path.read_text(errors="replace").splitlines()[-10:]))
        return "\n".join(tails)
