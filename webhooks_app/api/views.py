"""The traffic endpoints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any, ClassVar

from django.db.models import QuerySet
from django.db.models.functions import Length
from django_filters import rest_framework as filters
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework.decorators import action
from rest_framework.generics import get_object_or_404
from rest_framework.mixins import ListModelMixin, RetrieveModelMixin
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from channels_app.api.base import ForPlatform, TenantViewSet, rows_for
from channels_app.api.pagination import NewestFirst, NewestUuidFirst
from channels_app.models import Channel, Conversation, ConversationState, LivePersonApp
from webhooks_app.api import serializers
from webhooks_app.models import Event, EventState, UnreadableBody
from webhooks_app.services.checks import check_channel, check_liveperson_app
from webhooks_app.services.replay import replay, replay_many
from webhooks_app.services.unreadable import reread
from webhooks_app.services.webhooks import register_webhook, remove_webhook


class EventFilter(filters.FilterSet):
    state = filters.ChoiceFilter(choices=EventState.choices)
    kind = filters.CharFilter()
    direction = filters.ChoiceFilter(choices=[(word, word) for word in serializers.DIRECTIONS.values()], method="by_direction")
    channel = filters.UUIDFilter(field_name="channel_id")
    conversation = filters.UUIDFilter(field_name="conversation_id")
    outcome = filters.CharFilter()

    class Meta:
        model = Event
        fields: ClassVar = ["state", "kind", "direction", "channel", "conversation", "outcome"]

    def by_direction(self, queryset: QuerySet[Event], name: str, value: str) -> QuerySet[Event]:
        return queryset.filter(direction=value[0])


class ConversationFilter(filters.FilterSet):
    channel = filters.UUIDFilter(field_name="channel_id")
    state = filters.ChoiceFilter(choices=ConversationState.choices)
    consumer = filters.UUIDFilter(field_name="consumer_id")
    consumer_external_id = filters.CharFilter(field_name="consumer__external_id")
    liveperson_id = filters.CharFilter()

    class Meta:
        model = Conversation
        fields: ClassVar = ["channel", "state", "consumer", "consumer_external_id", "liveperson_id"]


class EventBase(ListModelMixin, TenantViewSet):
    model = Event
    ordering = ("-id",)
    serializer_class = serializers.EventSerializer
    filterset_class = EventFilter
    pagination_class = NewestFirst

    def get_queryset(self) -> QuerySet[Any]:
        """Without what is never answered: raw bodies and recorded answers are long."""
        return super().get_queryset().defer("raw", "progress", "profile")


@extend_schema(tags=["Events"])
class EventViewSet(RetrieveModelMixin, EventBase):
    """Everything that moves, newest first."""

    lookup_field = "public_id"
    lookup_url_kwarg = "id"

    def get_queryset(self) -> QuerySet[Any]:
        queryset = super().get_queryset()
        if self.action == "retrieve":
            queryset = queryset.prefetch_related("attempts", "delivered_messages", "consumer_messages")
        return queryset

    def get_serializer_class(self) -> Any:
        return serializers.EventDetailSerializer if self.action == "retrieve" else serializers.EventSerializer

    @extend_schema(request=serializers.ReplaySerializer, responses=serializers.EventSerializer)
    @action(detail=True, methods=["post"], filterset_class=None, pagination_class=None)
    def replay(self, request: Request, id: str) -> Response:
        """Put a dead event, or one whose answer was lost, at the end of its lane."""
        event = self.get_object()
        body = serializers.ReplaySerializer(data=request.data)
        body.is_valid(raise_exception=True)
        replay(event.public_id, restart=body.validated_data["restart"])
        event.refresh_from_db()
        return Response(serializers.EventSerializer(event).data)

    @extend_schema(request=serializers.ReplayManySerializer, responses=serializers.ReplayedSerializer, operation_id="events_replay_many")
    @action(detail=False, methods=["post"], url_path="replay", filterset_class=None, pagination_class=None)
    def replay_many(self, request: Request) -> Response:
        """Put many back, each at the end of its lane, in their order."""
        body = serializers.ReplayManySerializer(data=request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        wanted = body.validated_data
        events = self.get_queryset()
        if not wanted["include_unknown"] and "outcome" not in wanted:
            events = events.exclude(state=EventState.UNKNOWN)
        if "channel" in wanted:
            events = events.filter(channel=wanted["channel"])
        if "outcome" in wanted:
            events = events.filter(outcome=wanted["outcome"])
        if "before" in wanted:
            events = events.filter(received_at__lt=wanted["before"])
        return Response(asdict(replay_many(events, restart=wanted["restart"], limit=wanted["limit"])))


@extend_schema(tags=["Conversations"])
class ConversationViewSet(ListModelMixin, RetrieveModelMixin, TenantViewSet):
    """Consumers' conversations and the LivePerson conversations that they are, newest first."""

    model = Conversation
    related = ("consumer", "survey")
    ordering = ("-id",)
    serializer_class = serializers.ConversationSerializer
    filterset_class = ConversationFilter
    pagination_class = NewestUuidFirst


