"""`make run`: everything on this machine, started in order, watched, and stopped together."""

from __future__ import annotations

import os
import shutil
import signal
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.markup import escape

from stack import demo, parts
from stack.backing import Backing
from stack.errors import StackError
from stack.keys import Keys, as_lines, load_or_create, write_private
from stack.lock import DirectoryLock
from stack.parts import Layout
from stack.ports import require_free
from stack.processes import ChildProcess, Service, Supervisor, signal_on_parent_death, stop_all, wait_until

OPERATOR = "operator"
WATCH_INTERVAL_S = 0.2


class StopRequested(BaseException):
    """Ctrl-C, or a signal that asks us to end. Not an ``Exception``: nothing on the way may take it for an error."""


class Reporter:
    """Progress for the person at the terminal; plain lines where there is none."""

    def __init__(self) -> None:
        self.console = Console(highlight=False, soft_wrap=True)
        self._errors = Console(highlight=False, soft_wrap=True, stderr=True)

    @contextmanager
    def step(self, doing: str, done: str) -> Iterator[None]:
        """A spinner while the block runs, then a line that says how long it took."""
        started = time.monotonic()
        if self.console.is_terminal:
            with self.console.status(f"{escape(doing)} …"):
                yield
        else:
            yield
        self.console.print(f"[green]✓[/] {escape(done)} [dim]({time.monotonic() - started:.1f} s)[/]")

    def line(self, text: str) -> None:
        """A dated line of what happened while all runs."""
        self.console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {escape(text)}")

    def trouble(self, text: str) -> None:
        """What went wrong, in red."""
        self._errors.print(f"[red]✗[/] {escape(text)}")


