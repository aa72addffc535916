"""Brands."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import admin
from django.db.models import Count, QuerySet
from django.http import HttpRequest
from unfold.decorators import display

from channels_app.admin.base import UnscopedAdmin, when
from channels_app.models import Brand


@admin.register(Brand)
class BrandAdmin(UnscopedAdmin):
    list_display = ("name", "slug", "shows_active", "channel_count", "created")
    list_filter = ("is_active",)
    search_fields = ("name", "slug")
    search_help_text = "Name or slug"
    created = when("created_at", "Created")
    prepopulated_fields: ClassVar = {"slug": ("name",)}
    fields = ("name", "slug", "is_active")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(channel_count=Count("channels"))

    def get_prepopulated_fields(self, request: HttpRequest, obj: Any = None) -> dict[str, Any]:
        """Only while it is new: a slug is part of URLs and logs."""
        return {} if obj else super().get_prepopulated_fields(request, obj)

    @display(description="State", label={"Active": "success", "Inactive": "warning"}, ordering="is_active")
    def shows_active(self, brand: Brand) -> str:
        return "Active" if brand.is_active else "Inactive"

    @display(description="Channels", ordering="channel_count")
    def channel_count(self, brand: Any) -> int:
        return int(brand.channel_count)
