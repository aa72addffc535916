"""Waking idle workers: one coalesced Redis message at most every ``INTERVAL_S``. An aid only: without Redis they poll."""

from __future__ import annotations

import contextlib
import threading
import time

import redis
import structlog
from django.conf import settings

CHANNEL = "connector_platform.lanes_due"
INTERVAL_S = 0.01
"""A burst of callbacks rings once in this time: a message a callback would cost a third of the receive rate."""
PAUSE_S = 2.0
"""After a failure Redis is left alone this long, so that its absence costs nothing."""

log = structlog.get_logger(__name__)


def _connect(timeout_s: float | None) -> redis.Redis:
    url = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
    return redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=timeout_s, health_check_interval=0)


class Bell:
    """The ringing side, one per web process; its thread starts with the first ring."""

    def __init__(self) -> None:
        self._due = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def ring(self) -> None:
        """Tell the workers that lanes are due; returns at once."""
        self._due.set()
        if self._thread is None or not self._thread.is_alive():
            with self._lock:
                if self._thread is None or not self._thread.is_alive():
                    self._thread = threading.Thread(target=self._run, name="bell", daemon=True)
                    self._thread.start()

    def _run(self) -> None:
        client = _connect(1.0)
        while True:
            self._due.wait()
            self._due.clear()
            try:
                client.publish(CHANNEL, b"1")
                time.sleep(INTERVAL_S)
            except (redis.RedisError, OSError) as error:
                log.info("bell_silent", reason=type(error).__name__)
                time.sleep(PAUSE_S)


class Listener:
    """The hearing side, one per worker process: ``heard`` is set whenever the bell rings."""

    def __init__(self) -> None:
        self.heard = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bell-listener", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                with contextlib.closing(_connect(None).pubsub(ignore_subscribe_messages=True)) as pubsub:
                    pubsub.subscribe(CHANNEL)
                    while not self._stopping.is_set():
                        if pubsub.get_message(timeout=1.0) is not None:
                            self.heard.set()
            except (redis.RedisError, OSError, ValueError) as error:
                log.info("bell_unheard", reason=type(error).__name__)
                self._stopping.wait(PAUSE_S)


bell = Bell()
