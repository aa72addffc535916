"""`python -m stack run` and `python -m stack clean`; options default to the environment: PORT, SANDBOX_PORT, HOST, DATA_DIR, WORKERS."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from stack import run
from stack.errors import StackError
from stack.parts import Layout


def parse(arguments: Sequence[str], environ: Mapping[str, str]) -> tuple[str, Layout]:
    """The command and where everything is to be.

    Raises:
        StackError: a value that cannot be.
    """
    parser = argparse.ArgumentParser(prog="python -m stack", description="The platform on this machine, with a sandbox and a demo brand.")
    parser.add_argument("command", choices=("run", "clean"), help="run: start everything; clean: delete the data directory")
    parser.add_argument("--port", default=environ.get("PORT") or "8000", help="of the web server (PORT, 8000)")
    parser.add_argument("--sandbox-port", default=environ.get("SANDBOX_PORT") or "8800", help="of the sandbox (SANDBOX_PORT, 8800)")
    parser.add_argument("--host", default=environ.get("HOST") or "127.0.0.1", help="where the web server listens (HOST, 127.0.0.1)")
    parser.add_argument("--data-dir", default=environ.get("DATA_DIR") or ".data", help="where everything is kept (DATA_DIR, .data)")
    parser.add_argument("--workers", default=environ.get("WORKERS") or "1", help="Celery worker processes (WORKERS, 1)")
    given = parser.parse_args(arguments)
    layout = Layout(
        data_dir=Path(given.data_dir).expanduser().resolve(),
        host=given.host,
        port=_whole(given.port, "PORT", 1, 65_535),
        sandbox_port=_whole(given.sandbox_port, "SANDBOX_PORT", 1, 65_535),
        workers=_whole(given.workers, "WORKERS", 1, 64),
    )
    if layout.port == layout.sandbox_port:
        raise StackError(f"PORT and SANDBOX_PORT are both {layout.port}: choose two different ones.")
    return given.command, layout


def _whole(raw: str, name: str, minimum: int, maximum: int) -> int:
    try:
        value = int(raw)
    except ValueError:
        value = minimum - 1
    if not minimum <= value <= maximum:
        raise StackError(f"{name} is {raw!r}: set it to a whole number from {minimum} to {maximum}.")
    return value


def main() -> int:
    """Returns the exit code."""
    try:
        command, layout = parse(sys.argv[1:], os.environ)
    except StackError as error:
        run.Reporter().trouble(str(error))
        return 1
    return run.main(layout) if command == "run" else run.clean_main(layout.data_dir)


if __name__ == "__main__":
    sys.exit(main())
