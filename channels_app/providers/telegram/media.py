"""What each kind of message becomes: pictures as files, places, contacts; everything else as a line that tells the agent what came.

Source: https://core.telegram.org/bots/api#message (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from channels_app.providers.telegram import wire
from connector_platform.core.events import Contact, Content, File, FileKind, Location, Unsupported

MAX_DOWNLOAD_BYTES = 20 * 1024 * 1024
"""getFile gives nothing larger: https://core.telegram.org/bots/api#getfile"""

EVENT_TYPES: Mapping[str, str] = MappingProxyType(
    {
        "message.photo": "a picture for the agent: the largest of its sizes",
        "message.document": "a picture where it is one that LivePerson takes; else a line with the file's name, type and size",
        "message.animation": "a line for the agent: a GIF or a silent video, once, though Telegram names it as a document too",
        "message.video": "a line for the agent: a video",
        "message.video_note": "a line for the agent: a round video",
        "message.audio": "a line for the agent: an audio file with its title",
        "message.voice": "a line for the agent: a voice message and its length",
        "message.sticker": "a line for the agent: the emoji that the sticker stands for",
        "message.venue": "a place for the agent with its name and address, once, though Telegram names it as a location too",
        "message.location": "a place for the agent; the further positions of a live location are ignored",
        "message.contact": "contact details for the agent; a line where they are another person's",
        "message.poll": "a line for the agent: the poll's question",
        "message.dice": "a line for the agent: what was thrown",
        "message.game": "a line for the agent: a game",
        "message.story": "a line for the agent: a forwarded story",
        "message.checklist": "a line for the agent: the checklist's title",
        "message.paid_media": "a line for the agent: paid media",
        "message.giveaway": "a line for the agent: a giveaway",
        "message.invoice": "a line for the agent: an invoice",
        "message.web_app_data": "a line for the agent: the answer of a Mini App",
    }
)

_PICTURES = frozenset({"image/jpeg", "image/png", "image/gif"})
_NOT_SHOWN = ", which this channel cannot show"

# In this order: an animation carries a document as well, a venue a location.
KINDS = (
    *("photo", "animation", "document", "video", "video_note", "audio", "voice", "sticker", "venue", "location", "contact"),
    *("poll", "dice", "game", "story", "checklist", "paid_media", "giveaway", "invoice", "web_app_data"),
)


def read(kind: str, message: dict[str, Any]) -> Content:
    """What the agent is given for the ``kind`` of thing (one of ``KINDS``) in ``message``."""
    reader = _READERS.get(kind)
    if reader is not None:
        return reader(message)
    return Unsupported(kind=kind, description=f"sent {_described(kind, wire.obj(message, kind))}{_NOT_SHOWN}")


def _photo(message: dict[str, Any]) -> Content:
    sizes = [size for size in wire.items(message, "photo") if wire.handle(size, "file_id")]
    if not sizes:
        return Unsupported(kind="photo", description=f"sent a picture{_NOT_SHOWN}")
    largest = max(sizes, key=lambda size: (wire.number(size, "width") or 0) * (wire.number(size, "height") or 0))
    return File(
        kind=FileKind.IMAGE,
        media_id=wire.handle(largest, "file_id"),
        mime_type="image/jpeg",  # Telegram makes every photo one
        size_bytes=wire.count(largest, "file_size"),
        caption=wire.text(message, "caption"),
    )


def _document(message: dict[str, Any]) -> Content:
    document = wire.obj(message, "document")
    media_id, mime_type = wire.handle(document, "file_id"), wire.text(document, "mime_type")
    size = wire.count(document, "file_size")
    if not media_id or mime_type not in _PICTURES:
        return Unsupported(kind="document", description=f"sent a file{_details(document)}{_NOT_SHOWN}")
    if size is not None and size > MAX_DOWNLOAD_BYTES:
        return Unsupported(kind="document", description=f"sent a picture{_details(document)}; Telegram lets bots fetch 20 MB at most")
    return File(
        kind=FileKind.IMAGE,
        media_id=media_id,
        mime_type=mime_type,
        name=wire.text(document, "file_name")[:200],
        size_bytes=size,
        caption=wire.text(message, "caption"),
    )


