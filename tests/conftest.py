"""One PostgreSQL and one Redis for the whole test session, started before Django's settings are read.

With pytest-xdist the controller starts them and its workers find them in the environment; each worker has its own Django test database
(pytest-django adds the worker's name to it) and its own Redis database.
"""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from stack import keys
from stack.backing import Backing
from tests.support import prepared

REDIS_BASE = "TEST_REDIS_BASE"  # redis://…:port, without a database; its presence tells an xdist worker that the servers run

hypothesis_settings.register_profile("platform", deadline=None)  # a shared machine pauses at any time
hypothesis_settings.load_profile("platform")

_backing: Backing | None = None
_folder: tempfile.TemporaryDirectory[str] | None = None


def pytest_configure(config: pytest.Config) -> None:
    worker = os.environ.get("PYTEST_XDIST_WORKER", "")
    if not worker:
        _start_servers()
    number = int(worker.removeprefix("gw")) + 1 if worker else 0
    os.environ["REDIS_URL"] = f"{os.environ[REDIS_BASE]}/{number}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "connector_platform.settings"

    import django

    django.setup()


def pytest_unconfigure(config: pytest.Config) -> None:
    global _backing, _folder
    if _backing is not None:
        _backing.destroy()
        _backing = None
    if _folder is not None:
        prepared.destroy(Path(os.environ[prepared.FOLDER]))
        _folder.cleanup()
        _folder = None


def _start_servers() -> None:
    global _backing, _folder
    _folder = tempfile.TemporaryDirectory(prefix="connector-tests-")
    data_dir = Path(_folder.name)
    made = keys.load_or_create(data_dir / "secrets.env")
    # What a crash of the machine could lose does not matter here; a kill -9 of the server loses nothing all the same.
    _backing = Backing(data_dir, made, postgres_settings={"fsync": "off"})
    _backing.start()
    os.environ.update(
        {
            "DATABASE_URL": _backing.database_url,
            prepared.FOLDER: str(data_dir / "prepared"),
            REDIS_BASE: _backing.redis_url.rsplit("/", 1)[0],
            "DEBUG": "1",
            "SECRET_KEY": made["SECRET_KEY"],
            "ENCRYPTION_KEYS": made["ENCRYPTION_KEYS"],
            "PUBLIC_URL": "http://localhost:8000",
        }
    )
    for name in ("ALLOWED_HOSTS", "HTTP_ALLOWED_ORIGINS", "PROVIDER_API_BASES", "SANDBOX_URL"):
        os.environ.pop(name, None)
