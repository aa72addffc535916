"""Conversations: a list, and each as a timeline."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from unfold.decorators import display

from channels_app.admin.base import ReadOnlyAdmin
from channels_app.models import Conversation, ConversationState
from webhooks_app.admin.labels import Fact, instant
from webhooks_app.admin.timeline import SHOWN, moments
from webhooks_app.models import Event, Survey, SurveyStep


@admin.register(Conversation)
class ConversationAdmin(ReadOnlyAdmin):
    """Read-only: LivePerson and the consumer make conversations, operators look at them."""

    list_display = ("consumer", "channel", "brand", "shows_state", "shows_liveperson_id", "began", "ended")
    list_filter = ("state", "brand", "channel")
    list_select_related = ("consumer", "channel", "brand")
    search_fields = (
        "liveperson_id",
        "id",
        "consumer__external_id",
        "consumer__profile__name",
        "consumer__profile__first_name",
        "consumer__profile__last_name",
    )
    search_help_text = "Consumer's name or id at the vendor, LivePerson id"
    ordering = ("-id",)
    show_full_result_count = False
    change_form_outer_before_template = "webhooks_app/admin/conversation.html"

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> list[Any]:
        """None: the facts and the timeline say everything."""
        return []

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        row = self.get_object(request, object_id)
        shown = moments(Event.objects.filter(conversation=row)) if row is not None else []
        context = {
            **(extra_context or {}),
            "moments": shown,
            "is_cut": len(shown) == SHOWN,
            "shown": SHOWN,
            "facts": _facts(row) if row is not None else [],
        }
        return super().change_view(request, object_id, form_url, context)

    @display(description="State", label={"Opening": "info", "Open": "success", "Closed": "default"}, ordering="state")
    def shows_state(self, row: Conversation) -> str:
        return ConversationState(row.state).label

    @display(description="LivePerson id", ordering="liveperson_id")
    def shows_liveperson_id(self, row: Conversation) -> str:
        return row.liveperson_id

    @display(description="Began", ordering="created_at")
    def began(self, row: Conversation) -> str:
        return instant(row.created_at)

    @display(description="Closed", ordering="closed_at", empty_value="")
    def ended(self, row: Conversation) -> str:
        return instant(row.closed_at)


def _facts(row: Conversation) -> list[Fact]:
    return [
        Fact("Consumer", str(row.consumer)),
        Fact("Consumer's id at the vendor", row.consumer.external_id),
        Fact("Channel", row.channel.name, reverse("admin:channels_app_channel_change", args=[row.channel_id])),
        Fact("Brand", row.brand.name, reverse("admin:channels_app_brand_change", args=[row.brand_id])),
        Fact("State", ConversationState(row.state).label),
        Fact("LivePerson's stage", row.stage),
        Fact("Close reason", row.close_reason),
        Fact("LivePerson id", row.liveperson_id),
        Fact("Skill", row.skill_id),
        Fact("Agent", row.agent_id),
        Fact("Began", instant(row.created_at)),
        Fact("Closed", instant(row.closed_at)),
        *_survey(Survey.objects.filter(conversation=row).first()),
    ]


def _survey(row: Survey | None) -> list[Fact]:
    if row is None:
        return []
    solved = {None: "", True: "Yes", False: "No"}[row.resolved]
    waits = row.step in (SurveyStep.RATING, SurveyStep.RESOLVED)
    return [
        Fact("Survey", SurveyStep(row.step).label),
        Fact("Rating (CSAT)", f"{row.csat} of 5" if row.csat is not None else ""),
        Fact("Question solved (FCR)", solved),
        Fact("Answers count until", instant(row.expires_at) if waits else ""),
    ]