class LocalStack:
    """All of the platform on this machine, with its demo.

    Args:
        inherited: the environment that settings, DATABASE_URL and REDIS_URL are read from.
    """

    def __init__(self, layout: Layout, reporter: Reporter, inherited: Mapping[str, str]) -> None:
        self.layout = layout
        self.reporter = reporter
        self._inherited = inherited
        self._lock = DirectoryLock(layout.data_dir)
        self._backing: Backing | None = None
        self._parts: list[ChildProcess] = []
        self._demo: demo.Demo | None = None
        self._told_sandbox: int | None = None  # the pid of the sandbox that knows the demo's lines

    def run(self, should_stop: Callable[[], bool]) -> None:
        """Start everything, say where it is, and watch it until ``should_stop``. Whatever happens, nothing is left running.

        Raises:
            StackError: it could not be started.
        """
        make_data_dir(self.layout.data_dir)
        self._lock.acquire()
        try:
            require_free(self.layout.host, self.layout.port, "PORT")
            require_free("127.0.0.1", self.layout.sandbox_port, "SANDBOX_PORT")
            keys = load_keys(self.layout.data_dir)
            self._start(keys)
            self._welcome(keys)
            self._watch(keys, should_stop)
        finally:
            ignore_signals_but_for_haste(self._kill)
            self._stop()
            self._lock.release()

    def _start(self, keys: Keys) -> None:
        step, layout = self.reporter.step, self.layout
        backing = self._backing = Backing(
            layout.data_dir, keys, database_url=self._inherited.get("DATABASE_URL", ""), redis_url=self._inherited.get("REDIS_URL", "")
        )
        with step("Starting PostgreSQL and Redis", f"{backing.describe()} are ready"):
            backing.start()
        env = parts.environment(layout, keys, database_url=backing.database_url, redis_url=backing.redis_url, inherited=self._inherited)
        write_private(layout.data_dir / "environment", as_lines({name: env[name] for name in _SHOWN if name in env}))
        self._sandbox = parts.sandbox(layout, env)
        self._web = parts.web(layout, env)
        self._add(self._sandbox)
        with step("Preparing the database", "The database is prepared"):
            parts.migrate(layout, env)
        workers = parts.workers(layout, env)
        for part in (self._web, *workers, parts.sweeper(layout, env)):
            self._add(part)
        noun = "worker" if len(workers) == 1 else "workers"
        with step("Starting web server, workers, sweeper and sandbox", f"Web server, {len(workers)} {noun}, sweeper and sandbox are ready"):
            with ThreadPoolExecutor(2) as pool:
                tasks = [
                    pool.submit(parts.ensure_operator, layout, env, username=OPERATOR, password=keys["OPERATOR_PASSWORD"]),
                    pool.submit(parts.ensure_api_key, layout, env, name="demo", key=keys["PLATFORM_API_KEY"]),
                ]
            for task in tasks:
                task.result()
            self._sandbox.wait_ready()
            self._web.wait_ready()
            wait_until(self._is_ready, 60, f"The platform is not ready: ask {layout.web_url}/health/ready why, and see {layout.logs}.")
        try:
            with step("Setting up the demo brand", "The demo brand is set up"):
                self._demo = demo.provision(demo.PlatformApi(layout.web_url, keys["PLATFORM_API_KEY"]), keys, layout.sandbox_url)
                self._tell_sandbox(self._demo, keys)
        except StackError as error:
            # The rest is of use without it: somebody may have given the demo's number to a channel of their own.
            self.reporter.trouble(f"The demo brand could not be set up. {error}")

    def _add(self, part: ChildProcess) -> None:
        self._parts.append(part)  # before the start: an interrupt in between must find it
        part.start()

    def _is_ready(self) -> bool:
        for part in self._parts:
            part.require_running()
        return parts.web_is_ready(self.layout)

    def _tell_sandbox(self, known: demo.Demo, keys: Keys) -> None:
        pid = self._sandbox.pid
        demo.register(known, keys, demo.SandboxControl(self.layout.sandbox_url))
        self._told_sandbox = pid

    def _welcome(self, keys: Keys) -> None:
        sandbox = f"http://localhost:{self.layout.sandbox_port}"
        platform = self._inherited.get("PUBLIC_URL") or f"http://localhost:{self.layout.port}"
        self.reporter.console.print()
        for what, where in (
            ("Platform", platform),
            ("Operators' pages", f"{platform}/admin/"),
            ("", f"user name {OPERATOR}, password {keys['OPERATOR_PASSWORD']}"),
            ("Sandbox", f"{sandbox}/demo"),
            ("Logs", str(self.layout.logs)),
        ):
            self.reporter.console.print(f"[bold]{what:<18}[/]{escape(where)}")
        self.reporter.console.print("\nReady. Ctrl-C stops everything and keeps the data.")

    def _watch(self, keys: Keys, should_stop: Callable[[], bool]) -> None:
        supervisor = Supervisor(self._services(), self.reporter.line)
        while not should_stop():
            supervisor.check()
            if self._demo is not None and self._sandbox.pid not in (None, self._told_sandbox) and parts.sandbox_is_up(self.layout):
                try:
                    self._tell_sandbox(self._demo, keys)
                except StackError as error:
                    self.reporter.line(f"The sandbox could not be told about the demo brand: {error}")
                else:
                    self.reporter.line("The sandbox knows the demo brand again.")
            time.sleep(WATCH_INTERVAL_S)

    def _services(self) -> list[Service]:
        return [*(self._backing.services if self._backing else ()), *self._parts]

    def _stop(self) -> None:
        if not any(service.is_running() for service in self._services()):
            self._stop_all()
            return
        with self.reporter.step("Stopping", "Everything is stopped"):
            self._stop_all()

    def _stop_all(self) -> None:
        """The parts before what they stand on. Also tidies up after what has ended by itself."""
        stop_all(self._parts)
        if self._backing:
            stop_all(self._backing.services)

    def _kill(self) -> None:
        for service in self._services():
            service.kill9()


