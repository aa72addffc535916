"""Every setting of the installation: what it is, its unit, its default. Per-channel values live in the database, not here.

Read from the environment once, at start-up; a wrong value stops the process with a sentence that says what to do. `.env.example` lists them.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import environ
from django.core.exceptions import ImproperlyConfigured
from django.templatetags.static import static
from django.urls import reverse_lazy

from connector_platform import env

BASE_DIR = Path(__file__).resolve().parent.parent

DEBUG = env.read("DEBUG", "0", env.flag, hint="1 for development, 0 for production")
"""Development conveniences: error pages, a built-in secret key. Never in production."""

SECRET_KEY = env.read("SECRET_KEY", "development-only-" + "0" * 40 if DEBUG else None, env.text, hint="50 or more random characters")
"""Signs sessions and CSRF tokens."""

ENCRYPTION_KEYS = env.read(
    "ENCRYPTION_KEYS",
    "ZGV2ZWxvcG1lbnQtb25seS1rZXktMDAwMDAwMDAwMDA=" if DEBUG else None,
    env.fernet_keys,
    hint="one or more Fernet keys, newest first, separated by commas (make one with: python -c "
    "'from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())')",
)
"""Seal the secrets at rest. To rotate: put a new key in front, run `manage.py rotate_secrets`, then drop the old one."""

PUBLIC_URL = env.read(
    "PUBLIC_URL", "http://localhost:8000" if DEBUG else None, env.url("http", "https"), hint="the address under which vendors reach this"
)
"""Callback and webhook URLs begin with it."""

ALLOWED_HOSTS = env.read(
    "ALLOWED_HOSTS", "*" if DEBUG else urlsplit(PUBLIC_URL).hostname or "", env.words, hint="host names, separated by commas"
)

SANDBOX_URL = env.read("SANDBOX_URL", "", lambda raw: env.url("http", "https")(raw), hint="the sandbox's address, or nothing")
"""Where the demo page is; empty in production: then the front page does not mention it."""

HTTP_ALLOWED_ORIGINS = env.read("HTTP_ALLOWED_ORIGINS", "", env.origins, hint="origins such as http://127.0.0.1:8800, separated by commas")
"""Origins that outgoing calls may reach although their address is private or loopback (the sandbox, a gateway in your own network)."""

PROVIDER_API_BASES = env.read("PROVIDER_API_BASES", "", env.pairs, hint="slug=url pairs, separated by commas")
"""Where vendors' APIs are, for those that are not at their own address (a sandbox, a self-hosted API server)."""

HTTP_CONNECT_TIMEOUT_S = env.read("HTTP_CONNECT_TIMEOUT_S", "5", env.number(0.1, 30), hint="seconds, 0.1 to 30")
HTTP_TIMEOUT_S = env.read("HTTP_TIMEOUT_S", "15", env.number(0.1, 60), hint="seconds, 0.1 to 60")
"""How long an outgoing call may wait for bytes. Must stay under LEASE_S, or a slow call would outlive its lane's lease."""

CALLBACK_MAX_BYTES = env.read("CALLBACK_MAX_BYTES", "1048576", env.whole(1024, 16 * 1024 * 1024), hint="bytes, 1024 to 16777216")
"""A longer callback or webhook body is refused with 413."""

SPOOL_DIR = env.read("SPOOL_DIR", "", env.text, hint="a private directory on this machine's own disk, or nothing")
"""Where callbacks wait while PostgreSQL cannot be reached; empty: they are answered 503. Shared by the web processes of one machine."""

SPOOL_MAX_BYTES = env.read("SPOOL_MAX_BYTES", str(1024**3), env.whole(1024**2, 1024**5), hint="bytes, 1048576 to 1125899906842624")
"""What may wait there; what comes beyond it is answered 503."""

TRUSTED_PROXIES = env.read("TRUSTED_PROXIES", "0", env.whole(0, 5), hint="how many proxies in front append to X-Forwarded-For, 0 to 5")
"""How the sender's address is found: 0 takes the connection's own."""

DRAIN_THREADS = env.read("DRAIN_THREADS", "32", env.whole(1, 48), hint="threads, 1 to 48")
"""Lanes that one worker process drains at a time."""

LEASE_S = env.read("LEASE_S", "25", env.number(2, 300), hint="seconds, 2 to 300")
"""How long a claimed lane stays with its worker without renewal: the time after which a dead worker's lanes move again."""

POLL_S = env.read("POLL_S", "0.02", env.number(0.005, 5), hint="seconds, 0.005 to 5")
"""How often an idle worker looks for due lanes when Redis does not wake it."""

LANE_BUDGET = env.read("LANE_BUDGET", "20", env.whole(1, 10_000), hint="events, 1 to 10000")
"""Events of one lane sent in a row before other lanes get their turn."""

