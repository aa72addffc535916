"""API keys."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html
from unfold.decorators import action, display

from channels_app.admin.base import UnscopedAdmin, copyable, when
from channels_app.models import ApiKey
from channels_app.models.api_key import new_key
from channels_app.services.api_keys import revoke_api_key


@admin.register(ApiKey)
class ApiKeyAdmin(UnscopedAdmin):
    list_display = ("name", "shows_owner", "shows_end", "shows_state", "last_used", "created")
    list_filter = ("brand",)
    list_select_related = ("brand",)
    search_fields = ("name",)
    search_help_text = "Name"
    last_used = when("last_used_at", "Last used", "Never")
    created = when("created_at", "Created")
    actions = ("revoke",)

    def get_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("name", "brand", "shows_end", "last_used_at", "revoked_at") if obj else ("name", "brand")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("brand", "shows_end", "last_used_at", "revoked_at") if obj else ()

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "brand":
            kwargs["empty_label"] = "The platform: every brand"
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Keys are revoked: the row says who had access."""
        return False

    def save_model(self, request: HttpRequest, obj: ApiKey, form: ModelForm, change: bool) -> None:
        if change:
            super().save_model(request, obj, form, change)
            return
        key = new_key()
        obj.set_key(key)
        super().save_model(request, obj, form, change)
        messages.warning(request, format_html("This is the key. It is shown this once and stored nowhere: copy it now. {}", copyable(key)))

    @action(description="Revoke")
    def revoke(self, request: HttpRequest, queryset: QuerySet[ApiKey]) -> None:
        for row in queryset:
            revoke_api_key(row)
        messages.success(request, "The chosen keys are refused from now on.")

    @display(description="For")
    def shows_owner(self, row: ApiKey) -> str:
        return row.brand.name if row.brand else "The platform"

    @display(description="Key")
    def shows_end(self, row: ApiKey) -> str:
        return f"ends in …{row.last_four}"

    @display(description="State", label={"Active": "success", "Revoked": "danger"})
    def shows_state(self, row: ApiKey) -> str:
        return "Revoked" if row.revoked_at else "Active"
