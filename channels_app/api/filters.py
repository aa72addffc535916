"""How lists are narrowed down."""

from __future__ import annotations

from typing import ClassVar

from django_filters import rest_framework as filters

from channels_app.models import ApiKey, Brand, Channel, ChannelState, LivePersonApp, ProviderApp


class BrandFilter(filters.FilterSet):
    slug = filters.CharFilter()
    is_active = filters.BooleanFilter()

    class Meta:
        model = Brand
        fields: ClassVar = ["slug", "is_active"]


class OfBrand(filters.FilterSet):
    """Base: everything but brands has one."""

    brand = filters.UUIDFilter(field_name="brand_id")
    name = filters.CharFilter()


class LivePersonAppFilter(OfBrand):
    account_id = filters.CharFilter()

    class Meta:
        model = LivePersonApp
        fields: ClassVar = ["brand", "name", "account_id"]


class ProviderAppFilter(OfBrand):
    provider = filters.CharFilter()

    class Meta:
        model = ProviderApp
        fields: ClassVar = ["brand", "name", "provider"]


class ChannelFilter(OfBrand):
    provider = filters.CharFilter()
    state = filters.ChoiceFilter(choices=ChannelState.choices)
    address = filters.CharFilter()
    liveperson_app = filters.UUIDFilter(field_name="liveperson_app_id")
    provider_app = filters.UUIDFilter(field_name="provider_app_id")

    class Meta:
        model = Channel
        fields: ClassVar = ["brand", "name", "provider", "state", "address", "liveperson_app", "provider_app"]


class ApiKeyFilter(OfBrand):
    is_revoked = filters.BooleanFilter(field_name="revoked_at", lookup_expr="isnull", exclude=True)

    class Meta:
        model = ApiKey
        fields: ClassVar = ["brand", "name", "is_revoked"]
