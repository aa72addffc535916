"""One user at a time for a data directory."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from stack.errors import StackError


class DirectoryLock:
    """Held from ``acquire`` until ``release`` or the end of this process, however it ends. Children do not inherit it."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / "lock"
        self._descriptor: int | None = None

    def acquire(self) -> None:
        """Take it.

        Raises:
            StackError: another process has it.
        """
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            holder = os.read(descriptor, 20).decode(errors="replace").strip()
            os.close(descriptor)
            raise StackError(
                f"Another copy (pid {holder or 'unknown'}) uses {self._path.parent}: stop it, or give this one its own directory "
                "and ports, such as  `DATA_DIR=.data2 PORT=8001 SANDBOX_PORT=8801 make run`."
            ) from error
        os.ftruncate(descriptor, 0)
        os.write(descriptor, f"{os.getpid()}\n".encode())
        self._descriptor = descriptor

    def release(self) -> None:
        """Give it back."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None
