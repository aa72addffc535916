"""The worker's inside: one thread claims lanes for as many as are free, each of the others drains one lane at a time."""

from __future__ import annotations

import os
import platform
import threading
import uuid
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import psycopg
import structlog
from django.conf import settings
from psycopg_pool import PoolTimeout

from connector_platform.core.http import HttpClient
from connector_platform.core.ids import uuid7
from connector_platform.database import DatabaseUnavailable
from connector_platform.observability.metrics import LANES_CLAIMED
from webhooks_app import heartbeat, lanes
from webhooks_app.bell import Listener
from webhooks_app.delivery.engine import Engine

log = structlog.get_logger(__name__)

SPARE_THREADS = 4
"""Beside ``DRAIN_THREADS``, for brands that hold fewer lanes than this: one brand's queue, or its slow far side, never takes all threads."""
UNAVAILABLE_WAIT_S = 0.5


def make_client() -> HttpClient:
    """The process's HTTP client, as the settings want it. Our own address may be called wherever it resolves to: agents' files are there."""
    return HttpClient(
        allowed_origins=(*settings.HTTP_ALLOWED_ORIGINS, settings.PUBLIC_URL),
        connect_timeout_s=settings.HTTP_CONNECT_TIMEOUT_S,
        timeout_s=settings.HTTP_TIMEOUT_S,
    )


class Drainer:
    """Claims and drains until it is stopped. Needs PostgreSQL only; Redis merely wakes it sooner."""

    def __init__(self, *, threads: int | None = None) -> None:
        self.name = f"{platform.node()[:30]}:{os.getpid()}:{uuid7().hex[-8:]}"
        self._threads = threads or settings.DRAIN_THREADS
        self._engine = Engine(self.name, make_client())
        self._pool = ThreadPoolExecutor(self._threads + SPARE_THREADS, thread_name_prefix="drain")
        self._held: dict[int, lanes.Claim] = {}
        self._lock = threading.Condition()
        self._stopping = threading.Event()
        self._ended = threading.Event()
        self._listener = Listener()
        self._claimer = threading.Thread(target=self._claim_loop, name="claimer", daemon=True)
        self._renewer = threading.Thread(target=self._renew_loop, name="renewer", daemon=True)

    def start(self) -> None:
        """Begin claiming; returns at once."""
        log.info("drainer_started", worker=self.name, threads=self._threads)
        self._listener.start()
        self._claimer.start()
        self._renewer.start()

    def stop(self) -> None:
        """Claim no more, let the calls in flight end (an HTTP timeout at most), and give the lanes back."""
        self._stopping.set()
        self._engine.stop()
        self._listener.heard.set()
        self._listener.stop()
        if self._claimer.is_alive():
            self._claimer.join()
        self._pool.shutdown(wait=True)
        self._ended.set()
        log.info("drainer_stopped", worker=self.name)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def _claim_loop(self) -> None:
        while not self._stopping.is_set():
            held = self._await_thread()
            busy = sum(held.values())
            try:
                if busy < self._threads:
                    claims = lanes.claim(self.name, self._threads - busy, held)
                else:
                    claims = lanes.claim(self.name, self._threads + SPARE_THREADS - busy, held, most=SPARE_THREADS)
            except Exception as error:
                # Whatever it is: a worker that claims nothing any more but says that it lives would be worse than a dead one.
                log.error("claim_failed", reason=type(error).__name__, detail=str(error)[:300])
                self._stopping.wait(UNAVAILABLE_WAIT_S)
                continue
            for claim in claims:
                self._hand_over(claim)
            if not claims:
                self._listener.heard.wait(settings.POLL_S)
                self._listener.heard.clear()

    def _await_thread(self) -> Counter[uuid.UUID]:
        """Wait until a thread is free; how many lanes each brand has in work."""
        with self._lock:
            self._lock.wait_for(lambda: len(self._held) < self._threads + SPARE_THREADS)
            return Counter(claim.brand_id for claim in self._held.values())

    def _hand_over(self, claim: lanes.Claim) -> None:
        """Have a free thread drain it. Without one (no more threads can be made) its lease runs out, and it comes due by itself."""
        LANES_CLAIMED.labels(str(claim.was_abandoned).lower()).inc()
        with self._lock:
            self._held[claim.lane_id] = claim
        try:
            self._pool.submit(self._drain, claim)
        except RuntimeError as error:
            with self._lock:
                self._held.pop(claim.lane_id, None)
            log.error("lane_not_drained", lane=claim.lane_id, detail=str(error)[:300])

    def _drain(self, claim: lanes.Claim) -> None:
        try:
            self._engine.drain(claim)
        except Exception:
            log.exception("drain_crashed", lane=claim.lane_id)
        finally:
            with self._lock:
                self._held.pop(claim.lane_id, None)
                self._lock.notify()
            self._listener.heard.set()

    def _renew_loop(self) -> None:
        """Keep the leases of the lanes in work while the process lives (a long call must not lose its lane), and say that it does."""
        every_s = min(settings.LEASE_S / 4, heartbeat.EVERY_S)
        while not self._ended.wait(every_s):
            with self._lock:
                held = list(self._held)
            try:
                if held:
                    lanes.renew(self.name, held)
                heartbeat.beat(self.name, "worker")
            except (DatabaseUnavailable, psycopg.Error, PoolTimeout) as error:
                log.error("renewal_failed", reason=type(error).__name__)
