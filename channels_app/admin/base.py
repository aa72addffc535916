"""What all pages have in common."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable
from typing import Any, ClassVar

from django.contrib import messages
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django_scopes import scopes_disabled
from unfold.admin import ModelAdmin

from channels_app.services.errors import InUse
from channels_app.services.rows import delete_row, users_of
from connector_platform.core.errors import ConnectorError

STATE_COLOURS = {"active": "success", "paused": "warning", "broken": "danger"}


class UnscopedAdmin(ModelAdmin):
    """Base of every page about tenants' rows: operators of the platform see all brands, so the scope is switched off here, by name.

    Only superusers get in; a page that forgot to derive from this one fails instead of showing everything.
    """

    compressed_fields = True
    warn_unsaved_form = True
    list_fullwidth = True

    class Media:
        css: ClassVar = {"all": ["channels_app/admin.css"]}
        js: ClassVar = ["channels_app/admin.js"]

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        with scopes_disabled():
            return super().get_queryset(request)

    def get_urls(self) -> list[URLPattern]:
        """Every page of this admin, its own and added ones, runs and renders without a scope."""
        urls = super().get_urls()
        for pattern in urls:
            if pattern.callback is not None:
                pattern.callback = self._unscoped(pattern.callback)
        return urls

    def _unscoped(self, view: Callable[..., HttpResponse]) -> Callable[..., HttpResponse]:
        @functools.wraps(view)
        def wrapper(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            with scopes_disabled():
                try:
                    response = view(request, *args, **kwargs)
                except ConnectorError as error:
                    if request.method != "POST":
                        raise
                    # The services refuse in sentences; what was typed stays in the browser's history.
                    messages.error(request, error.message)
                    return HttpResponseRedirect(request.get_full_path())
                if isinstance(response, TemplateResponse) and not response.is_rendered:
                    response.render()
                return response

        return wrapper

    def has_module_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request)

    def has_view_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_operator(request)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return _is_operator(request)

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_operator(request)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return _is_operator(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Without deletion in bulk: set-up is deleted one by one, with a reason where it cannot be."""
        return {name: action for name, action in super().get_actions(request).items() if name != "delete_selected"}

    def delete_view(self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """As the base class, but what is in use is refused at once; Django would list every event that uses it."""
        row = self.get_object(request, object_id)
        if row is not None and (users := users_of(row)):
            messages.error(request, f"{row} cannot be deleted: {', '.join(users)} still need it.")
            return HttpResponseRedirect(self.change_url(row.pk))
        return super().delete_view(request, object_id, extra_context)

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        try:
            delete_row(obj)
        except InUse as error:
            messages.error(request, error.message)

    def change_url(self, pk: uuid.UUID | int) -> str:
        """The page of one row."""
        return reverse(f"admin:{self.opts.app_label}_{self.opts.model_name}_change", args=[pk])


class ReadOnlyAdmin(UnscopedAdmin):
    """Base of the pages about what the platform itself writes."""

    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _is_operator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def copyable(value: str) -> SafeString:
    """``value`` in a box with a button that copies it."""
    return format_html(
        '<span class="cp-copy"><code data-testid="copyable">{}</code>'
        '<button type="button" class="cp-button" data-copy="{}"><span class="material-symbols-outlined">content_copy</span>'
        "<span data-label>Copy</span></button></span>",
        value,
        value,
    )
