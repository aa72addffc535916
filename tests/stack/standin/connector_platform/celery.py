"""A stand-in for the platform's Celery application."""

import os

from celery import Celery

app = Celery("connector_platform", broker=os.environ["REDIS_URL"])
