"""Reading again what could not be read, once the parser can."""

from __future__ import annotations

from dataclasses import dataclass

import structlog

from channels_app.providers.base import CallbackRequest
from channels_app.providers.registry import PROVIDERS
from channels_app.selectors import configs
from channels_app.services.errors import Conflict
from connector_platform.core.clock import now
from connector_platform.core.errors import PayloadMalformed
from connector_platform.liveperson.notifications import ParsedNotifications, parse_notification
from webhooks_app.models import UnreadableBody
from webhooks_app.receive import Owner, store, store_notifications

log = structlog.get_logger(__name__)


class StillUnreadable(Conflict):
    """The body cannot be read by this version either, or whom it was for is gone."""

    code = "still_unreadable"


@dataclass(frozen=True, slots=True)
class Reread:
    """How many events the body held, and how many of them were new."""

    found: int
    stored: int


def reread(body: UnreadableBody) -> Reread:
    """Parse the body again and write its events down; those known already are no second events.

    Raises:
        StillUnreadable: it cannot be read. DatabaseUnavailable: PostgreSQL cannot be reached; nothing is written.
    """
    result = _reread_webhook(body) if body.liveperson_app_id else _reread_callback(body)
    body.replayed_at = now()
    body.save(update_fields=["replayed_at"])
    log.info("unreadable_body_replayed", body_id=str(body.id), found=result.found, stored=result.stored)
    return result


def _reread_callback(body: UnreadableBody) -> Reread:
    channel = configs.channel(body.channel_id) if body.channel_id else None
    app = configs.provider_app(body.provider_app_id) if body.provider_app_id else channel.app if channel else None
    if channel is not None and channel.unreadable and app is None:
        raise StillUnreadable(channel.unreadable)
    config = app.config if app else channel.config if channel else None
    provider = PROVIDERS.get(body.provider)
    if provider is None or config is None:
        raise StillUnreadable("The provider, the channel or the provider app that this was for is gone.")
    request = CallbackRequest(
        method=body.method,
        path=body.path,
        query_string=body.query_string,
        headers={"content-type": body.content_type} if body.content_type else {},
        body=bytes(body.raw),
    )
    try:
        parsed = provider.parse(request, config)
    except PayloadMalformed as error:
        raise StillUnreadable(f"The body still cannot be read: {error.message}.") from error
    stored = store(Owner(provider, config, channel, app.id if app else None), parsed)
    return Reread(len(parsed.events), len(stored))


def _reread_webhook(body: UnreadableBody) -> Reread:
    app = configs.liveperson_app(body.liveperson_app_id) if body.liveperson_app_id else None
    if app is None:
        raise StillUnreadable("The LivePerson app that this was for is gone.")
    parsed = _notifications(bytes(body.raw))
    if parsed.unreadable:
        raise StillUnreadable("The body still cannot be read: LivePerson's change is not understood.")
    result = store_notifications(app, parsed.notifications)
    return Reread(len(parsed.notifications), result.stored + result.echo)


def _notifications(raw: bytes) -> ParsedNotifications:
    """A whole webhook, or the single change that was kept of one of which the rest could be read."""
    try:
        return parse_notification(raw)
    except PayloadMalformed as error:
        if not raw.startswith(b"{"):
            raise StillUnreadable(f"The body still cannot be read: {error.message}.") from error
    try:
        return parse_notification(b'{"body":{"changes":[' + raw + b"]}}")
    except PayloadMalformed as error:
        raise StillUnreadable(f"The body still cannot be read: {error.message}.") from error
