"""The bodies of the traffic API."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels_app.api.fields import RowField
from channels_app.api.serializers import STAMPS
from channels_app.api.strict import StrictMixin
from channels_app.models import Channel, Conversation
from connector_platform.core.rich import ChoiceKind, Loss, LossKind
from webhooks_app.models import Attempt, DeliveredMessage, Event, EventState, Survey, SurveyStep, UnreadableBody
from webhooks_app.services.replay import MAX_AT_ONCE

DIRECTIONS = {"i": "inbound", "o": "outbound"}


class DirectionField(serializers.ChoiceField):
    """``inbound`` is towards LivePerson, ``outbound`` towards the consumer."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=list(DIRECTIONS.values()), **kwargs)

    def to_representation(self, value: str) -> str:
        return DIRECTIONS[value]


class ConsumerPartSerializer(serializers.Serializer[Any]):
    """The person behind a conversation."""

    id = serializers.UUIDField()
    external_id = serializers.CharField(help_text="The vendor's id of the person.")
    name = serializers.SerializerMethodField(help_text="What the channel calls the person; empty where it tells no name.")

    def get_name(self, row: Any) -> str:
        return str(row.profile.get("name") or "")


class SurveySerializer(serializers.ModelSerializer):
    """The platform's own survey after a conversation's close."""

    step = serializers.ChoiceField(
        choices=SurveyStep.choices, help_text="rating or resolved: what was asked last; done: answered; left: left unanswered."
    )
    csat = serializers.IntegerField(allow_null=True, min_value=1, max_value=5, help_text="Satisfaction, 1 to 5; null: not answered.")
    resolved = serializers.BooleanField(allow_null=True, help_text="Whether the question was solved (FCR); null: not answered.")

    class Meta:
        model = Survey
        fields: tuple[str, ...] = ("step", "csat", "resolved", "expires_at")
        read_only_fields = fields


class ConversationSerializer(serializers.ModelSerializer):
    """A consumer's conversation on a channel and the LivePerson conversation that it is."""

    brand = serializers.UUIDField(source="brand_id")
    channel = serializers.UUIDField(source="channel_id")
    liveperson_app = serializers.UUIDField(source="liveperson_app_id")
    consumer = ConsumerPartSerializer()
    survey = SurveySerializer(allow_null=True, help_text="null: none was sent.")

    class Meta:
        model = Conversation
        fields: tuple[str, ...] = (
            "id",
            "brand",
            "channel",
            "liveperson_app",
            "liveperson_id",
            "consumer",
            "state",
            "stage",
            "skill_id",
            "agent_id",
            "close_reason",
            "closed_at",
            "survey",
            *STAMPS,
        )
        read_only_fields = fields


class LossSerializer(serializers.Serializer[Any]):
    """One thing that the channel could not show as it was meant."""

    path = serializers.CharField(help_text="JSON pointer into the event, such as /content/elements/2/title.")
    kind = serializers.ChoiceField(
        choices=[kind.value for kind in LossKind],
        help_text="dropped: the person does not see it; shortened: only its beginning; reduced: in a poorer form; moved: all of it, elsewhere.",
    )
    reason = serializers.CharField(help_text="A sentence for an operator; quotes nothing of the message.")
    before = serializers.CharField(allow_blank=True, help_text="What was meant; may be empty.")
    after = serializers.CharField(allow_blank=True, help_text="What is shown; empty where nothing is.")


class ChoiceSerializer(serializers.Serializer[Any]):
    """One thing that the message offered to choose."""

    number = serializers.IntegerField(help_text="Counts what can be answered, from 1; 0: it only opens something.")
    title = serializers.CharField(allow_blank=True)
    kind = serializers.ChoiceField(choices=[kind.value for kind in ChoiceKind], help_text="LivePerson's action behind it.")
    publish_text = serializers.CharField(allow_blank=True, help_text="What choosing it says.")
    metadata = serializers.ListField(child=serializers.DictField(), help_text="What choosing it reports to LivePerson.")
    is_numbered = serializers.BooleanField(help_text="Whether the person saw the number.")
    payload = serializers.CharField(allow_blank=True, help_text="What stands behind the button; empty: it is no button.")
    path = serializers.CharField(allow_blank=True, help_text="JSON pointer into the event.")


