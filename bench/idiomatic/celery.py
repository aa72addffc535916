from __future__ import annotations

from celery import Celery

app = Celery("idiomatic", include=["bench.idiomatic.tasks"])
app.config_from_object("django.conf:settings", namespace="CELERY")
