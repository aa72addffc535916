"""Channels and provider apps: choose the provider, then fill in the form that its configuration model makes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, ClassVar

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.db.models import Max, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.safestring import SafeString
from unfold.decorators import display

from channels_app.admin.base import STATE_COLOURS, UnscopedAdmin, copyable, when
from channels_app.admin.config_form import ConfigLayout, problems_to_errors
from channels_app.models import Channel, ChannelState, ProviderApp
from channels_app.options import ChannelOptions
from channels_app.providers.base import Provider, ProviderConfig
from channels_app.providers.registry import PROVIDERS
from channels_app.services import configuration
from channels_app.services.channels import create_channel, update_channel
from channels_app.services.errors import Invalid, Problem
from channels_app.services.provider_apps import below, create_provider_app, update_provider_app

ABOUT_OPTIONS = "What you decide for this channel, whatever its platform. A new channel needs none of it."


class ConfiguredForm(forms.ModelForm):
    """Base of both forms. ``layouts`` is put in by ``ConfiguredAdmin.get_form``: a layout for each column that holds a configuration.

    ``patches`` has, for each of them, what the operator changed; ``checked`` what comes of it.
    """

    layouts: ClassVar[Mapping[str, ConfigLayout]]
    provider: ClassVar[Provider]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        self.instance.provider = self.provider.slug
        self.patches = {column: layout.patch(self) for column, layout in self.layouts.items()}
        self.checked: dict[str, configuration.Validated] = {}
        for column, layout in self.layouts.items():
            stored = {} if self.instance._state.adding else getattr(self.instance, column)
            try:
                self.checked[column] = configuration.validate(layout.model, self.patches[column], stored=stored, merge=True)
            except Invalid as error:
                for name, sentence in self.place_problems(below(column, error).problems):
                    if name is None or name not in self.errors:
                        self.add_error(name, sentence)
        return cleaned

    def stored(self) -> dict[str, configuration.Json]:
        """By column, what a new row starts with."""
        return {column: checked.stored for column, checked in self.checked.items()}

    def place_problems(self, problems: tuple[Problem, ...]) -> Iterable[tuple[str | None, str]]:
        """Each problem's field in this form and its sentence."""
        return problems_to_errors(self.layouts, problems, self)


class ProviderAppForm(ConfiguredForm):
    class Meta:
        model = ProviderApp
        fields = ("name", "brand")


