"""Events that Messenger and Instagram write alike: edits, taps, reactions, and how somebody came.

Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from channels_app.providers._meta import wire
from channels_app.providers._meta.envelope import Event, Ignored, Made
from connector_platform.core.events import OptIn, Selection, Text, Unsupported

MAX_REFERENCE = 300


def message_edit(event: Event) -> Iterator[Made]:
    """The new words, marked as an edit."""
    edit = wire.obj(event.data, "message_edit")
    mid = wire.identifier(edit, "mid")
    if not mid:
        raise Ignored("message_edit")
    words = wire.text(edit, "text")
    # Meta writes num_edit as a number or as text.
    source_id = f"edit:{mid}:{wire.digits(edit, 'num_edit') or event.stamp}"
    content = Text(text=f"✎ edited: {words}" if words else "✎ edited: (no text)", reply_to=mid)
    yield Made(wire_type="message_edit", source_id=source_id, content=content)


def postback(event: Event) -> Iterator[Made]:
    """The tap; before it, where the same event tells that a link or an ad brought the person here, that."""
    data = wire.obj(event.data, "postback")
    payload = wire.text(data, "payload")
    # Old payloads have no mid.
    mid = wire.identifier(data, "mid") or f"postback:{event.consumer_id}:{event.stamp}:{wire.digest(payload)}"
    referral_data = wire.obj(data, "referral") or wire.obj(event.data, "referral")
    yield from referral_beside("postback", mid, referral_data)
    content = Selection(payload=payload, title=wire.text(data, "title"))
    yield Made(wire_type="postback", source_id=mid, content=content, reference=reference(referral_data))


def reaction(event: Event) -> Iterator[Made]:
    """A line for the agent: an emoji on a message, or the one there taken back."""
    data = wire.obj(event.data, "reaction")
    mid, action = wire.identifier(data, "mid"), wire.text(data, "action")
    if not mid:
        raise Ignored("reaction")
    removed = action == "unreact"
    shown = wire.text(data, "emoji") or wire.text(data, "reaction") or "an emoji"
    source_id = f"reaction:{mid}:{event.consumer_id}:{wire.name(action)}:{event.stamp}"
    description = "took a reaction back" if removed else f"reacted with {shown[:32]}"
    # Meta's 24 hours count from messages, taps and referrals; a reaction is none of them.
    content = Unsupported(kind="reaction_removed" if removed else "reaction", description=description, opens_window=False)
    yield Made(wire_type="reaction", source_id=source_id, content=content)


def referral(event: Event) -> Iterator[Made]:
    """The person opened the conversation by a link or an ad, and wrote nothing yet; by which is all that there is to tell."""
    data = wire.obj(event.data, "referral")
    if not reference(data):
        raise Ignored("referral")
    yield came_by("referral", event, data)


def came_by(wire_type: str, event: Event, data: dict[str, Any]) -> Made:
    """An opt-in that tells what ``data`` says of where the person came from."""
    name = reference(data)
    source_id = f"{wire_type}:{event.consumer_id}:{event.stamp}:{wire.digest(name)}"
    return Made(wire_type=wire_type, source_id=source_id, content=OptIn(reference=_in_words(data)), reference=name)


def referral_beside(wire_type: str, mid: str, data: dict[str, Any]) -> Iterator[Made]:
    """The same for the referral inside of the message or tap ``mid``; nothing where there is none."""
    if name := reference(data):
        content = OptIn(reference=_in_words(data))
        yield Made(wire_type=f"{wire_type}.referral", source_id=f"referral:{mid}", content=content, reference=name)


def taken_back(mid: str) -> Made:
    """A line for the agent: the message ``mid`` was unsent, and what is stored of it here goes. The event carries that message's own id."""
    content = Unsupported(kind="deleted", description="took back a message", opens_window=False, takes_back=mid)
    return Made(wire_type="message.deleted", source_id=f"deleted:{mid}", content=content)


def reference(data: dict[str, Any]) -> str:
    """What brought the person here, as Meta names it: the link's parameter, the ad's id, the product's, the page with the chat plug-in."""
    product = wire.identifier(wire.obj(data, "product"), "id")
    found = wire.text(data, "ref") or wire.identifier(data, "ad_id") or product or wire.web_url(data, "referer_uri")
    return found[:MAX_REFERENCE]


def _in_words(data: dict[str, Any]) -> str:
    """The reference for an agent: an ad or a product is called one, with its title where Meta tells it."""
    ad_id, product = wire.identifier(data, "ad_id"), wire.identifier(wire.obj(data, "product"), "id")
    title = wire.text(wire.obj(data, "ads_context_data"), "ad_title")
    parts = (wire.text(data, "ref"), ad_id and f"ad {ad_id}", title, product and f"product {product}")
    return ", ".join(part for part in parts if part)[:MAX_REFERENCE] or reference(data)
