"""The platform's own processes: how each is started, and the environment that all of them are given."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import requests

from stack.channels import api_bases
from stack.errors import StackError
from stack.keys import Keys
from stack.processes import ChildProcess, ending

ROOT = Path(__file__).resolve().parent.parent
LOOPBACK = ("127.0.0.1", "localhost", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Where one copy of the platform lives on this machine."""

    data_dir: Path
    root: Path = ROOT  # the checkout whose code is run
    host: str = "127.0.0.1"
    port: int = 8000
    sandbox_port: int = 8800
    workers: int = 1  # Celery worker processes; each drains DRAIN_THREADS lanes at a time

    @property
    def web_url(self) -> str:
        """Where this machine reaches the web server."""
        host = "127.0.0.1" if self.host in ("0.0.0.0", "localhost") else self.host  # noqa: S104  compared, not bound
        return f"http://{f'[{host}]' if ':' in host else host}:{self.port}"

    @property
    def sandbox_url(self) -> str:
        """Where this machine reaches the sandbox."""
        return f"http://127.0.0.1:{self.sandbox_port}"

    @property
    def logs(self) -> Path:
        return self.data_dir / "logs"


def environment(
    layout: Layout, keys: Keys, *, database_url: str, redis_url: str, inherited: Mapping[str, str] | None = None, **fixed: str
) -> dict[str, str]:
    """What every part of the platform is started with.

    Settings in ``inherited`` (this process's environment unless told otherwise) win over the defaults made here, except the addresses
    of what is started here. ``fixed`` wins over everything.
    """
    inherited = os.environ if inherited is None else inherited
    sandbox = f"http://localhost:{layout.sandbox_port}"
    public_url = inherited.get("PUBLIC_URL") or f"http://localhost:{layout.port}"
    hosts = ["localhost", "127.0.0.1", "[::1]", urlsplit(public_url).hostname or ""] if layout.host in LOOPBACK else ["*"]
    defaults = {
        "DEBUG": "1",
        "SECRET_KEY": keys["SECRET_KEY"],
        "ENCRYPTION_KEYS": keys["ENCRYPTION_KEYS"],
        "PUBLIC_URL": public_url,
        "ALLOWED_HOSTS": ",".join(dict.fromkeys(filter(None, hosts))),
        "SANDBOX_URL": sandbox,
        "PLATFORM_URL": f"http://localhost:{layout.port}",  # the sandbox's pages lead back to it
        "HTTP_ALLOWED_ORIGINS": f"{layout.sandbox_url},{sandbox}",
        "PROVIDER_API_BASES": api_bases(layout.sandbox_url),
        "SPOOL_DIR": str(layout.data_dir.resolve() / "spool"),
    }
    return {
        **defaults,
        **{name: value for name, value in inherited.items() if value or name not in defaults},
        "DATABASE_URL": database_url,
        "REDIS_URL": redis_url,
        "DJANGO_SETTINGS_MODULE": "connector_platform.settings",
        "PYTHONUNBUFFERED": "1",
        **fixed,
    }


def _python(
    name: str,
    arguments: Sequence[str],
    layout: Layout,
    env: Mapping[str, str],
    *,
    grace_s: float = 10,
    ready: Callable[[], bool] | None = None,
) -> ChildProcess:
    argv = [sys.executable, *arguments]
    log_path = layout.logs / f"{name.replace(' ', '-')}.log"
    return ChildProcess(name=name, argv=argv, env=env, log_path=log_path, cwd=layout.root, grace_s=grace_s, ready=ready)


def web(layout: Layout, env: Mapping[str, str]) -> ChildProcess:
    """The web server: one process, 16 threads (4 saturate the interpreter on a fast disk, 16 where a commit takes 1 ms)."""
    options = ["--interface", "wsgi", "--host", layout.host, "--port", str(layout.port), "--workers", "1", "--blocking-threads", "16"]
    limits = ["--respawn-failed-workers", "--workers-kill-timeout", "5", "--no-ws"]
    command = ["-m", "granian", *options, *limits, "connector_platform.wsgi:application"]
    return _python("web", command, layout, env, ready=lambda: web_is_up(layout))


