"""A PostgreSQL whose disk flushes as slowly as an ordinary cloud disk does."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from stack.errors import StackError
from stack.postgres import EmbeddedPostgres

SOURCE = Path(__file__).with_name("slow_disk.c")


class SlowDiskUnavailable(StackError):
    """This machine cannot model a slow disk."""


class SlowDiskPostgres(EmbeddedPostgres):
    """``library`` is preloaded into every process of the server; each flush takes ``fsync_ms`` longer.

    Once the cluster is there, that is: making it flushes a thousand files.
    """

    library: Path
    fsync_ms: float = 0.0

    def start(self) -> None:
        if self._process is None:
            self._process = self._prepare()
            self._process.env = {**self._process.env, "LD_PRELOAD": str(self.library), "BENCH_FSYNC_US": str(round(self.fsync_ms * 1000))}
        super().start()


def compile_library(folder: Path) -> Path:
    """The preload library, compiled into ``folder``, which every account can enter.

    Raises:
        SlowDiskUnavailable: no Linux, no C compiler, or one that fails.
    """
    compiler = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
    if sys.platform != "linux" or compiler is None:
        raise SlowDiskUnavailable("A slow disk can only be modelled on Linux with a C compiler (Debian: apt-get install gcc libc6-dev).")
    library = folder / "slow_disk.so"
    made = subprocess.run(
        [compiler, "-O2", "-shared", "-fPIC", "-o", str(library), str(SOURCE), "-ldl"], capture_output=True, text=True, check=False
    )
    if made.returncode != 0:
        raise SlowDiskUnavailable(f"The C compiler could not make the slow disk's library: {made.stderr.strip()[-500:]}")
    library.chmod(0o755)
    return library
