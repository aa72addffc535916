"""What the figures were measured on, and how much processor time a process and its children have used."""

from __future__ import annotations

import os
import platform
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from statistics import median

import psutil


def describe() -> str:
    """The machine in one line."""
    model = platform.processor() or platform.machine()
    with suppress(OSError):
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                model = line.partition(":")[2].strip()
                break
    memory_gib = psutil.virtual_memory().total / 2**30
    return f"{os.cpu_count()} cores ({model}), {memory_gib:.0f} GiB, {platform.system()} {platform.release()}, Python {platform.python_version()}"


def load() -> str:
    """How busy the machine is with other things, before the bench begins."""
    return f"load average {os.getloadavg()[0]:.1f} over the last minute"


def flush_us(folder: Path | None = None, *, times: int = 200) -> float:
    """Microseconds (median) that ``fdatasync`` takes on the disk of ``folder`` after a write of 8 KiB, about what a commit writes."""
    if not hasattr(os, "fdatasync"):
        return 0.0
    with tempfile.TemporaryFile(dir=folder) as file:
        spent = []
        for _ in range(times):
            os.pwrite(file.fileno(), b"x" * 8192, 0)
            started = time.perf_counter()
            os.fdatasync(file.fileno())
            spent.append((time.perf_counter() - started) * 1e6)
    return median(spent)


def cpu_s(pid: int | None) -> float:
    """Seconds of processor time that the process and all of its children, also those that have ended, have used."""
    if pid is None:
        return 0.0
    total = 0.0
    with suppress(psutil.NoSuchProcess):
        main = psutil.Process(pid)
        for process in (main, *main.children(recursive=True)):
            with suppress(psutil.NoSuchProcess):
                times = process.cpu_times()
                total += times.user + times.system + times.children_user + times.children_system
    return total