class ChannelForm(ConfiguredForm):
    class Meta:
        model = Channel
        fields = ("name", "state")  # the page adds the others: their choices can only be read without a scope

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "provider_app" in self.fields:
            self.fields["provider_app"].required = True
            self.fields["provider_app"].queryset = ProviderApp.objects.filter(provider=self.provider.slug)  # type: ignore[attr-defined]
        if "liveperson_app" in self.fields:
            self.fields["liveperson_app"].label = "LivePerson app"
        if "state" in self.fields:
            broken = self.instance.state == ChannelState.BROKEN
            self.fields["state"].choices = [  # type: ignore[attr-defined]
                choice for choice in ChannelState.choices if choice[0] != ChannelState.BROKEN or broken
            ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        brand = cleaned.get("brand") or getattr(self.instance, "brand", None)
        app, vendor = cleaned.get("liveperson_app"), cleaned.get("provider_app")
        if brand is not None and app is not None and app.brand_id != brand.pk:
            self.add_error("liveperson_app", f"This LivePerson app belongs to another brand; choose one of {brand}.")
        if brand is not None and vendor is not None and vendor.brand_id not in (None, brand.pk):
            self.add_error("provider_app", f"This provider app belongs to another brand; choose one of {brand} or a shared one.")
        if not self.errors:
            self._check_address(vendor)
        return cleaned

    def _check_address(self, vendor: ProviderApp | None) -> None:
        self.instance.address = self.provider.address(self.checked["config"].model)
        others = Channel.objects.filter(provider=self.provider.slug, address=self.instance.address, provider_app=vendor)
        if others.exclude(pk=self.instance.pk).exists():
            raise ValidationError("Another channel has this address already; one address belongs to one channel.")


class ConfiguredAdmin(UnscopedAdmin):
    """Base of both pages."""

    choose_template = "channels_app/admin/choose_provider.html"
    common: ClassVar[tuple[str, ...]] = ("name", "brand")

    def config_model(self, provider: Provider) -> type[ProviderConfig] | None:
        """The configuration model that the page is about; None where the provider has none."""
        raise NotImplementedError

    def add_view(self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None) -> HttpResponse:
        """First the provider; then, with ``?provider=``, its form."""
        provider = self._provider(request, None)
        if provider is not None or not self.has_add_permission(request):
            title = f"Add {self.opts.verbose_name}" + (f": {provider.title}" if provider else "")
            return super().add_view(request, form_url, {**(extra_context or {}), "title": title})
        choices = [
            {"slug": provider.slug, "title": provider.title, "can": abilities(provider)}
            for provider in PROVIDERS.values()
            if self.config_model(provider) is not None
        ]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "providers": choices,
            "title": f"Add {self.opts.verbose_name}",
            "media": self.media,
        }
        return TemplateResponse(request, self.choose_template, context)

    def response_add(self, request: HttpRequest, obj: Any, post_url_continue: str | None = None) -> HttpResponse:
        """Stay on the new row's page: its callback URL is what is needed next."""
        response = super().response_add(request, obj, post_url_continue)
        wants_more = {"_addanother", "_continue", "_popup"} & set(request.POST)
        return response if wants_more else HttpResponseRedirect(self.change_url(obj.pk))

    def _provider(self, request: HttpRequest, obj: Any) -> Provider | None:
        provider = PROVIDERS.get(obj.provider if obj is not None else request.GET.get("provider", ""))
        return provider if provider is not None and self.config_model(provider) is not None else None

    def layouts(self, provider: Provider, obj: Any) -> dict[str, ConfigLayout]:
        """By column, what the page's form is made from, in the order of the page."""
        model = self.config_model(provider)
        return {"config": ConfigLayout(model, obj.config if obj is not None else None)} if model else {}

    def get_form(self, request: HttpRequest, obj: Any = None, change: bool = False, **kwargs: Any) -> type[forms.ModelForm]:
        provider = self._provider(request, obj)
        if provider is not None:
            layouts = self.layouts(provider, obj)
            fields = {name: field for layout in layouts.values() for name, field in layout.form_fields().items()}
            kwargs["form"] = type(self.form.__name__, (self.form,), {"layouts": layouts, "provider": provider, **fields})
        return super().get_form(request, obj, change=change, **kwargs)

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        provider = self._provider(request, obj)
        layouts = self.layouts(provider, obj) if provider is not None else {}
        sections = [section for layout in layouts.values() for section in layout.fieldsets()]
        return [(None, {"fields": self.common_fields(request, obj)}), *sections]

    def common_fields(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        """The fields above the configuration."""
        return (*self.common, "shows_callback_url") if obj is not None else self.common

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """A row whose provider is not installed any more can be looked at only."""
        return super().has_change_permission(request, obj) and (obj is None or self._provider(request, obj) is not None)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return ("brand", "shows_provider", "shows_callback_url") if obj is not None else ()

    @display(description="Provider", ordering="provider")
    def shows_provider(self, row: Any) -> str:
        return PROVIDERS[row.provider].title if row.provider in PROVIDERS else row.provider

    @display(description="Callback URL")
    def shows_callback_url(self, row: Any) -> SafeString:
        return copyable(row.callback_url)


@admin.register(ProviderApp)
class ProviderAppAdmin(ConfiguredAdmin):
    form = ProviderAppForm
    list_display = ("name", "shows_provider", "shows_brand", "updated")
    list_filter = ("provider", "brand")
    list_select_related = ("brand",)
    search_fields = ("name",)
    search_help_text = "Name"
    updated = when("updated_at", "Updated")

    def config_model(self, provider: Provider) -> type[ProviderConfig] | None:
        return provider.app_config_model

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        if db_field.name == "brand":
            kwargs["empty_label"] = "Shared: every brand"
        return super().formfield_for_foreignkey(db_field, request, **kwargs)

    def save_model(self, request: HttpRequest, obj: ProviderApp, form: Any, change: bool) -> None:
        if change:
            update_provider_app(ProviderApp.objects.get(pk=obj.pk), name=obj.name, merge=True, **form.patches)
        else:
            _become(obj, create_provider_app(brand=obj.brand, provider=form.provider.slug, name=obj.name, **form.stored()))

    @display(description="Brand", ordering="brand")
    def shows_brand(self, row: ProviderApp) -> str:
        return row.brand.name if row.brand else "Shared"


@admin.register(Channel)
class ChannelAdmin(ConfiguredAdmin):
    form = ChannelForm
    list_display = ("name", "brand", "shows_provider", "address", "shows_state", "last_message")
    list_filter = ("provider", "state", "brand")
    list_select_related = ("brand",)
    search_fields = ("name", "address")
    search_help_text = "Name or address"
    list_per_page = 50

    def config_model(self, provider: Provider) -> type[ProviderConfig] | None:
        return provider.config_model

    def layouts(self, provider: Provider, obj: Any) -> dict[str, ConfigLayout]:
        options = ConfigLayout(
            ChannelOptions,
            obj.options if obj is not None else None,
            prefix="options",
            title="Options",
            description=ABOUT_OPTIONS,
            folded_from=1,
        )
        return {**super().layouts(provider, obj), "options": options}

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return super().get_queryset(request).annotate(last_inbound_at=Max("consumers__last_inbound_at"))

    def common_fields(self, request: HttpRequest, obj: Any) -> tuple[str, ...]:
        provider = self._provider(request, obj)
        vendor = ("provider_app",) if provider is not None and provider.app_config_model is not None else ()
        if obj is None:
            return ("name", "brand", *vendor, "liveperson_app")
        reason = tuple(name for name in ("state_reason", "credentials_problem") if getattr(obj, name))
        return ("name", "brand", "shows_provider", *vendor, "liveperson_app", "state", *reason, "shows_callback_url")

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return (*super().get_readonly_fields(request, obj), "state_reason", "credentials_problem") if obj is not None else ()

    def save_model(self, request: HttpRequest, obj: Channel, form: Any, change: bool) -> None:
        values: dict[str, Any] = {"name": obj.name, "liveperson_app": obj.liveperson_app, "provider_app": obj.provider_app}
        if change:
            state = obj.state if "state" in form.changed_data else None
            update_channel(Channel.objects.get(pk=obj.pk), merge=True, state=state, **values, **form.patches)
        else:
            _become(obj, create_channel(brand=obj.brand, provider=form.provider.slug, **values, **form.stored()))

    @display(description="State", label={label: STATE_COLOURS[value] for value, label in ChannelState.choices}, ordering="state")
    def shows_state(self, row: Channel) -> str:
        return ChannelState(row.state).label

    last_message = when("last_inbound_at", "Last message in", "None yet")


def abilities(provider: Provider) -> str:
    """What the provider can do, in a line."""
    capabilities = provider.capabilities
    words = {
        "pictures": capabilities.images_in or capabilities.images_out,
        "files": capabilities.files_in or capabilities.files_out,
        "places": capabilities.locations_in,
        "quick replies": capabilities.quick_replies,
        "buttons": capabilities.buttons,
        "typing": capabilities.typing_out or capabilities.typing_in,
        "delivery reports": capabilities.delivered_receipts,
        "read receipts": capabilities.read_receipts,
    }
    return ", ".join(["Text", *(word for word, can in words.items() if can)])


def _become(row: Any, stored: Any) -> None:
    """Make the form's unsaved ``row`` the ``stored`` one, for what Django does after saving."""
    for column in stored._meta.concrete_fields:
        setattr(row, column.attname, getattr(stored, column.attname))
    row._state.adding = False
