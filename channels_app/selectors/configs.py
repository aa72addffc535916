"""Channels, provider apps and LivePerson apps as the hot paths need them: decrypted, typed, and remembered for a moment.

A row is read again after ``TTL_S``, or at once in the process that changed it.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import structlog
from django.conf import settings
from django.db.models.signals import post_delete, post_save
from pydantic import ValidationError

from channels_app.models import Brand, Channel, ChannelState, LivePersonApp, ProviderApp
from channels_app.models.base import secret_box
from channels_app.options import ChannelOptions
from channels_app.providers.base import Provider, ProviderConfig
from channels_app.providers.registry import PROVIDERS
from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import ChannelUnreadable
from connector_platform.core.redaction import secret_values
from connector_platform.database import run
from connector_platform.liveperson.app import LivePersonAppConfig

TTL_S = 1.0
"""How long another process may act on a configuration that was changed."""

Value = TypeVar("Value")
log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class ProviderAppConfig:
    """A provider app, ready for use."""

    id: uuid.UUID
    brand_id: uuid.UUID | None
    provider: Provider
    config: ProviderConfig


@dataclass(frozen=True)
class ChannelConfig:
    """A channel with everything that its messages need.

    ``unreadable`` says why ``config`` and ``options`` are not: what is stored was written by another version. Nothing moves then, either way.
    """

    id: uuid.UUID
    name: str
    brand_id: uuid.UUID
    brand_slug: str
    provider: Provider
    address: str
    config: ProviderConfig
    app: ProviderAppConfig | None
    liveperson_app_id: uuid.UUID
    state: ChannelState
    brand_is_active: bool
    brand_name: str
    options: ChannelOptions
    unreadable: str = ""

    @property
    def callback_config(self) -> ProviderConfig:
        """The config that owns this channel's callbacks: the app's where there is one.

        Raises:
            ChannelUnreadable: it is the channel's own, and this version cannot read it.
        """
        if self.app is None and self.unreadable:
            raise ChannelUnreadable(self.unreadable)
        return self.app.config if self.app is not None else self.config

    @property
    def callback_url(self) -> str:
        """Where the vendor calls: the provider app's address where there is one, else the channel's own."""
        owner = f"apps/{self.app.id}" if self.app is not None else str(self.id)
        return f"{settings.PUBLIC_URL}/callbacks/{self.provider.slug}/{owner}"

    @cached_property
    def secrets(self) -> tuple[str, ...]:
        """Everything that must not show up in attempts and logs."""
        own = () if self.unreadable else secret_values(self.config)
        return own + (secret_values(self.app.config) if self.app else ())

    @property
    def receives(self) -> bool:
        """Whether consumers' messages go on to LivePerson."""
        return self.brand_is_active and self.state != ChannelState.PAUSED and not self.unreadable

    @property
    def sends(self) -> bool:
        """Whether answers go out to the channel."""
        return self.brand_is_active and self.state == ChannelState.ACTIVE and not self.unreadable

    @property
    def why_still(self) -> str:
        """Why nothing moves, for an operator."""
        return self.unreadable or f"{self.name} is {self.state.label.lower() if self.brand_is_active else 'of an inactive brand'}"


@dataclass(frozen=True)
class LivePersonConfig:
    """A LivePerson app, ready for use."""

    id: uuid.UUID
    name: str
    brand_id: uuid.UUID
    config: LivePersonAppConfig
    sequence_gap_wait_s: float
    problem: str
    file_types: tuple[str, ...]

    @property
    def webhook_secrets(self) -> tuple[str, ...]:
        return tuple(secret for secret in (self.config.client_secret, self.config.previous_client_secret) if secret)


class _Cache:
    def __init__(self) -> None:
        self._values: dict[Any, tuple[float, Any]] = {}
        self._lock = threading.Lock()

    def get(self, key: Any, load: Callable[[], Value]) -> Value:
        kept = self._values.get(key)
        if kept is not None and kept[0] > monotonic_s():
            return kept[1]
        value = load()
        with self._lock:
            if len(self._values) > 50_000:
                self._values.clear()
            self._values[key] = (monotonic_s() + TTL_S, value)
        return value

    def clear(self) -> None:
        with self._lock:
            self._values.clear()


_cache = _Cache()


def forget(**_: Any) -> None:
    """Read every configuration anew at its next use in this process."""
    _cache.clear()


def forget_on_change() -> None:
    """Connect ``forget`` to every change of the rows that are remembered."""
    for model in (Brand, Channel, LivePersonApp, ProviderApp):
        post_save.connect(forget, sender=model, dispatch_uid=f"forget-{model.__name__}-save")
        post_delete.connect(forget, sender=model, dispatch_uid=f"forget-{model.__name__}-delete")


