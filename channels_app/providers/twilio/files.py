"""Agents' files as messages: which types and sizes Twilio takes, and which of them carry words.

Source: https://www.twilio.com/docs/messaging/guides/accepted-mime-types and /docs/whatsapp/guidance-whatsapp-media-messages (stored copies,
read 2026-11). The two differ on words under documents; what is here is the former, which is the newer.
"""

from __future__ import annotations

from mimetypes import MimeTypes
from urllib.parse import urlsplit

from channels_app.providers._sms.outbound import AS_LINK
from channels_app.providers.twilio.messages import MAX_BODY, MAX_TEXT, Message, Rendered, text_messages
from connector_platform.core.events import File, FileKind
from connector_platform.core.rich import Loss, LossKind, in_lines
from connector_platform.core.text import utf16_units

MEGABYTE = 1024 * 1024
MAX_MMS = 5 * MEGABYTE
MAX_PICTURE = 5 * MEGABYTE  # on WhatsApp
MAX_FILE = 16 * MEGABYTE  # on WhatsApp

_OFFICE = "application/vnd.openxmlformats-officedocument."
WITH_WORDS = frozenset(
    {
        *("image/jpeg", "image/jpg", "image/png", "video/mp4", "application/pdf"),
        *("application/msword", "application/vnd.ms-excel", "application/vnd.ms-powerpoint"),
        *(f"{_OFFICE}{kind}" for kind in ("wordprocessingml.document", "spreadsheetml.sheet", "presentationml.presentation")),
    }
)
"""What WhatsApp shows with words. Twilio names some recordings, too, but WhatsApp has no caption there."""
_PICTURES = frozenset({"image/jpeg", "image/jpg", "image/png", "image/gif", "image/heic", "image/heif", "image/tiff", "image/bmp"})
_MORE = frozenset(
    {
        *("video/mpeg4", "video/mpeg", "video/webm", "video/quicktime", "video/3gpp", "video/3gpp2"),
        *(
            "audio/ogg",
            "audio/mpeg",
            "audio/mp4",
            "audio/mp3",
            "audio/3gpp",
            "audio/aac",
            "audio/ac3",
            "audio/webm",
            "audio/amr",
            "audio/basic",
        ),
        *("text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/richtext", "text/rtf", "text/calendar", "application/vcard"),
    }
)
TAKEN = WITH_WORDS | _PICTURES | _MORE
"""What Twilio sends on WhatsApp. WebP is missing: it would be a sticker."""

_DEFAULT_TYPES = {
    FileKind.IMAGE: "image/jpeg",
    FileKind.VIDEO: "video/mp4",
    FileKind.AUDIO: "audio/mpeg",
    FileKind.DOCUMENT: "application/pdf",
}

_CAPTION_MOVED = Loss(path="/caption", kind=LossKind.MOVED, reason="the file cannot carry these words; they follow")
# Python's own table: the system's differs from machine to machine.
_TYPES = MimeTypes(())


def file_messages(file: File, *, is_whatsapp: bool, mms: bool) -> Rendered:
    """The file with its words, as far as WhatsApp takes them together; else they follow it. A link where Twilio does not take the file."""
    mime_type = file.mime_type.partition(";")[0].strip().lower() or type_at(file.url)
    most = (MAX_PICTURE if file.kind is FileKind.IMAGE else MAX_FILE) if is_whatsapp else MAX_MMS
    goes = (is_whatsapp or (mms and file.kind is FileKind.IMAGE)) and (file.size_bytes or 0) <= most
    if not goes or not is_taken(mime_type, is_whatsapp=is_whatsapp):
        return Rendered(messages=text_messages(in_lines((file.caption or file.name, file.url))), losses=(AS_LINK,))
    sent = messages(file.url, file.caption.strip(), mime_type or _DEFAULT_TYPES[file.kind], is_whatsapp=is_whatsapp)
    return Rendered(messages=sent, losses=(_CAPTION_MOVED,) if len(sent) > 1 else ())


def messages(url: str, caption: str, mime_type: str, *, is_whatsapp: bool) -> list[Message]:
    """What is at ``url`` with ``caption``, which follows where it cannot be carried; the link alone where Twilio does not take the type."""
    if not is_taken(mime_type, is_whatsapp=is_whatsapp):
        return text_messages(in_lines((caption, url)))
    most = MAX_TEXT if not is_whatsapp else MAX_BODY if mime_type in ("", *WITH_WORDS) else 0
    if utf16_units(caption) <= most:
        return [Message(fields={**({"Body": caption} if caption else {}), "MediaUrl": url}, purpose="send_media")]
    return [Message(fields={"MediaUrl": url}, purpose="send_media"), *text_messages(caption)]


def is_taken(mime_type: str, *, is_whatsapp: bool) -> bool:
    """Whether Twilio sends files of this type; one that is not known is believed to be right."""
    return not mime_type or mime_type in (TAKEN if is_whatsapp else _PICTURES)


def type_at(url: str) -> str:
    """The MIME type that the end of the address tells; empty where it tells none."""
    try:
        return _TYPES.guess_type(urlsplit(url).path, strict=False)[0] or ""
    except ValueError:
        return ""
