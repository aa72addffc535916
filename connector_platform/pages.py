"""The front page: where everything is."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render


def front_page(request: HttpRequest) -> HttpResponse:
    """Links to the demo (where there is a sandbox), the admin and the API docs."""
    return render(request, "front_page.html", {"sandbox_url": settings.SANDBOX_URL})
