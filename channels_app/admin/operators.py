"""Operators: who may use these pages."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.models import Group, User
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin
from unfold.forms import AdminPasswordChangeForm, UserChangeForm, UserCreationForm

from channels_app.admin.base import when

# Django's own words for these people stand in breadcrumbs, headings and sentences; here they have one name everywhere.
apps.get_app_config("auth").verbose_name = "People"
User._meta.verbose_name, User._meta.verbose_name_plural = "operator", "operators"

admin.site.unregister(User)
admin.site.unregister(Group)  # every operator sees everything: there is nothing to grant


@admin.register(User)
class OperatorAdmin(UserAdmin, ModelAdmin):
    form = UserChangeForm
    add_form = UserCreationForm
    change_password_form = AdminPasswordChangeForm
    list_display = ("username", "email", "is_active", "is_superuser", "last_seen")
    list_filter = ("is_active",)
    filter_horizontal = ()
    fieldsets = (
        (None, {"fields": ("username", "password")}),
        ("Person", {"fields": ("first_name", "last_name", "email")}),
        (
            "Access",
            {
                "fields": ("is_active", "is_staff", "is_superuser"),
                "description": "Operators are staff and superusers: they see every brand.",
            },
        ),
        ("Dates", {"fields": ("last_login", "date_joined")}),
    )
    last_seen = when("last_login", "Last login", "Never")
    search_help_text = "User name, name or e-mail address"
    readonly_fields = ("last_login", "date_joined")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """Under the name that these people have everywhere."""
        return super().changelist_view(request, {**(extra_context or {}), "title": "Operators"})
