"""Hosting the drain in a Celery worker: a bootstep, so that it starts and stops with the worker and needs no task to be alive.

A slot task that re-queues itself is lost after a SIGTERM or a restart of Redis; a bootstep held through both, and through Redis being away.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from celery import bootsteps

if TYPE_CHECKING:
    from webhooks_app.worker import Drainer


class DrainStep(bootsteps.StartStopStep):
    """Starts the drainer after the worker's pool; ``stop`` lets the calls in flight end."""

    requires = ("celery.worker.components:Pool",)

    def __init__(self, worker: Any, **kwargs: Any) -> None:
        super().__init__(worker, **kwargs)
        self.drainer: Drainer | None = None

    def start(self, worker: Any) -> None:
        # Here and not above: Celery reads this module before Django's apps are loaded.
        from connector_platform.memory import settle
        from connector_platform.observability.metrics import serve_metrics
        from webhooks_app.worker import Drainer

        settle()
        serve_metrics()
        self.drainer = Drainer()
        self.drainer.start()

    def stop(self, worker: Any) -> None:
        if self.drainer is not None and not self.drainer.is_stopping:
            self.drainer.stop()

    terminate = stop
