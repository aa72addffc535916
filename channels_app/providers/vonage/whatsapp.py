"""WhatsApp senders: Vonage's own forms for texts and files; all else as Meta has it, in Vonage's ``custom``, which is passed on as it is.

Source: https://developer.vonage.com/en/messages/concepts/working-with-whatsapp-interactive-messages, .../concepts/replying-indicators,
.../guides/handling-whatsapp-usernames-and-bsuids and the code snippets for location, contact and template (checked 2026-11).
"""

from __future__ import annotations

import re
from typing import Any

from channels_app.providers._meta.whatsapp.render import render as render_for_meta
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.vonage import calls
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.rendered import Fields, Rendered
from connector_platform.core.calls import Steps
from connector_platform.core.errors import RecipientGone
from connector_platform.core.events import ChatState, ChatStateKind, Content, Receipt, ReceiptKind

_PERSON = re.compile(r"[1-9][0-9]{6,14}|[A-Za-z]{2}\.(ENT\.)?[A-Za-z0-9]{1,128}")
_MESSAGE_UUID = re.compile(r"[0-9a-fA-F-]{36}")
_FILES = {"image": "image", "video": "video", "audio": "audio", "document": "file"}


def render(content: Content, config: VonageConfig, context: SendContext) -> Rendered:
    """The messages that ``content`` becomes.

    Raises:
        UnsupportedContent: there is no form for it, or it asks for a template that the channel does not have.
        WindowClosed: the person's last message is too long ago; the words name the templates.
    """
    rendered = render_for_meta(content, config, context)
    return Rendered(messages=[_wrapped(message) for message in rendered.messages], losses=rendered.losses, shown=rendered.shown)


def recipient(person: str) -> str:
    """``person`` as Vonage takes it: a number without a plus, or a business-scoped user id, whole.

    Raises:
        RecipientGone: it is neither.
    """
    to = person.removeprefix("+")
    if not _PERSON.fullmatch(to):
        raise RecipientGone("the consumer's id is neither a number nor a WhatsApp user id")
    return to


def mark(content: ChatState | Receipt, config: VonageConfig, context: SendContext) -> Steps[Sent]:
    """Blue ticks on the person's last message and, until we send or 25 s have passed, the dots.

    Without a message to name there is nothing to mark: no call.
    """
    is_typing = isinstance(content, ChatState) and content.state is ChatStateKind.COMPOSING
    is_reading = isinstance(content, Receipt) and content.kind is ReceiptKind.READ
    if not ((is_typing and config.show_typing) or (is_reading and config.show_read)):
        return Sent()
    ids = (source_id.partition("#")[0] for source_id in context.recent_source_ids)
    if message := next((one for one in ids if _MESSAGE_UUID.fullmatch(one)), ""):
        fields: Fields = {"status": "read"}
        if is_typing:
            fields["replying_indicator"] = {"show": True, "type": "text"}
        yield calls.mark(message, fields, config, context)
    return Sent()


def _wrapped(message: dict[str, Any]) -> Fields:
    """A message of Meta's as one of Vonage's."""
    kind = message["type"]
    if kind == "text":
        return {"channel": "whatsapp", "message_type": "text", "text": message["text"]["body"]}
    if kind in _FILES:
        media, ours = message[kind], _FILES[kind]
        words = {name: media[key] for name, key in (("caption", "caption"), ("name", "filename")) if key in media}
        return {"channel": "whatsapp", "message_type": ours, ours: {"url": media["link"], **words}}
    return {"channel": "whatsapp", "message_type": "custom", "custom": message}