# What `set -a; . .data/environment` needs to run manage.py beside a running copy.
_SHOWN = (
    "DATABASE_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "ENCRYPTION_KEYS",
    "PUBLIC_URL",
    "DEBUG",
    "ALLOWED_HOSTS",
    "HTTP_ALLOWED_ORIGINS",
    "PROVIDER_API_BASES",
    "SANDBOX_URL",
    "DJANGO_SETTINGS_MODULE",
)


def make_data_dir(folder: Path) -> None:
    """Make the data directory, private; under root, others may pass through to the cluster of the account that PostgreSQL runs under.

    Raises:
        StackError: it cannot be made or written.
    """
    try:
        folder.mkdir(mode=0o711 if os.geteuid() == 0 else 0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StackError(f"Cannot make the data directory {folder} ({error.strerror}): choose another with DATA_DIR.") from error
    if not os.access(folder, os.W_OK | os.X_OK):
        raise StackError(f"Cannot write to the data directory {folder}: choose another with DATA_DIR.")


def load_keys(data_dir: Path) -> Keys:
    """The installation's keys, made the first time.

    Raises:
        StackError: there is a database, but the keys that its secrets are encrypted with are gone.
    """
    path = data_dir / "secrets.env"
    if not path.exists() and ((data_dir / "postgres" / "cluster").exists() or (data_dir / "postgres" / "elsewhere").exists()):
        raise StackError(f"{data_dir} has a database but not its keys, {path.name}: put that file back, or start afresh with `make clean`.")
    return load_or_create(path)


def clean(data_dir: Path, reporter: Reporter) -> None:
    """Delete the data directory and what the embedded PostgreSQL keeps elsewhere.

    Raises:
        StackError: a running copy uses it.
    """
    if not data_dir.exists():
        return
    if any(data_dir.iterdir()) and not (data_dir / "lock").exists():
        raise StackError(f"{data_dir} was not made by `make run`: delete it yourself, or correct DATA_DIR.")
    lock = DirectoryLock(data_dir)
    lock.acquire()
    try:
        Backing(data_dir, Keys({"REDIS_PASSWORD": ""})).destroy()
        shutil.rmtree(data_dir)
    finally:
        lock.release()
    reporter.line(f"{data_dir} is deleted.")


def ignore_signals_but_for_haste(kill: Callable[[], None]) -> None:
    """From now on a second Ctrl-C or SIGTERM kills what still runs, instead of interrupting the stopping of it."""
    if threading.current_thread() is not threading.main_thread():
        return

    def haste(_number: int, _frame: FrameType | None) -> None:
        kill()

    for number in _STOP_SIGNALS:
        signal.signal(number, haste)


_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def _install_signals() -> None:
    def stop(_number: int, _frame: FrameType | None) -> None:
        raise StopRequested

    for number in _STOP_SIGNALS:
        # A shell starts background commands with SIGINT ignored; it stops us all the same. `nohup` ignores SIGHUP, and means it.
        if number != signal.SIGHUP or signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, stop)


def _parent_watch(inherited: Mapping[str, str]) -> Callable[[], bool]:
    """Whether `make`, if it started us, was killed: then nobody is left to stop us."""
    if "MAKELEVEL" not in inherited:
        return lambda: False
    signal_on_parent_death(signal.SIGTERM)
    parent = os.getppid()
    return lambda: os.getppid() != parent


def main(layout: Layout) -> int:
    """Run until stopped; returns the exit code."""
    reporter = Reporter()
    _install_signals()
    try:
        LocalStack(layout, reporter, os.environ).run(_parent_watch(os.environ))
    except StopRequested:
        return 0
    except StackError as error:
        reporter.trouble(str(error))
        return 1
    return 0


def clean_main(data_dir: Path) -> int:
    """Delete the data; returns the exit code."""
    reporter = Reporter()
    try:
        clean(data_dir, reporter)
    except StackError as error:
        reporter.trouble(str(error))
        return 1
    return 0
