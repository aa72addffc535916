"""What happens between a callback's arrival and its answer: find, verify, translate, write down. No vendor is called here."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime

import structlog

from channels_app.providers.base import CallbackAnswer, CallbackRequest, Provider, ProviderConfig
from channels_app.providers.registry import PROVIDERS
from channels_app.selectors import configs
from channels_app.selectors.configs import ChannelConfig, LivePersonConfig
from connector_platform.core.clock import now
from connector_platform.core.errors import ChannelUnknown, PayloadMalformed, SignatureInvalid, WebhookError
from connector_platform.core.events import InboundEvent, ParsedCallback
from connector_platform.core.ids import uuid7
from connector_platform.database import DatabaseUnavailable, is_away, retried, run
from connector_platform.liveperson.notifications import Notification, ParsedNotifications, parse_notification
from connector_platform.liveperson.signature import ACCOUNT_HEADER, CLIENT_HEADER, SIGNATURE_HEADER, verify_signature
from connector_platform.observability.metrics import CALLBACKS, EVENTS
from webhooks_app.bell import bell
from webhooks_app.journal import Entry, append
from webhooks_app.notifications import Ingested, ingest
from webhooks_app.spool import LIVEPERSON, Record, SpoolUnavailable, spooling

log = structlog.get_logger(__name__)


def receive_callback(
    provider_slug: str, request: CallbackRequest, *, channel_id: uuid.UUID | None, app_id: uuid.UUID | None
) -> CallbackAnswer:
    """The answer to a vendor's callback at a channel's or a provider app's address; its events are in the journal or in the spool when it returns.

    Raises:
        ChannelUnknown: no such address. SignatureInvalid: not authentic; nothing is stored.
        PayloadMalformed: authentic but unreadable; kept raw.
        DatabaseUnavailable: PostgreSQL cannot be reached and nothing can be spooled; the vendor will repeat it.
    """
    record = Record(source=provider_slug, request=request, received_at=now(), channel_id=channel_id, app_id=app_id)
    owner = find_owner(record)
    answer = owner.provider.handshake(request, owner.config)
    if answer is not None:
        CALLBACKS.labels(owner.provider.slug, "handshake").inc()
        return answer
    owner.provider.verify(request, owner.config, now=record.received_at)
    try:
        parsed = owner.provider.parse(request, owner.config)
    except PayloadMalformed as error:
        message = error.message
        _write_down(record, lambda: keep_unreadable(record, message))
        raise

    def write() -> None:
        store(owner, parsed)
        CALLBACKS.labels(owner.provider.slug, "accepted").inc()

    _write_down(record, write)
    return owner.provider.answer(request, owner.config, parsed)


def _write_down(record: Record, write: Callable[[], object]) -> None:
    """``write`` into the journal. While PostgreSQL is away, and as long as earlier callbacks wait in the spool, the record goes there instead.

    Raises:
        DatabaseUnavailable: neither can be reached.
    """
    spool = spooling()
    if spool is None:
        write()
    else:
        try:
            if not (spool.is_waiting() and spool.append(record, behind_others=True)):
                if not is_away():
                    with suppress(DatabaseUnavailable):
                        write()
                        return
                spool.append(record)
        except SpoolUnavailable as error:
            log.error("spool_unavailable", reason=error.message)
            raise DatabaseUnavailable(error.message) from error
        CALLBACKS.labels(record.source, "spooled").inc()


@dataclass(frozen=True, slots=True)
class Owner:
    """Whose a callback is. ``config`` owns it; ``channel`` is None at a provider app's address, ``app_id`` where there is no provider app."""

    provider: Provider
    config: ProviderConfig
    channel: ChannelConfig | None
    app_id: uuid.UUID | None


def find_owner(record: Record) -> Owner:
    """Whose a vendor's callback is, by its address.

    Raises:
        ChannelUnknown: nobody's. DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    slug = record.source
    if slug not in PROVIDERS:
        raise ChannelUnknown("no such provider")
    if record.app_id is not None:
        app = configs.provider_app(record.app_id)
        if app is None or app.provider.slug != slug:
            raise ChannelUnknown("no such provider app")
        owner = Owner(app.provider, app.config, None, app.id)
    else:
        channel = configs.channel(record.channel_id) if record.channel_id else None
        if channel is None or channel.provider.slug != slug:
            raise ChannelUnknown("no such channel")
        owner = Owner(channel.provider, channel.callback_config, channel, channel.app.id if channel.app else None)
    if record.request.path not in owner.provider.callback_paths:
        raise ChannelUnknown(f"{owner.provider.title} callbacks end in one of {sorted(owner.provider.callback_paths)}")
    return owner


def store(owner: Owner, parsed: ParsedCallback) -> list[uuid.UUID]:
    """Write the events of a callback down, each to the channel that owns its address; the ids of those that were new.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached; nothing is written.
    """
    return store_entries(owner.provider.slug, entries_of(owner, parsed))


def store_entries(slug: str, entries: Sequence[Entry]) -> list[uuid.UUID]:
    """Write events of this provider down; the ids of those that were new.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached; nothing is written.
    """
    new = append(entries)
    EVENTS.labels(slug, "stored").inc(len(new))
    EVENTS.labels(slug, "duplicate").inc(len(entries) - len(new))
    if new:
        bell.ring()
    return new


def entries_of(owner: Owner, parsed: ParsedCallback, *, received_at: datetime | None = None) -> list[Entry]:
    """The events of a callback, each for the channel that owns its address.

    An address that no channel owns is counted and left aside: one brand's missing page must not spoil the others'.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    slug = owner.provider.slug
    for kind in parsed.ignored:
        EVENTS.labels(slug, "ignored").inc()
        log.debug("event_ignored", provider=slug, wire_type=kind)
    entries: list[Entry] = []
    for event in parsed.events:
        channel = _channel_of(event, owner.channel, owner.app_id)
        if channel is None:
            EVENTS.labels(slug, "unknown_address").inc()
            log.warning("unknown_address", provider=slug, address=event.address, provider_app_id=str(owner.app_id))
        else:
            entries.append(Entry.inbound(event, channel_id=channel.id, brand_id=channel.brand_id, received_at=received_at))
    return entries


