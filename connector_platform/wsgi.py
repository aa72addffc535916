"""The WSGI entry point. Callbacks and webhooks go straight to their views; everything else takes Django's usual way.

The middleware of pages (sessions, CSRF, messages) costs more than the rest of receiving and has no use there. The same addresses stand in
``urls.py`` too, so that a plain Django handler serves them as well.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from typing import Any

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "connector_platform.settings")

from django.core.wsgi import get_wsgi_application

_django = get_wsgi_application()

from django.core.handlers.exception import convert_exception_to_response  # noqa: E402
from django.core.handlers.wsgi import WSGIRequest, get_path_info  # noqa: E402
from django.http import HttpRequest, HttpResponse  # noqa: E402
from django.http.response import HttpResponseBase  # noqa: E402
from django.template.response import SimpleTemplateResponse  # noqa: E402
from django.urls import resolve  # noqa: E402

from connector_platform.memory import settle  # noqa: E402
from webhooks_app.spool_drainer import start_keeper  # noqa: E402

start_keeper()
settle()

_DIRECT = ("/callbacks/", "/webhooks/")


def _call_view(request: HttpRequest) -> HttpResponseBase:
    match = resolve(request.path_info, "webhooks_app.urls")
    request.resolver_match = match
    response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
    # DRF's own refusals (a wrong method) are rendered by Django's handler, which is not here.
    return response.render() if isinstance(response, SimpleTemplateResponse) else response


_direct = convert_exception_to_response(_call_view)


def application(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """One request, one response (PEP 3333)."""
    if not get_path_info(environ).startswith(_DIRECT):
        return _django(environ, start_response)
    response = _direct(WSGIRequest(environ))
    assert isinstance(response, HttpResponse)
    start_response(f"{response.status_code} {response.reason_phrase}", list(response.items()))
    return [response.content]
