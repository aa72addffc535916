"""Making and changing provider apps."""

from __future__ import annotations

from typing import Any

from channels_app.models import Brand, ProviderApp
from channels_app.providers.base import ProviderConfig
from channels_app.providers.registry import PROVIDERS
from channels_app.services import configuration
from channels_app.services.errors import Invalid, Problem
from channels_app.services.rows import save_row


def app_config_model(provider: str) -> type[ProviderConfig]:
    """The configuration of ``provider``'s apps.

    Raises:
        Invalid: no such provider, or one whose channels stand alone.
    """
    if provider not in PROVIDERS:
        raise Invalid.at("provider", f"There is no provider “{provider}”; see the channel types.", code="does_not_exist")
    model = PROVIDERS[provider].app_config_model
    if model is None:
        raise Invalid.at("provider", f"{PROVIDERS[provider].title} has no provider apps: everything is set in the channel.")
    return model


def create_provider_app(*, brand: Brand | None, provider: str, name: str, config: Any) -> ProviderApp:
    """A new provider app of ``brand``, or of the installation where that is None.

    Raises:
        Invalid, ValidationError: what is wrong with the values.
    """
    row = ProviderApp(brand=brand, provider=provider, name=name)
    row.config = _validated(app_config_model(provider), config)
    save_row(row)
    return row


def update_provider_app(row: ProviderApp, *, name: str | None = None, config: Any = None, merge: bool = False) -> ProviderApp:
    """``row`` with what is given changed. ``merge``: what ``config`` leaves away stays.

    Raises:
        Invalid, ValidationError: what is wrong with the values.
    """
    changed = []
    if name is not None:
        row.name = name
        changed.append("name")
    if config is not None:
        row.config = _validated(app_config_model(row.provider), config, stored=row.config, merge=merge)
        changed.append("config")
    save_row(row, changed=changed)
    return row


def _validated(model: type[ProviderConfig], config: Any, **options: Any) -> configuration.Json:
    try:
        return configuration.validate(model, config, **options).stored
    except Invalid as error:
        raise below("config", error) from error


def below(field: str, error: Invalid) -> Invalid:
    """The same problems, as parts of ``field``."""
    return Invalid([Problem((field, *problem.path), problem.code, problem.message) for problem in error.problems])
