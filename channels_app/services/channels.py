"""Making and changing channels, and the state that they are in."""

from __future__ import annotations

import uuid
from typing import Any

import structlog
from django.core.exceptions import ValidationError

from channels_app.models import Brand, Channel, ChannelState, LivePersonApp, ProviderApp
from channels_app.options import ChannelOptions
from channels_app.providers.base import Provider
from channels_app.providers.registry import PROVIDERS
from channels_app.selectors import configs
from channels_app.services import configuration
from channels_app.services.errors import Invalid
from channels_app.services.provider_apps import below
from channels_app.services.rows import save_row
from connector_platform.core.clock import now
from connector_platform.database import run

log = structlog.get_logger(__name__)

_UNSET: Any = object()
_SHARED_ADDRESS = "The address of a channel on the installation's shared provider app can only be changed with the platform's key."


def create_channel(
    *,
    brand: Brand,
    provider: str,
    name: str,
    liveperson_app: LivePersonApp,
    config: Any,
    provider_app: ProviderApp | None = None,
    options: Any = None,
    state: str = ChannelState.ACTIVE,
) -> Channel:
    """A new channel; its address is read from ``config``. ``options`` are ``ChannelOptions``; None leaves all of them at their defaults.

    Raises:
        Invalid, ValidationError: what is wrong with the values. Conflict: the address is another channel's.
    """
    kind = _provider(provider)
    row = Channel(brand=brand, provider=provider, name=name, liveperson_app=liveperson_app, provider_app=provider_app)
    _set_config(row, kind, config)
    if options is not None:
        _set_options(row, options)
    _set_state(row, state)
    _check_app(row, kind)
    save_row(row)
    log.info("channel_created", channel_id=str(row.id), provider=provider, brand_id=str(brand.pk))
    return row


def update_channel(
    row: Channel,
    *,
    name: str | None = None,
    liveperson_app: LivePersonApp | None = None,
    provider_app: Any = _UNSET,
    config: Any = None,
    options: Any = None,
    merge: bool = False,
    state: str | None = None,
    may_move_on_shared_app: bool = True,
) -> Channel:
    """``row`` with what is given changed; the rest is not written, so that a state set meanwhile by the platform stays.

    ``merge``: what ``config`` and ``options`` leave away stays. ``state`` active also mends a broken channel: its queue moves again within seconds.
    ``may_move_on_shared_app``: whether the address may change where the installation's own app receives for it; a brand must not be able
    to claim another brand's page there.

    Raises:
        Invalid, ValidationError: what is wrong with the values. Conflict: the address is another channel's.
    """
    kind = _provider(row.provider)
    changed: list[str] = []
    address_before = row.address
    if name is not None:
        row.name = name
        changed.append("name")
    if liveperson_app is not None:
        row.liveperson_app = liveperson_app
        changed.append("liveperson_app")
    if provider_app is not _UNSET:
        row.provider_app = provider_app
        changed.append("provider_app")
    if config is not None:
        before = row.config
        _set_config(row, kind, config, merge=merge)
        changed += ["config", "address"]
        if row.config != before:
            row.credentials_problem, row.credentials_asked_at = "", now()
            changed += ["credentials_problem", "credentials_asked_at"]
    if options is not None:
        _set_options(row, options, merge=merge)
        changed.append("options")
    if state is not None and state != row.state:
        _set_state(row, state)
        changed += ["state", "state_reason"]
    _check_app(row, kind)
    is_shared = row.provider_app is not None and row.provider_app.brand_id is None
    if is_shared and row.address != address_before and not may_move_on_shared_app:
        raise Invalid.at("config", _SHARED_ADDRESS, code="shared_address")
    save_row(row, changed=changed)
    log.info("channel_changed", channel_id=str(row.id), fields=changed, state=row.state)
    return row


def _provider(slug: str) -> Provider:
    if slug not in PROVIDERS:
        raise Invalid.at("provider", f"There is no provider “{slug}”; see the channel types.", code="does_not_exist")
    return PROVIDERS[slug]


def _set_config(row: Channel, kind: Provider, config: Any, *, merge: bool = False) -> None:
    try:
        checked = configuration.validate(kind.config_model, config, stored=row.config, merge=merge)
    except Invalid as error:
        raise below("config", error) from error
    row.config, row.address = checked.stored, kind.address(checked.model)


def _set_options(row: Channel, options: Any, *, merge: bool = False) -> None:
    try:
        row.options = configuration.validate(ChannelOptions, options, stored=row.options, merge=merge).stored
    except Invalid as error:
        raise below("options", error) from error


def _set_state(row: Channel, state: str) -> None:
    if state not in (ChannelState.ACTIVE, ChannelState.PAUSED):
        raise Invalid.at("state", "Only active and paused can be set; broken is the platform's word for refused credentials.")
    row.state, row.state_reason = ChannelState(state), ""


def _check_app(row: Channel, kind: Provider) -> None:
    """The app that the provider needs is there, and everything belongs to one brand."""
    if kind.app_config_model is not None and row.provider_app is None:
        raise Invalid.at("provider_app", f"{kind.title} needs a provider app: it holds the credentials that callbacks are signed with.")
    if kind.app_config_model is None and row.provider_app is not None:
        raise Invalid.at("provider_app", f"{kind.title} has no provider apps: leave this empty.")
    try:
        row.clean()
    except ValidationError as error:
        # To one brand another's rows do not exist.
        field = next(iter(error.message_dict))
        raise Invalid.at(field, "This does not exist, or belongs to another provider.", code="does_not_exist") from error


def break_channel(channel_id: uuid.UUID, reason: str) -> None:
    """The vendor refuses the channel's credentials: nothing more goes out until an operator has mended them. The queue is kept."""
    rows = run(
        """UPDATE channels_app_channel SET state = 'broken', state_reason = %s, updated_at = now() WHERE id = %s AND state = 'active'
           RETURNING name""",
        [reason[:500], channel_id],
    )
    configs.forget()
    if rows:
        log.error("channel_broken", channel_id=str(channel_id), channel=rows[0][0], reason=reason)


def note_credentials(channel_id: uuid.UUID, problem: str) -> None:
    """The vendor was asked to renew the channel's credentials; ``problem`` is why it did not, empty where all is well."""
    run(
        "UPDATE channels_app_channel SET credentials_asked_at = now(), credentials_problem = %s WHERE id = %s",
        [problem[:500], channel_id],
    )


def note_problem(liveperson_app_id: uuid.UUID, reason: str) -> None:
    """LivePerson refuses the app (``reason``), or takes it again (an empty one). Messages wait meanwhile and are tried on the schedule."""
    run("UPDATE channels_app_livepersonapp SET problem = %s, updated_at = now() WHERE id = %s", [reason[:500], liveperson_app_id])
    configs.forget()
    log.error("liveperson_app_refused" if reason else "liveperson_app_works_again", liveperson_app_id=str(liveperson_app_id), reason=reason)
