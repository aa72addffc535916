"""Child processes: started with a log file, stopped without leaving anything behind, restarted when they die."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from stack.errors import StackError

PR_SET_PDEATHSIG = 1  # linux/prctl.h
LOG_LIMIT_BYTES = 10 * 1024 * 1024

_prctl = ctypes.CDLL(None).prctl if sys.platform == "linux" else None

# The kernel sends the parent-death signal when the *thread* that forked ends. So one thread, which lives as long as this process, forks
# every child; else a child that a short-lived thread restarted would die with that thread.
_spawner = ThreadPoolExecutor(max_workers=1, thread_name_prefix="spawner")


def signal_on_parent_death(number: int) -> None:
    """Have the kernel send this process signal ``number`` when its parent ends, however it ends. Does nothing where there is no Linux."""
    if _prctl is not None:
        _prctl(PR_SET_PDEATHSIG, number)


def wait_until(predicate: Callable[[], bool], timeout_s: float, message: str | Callable[[], str], *, interval_s: float = 0.05) -> None:
    """Return as soon as ``predicate`` holds.

    Raises:
        StackError: it did not within ``timeout_s``; ``message`` says what was waited for.
    """
    deadline = time.monotonic() + timeout_s
    while not predicate():
        if time.monotonic() > deadline:
            raise StackError(message if isinstance(message, str) else message())
        time.sleep(interval_s)


@dataclass(frozen=True, slots=True)
class Account:
    """The operating system's account that a child runs under."""

    uid: int
    gid: int


class Service(Protocol):
    """What the supervisor watches."""

    @property
    def name(self) -> str: ...
    @property
    def pid(self) -> int | None: ...
    @property
    def exit_code(self) -> int | None: ...
    def is_running(self) -> bool: ...
    def start(self) -> None: ...
    def ask_to_stop(self) -> None: ...
    def stop(self) -> None: ...
    def kill9(self) -> None: ...


