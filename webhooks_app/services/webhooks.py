"""Telling the vendor through its API where callbacks go, or that they are wanted no more. Only ever at an operator's word."""

from __future__ import annotations

import uuid

from channels_app.models import Channel
from channels_app.providers.base import SendContext
from channels_app.providers.registry import PROVIDERS
from channels_app.selectors.configs import ChannelConfig
from channels_app.services.errors import Conflict
from connector_platform.core.calls import Steps
from webhooks_app.services.checks import Checked, ask_vendor


class EnteredByHand(Conflict):
    """The vendor has no API for its callback address."""

    code = "entered_by_hand"


def registers_webhook(channel: Channel) -> bool:
    """Whether the channel's vendor takes the callback address through its API."""
    provider = PROVIDERS.get(channel.provider)
    return provider is not None and provider.registers_webhook


def register_webhook(channel_id: uuid.UUID) -> Checked:
    """Tell the vendor the channel's callback address, now. Asked again, it changes nothing.

    Raises:
        EnteredByHand: the vendor has no API for it. DatabaseUnavailable: PostgreSQL cannot be reached.
    """

    def steps(channel: ChannelConfig, context: SendContext) -> Steps[str]:
        _refuse_by_hand(channel)
        return channel.provider.register_webhook(channel.config, context)

    return ask_vendor(channel_id, steps, what="register_webhook")


def remove_webhook(channel_id: uuid.UUID) -> Checked:
    """Tell the vendor to call us no more for the channel, now. Otherwise as ``register_webhook``."""

    def steps(channel: ChannelConfig, context: SendContext) -> Steps[str]:
        _refuse_by_hand(channel)
        return channel.provider.remove_webhook(channel.config, context)

    return ask_vendor(channel_id, steps, what="remove_webhook")


def _refuse_by_hand(channel: ChannelConfig) -> None:
    if not channel.provider.registers_webhook:
        raise EnteredByHand(f"{channel.provider.title} takes its callback address by hand only: enter {channel.callback_url} there.")