MAX_AGE_S = env.read("MAX_AGE_S", "86400", env.number(60, 30 * 86400), hint="seconds, 60 to 2592000")
"""An event that could not be delivered for this long is dead: kept, shown, replayable."""

SEQUENCE_GAP_WAIT_S = env.read("SEQUENCE_GAP_WAIT_S", "2", env.number(0, 60), hint="seconds, 0 to 60")
"""How long an agent's message waits for an earlier sequence number that has not been notified yet."""

RECONCILE_WAIT_S = env.read("RECONCILE_WAIT_S", "5", env.number(0, 120), hint="seconds, 0 to 120")
"""How long a send whose answer was never seen waits for LivePerson's echo before it is repeated."""

RETRY_SCALE = env.read("RETRY_SCALE", "1", env.number(0.001, 10), hint="a factor, 0.001 to 10")
"""Multiplies every retry wait; below 1 only in tests."""

METRICS_PORT = env.read("METRICS_PORT", "0", env.whole(0, 65535), hint="a port, or 0 for none")
"""Where a worker or the sweeper serves its own metrics (GET /metrics); the web server has them at its own address. One port a process."""

HISTORY_DAYS = env.read("HISTORY_DAYS", "30", env.number(0.01, 3650), hint="days, 0.01 to 3650")
"""Finished events, their attempts and raw bodies are deleted after this long."""

FILE_DAYS = env.read("FILE_DAYS", "7", env.number(0.01, 365), hint="days, 0.01 to 365")
"""Agents' files are kept, and their addresses valid, for this long."""

REDIS_URL = env.read(
    "REDIS_URL",
    "redis://127.0.0.1:6379/0" if DEBUG else None,
    env.url("redis", "rediss", "redis+socket"),
    hint="redis://host:port/database",
)

if HTTP_TIMEOUT_S + HTTP_CONNECT_TIMEOUT_S >= LEASE_S:
    raise ImproperlyConfigured(
        f"HTTP_TIMEOUT_S ({HTTP_TIMEOUT_S:g}) is too long for LEASE_S ({LEASE_S:g}): raise LEASE_S or lower the timeout."
    )


def _database() -> dict[str, Any]:
    if not os.environ.get("DATABASE_URL"):
        raise ImproperlyConfigured(
            "DATABASE_URL is not set. Set it to postgres://user:password@host:port/name, or start with `make run`, which brings its own."
        )
    config: dict[str, Any] = environ.Env().db_url("DATABASE_URL")
    if config["ENGINE"] != "django.db.backends.postgresql":
        raise ImproperlyConfigured(
            "DATABASE_URL is not PostgreSQL's. Set it to postgres://user:password@host:port/name; no other database will do."
        )
    # django-environ puts a socket's directory into OPTIONS: merged, never assigned. The pool: server threads come and go, and a
    # thread that ends would leak its own connection.
    pool = {"min_size": 0, "max_size": 40, "timeout": 10}
    options = {"application_name": "connector_platform", "connect_timeout": 5, "pool": pool, **dict(config.get("OPTIONS") or {})}
    return {**config, "OPTIONS": options, "CONN_MAX_AGE": 0, "CONN_HEALTH_CHECKS": True}


DATABASES = {"default": _database()}
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

INSTALLED_APPS = [
    "unfold",
    "django.contrib.admin",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "django.contrib.staticfiles",
    "django.contrib.postgres",
    "rest_framework",
    "django_filters",
    "drf_spectacular",
    "drf_spectacular_sidecar",
    "channels_app",
    "webhooks_app",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "django_structlog.middlewares.RequestMiddleware",
]

ROOT_URLCONF = "connector_platform.urls"
WSGI_APPLICATION = "connector_platform.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "connector_platform" / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
            ]
        },
    }
]

AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]

LANGUAGE_CODE = "en-us"
TIME_ZONE = "UTC"
USE_TZ = True
STATIC_URL = "/static/"
STATIC_ROOT = BASE_DIR / "staticfiles"
WHITENOISE_USE_FINDERS = True
APPEND_SLASH = True
LOGIN_URL, LOGIN_REDIRECT_URL = "admin:login", "admin:index"

_SECURE = PUBLIC_URL.startswith("https://")
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_SSL_REDIRECT = False if DEBUG else _SECURE
SECURE_REDIRECT_EXEMPT = [r"^health/", r"^metrics$", r"^callbacks/", r"^webhooks/"]
SECURE_HSTS_SECONDS = 31_536_000 if _SECURE and not DEBUG else 0
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = bool(SECURE_HSTS_SECONDS)
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = _SECURE
SECURE_CONTENT_TYPE_NOSNIFF = True
X_FRAME_OPTIONS = "DENY"
CSRF_TRUSTED_ORIGINS = [PUBLIC_URL]

