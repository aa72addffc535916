"""A page with a button that asks the far side whether what is stored works."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path

from webhooks_app.services.checks import Checked


class TestButtonMixin:
    """Mixed into an ``UnscopedAdmin``. ``asked`` is who is asked, in the button's hint."""

    asked = ""
    change_form_outer_before_template = "webhooks_app/admin/test_button.html"
    opts: Any
    admin_site: Any

    def check_row(self, pk: uuid.UUID) -> Checked:
        """Ask about the row with this id."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        view = self._unscoped(self.admin_site.admin_view(self.test_view))  # type: ignore[attr-defined]
        own = path("<uuid:pk>/test/", view, name=f"{self.opts.app_label}_{self.opts.model_name}_test")
        return [own, *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        context = {**(extra_context or {}), "asked": self.asked}
        return super().change_view(request, object_id, form_url, context)  # type: ignore[misc]

    def test_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Ask with what is stored and say what was answered."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, str(pk))  # type: ignore[attr-defined]
        if row is None or not self.has_view_permission(request, row):  # type: ignore[attr-defined]
            raise Http404
        result = self.check_row(row.pk)
        tell = messages.error if not result.ok else messages.success if result.was_asked else messages.info
        tell(request, result.message)
        return HttpResponseRedirect(self.change_url(row.pk))  # type: ignore[attr-defined]
