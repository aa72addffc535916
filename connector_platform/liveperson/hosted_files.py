"""LivePerson's file types (``JPG``, ``PDF`` ...) and what they are elsewhere."""

from __future__ import annotations

import re
from collections.abc import Mapping

from connector_platform.core.events import FileKind

# Our own table: Python's and the system's differ from machine to machine.
MIME_TYPES: Mapping[str, str] = {
    "JPG": "image/jpeg",
    "JPEG": "image/jpeg",
    "PNG": "image/png",
    "GIF": "image/gif",
    "WEBP": "image/webp",
    "BMP": "image/bmp",
    "MP4": "video/mp4",
    "MOV": "video/quicktime",
    "MP3": "audio/mpeg",
    "M4A": "audio/mp4",
    "OGG": "audio/ogg",
    "WAV": "audio/wav",
    "PDF": "application/pdf",
    "TXT": "text/plain",
    "CSV": "text/csv",
    "ZIP": "application/zip",
    "DOC": "application/msword",
    "DOCX": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "XLS": "application/vnd.ms-excel",
    "XLSX": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "PPT": "application/vnd.ms-powerpoint",
    "PPTX": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
FILE_TYPES = tuple(name for name in MIME_TYPES if name != "JPEG")
"""What an account may take from consumers. JPG, not JPEG: only that is in all of LivePerson's lists."""

DEFAULT_FILE_TYPES = ("JPG", "PNG", "GIF")
"""What every account with file sharing takes; others are a matter of the account.

Source: https://developers.liveperson.com/connector-api-send-api-examples.html#file-sharing (archived copy, checked 2026-11).
"""

UPLOAD_TYPES: Mapping[str, str] = {MIME_TYPES[name]: name for name in FILE_TYPES}
"""LivePerson's word for each MIME type."""

STORED_PATH = r"/[^\s?#\\]+"
"""A path in the file storage: it goes behind the storage's host, so it starts with a slash and brings no query of its own."""

_TYPE_WORD = re.compile(r"[a-z0-9]{1,10}")
_FAMILIES = {"image": FileKind.IMAGE, "video": FileKind.VIDEO, "audio": FileKind.AUDIO}


def mime_type(file_type: str) -> str:
    """The MIME type of LivePerson's ``file_type``; empty where it is not known."""
    return MIME_TYPES.get(file_type.upper(), "")


def file_kind(file_type: str) -> FileKind:
    """What the file is to a person. Types that no page lists arrive too; they are documents."""
    # "IMG" is LivePerson's word for an image of no particular type.
    if file_type.upper() == "IMG":
        return FileKind.IMAGE
    return _FAMILIES.get(mime_type(file_type).partition("/")[0], FileKind.DOCUMENT)


def suffix(file_type: str) -> str:
    """``.jpg`` for ``JPG``; empty where ``file_type`` is no plain word."""
    word = file_type.lower()
    return f".{word}" if _TYPE_WORD.fullmatch(word) else ""
