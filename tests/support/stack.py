"""The whole platform as processes of its own, for end-to-end tests: the code of `make run`, with its own servers, ports and directory."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TypeVar

from stack import demo, keys, parts
from stack.backing import Backing
from stack.demo import Demo, PlatformApi, SandboxControl
from stack.parts import Layout
from stack.ports import free_port
from stack.postgres import EmbeddedPostgres
from stack.processes import ChildProcess, stop_all
from stack.processes import wait_until as wait_for_truth
from stack.redis import EmbeddedRedis
from tests.support.prepared import OPERATOR, CopiedPostgres, environment, prepare, prepared

Value = TypeVar("Value")


class LiveStack:
    """Web server, workers, sweeper and sandbox over a PostgreSQL and a Redis of their own.

    Each part has ``kill9()``, ``stop()``, ``start()``, ``restart()``, ``is_running()``, ``pid`` and ``log_tail()``; nothing restarts what a
    test killed. Use it as a context manager: leaving it stops everything and deletes the data.

    Args:
        workers: Celery worker processes.
        settings: environment variables of the platform's parts (``LEASE_S``, ``RETRY_SCALE`` ...).
        sandbox_options: further arguments of ``python -m sandbox``, such as ``("--time-scale", "0.01")``.
        with_demo: set up the demo brand (``self.demo``) and register its lines at the sandbox.
        durable: PostgreSQL flushes each commit, as in production.
        from_nothing: make the database, the operator and the API key here, as the first `make run` does, instead of copying those that were
            made once for all stacks of the test session.
    """

    web: ChildProcess
    workers: list[ChildProcess]
    sweeper: ChildProcess
    sandbox: ChildProcess
    demo: Demo
    api: PlatformApi
    control: SandboxControl
    env: dict[str, str]

    def __init__(
        self,
        *,
        workers: int = 1,
        settings: Mapping[str, str] | None = None,
        sandbox_options: Sequence[str] = (),
        with_demo: bool = True,
        durable: bool = True,
        from_nothing: bool = False,
    ) -> None:
        original = None if from_nothing else prepared()
        self._from_nothing = from_nothing
        self._folder = tempfile.TemporaryDirectory(prefix="connector-live-")
        self._settings = dict(settings or {})
        self._sandbox_options = sandbox_options
        self._with_demo = with_demo
        port = free_port()
        sandbox_port = free_port()
        while sandbox_port == port:
            sandbox_port = free_port()
        self.layout = Layout(data_dir=Path(self._folder.name), port=port, sandbox_port=sandbox_port, workers=workers)
        secrets = self.layout.data_dir / "secrets.env"
        if original is not None:
            shutil.copy(original.secrets, secrets)
        self.keys = keys.load_or_create(secrets)
        postgres_settings = {} if durable else {"fsync": "off"}
        self.backing = Backing(self.layout.data_dir, self.keys, postgres_settings=postgres_settings)
        if original is not None:
            self.backing.postgres = CopiedPostgres(original.cluster, self.layout.data_dir, settings=postgres_settings)
        assert self.backing.postgres is not None
        assert self.backing.redis is not None
        self.postgres: EmbeddedPostgres = self.backing.postgres
        self.redis: EmbeddedRedis = self.backing.redis
        self._parts: list[ChildProcess] = []

    @property
    def web_url(self) -> str:
        return self.layout.web_url

    @property
    def sandbox_url(self) -> str:
        return self.layout.sandbox_url

    @property
    def operator(self) -> tuple[str, str]:
        """User name and password for the operators' pages."""
        return OPERATOR, self.keys["OPERATOR_PASSWORD"]

    def start(self) -> LiveStack:
        """Start everything and return when the platform says that it is ready.

        Raises:
            StackError: something did not start; everything is stopped again.
        """
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def _start(self) -> None:
        layout = self.layout
        self.backing.start()
        self.env = environment(layout, self.keys, self.backing, self._settings)
        self.sandbox = parts.sandbox(layout, self.env, *self._sandbox_options)
        self.web = parts.web(layout, self.env)
        self.workers = parts.workers(layout, self.env)
        self.sweeper = parts.sweeper(layout, self.env)
        self._parts = [self.sandbox, self.web, *self.workers, self.sweeper]
        self.sandbox.start()
        if self._from_nothing:
            parts.migrate(layout, self.env)
        for part in self._parts:
            part.start()
        if self._from_nothing:
            prepare(layout, self.keys, self.env)
        self.sandbox.wait_ready()
        self.web.wait_ready()
        self.api = PlatformApi(self.web_url, self.keys["PLATFORM_API_KEY"])
        self.control = SandboxControl(self.sandbox_url)
        self.wait_ready()
        if self._with_demo:
            self.demo = demo.provision(self.api, self.keys, self.sandbox_url)
            demo.register(self.demo, self.keys, self.control)

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Return when ``/health/ready`` answers 200."""

        def ready() -> bool:
            for part in self._parts:
                part.require_running()
            return parts.web_is_ready(self.layout)

        wait_for_truth(ready, timeout_s, lambda: f"the platform is not ready; the web server's log ends with:\n{self.web.log_tail()}")

    def stop(self) -> None:
        """Stop everything and delete the data."""
        stop_all(self._parts)
        self.backing.destroy()
        self._folder.cleanup()

    def logs(self) -> str:
        """Everything that every part has written, for tests that look for secrets."""
        return "\n".join(path.read_text(errors="replace") for path in sorted(self.layout.logs.glob("*.log")))

    def __enter__(self) -> LiveStack:
        return self.start()

    def __exit__(self, *_: object) -> None:
        self.stop()


def wait_until(probe: Callable[[], Value], timeout_s: float, message: str, *, interval_s: float = 0.05) -> Value:
    """The first true value of ``probe``.

    Raises:
        AssertionError: there was none within ``timeout_s``; it says ``message`` and the last value.
    """
    deadline = time.monotonic() + timeout_s
    while True:
        value = probe()
        if value:
            return value
        if time.monotonic() > deadline:
            raise AssertionError(f"{message} (not within {timeout_s:g} s; last: {value!r})")
        time.sleep(interval_s)
