"""The drainer, in this process and inside a real Celery worker: it starts, stops, and survives what happens to Redis."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from django.conf import settings as django_settings
from django.db import connection as orm
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError
from connector_platform.database import run
from stack.ports import free_port
from stack.redis import EmbeddedRedis
from tests.support.stack import wait_until
from tests.webhooks_app.far_side import FarSide
from tests.webhooks_app.world import World, text_change
from webhooks_app import lanes, worker
from webhooks_app.worker import Drainer

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def drainer(world: World, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Drainer]:
    """A running drainer whose far side is the world's."""
    settings.POLL_S = 0.01
    monkeypatch.setattr(worker, "make_client", lambda: world.far)
    running = Drainer(threads=4)
    running.start()
    yield running
    if not running.is_stopping:
        running.stop()


def test_what_arrives_is_delivered_and_the_process_says_that_it_lives(world: World, drainer: Drainer) -> None:
    for number in range(20):
        world.consumer_says(f"t{number}", person=f"245{number % 3}")
    wait_until(lambda: len(world.far.texts()) == 20, 30, "not everything was delivered")
    wait_until(lambda: run("SELECT name FROM webhooks_app_heartbeat WHERE kind = 'worker'") == [(drainer.name,)], 30, "no heartbeat")


def test_stopping_lets_the_call_under_way_end_and_gives_the_lane_back(world: World, drainer: Drainer) -> None:
    # given: a lane with several events, the first of which is under way
    world.consumer_says("hello")
    wait_until(lambda: world.lane().state == "idle" and world.far.texts(), 30, "not delivered")
    conversation = world.far.created[-1]
    begun, go_on = threading.Event(), threading.Event()

    def slow(call: HttpCall) -> HttpResponse:
        begun.set()
        assert go_on.wait(30)
        return world.far.agree(call)

    world.far.script("send_text", slow)
    for sequence in range(5):
        world.notify(text_change(conversation, sequence, f"t{sequence}"))
    assert begun.wait(30)
    # when
    stopping = threading.Thread(target=drainer.stop)
    stopping.start()
    time.sleep(0.05)
    assert stopping.is_alive()
    go_on.set()
    stopping.join(30)
    # then
    assert world.far.phone() == ["t0"]
    assert world.event(direction="o", sequence=0).state == "done"
    assert world.lane(direction="o").state == "ready"


def test_after_stopping_nothing_more_is_claimed_and_no_thread_is_left(world: World, drainer: Drainer) -> None:
    drainer.stop()
    world.consumer_says("for another worker")
    time.sleep(0.1)
    assert world.far.calls == []
    wait_until(
        lambda: (
            not [thread for thread in threading.enumerate() if thread.name.startswith(("drain", "claimer", "renewer", "bell-listener"))]
        ),
        10,
        "a thread is left",
    )


def test_the_lease_of_a_long_call_is_renewed(world: World, drainer: Drainer, settings: Any) -> None:
    # given
    drainer.stop()
    settings.LEASE_S = 0.8
    patient = Drainer(threads=2)
    patient._engine = world.engine
    begun, go_on = threading.Event(), threading.Event()

    def slow(call: HttpCall) -> HttpResponse:
        begun.set()
        assert go_on.wait(30)
        return world.far.agree(call)

    world.open_conversation()
    world.far.script("send_text", slow)
    world.consumer_says("takes long")
    patient.start()
    assert begun.wait(30)
    # when: three leases later
    until = time.monotonic() + 2.4
    while time.monotonic() < until:
        assert lanes.claim("another", 5) == []
        time.sleep(0.05)
    go_on.set()
    patient.stop()
    # then
    assert world.far.texts() == ["takes long"]
    assert world.events()[-1].possibly_doubled is False


def test_the_lanes_of_a_dead_worker_move_again_after_the_lease(world: World, drainer: Drainer) -> None:
    world.consumer_says("hello")
    wait_until(lambda: world.far.texts(), 30, "not delivered")
    world.consumer_says("left behind")
    wait_until(lambda: len(world.far.texts()) == 2, 30, "not delivered")
    # given
    drainer.stop()
    world.consumer_says("held by the dead")
    lanes.claim("dead", 5)
    # when
    run("UPDATE webhooks_app_lane SET due_at = now() WHERE state = 'leased'")
    world.work()
    # then
    assert world.far.texts()[-1] == "held by the dead"


def test_a_fault_of_the_claimer_itself_does_not_end_it(world: World, drainer: Drainer, monkeypatch: pytest.MonkeyPatch) -> None:
    """A worker that claims nothing but says that it lives would be worse than a dead one."""
    original, failed = lanes.claim, threading.Event()

    def claim(*arguments: Any, **options: Any) -> Any:
        if not failed.is_set():
            failed.set()
            raise RuntimeError("can't start new thread")
        return original(*arguments, **options)

    monkeypatch.setattr(lanes, "claim", claim)
    assert failed.wait(30)
    world.consumer_says("still delivered")
    wait_until(lambda: world.far.texts() == ["still delivered"], 30, "the claimer is dead")


