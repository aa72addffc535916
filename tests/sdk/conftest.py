"""LivePerson's agent SDK for Node.js, installed once per content of package.json."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
INSTALL = ["install", "--no-package-lock", "--no-audit", "--no-fund", "--loglevel=error"]
INSTALL_S = 240


@pytest.fixture(scope="session")
def node_modules() -> Path:
    """A folder with the SDK's packages, outside of the repository; ``SDK_TEST_CACHE`` names another place for it."""
    for program in ("node", "npm"):
        if shutil.which(program) is None:
            pytest.fail(f"{program} is not installed: the tests of LivePerson's agent SDK need Node.js 18 or newer with npm")
    manifest = (HERE / "package.json").read_bytes()
    base = Path(os.environ.get("SDK_TEST_CACHE") or tempfile.gettempdir())
    folder = base / f"connector-agent-sdk-{hashlib.sha256(manifest).hexdigest()[:16]}"
    if not folder.exists():
        base.mkdir(parents=True, exist_ok=True)
        making = Path(tempfile.mkdtemp(prefix="connector-agent-sdk-", dir=base))
        (making / "package.json").write_bytes(manifest)
        done = subprocess.run(["npm", *INSTALL], cwd=making, capture_output=True, text=True, timeout=INSTALL_S)
        if done.returncode:
            shutil.rmtree(making)
            pytest.fail(f"npm could not install LivePerson's agent SDK: {done.stderr.strip()}")
        try:
            making.rename(folder)
        except OSError:  # another worker was faster
            shutil.rmtree(making)
    return folder / "node_modules"
