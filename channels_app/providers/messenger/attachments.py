"""What the attachments of one message become.

Source: https://developers.facebook.com/docs/messenger-platform/reference/webhook-events/messages (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from channels_app.providers._meta import media, wire
from connector_platform.core.events import Content, File, FileKind, Location, Text, Unsupported

EVENT_TYPES = {
    "message.image": "a picture for the agent; several in one message are several events",
    "message.video": "a video for the agent",
    "message.audio": "an audio clip for the agent",
    "message.file": "a file for the agent",
    "message.location": "a place for the agent",
    "message.sticker": "the thumbs-up as 👍, any other sticker as its picture, once",
    "message.fallback": "nothing where the message has text, which holds the link already; else the link",
    "message.post": "the link of the shared post, else a note for the agent",
    "message.reel": "the link of the shared reel, else a note for the agent",
    "message.ig_post": "the link of the shared Instagram post, else a note for the agent",
    "message.ig_reel": "the link of the shared Instagram reel, else a note for the agent",
    "message.template": "a note for the agent: a product of the shop, or a structured message",
    "message.appointment_booking": "a note for the agent: an appointment",
}

THUMBS_UP = frozenset({"369239263222822", "369239343222814", "369239383222810"})
"""Small, medium and large: the person held the button for longer."""

_SHARED = {"post": "a post", "reel": "a reel", "ig_post": "an Instagram post", "ig_reel": "an Instagram reel"}
_NOTES = {"appointment_booking": "sent an appointment booking"}


def read(attachments: list[Any], *, has_text: bool) -> Iterator[tuple[str, Content]]:
    """Wire type and content of every attachment that says something of its own; a sticker that comes twice is told once.

    From 1 June to 30 August 2026 Meta sent each sticker both as ``image`` and as ``sticker``, before that as ``image`` only.
    """
    stickers: set[str] = set()
    for attachment in attachments:
        kind = wire.text(attachment, "type")
        payload = wire.obj(attachment, "payload")
        sticker_id = wire.identifier(payload, "sticker_id")
        if sticker_id or kind == "sticker":
            if sticker_id not in stickers:
                yield "message.sticker", _sticker(sticker_id, wire.web_url(payload, "url"))
            stickers.add(sticker_id)
        elif kind == "fallback":
            if not has_text:
                yield "message.fallback", media.link(attachment, payload, "a link")
        else:
            yield f"message.{wire.name(kind)}", _content(kind, attachment, payload)


def _content(kind: str, attachment: Any, payload: dict[str, Any]) -> Content:
    if kind in media.FILES:
        return media.file(kind, payload)
    if kind == "location":
        return _location(attachment, payload)
    if kind == "template":
        return media.template(payload)
    if kind in _SHARED:
        return media.link(attachment, payload, _SHARED[kind])
    return Unsupported(kind=wire.name(kind), description=_NOTES.get(kind, "sent something this channel cannot show"))


def _sticker(sticker_id: str, url: str) -> Content:
    if sticker_id in THUMBS_UP:
        return Text(text="👍")
    if url:
        return File(kind=FileKind.IMAGE, url=url, name=wire.file_name(url))
    return Unsupported(kind="sticker", description="sent a sticker")


def _location(attachment: Any, payload: dict[str, Any]) -> Content:
    coordinates = wire.obj(payload, "coordinates")
    latitude, longitude = wire.number(coordinates, "lat"), wire.number(coordinates, "long")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        return Unsupported(kind="location", description="sent a place that this channel cannot show")
    return Location(latitude=latitude, longitude=longitude, title=wire.text(attachment, "title"))
