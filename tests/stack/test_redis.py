from __future__ import annotations

import signal
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import redis

from stack.redis import EmbeddedRedis


def make(tmp_path: Path) -> EmbeddedRedis:
    return EmbeddedRedis(tmp_path / "redis", password="open-sesame", log_path=tmp_path / "logs" / "redis.log")


@pytest.fixture
def server(tmp_path: Path) -> Iterator[EmbeddedRedis]:
    embedded = make(tmp_path)
    embedded.start()
    embedded.wait_ready()
    yield embedded
    embedded.stop()


def client(server: EmbeddedRedis) -> redis.Redis:
    return redis.Redis.from_url(server.url)


def port(server: EmbeddedRedis) -> int:
    return int(server.url.rsplit(":", 1)[1].split("/")[0])


def test_it_wants_the_password_and_its_file_is_private(tmp_path: Path, server: EmbeddedRedis) -> None:
    assert client(server).ping()
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port(server), retry=None).ping()
    assert (tmp_path / "redis" / "redis.conf").stat().st_mode & 0o777 == 0o600


def test_the_port_is_below_those_of_outgoing_connections_and_is_kept(tmp_path: Path, server: EmbeddedRedis) -> None:
    first = port(server)
    assert first < 32_768
    server.stop()
    again = make(tmp_path)
    again.start()
    assert port(again) == first
    again.stop()


def test_a_port_that_was_taken_meanwhile_is_replaced(tmp_path: Path, server: EmbeddedRedis) -> None:
    first = port(server)
    server.stop()
    with socket.create_server(("127.0.0.1", first)):
        again = make(tmp_path)
        again.start()
        again.wait_ready()
        assert port(again) != first
        again.stop()


def test_it_comes_back_empty_at_the_same_address_after_kill_9(server: EmbeddedRedis) -> None:
    client(server).set("k", "v")
    url = server.url
    server.kill9()
    assert server.exit_code == -signal.SIGKILL
    server.start()
    server.wait_ready()
    assert server.url == url
    assert client(server).get("k") is None
