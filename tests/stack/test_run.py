"""`python -m stack run` with a stand-in for the platform: its life, its deaths, and that nothing is left running."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from stack.parts import session, status_of
from stack.ports import free_port
from tests.support.stack import wait_until

REPOSITORY = Path(__file__).parents[2]
STANDIN = Path(__file__).parent / "standin"
DRIVER = (
    "import sys; from pathlib import Path; from stack.parts import Layout; from stack.run import main; "
    "sys.exit(main(Layout(root=Path(sys.argv[1]), data_dir=Path(sys.argv[2]), port=int(sys.argv[3]), sandbox_port=int(sys.argv[4]))))"
)

TOLD = [
    "/control/lines/instagram/17841400000000091",
    "/control/lines/whatsapp/300000000000001",
    "/control/lines/plivo/15550120",
    "/control/lines/vonage/15550110",
    "/control/lines/vonage/whatsapp:15550113",
    "/control/lines/vonage/rcs:AcmeShoes",
    "/control/lines/bird/+15550102",
    "/control/lines/bird/+15550103",
    "/control/lines/infobip/+15550101",
    "/control/accounts/12345678/apps/demo-connector",
    "/control/lines/messenger/100000000000001",
    "/control/lines/sms_gateway/+15550100",
    "/control/lines/telegram/6123456789",
    "/control/lines/twilio/+15550111",
    "/control/lines/twilio/whatsapp:+15550112",
]
"""What the sandbox is told about the demo brand at each start."""


def ignore_sigint() -> None:
    """As a shell without job control does to its background commands."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _command(process: psutil.Process) -> str:
    """The command line; empty for a helper that has just ended."""
    try:
        return " ".join(process.cmdline())
    except (psutil.ZombieProcess, psutil.NoSuchProcess):
        return ""


class Copy:
    """One `make run`, as a process."""

    def __init__(self, data_dir: Path, port: int, sandbox_port: int, ignores_sigint: bool = False, **env: str) -> None:
        self.data_dir, self.port, self.sandbox_port = data_dir, port, sandbox_port
        self.record = data_dir.with_name(data_dir.name + "-record.txt")
        inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "TMPDIR")}
        self.output = data_dir.with_name(data_dir.name + "-output.txt")
        with self.output.open("w") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-c", DRIVER, str(STANDIN), str(data_dir), str(port), str(sandbox_port)],
                env={**inherited, "STANDIN_RECORD": str(self.record), "PYTHONPATH": str(REPOSITORY), **env},
                cwd=REPOSITORY,
                stdout=output,
                stderr=subprocess.STDOUT,
                preexec_fn=ignore_sigint if ignores_sigint else None,
            )

    def says(self) -> str:
        return self.output.read_text()

    def wait_ready(self) -> None:
        def ready() -> bool:
            assert self.process.poll() is None, self.says()
            return "Ready." in self.says()

        wait_until(ready, 60, "not ready")

    def descendants(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def named(self, *words: str) -> psutil.Process:
        """The direct child whose command line has all of ``words``: a moment later where it is just being started."""

        def found() -> psutil.Process | None:
            children = psutil.Process(self.process.pid).children()
            return next((p for p in children if all(word in _command(p) for word in words)), None)

        return wait_until(found, 30, f"there is no {words}; {self.says()}")

    def stop(self, number: signal.Signals = signal.SIGINT) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(40)

    def told(self) -> list[str]:
        with session() as local:
            found: list[str] = local.get(f"http://127.0.0.1:{self.sandbox_port}/", timeout=5).json()
            return found


Start = Callable[..., Copy]


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Start]:
    tmp_path.chmod(0o755)
    copies: list[Copy] = []

    def begin(name: str = "data", **options: str | bool | int) -> Copy:
        port, sandbox_port = int(options.pop("port", 0) or free_port()), free_port()
        copies.append(Copy(tmp_path / name, port, sandbox_port, **options))  # type: ignore[arg-type]
        return copies[-1]

    yield begin
    for copy in copies:
        copy.stop()
    for folder in {copy.data_dir for copy in copies if copy.data_dir.exists()}:
        clean = [sys.executable, "-m", "stack", "clean", "--data-dir", str(folder)]
        subprocess.run(clean, cwd=REPOSITORY, check=True, capture_output=True)


def all_gone(processes: list[psutil.Process]) -> bool:
    return not any(p.is_running() and p.status() != psutil.STATUS_ZOMBIE for p in processes)


def test_it_starts_says_where_it_is_and_keeps_its_data_for_the_next_run(start: Start) -> None:
    first = start()
    first.wait_ready()
    said = first.says()
    password = re.search(r"user name operator, password (\w+)", said)
    assert password
    assert "PostgreSQL (embedded) and Redis (embedded) are ready" in said
    assert f"http://localhost:{first.port}/admin/" in said
    assert f"http://localhost:{first.sandbox_port}/demo" in said
    asked = first.record.read_text().splitlines()
    assert asked[0] == "migrate --noinput --verbosity 0"
    assert set(asked[1:]) >= {"sweeper", f"ensure_operator --username operator {password[1]}"}
    assert sorted(first.told()) == sorted(TOLD)
    assert first.stop() == 0
    secrets = (first.data_dir / "secrets.env").read_text()
    second = start(port=first.port)
    second.wait_ready()
    assert password[1] in second.says()
    assert (first.data_dir / "secrets.env").read_text() == secrets
    assert second.stop() == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_stopping_leaves_no_process(start: Start, number: signal.Signals) -> None:
    copy = start()
    copy.wait_ready()
    processes = copy.descendants()
    assert len(processes) > 6  # with PostgreSQL's own
    assert copy.stop(number) == 0
    assert all_gone(processes)
    assert "Everything is stopped" in copy.says()
    note = copy.data_dir / "postgres" / "socket-directory"
    assert not note.exists()


