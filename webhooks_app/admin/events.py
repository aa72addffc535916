"""Events: the journal, with what became of each, and replay for those that were given up."""

from __future__ import annotations

import json
import uuid
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from unfold.decorators import action, display

from channels_app.admin.base import ReadOnlyAdmin
from webhooks_app.admin.labels import EVENT_COLOURS, Fact, instant, raw_text, secrets_of, summary
from webhooks_app.admin.timeline import moments
from webhooks_app.models import Direction, Event, EventState
from webhooks_app.services.replay import MAX_AT_ONCE, REPLAYABLE, NotReplayable, replay, replay_many


@admin.register(Event)
class EventAdmin(ReadOnlyAdmin):
    """Read-only but for replay."""

    list_display = ("shows_summary", "shows_direction", "kind", "channel", "shows_state", "tries", "outcome", "shows_received")
    list_filter = ("state", "direction", "kind", "channel", "brand")
    list_select_related = ("channel",)
    search_fields = (
        "public_id",
        "source_id",
        "consumer_external_id",
        "delivered_messages__provider_message_id",
        "conversation__liveperson_id",
        "conversation__id",
    )
    search_help_text = "Event, vendor's or source id, consumer, conversation"
    ordering = ("-id",)
    show_full_result_count = False
    list_per_page = 50
    actions = ("replay_chosen",)
    change_form_outer_before_template = "webhooks_app/admin/event.html"
    fieldsets = (
        ("Content", {"fields": ("shows_content",)}),
        ("Raw body (this event's own part)", {"fields": ("shows_raw",), "classes": ["collapse"]}),
    )

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("shows_content", "shows_raw")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        queryset = super().get_queryset(request)
        is_list = request.resolver_match is not None and request.resolver_match.url_name == "webhooks_app_event_changelist"
        return queryset.defer("raw", "progress", "channel__config") if is_list else queryset

    def get_urls(self) -> list[URLPattern]:
        own = path("<int:pk>/replay/", self._unscoped(self.admin_site.admin_view(self.replay_view)), name="webhooks_app_event_replay")
        return [own, *super().get_urls()]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        shown = moments(Event.objects.filter(pk=row.pk)) if row is not None else []
        context = {
            **(extra_context or {}),
            "moments": shown,
            "can_replay": row is not None and row.state in REPLAYABLE,
            "facts": _facts(row) if row is not None else [],
        }
        return super().change_view(request, object_id, form_url, context)

    def replay_view(self, request: HttpRequest, pk: int) -> HttpResponse:
        """Replay one event, from its own page."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        public_id: uuid.UUID | None = self.get_queryset(request).filter(pk=pk).values_list("public_id", flat=True).first()
        if public_id is None or not self.has_view_permission(request):
            raise Http404
        try:
            replay(public_id, restart="restart" in request.POST)
        except NotReplayable as error:
            messages.error(request, error.message)
        else:
            messages.success(request, "The event was put back at the end of its lane; reload this page for the result.")
        return HttpResponseRedirect(self.change_url(pk))

    @action(description="Replay (dead, or answer lost)")
    def replay_chosen(self, request: HttpRequest, queryset: QuerySet[Event]) -> None:
        result = replay_many(queryset)
        if result.replayed:
            messages.success(request, f"{result.replayed} put back at the ends of their lanes; reload for the result.")
        if result.remaining:
            messages.warning(request, f"{result.remaining} are left: one go takes {MAX_AT_ONCE}.")
        if not result.replayed:
            messages.error(request, "None of the chosen events is dead or lost its answer.")

    @display(description="What")
    def shows_summary(self, event: Event) -> str:
        text = summary(event.content)
        return text[:80] + "…" if len(text) > 80 else text or event.kind

    @display(description="Direction", ordering="direction")
    def shows_direction(self, event: Event) -> str:
        return Direction(event.direction).label

    @display(description="State", label={label: EVENT_COLOURS[EventState(value)] for value, label in EventState.choices}, ordering="state")
    def shows_state(self, event: Event) -> str:
        return EventState(event.state).label

    @display(description="Received", ordering="received_at")
    def shows_received(self, event: Event) -> str:
        return instant(event.received_at)

    @display(description="Content")
    def shows_content(self, event: Event) -> SafeString:
        return format_html('<pre class="cp-raw">{}</pre>', json.dumps(event.content, indent=2, ensure_ascii=False))

    @display(description="Raw")
    def shows_raw(self, event: Event) -> SafeString:
        secrets = secrets_of(event.channel, event.channel.provider_app) if event.channel is not None else ()
        return format_html('<pre class="cp-raw">{}</pre>', raw_text(bytes(event.raw), secrets))


def _facts(event: Event) -> list[Fact]:
    channel = reverse("admin:channels_app_channel_change", args=[event.channel_id]) if event.channel_id else ""
    conversation = reverse("admin:channels_app_conversation_change", args=[event.conversation_id]) if event.conversation_id else ""
    return [
        Fact("Id", str(event.public_id)),
        Fact("State", EventState(event.state).label),
        Fact("Brand", event.brand.name),
        Fact("Channel", event.channel.name if event.channel else "", channel),
        Fact("Conversation", str(event.conversation) if event.conversation else "", conversation),
        Fact("Consumer's id at the vendor", event.consumer_external_id),
        Fact("Identity", event.source_id),
        Fact("Wire type", event.wire_type),
        Fact("Dialog", event.dialog_id),
        Fact("Tries", str(event.tries)),
        Fact("Happened", instant(event.occurred_at)),
        Fact("Received", instant(event.received_at)),
        Fact("Finished", instant(event.finished_at)),
    ]
