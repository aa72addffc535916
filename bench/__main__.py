"""`python -m bench [receive|drain|share|all]`: measures and prints; `make bench ARGS="receive --fsync-ms 1"` does the same."""

from __future__ import annotations

import argparse
import dataclasses
import json
import signal
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

from rich.console import Console
from rich.markup import escape

from bench import drain, machine, receive, share, tables
from bench.receive import WrongCount
from bench.slow_disk import SlowDiskUnavailable
from stack.errors import StackError


def parse(arguments: Sequence[str]) -> argparse.Namespace:
    """The options."""
    parser = argparse.ArgumentParser(prog="python -m bench", description="The platform's speed beside bare limits and the usual way.")
    parser.add_argument("what", nargs="?", default="all", choices=("receive", "drain", "share", "all"))
    parser.add_argument("--seconds", type=float, help="of load for each receiver and round (5; quick: 2)")
    parser.add_argument("--rounds", type=int, help="of all receivers in turn; the median counts (3; quick: 1)")
    parser.add_argument("--messages", type=int, help="to drain (3000; quick: 500)")
    parser.add_argument("--lanes", type=int, default=100, help="that they wait in (100)")
    parser.add_argument("--threads", type=int, default=32, help="that drain them, DRAIN_THREADS (32)")
    parser.add_argument("--queued", type=int, help="messages of one brand that another one is measured beside (20000; quick: 8000)")
    parser.add_argument(
        "--fsync-ms", type=float, help="what each flush of PostgreSQL takes longer while receiving (all: measured with 0 and with 1)"
    )
    parser.add_argument("--quick", action="store_true", help="short and rough")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write all figures there")
    given = parser.parse_args(arguments)
    given.seconds = given.seconds or (2.0 if given.quick else 5.0)
    given.rounds = given.rounds or (1 if given.quick else 3)
    given.messages = given.messages or (500 if given.quick else 3000)
    given.queued = given.queued or (8000 if given.quick else 20000)
    return given


def run(given: argparse.Namespace, console: Console) -> dict[str, Any]:
    """Measure what is asked for, print it, and return all figures.

    Raises:
        StackError, WrongCount, RuntimeError: something did not start, or the figures mean nothing.
    """
    machine_line = f"{machine.describe()}; {machine.load()}; fdatasync {machine.flush_us():.0f} µs"
    console.print(f"{machine_line}\n{time.strftime('%Y-%m-%d %H:%M')}, python -m bench {' '.join(sys.argv[1:])}", style="dim")
    figures: dict[str, Any] = {"machine": machine_line, "receive": [], "drain": None, "share": None}

    def say(what: str) -> None:
        console.print(f"[dim]{time.strftime('%H:%M:%S')}[/] {escape(what)}")

    if given.what in ("receive", "all"):
        delays = [given.fsync_ms] if given.fsync_ms is not None else [0.0, 1.0] if given.what == "all" else [0.0]
        for fsync_ms in delays:
            try:
                received = receive.measure(seconds=given.seconds, rounds=given.rounds, fsync_ms=fsync_ms, say=say)
            except SlowDiskUnavailable as error:
                console.print(f"[yellow]Not measured with {fsync_ms:g} ms flushes:[/] {escape(str(error))}")
                continue
            figures["receive"].append(dataclasses.asdict(received))
            for table in tables.receiving(received):
                console.print(table)
    if given.what in ("drain", "all"):
        drained = drain.measure(messages=given.messages, lanes=given.lanes, threads=given.threads, say=say)
        figures["drain"] = dataclasses.asdict(drained)
        for table in tables.draining(drained):
            console.print(table)
    if given.what in ("share", "all"):
        shared = share.measure(queued=given.queued, messages=100 if given.quick else 400, seconds=3 if given.quick else 10, say=say)
        figures["share"] = dataclasses.asdict(shared)
        for table in tables.sharing(shared):
            console.print(table)
    return figures


def main(arguments: Sequence[str]) -> int:
    """Returns the exit code: 0 when everything was measured, whatever the figures are."""
    given = parse(arguments)
    console = Console(highlight=False, width=None if sys.stdout.isatty() else 180)

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    signal.signal(signal.SIGTERM, stop)
    try:
        figures = run(given, console)
    except (StackError, WrongCount, RuntimeError) as error:
        console.print(f"[red]✗[/] {escape(str(error))}")
        return 1
    except KeyboardInterrupt:
        return 130
    if given.json:
        given.json.write_text(json.dumps(figures, indent=2) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