def test_stopping_in_the_background_where_the_shell_ignores_sigint(start: Start) -> None:
    copy = start(ignores_sigint=True)
    copy.wait_ready()
    assert copy.stop(signal.SIGINT) == 0


def test_stopping_while_it_starts_leaves_no_process(start: Start) -> None:
    copy = start()
    wait_until(lambda: len(copy.descendants()) > 1, 30, "nothing started")
    processes = copy.descendants()
    assert copy.stop(signal.SIGINT) == 0
    wait_until(lambda: all_gone(processes), 10, "something is left")


@pytest.mark.skipif(sys.platform != "linux", reason="the kernel's parent-death signal is Linux's")
def test_kill_9_leaves_no_process_and_the_next_run_starts(start: Start) -> None:
    copy = start()
    copy.wait_ready()
    processes = copy.descendants()
    copy.stop(signal.SIGKILL)
    wait_until(lambda: all_gone(processes), 30, "something is left")
    again = start(port=copy.port)
    again.wait_ready()
    assert again.stop() == 0


def test_whatever_dies_is_started_again_and_a_line_says_so(start: Start) -> None:
    copy = start()
    copy.wait_ready()
    victims = {
        "PostgreSQL": ("bin/postgres", "-D"),
        "Redis": ("redis-server",),
        "web": ("granian",),
        "worker 1": ("celery",),
        "sweeper": ("sweeper",),
        "sandbox": ("-m sandbox",),
    }
    for victim in [copy.named(*words) for words in victims.values()]:
        victim.kill()
    for name in victims:
        wait_until(lambda name=name: f"{name} was started again (pid" in copy.says(), 30, f"{name} was not started again")  # type: ignore[misc]
        assert f"{name} ended by signal SIGKILL; starting it again in 0.5 s." in copy.says()
    wait_until(lambda: "The sandbox knows the demo brand again." in copy.says(), 30, "the sandbox was not told")
    assert sorted(copy.told()) == sorted(TOLD)
    wait_until(lambda: status_of(f"http://127.0.0.1:{copy.port}/health/ready") == 200, 30, "not ready again")
    assert copy.stop() == 0


def test_two_copies_side_by_side(start: Start) -> None:
    one, two = start("one"), start("two")
    one.wait_ready()
    two.wait_ready()
    assert (one.stop(), two.stop()) == (0, 0)


def test_a_second_copy_on_the_same_data_is_refused(start: Start) -> None:
    one = start()
    one.wait_ready()
    two = subprocess.run(
        [sys.executable, "-m", "stack", "run", "--data-dir", str(one.data_dir), "--port", str(free_port())],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert two.returncode == 1
    assert two.stderr.startswith(f"✗ Another copy (pid {one.process.pid}) uses ")
    assert one.process.poll() is None


def test_a_taken_port_is_one_sentence_and_a_failure(start: Start) -> None:
    with socket.create_server(("127.0.0.1", free_port())) as server:
        port = server.getsockname()[1]
        copy = start(port=port)
        assert copy.process.wait(30) == 1
        sentence = f"Port {port} is taken by another program: stop it, or choose another, such as `PORT={port + 1} make run`."
        assert copy.says() == f"✗ {sentence}\n"


def test_an_unreachable_database_is_one_sentence_and_a_failure(start: Start) -> None:
    port = free_port()
    copy = start(DATABASE_URL=f"postgresql://user:s3cret@127.0.0.1:{port}/x")
    assert copy.process.wait(30) == 1
    assert len(copy.says().splitlines()) == 1
    assert f"Cannot reach the PostgreSQL that DATABASE_URL names, 127.0.0.1:{port}/x" in copy.says()
    assert "s3cret" not in copy.says()


def test_external_servers_are_used_where_they_are_named(start: Start) -> None:
    copy = start(DATABASE_URL=os.environ["DATABASE_URL"], REDIS_URL=os.environ["REDIS_URL"])
    copy.wait_ready()
    assert "PostgreSQL (external) and Redis (external) are ready" in copy.says()
    assert not [p for p in copy.descendants() if p.name().startswith(("postgres", "redis"))]
    assert copy.stop() == 0


def test_a_failed_migration_stops_everything_and_shows_why(start: Start) -> None:
    copy = start(STANDIN_FAILS="migrate")
    assert copy.process.wait(60) == 1
    assert "`manage.py migrate` ended with exit code 1" in copy.says()
    assert "relation is in the way" in copy.says()
    assert "Everything is stopped" in copy.says()


def test_lost_keys_beside_a_database_are_not_replaced(start: Start) -> None:
    copy = start()
    copy.wait_ready()
    copy.stop()
    secrets = copy.data_dir / "secrets.env"
    secrets.rename(secrets.with_suffix(".away"))
    again = start()
    assert again.process.wait(30) == 1
    assert "has a database but not its keys, secrets.env: put that file back" in again.says()
    assert not secrets.exists()
