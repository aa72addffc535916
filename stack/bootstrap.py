"""Makes `.venv` and installs what is missing; the one module that runs before anything is installed, so it needs only Python itself.

python3 stack/bootstrap.py install            # what `make run` needs
python3 stack/bootstrap.py install --dev      # what `make test` and `make lint` need besides
python3 stack/bootstrap.py browser            # a Chromium for the browser tests
python3 stack/bootstrap.py requirements       # print the platform's own requirements, for the container image
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import threading
import time
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
VENV_PYTHON = VENV / "bin" / "python"
CONSTRAINTS = ROOT / "constraints.txt"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")


class BootstrapError(Exception):
    """The message is one sentence or two, and says what to do."""


def requirements(*extras: str) -> list[str]:
    """What `pyproject.toml` asks for: the platform's own requirements and those of ``extras``."""
    with (ROOT / "pyproject.toml").open("rb") as file:
        project = tomllib.load(file)["project"]
    wanted = list(project["dependencies"])
    for extra in extras:
        wanted.extend(project["optional-dependencies"][extra])
    return wanted


def find_browser() -> str | None:
    """The path of a Chromium: CHROMIUM of the environment, else the first that is installed."""
    named = os.environ.get("CHROMIUM")
    return named or next((path for path in map(shutil.which, BROWSERS) if path), None)


def install(*extras: str) -> None:
    """Bring `.venv` up to date with the pinned set. Does nothing, quickly, where it is.

    Raises:
        BootstrapError: no virtual environment could be made, or a package could not be installed.
    """
    wanted = requirements(*extras)
    stamp = VENV / f".installed-{'-'.join(extras)}"
    inputs = "\n".join([sys.version, str(VENV), *wanted]).encode() + CONSTRAINTS.read_bytes()
    fingerprint = hashlib.sha256(inputs).hexdigest()
    if stamp.exists() and stamp.read_text() == fingerprint and VENV_PYTHON.exists():
        return
    _make_venv()
    if not VENV_PYTHON.exists():
        raise BootstrapError("The virtual environment .venv is damaged: delete it and run this again.")
    pip = [str(VENV_PYTHON), "-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input", "--prefer-binary"]
    _run(
        [*pip, "--constraint", str(CONSTRAINTS), *wanted],
        "Installing packages into .venv (a minute or two the first time)",
        "The packages could not be installed: is the package index reachable? Put right what pip says above and run this again.",
    )
    stamp.write_text(fingerprint)


def _make_venv() -> None:
    probe = [str(VENV_PYTHON), "-m", "pip", "--version"]
    if VENV_PYTHON.exists() and subprocess.run(probe, capture_output=True, check=False).returncode == 0:
        return
    _run(
        [sys.executable, "-m", "venv", "--clear", str(VENV)],
        "Making the virtual environment .venv",
        "The virtual environment could not be made: install Python's venv module (Debian and Ubuntu: apt-get install python3-venv).",
    )


def install_browser() -> None:
    """See to it that there is a Chromium, with Debian's package manager where that is possible.

    Raises:
        BootstrapError: there is none, and it cannot be installed from here.
    """
    if find_browser():
        return
    remedy = "install Chromium (Debian: apt-get install chromium) or set CHROMIUM to the path of one, and run this again."
    if not shutil.which("apt-get"):
        raise BootstrapError(f"The browser tests need a Chromium: {remedy}")
    prefix = [] if os.geteuid() == 0 else ["sudo", "-n"]
    may_install = not prefix
    if prefix and shutil.which("sudo"):
        may_install = subprocess.run([*prefix, "true"], capture_output=True, check=False).returncode == 0
    if not may_install:
        raise BootstrapError(f"The browser tests need a Chromium, and installing it takes root's rights: {remedy}")
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", "-o", "Dpkg::Use-Pty=0"]
    failed = f"Chromium could not be installed: {remedy}"
    if subprocess.run([*apt, "install", "--simulate", "chromium"], capture_output=True, check=False).returncode != 0:
        _run([*apt, "update"], "Reading the package lists", failed)
    _run([*apt, "install", "-y", "--no-install-recommends", "chromium"], "Installing Chromium", failed)
    if not find_browser():
        raise BootstrapError(failed)


def _run(command: list[str], doing: str, failed: str) -> None:
    """Run ``command`` quietly, with one line that says what is done and how long it has taken.

    Raises:
        BootstrapError: it failed; its output has been printed.
    """
    started = time.monotonic()
    done = threading.Event()
    is_terminal = sys.stdout.isatty()

    def tick() -> None:
        while not done.wait(1):
            print(f"\r… {doing}: {time.monotonic() - started:.0f} s", end="", flush=True)

    if is_terminal:
        threading.Thread(target=tick, daemon=True).start()
    else:
        print(f"… {doing}", flush=True)
    run = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    done.set()
    if is_terminal:
        print("\r\033[K", end="")
    if run.returncode != 0:
        print(run.stdout.strip(), file=sys.stderr)
        raise BootstrapError(failed)
    print(f"✓ {doing}: {time.monotonic() - started:.0f} s", flush=True)


def main(arguments: list[str]) -> int:
    """Returns the exit code."""
    try:
        match arguments:
            case ["install"]:
                install("local")
            case ["install", "--dev"]:
                install("local", "dev")
            case ["browser"]:
                install_browser()
            case ["requirements"]:
                print("\n".join(requirements()))
            case _:
                raise BootstrapError(str(__doc__))
    except BootstrapError as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
