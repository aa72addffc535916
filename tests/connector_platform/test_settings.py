"""A wrong setting stops the process with one sentence that names it and says what to do."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from connector_platform import env

ROOT = Path(__file__).resolve().parents[2]
GOOD = {
    "SECRET_KEY": "x" * 50,
    "ENCRYPTION_KEYS": "ZGV2ZWxvcG1lbnQtb25seS1rZXktMDAwMDAwMDAwMDA=",
    "PUBLIC_URL": "https://connector.example.com",
    "DATABASE_URL": "postgres://user:password@localhost:5432/name",
    "REDIS_URL": "redis://localhost:6379/0",
}


def start(**changes: str) -> str:
    """The last line of what a process says that is started with these settings; empty where it starts."""
    inherited = {name: value for name, value in os.environ.items() if name in ("PATH", "HOME", "LANG", "LD_LIBRARY_PATH")}
    environment = {**inherited, **GOOD, **changes, "DJANGO_SETTINGS_MODULE": "connector_platform.settings"}
    process = subprocess.run(
        [sys.executable, "-c", "from django.conf import settings; settings.DEBUG"],
        cwd=ROOT,
        env={name: value for name, value in environment.items() if value != "<unset>"},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return "" if process.returncode == 0 else process.stderr.strip().splitlines()[-1]


def test_a_production_environment_starts() -> None:
    assert start() == ""


@pytest.mark.parametrize("name", sorted(GOOD))
def test_what_production_needs_is_asked_for_by_name(name: str) -> None:
    said = start(**{name: "<unset>"})
    assert said.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert f"{name} is not set. Set it to " in said


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("ENCRYPTION_KEYS", "short", "32 url-safe base64"),
        ("PUBLIC_URL", "connector.example.com", "http://"),
        ("PUBLIC_URL", "ftp://connector.example.com", "http://"),
        ("REDIS_URL", "http://localhost", "redis://"),
        ("DATABASE_URL", "mysql://localhost/x", "PostgreSQL"),
        ("DATABASE_URL", "sqlite:///x", "PostgreSQL"),
        ("DEBUG", "maybe", "neither yes nor no"),
        ("CALLBACK_MAX_BYTES", "10", "between"),
        ("HTTP_TIMEOUT_S", "soon", "seconds"),
        ("HTTP_TIMEOUT_S", "nan", "seconds"),
        ("LEASE_S", "5", "HTTP_TIMEOUT_S"),
        ("DRAIN_THREADS", "1000", "1 to 48"),
        ("HTTP_ALLOWED_ORIGINS", "localhost:1", "http"),
        ("PROVIDER_API_BASES", "messenger", "name=value"),
        ("SPOOL_MAX_BYTES", "1000", "between"),
        ("TRUSTED_PROXIES", "-1", "0 to 5"),
    ],
)
def test_a_wrong_value_is_named_in_one_sentence(name: str, value: str, words: str) -> None:
    said = start(**{name: value})
    assert said.startswith("django.core.exceptions.ImproperlyConfigured: ")
    assert name in said
    assert words in said


@pytest.mark.parametrize("value", ["1", "TRUE", "Yes", "on"])
def test_yes_has_four_spellings(value: str) -> None:
    assert env.flag(value) is True


def test_a_blank_value_is_no_value(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOMETHING", "  ")
    assert env.read("SOMETHING", "5", env.whole(1, 9), hint="a number") == 5
    with pytest.raises(ImproperlyConfigured, match=r"SOMETHING is not set\. Set it to a number\."):
        env.read("SOMETHING", None, env.whole(1, 9), hint="a number")
