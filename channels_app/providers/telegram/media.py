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
        "message.document": "a file for the agent, a picture where it is one; over 20 MB a line with its name, type and size",
        "message.animation": "a video for the agent: a GIF or a silent video, once, though Telegram names it as a document too",
        "message.video": "a video for the agent",
        "message.video_note": "a video for the agent: a round one",
        "message.audio": "an audio file for the agent, named by its title",
        "message.voice": "an audio file for the agent, named by its length",
        "message.sticker": "a line for the agent: the emoji that the sticker stands for",
        "message.venue": "a place for the agent with its name and address, once, though Telegram names it as a location too",
        "message.location": "a place for the agent; the further positions of a live location are ignored",
        "message.contact": "contact details for the agent; a line where they are another person's",
        "message.poll": "a line for the agent: the poll's question and answers",
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
_FAMILIES = {"video": FileKind.VIDEO, "audio": FileKind.AUDIO}
_SUFFIXES = {"video/mp4": ".mp4", "image/gif": ".gif", "audio/ogg": ".ogg", "audio/mpeg": ".mp3", "audio/mp4": ".m4a"}
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
    mime_type = wire.text(wire.obj(message, "document"), "mime_type").lower()
    family = FileKind.IMAGE if mime_type in _PICTURES else _FAMILIES.get(mime_type.partition("/")[0], FileKind.DOCUMENT)
    return _file(message, "document", family)


def _audio(message: dict[str, Any]) -> Content:
    audio = wire.obj(message, "audio")
    song = " - ".join(words for key in ("performer", "title") if (words := wire.text(audio, key)[:90]))
    return _file(message, "audio", FileKind.AUDIO, name=song)


def _recording(kind: str, family: FileKind, mime_type: str) -> Callable[[dict[str, Any]], Content]:
    """A reader of what has no name of its own: it is named for what it is and how long."""

    def read_recording(message: dict[str, Any]) -> Content:
        seconds = wire.count(wire.obj(message, kind), "duration")
        name = _NOUNS[kind].partition(" ")[2] + (f", {seconds} s" if seconds else "")
        return _file(message, kind, family, name=name, mime_type=mime_type)

    return read_recording


def _file(message: dict[str, Any], kind: str, family: FileKind, *, name: str = "", mime_type: str = "") -> Content:
    """The file at ``kind``; ``name``, without a suffix, and ``mime_type`` where Telegram gives none."""
    data = wire.obj(message, kind)
    media_id, size = wire.handle(data, "file_id"), wire.count(data, "file_size")
    if not media_id or (size or 0) > MAX_DOWNLOAD_BYTES:
        why = "; Telegram lets bots fetch 20 MB at most" if media_id else _NOT_SHOWN
        return Unsupported(kind=kind, description=f"sent {_described(kind, data)}{why}")
    mime_type = wire.text(data, "mime_type")[:100].lower() or mime_type
    return File(
        kind=family,
        media_id=media_id,
        mime_type=mime_type,
        name=wire.text(data, "file_name")[:200] or (f"{name}{_SUFFIXES.get(mime_type, '')}" if name else ""),
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


def _poll(message: dict[str, Any]) -> Content:
    poll = wire.obj(message, "poll")
    answers = ", ".join(words for option in wire.items(poll, "options")[:12] if (words := wire.text(option, "text")[:100]))
    return Unsupported(kind="poll", description=f"sent {_described('poll', poll)}{f' ({answers})' if answers else ''}{_NOT_SHOWN}")


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
    "animation": _recording("animation", FileKind.VIDEO, "video/mp4"),
    "video": _recording("video", FileKind.VIDEO, "video/mp4"),
    "video_note": _recording("video_note", FileKind.VIDEO, "video/mp4"),
    "audio": _audio,
    "voice": _recording("voice", FileKind.AUDIO, "audio/ogg"),
    "sticker": _sticker,
    "venue": _venue,
    "location": _location,
    "contact": _contact,
    "poll": _poll,
    "dice": _dice,
    "web_app_data": _web_app_data,
}
_NOUNS = {
    "document": "a file",
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
