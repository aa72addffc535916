"""The provisioning endpoints."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

from django.http import Http404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_view
from rest_framework import mixins
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

from channels_app.api import filters, serializers
from channels_app.api.base import ForPlatform, TenantViewSet
from channels_app.api.schemas import PlatformSchema, json_schema
from channels_app.models import ApiKey, Brand, Channel, LivePersonApp, ProviderApp
from channels_app.providers.base import Provider
from channels_app.providers.registry import PROVIDERS
from channels_app.services.api_keys import revoke_api_key
from channels_app.services.rows import delete_row


class ReadMixin(mixins.ListModelMixin, mixins.RetrieveModelMixin):
    """List and detail."""


class WriteMixin(mixins.CreateModelMixin, mixins.UpdateModelMixin, mixins.DestroyModelMixin):
    """Create, replace, change and delete; a row in use is not deleted."""

    def perform_destroy(self, instance: Any) -> None:
        delete_row(instance)


@extend_schema(tags=["Brands"])
class BrandViewSet(ReadMixin, WriteMixin, TenantViewSet):
    """Tenants. A brand's key reads its own; the platform's key does everything."""

    model = Brand
    brand_lookup = "pk"
    serializer_class = serializers.BrandSerializer
    filterset_class = filters.BrandFilter

    def get_permissions(self) -> list[Any]:
        reads = self.request is None or self.request.method in ("GET", "HEAD")
        return [IsAuthenticated()] if reads else [IsAuthenticated(), ForPlatform()]


@extend_schema(tags=["LivePerson apps"])
class LivePersonAppViewSet(ReadMixin, WriteMixin, TenantViewSet):
    """Connectors installed on LivePerson accounts. ``problem`` says why LivePerson refuses one at the moment."""

    model = LivePersonApp
    serializer_class = serializers.LivePersonAppSerializer
    filterset_class = filters.LivePersonAppFilter


@extend_schema(tags=["Provider apps"])
class ProviderAppViewSet(ReadMixin, WriteMixin, TenantViewSet):
    """Vendors' apps whose credentials many channels share. A brand's key has its own brand's only."""

    model = ProviderApp
    serializer_class = serializers.ProviderAppSerializer
    filterset_class = filters.ProviderAppFilter


@extend_schema(tags=["Channels"])
class ChannelViewSet(ReadMixin, WriteMixin, TenantViewSet):
    """Brands' accounts on messaging platforms. What ``config`` holds is the provider's; see the channel types."""

    model = Channel
    related = ("provider_app",)
    serializer_class = serializers.ChannelSerializer
    filterset_class = filters.ChannelFilter


@extend_schema_view(
    create=extend_schema(responses=serializers.NewApiKeySerializer, description="Make a key. The answer is the only one that holds it."),
    destroy=extend_schema(description="Revoke a key: it is refused from now on. The row stays."),
)
@extend_schema(tags=["API keys"])
class ApiKeyViewSet(ReadMixin, mixins.CreateModelMixin, mixins.DestroyModelMixin, TenantViewSet):
    """Keys of this API; the platform's key only."""

    model = ApiKey
    permission_classes = [IsAuthenticated, ForPlatform]  # noqa: RUF012  # DRF declares it so
    filterset_class = filters.ApiKeyFilter

    def get_serializer_class(self) -> type[serializers.ApiKeySerializer]:
        return serializers.NewApiKeySerializer if self.action == "create" else serializers.ApiKeySerializer

    def perform_destroy(self, instance: ApiKey) -> None:
        revoke_api_key(instance)


@extend_schema(tags=["Channel types"])
class ChannelTypeViewSet(ViewSet):
    """What channels can be made for, with everything that a form needs to be made of."""

    schema = PlatformSchema()
    metadata_class = None

    @extend_schema(responses=serializers.ChannelTypeSerializer(many=True))
    def list(self, request: Request) -> Response:
        """All of them; there are no pages."""
        return Response([describe(provider) for provider in PROVIDERS.values()])

    @extend_schema(
        responses=serializers.ChannelTypeSerializer,
        parameters=[OpenApiParameter("id", OpenApiTypes.STR, OpenApiParameter.PATH, description="The type's slug.")],
    )
    def retrieve(self, request: Request, pk: str) -> Response:
        """One of them, by its slug."""
        if pk not in PROVIDERS:
            raise Http404
        return Response(describe(PROVIDERS[pk]))


def describe(provider: Provider) -> dict[str, Any]:
    """A channel type as the API answers it."""
    return {
        "slug": provider.slug,
        "title": provider.title,
        "docs_url": provider.docs_url,
        "capabilities": asdict(provider.capabilities),
        "event_types": dict(provider.event_types),
        "registers_webhook": provider.registers_webhook,
        "callback_paths": list(provider.callback_paths),
        "config_schema": json_schema(provider.config_model),
        "app_config_schema": json_schema(provider.app_config_model) if provider.app_config_model is not None else None,
        "errors": [
            {
                "provider_code": row.code,
                "code": row.error.code,
                "is_retried": row.error.retryable,
                "meaning": row.meaning,
                "remedy": row.remedy,
            }
            for row in provider.errors
        ],
    }
