"""Messenger pages linked to Vonage: texts and files, as answers within 24 hours. Meta's own API, the channel “messenger”, can do far more.

Source: the models of vonage-messages 1.8.1 (2026-10); the window: https://developers.facebook.com/docs/messenger-platform/policy/policy-overview.
"""

from __future__ import annotations

from datetime import timedelta

from channels_app.providers._sms.outbound import Limits
from channels_app.providers._sms.outbound import render as render_plainly
from channels_app.providers.base import SendContext
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.rendered import Fields, Rendered
from connector_platform.core.errors import WindowClosed
from connector_platform.core.events import Content, FileKind

MAX_TEXT = 640
WINDOW = timedelta(hours=24)

LIMITS = Limits(max_text=MAX_TEXT, image_schemes=frozenset({"https", "http"}))
_TYPES = {FileKind.IMAGE: "image", FileKind.VIDEO: "video", FileKind.AUDIO: "audio", FileKind.DOCUMENT: "file"}


def render(content: Content, config: VonageConfig, context: SendContext) -> Rendered:
    """The messages that ``content`` becomes; a caption follows its file, choices are numbered lines.

    Raises:
        UnsupportedContent: there is no form for it, or nothing in it. WindowClosed: the person's last message is too long ago.
    """
    rendered = render_plainly(content, LIMITS)
    if context.last_inbound_at is not None and context.now - context.last_inbound_at > WINDOW:
        raise WindowClosed("The person's last message is more than 24 hours ago: until the person writes again, Messenger takes no answer.")
    messages: list[Fields] = []
    for message in rendered.messages:
        if message.file:
            kind = _TYPES[message.file.kind]
            messages.append({**_head(kind), kind: {"url": message.file.url}})
        if message.text:
            messages.append({**_head("text"), "text": message.text})
    return Rendered(messages=messages, losses=rendered.losses, shown=rendered.shown)


def _head(kind: str) -> Fields:
    return {"channel": "messenger", "message_type": kind, "messenger": {"category": "response"}}
