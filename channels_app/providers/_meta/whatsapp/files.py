"""An agent's file as the message that WhatsApp takes for its type.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote, urlsplit

from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import File, FileKind

MAX_CAPTION = 1024

TAKEN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "image": {"image/jpeg": (".jpg", ".jpeg"), "image/png": (".png",)},
    "video": {"video/mp4": (".mp4",), "video/3gpp": (".3gp",)},
    "audio": {
        "audio/aac": (".aac",),
        "audio/amr": (".amr",),
        "audio/mpeg": (".mp3",),
        "audio/mp4": (".m4a",),
        "audio/ogg": (".ogg", ".opus"),
    },
}
"""The types that are shown as what they are. Anything else (a GIF, a WebP picture) goes out as a document, which takes all types."""

MEGABYTE = 1024 * 1024
MOST = {"image": 5 * MEGABYTE, "video": 16 * MEGABYTE, "audio": 16 * MEGABYTE, "document": 100 * MEGABYTE}
"""In bytes, by the kind of message; Meta's pages do not say which megabyte they mean."""

_MESSAGE_TYPE = {FileKind.IMAGE: "image", FileKind.VIDEO: "video", FileKind.AUDIO: "audio", FileKind.DOCUMENT: "document"}

Message = dict[str, Any]


def file_messages(file: File) -> tuple[Message, str]:
    """The message for an agent's file, and the caption where it has no place in it.

    Raises:
        UnsupportedContent: the file has no address, or is too large for WhatsApp.
    """
    if not file.url.startswith(("https://", "http://")):
        raise UnsupportedContent("WhatsApp fetches files by their address, and this one has none")
    caption = file.caption.strip()
    kind = _message_type(_MESSAGE_TYPE[file.kind], file.url, file.mime_type)
    size = file.size_bytes or 0
    if size > MOST["document"]:
        raise UnsupportedContent(f"WhatsApp takes files up to {MOST['document'] // MEGABYTE} MB")
    if size > MOST[kind]:
        kind = "document"
    is_captioned = bool(caption) and kind != "audio" and len(caption) <= MAX_CAPTION
    media: Message = {"link": file.url}
    if is_captioned:
        media["caption"] = caption
    if kind == "document":
        # Without a name the person sees a random one.
        media["filename"] = (file.name or _last_name(file.url) or "file")[:240]
    return {"type": kind, kind: media}, "" if is_captioned else caption


def picture_message(url: str, caption: str) -> Message:
    """A picture of structured content, whose caption fits."""
    message, _ = file_messages(File(kind=FileKind.IMAGE, url=url, caption=caption))
    return message


def _message_type(wanted: str, url: str, mime_type: str) -> str:
    """``wanted``, unless the type or the end of the address says that WhatsApp does not take it as such."""
    taken = TAKEN.get(wanted)
    if taken is None:
        return "document"
    plain = mime_type.partition(";")[0].strip().lower()
    if plain:
        return wanted if plain in taken else "document"
    suffix = _last_name(url).rpartition(".")
    known = {ending for endings in taken.values() for ending in endings}
    return "document" if suffix[1] and len(suffix[2]) <= 5 and f".{suffix[2].lower()}" not in known else wanted


def _last_name(url: str) -> str:
    """The name at the end of the address's path."""
    try:
        return unquote(urlsplit(url).path.rpartition("/")[2], errors="replace")
    except ValueError:
        return ""
