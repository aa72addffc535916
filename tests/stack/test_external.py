from __future__ import annotations

import os

import pytest

from stack.errors import StackError
from stack.external import check_database, check_redis
from stack.ports import free_port


def test_servers_that_answer_pass() -> None:
    check_database(os.environ["DATABASE_URL"])
    check_redis(os.environ["REDIS_URL"])


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("mysql://root@localhost/x", "not PostgreSQL's: set it to postgresql://"),
        ("postgresql://user:s3cret@local host:x/y", "cannot be read: set it to postgresql://"),
        (
            "postgresql://user:s3cret@127.0.0.1:{port}/x",
            r"Cannot reach .*127\.0\.0\.1:{port}/x .*refused.*start it, correct DATABASE_URL, or unset it",
        ),
        ("postgresql://user:s3cret@nowhere.invalid/x", r"Cannot reach .*nowhere\.invalid:5432/x"),
    ],
)
def test_a_wrong_database_url_is_one_sentence_without_the_password(url: str, says: str) -> None:
    port = str(free_port())
    with pytest.raises(StackError, match=says.replace("{port}", port)) as caught:
        check_database(url.replace("{port}", port))
    assert "s3cret" not in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "says"),
    [
        ("amqp://localhost", "not Redis's: set it to redis://"),
        ("redis://:s3cret@127.0.0.1:{port}/0", r"Cannot reach .*127\.0\.0\.1:{port} .*start it, correct REDIS_URL, or unset it"),
        ("redis://127.0.0.1:port/0", "no number"),
        ("redis+socket:///nowhere/redis.sock", "Cannot reach .*/nowhere/redis.sock"),
    ],
)
def test_a_wrong_redis_url_is_one_sentence_without_the_password(url: str, says: str) -> None:
    port = str(free_port())
    with pytest.raises(StackError, match=says.replace("{port}", port)) as caught:
        check_redis(url.replace("{port}", port))
    assert "s3cret" not in str(caught.value)