@dataclass
class ChildProcess:
    """One program, in a session and process group of its own, its output appended to ``log_path``.

    Ctrl-C in the terminal reaches only us: we stop the children in order. On Linux the kernel sends ``orphan_signal`` should we be killed.
    """

    name: str
    argv: Sequence[str]
    env: Mapping[str, str]
    log_path: Path
    cwd: Path
    account: Account | None = None  # None: our own
    stop_signal: signal.Signals = signal.SIGTERM
    orphan_signal: signal.Signals = signal.SIGTERM
    grace_s: float = 10.0  # between the stop signal and SIGKILL
    ready: Callable[[], bool] | None = None  # whether it does its work; None: as soon as it runs
    exit_code: int | None = field(default=None, init=False)  # of the last run; negative: the signal that ended it
    _popen: subprocess.Popen[bytes] | None = field(default=None, init=False, repr=False)
    _is_asked: bool = field(default=False, init=False, repr=False)  # some programs take a second stop signal as "at once"

    @property
    def pid(self) -> int | None:
        """The running process's id, or None."""
        return self._popen.pid if self._popen is not None and self.is_running() else None

    def start(self) -> None:
        """Start the program; does nothing while it runs.

        Raises:
            StackError: the program is missing or must not be executed.
        """
        if self.is_running():
            return
        self.exit_code = None
        self._is_asked = False
        _spawner.submit(self._spawn).result()

    def _spawn(self) -> None:
        parent = os.getpid()
        orphan_signal = int(self.orphan_signal)

        def in_child() -> None:
            # After the change of account: the kernel forgets the setting with the credentials.
            if _prctl is not None:
                _prctl(PR_SET_PDEATHSIG, orphan_signal)
                if os.getppid() != parent:
                    os._exit(1)

        self.log_path.parent.mkdir(parents=True, exist_ok=True)
        if self.log_path.exists() and self.log_path.stat().st_size > LOG_LIMIT_BYTES:
            self.log_path.replace(self.log_path.with_suffix(".log.1"))
        with self.log_path.open("ab") as log:
            try:
                self._popen = subprocess.Popen(
                    list(self.argv),
                    env=dict(self.env),
                    cwd=self.cwd,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=subprocess.STDOUT,
                    start_new_session=True,
                    preexec_fn=in_child,
                    user=self.account.uid if self.account else None,
                    group=self.account.gid if self.account else None,
                    extra_groups=[] if self.account else None,
                )
            except OSError as error:
                reason = f"{self.argv[0]}: {error.strerror}"
                raise StackError(f"Cannot start {self.name} ({reason}): run `make clean`, then `make run`.") from error

    def is_running(self) -> bool:
        """Whether the program runs. Noticing its end also ends what it left behind in its process group."""
        if self._popen is None:
            return False
        if self._popen.poll() is None:
            return True
        if self.exit_code is None:
            self.exit_code = self._popen.returncode
            self._signal_group(self._popen.pid, signal.SIGKILL)
        return False

    def send(self, number: signal.Signals) -> None:
        """Send a signal to the program itself, not to its group."""
        if self._popen is not None and self.is_running():
            self._popen.send_signal(number)

    def ask_to_stop(self) -> None:
        """Send the stop signal, once, and return at once."""
        _spawner.submit(lambda: None).result()  # a start that an interrupt cut short has finished now
        if not self._is_asked:
            self._is_asked = True
            self.send(self.stop_signal)

    def stop(self) -> None:
        """Ask the program to end, wait ``grace_s``, then kill its whole group. Returns when it is gone."""
        self.ask_to_stop()
        if self._popen is None:
            return
        try:
            self._popen.wait(self.grace_s)
        except subprocess.TimeoutExpired:
            self.kill9()
        self.is_running()

    def kill9(self) -> None:
        """Kill the program and its process group without warning, as the out-of-memory killer would. Returns when it is gone."""
        if self._popen is None or not self.is_running():
            return
        self._signal_group(self._popen.pid, signal.SIGKILL)
        self._popen.wait()
        self.is_running()

    def restart(self, timeout_s: float = 60) -> None:
        """Stop, start and wait until it is ready.

        Raises:
            StackError: it was not in time.
        """
        self.stop()
        self.start()
        self.wait_ready(timeout_s)

    def log_tail(self, lines: int = 15) -> str:
        """The end of the log file, for an error message."""
        if not self.log_path.exists():
            return ""
        return "\n".join(self.log_path.read_text(errors="replace").splitlines()[-lines:])

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Return as soon as it is ready.

        Raises:
            StackError: the program ended, or was not ready within ``timeout_s``; the message ends with its last output.
        """
        ended = False

        def ready_or_ended() -> bool:
            nonlocal ended
            ended = not self.is_running()
            return ended or self.ready is None or self.ready()

        wait_until(
            ready_or_ended,
            timeout_s,
            lambda: f"{self.name} was not ready within {timeout_s:g} s. Its log, {self.log_path}, ends with:\n{self.log_tail()}",
        )
        if ended:
            self.require_running()

    def require_running(self) -> None:
        """Return while it runs.

        Raises:
            StackError: it has ended; the message ends with its last output.
        """
        if not self.is_running():
            raise StackError(f"{self.name} ended {ending(self.exit_code)}. Its log, {self.log_path}, ends with:\n{self.log_tail()}")

    @staticmethod
    def _signal_group(group: int, number: signal.Signals) -> None:
        # Nobody left, or (macOS) only zombies: there is nothing to signal.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(group, number)


def ending(exit_code: int | None) -> str:
    """How a process ended, in words: ``with exit code 3``, ``by signal SIGKILL``."""
    if exit_code is None:
        return "for an unknown reason"
    if exit_code >= 0:
        return f"with exit code {exit_code}"
    try:
        return f"by signal {signal.Signals(-exit_code).name}"
    except ValueError:
        return f"by signal {-exit_code}"


def stop_all(services: Sequence[Service]) -> None:
    """Stop them at the same time; returns when all are gone."""
    for service in services:
        service.ask_to_stop()
    for service in services:
        service.stop()


@dataclass
class _Watch:
    failures: int = 0
    started_at: float = 0.0
    restart_at: float | None = None


class Supervisor:
    """Restarts services that died, waiting longer each time.

    Args:
        services: already started.
        say: receives one line for each death and each restart.
        clock: seconds that never go back.
    """

    FIRST_WAIT_S = 0.5
    LONGEST_WAIT_S = 30.0
    STEADY_AFTER_S = 60.0  # a service that ran this long starts again with the first wait

    def __init__(self, services: Sequence[Service], say: Callable[[str], None], *, clock: Callable[[], float] = time.monotonic) -> None:
        self.services = services
        self._say = say
        self._clock = clock
        self._watches = {service.name: _Watch(started_at=clock()) for service in services}

    def check(self) -> None:
        """Look at each service once: note the deaths, start those whose wait is over. Never blocks for a wait."""
        for service in self.services:
            watch, now = self._watches[service.name], self._clock()
            if watch.restart_at is not None:
                if now >= watch.restart_at:
                    self._restart(service, watch)
            elif not service.is_running():
                if now - watch.started_at >= self.STEADY_AFTER_S:
                    watch.failures = 0
                self._schedule(service, watch, f"ended {ending(service.exit_code)}")

    def _restart(self, service: Service, watch: _Watch) -> None:
        watch.restart_at = None
        watch.started_at = self._clock()
        try:
            service.start()
        except StackError as error:
            self._schedule(service, watch, f"could not be started: {error}")
        else:
            self._say(f"{service.name} was started again (pid {service.pid}).")

    def _schedule(self, service: Service, watch: _Watch, what: str) -> None:
        wait_s = min(self.LONGEST_WAIT_S, self.FIRST_WAIT_S * 2**watch.failures)
        watch.failures += 1
        watch.restart_at = self._clock() + wait_s
        self._say(f"{service.name} {what}; starting it again in {wait_s:g} s.")