def test_without_redis_lanes_are_found_by_looking(world: World, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    monkeypatch.setattr(worker, "make_client", lambda: world.far)
    running = Drainer(threads=2)
    running.start()
    try:
        world.consumer_says("hello")
        wait_until(lambda: world.far.texts() == ["hello"], 30, "not delivered without Redis")
    finally:
        running.stop()


# Inside Celery.


PURPOSES = {
    "/api/account/1234567/service/baseURI.json": "fetch_domains",
    "/sentinel/api/account/1234567/app/token": "fetch_app_jwt",
    "/api/account/1234567/consumer": "fetch_consumer_jws",
    "/api/account/1234567/messaging/consumer/conversation": "create_conversation",
    "/api/account/1234567/messaging/consumer/conversation/send": "send_text",
}


def serve_far_side(server: HTTPServer, far: FarSide, origin: str) -> None:
    """Put the scripted far side behind a real port."""

    def handle(request: Request) -> Response:
        purpose = PURPOSES.get(request.path, "profile")
        answered = far.execute(HttpCall(method=request.method, url=request.url, body=request.get_data(), purpose=purpose))
        # The services' hosts are this server.
        body = re.sub(rb"[a-z]+\.lp\.example", origin.removeprefix("http://").encode(), answered.body)
        return Response(body, status=answered.status, content_type="application/json")

    server.expect_request(re.compile(".*")).respond_with_handler(handle)


def test_a_celery_worker_drains_through_a_death_of_redis_and_ends_with_0_on_sigterm(
    world: World, tmp_path: Path, httpserver: HTTPServer
) -> None:
    # given: a worker process with a Redis of its own, and a far side behind a port
    far = FarSide()
    origin = httpserver.url_for("").rstrip("/")
    serve_far_side(httpserver, far, origin)
    world.app.domain_api = origin
    world.app.save()
    redis = EmbeddedRedis(tmp_path / "redis", password="tests", log_path=tmp_path / "redis.log")
    redis.start()
    redis.wait_ready()
    log = tmp_path / "worker.log"
    metrics_port = free_port()
    database = urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{orm.settings_dict['NAME']}").geturl()
    env = {
        **os.environ,
        "DATABASE_URL": database,
        "REDIS_URL": redis.url,
        "HTTP_ALLOWED_ORIGINS": origin,
        "PROVIDER_API_BASES": f"messenger={origin}/graph",
        "POLL_S": "0.05",
        "METRICS_PORT": str(metrics_port),
        "PUBLIC_URL": django_settings.PUBLIC_URL,
    }
    options = ["-P", "threads", "-c", "2", "--without-gossip", "--without-mingle", "-l", "INFO", "-n", "tests@%h"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "celery", "-A", "connector_platform", "worker", *options],
            cwd=ROOT,
            env=env,
            stdout=output,
            stderr=output,
        )
    try:
        world.consumer_says("hello")
        wait_until(lambda: far.texts() == ["hello"], 60, f"not delivered; {log.read_text()[-2000:]}")
        counted = 'connector_delivered_total{direction="i",state="done"} 1.0'
        wait_until(lambda: counted in requests.get(f"http://127.0.0.1:{metrics_port}/metrics", timeout=10).text, 30, "not counted")
        # when: Redis is killed, and messages keep coming
        redis.kill9()
        for number in range(10):
            world.consumer_says(f"t{number}")
            time.sleep(0.1)
        # then
        wait_until(lambda: len(far.texts()) == 11, 30, f"not delivered without Redis; {log.read_text()[-2000:]}")
        assert process.poll() is None
        # when it is back
        redis.start()
        world.consumer_says("with Redis again")
        wait_until(lambda: far.texts()[-1] == "with Redis again", 30, "not delivered")
        assert far.texts() == ["hello", *(f"t{number}" for number in range(10)), "with Redis again"]
        # when
        process.send_signal(signal.SIGTERM)
        # then
        assert process.wait(60) == 0, log.read_text()[-3000:]
        assert "drainer_stopped" in log.read_text()
    finally:
        if process.poll() is None:
            process.kill()
            process.wait(10)
        redis.stop()


def test_our_own_address_may_be_called_wherever_it_is_and_no_other_private_one(httpserver: HTTPServer, settings: Any) -> None:
    httpserver.expect_request("/files/x/a.png").respond_with_data(b"bytes")
    settings.HTTP_ALLOWED_ORIGINS = []
    settings.PUBLIC_URL = httpserver.url_for("").rstrip("/")
    fetch = HttpCall(method="GET", url=httpserver.url_for("/files/x/a.png"), effect=False)
    assert worker.make_client().execute(fetch).body == b"bytes"
    settings.PUBLIC_URL = "https://connect.example.com"
    with pytest.raises(ConfigurationError):
        worker.make_client().execute(fetch)
