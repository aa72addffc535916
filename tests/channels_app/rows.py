"""Rows for tests: two brands, so that one can always try to reach the other's."""

from __future__ import annotations

import uuid
from datetime import timedelta
from typing import Any

from channels_app.models import ApiKey, Brand, Channel, Consumer, Conversation, LivePersonApp, ProviderApp
from channels_app.services.api_keys import create_api_key
from connector_platform.core.clock import now
from webhooks_app.models import Attempt, Event, Lane, Survey, UnreadableBody

APP_SECRET = "app-secret-0123456789-a1b2"
PAGE_TOKEN = "page-token-0123456789-c3d4"
CLIENT_SECRET = "client-secret-0123456789-4f2a"
SMS_INBOUND = "sms-inbound-secret-e5f6"
SMS_OUTBOUND = "sms-outbound-secret-a7b8"

MESSENGER_APP: dict[str, Any] = {"app_id": "200000000000002", "app_secret": APP_SECRET, "verify_token": "verify-token-9z8y"}


def messenger_config(page_id: str = "100000000000001") -> dict[str, Any]:
    return {"page_id": page_id, "page_access_token": PAGE_TOKEN}


def sms_config(sender: str = "+15550100") -> dict[str, Any]:
    return {
        "sender": sender,
        "inbound": {"auth": {"kind": "hmac", "header": "X-Signature", "secret": SMS_INBOUND}},
        "outbound": {
            "url": "https://sms.example.com/send",
            "auth": {"kind": "basic", "username": "demo", "password": SMS_OUTBOUND},
            "message_id": {"json_path": "id"},
        },
    }


def brand(slug: str = "acme") -> Brand:
    return Brand.objects.create(name=slug.title(), slug=slug)


def api_key(owner: Brand | None) -> tuple[ApiKey, str]:
    return create_api_key(name="tests", brand=owner)


def liveperson_app(owner: Brand, account_id: str = "12345678", client_id: str = "") -> LivePersonApp:
    row = LivePersonApp(
        brand=owner, name="Connector", account_id=account_id, client_id=client_id or f"client-{owner.slug}", client_secret=CLIENT_SECRET
    )
    row.save()
    return row


def provider_app(owner: Brand | None = None) -> ProviderApp:
    return ProviderApp.objects.create(brand=owner, provider="messenger", name="Meta app", config=dict(MESSENGER_APP))


def sms_channel(app: LivePersonApp, sender: str = "+15550100", **fields: Any) -> Channel:
    row = Channel(
        brand=app.brand,
        liveperson_app=app,
        provider="sms_gateway",
        address=sender,
        config=sms_config(sender),
        **{"name": f"SMS {sender}", **fields},
    )
    row.save()
    return row


def messenger_channel(app: LivePersonApp, vendor: ProviderApp, page_id: str = "100000000000001") -> Channel:
    row = Channel(
        brand=app.brand,
        liveperson_app=app,
        provider="messenger",
        provider_app=vendor,
        name=f"Page {page_id}",
        address=page_id,
        config=messenger_config(page_id),
    )
    row.save()
    return row


def conversation(channel: Channel, external_id: str = "", liveperson_id: str = "") -> Conversation:
    external_id = external_id or uuid.uuid4().hex
    person = Consumer(brand=channel.brand, channel=channel, external_id=external_id, profile={"name": "Ada Example"})
    person.save()
    row = Conversation(
        brand=channel.brand,
        channel=channel,
        consumer=person,
        liveperson_app=channel.liveperson_app,
        liveperson_id=liveperson_id or uuid.uuid4().hex,
        state="open",
    )
    row.save()
    return row


def survey(talk: Conversation, **fields: Any) -> Survey:
    row = Survey(brand=talk.brand, conversation=talk, consumer=talk.consumer, expires_at=now() + timedelta(hours=1), **fields)
    row.save()
    return row


def lane(channel: Channel, direction: str = "o", state: str = "idle", key: str = "", tail: int = 0) -> Lane:
    row = Lane(
        key=key or f"{direction}:{channel.liveperson_app_id}:{uuid.uuid4().hex}",
        direction=direction,
        brand=channel.brand,
        channel=channel,
        state=state,
        tail=tail,
        due_at=now() - timedelta(seconds=5),
    )
    row.save()
    return row


def event(where: Lane, talk: Conversation | None = None, **fields: Any) -> Event:
    """The next event of the lane; dead unless told otherwise."""
    where.tail += 1
    where.save()
    values: dict[str, Any] = {
        "state": "dead",
        "outcome": "recipient_gone",
        "kind": "text",
        "content": {"type": "text", "text": "Hello"},
        "tries": 3,
        "finished_at": now(),
        "received_at": now(),
        "raw": b'{"raw":"body"}',
        **fields,
    }
    row = Event(
        brand_id=where.brand_id,
        channel_id=where.channel_id,
        conversation=talk,
        lane=where,
        position=where.tail,
        direction=where.direction,
        source_scope=where.channel_id,
        source_id=uuid.uuid4().hex,
        consumer_external_id="person-1",
        **values,
    )
    row.save()
    return row


def attempt(of: Event, **fields: Any) -> Attempt:
    values: dict[str, Any] = {
        "number": 1,
        "purpose": "send",
        "method": "POST",
        "url": "https://graph.facebook.com/v23.0/me/messages",
        "started_at": now(),
        "duration_ms": 12.5,
        "http_status": 400,
        "outcome": "recipient_gone",
        "provider_code": "551",
        "message": "Meta: this person is not available.",
        "response_excerpt": '{"error":{"code":551}}',
        **fields,
    }
    row = Attempt(event=of, brand_id=of.brand_id, **values)
    row.save()
    return row


def unreadable(channel: Channel, **fields: Any) -> UnreadableBody:
    values: dict[str, Any] = {
        "method": "POST",
        "path": "/receive",
        "raw": b"not what it should be",
        "digest": uuid.uuid4().hex,
        "error": "the body is not JSON",
        "received_at": now(),
        "content_type": "application/json",
        **fields,
    }
    row = UnreadableBody(provider=channel.provider, channel=channel, **values)
    row.save()
    return row
