"""The admin's first page: what needs an operator, each with the list where it is found."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from urllib.parse import urlencode

from django.db.models import Count, Min
from django.http import HttpRequest
from django.urls import reverse
from django_scopes import scopes_disabled

from channels_app.models import Channel, ChannelState, LivePersonApp
from connector_platform.core.clock import now
from webhooks_app.admin.labels import Fact
from webhooks_app.models import Event, EventState, Lane, LaneState


def add_health(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """``context`` with the state of the installation; the same few queries however much there is."""
    if not request.user.is_superuser:
        return context
    with scopes_disabled():
        return {**context, "facts": _facts()}


def _facts() -> list[Fact]:
    broken = Channel.objects.filter(state=ChannelState.BROKEN).count()
    ending = Channel.objects.exclude(credentials_problem="").count()
    refused = LivePersonApp.objects.exclude(problem="").count()
    given_up = (EventState.DEAD, EventState.UNKNOWN)
    counts = dict(Event.objects.filter(state__in=given_up).order_by().values_list("state").annotate(count=Count("pk")))
    instant = now()
    due_states = (LaneState.READY, LaneState.GAP, LaneState.LEASED)
    due = Lane.objects.filter(state__in=due_states, due_at__lt=instant).aggregate(oldest=Min("due_at"))["oldest"]
    return [
        Fact("Broken channels", str(broken), _list("channels_app_channel", state__exact=ChannelState.BROKEN.value)),
        Fact("Credentials that end", str(ending), _list("channels_app_channel", credentials_problem__gt="")),
        Fact("Refused LivePerson apps", str(refused), _list("channels_app_livepersonapp")),
        *(
            Fact(f"Events: {state.label.lower()}", str(counts.get(state, 0)), _list("webhooks_app_event", state__exact=state.value))
            for state in given_up
        ),
        Fact("Oldest due work", _waits(due, instant), _list("webhooks_app_event", state__exact=EventState.WAITING.value)),
    ]


def _waits(due: datetime | None, instant: datetime) -> str:
    return "Nothing is due" if due is None else f"Due for {(instant - due).total_seconds():.0f} s"


def _list(model: str, **filters: str) -> str:
    return reverse(f"admin:{model}_changelist") + (f"?{urlencode(filters)}" if filters else "")
