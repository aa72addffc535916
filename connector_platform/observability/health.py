"""Whether the process lives, whether it can serve, and what was counted."""

from __future__ import annotations

from typing import Any

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest

from connector_platform.database import DatabaseUnavailable, run
from webhooks_app.spool import spooling

WORKER_SILENT_S = 15
"""The sweeper and the drainers beat every few seconds; silent for this long, they are gone."""
STALLED_S = 60
"""Lanes due for this long without any being drained: nothing moves."""


def live(request: HttpRequest) -> HttpResponse:
    """200 as long as the process answers."""
    return HttpResponse("ok", content_type="text/plain")


def ready(request: HttpRequest) -> HttpResponse:
    """200 when PostgreSQL is migrated, a worker and the sweeper beat, and lanes move; else 503 with what is wrong.

    Redis is reported but not required: without it messages are only picked up a little later.
    """
    checks = {**_database(), "redis": _redis()}
    required = {name: text for name, text in checks.items() if name != "redis"}
    status = 200 if all(text == "ok" for text in required.values()) else 503
    response = JsonResponse({"ready": status == 200, "checks": checks}, status=status)
    response._has_been_logged = True  # type: ignore[attr-defined]  # Django logs a 503 as an error at every probe; it is an answer here
    return response


def receiving(request: HttpRequest) -> HttpResponse:
    """200 while callbacks are taken, for load balancers: PostgreSQL answers, or what arrives can be spooled; else 503."""
    spool = spooling()
    if spool is not None and spool.has_room():
        return HttpResponse("ok", content_type="text/plain")
    try:
        run("SELECT 1")
    except DatabaseUnavailable:
        text, status = "PostgreSQL cannot be reached, and nothing can be spooled", 503
    else:
        text, status = "ok", 200
    response = HttpResponse(text, status=status, content_type="text/plain")
    response._has_been_logged = True  # type: ignore[attr-defined]  # as in ``ready``
    return response


def _database() -> dict[str, str]:
    try:
        beats: dict[str, Any] = dict(run("SELECT kind, extract(epoch FROM now() - max(beat_at)) FROM webhooks_app_heartbeat GROUP BY kind"))
        due = run(
            "SELECT extract(epoch FROM now() - min(due_at)) FROM webhooks_app_lane WHERE state IN ('ready', 'gap', 'leased') AND due_at <= now()"
        )
    except DatabaseUnavailable:
        return {"database": "unreachable; see DATABASE_URL"}
    except Exception as error:
        return {"database": f"not migrated ({type(error).__name__}); run manage.py migrate"}
    checks = {"database": "ok"}
    for kind in ("worker", "sweeper"):
        silent_s = beats.get(kind)
        checks[kind] = (
            "ok" if silent_s is not None and silent_s < WORKER_SILENT_S else f"no {kind} has been heard of for {WORKER_SILENT_S} s"
        )
    stalled_s = float(due[0][0] or 0) if due else 0.0
    checks["progress"] = "ok" if stalled_s < STALLED_S else f"lanes have been due for {stalled_s:.0f} s without being drained"
    return checks


def _redis() -> str:
    try:
        url = settings.REDIS_URL.replace("redis+socket://", "unix://", 1)
        with redis.Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1) as client:
            client.ping()
    except (redis.RedisError, OSError):
        return "unreachable; see REDIS_URL"
    return "ok"


def metrics(request: HttpRequest) -> HttpResponse:
    """Prometheus text format."""
    return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
