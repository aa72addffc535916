"""Rows that operators configure, and the people and conversations that come of them."""

from channels_app.models.api_key import ApiKey
from channels_app.models.brand import Brand
from channels_app.models.channel import Channel, ChannelState, ProviderApp
from channels_app.models.consumer import Consumer
from channels_app.models.conversation import Conversation, ConversationState, Dialog
from channels_app.models.liveperson_app import LivePersonApp

__all__ = [
    "ApiKey",
    "Brand",
    "Channel",
    "ChannelState",
    "Consumer",
    "Conversation",
    "ConversationState",
    "Dialog",
    "LivePersonApp",
    "ProviderApp",
]
