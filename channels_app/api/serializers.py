"""The bodies of the provisioning API."""

from __future__ import annotations

from typing import Any, ClassVar

from rest_framework import serializers

from channels_app.api.base import holder_of
from channels_app.api.fields import ConfigField, OptionsField, RowField, SecretField
from channels_app.api.strict import StrictMixin
from channels_app.models import ApiKey, Brand, Channel, ChannelState, LivePersonApp, ProviderApp
from channels_app.models.liveperson_app import FEATURES
from channels_app.providers.registry import PROVIDERS
from channels_app.services.api_keys import create_api_key
from channels_app.services.channels import create_channel, update_channel
from channels_app.services.errors import Invalid
from channels_app.services.liveperson_apps import save_liveperson_app
from channels_app.services.provider_apps import create_provider_app, update_provider_app
from channels_app.services.rows import save_row
from connector_platform.liveperson.hosted_files import FILE_TYPES

STAMPS = ("created_at", "updated_at")


class FixedFieldsMixin:
    """Refuses a change of the fields in ``fixed``: a row stays what it is and whose it is."""

    fixed: ClassVar[tuple[str, ...]] = ()
    instance: Any

    def check_fixed(self, values: dict[str, Any]) -> dict[str, Any]:
        """``values`` without the fixed fields.

        Raises:
            Invalid: one of them differs from the row's.
        """
        for name in self.fixed:
            if name in values and values.pop(name) != getattr(self.instance, name):
                raise Invalid.at(name, "This cannot be changed; make a new row instead.", code="fixed")
        return values


class BrandSerializer(StrictMixin, serializers.ModelSerializer):
    """A tenant."""

    class Meta:
        model = Brand
        fields: tuple[str, ...] = ("id", "name", "slug", "is_active", *STAMPS)
        # One place says what a repeated slug is: the constraint's sentence in services/rows.py, with 409.
        # The serializer's field brings its own checks of form and length; the model's beside them would say everything twice.
        extra_kwargs: ClassVar[dict[str, Any]] = {"slug": {"validators": []}}

    def create(self, validated_data: dict[str, Any]) -> Brand:
        row = Brand(**validated_data)
        save_row(row)
        return row

    def update(self, instance: Brand, validated_data: dict[str, Any]) -> Brand:
        for name, value in validated_data.items():
            setattr(instance, name, value)
        save_row(instance, changed=validated_data)
        return instance


class LivePersonAppSerializer(StrictMixin, FixedFieldsMixin, serializers.ModelSerializer):
    """A connector installed on a LivePerson account."""

    fixed = ("brand",)
    brand = RowField(Brand)
    client_secret = SecretField(help_text="client_secret of the app install. Send back what is answered, or nothing, to keep it.")
    previous_client_secret = SecretField(
        required=False, allow_blank=True, help_text="Still accepted on webhooks while the secret is being changed; empty removes it."
    )
    domain_api = serializers.URLField(
        required=False, max_length=200, help_text="Where LivePerson's Domain API is; leave it away for LivePerson's own."
    )
    features = serializers.ListField(
        child=serializers.ChoiceField(choices=FEATURES), required=False, max_length=len(FEATURES), help_text="Client-Properties features."
    )
    file_types = serializers.ListField(
        child=serializers.ChoiceField(choices=FILE_TYPES),
        required=False,
        max_length=len(FILE_TYPES),
        help_text="Kinds of consumers' files that this account takes. Others are announced to the agent in words.",
    )
    sequence_gap_wait_s = serializers.FloatField(
        required=False, allow_null=True, min_value=0, max_value=60, help_text=LivePersonApp._meta.get_field("sequence_gap_wait_s").help_text
    )
    webhook_url = serializers.URLField(read_only=True, help_text="The endpoint to enter at LivePerson for all five event types.")

    class Meta:
        model = LivePersonApp
        fields: tuple[str, ...] = (
            "id",
            "brand",
            "name",
            "account_id",
            "client_id",
            "client_secret",
            "previous_client_secret",
            "domain_api",
            "skill_id",
            "campaign_id",
            "engagement_id",
            "ttr",
            "language",
            "features",
            "file_types",
            "sequence_gap_wait_s",
            "webhook_url",
            "problem",
            *STAMPS,
        )
        read_only_fields = ("problem",)
        validators: ClassVar[list[Any]] = []

    def get_fields(self) -> dict[str, Any]:
        """The secret is needed once; a later PUT without it keeps it."""
        fields = super().get_fields()
        if self.instance is not None:
            fields["client_secret"].required = False
        return fields

    def create(self, validated_data: dict[str, Any]) -> LivePersonApp:
        return save_liveperson_app(LivePersonApp(), validated_data)

    def update(self, instance: LivePersonApp, validated_data: dict[str, Any]) -> LivePersonApp:
        return save_liveperson_app(instance, self.check_fixed(validated_data))