_CHANNEL = """
    SELECT c.id, c.name, c.brand_id, b.slug, c.provider, c.address, c.config, c.liveperson_app_id, c.state, b.is_active, c.provider_app_id, b.name, c.options
    FROM channels_app_channel c JOIN channels_app_brand b ON b.id = c.brand_id WHERE """


def _channel(row: Any) -> ChannelConfig | None:
    provider = PROVIDERS.get(row[4])
    if provider is None:
        return None
    config, options, unreadable = provider.config_model.model_construct(), ChannelOptions(), ""
    try:
        config, options = provider.config_model.model_validate(secret_box().open(row[6])), ChannelOptions.model_validate(row[12])
    except ValidationError as error:
        fields = ", ".join(sorted({".".join(map(str, one["loc"])) or "the whole" for one in error.errors(include_input=False)}))
        unreadable = f"{row[1]}: what is stored does not fit this version ({fields[:300]}); open the channel, correct it and save it"
        log.error("channel_unreadable", channel_id=str(row[0]), channel=row[1], fields=fields)
    return ChannelConfig(
        id=row[0],
        name=row[1],
        brand_id=row[2],
        brand_slug=row[3],
        provider=provider,
        address=row[5],
        config=config,
        app=provider_app(row[10]) if row[10] else None,
        liveperson_app_id=row[7],
        state=ChannelState(row[8]),
        brand_is_active=row[9],
        brand_name=row[11],
        options=options,
        unreadable=unreadable,
    )


def channel(channel_id: uuid.UUID) -> ChannelConfig | None:
    """The channel with this id, or None where there is none."""

    def load() -> ChannelConfig | None:
        rows = run(_CHANNEL + "c.id = %s", [channel_id])
        return _channel(rows[0]) if rows else None

    return _cache.get(("channel", channel_id), load)


def channel_at(provider_app_id: uuid.UUID, address: str) -> ChannelConfig | None:
    """The channel that owns this vendor's address under this provider app, or None."""

    def load() -> ChannelConfig | None:
        rows = run(_CHANNEL + "c.provider_app_id = %s AND c.address = %s", [provider_app_id, address])
        return _channel(rows[0]) if rows else None

    return _cache.get(("address", provider_app_id, address), load)


def provider_app(app_id: uuid.UUID) -> ProviderAppConfig | None:
    """The provider app with this id, or None where there is none."""

    def load() -> ProviderAppConfig | None:
        rows = run("SELECT id, brand_id, provider, config FROM channels_app_providerapp WHERE id = %s", [app_id])
        if not rows or (provider := PROVIDERS.get(rows[0][2])) is None or provider.app_config_model is None:
            return None
        config = provider.app_config_model.model_validate(secret_box().open(rows[0][3]))
        return ProviderAppConfig(id=rows[0][0], brand_id=rows[0][1], provider=provider, config=config)

    return _cache.get(("app", app_id), load)


_LIVEPERSON = """
    SELECT id, name, brand_id, account_id, client_id, client_secret, previous_client_secret, domain_api, skill_id, campaign_id,
           engagement_id, ttr, language, features, sequence_gap_wait_s, problem, file_types
    FROM channels_app_livepersonapp WHERE """


def _liveperson(row: Any) -> LivePersonConfig:
    features = row[13] if isinstance(row[13], list) else []
    return LivePersonConfig(
        id=row[0],
        name=row[1],
        brand_id=row[2],
        config=LivePersonAppConfig(
            account_id=row[3],
            client_id=row[4],
            client_secret=secret_box().open(row[5]),
            previous_client_secret=secret_box().open(row[6]) if row[6] else "",
            domain_api=row[7],
            skill_id=row[8],
            campaign_id=row[9],
            engagement_id=row[10],
            ttr=row[11],
            language=row[12],
            features=tuple(features),
        ),
        sequence_gap_wait_s=settings.SEQUENCE_GAP_WAIT_S if row[14] is None else row[14],
        problem=row[15],
        file_types=tuple(row[16]) if isinstance(row[16], list) else (),
    )


def liveperson_app(app_id: uuid.UUID) -> LivePersonConfig | None:
    """The LivePerson app with this id, or None where there is none."""

    def load() -> LivePersonConfig | None:
        rows = run(_LIVEPERSON + "id = %s", [app_id])
        return _liveperson(rows[0]) if rows else None

    return _cache.get(("liveperson", app_id), load)


def liveperson_app_of(account_id: str, client_id: str) -> LivePersonConfig | None:
    """The LivePerson app that is this install on this account, or None."""

    def load() -> LivePersonConfig | None:
        rows = run(_LIVEPERSON + "account_id = %s AND client_id = %s", [account_id, client_id])
        return _liveperson(rows[0]) if rows else None

    return _cache.get(("install", account_id, client_id), load)
