"""What one message of a person becomes. ``read`` knows the kinds; ``renderings`` has those that are only told in words.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/webhooks/components#messages-object (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from channels_app.providers._meta.whatsapp import orders
from channels_app.providers.whatsapp import renderings
from channels_app.providers.whatsapp.config import WhatsAppAppConfig
from connector_platform.core import wire
from connector_platform.core.events import Contact, Content, File, FileKind, Location, OptIn, OptOut, Selection, Text, Unsupported

EVENT_TYPES = {
    "message.text": "a text for the agent; a quoted message is named",
    "message.stop": "an opt-out: the text is one of the app's stop words",
    "message.start": "an opt-in: the text is one of the app's start words",
    "message.image": "a picture for the agent, fetched by its id; the caption goes with it",
    "message.video": "a video for the agent, fetched by its id; the caption goes with it",
    "message.audio": "a voice message or an audio file for the agent",
    "message.voice": "a voice message for the agent, as old apps send it",
    "message.document": "a file for the agent, with its name and caption",
    "message.sticker": "a picture for the agent (WebP)",
    "message.location": "a place for the agent",
    "message.contacts": "contact details for the agent, one event for each person",
    "message.button_reply": "a selection: title and payload of the reply button",
    "message.list_reply": "a selection: title and payload of the row",
    "message.button": "a selection: text and payload of a template's button",
    "message.nfm_reply": "a note for the agent: what was filled in",
    "message.call_permission_reply": "a note for the agent: calls were allowed or declined",
    "message.interactive": "a note for the agent: an answer of a kind that we do not know",
    "message.reaction": "a note for the agent: reacted, or took the reaction back",
    "message.order": "a note for the agent: products, quantities and prices; its text is a text",
    "message.order_text": "a text: what was written below an order",
    "message.system.number": "a note for the agent: the person has another number, under which nothing of this conversation arrives",
    "message.system.identity": "ignored: the person set WhatsApp up anew",
    "message.system.other": "ignored: a notice of WhatsApp, not of the person",
    "message.edit": "a text for the agent, marked as an edit",
    "message.revoke": "a note for the agent: a message was deleted",
    "message.ephemeral": "a note for the agent: a message that vanishes, which Meta does not pass on",
    "message.unsupported": "a note for the agent: something that Meta does not pass on",
    "message.unknown": "a note for the agent: something of a kind that Meta does not know",
    "message.request_welcome": "ignored: the person opened the chat and has written nothing yet",
    "message.other": "a note for the agent: a kind that we do not know",
    "message.referral": "an opt-in with the headline of the ad or post that brought the person here; its id is the profile's reference",
    "message.referred_product": "a note for the agent: the product that the message asks about",
}

Found = Iterator[tuple[str, str, Content | None]]
"""Wire type, what tells this part from the message's others (empty, ``#1``, or a word), content; None is left aside."""


def reference(message: dict[str, Any]) -> str:
    """What brought the person here: the id of the ad or post, else its address; empty where nothing did."""
    referral = wire.obj(message, "referral")
    return (wire.identifier(referral, "source_id") or wire.text(referral, "source_url"))[:300]


def read(message: dict[str, Any], config: WhatsAppAppConfig) -> Found:
    """What ``message`` says: the ad or product that it comes with first, then itself, then what is written below it."""
    referral = wire.obj(message, "referral")
    if referral:
        came_by = wire.text(referral, "headline") or wire.text(referral, "source_url") or wire.identifier(referral, "source_id")
        yield "message.referral", "referral", OptIn(reference=came_by[:300])
    product = wire.obj(wire.obj(message, "context"), "referred_product")
    if product:
        yield "message.referred_product", "product", _note("product", orders.product(product))
    kind = wire.text(message, "type")
    if kind == "text":
        yield from _text(message, config)
    elif kind in _READERS:
        yield from _READERS[kind](message)
    else:
        yield "message.other", "", _note(wire.name(kind), "sent something this channel cannot show")


def _text(message: dict[str, Any], config: WhatsAppAppConfig) -> Found:
    words = wire.text(wire.obj(message, "text"), "body")
    said = words.strip().casefold()
    if said and said in _folded(config.stop_keywords):
        yield "message.stop", "", OptOut(reason=words.strip())
    elif said and said in _folded(config.start_keywords):
        yield "message.start", "", OptIn()
    else:
        yield "message.text", "", Text(text=words, reply_to=_quoted(message))


def _medium(kind: FileKind, key: str, noun: str) -> Callable[[dict[str, Any]], Found]:
    """The reader of messages that are a file, which WhatsApp keeps under an id; without one there is only the noun."""

    def read_medium(message: dict[str, Any]) -> Found:
        medium = wire.obj(message, key)
        media_id = wire.identifier(medium, "id")
        if not media_id:
            yield f"message.{key}", "", _note(key, f"sent {noun} that this channel cannot show")
            return
        mime_type = wire.text(medium, "mime_type").partition(";")[0].strip().lower()
        caption, name = wire.text(medium, "caption"), renderings.file_name(medium)
        # A picture or film sent "as a document" is one all the same.
        family = mime_type.partition("/")[0]
        shown_as = FileKind(family) if kind is FileKind.DOCUMENT and family in ("image", "video", "audio") else kind
        yield f"message.{key}", "", File(kind=shown_as, media_id=media_id, mime_type=mime_type[:100], name=name, caption=caption)

    return read_medium


