"""Telling Bird where callbacks go, and asking whether the channel is there and still calls us.

Source: https://docs.bird.com/api/notifications-api/api-reference/webhook-subscriptions (create, list, delete; read 2026-11). Older pages have
``/organizations/{organization}`` before the path. Bird does not show a webhook's signing key, so nobody can compare it.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

from channels_app.providers.base import SendContext
from channels_app.providers.bird.channels_api.errors import CREATE_WEBHOOK, DELETE_WEBHOOK, FIND_WEBHOOKS, LIST_WEBHOOKS, READ_CHANNEL
from channels_app.providers.bird.channels_api.outbound import workspace_url
from channels_app.providers.bird.config import BirdConfig
from channels_app.providers.bird.media import authorization
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import ConfigurationError, ServerFault

EVENTS = ("sms.inbound", "sms.outbound")
PAGE_SIZE = 100
_MAX_PAGES = 20


def check(config: BirdConfig, context: SendContext) -> Steps[str]:
    """A sentence that names the channel, and says what is wrong with its webhooks where something is.

    Raises:
        CredentialsRejected: Bird does not take the key. ConfigurationError: no such channel, or none that can send SMS.
        ServerFault: an answer that says nothing.
    """
    url = f"{workspace_url(config, context)}/channels/{config.channel_id}"
    response = yield _call("GET", url, config, READ_CHANNEL)
    channel = response.json()
    if wire.identifier(channel, "id") != config.channel_id:
        raise ServerFault("Bird did not say which channel this is", provider_code=str(response.status))
    platform, status = wire.text(channel, "platformId"), wire.text(channel, "status")
    if not platform.startswith("sms"):
        raise ConfigurationError(f"the channel is not of SMS ({wire.name(platform)}): enter an SMS channel's ID")
    if status != "active":
        raise ConfigurationError(f"the channel is not active at Bird ({wire.name(status)})")
    rows = yield from _webhooks(config, context, FIND_WEBHOOKS)
    name = wire.text(channel, "name").strip()[:64] or config.channel_id
    return f"Connected to Bird; the channel “{name}” is active{_webhook_fault(rows, config, context)}."


def _webhook_fault(rows: list[Any] | None, config: BirdConfig, context: SendContext) -> str:
    if rows is None:
        return ". The access key may not see the webhooks, so nobody knows whether they are there"
    missing = [event for event in EVENTS if not any(_is_active(row) for row in rows if _is_ours(row, event, config, context))]
    return f", but Bird does not call this channel for {' and '.join(missing)}: use “Register webhook”" if missing else ""


def register(config: BirdConfig, context: SendContext) -> Steps[str]:
    """Have Bird call this channel for its messages and reports. What is there already stays.

    Raises:
        DeliveryError: Bird's answer.
    """
    rows = yield from _webhooks(config, context, LIST_WEBHOOKS)
    for event in EVENTS:
        ours = [row for row in rows or () if _is_ours(row, event, config, context)]
        if any(_is_active(row) for row in ours):
            continue
        yield from _delete(ours, config, context)
        yield HttpCall.json(
            "POST",
            _webhooks_url(config, context),
            {
                "service": "channels",
                "event": event,
                "url": context.callback_url,
                "signingKey": config.signing_key.get_secret_value(),
                "eventFilters": [{"key": "channelId", "value": config.channel_id}],
            },
            headers=authorization(config),
            purpose=CREATE_WEBHOOK,
            effect=False,
        )
    return "Bird calls this channel for its messages and reports."


def remove(config: BirdConfig, context: SendContext) -> Steps[str]:
    """Have Bird call this channel no more; what is not there is no fault.

    Raises:
        DeliveryError: Bird's answer.
    """
    rows = yield from _webhooks(config, context, LIST_WEBHOOKS)
    yield from _delete([row for row in rows or () if any(_is_ours(row, event, config, context) for event in EVENTS)], config, context)
    return "Bird calls this channel no more."


def _is_ours(row: Any, event: str, config: BirdConfig, context: SendContext) -> bool:
    """Whether the webhook tells this channel's address of every ``event`` of this channel."""
    filters = wire.items(row, "eventFilters")
    return (
        (wire.text(row, "service"), wire.text(row, "event"), wire.text(row, "url")) == ("channels", event, context.callback_url)
    ) and all((wire.text(one, "key"), wire.text(one, "value")) == ("channelId", config.channel_id) for one in filters)


def _is_active(row: Any) -> bool:
    return wire.text(row, "status") == "active"


def _webhooks(config: BirdConfig, context: SendContext, purpose: str) -> Steps[list[Any] | None]:
    """Every webhook of the workspace; None where the key may not see them, which only ``FIND_WEBHOOKS`` lets pass."""
    found: list[Any] = []
    token = ""
    for _ in range(_MAX_PAGES):
        query = urlencode({"limit": str(PAGE_SIZE), **({"pageToken": token} if token else {})})
        response: HttpResponse = yield _call("GET", f"{_webhooks_url(config, context)}?{query}", config, purpose)
        if not response.is_success:
            return None
        body = response.json()
        if not isinstance(body, dict):
            raise ServerFault("Bird's answer says nothing", provider_code=str(response.status))
        found += wire.items(body, "results")
        token = wire.text(body, "nextPageToken")
        if not token:
            break
    return found


def _delete(rows: list[Any], config: BirdConfig, context: SendContext) -> Steps[None]:
    for row in rows:
        if own_id := wire.identifier(row, "id"):
            yield _call("DELETE", f"{_webhooks_url(config, context)}/{wire.name(own_id)}", config, DELETE_WEBHOOK)


def _webhooks_url(config: BirdConfig, context: SendContext) -> str:
    return f"{workspace_url(config, context)}/webhook-subscriptions"


def _call(method: str, url: str, config: BirdConfig, purpose: str) -> HttpCall:
    return HttpCall(method=method, url=url, headers=authorization(config), purpose=purpose, effect=False)