@extend_schema(tags=["Conversations"], parameters=[OpenApiParameter("conversation_id", str, OpenApiParameter.PATH)])
class ConversationEventViewSet(EventBase):
    """The events of one conversation, newest first."""

    def get_queryset(self) -> QuerySet[Any]:
        if getattr(self, "swagger_fake_view", False):
            return super().get_queryset()
        conversation = get_object_or_404(rows_for(self.holder, Conversation), pk=self.kwargs["conversation_id"])
        return super().get_queryset().filter(conversation=conversation)


@extend_schema(tags=["Channels"])
class ChannelCheckViewSet(TenantViewSet):
    """Whether a channel's credentials work, and whether the vendor calls."""

    model = Channel
    serializer_class = serializers.CheckedSerializer

    @extend_schema(request=None, responses=serializers.CheckedSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Ask the vendor, now. Nothing is sent to a consumer and no state changes."""
        return Response(asdict(check_channel(self.get_object().pk)))

    @extend_schema(request=None, responses=serializers.CheckedSerializer)
    @action(detail=True, methods=["post"])
    def webhook(self, request: Request, pk: str) -> Response:
        """Tell the vendor the channel's callback URL, now; where its type has registers_webhook. Asked again, it changes nothing."""
        return Response(asdict(register_webhook(self.get_object().pk)))

    @extend_schema(request=None, responses={200: serializers.CheckedSerializer})
    @webhook.mapping.delete
    def remove_webhook(self, request: Request, pk: str) -> Response:
        """Tell the vendor to call no more for the channel, now; where its type has registers_webhook."""
        return Response(asdict(remove_webhook(self.get_object().pk)))


@extend_schema(tags=["LivePerson apps"])
class LivePersonAppCheckViewSet(TenantViewSet):
    """Whether LivePerson takes an app's credentials."""

    model = LivePersonApp
    serializer_class = serializers.CheckedSerializer

    @extend_schema(request=None, responses=serializers.CheckedSerializer)
    @action(detail=True, methods=["post"])
    def test(self, request: Request, pk: str) -> Response:
        """Find the account's services and fetch a token, now. Nothing is sent and no state changes."""
        return Response(asdict(check_liveperson_app(self.get_object().pk)))


@extend_schema(tags=["Unreadable callbacks"])
class UnreadableBodyViewSet(ListModelMixin, RetrieveModelMixin, TenantViewSet):
    """Authentic bodies that could not be read. They may hold several brands' events: the platform's key only."""

    model = UnreadableBody
    ordering = ("-received_at", "-id")
    permission_classes = [IsAuthenticated, ForPlatform]  # noqa: RUF012  # DRF declares it so
    serializer_class = serializers.UnreadableBodySerializer

    def get_queryset(self) -> QuerySet[Any]:
        """With the bodies' lengths; the bodies themselves are read for a replay only."""
        queryset = super().get_queryset().annotate(size_bytes=Length("raw"))
        return queryset if self.action == "replay" else queryset.defer("raw")

    @extend_schema(request=None, responses=serializers.RereadSerializer)
    @action(detail=True, methods=["post"])
    def replay(self, request: Request, pk: str) -> Response:
        """Read the body again and write its events down."""
        return Response(asdict(reread(self.get_object())))