class ProviderAppSerializer(StrictMixin, FixedFieldsMixin, serializers.ModelSerializer):
    """A vendor's app whose credentials many channels share."""

    fixed = ("brand", "provider")
    brand = RowField(Brand, required=False, allow_null=True, help_text="Empty: the installation's, for every brand (platform's key only).")
    provider = serializers.ChoiceField(
        choices=[(slug, kind.title) for slug, kind in PROVIDERS.items() if kind.app_config_model is not None]
    )
    config = ConfigField(of_apps=True)
    callback_url = serializers.URLField(read_only=True, help_text="The address to enter at the vendor.")

    class Meta:
        model = ProviderApp
        fields: tuple[str, ...] = ("id", "brand", "provider", "name", "config", "callback_url", *STAMPS)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """A brand's key makes its own brand's apps: that may be left away, but not be set to nobody's."""
        holder = holder_of(self.context["request"])
        if holder.brand is not None and self.instance is None:
            if attrs.get("brand", holder.brand) is None:
                raise Invalid.at("brand", "Only the platform's key can make an app for every brand.")
            attrs["brand"] = holder.brand
        return attrs

    def create(self, validated_data: dict[str, Any]) -> ProviderApp:
        return create_provider_app(**{"brand": None, **validated_data})

    def update(self, instance: ProviderApp, validated_data: dict[str, Any]) -> ProviderApp:
        return update_provider_app(instance, merge=self.partial, **self.check_fixed(validated_data))


class ChannelSerializer(StrictMixin, FixedFieldsMixin, serializers.ModelSerializer):
    """A brand's account on a messaging platform."""

    fixed = ("brand", "provider")
    brand = RowField(Brand)
    liveperson_app = RowField(LivePersonApp)
    provider_app = RowField(
        ProviderApp,
        required=False,
        allow_null=True,
        help_text="Needed by the providers that have an app_config_schema; see the channel types.",
    )
    provider = serializers.ChoiceField(choices=[(slug, kind.title) for slug, kind in PROVIDERS.items()])
    config = ConfigField(of_apps=False)
    options = OptionsField(required=False)
    state = serializers.ChoiceField(
        choices=ChannelState.choices,
        required=False,
        help_text="active or paused; broken is set by the platform when the vendor refuses the credentials, and ended with active.",
    )
    callback_url = serializers.URLField(read_only=True, help_text="The address to enter at the vendor.")

    class Meta:
        model = Channel
        fields: tuple[str, ...] = (
            "id",
            "brand",
            "name",
            "provider",
            "provider_app",
            "liveperson_app",
            "config",
            "options",
            "state",
            "state_reason",
            "credentials_problem",
            "address",
            "callback_url",
            *STAMPS,
        )
        read_only_fields = ("state_reason", "credentials_problem", "address")
        validators: ClassVar[list[Any]] = []

    def create(self, validated_data: dict[str, Any]) -> Channel:
        return create_channel(**validated_data)

    def update(self, instance: Channel, validated_data: dict[str, Any]) -> Channel:
        holder = holder_of(self.context["request"])
        values = self.check_fixed(validated_data)
        return update_channel(instance, merge=self.partial, may_move_on_shared_app=holder.is_platform, **values)

    def to_internal_value(self, data: Any) -> Any:
        """A brand's key does not see the installation's app; that its channel has one already, and keeps it, is no reference to it."""
        if self.instance is not None and isinstance(data, dict) and "provider_app" in data:
            current = self.instance.provider_app_id
            if current is not None and str(data["provider_app"]) == str(current):
                data = {name: value for name, value in data.items() if name != "provider_app"}
        return super().to_internal_value(data)


