"""What is counted. Labels are bounded: providers, results, error codes; never a tenant's or a person's id."""

from __future__ import annotations

import structlog
from django.conf import settings
from prometheus_client import Counter, Gauge, Histogram, start_http_server

log = structlog.get_logger(__name__)

CALLBACKS = Counter("connector_callbacks_total", "Callbacks and webhooks received, by what became of them.", ["source", "result"])
EVENTS = Counter("connector_events_total", "Events found in callbacks, by what became of them.", ["source", "result"])
RECEIVE_SECONDS = Histogram(
    "connector_receive_seconds",
    "Time from reading a callback to its answer.",
    ["source"],
    buckets=(0.001, 0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1),
)
SPOOLED = Counter("connector_spool_records_total", "Callbacks that waited in the spool, by what became of them.", ["result"])
SPOOL_BYTES = Gauge("connector_spool_bytes", "Size of this machine's spool, by kind of file: waiting, or failed to be replayed.", ["kind"])
ATTEMPTS = Counter("connector_attempts_total", "Calls made, by outcome.", ["target", "outcome"])
DELIVERED = Counter("connector_delivered_total", "Events that reached an end, by state.", ["direction", "state"])
LANES_CLAIMED = Counter("connector_lanes_claimed_total", "Lanes claimed, by whether their last worker died.", ["abandoned"])


def serve_metrics() -> None:
    """Serve this process's metrics at ``METRICS_PORT``, if one is set. A port that is taken is no reason not to work: it is logged."""
    if not settings.METRICS_PORT:
        return
    try:
        start_http_server(settings.METRICS_PORT)
    except OSError as error:
        log.error("metrics_not_served", port=settings.METRICS_PORT, reason=str(error))
    else:
        log.info("metrics_served", port=settings.METRICS_PORT)