def _location(message: dict[str, Any]) -> Found:
    place = wire.obj(message, "location")
    latitude, longitude = wire.number(place, "latitude"), wire.number(place, "longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        yield "message.location", "", _note("location", "sent a place that this channel cannot show")
    else:
        title, address = wire.text(place, "name"), wire.text(place, "address")
        yield "message.location", "", Location(latitude=latitude, longitude=longitude, title=title, address=address)


def _contacts(message: dict[str, Any]) -> Found:
    contacts = [renderings.contact(data) for data in wire.items(message, "contacts")]
    shown: list[Content] = [contact for contact in contacts if contact != Contact()]
    for number, content in enumerate(shown or [_note("contacts", "sent a contact without a name or number")]):
        yield "message.contacts", f"#{number}" if number else "", content


def _interactive(message: dict[str, Any]) -> Found:
    answer = wire.obj(message, "interactive")
    kind = wire.text(answer, "type")
    data = wire.obj(answer, kind)
    if kind in ("button_reply", "list_reply"):
        yield f"message.{kind}", "", Selection(payload=wire.text(data, "id"), title=wire.text(data, "title"), message_id=_quoted(message))
    elif kind == "nfm_reply":
        yield "message.nfm_reply", "", _note(kind, renderings.form(data))
    elif kind == "call_permission_reply":
        allowed = wire.text(data, "response") == "accept"
        yield "message.call_permission_reply", "", _note(kind, "allowed calls" if allowed else "declined calls")
    else:
        yield "message.interactive", "", _note(wire.name(kind), "answered with something this channel cannot show")


def _button(message: dict[str, Any]) -> Found:
    button = wire.obj(message, "button")
    title = wire.text(button, "text")
    yield "message.button", "", Selection(payload=wire.text(button, "payload") or title, title=title, message_id=_quoted(message))


def _reaction(message: dict[str, Any]) -> Found:
    emoji = wire.text(wire.obj(message, "reaction"), "emoji")
    if emoji:
        yield "message.reaction", "reaction", _sign("reaction", f"reacted with {emoji[:32]}")
    else:
        yield "message.reaction", "reaction", _sign("reaction_removed", "took a reaction back")


def _order(message: dict[str, Any]) -> Found:
    order = wire.obj(message, "order")
    yield "message.order", "", _note("order", orders.order(order))
    if words := wire.text(order, "text").strip():
        yield "message.order_text", "#1", Text(text=words)


def _system(message: dict[str, Any]) -> Found:
    system = wire.obj(message, "system")
    kind = wire.text(system, "type")
    if kind in ("user_changed_number", "customer_changed_number", "user_changed_user_id"):
        yield "message.system.number", "system", _sign("number_changed", renderings.changed_number(system))
    elif kind == "customer_identity_changed":
        yield "message.system.identity", "", None
    else:
        yield "message.system.other", "", None


def _edit(message: dict[str, Any]) -> Found:
    edit = wire.obj(message, "edit")
    edited = wire.obj(edit, "message")
    kind = wire.text(edited, "type")
    content = wire.obj(edited, kind)
    words = wire.text(content, "body") or wire.text(content, "caption")
    original = wire.identifier(edit, "original_message_id")
    yield "message.edit", "edit", Text(text=f"✎ edited: {words}" if words else "✎ edited: (no text)", reply_to=original)


def _revoke(message: dict[str, Any]) -> Found:
    yield "message.revoke", "revoke", _note("revoke", "deleted a message")


def _ephemeral(message: dict[str, Any]) -> Found:
    yield "message.ephemeral", "", _note("ephemeral", "sent a disappearing message, which WhatsApp does not pass on")


def _unsupported(message: dict[str, Any]) -> Found:
    kind = wire.text(wire.obj(message, "unsupported"), "type")
    yield "message.unsupported", "", _note(wire.name(kind) if kind else "unsupported", renderings.unsupported(kind))


def _unknown(message: dict[str, Any]) -> Found:
    yield "message.unknown", "", _note("unknown", "sent something that WhatsApp does not pass on")


def _request_welcome(message: dict[str, Any]) -> Found:
    yield "message.request_welcome", "", None


def _note(kind: str, description: str) -> Unsupported:
    return Unsupported(kind=kind, description=description)


def _sign(kind: str, description: str) -> Unsupported:
    """A note on what is no message: Meta's 24 hours count from messages only."""
    return Unsupported(kind=kind, description=description, opens_window=False)


def _quoted(message: dict[str, Any]) -> str:
    return wire.identifier(wire.obj(message, "context"), "id")


def _folded(words: list[str]) -> set[str]:
    return {word.strip().casefold() for word in words}


_READERS: Mapping[str, Callable[[dict[str, Any]], Found]] = {
    "image": _medium(FileKind.IMAGE, "image", "a picture"),
    "video": _medium(FileKind.VIDEO, "video", "a video"),
    "audio": _medium(FileKind.AUDIO, "audio", "a voice message"),
    "voice": _medium(FileKind.AUDIO, "voice", "a voice message"),
    "document": _medium(FileKind.DOCUMENT, "document", "a document"),
    "sticker": _medium(FileKind.IMAGE, "sticker", "a sticker"),
    "location": _location,
    "contacts": _contacts,
    "interactive": _interactive,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "system": _system,
    "edit": _edit,
    "revoke": _revoke,
    "ephemeral": _ephemeral,
    "unsupported": _unsupported,
    "unknown": _unknown,
    "request_welcome": _request_welcome,
}
