from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from stack.postgres import EmbeddedPostgres
from stack.processes import wait_until


def make(tmp_path: Path) -> EmbeddedPostgres:
    log_path = tmp_path / "logs" / "postgres.log"
    return EmbeddedPostgres(tmp_path / "postgres", database="connector", log_path=log_path, settings={"fsync": "off"})


@pytest.fixture
def postgres(tmp_path: Path) -> Iterator[EmbeddedPostgres]:
    server = make(tmp_path)
    server.start()
    server.wait_ready()
    yield server
    server.destroy()


def query(server: EmbeddedPostgres, statement: str) -> object:
    with psycopg.connect(server.url, autocommit=True) as connection:
        cursor = connection.execute(statement)  # type: ignore[call-overload]
        row = cursor.fetchone() if cursor.description else None
        return row[0] if row else None


def test_settings_and_encoding(postgres: EmbeddedPostgres) -> None:
    settings = ("max_connections", "shared_buffers", "idle_in_transaction_session_timeout", "jit", "listen_addresses", "server_encoding")
    assert [query(postgres, f"SHOW {name}") for name in settings] == ["100", "128MB", "30s", "off", "", "UTF8"]
    assert query(postgres, "SELECT lower('ÄÖ')") == "äö"


def test_it_does_not_run_as_root_and_only_its_account_reaches_the_socket(postgres: EmbeddedPostgres) -> None:
    pid = postgres.pid
    assert pid is not None
    uid = psutil.Process(pid).uids().effective
    assert uid != 0
    directory = Path(postgres.url.partition("host=")[2])
    assert (directory.stat().st_uid, directory.stat().st_mode & 0o777) == (uid, 0o700)


def test_data_survives_stop_and_start_and_the_socket_directory_does_not(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    query(postgres, "CREATE TABLE kept (n int)")
    directory = Path(postgres.url.partition("host=")[2])
    postgres.stop()
    assert not directory.exists()
    again = make(tmp_path)
    again.start()
    again.wait_ready()
    try:
        assert query(again, "SELECT count(*) FROM kept") == 0
    finally:
        again.stop()


def test_committed_rows_survive_kill_9_at_the_same_address(postgres: EmbeddedPostgres) -> None:
    query(postgres, "CREATE TABLE kept (n int)")
    bystander = psycopg.connect(postgres.url)  # a connection's process outlives the server for a moment
    url = postgres.url
    for n in range(3):
        query(postgres, f"INSERT INTO kept VALUES ({n})")  # noqa: S608  a number
        postgres.kill9()
        assert (postgres.exit_code, postgres.pid) == (-signal.SIGKILL, None)
        postgres.start()
        postgres.wait_ready()
    assert postgres.url == url
    assert query(postgres, "SELECT count(*) FROM kept") == 3
    with pytest.raises(psycopg.OperationalError):
        bystander.execute("SELECT 1")


def test_restart_keeps_the_address(postgres: EmbeddedPostgres) -> None:
    url, pid = postgres.url, postgres.pid
    postgres.restart()
    assert postgres.url == url
    assert postgres.pid != pid


def test_a_stale_lock_file_that_names_a_living_process_is_no_obstacle(tmp_path: Path, postgres: EmbeddedPostgres) -> None:
    postgres.kill9()
    lock = postgres._cluster / "postmaster.pid"
    lines = lock.read_text().split("\n")
    bystander = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        lock.write_text("\n".join([str(bystander.pid), *lines[1:]]))
        postgres.start()
        postgres.wait_ready()
        assert bystander.poll() is None
    finally:
        bystander.kill()
        bystander.wait()


def test_a_leftover_server_is_stopped_before_another_starts(tmp_path: Path) -> None:
    """Where no kernel signal ends it with its parent (macOS), a killed run leaves its server behind."""
    first, second = make(tmp_path), make(tmp_path)
    first.start()
    first.wait_ready()
    query(first, "CREATE TABLE kept (n int)")
    second.start()
    second.wait_ready()
    try:
        wait_until(lambda: not first.is_running(), 10, "the leftover still runs")
        assert query(second, "SELECT count(*) FROM kept") == 0
    finally:
        second.destroy()


def test_an_interrupted_initdb_is_done_again(tmp_path: Path) -> None:
    server = make(tmp_path)
    unfinished = tmp_path / "postgres" / "cluster.unfinished"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    server.start()
    server.wait_ready()
    server.destroy()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another account")
def test_what_the_other_account_cannot_reach_lives_elsewhere_and_is_deleted_with_the_rest(tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir(mode=0o700)
    server = make(private)
    server.start()
    server.wait_ready()
    elsewhere = Path((private / "postgres" / "elsewhere").read_text().strip())
    assert elsewhere.is_relative_to("/var/tmp")
    assert (elsewhere / "cluster" / "PG_VERSION").exists()
    assert private.stat().st_mode & 0o777 == 0o700
    server.destroy()
    assert not elsewhere.exists()
    assert not (private / "postgres").exists()