class EventSerializer(serializers.ModelSerializer):
    """One thing that one person did, on its way to the other side. Its raw body is not answered."""

    id = serializers.UUIDField(source="public_id")
    brand = serializers.UUIDField(source="brand_id")
    channel = serializers.UUIDField(source="channel_id", allow_null=True)
    conversation = serializers.UUIDField(source="conversation_id", allow_null=True)
    direction = DirectionField()
    state = serializers.ChoiceField(choices=EventState.choices)
    content = serializers.DictField(help_text="What was done; type says which of the kinds it is.")
    liveperson_sequence = serializers.IntegerField(
        source="sequence", allow_null=True, help_text="LivePerson's number of an agent's message."
    )

    losses = serializers.SerializerMethodField(help_text="What the channel could not show as it was meant.")
    shown = serializers.SerializerMethodField(help_text="What the message offered to choose from; taps and numbers are looked up here.")

    class Meta:
        model = Event
        fields: tuple[str, ...] = (
            "id",
            "brand",
            "channel",
            "conversation",
            "direction",
            "kind",
            "content",
            "consumer_external_id",
            "dialog_id",
            "liveperson_sequence",
            "source_id",
            "wire_type",
            "occurred_at",
            "received_at",
            "state",
            "tries",
            "started_at",
            "finished_at",
            "outcome",
            "detail",
            "possibly_doubled",
            "by_bot",
            "losses",
            "shown",
        )
        read_only_fields = fields

    @extend_schema_field(LossSerializer(many=True))
    def get_losses(self, event: Event) -> list[dict[str, Any]]:
        return [asdict(Loss.from_json(loss)) for loss in event.losses or ()]

    @extend_schema_field(ChoiceSerializer(many=True))
    def get_shown(self, event: Event) -> list[dict[str, Any]]:
        return event.shown or []


class AttemptSerializer(serializers.ModelSerializer):
    """One HTTP call made for an event."""

    class Meta:
        model = Attempt
        fields: tuple[str, ...] = (
            "number",
            "purpose",
            "method",
            "url",
            "started_at",
            "duration_ms",
            "http_status",
            "outcome",
            "provider_code",
            "message",
            "response_excerpt",
            "worker",
        )
        read_only_fields = fields


class DeliveredMessageSerializer(serializers.ModelSerializer):
    """One id under which the vendor speaks of a part of an agent's message."""

    class Meta:
        model = DeliveredMessage
        fields = ("provider_message_id", "part", "sent_at", "delivered_at", "read_at")
        read_only_fields = fields


class EventDetailSerializer(EventSerializer):
    """An event with every call made for it and the ids that it got on the other side."""

    attempts = AttemptSerializer(many=True)
    delivered_messages = DeliveredMessageSerializer(many=True)
    consumer_message_sequences = serializers.SerializerMethodField(help_text="LivePerson's numbers of a consumer's message.")

    class Meta(EventSerializer.Meta):
        fields = (*EventSerializer.Meta.fields, "attempts", "delivered_messages", "consumer_message_sequences")
        read_only_fields = fields

    def get_consumer_message_sequences(self, event: Event) -> list[int]:
        return [message.sequence for message in event.consumer_messages.all()]


class ReplaySerializer(StrictMixin, serializers.Serializer[Any]):
    """How an event is replayed."""

    restart = serializers.BooleanField(
        default=False, help_text="Also do again what was already done for it: parts that the consumer has are then sent twice."
    )


class ReplayManySerializer(ReplaySerializer):
    """Which events are replayed. Without ``outcome`` only dead ones: one whose answer was lost may have arrived."""

    channel = RowField(Channel, required=False)
    outcome = serializers.CharField(required=False, max_length=40, help_text="Why they were given up, such as recipient_gone.")
    before = serializers.DateTimeField(required=False, help_text="Received before this instant.")
    include_unknown = serializers.BooleanField(default=False, help_text="Also those whose answer was lost; they may arrive twice.")
    limit = serializers.IntegerField(default=MAX_AT_ONCE, min_value=1, max_value=MAX_AT_ONCE)


class ReplayedSerializer(serializers.Serializer[Any]):
    """What a bulk replay did."""

    replayed = serializers.IntegerField()
    remaining = serializers.IntegerField(help_text="Events that match and are still there: ask again.")


class CheckedSerializer(serializers.Serializer[Any]):
    """What the far side said."""

    ok = serializers.BooleanField()
    code = serializers.CharField(help_text="ok, or the error's code.")
    message = serializers.CharField(help_text="A sentence for an operator.")
    was_asked = serializers.BooleanField(help_text="Whether a call was made; false: only what is stored was looked at.")


class UnreadableBodySerializer(serializers.ModelSerializer):
    """A verified body that could not be read. The body itself is shown in the admin only."""

    channel = serializers.UUIDField(source="channel_id", allow_null=True)
    provider_app = serializers.UUIDField(source="provider_app_id", allow_null=True)
    liveperson_app = serializers.UUIDField(source="liveperson_app_id", allow_null=True)
    size_bytes = serializers.IntegerField()

    class Meta:
        model = UnreadableBody
        fields: tuple[str, ...] = (
            "id",
            "provider",
            "channel",
            "provider_app",
            "liveperson_app",
            "method",
            "path",
            "content_type",
            "size_bytes",
            "times",
            "error",
            "received_at",
            "replayed_at",
        )
        read_only_fields = fields


class RereadSerializer(serializers.Serializer[Any]):
    """What a body held."""

    found = serializers.IntegerField(help_text="Events in the body.")
    stored = serializers.IntegerField(help_text="Of these, how many were new.")