class ApiKeySerializer(StrictMixin, serializers.ModelSerializer):
    """A key of this API."""

    brand = RowField(Brand, required=False, allow_null=True, help_text="Empty: a key of the platform, for every brand.")

    class Meta:
        model = ApiKey
        fields: tuple[str, ...] = ("id", "brand", "name", "last_four", "last_used_at", "revoked_at", *STAMPS)
        read_only_fields = ("revoked_at",)


class NewApiKeySerializer(ApiKeySerializer):
    """A key that was just made: the only answer that holds it."""

    key = serializers.CharField(read_only=True, help_text="The key itself. It is told this once and stored nowhere: keep it now.")

    class Meta(ApiKeySerializer.Meta):
        fields = (*ApiKeySerializer.Meta.fields, "key")

    def create(self, validated_data: dict[str, Any]) -> ApiKey:
        row, key = create_api_key(name=validated_data["name"], brand=validated_data.get("brand"))
        row.key = key  # type: ignore[attr-defined]  # shown in this answer, not stored
        return row


class CapabilitiesSerializer(serializers.Serializer[Any]):
    """What a channel of this type can do."""

    max_text = serializers.IntegerField()
    text_unit = serializers.CharField()
    images_in = serializers.BooleanField()
    images_out = serializers.BooleanField()
    files_in = serializers.BooleanField()
    files_out = serializers.BooleanField()
    locations_in = serializers.BooleanField()
    quick_replies = serializers.BooleanField()
    buttons = serializers.BooleanField()
    typing_in = serializers.BooleanField()
    typing_out = serializers.BooleanField()
    typing_repeat_s = serializers.IntegerField(allow_null=True)
    mark_read_out = serializers.BooleanField()
    delivered_receipts = serializers.BooleanField()
    read_receipts = serializers.BooleanField()
    close_in = serializers.BooleanField()
    dedupes_sends = serializers.BooleanField()


class ErrorMeaningSerializer(serializers.Serializer[Any]):
    """One of the vendor's error codes."""

    provider_code = serializers.CharField(help_text="The vendor's code.")
    code = serializers.CharField(help_text="What it means to the platform.")
    is_retried = serializers.BooleanField()
    meaning = serializers.CharField()
    remedy = serializers.CharField(allow_blank=True)


class ChannelTypeSerializer(serializers.Serializer[Any]):
    """A messaging platform that channels can be made for."""

    slug = serializers.CharField()
    title = serializers.CharField()
    docs_url = serializers.CharField(allow_blank=True)
    capabilities = CapabilitiesSerializer()
    event_types = serializers.DictField(child=serializers.CharField(), help_text="Every wire event that is known, and what becomes of it.")
    registers_webhook = serializers.BooleanField(
        help_text="Whether POST and DELETE channels/{id}/webhook/ set the callback URL at the vendor; else it is entered there by hand."
    )
    callback_paths = serializers.ListField(child=serializers.CharField(allow_blank=True), help_text="What may follow the callback URL.")
    config_schema = serializers.DictField(help_text="JSON schema of a channel's config.")
    app_config_schema = serializers.DictField(allow_null=True, help_text="JSON schema of a provider app's config; null: it has none.")
    errors = ErrorMeaningSerializer(many=True)  # type: ignore[assignment]  # a field of the body; the metaclass takes it out of the class
