"""The Celery application. Its workers host the draining of lanes (`webhooks_app.bootstep`); PostgreSQL is the queue."""

import os

from celery import Celery

from webhooks_app.bootstep import DrainStep

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connector_platform.settings")

app = Celery("connector_platform")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()

app.steps["worker"].add(DrainStep)
