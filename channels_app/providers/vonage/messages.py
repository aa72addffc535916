"""What one message of a person becomes, whichever channel of the Messages API brings it.

The channels share their forms. What only some of them have (places, taps, orders ...) is read wherever it comes.

Source: https://developer.vonage.com/en/api/messages#inbound-message (checked 2026-11); the fields of WhatsApp's as Vonage's own Java SDK 9.13
(``InboundMessage``) and the callbacks in the tests of its .NET SDK have them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from types import MappingProxyType
from typing import Any

from channels_app.providers._meta.whatsapp import orders
from channels_app.providers._sms.inbound import is_web
from channels_app.providers.vonage import wire
from channels_app.providers.vonage.config import VonageConfig
from connector_platform.core import wire as json_wire
from connector_platform.core.events import Content, File, FileKind, Location, OptIn, Selection, Text, Unsupported

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message.text": "a text for the agent, with the message that it quotes; an empty one becomes a line",
        "message.image": "a picture for the agent, with its caption",
        "message.audio": "a file for the agent",
        "message.video": "a file for the agent",
        "message.file": "a file for the agent",
        "message.vcard": "a file for the agent: a contact card",
        "message.sticker": "a picture for the agent (WebP)",
        "message.content": "an MMS of several parts: each of them as if it came alone",
        "message.location": "a place for the agent",
        "message.reply": "a selection: title and payload of a reply button, a row of a list, or an RCS suggestion",
        "message.button": "WhatsApp: a selection, the button of a template. RCS: a line for the agent, a link or number that was tapped",
        "message.reaction": "a line for the agent: reacted, or took the reaction back",
        "message.order": "a line for the agent: products, quantities and prices",
        "message.product": "a line for the agent: the product that the message asks about",
        "message.referral": "an opt-in with the headline of the ad or post that brought the person here; its id is the profile's reference",
        "message.unsupported": "a line for the agent: something that Vonage does not pass on",
        "message.other": "a line for the agent that something came which cannot be shown",
        "keyword_stop": "an opt-out: a message of just a stop word",
        "keyword_start": "an opt-in: a message of just a start word",
    }
)

_FILES = {
    "image": FileKind.IMAGE,
    "sticker": FileKind.IMAGE,
    "video": FileKind.VIDEO,
    "audio": FileKind.AUDIO,
    "file": FileKind.DOCUMENT,
    "vcard": FileKind.DOCUMENT,
}
_MAX_ITEMS = 50

Found = Iterator[tuple[str, str, Content]]
"""Wire type, what tells this part from the message's others (empty, or a word before the id), content."""


def reference(root: dict[str, Any]) -> str:
    """What brought the person here: the id of the ad or post, else its address; empty where nothing did."""
    referral = json_wire.obj(json_wire.obj(root, "whatsapp"), "referral")
    return (json_wire.identifier(referral, "source_id") or json_wire.text(referral, "source_url"))[:300]


def read(root: dict[str, Any], config: VonageConfig) -> Found:
    """What the message says: the ad or product that it comes with first, then itself."""
    if referral := json_wire.obj(json_wire.obj(root, "whatsapp"), "referral"):
        came_by = (
            json_wire.text(referral, "headline") or json_wire.text(referral, "source_url") or json_wire.identifier(referral, "source_id")
        )
        yield "message.referral", "referral", OptIn(reference=came_by[:300])
    if product := json_wire.obj(json_wire.obj(root, "context"), "whatsapp_referred_product"):
        yield "message.product", "product", _note("product", orders.product(product))
    kind = json_wire.text(root, "message_type")
    if kind == "text":
        wire_type, content = wire.words(json_wire.text(root, "text"), config, reply_to=_quoted(root))
        yield wire_type, "", content
    elif kind in _READERS:
        yield f"message.{kind}", "", _READERS[kind](root)
    else:
        yield from _files(kind, root)


def _files(kind: str, root: dict[str, Any]) -> Found:
    # The words of an MMS come as its caption, or beside it.
    if beside := json_wire.text(root, "text"):
        yield "message.content", "", Text(text=beside)
    if kind == "content":
        items = [item for item in json_wire.items(root, "content")[:_MAX_ITEMS] if isinstance(item, dict)]
        yield from (("message.content", "", _item(json_wire.text(item, "type"), item)) for item in items)
        if not items and not beside:
            yield "message.content", "", _unknown("content")
        return
    content = _item(kind, json_wire.obj(root, kind))
    yield f"message.{kind}" if isinstance(content, File) else "message.other", "", content


def _item(kind: str, item: dict[str, Any]) -> Content:
    """One part of a message: a file, a text, or what cannot be shown."""
    url = json_wire.text(item, "url")
    if kind in _FILES and is_web(url):
        name, caption = json_wire.text(item, "name")[:200], json_wire.text(item, "caption")
        return File(kind=_FILES[kind], url=url, name=name or ("contact.vcf" if kind == "vcard" else ""), caption=caption)
    if kind == "text" and (words := json_wire.text(item, "text")):
        return Text(text=words)
    return _unknown(kind)


def _location(root: dict[str, Any]) -> Content:
    place = json_wire.obj(root, "location")
    latitude, longitude = json_wire.number(place, "lat"), json_wire.number(place, "long")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return _note("location", "sent a place that this channel cannot show")
    return Location(latitude=latitude, longitude=longitude, title=json_wire.text(place, "name"), address=json_wire.text(place, "address"))


def _reply(root: dict[str, Any]) -> Content:
    reply = json_wire.obj(root, "reply")
    return Selection(payload=json_wire.text(reply, "id"), title=json_wire.text(reply, "title"), message_id=_quoted(root))


def _button(root: dict[str, Any]) -> Content:
    """RCS: what a suggestion opened. WhatsApp: the button of a template; its payload may be an object, of which the agent reads the text."""
    button = json_wire.obj(root, "button")
    title = json_wire.text(button, "text")
    if json_wire.text(root, "channel") == "rcs":
        return _note("button", f"tapped “{title[:200]}”" if title else "tapped a link or number")
    return Selection(payload=json_wire.text(button, "payload") or title, title=title, message_id=_quoted(root))


def _reaction(root: dict[str, Any]) -> Content:
    reaction = json_wire.obj(root, "reaction")
    emoji = json_wire.text(reaction, "emoji")
    if emoji and json_wire.text(reaction, "action") != "unreact":
        return _sign("reaction", f"reacted with {emoji[:32]}")
    return _sign("reaction_removed", "took a reaction back")


def _order(root: dict[str, Any]) -> Content:
    return _note("order", orders.order(json_wire.obj(root, "order")))


def _unsupported(root: dict[str, Any]) -> Content:
    return _note("unsupported", "sent something that Vonage does not pass on")


def _quoted(root: dict[str, Any]) -> str:
    return json_wire.identifier(json_wire.obj(root, "context"), "message_uuid")


def _note(kind: str, description: str) -> Unsupported:
    return Unsupported(kind=kind, description=description)


def _sign(kind: str, description: str) -> Unsupported:
    """A note on what is no message: Meta's 24 hours count from messages only."""
    return Unsupported(kind=kind, description=description, opens_window=False)


def _unknown(kind: str) -> Unsupported:
    return _note(json_wire.name(kind), "sent something this channel cannot show")


_READERS: Mapping[str, Callable[[dict[str, Any]], Content]] = {
    "location": _location,
    "reply": _reply,
    "button": _button,
    "reaction": _reaction,
    "order": _order,
    "unsupported": _unsupported,
}
