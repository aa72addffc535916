"""LivePerson apps."""

from __future__ import annotations

from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.http import HttpRequest
from django.utils.safestring import SafeString
from unfold.decorators import display
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminPasswordWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from channels_app.admin.base import UnscopedAdmin, copyable, when
from channels_app.models import LivePersonApp
from channels_app.models.liveperson_app import FEATURES, default_features, default_file_types
from channels_app.services.liveperson_apps import NO_FEATURES, NO_FILE_TYPES, install_problems
from channels_app.services.rows import save_row
from channels_app.services.secrets import mask
from connector_platform.liveperson.hosted_files import FILE_TYPES

NOT_REFUSED = "Not refused so far"
"""LivePerson has refused nothing, which it may not have been asked yet."""


def _secret(help_text: str) -> forms.CharField:
    widget = UnfoldAdminPasswordWidget({"autocomplete": "new-password"}, render_value=False)
    return forms.CharField(required=False, strip=True, widget=widget, help_text=help_text)


class LivePersonAppForm(forms.ModelForm):
    """Secrets are never put into the page: empty keeps what is stored."""

    new_client_secret = _secret("client_secret of the app install; signs webhooks and fetches tokens.")
    new_previous_client_secret = _secret("Still accepted on webhooks while the secret is being changed.")
    forget_previous = forms.BooleanField(required=False, label="Forget the previous client secret", widget=UnfoldBooleanSwitchWidget())
    domain_api = forms.URLField(
        label="Domain API",
        assume_scheme="https",
        initial=LivePersonApp._meta.get_field("domain_api").default,
        widget=UnfoldAdminTextInputWidget(),
        help_text=LivePersonApp._meta.get_field("domain_api").help_text,
    )
    features = forms.MultipleChoiceField(
        initial=default_features,
        choices=[(name, name.replace("_", " ").capitalize()) for name in FEATURES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="What LivePerson may use on this app's conversations (Client-Properties features).",
        error_messages={"required": NO_FEATURES},
    )
    file_types = forms.MultipleChoiceField(
        initial=default_file_types,
        choices=[(name, name) for name in FILE_TYPES],
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
        help_text="Kinds of consumers' files that this account takes; ask LivePerson before you add one. Others are announced to the agent in words.",
        error_messages={"required": NO_FILE_TYPES},
    )

    class Meta:
        model = LivePersonApp
        fields = ("brand", "name", "account_id", "client_id", "domain_api", "skill_id", "campaign_id", "engagement_id", "ttr", "language")
        labels: ClassVar = {
            "account_id": "Account ID",
            "client_id": "Client ID",
            "skill_id": "Skill ID",
            "campaign_id": "Campaign ID",
            "engagement_id": "Engagement ID",
            "ttr": "Target time to respond",
            "sequence_gap_wait_s": "Wait for an earlier number (s)",
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, label in self.Meta.labels.items():
            if name in self.fields:
                self.fields[name].label = label
        for name, label in (("client_secret", "Client secret"), ("previous_client_secret", "Previous client secret")):
            shown = mask(getattr(self.instance, name) or "")
            secret = self.fields[f"new_{name}"]
            secret.label = label
            secret.widget.attrs["placeholder"] = shown
            if shown:
                secret.help_text = f"{secret.help_text} Leave empty to keep what is stored."

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance._state.adding and not cleaned.get("new_client_secret"):
            self.add_error("new_client_secret", "This field is needed.")
        for problem in install_problems(cleaned):
            self.add_error(str(problem.path[0]), problem.message)
        return cleaned

    def _post_clean(self) -> None:
        if self.cleaned_data.get("new_client_secret"):
            self.instance.client_secret = self.cleaned_data["new_client_secret"]
        if self.cleaned_data.get("forget_previous"):
            self.instance.previous_client_secret = None
        elif self.cleaned_data.get("new_previous_client_secret"):
            self.instance.previous_client_secret = self.cleaned_data["new_previous_client_secret"]
        super()._post_clean()  # type: ignore[misc]  # Django's own, not in the stubs


@admin.register(LivePersonApp)
class LivePersonAppAdmin(UnscopedAdmin):
    form = LivePersonAppForm
    list_display = ("name", "brand", "account_id", "shows_state", "updated")
    list_filter = ("brand",)
    list_select_related = ("brand",)
    search_fields = ("name", "account_id", "client_id")
    search_help_text = "Name, account id or client id"
    updated = when("updated_at", "Updated")
    fieldsets = (
        (None, {"fields": ("brand", "name", "problem_text", "webhook_address")}),
        (
            "Install",
            {"fields": ("account_id", "client_id", "new_client_secret", "new_previous_client_secret", "forget_previous", "domain_api")},
        ),
        ("New conversations", {"fields": ("skill_id", "campaign_id", "engagement_id", "ttr", "language", "features", "file_types")}),
        ("Order of messages", {"fields": ("sequence_gap_wait_s",), "classes": ["collapse"]}),
    )
    add_hidden: ClassVar = ("problem_text", "webhook_address", "forget_previous", "new_previous_client_secret")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("brand", "problem_text", "webhook_address") if obj else ()

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        if obj is not None:
            return self.fieldsets
        return [
            (title, {**options, "fields": tuple(name for name in options["fields"] if name not in self.add_hidden)})
            for title, options in self.fieldsets
        ]

    def save_model(self, request: HttpRequest, obj: LivePersonApp, form: LivePersonAppForm, change: bool) -> None:
        """Only what was changed is written: the workers write ``problem`` at any time."""
        columns = {field.name for field in obj._meta.concrete_fields}
        typed = {name.removeprefix("new_") for name in form.changed_data}
        if "forget_previous" in typed:
            typed.add("previous_client_secret")
        save_row(obj, changed=sorted(typed & columns) if change else None)

    @display(description="State", label={NOT_REFUSED: "info", "Refused": "danger"})
    def shows_state(self, app: LivePersonApp) -> str:
        return "Refused" if app.problem else NOT_REFUSED

    @display(description="Problem")
    def problem_text(self, app: LivePersonApp) -> str:
        return app.problem or f"{NOT_REFUSED}; “Test connection” asks LivePerson now."

    @display(description="Webhook endpoint")
    def webhook_address(self, app: LivePersonApp) -> SafeString:
        return copyable(app.webhook_url)
