"""Fields of the API's bodies."""

from __future__ import annotations

from typing import Any, ClassVar

from django.db.models import Model, QuerySet
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from channels_app.models import Channel, ProviderApp
from channels_app.options import ChannelOptions
from channels_app.providers.base import ProviderConfig
from channels_app.providers.registry import PROVIDERS
from channels_app.services import configuration
from channels_app.services.secrets import mask


@extend_schema_field({"type": "string", "format": "uuid"})
class RowField(serializers.PrimaryKeyRelatedField):
    """The id of a row that the caller may see; another brand's row does not exist."""

    default_error_messages: ClassVar[dict[str, Any]] = {"does_not_exist": "This row does not exist."}

    def __init__(self, model: type[Model], **kwargs: Any) -> None:
        self.model = model
        super().__init__(pk_field=serializers.UUIDField(), **kwargs)

    def get_queryset(self) -> QuerySet[Any]:
        from channels_app.api.base import holder_of, rows_for

        lookup = "pk" if self.model.__name__ == "Brand" else "brand"
        return rows_for(holder_of(self.context["request"]), self.model, lookup)

    def to_representation(self, value: Any) -> Any:
        return str(value.pk)


class SecretField(serializers.CharField):
    """A secret: taken as it is, answered as a mask."""

    def __init__(self, **kwargs: Any) -> None:
        kwargs.setdefault("trim_whitespace", False)
        super().__init__(**kwargs)

    def get_attribute(self, instance: Any) -> str:
        return super().get_attribute(instance) or ""

    def to_representation(self, value: str) -> str:
        return mask(value)


class ModelledField(serializers.Field):
    """Base of the values that a pydantic model describes; the services validate them."""

    def get_attribute(self, instance: Any) -> Any:
        return instance

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, dict):
            raise serializers.ValidationError("A JSON object is needed here.")
        return data

    def models(self) -> list[type[ProviderConfig]]:
        """Those that a value may be of."""
        raise NotImplementedError


class ConfigField(ModelledField):
    """The provider's configuration: what is valid depends on the provider."""

    def __init__(self, *, of_apps: bool, **kwargs: Any) -> None:
        self.of_apps = of_apps
        super().__init__(**kwargs)

    def models(self) -> list[type[ProviderConfig]]:
        if self.of_apps:
            return [provider.app_config_model for provider in PROVIDERS.values() if provider.app_config_model is not None]
        return [provider.config_model for provider in PROVIDERS.values()]

    def to_representation(self, row: Channel | ProviderApp) -> dict[str, Any]:
        provider = PROVIDERS.get(row.provider)
        model = None if provider is None else provider.app_config_model if self.of_apps else provider.config_model
        return configuration.shown(model, row.config)


class OptionsField(ModelledField):
    """A channel's options, complete: what was never decided shows its default."""

    def models(self) -> list[type[ProviderConfig]]:
        return [ChannelOptions]

    def to_representation(self, row: Channel) -> dict[str, Any]:
        return configuration.shown(ChannelOptions, row.options)
