"""Channels, provider apps and LivePerson apps as the hot paths need them: decrypted, typed, and remembered for a moment.

A row is read again after ``TTL_S``, or at once in the process that changed it. While PostgreSQL is away, an old one serves on where callbacks are
spooled.
"""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
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
from channels_app.selectors.saved_configs import SavedRows, save_rows, saved_row
from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import ChannelUnreadable
from connector_platform.core.redaction import secret_values
from connector_platform.database import DatabaseUnavailable, is_away, run
from connector_platform.liveperson.app import LivePersonAppConfig

TTL_S = 1.0
"""How long another process may act on a configuration that was changed."""
REMEMBERED_S = 3600.0
"""How long an old configuration may serve while PostgreSQL cannot be reached; only where callbacks are spooled (``SPOOL_DIR``)."""

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

    def get(self, key: tuple[Any, ...], query: str, parameters: list[Any], build: Callable[[Any], Value | None]) -> Value | None:
        """What ``build`` makes of the row that ``query`` finds; None where there is none.

        Raises:
            DatabaseUnavailable: PostgreSQL cannot be reached, and what is remembered is too old.
        """
        kept = self._values.get(key)
        if kept is not None and kept[0] + TTL_S > monotonic_s():
            return kept[1]
        # Where callbacks are spooled, nobody waits for a PostgreSQL that is known to be away: the spool's keeper finds out when it is back.
        if not (settings.SPOOL_DIR and is_away()):
            try:
                rows = run(query, parameters)
            except DatabaseUnavailable:
                if not settings.SPOOL_DIR:
                    raise
            else:
                return self._keep(key, build(rows[0]) if rows else None, 0.0)
        # Not a remembered None: what was made since would be told that it does not exist.
        if kept is not None and kept[1] is not None and kept[0] + REMEMBERED_S > monotonic_s():
            return kept[1]
        found = saved_row(Path(settings.SPOOL_DIR), key)
        if found is None or found.age_s > REMEMBERED_S:
            raise DatabaseUnavailable("PostgreSQL cannot be reached, and the configuration is not remembered")
        return self._keep(key, build(found.row), found.age_s)

    def _keep(self, key: tuple[Any, ...], value: Value, age_s: float) -> Value:
        with self._lock:
            if len(self._values) > 50_000:
                self._values.clear()
            self._values[key] = (monotonic_s() - age_s, value)
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
    config, options, app, unreadable = provider.config_model.model_construct(), ChannelOptions(), None, ""
    try:
        app = provider_app(row[10]) if row[10] else None
        config, options = provider.config_model.model_validate(secret_box().open(row[6])), ChannelOptions.model_validate(row[12])
    except ValidationError as error:
        unreadable = f"{row[1]}: what is stored does not fit this version ({_fields_of(error)}); open the channel, correct it and save it"
        log.error("channel_unreadable", channel_id=str(row[0]), channel=row[1], fields=_fields_of(error))
    except ChannelUnreadable as error:
        unreadable = error.message
    return ChannelConfig(
        id=row[0],
        name=row[1],
        brand_id=row[2],
        brand_slug=row[3],
        provider=provider,
        address=row[5],
        config=config,
        app=app,
        liveperson_app_id=row[7],
        state=ChannelState(row[8]),
        brand_is_active=row[9],
        brand_name=row[11],
        options=options,
        unreadable=unreadable,
    )


_PROVIDER_APP = "SELECT id, brand_id, provider, config FROM channels_app_providerapp WHERE "


def _provider_app(row: Any) -> ProviderAppConfig | None:
    provider = PROVIDERS.get(row[2])
    if provider is None or provider.app_config_model is None:
        return None
    try:
        config = provider.app_config_model.model_validate(secret_box().open(row[3]))
    except ValidationError as error:
        log.error("provider_app_unreadable", provider_app_id=str(row[0]), fields=_fields_of(error))
        raise ChannelUnreadable(
            f"the {provider.title} app: what is stored does not fit this version ({_fields_of(error)}); open it, correct it and save it"
        ) from None
    return ProviderAppConfig(id=row[0], brand_id=row[1], provider=provider, config=config)


def _fields_of(error: ValidationError) -> str:
    """The names of what does not fit; never a value."""
    return ", ".join(sorted({".".join(map(str, one["loc"])) or "the whole" for one in error.errors(include_input=False)}))[:300]


def channel(channel_id: uuid.UUID) -> ChannelConfig | None:
    """The channel with this id, or None where there is none."""

    return _cache.get(("channel", channel_id), _CHANNEL + "c.id = %s", [channel_id], _channel)


def channel_at(provider_app_id: uuid.UUID, address: str) -> ChannelConfig | None:
    """The channel that owns this vendor's address under this provider app, or None."""

    where = "c.provider_app_id = %s AND c.address = %s"
    return _cache.get(("address", provider_app_id, address), _CHANNEL + where, [provider_app_id, address], _channel)


def provider_app(app_id: uuid.UUID) -> ProviderAppConfig | None:
    """The provider app with this id, or None where there is none."""

    return _cache.get(("app", app_id), _PROVIDER_APP + "id = %s", [app_id], _provider_app)


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

    return _cache.get(("liveperson", app_id), _LIVEPERSON + "id = %s", [app_id], _liveperson)


def liveperson_app_of(account_id: str, client_id: str) -> LivePersonConfig | None:
    """The LivePerson app that is this install on this account, or None."""

    where = "account_id = %s AND client_id = %s"
    return _cache.get(("install", account_id, client_id), _LIVEPERSON + where, [account_id, client_id], _liveperson)


def save_for_outages() -> None:
    """Put the configuration of everything that receives into ``SPOOL_DIR``, so that a process that starts while PostgreSQL is away has it.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached. OSError: the disk cannot be written.
    """
    rows: SavedRows = {("channel", row[0]): row for row in run(_CHANNEL + "true")}
    rows |= {("app", row[0]): row for row in run(_PROVIDER_APP + "true")}
    for row in run(_LIVEPERSON + "true"):
        rows[("liveperson", row[0])] = rows[("install", row[3], row[4])] = row
    save_rows(Path(settings.SPOOL_DIR), rows)