def _sticker(message: dict[str, Any]) -> Content:
    emoji = wire.text(wire.obj(message, "sticker"), "emoji")[:16]
    return Unsupported(kind="sticker", description=f"sent a sticker {emoji}".rstrip())


def _venue(message: dict[str, Any]) -> Content:
    venue = wire.obj(message, "venue")
    return _place(wire.obj(venue, "location"), wire.text(venue, "title"), wire.text(venue, "address"))


def _location(message: dict[str, Any]) -> Content:
    return _place(wire.obj(message, "location"), "", "")


def _place(location: dict[str, Any], title: str, address: str) -> Content:
    latitude, longitude = wire.number(location, "latitude"), wire.number(location, "longitude")
    if latitude is None or longitude is None or abs(latitude) > 90 or abs(longitude) > 180:
        words = ", ".join(part for part in (title, address) if part)
        return Unsupported(kind="location", description=f"sent a place{f': {words}' if words else ''}{_NOT_SHOWN}")
    return Location(latitude=latitude, longitude=longitude, title=title, address=address)


def _contact(message: dict[str, Any]) -> Content:
    contact = wire.obj(message, "contact")
    name = " ".join(part for part in (wire.text(contact, "first_name"), wire.text(contact, "last_name")) if part)
    phone = wire.text(contact, "phone_number")
    sender = wire.identifier(wire.obj(message, "from"), "id")
    if sender and wire.identifier(contact, "user_id") == sender:
        return Contact(name=name, phone=phone)
    return Unsupported(kind="contact", description=f"sent somebody's contact: {', '.join(part for part in (name, phone) if part)}")


def _dice(message: dict[str, Any]) -> Content:
    dice = wire.obj(message, "dice")
    return Unsupported(kind="dice", description=f"threw {wire.text(dice, 'emoji')[:16] or '🎲'}: {wire.identifier(dice, 'value')[:9]}")


def _web_app_data(message: dict[str, Any]) -> Content:
    answer = wire.obj(message, "web_app_data")
    button, data = wire.text(answer, "button_text")[:100], wire.text(answer, "data")[:2000]
    return Unsupported(kind="web_app_data", description=f"answered “{button}”: {data}")


_READERS: Mapping[str, Callable[[dict[str, Any]], Content]] = {
    "photo": _photo,
    "document": _document,
    "sticker": _sticker,
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    "dice": _dice,
    "web_app_data": _web_app_data,
}
_NOUNS = {
    "animation": "a GIF",
    "video": "a video",
    "video_note": "a round video",
    "audio": "an audio file",
    "voice": "a voice message",
    "poll": "a poll",
    "game": "a game",
    "story": "a story",
    "checklist": "a checklist",
    "paid_media": "paid media",
    "giveaway": "a giveaway",
    "invoice": "an invoice",
}


def _described(kind: str, data: dict[str, Any]) -> str:
    """``a voice message (7 s)``, ``a poll: Which colour?``"""
    words = wire.text(data, "question") or wire.text(data, "title")
    return f"{_NOUNS[kind]}{f': {words[:300]}' if words else ''}{_details(data)}"


def _details(data: dict[str, Any]) -> str:
    """Name, type, size and length of a file as far as they are known."""
    name, seconds, size = wire.text(data, "file_name")[:200], wire.count(data, "duration"), wire.count(data, "file_size")
    facts = [wire.text(data, "mime_type")[:100], f"{seconds} s" if seconds else "", _readable(size) if size else ""]
    shown = ", ".join(fact for fact in facts if fact)
    return f"{f': {name}' if name else ''}{f' ({shown})' if shown else ''}"


def _readable(size: int) -> str:
    return f"{size / 1_000_000:.1f} MB" if size >= 1_000_000 else f"{max(1, round(size / 1000))} kB"