REST_FRAMEWORK = {
    "DEFAULT_AUTHENTICATION_CLASSES": ["channels_app.api.authentication.ApiKeyAuthentication"],
    "DEFAULT_PERMISSION_CLASSES": ["rest_framework.permissions.IsAuthenticated"],
    "DEFAULT_RENDERER_CLASSES": ["rest_framework.renderers.JSONRenderer"],
    "DEFAULT_PARSER_CLASSES": ["rest_framework.parsers.JSONParser"],
    "DEFAULT_FILTER_BACKENDS": ["django_filters.rest_framework.DjangoFilterBackend"],
    "DEFAULT_PAGINATION_CLASS": "rest_framework.pagination.PageNumberPagination",
    "PAGE_SIZE": 50,
    "DEFAULT_SCHEMA_CLASS": "drf_spectacular.openapi.AutoSchema",
    "EXCEPTION_HANDLER": "channels_app.api.problems.problem_handler",
    "UNAUTHENTICATED_USER": None,
}

SPECTACULAR_SETTINGS = {
    "TITLE": "Connector Platform API",
    "DESCRIPTION": "Provision brands, LivePerson apps and channels; read conversations and events; replay what could not be delivered.",
    "VERSION": "1",
    "SERVE_INCLUDE_SCHEMA": False,
    "SWAGGER_UI_DIST": "SIDECAR",
    "SWAGGER_UI_FAVICON_HREF": "SIDECAR",
    "REDOC_DIST": "SIDECAR",
    "COMPONENT_SPLIT_REQUEST": True,
    "SCHEMA_PATH_PREFIX": "/api/v1/",
    # 3.1 is JSON Schema: the providers' configuration models stand in it as they are. The default hook would name every enum in them.
    "OAS_VERSION": "3.1.0",
    "POSTPROCESSING_HOOKS": [],
}

UNFOLD = {
    "SITE_TITLE": "Connector Platform",
    "SITE_HEADER": "Connector Platform",
    "SITE_SYMBOL": "hub",
    "SITE_URL": "/",
    "SITE_FAVICONS": [{"rel": "icon", "type": "image/svg+xml", "href": lambda request: static("channels_app/favicon.svg")}],
    "SHOW_HISTORY": True,
    "DASHBOARD_CALLBACK": "webhooks_app.admin.dashboard.add_health",
    "SIDEBAR": {
        "show_search": True,
        "navigation": [
            {
                "title": "Set up",
                "items": [
                    {"title": "Brands", "icon": "storefront", "link": reverse_lazy("admin:channels_app_brand_changelist")},
                    {
                        "title": "LivePerson apps",
                        "icon": "support_agent",
                        "link": reverse_lazy("admin:channels_app_livepersonapp_changelist"),
                    },
                    {"title": "Provider apps", "icon": "apps", "link": reverse_lazy("admin:channels_app_providerapp_changelist")},
                    {"title": "Channels", "icon": "cable", "link": reverse_lazy("admin:channels_app_channel_changelist")},
                    {"title": "API keys", "icon": "key", "link": reverse_lazy("admin:channels_app_apikey_changelist")},
                ],
            },
            {
                "title": "Watch",
                "items": [
                    {"title": "Conversations", "icon": "forum", "link": reverse_lazy("admin:channels_app_conversation_changelist")},
                    {"title": "Events", "icon": "list", "link": reverse_lazy("admin:webhooks_app_event_changelist")},
                    {
                        "title": "Unreadable callbacks",
                        "icon": "report",
                        "link": reverse_lazy("admin:webhooks_app_unreadablebody_changelist"),
                    },
                ],
            },
            {
                "title": "People",
                "items": [{"title": "Operators", "icon": "person", "link": reverse_lazy("admin:auth_user_changelist")}],
            },
        ],
    },
}

# Celery: PostgreSQL is the queue, Celery hosts the workers. Early acks: with late ones a lost Redis connection kills the consumer
# (celery 5.7, kombu 5.7), and nothing is lost by them, because due work is found in PostgreSQL.
CELERY_BROKER_URL = REDIS_URL
CELERY_TASK_ACKS_LATE = False
CELERY_TASK_REJECT_ON_WORKER_LOST = False
CELERY_TASK_IGNORE_RESULT = True
CELERY_WORKER_PREFETCH_MULTIPLIER = 1
CELERY_BROKER_CONNECTION_RETRY = True
CELERY_BROKER_CONNECTION_RETRY_ON_STARTUP = True
CELERY_BROKER_CONNECTION_MAX_RETRIES = None
CELERY_WORKER_CANCEL_LONG_RUNNING_TASKS_ON_CONNECTION_LOSS = False
CELERY_BROKER_TRANSPORT_OPTIONS = {"visibility_timeout": 3600, "socket_connect_timeout": 2, "socket_keepalive": True}
CELERY_TIMEZONE = "UTC"
CELERY_WORKER_HIJACK_ROOT_LOGGER = False

LOGGING_CONFIG = None
from connector_platform.observability.logs import configure_logging  # noqa: E402  the settings above must stand first

configure_logging(debug=DEBUG)
