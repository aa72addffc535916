from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from stack.errors import StackError
from stack.processes import ChildProcess, Supervisor, ending, wait_until

STUBBORN = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(60)"


def child(tmp_path: Path, code: str, **options: object) -> ChildProcess:
    return ChildProcess(
        name="child",
        argv=[sys.executable, "-c", code],
        env=dict(os.environ),
        log_path=tmp_path / "logs" / "child.log",
        cwd=tmp_path,
        **options,  # type: ignore[arg-type]
    )


def gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def wait_for_log(process: ChildProcess, word: str) -> None:
    wait_until(lambda: word in process.log_tail(), 10, f"{word} never appeared in the log")


def test_output_goes_to_the_log_and_the_exit_code_is_kept(tmp_path: Path) -> None:
    process = child(tmp_path, "import sys; print('hello'); sys.exit(3)")
    process.start()
    wait_until(lambda: not process.is_running(), 10, "still runs")
    assert (process.exit_code, process.pid, process.log_tail()) == (3, None, "hello")


def test_a_process_that_ignores_the_stop_signal_is_killed_after_its_grace(tmp_path: Path) -> None:
    process = child(tmp_path, STUBBORN, grace_s=0.3)
    process.start()
    wait_for_log(process, "up")
    process.stop()
    assert process.exit_code == -signal.SIGKILL


def test_stop_is_asked_only_once(tmp_path: Path) -> None:
    code = (
        "import signal, sys, time\n"
        "def count(*_): print('asked', flush=True); time.sleep(0.5); sys.exit(0)\n"
        "signal.signal(signal.SIGTERM, count); print('up', flush=True); time.sleep(60)"
    )
    process = child(tmp_path, code)
    process.start()
    wait_for_log(process, "up")
    process.ask_to_stop()
    process.stop()
    assert process.log_tail().count("asked") == 1
    assert process.exit_code == 0


@pytest.mark.parametrize("end", ["stop", "kill9", "crash"])
def test_what_a_process_started_ends_with_it(tmp_path: Path, end: str) -> None:
    code = (
        "import subprocess, sys, time\n"
        "print(subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']).pid, flush=True)\n"
        "time.sleep(60)"
    )
    process = child(tmp_path, code)
    process.start()
    wait_until(lambda: process.log_tail().isdecimal(), 10, "no grandchild")
    grandchild, pid = int(process.log_tail()), process.pid
    assert pid is not None
    if end == "crash":
        os.kill(pid, signal.SIGKILL)
        wait_until(lambda: not process.is_running(), 10, "still runs")
    else:
        getattr(process, end)()
    wait_until(lambda: gone(grandchild), 10, "the grandchild lives on")


def test_a_missing_program_is_one_sentence(tmp_path: Path) -> None:
    process = ChildProcess(name="web", argv=["/nowhere/python"], env={}, log_path=tmp_path / "web.log", cwd=tmp_path)
    with pytest.raises(StackError, match=r"Cannot start web \(/nowhere/python: No such file or directory\)"):
        process.start()


def test_waiting_for_a_process_that_ended_shows_the_end_of_its_log(tmp_path: Path) -> None:
    process = child(tmp_path, "import sys; print('no such table'); sys.exit(2)", ready=lambda: False)
    process.start()
    with pytest.raises(StackError, match=r"child ended with exit code 2\.(.|\n)*no such table"):
        process.wait_ready(10)


def test_waiting_too_long_shows_the_end_of_the_log(tmp_path: Path) -> None:
    process = child(tmp_path, STUBBORN, ready=lambda: False)
    process.start()
    try:
        wait_for_log(process, "up")
        with pytest.raises(StackError, match=r"not ready within 0\.1 s(.|\n)*up"):
            process.wait_ready(0.1)
    finally:
        process.kill9()


def test_a_child_started_by_a_short_lived_thread_outlives_the_thread(tmp_path: Path) -> None:
    process = child(tmp_path, "import time; time.sleep(60)")
    thread = threading.Thread(target=process.start)
    thread.start()
    thread.join()
    time.sleep(0.3)
    try:
        assert process.is_running()
    finally:
        process.kill9()


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_children_end_when_their_parent_is_killed(tmp_path: Path) -> None:
    parent_code = f"""
import os, sys, time
from pathlib import Path
from stack.processes import ChildProcess
child = ChildProcess(name="child", argv=[sys.executable, "-c", "import time; time.sleep(60)"], env=dict(os.environ),
                     log_path=Path({str(tmp_path / "child.log")!r}), cwd=Path("/"))
child.start()
print(child.pid, flush=True)
time.sleep(60)
"""
    parent = subprocess.Popen([sys.executable, "-c", parent_code], stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2])
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    parent.kill()
    parent.communicate()
    wait_until(lambda: gone(pid), 10, "the child lives on")


class FakeService:
    name = "fake"
    exit_code: int | None = -9

    def __init__(self) -> None:
        self.runs = True
        self.starts = 0
        self.pid: int | None = 7
        self.fails_to_start = False

    def is_running(self) -> bool:
        return self.runs

    def start(self) -> None:
        self.starts += 1
        if self.fails_to_start:
            raise StackError("no binary")
        self.runs = True

    def ask_to_stop(self) -> None: ...
    def stop(self) -> None: ...
    def kill9(self) -> None: ...


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_dead_service_is_restarted_with_growing_waits_and_a_line_each() -> None:
    service, clock, lines = FakeService(), Clock(), list[str]()
    supervisor = Supervisor([service], lines.append, clock=clock)
    supervisor.check()
    assert lines == []
    for wait_s in (0.5, 1, 2, 4, 8, 16, 30, 30):
        service.runs = False
        supervisor.check()
        assert lines.pop() == f"fake ended by signal SIGKILL; starting it again in {wait_s:g} s."
        clock.now += wait_s - 0.01
        supervisor.check()
        assert not service.runs
        clock.now += 0.02
        supervisor.check()
        assert service.runs
        assert lines.pop() == "fake was started again (pid 7)."
    clock.now += 60.5
    service.runs = False
    supervisor.check()
    assert lines.pop().endswith("again in 0.5 s.")


def test_a_service_that_cannot_be_started_is_tried_again() -> None:
    service, clock, lines = FakeService(), Clock(), list[str]()
    supervisor = Supervisor([service], lines.append, clock=clock)
    service.runs, service.fails_to_start = False, True
    supervisor.check()
    clock.now += 0.6
    supervisor.check()
    assert lines[-1] == "fake could not be started: no binary; starting it again in 1 s."
    service.fails_to_start = False
    clock.now += 1.1
    supervisor.check()
    assert service.runs


@pytest.mark.parametrize(
    ("code", "words"), [(0, "with exit code 0"), (-15, "by signal SIGTERM"), (-200, "by signal 200"), (None, "for an unknown reason")]
)
def test_endings_in_words(code: int | None, words: str) -> None:
    assert ending(code) == words
