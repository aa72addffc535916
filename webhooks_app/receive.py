"""What happens between a callback's arrival and its answer: find, verify, translate, write down. No vendor is called here."""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Sequence

import psycopg
import structlog
from psycopg_pool import PoolTimeout

from channels_app.providers.base import CallbackAnswer, CallbackRequest, Provider, ProviderConfig
from channels_app.providers.registry import PROVIDERS
from channels_app.selectors import configs
from channels_app.selectors.configs import ChannelConfig, LivePersonConfig
from connector_platform.core.clock import now
from connector_platform.core.errors import ChannelUnknown, PayloadMalformed, SignatureInvalid, WebhookError
from connector_platform.core.events import InboundEvent, ParsedCallback
from connector_platform.core.ids import uuid7
from connector_platform.database import DatabaseUnavailable, hot_pool, run
from connector_platform.liveperson.notifications import Notification, parse_notification
from connector_platform.liveperson.signature import ACCOUNT_HEADER, CLIENT_HEADER, SIGNATURE_HEADER, verify_signature
from connector_platform.observability.metrics import CALLBACKS, EVENTS
from webhooks_app.bell import bell
from webhooks_app.journal import Entry, append
from webhooks_app.notifications import Ingested, ingest

log = structlog.get_logger(__name__)


def receive_callback(
    provider_slug: str, request: CallbackRequest, *, channel_id: uuid.UUID | None, app_id: uuid.UUID | None
) -> CallbackAnswer:
    """The answer to a vendor's callback at a channel's or a provider app's address; its events are in the journal when it returns.

    Raises:
        ChannelUnknown: no such address. SignatureInvalid: not authentic; nothing is stored.
        PayloadMalformed: authentic but unreadable; kept raw.
        DatabaseUnavailable: PostgreSQL cannot be reached; nothing is stored, the vendor will repeat it.
    """
    provider, config, channel = _owner(provider_slug, channel_id, app_id)
    if request.path not in provider.callback_paths:
        raise ChannelUnknown(f"{provider.title} callbacks end in one of {sorted(provider.callback_paths)}")
    answer = provider.handshake(request, config)
    if answer is not None:
        CALLBACKS.labels(provider.slug, "handshake").inc()
        return answer
    provider.verify(request, config, now=now())
    try:
        parsed = provider.parse(request, config)
    except PayloadMalformed as error:
        keep_unreadable(provider.slug, request, error.message, channel_id=channel_id, provider_app_id=app_id)
        raise
    store(provider, parsed, channel=channel, app_id=app_id or (channel.app.id if channel and channel.app else None))
    CALLBACKS.labels(provider.slug, "accepted").inc()
    return provider.answer(request, config, parsed)


def _owner(slug: str, channel_id: uuid.UUID | None, app_id: uuid.UUID | None) -> tuple[Provider, ProviderConfig, ChannelConfig | None]:
    if slug not in PROVIDERS:
        raise ChannelUnknown("no such provider")
    if app_id is not None:
        app = configs.provider_app(app_id)
        if app is None or app.provider.slug != slug:
            raise ChannelUnknown("no such provider app")
        return app.provider, app.config, None
    channel = configs.channel(channel_id) if channel_id else None
    if channel is None or channel.provider.slug != slug:
        raise ChannelUnknown("no such channel")
    return channel.provider, channel.callback_config, channel


def store(provider: Provider, parsed: ParsedCallback, *, channel: ChannelConfig | None, app_id: uuid.UUID | None) -> list[uuid.UUID]:
    """Write the events of a callback down, each to the channel that owns its address; the ids of those that were new.

    An address that no channel owns is counted and left aside: one brand's missing page must not spoil the others'.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached; nothing is written.
    """
    for kind in parsed.ignored:
        EVENTS.labels(provider.slug, "ignored").inc()
        log.debug("event_ignored", provider=provider.slug, wire_type=kind)
    entries: list[Entry] = []
    for event in parsed.events:
        owner = _channel_of(event, channel, app_id)
        if owner is None:
            EVENTS.labels(provider.slug, "unknown_address").inc()
            log.warning("unknown_address", provider=provider.slug, address=event.address, provider_app_id=str(app_id))
        else:
            entries.append(Entry.inbound(event, channel_id=owner.id, brand_id=owner.brand_id))
    new = append(entries)
    EVENTS.labels(provider.slug, "stored").inc(len(new))
    EVENTS.labels(provider.slug, "duplicate").inc(len(entries) - len(new))
    if new:
        bell.ring()
    return new


