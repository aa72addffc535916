"""Authentic callbacks that could not be read."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from channels_app.admin.base import ReadOnlyAdmin
from connector_platform.core.redaction import redact
from webhooks_app.admin.labels import instant, raw_text, secrets_of
from webhooks_app.models import UnreadableBody
from webhooks_app.services.unreadable import StillUnreadable, reread


@admin.register(UnreadableBody)
class UnreadableBodyAdmin(ReadOnlyAdmin):
    """Read-only but for replay."""

    list_display = ("shows_received", "provider", "shows_owner", "error", "times", "shows_state")
    list_display_links = ("shows_received",)
    list_filter = ("provider",)
    list_select_related = ("channel", "provider_app", "liveperson_app")
    ordering = ("-received_at",)
    actions = ("replay_chosen",)
    change_form_outer_before_template = "webhooks_app/admin/unreadable_tools.html"
    fieldsets = (
        (
            None,
            {
                "fields": (
                    ("provider", "shows_owner", "shows_state"),
                    ("error", "times", "shows_received"),
                    ("method", "path", "content_type"),
                )
            },
        ),
        ("Body", {"fields": ("shows_query", "shows_raw")}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shows_owner", "shows_state", "shows_received", "shows_query", "shows_raw")

    def get_urls(self) -> list[URLPattern]:
        own = path(
            "<uuid:pk>/replay/", self._unscoped(self.admin_site.admin_view(self.replay_view)), name="webhooks_app_unreadablebody_replay"
        )
        return [own, *super().get_urls()]

    def replay_view(self, request: HttpRequest, pk: uuid.UUID) -> HttpResponse:
        """Read one body again, from its own page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        row = self.get_object(request, str(pk))
        if row is None or not self.has_view_permission(request, row):
            raise Http404
        self._reread(request, row)
        return HttpResponseRedirect(self.change_url(pk))

    @action(description="Read again")
    def replay_chosen(self, request: HttpRequest, queryset: QuerySet[UnreadableBody]) -> None:
        for row in queryset:
            self._reread(request, row)

    def _reread(self, request: HttpRequest, row: UnreadableBody) -> None:
        try:
            result = reread(row)
        except StillUnreadable as error:
            messages.error(request, error.message)
        else:
            messages.success(request, f"The body was read: {result.found} events, of which {result.stored} are new.")

    @display(description="Received", ordering="received_at")
    def shows_received(self, row: UnreadableBody) -> str:
        return instant(row.received_at)

    @display(description="For")
    def shows_owner(self, row: UnreadableBody) -> str:
        return str(row.channel or row.provider_app or row.liveperson_app)

    @display(description="State", label={"Read since": "success", "Unreadable": "danger"})
    def shows_state(self, row: UnreadableBody) -> str:
        return "Read since" if row.replayed_at else "Unreadable"

    @display(description="Raw")
    def shows_raw(self, row: UnreadableBody) -> SafeString:
        return format_html('<pre class="cp-raw">{}</pre>', raw_text(bytes(row.raw), _secrets(row)))

    @display(description="Query string")
    def shows_query(self, row: UnreadableBody) -> str:
        return redact(row.query_string, _secrets(row))


def _secrets(row: UnreadableBody) -> tuple[str, ...]:
    return secrets_of(row.channel, row.channel.provider_app if row.channel is not None else row.provider_app)