def _channel_of(event: InboundEvent, channel: ChannelConfig | None, app_id: uuid.UUID | None) -> ChannelConfig | None:
    if channel is not None and event.address in ("", channel.address):
        return channel
    return configs.channel_at(app_id, event.address) if app_id is not None and event.address else None


def receive_webhook(app_id: uuid.UUID | None, request: CallbackRequest) -> None:
    """Take a LivePerson webhook, at an app's own address or at the shared one; what concerns us is in the journal or in the spool when it returns.

    Raises:
        ChannelUnknown: no such app. SignatureInvalid: not signed by LivePerson for this account and app; nothing is stored.
        PayloadMalformed: authentic but unreadable; kept raw.
        DatabaseUnavailable: PostgreSQL cannot be reached and nothing can be spooled; LivePerson will repeat it.
    """
    record = Record(source=LIVEPERSON, request=request, received_at=now(), app_id=app_id)
    app = find_liveperson_app(record)
    try:
        parsed = parse_notification(request.body)
    except PayloadMalformed as error:
        message = error.message
        _write_down(record, lambda: keep_unreadable(record, message, app=app))
        raise

    def write() -> None:
        keep_unreadable_parts(record, app, parsed)
        store_notifications(app, parsed.notifications)
        CALLBACKS.labels(LIVEPERSON, "accepted").inc()

    _write_down(record, write)


def find_liveperson_app(record: Record) -> LivePersonConfig:
    """The app that a LivePerson webhook is for, which signed it.

    Raises:
        ChannelUnknown: no such app. SignatureInvalid: not signed by LivePerson for this account and app.
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    headers = record.request.headers
    account, client = headers.get(ACCOUNT_HEADER, ""), headers.get(CLIENT_HEADER, "")
    app = configs.liveperson_app(record.app_id) if record.app_id else configs.liveperson_app_of(account, client)
    if app is None:
        raise ChannelUnknown("no such LivePerson app")
    verify_signature(record.request.body, headers.get(SIGNATURE_HEADER), app.webhook_secrets)
    if (account, client) != (app.config.account_id, app.config.client_id):
        raise SignatureInvalid("the account and client headers are not this app's")
    return app


def store_notifications(app: LivePersonConfig, notifications: Sequence[Notification]) -> Ingested:
    """Write LivePerson's notifications down and count them.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached; nothing is written.
    """
    result = retried(lambda: ingest(app, notifications))
    for name in ("stored", "duplicate", "echo", "private", "ignored", "foreign", "held"):
        EVENTS.labels(LIVEPERSON, name).inc(getattr(result, name))
    if result.stored or result.echo:
        bell.ring()
    return result


def keep_unreadable_parts(record: Record, app: LivePersonConfig, parsed: ParsedNotifications) -> None:
    """Keep the changes of a notification that cannot be read; the others are stored all the same.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    for part in parsed.unreadable:
        keep_unreadable(record, "one change of this notification cannot be read", app=app, raw=part)


def keep_unreadable(record: Record, error: str, *, app: LivePersonConfig | None = None, raw: bytes | None = None) -> None:
    """Keep an authentic body (or ``raw``, a part of it) that cannot be read, once however often it comes, and raise the alarm.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    request = record.request
    body = request.body if raw is None else raw
    digest = hashlib.sha256(b"\0".join((request.method.encode(), request.path.encode(), request.query_string.encode(), body))).hexdigest()
    run(
        """INSERT INTO webhooks_app_unreadablebody AS body (id, provider, channel_id, provider_app_id, liveperson_app_id, method, path,
               query_string, content_type, raw, digest, times, error, received_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, %s)
           ON CONFLICT (channel_id, provider_app_id, liveperson_app_id, digest)
           DO UPDATE SET times = body.times + 1, received_at = EXCLUDED.received_at, error = EXCLUDED.error""",
        [
            uuid7(),
            record.source,
            record.channel_id,
            record.app_id if app is None else None,
            app.id if app is not None else None,
            request.method,
            request.path[:200],
            request.query_string.replace("\0", ""),
            request.headers.get("content-type", "")[:200],
            body,
            digest,
            error[:500],
            record.received_at,
        ],
    )
    CALLBACKS.labels(record.source, "unreadable").inc()
    log.error("callback_unreadable", source=record.source, channel_id=str(record.channel_id or ""), error=error)


def refused(source: str, error: WebhookError) -> None:
    """Count a refusal. Sources that are not ours are counted together, so that strangers cannot grow the metric."""
    CALLBACKS.labels(source if source in PROVIDERS or source == "liveperson" else "unknown", error.code).inc()
