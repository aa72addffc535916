"""What a provider may know besides an event and its configuration."""

from __future__ import annotations

from django.conf import settings

from channels_app.providers.base import SendContext
from channels_app.selectors.configs import ChannelConfig
from connector_platform.core.clock import now
from webhooks_app.delivery.people import Person


def send_context(
    channel: ChannelConfig, person: Person, message_id: str, *, recent_source_ids: tuple[str, ...] = (), by_bot: bool = False
) -> SendContext:
    """The context of a call to ``channel`` about ``person``."""
    return SendContext(
        to=person.external_id,
        message_id=message_id,
        channel_id=str(channel.id),
        callback_url=channel.callback_url,
        now=now(),
        app=channel.app.config if channel.app else None,
        last_inbound_at=person.last_inbound_at,
        api_base=settings.PROVIDER_API_BASES.get(channel.provider.slug, ""),
        recent_source_ids=recent_source_ids,
        by_bot=by_bot,
    )
