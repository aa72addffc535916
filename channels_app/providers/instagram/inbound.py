"""From an account's webhook to our vocabulary.

Source: https://developers.facebook.com/docs/instagram-platform/webhooks (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Any

from channels_app.providers._meta import envelope, optins, readers, wire
from channels_app.providers._meta.envelope import Event, Ignored, Made, Readers
from channels_app.providers.instagram import attachments
from connector_platform.core.events import Content, ParsedCallback, Receipt, ReceiptKind, Selection, Text, Unsupported

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message.text": "a text for the agent; a quoted message is named",
        "message.quick_reply": "a selection: title and payload of the quick reply",
        **attachments.EVENT_TYPES,
        "message.story_reply": "a note for the agent before the message: the story that it answers, with its link",
        "message.referral": "an opt-in before the message: the ad, link or product that it came through",
        "message.deleted": "a note for the agent: a message was taken back",
        "message.unsupported": "a note for the agent that something came which cannot be shown",
        "message.empty": "the same: a message that holds nothing we know of",
        "message.echo": "ignored: a copy of what the account wrote",
        "message_edit": "a text for the agent, marked as an edit",
        "postback": "a selection: title and payload of the button or ice breaker",
        "postback.referral": "an opt-in before the tap: the link or ad that brought the person",
        "referral": "an opt-in with the reference: the person opened the thread by a link, an ad or a product",
        "read": "a receipt: read up to and including this message",
        "reaction": "a note for the agent: reacted, or took the reaction back",
        **optins.EVENT_TYPES,
        "standby": "ignored: another app holds the conversation",
        "changes": "ignored: comments and mentions, or the dashboard's test button",
        "pass_thread_control": "ignored: handover between apps",
        "take_thread_control": "ignored: handover between apps",
        "request_thread_control": "ignored: handover between apps",
        "object.page": "ignored: Messenger events of the same Meta app",
        "object.whatsapp_business_account": "ignored: WhatsApp events of the same Meta app",
        "unreadable": "ignored: an event that names no person or no account, or is no event",
    }
)

SUBSCRIBED_FIELDS = (
    "messages",
    "messaging_postbacks",
    "messaging_seen",
    "message_reactions",
    "message_edit",
    "messaging_referral",
    "messaging_optins",
)
"""What is read here of all that Meta could tell."""


def parse(body: bytes) -> ParsedCallback:
    """Every event of ``body``, in its order, tagged with its account; what is left aside is named.

    Raises:
        PayloadMalformed: not JSON, or not Meta's envelope.
    """
    return envelope.parse(body, "instagram", _READERS)


def _message(event: Event) -> Iterator[Made]:
    """What led to it, then text, then the attachments; the first part is known by the message id, the others by ``mid#1``, ``mid#2`` ..."""
    message = wire.obj(event.data, "message")
    if message.get("is_self") is True:
        raise Ignored("message.echo")
    words = wire.text(message, "text")
    mid = wire.identifier(message, "mid") or f"message:{event.consumer_id}:{event.stamp}:{wire.digest(words)}"
    if message.get("is_deleted") is True:
        yield readers.taken_back(mid)
        return
    referral = wire.obj(message, "referral")
    yield from readers.referral_beside("message", mid, referral)
    story = wire.obj(wire.obj(message, "reply_to"), "story")
    if story:
        yield Made(wire_type="message.story_reply", source_id=f"story:{mid}", content=_story_reply(story))
    for index, (wire_type, content) in enumerate(_parts(message, words)):
        source_id = f"{mid}#{index}" if index else mid
        yield Made(wire_type=wire_type, source_id=source_id, content=content, reference=readers.reference(referral))


def _parts(message: dict[str, Any], words: str) -> list[tuple[str, Content]]:
    reply_to = wire.identifier(wire.obj(message, "reply_to"), "mid")
    parts: list[tuple[str, Content]] = []
    if isinstance(message.get("quick_reply"), dict):
        payload = wire.text(message["quick_reply"], "payload")
        parts.append(("message.quick_reply", Selection(payload=payload, title=words, message_id=reply_to)))
    elif words:
        parts.append(("message.text", Text(text=words, reply_to=reply_to)))
    parts.extend(attachments.read(wire.items(message, "attachments"), has_text=bool(words)))
    if not parts:
        kind = "unsupported" if message.get("is_unsupported") is True else "empty"
        parts.append((f"message.{kind}", Unsupported(kind=kind, description="sent something this channel cannot show")))
    return parts


def _story_reply(story: dict[str, Any]) -> Content:
    url, words = wire.web_url(story, "url"), "replied to your story"
    return Unsupported(kind="story_reply", description=f"{words}: {url}" if url else words)


def _read(event: Event) -> Iterator[Made]:
    mid = wire.identifier(wire.obj(event.data, "read"), "mid")
    if not mid:
        raise Ignored("read")
    content = Receipt(kind=ReceiptKind.READ, message_ids=(mid,), is_cumulative=True)
    yield Made(wire_type="read", source_id=f"read:{event.consumer_id}:{mid}", content=content)


_READERS: Readers = {
    "message": _message,
    "message_edit": readers.message_edit,
    "postback": readers.postback,
    "reaction": readers.reaction,
    "read": _read,
    "optin": optins.optin,
    "referral": readers.referral,
}
