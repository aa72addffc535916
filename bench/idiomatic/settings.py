"""The platform's settings with the middleware and the REST framework of a fresh Django project."""

from __future__ import annotations

from connector_platform.settings import *  # noqa: F403
from connector_platform.settings import DATABASES as _DATABASES
from connector_platform.settings import INSTALLED_APPS as _INSTALLED_APPS

INSTALLED_APPS = [*_INSTALLED_APPS, "bench.idiomatic"]
MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
]
ROOT_URLCONF = "bench.idiomatic.urls"
REST_FRAMEWORK = {}
# A check of the connection would be one more round trip for each request.
DATABASES = {"default": {**_DATABASES["default"], "CONN_HEALTH_CHECKS": False}}
