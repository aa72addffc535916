"""A prepared database: migrated, with an operator and an API key. It is made once in a test session, and stacks start from copies of it.

Copies of the files, so that each stack has a server of its own, which it can kill, and which no other test can slow down or fill.
"""

from __future__ import annotations

import fcntl
import os
import subprocess
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from stack import keys, parts
from stack.backing import DATABASE, Backing
from stack.keys import Keys
from stack.parts import Layout
from stack.postgres import EmbeddedPostgres

FOLDER = "TEST_PREPARED"  # names the directory, which all processes of a session share
OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class Prepared:
    """What copies are made of: a stopped server's files, and the keys that the rows in them were made with."""

    cluster: Path
    secrets: Path


class CopiedPostgres(EmbeddedPostgres):
    """A server whose cluster is not made, but copied from ``original``."""

    def __init__(self, original: Path, data_dir: Path, *, settings: Mapping[str, str]) -> None:
        super().__init__(data_dir / "postgres", database=DATABASE, log_path=data_dir / "logs" / "postgres.log", settings=settings)
        self._original = original

    def _make_cluster(self, binaries: Path) -> None:
        # Not shutil: this keeps the owner, who is another account where root runs the tests.
        subprocess.run(["cp", "-a", str(self._original), str(self._cluster)], check=True)


def prepared() -> Prepared:
    """The session's: whoever asks first makes it, while others wait.

    Raises:
        StackError: it could not be made.
    """
    folder = Path(os.environ[FOLDER])
    folder.mkdir(exist_ok=True)
    note, secrets = folder / "cluster", folder / "secrets.env"
    with _alone(folder / "lock"):
        if not note.exists():
            note.write_text(str(_make(folder, keys.load_or_create(secrets))))
    return Prepared(Path(note.read_text()), secrets)


def prepare(layout: Layout, made: Keys, env: Mapping[str, str]) -> None:
    """What gives a migrated database its operator and its API key."""
    parts.ensure_operator(layout, env, username=OPERATOR, password=made["OPERATOR_PASSWORD"])
    parts.ensure_api_key(layout, env, name="tests", key=made["PLATFORM_API_KEY"])


def environment(layout: Layout, made: Keys, backing: Backing, settings: Mapping[str, str]) -> dict[str, str]:
    """What the platform's parts are started with: nothing of the tests' own settings."""
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "TMPDIR", "LD_LIBRARY_PATH")}
    return parts.environment(layout, made, database_url=backing.database_url, redis_url=backing.redis_url, inherited=inherited, **settings)


def destroy(folder: Path) -> None:
    """Delete the session's, wherever the server's account made its files live."""
    if folder.exists():
        Backing(folder, Keys({"REDIS_PASSWORD": ""})).destroy()


def _make(folder: Path, made: Keys) -> Path:
    """The cluster's place. Each step does nothing where it is done already, so that this can follow a failure."""
    layout = Layout(data_dir=folder)
    backing = Backing(folder, made, postgres_settings={"fsync": "off"})
    try:
        backing.start()
        env = environment(layout, made, backing, {})
        parts.migrate(layout, env)
        prepare(layout, made, env)
    finally:
        backing.stop()
    assert backing.postgres is not None
    return backing.postgres._cluster


@contextmanager
def _alone(path: Path) -> Iterator[None]:
    with path.open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
