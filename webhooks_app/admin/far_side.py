"""A page with buttons that ask the far side, and that asks it by itself whether what was just saved works."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path

from connector_platform.core.errors import ConnectorError
from webhooks_app.services.checks import Checked


@dataclass(frozen=True)
class FarSideButton:
    """A button: ``name`` ends its address, ``ask`` takes the row's id."""

    name: str
    label: str
    icon: str
    ask: Callable[[uuid.UUID], Checked]


class FarSideMixin:
    """Mixed into an ``UnscopedAdmin``. The first of ``buttons`` is the check, which is also made after every save."""

    buttons: ClassVar[tuple[FarSideButton, ...]]
    change_form_outer_before_template = "webhooks_app/admin/far_side_buttons.html"
    opts: Any
    admin_site: Any

    def buttons_of(self, row: Any) -> Sequence[FarSideButton]:
        """Those that the row's page has."""
        return self.buttons

    def hints_of(self, row: Any) -> Sequence[str]:
        """What to know before they are pressed, in sentences."""
        raise NotImplementedError

    def get_urls(self) -> list[URLPattern]:
        own = [
            path(f"<uuid:pk>/{button.name}/", self._view_of(button), name=f"{self.opts.app_label}_{self.opts.model_name}_{button.name}")
            for button in self.buttons
        ]
        return [*own, *super().get_urls()]  # type: ignore[misc]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)  # type: ignore[attr-defined]
        more = {"buttons": self.buttons_of(row), "hints": self.hints_of(row)} if row is not None else {}
        return super().change_view(request, object_id, form_url, {**(extra_context or {}), **more})  # type: ignore[misc]

    def save_model(self, request: HttpRequest, obj: Any, form: Any, change: bool) -> None:
        super().save_model(request, obj, form, change)  # type: ignore[misc]
        request.saved_pk = obj.pk  # type: ignore[attr-defined]  # read below

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """As the base class. After a save the far side is asked whether it works; whatever it says, what was saved stays saved."""
        response = super().changeform_view(request, object_id, form_url, extra_context)  # type: ignore[misc]
        # Not earlier: only now the row is committed, and no transaction waits for the far side.
        pk = getattr(request, "saved_pk", None)
        if pk is not None and response.status_code == 302:
            self._tell(request, self.buttons[0], pk, refused=messages.warning)
        return response

    def _view_of(self, button: FarSideButton) -> Callable[..., HttpResponse]:
        def view(request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
            if request.method != "POST":
                return HttpResponseNotAllowed(["POST"])
            row = self.get_object(request, str(pk))  # type: ignore[attr-defined]
            if row is None or not self.has_view_permission(request, row) or button not in self.buttons_of(row):  # type: ignore[attr-defined]
                raise Http404
            self._tell(request, button, pk, refused=messages.error)
            return HttpResponseRedirect(self.change_url(pk))  # type: ignore[attr-defined]

        return self._unscoped(self.admin_site.admin_view(view))  # type: ignore[attr-defined]

    @staticmethod
    def _tell(request: HttpRequest, button: FarSideButton, pk: uuid.UUID, *, refused: Callable[[HttpRequest, str], None]) -> None:
        try:
            result = button.ask(pk)
        except ConnectorError as error:
            refused(request, error.message)
            return
        tell = refused if not result.ok else messages.success if result.was_asked else messages.info
        tell(request, result.message)
