"""What all pages have in common."""

from __future__ import annotations

import functools
import uuid
from collections.abc import Callable, Iterable
from typing import Any, ClassVar

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.db.models import Model, QuerySet
from django.forms import BaseForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django_scopes import scopes_disabled
from unfold.admin import ModelAdmin
from unfold.decorators import display

from channels_app.services.errors import Conflict, InUse, Invalid, Problem
from channels_app.services.rows import delete_row, users_of
from connector_platform.core.errors import ConnectorError

Refusal = Invalid | Conflict | ValidationError
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

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under the one name that these rows have everywhere."""
        return super().changelist_view(request, {"title": capfirst(self.opts.verbose_name_plural), **(extra_context or {})})

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> Any:
        """As the base class. What the services refuse while saving is shown in the form, at its field, with what was typed."""
        try:
            return super().changeform_view(request, object_id, form_url, extra_context)
        except (Invalid, Conflict, ValidationError) as error:
            if request.method != "POST" or hasattr(request, "refusal"):
                raise
            request.refusal = error  # type: ignore[attr-defined]  # read by get_form; the view's transaction is rolled back
            return super().changeform_view(request, object_id, form_url, extra_context)

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> Any:
        """As the base class; after a refusal, a form that has it among its errors."""
        form = super().get_form(request, obj, change=change, **kwargs)
        refusal = getattr(request, "refusal", None)
        return form if refusal is None else type(form.__name__, (RefusedFormMixin, form), {"refusal": refusal})

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


class RefusedFormMixin:
    """A form with the services' refusal among its errors."""

    refusal: ClassVar[Refusal]

    def _post_clean(self) -> None:
        super()._post_clean()  # type: ignore[misc]  # the form's, beside which this is mixed in
        for name, sentence in self.place_problems(problems_of(self.refusal)):
            if name is None or name not in self.errors:  # type: ignore[attr-defined]
                self.add_error(name, sentence)  # type: ignore[attr-defined]

    def place_problems(self, problems: tuple[Problem, ...]) -> Iterable[tuple[str | None, str]]:
        """Each problem's field in this form (None: the whole form) and its sentence."""
        placed = getattr(super(), "place_problems", None)
        return placed(problems) if placed is not None else [(field_of(self, problem), problem.message) for problem in problems]


def problems_of(refusal: Refusal) -> tuple[Problem, ...]:
    """What was refused, value by value."""
    if isinstance(refusal, Invalid):
        return refusal.problems
    if isinstance(refusal, Conflict):
        return (Problem((), refusal.code, refusal.message),)
    by_field = refusal.error_dict if hasattr(refusal, "error_dict") else {NON_FIELD_ERRORS: refusal.error_list}
    return tuple(
        Problem(() if name == NON_FIELD_ERRORS else (name,), item.code or "invalid", " ".join(item.messages))
        for name, errors in by_field.items()
        for item in errors
    )


def field_of(form: BaseForm | Any, problem: Problem) -> str | None:
    """The form's field that ``problem`` is about; a secret is typed into ``new_`` and its name."""
    name = str(problem.path[0]) if problem.path else ""
    return next((field for field in (name, f"new_{name}") if field in form.fields), None)


class ReadOnlyAdmin(UnscopedAdmin):
    """Base of the pages about what the platform itself writes."""

    is_read_only = True
    warn_unsaved_form = False

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False


def _is_operator(request: HttpRequest) -> bool:
    return bool(request.user.is_active and request.user.is_superuser)


def when(column: str, title: str, empty: str = "") -> Callable[[Any, Any], str | None]:
    """A list's column for an instant, with its time zone."""

    @display(description=title, ordering=column, empty_value=empty)
    def shows(self: Any, row: Any) -> str | None:
        value = getattr(row, column)
        return f"{value:%Y-%m-%d %H:%M} UTC" if value is not None else None

    return shows


def copyable(value: str) -> SafeString:
    """``value`` in a box with a button that copies it."""
    return format_html(
        '<span class="cp-copy"><code data-testid="copyable">{}</code>'
        '<button type="button" class="cp-button" data-copy="{}"><span class="material-symbols-outlined">content_copy</span>'
        "<span data-label>Copy</span></button></span>",
        value,
        value,
    )
