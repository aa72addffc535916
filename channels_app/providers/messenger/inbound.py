"""From a page's webhook to our vocabulary.

Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from types import MappingProxyType

from channels_app.providers._meta import envelope, optins, readers, wire
from channels_app.providers._meta.envelope import Event, Ignored, Made, Readers
from channels_app.providers.messenger import attachments, feedback
from connector_platform.core.events import Content, ParsedCallback, Receipt, ReceiptKind, Selection, Text, Unsupported

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message.text": "a text for the agent; a quoted message is named",
        "message.quick_reply": "a selection: title and payload of the quick reply",
        **attachments.EVENT_TYPES,
        "message.empty": "a note for the agent that something came which cannot be shown",
        "message.referral": "an opt-in before the message: the ad or link that it came through",
        "message.deleted": "a note for the agent: a message was taken back",
        "message.echo": "ignored: a copy of what the page wrote",
        "message_edit": "a text for the agent, marked as an edit",
        "postback": "a selection: title and payload of the button",
        "postback.referral": "an opt-in before the tap: the link or ad that brought the person",
        "referral": "an opt-in with the link's reference: the person opened the thread by a link, an ad or the chat plug-in",
        "optin": "an opt-in with the plug-in's reference",
        "optin.user_ref": "ignored: a ticked checkbox on a website; Meta names no person before the first message",
        **optins.EVENT_TYPES,
        **feedback.EVENT_TYPES,
        "delivery": "a receipt: delivered, by message ids or up to the watermark",
        "read": "a receipt: read up to the watermark",
        "reaction": "a note for the agent: reacted, or took the reaction back",
        "standby": "ignored: another app holds the conversation",
        "changes": "ignored: the page's feed, or the dashboard's test button",
        "pass_thread_control": "ignored: handover between apps",
        "take_thread_control": "ignored: handover between apps",
        "request_thread_control": "ignored: handover between apps",
        "app_roles": "ignored: handover between apps",
        "policy_enforcement": "ignored: a warning by Meta to the page; operators see it at Meta",
        "account_linking": "ignored: login by a button of another system",
        "message_context": "ignored: what the person looked at",
        "object.instagram": "ignored: Instagram events of the same Meta app",
        "object.whatsapp_business_account": "ignored: WhatsApp events of the same Meta app",
        "unreadable": "ignored: an event that names no person or no page, or is no event",
    }
)

SUBSCRIBED_FIELDS = (
    "messages",
    "messaging_postbacks",
    "message_deliveries",
    "message_reads",
    "message_reactions",
    "message_edits",
    "messaging_referrals",
    "messaging_optins",
    "messaging_feedback",
    "response_feedback",
)
"""What is read here of all that Meta could tell."""


def parse(body: bytes) -> ParsedCallback:
    """Every event of ``body``, in its order, tagged with its page; what is left aside is named.

    Raises:
        PayloadMalformed: not JSON, or not Meta's envelope.
    """
    return envelope.parse(body, "page", _READERS)


def _message(event: Event) -> Iterator[Made]:
    """Text first, then the attachments; the first part is known by the message id, the others by ``mid#1``, ``mid#2`` ..."""
    message = wire.obj(event.data, "message")
    words = wire.text(message, "text")
    mid = wire.identifier(message, "mid") or f"message:{event.consumer_id}:{event.stamp}:{wire.digest(words)}"
    if message.get("is_deleted") is True:
        yield readers.taken_back(mid)
        return
    reply_to = wire.identifier(wire.obj(message, "reply_to"), "mid")
    parts: list[tuple[str, Content]] = []
    if isinstance(message.get("quick_reply"), dict):
        payload = wire.text(message["quick_reply"], "payload")
        parts.append(("message.quick_reply", Selection(payload=payload, title=words, message_id=reply_to)))
    elif words:
        parts.append(("message.text", Text(text=words, reply_to=reply_to)))
    parts.extend(attachments.read(wire.items(message, "attachments"), has_text=bool(words)))
    if not parts:
        parts.append(("message.empty", Unsupported(kind="message", description="sent something this channel cannot show")))
    referral = wire.obj(message, "referral")
    yield from readers.referral_beside("message", mid, referral)
    for index, (wire_type, content) in enumerate(parts):
        source_id = f"{mid}#{index}" if index else mid
        yield Made(wire_type=wire_type, source_id=source_id, content=content, reference=readers.reference(referral))


def _delivery(event: Event) -> Iterator[Made]:
    delivery = wire.obj(event.data, "delivery")
    mids = tuple(wire.storable(mid)[:200] for mid in wire.items(delivery, "mids") if isinstance(mid, str) and mid)
    watermark_at = wire.instant(delivery, "watermark")
    if not mids and watermark_at is None:
        raise Ignored("delivery")
    # Two deliveries of one millisecond differ in their mids only.
    source_id = f"delivery:{event.consumer_id}:{wire.digits(delivery, 'watermark')}" + (f":{wire.digest(' '.join(mids))}" if mids else "")
    content = Receipt(kind=ReceiptKind.DELIVERED, message_ids=mids, watermark_at=watermark_at)
    yield Made(wire_type="delivery", source_id=source_id, content=content)


def _read(event: Event) -> Iterator[Made]:
    read = wire.obj(event.data, "read")
    watermark_at = wire.instant(read, "watermark")
    if watermark_at is None:
        raise Ignored("read")
    source_id = f"read:{event.consumer_id}:{wire.digits(read, 'watermark')}"
    yield Made(wire_type="read", source_id=source_id, content=Receipt(kind=ReceiptKind.READ, watermark_at=watermark_at))


_READERS: Readers = {
    "message": _message,
    "message_edit": readers.message_edit,
    "postback": readers.postback,
    "reaction": readers.reaction,
    "delivery": _delivery,
    "read": _read,
    "optin": optins.optin,
    "messaging_feedback": feedback.survey,
    "response_feedback": feedback.thumb,
    "referral": readers.referral,
}
