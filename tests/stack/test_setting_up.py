"""Keys, the lock, ports, arguments and the environment of the parts."""

from __future__ import annotations

import socket
from pathlib import Path

import pytest
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.serialization import load_pem_private_key, load_pem_public_key

from stack import keys, parts
from stack.__main__ import parse
from stack.errors import StackError
from stack.lock import DirectoryLock
from stack.ports import require_free


def test_keys_are_made_once_and_are_private(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    first = keys.load_or_create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keys.load_or_create(path).values == first.values
    Fernet(first["ENCRYPTION_KEYS"])
    assert first.derive("a") == keys.load_or_create(path).derive("a") != first.derive("b")
    assert first["OPERATOR_PASSWORD"] not in repr(first)
    private, public = first.demo_key_pair()
    assert keys.load_or_create(path).demo_key_pair() == (private, public)
    assert load_pem_public_key(public.encode()) == load_pem_private_key(private.encode(), None).public_key()


def test_a_key_that_a_newer_version_needs_is_added_and_the_others_stay(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("SECRET_KEY=mine\n")
    made = keys.load_or_create(path)
    assert made["SECRET_KEY"] == "mine"
    assert made["REDIS_PASSWORD"]


def test_a_damaged_key_file_is_not_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secrets.env"
    path.write_text("SECRET_KEY=mine\nrubbish\n")
    with pytest.raises(StackError, match="Line 2 of "):
        keys.load_or_create(path)
    assert path.read_text() == "SECRET_KEY=mine\nrubbish\n"


def test_a_second_copy_on_the_same_directory_is_refused(tmp_path: Path) -> None:
    first, second = DirectoryLock(tmp_path), DirectoryLock(tmp_path)
    first.acquire()
    with pytest.raises(StackError, match=r"Another copy \(pid \d+\) uses .*DATA_DIR=.data2 PORT=8001 SANDBOX_PORT=8801 make run"):
        second.acquire()
    first.release()
    second.acquire()
    second.release()


def test_a_taken_port_is_one_sentence_that_names_the_setting() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with pytest.raises(StackError, match=rf"Port {port} is taken by another program: stop it, or .*`PORT=\d+ make run`"):
            require_free("127.0.0.1", port, "PORT")


def test_a_port_shared_with_so_reuseport_counts_as_taken() -> None:
    with socket.socket() as server:
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
        server.bind(("127.0.0.1", 0))
        server.listen()
        with pytest.raises(StackError, match="is taken"):
            require_free("127.0.0.1", server.getsockname()[1], "PORT")


@pytest.mark.parametrize(
    ("environ", "says"),
    [
        ({"PORT": "http"}, "PORT is 'http': set it to a whole number from 1 to 65535"),
        ({"SANDBOX_PORT": "70000"}, "SANDBOX_PORT is '70000'"),
        ({"WORKERS": "0"}, "WORKERS is '0': set it to a whole number from 1 to 64"),
        ({"PORT": "8800"}, "PORT and SANDBOX_PORT are both 8800"),
    ],
)
def test_wrong_arguments_are_one_sentence(environ: dict[str, str], says: str) -> None:
    with pytest.raises(StackError, match=says):
        parse(["run"], environ)


def test_what_moves_a_copy() -> None:
    command, layout = parse(["run"], {"PORT": "8001", "SANDBOX_PORT": "8801", "DATA_DIR": "/srv/data", "WORKERS": "2", "HOST": ""})
    assert command == "run"
    assert layout == parts.Layout(port=8001, sandbox_port=8801, data_dir=Path("/srv/data"), workers=2, host="127.0.0.1")
    assert parse(["run"], {})[1].port == 8000


API_PATHS = {
    "instagram": "instagram",
    "whatsapp": "whatsapp",
    "plivo": "plivo",
    "vonage": "vonage",
    "bird": "bird",
    "infobip": "infobip",
    "messenger": "graph",
    "telegram": "telegram",
    "twilio": "twilio",
}
"""Where the sandbox plays each vendor's API."""


def test_the_environment_of_the_parts(tmp_path: Path) -> None:
    made = keys.load_or_create(tmp_path / "secrets.env")
    layout = parts.Layout(data_dir=tmp_path, port=8001, sandbox_port=8801)
    inherited = {"PATH": "/bin", "SECRET_KEY": "", "LEASE_S": "5", "PUBLIC_URL": "https://tunnel.example", "DATABASE_URL": "ignored"}
    env = parts.environment(layout, made, database_url="postgresql://d", redis_url="redis://r", inherited=inherited, RETRY_SCALE="0.01")
    assert {name: env[name] for name in ("PATH", "LEASE_S", "PUBLIC_URL", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL", "RETRY_SCALE")} == {
        "PATH": "/bin",
        "LEASE_S": "5",
        "PUBLIC_URL": "https://tunnel.example",
        "ALLOWED_HOSTS": "localhost,127.0.0.1,[::1],tunnel.example",
        "DATABASE_URL": "postgresql://d",
        "REDIS_URL": "redis://r",
        "RETRY_SCALE": "0.01",
    }
    assert env["SECRET_KEY"] == made["SECRET_KEY"]
    assert env["SPOOL_DIR"] == str(tmp_path / "spool")
    assert env["SANDBOX_URL"] == "http://localhost:8801"
    assert env["HTTP_ALLOWED_ORIGINS"] == "http://127.0.0.1:8801,http://localhost:8801"
    bases = dict(base.split("=") for base in env["PROVIDER_API_BASES"].split(","))
    assert bases == {slug: f"http://127.0.0.1:8801/{path}" for slug, path in API_PATHS.items()}


def test_a_command_that_fails_shows_its_output(tmp_path: Path) -> None:
    (tmp_path / "manage.py").write_text("import sys; sys.exit('relation is in the way')")
    with pytest.raises(StackError, match=r"`manage\.py migrate` ended with exit code 1(.|\n)*relation is in the way"):
        parts.manage(["migrate"], {}, root=tmp_path)
