from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.urls import path

from bench.idiomatic.views import WebhookView


def live(request: HttpRequest) -> HttpResponse:
    """Whether the server answers."""
    return HttpResponse("OK")


urlpatterns = [path("health/live", live), path("webhook/", WebhookView.as_view())]