def _channel_of(event: InboundEvent, channel: ChannelConfig | None, app_id: uuid.UUID | None) -> ChannelConfig | None:
    if channel is not None and event.address in ("", channel.address):
        return channel
    return configs.channel_at(app_id, event.address) if app_id is not None and event.address else None


def receive_webhook(app_id: uuid.UUID | None, request: CallbackRequest) -> Ingested:
    """What became of a LivePerson webhook, at an app's own address or at the shared one; what concerns us is in the journal.

    Raises:
        ChannelUnknown: no such app. SignatureInvalid: not signed by LivePerson for this account and app; nothing is stored.
        PayloadMalformed: authentic but unreadable; kept raw.
        DatabaseUnavailable: PostgreSQL cannot be reached; nothing is stored, LivePerson will repeat it.
    """
    account, client = request.headers.get(ACCOUNT_HEADER, ""), request.headers.get(CLIENT_HEADER, "")
    app = configs.liveperson_app(app_id) if app_id else configs.liveperson_app_of(account, client)
    if app is None:
        raise ChannelUnknown("no such LivePerson app")
    verify_signature(request.body, request.headers.get(SIGNATURE_HEADER), app.webhook_secrets)
    if (account, client) != (app.config.account_id, app.config.client_id):
        raise SignatureInvalid("the account and client headers are not this app's")
    try:
        parsed = parse_notification(request.body)
    except PayloadMalformed as error:
        keep_unreadable("liveperson", request, error.message, liveperson_app_id=app.id)
        raise
    for part in parsed.unreadable:
        keep_unreadable("liveperson", request, "one change of this notification cannot be read", liveperson_app_id=app.id, raw=part)
    result = store_notifications(app, parsed.notifications)
    CALLBACKS.labels("liveperson", "accepted").inc()
    return result


def store_notifications(app: LivePersonConfig, notifications: Sequence[Notification]) -> Ingested:
    """Write LivePerson's notifications down and count them.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached; nothing is written.
    """
    for attempt in (1, 2):
        try:
            result = ingest(app, notifications)
            break
        except (psycopg.OperationalError, psycopg.InterfaceError, PoolTimeout) as error:
            if attempt == 2 or isinstance(error, PoolTimeout):
                raise DatabaseUnavailable("PostgreSQL cannot be reached; see DATABASE_URL") from error
            hot_pool().check()
    for name in ("stored", "duplicate", "echo", "private", "ignored", "foreign", "held"):
        EVENTS.labels("liveperson", name).inc(getattr(result, name))
    if result.stored or result.echo:
        bell.ring()
    return result


def keep_unreadable(
    source: str,
    request: CallbackRequest,
    error: str,
    *,
    channel_id: uuid.UUID | None = None,
    provider_app_id: uuid.UUID | None = None,
    liveperson_app_id: uuid.UUID | None = None,
    raw: bytes | None = None,
) -> None:
    """Keep an authentic body that cannot be read, once however often it comes, and raise the alarm.

    Raises:
        DatabaseUnavailable: PostgreSQL cannot be reached.
    """
    body = request.body if raw is None else raw
    digest = hashlib.sha256(b"\0".join((request.method.encode(), request.path.encode(), request.query_string.encode(), body))).hexdigest()
    run(
        """INSERT INTO webhooks_app_unreadablebody AS body (id, provider, channel_id, provider_app_id, liveperson_app_id, method, path,
               query_string, content_type, raw, digest, times, error, received_at)
           VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, 1, %s, now())
           ON CONFLICT (channel_id, provider_app_id, liveperson_app_id, digest)
           DO UPDATE SET times = body.times + 1, received_at = now(), error = EXCLUDED.error""",
        [
            uuid7(),
            source,
            channel_id,
            provider_app_id,
            liveperson_app_id,
            request.method,
            request.path[:200],
            request.query_string.replace("\0", ""),
            request.headers.get("content-type", "")[:200],
            body,
            digest,
            error[:500],
        ],
    )
    CALLBACKS.labels(source, "unreadable").inc()
    log.error("callback_unreadable", source=source, channel_id=str(channel_id or ""), error=error)


def refused(source: str, error: WebhookError) -> None:
    """Count a refusal. Sources that are not ours are counted together, so that strangers cannot grow the metric."""
    CALLBACKS.labels(source if source in PROVIDERS or source == "liveperson" else "unknown", error.code).inc()