def worker(layout: Layout, env: Mapping[str, str], number: int = 1) -> ChildProcess:
    """A Celery worker. The sending threads live inside it (DRAIN_THREADS); ``-c 4`` is for tasks."""
    options = ["-P", "threads", "-c", "4", "--without-gossip", "--without-mingle", "-l", "INFO", "-n", f"worker{number}@%h"]
    # A call in flight may take HTTP_TIMEOUT_S; the lease covers what is cut off.
    return _python(f"worker {number}", ["-m", "celery", "-A", "connector_platform", "worker", *options], layout, env, grace_s=20)


def sweeper(layout: Layout, env: Mapping[str, str]) -> ChildProcess:
    """The process that finds what was lost and deletes what is old."""
    return _python("sweeper", ["manage.py", "sweeper"], layout, env)


def sandbox(layout: Layout, env: Mapping[str, str], *options: str) -> ChildProcess:
    """The far sides: LivePerson and the messaging platforms, emulated."""
    command = ["-m", "sandbox", "--port", str(layout.sandbox_port), *options]
    return _python("sandbox", command, layout, env, grace_s=5, ready=lambda: sandbox_is_up(layout))


def workers(layout: Layout, env: Mapping[str, str]) -> list[ChildProcess]:
    """As many workers as the layout says."""
    return [worker(layout, env, number) for number in range(1, layout.workers + 1)]


def manage(arguments: Sequence[str], env: Mapping[str, str], *, root: Path = ROOT, timeout_s: float = 300) -> str:
    """Run one of Django's commands to its end; returns its output.

    Raises:
        StackError: it failed or took longer than ``timeout_s``; the message ends with its output.
    """
    command = [sys.executable, "manage.py", *arguments]
    try:
        run = subprocess.run(
            command,
            env=dict(env),
            cwd=root,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=timeout_s,
            check=False,
            start_new_session=True,
        )
    except subprocess.TimeoutExpired as error:
        raise StackError(f"`manage.py {arguments[0]}` did not end within {timeout_s:g} s: is the database busy or locked?") from error
    if run.returncode != 0:
        tail = "\n".join(run.stdout.strip().splitlines()[-15:])
        raise StackError(f"`manage.py {arguments[0]}` ended {ending(run.returncode)}; put right what it says and start again:\n{tail}")
    return run.stdout


def migrate(layout: Layout, env: Mapping[str, str]) -> None:
    """Bring the database's tables up to date."""
    manage(["migrate", "--noinput", "--verbosity", "0"], env, root=layout.root)


def ensure_operator(layout: Layout, env: Mapping[str, str], *, username: str, password: str) -> None:
    """See to it that somebody can log in. The password goes by the environment: arguments show in the process list."""
    manage(["ensure_operator", "--username", username], {**env, "OPERATOR_PASSWORD": password}, root=layout.root)


def ensure_api_key(layout: Layout, env: Mapping[str, str], *, name: str, key: str) -> None:
    """See to it that ``key`` opens the whole REST API."""
    manage(["ensure_api_key", "--platform", "--name", name], {**env, "API_KEY": key}, root=layout.root)


def session() -> requests.Session:
    """For calls to this machine: without the proxies that the environment may name."""
    local = requests.Session()
    local.trust_env = False
    return local


def status_of(url: str, *, timeout_s: float = 2) -> int | None:
    """The status that a GET of ``url`` answers, or None where nobody answers."""
    with session() as local:
        try:
            return local.get(url, timeout=timeout_s, allow_redirects=False).status_code
        except requests.RequestException:
            return None


def web_is_ready(layout: Layout) -> bool:
    """Whether the platform says of itself that it is ready."""
    return status_of(f"{layout.web_url}/health/ready") == 200


def web_is_up(layout: Layout) -> bool:
    """Whether the web server answers at all."""
    return status_of(f"{layout.web_url}/health/live") is not None


def sandbox_is_up(layout: Layout) -> bool:
    """Whether the sandbox answers at all."""
    return status_of(f"{layout.sandbox_url}/") is not None
