"""The files that a platform sends by Twilio, which asks their address for type and size before it takes the message.

Source: https://www.twilio.com/docs/messaging/guides/accepted-mime-types (2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass
from mimetypes import MimeTypes
from urllib.parse import urlsplit

import aiohttp

from sandbox.phones.twilio_forms import refuse

TIMEOUT_S = 2.0
MEGABYTE = 1024 * 1024
MAX_MMS, MAX_WHATSAPP, MAX_WHATSAPP_PICTURE = 5 * MEGABYTE, 16 * MEGABYTE, 5 * MEGABYTE

PICTURES = {"image/jpeg", "image/jpg", "image/png", "image/gif", "image/heic", "image/heif", "image/tiff", "image/bmp"}
DOCUMENTS = {
    "application/pdf",
    "application/msword",
    "application/vnd.ms-excel",
    "application/vnd.ms-powerpoint",
    "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/vnd.openxmlformats-officedocument.presentationml.presentation",
}
TEXTS = {"text/vcard", "text/x-vcard", "text/directory", "text/csv", "text/richtext", "text/rtf", "text/calendar", "application/vcard"}
NO_WORDS = ("audio/", "text/", "image/gif", "image/heic", "image/heif", "image/tiff", "image/bmp", "image/webp", "video/")


@dataclass(frozen=True)
class Media:
    """A file: what its address says of it."""

    url: str
    mime_type: str
    size_bytes: int = 0

    @property
    def kind(self) -> str:
        """How the phone shows it."""
        return "image" if self.mime_type.startswith("image/") else "file"

    @property
    def carries_words(self) -> bool:
        """Whether WhatsApp shows words with it; elsewhere they are lost."""
        return self.mime_type == "video/mp4" or not self.mime_type.startswith(NO_WORDS)


async def look_at(session: aiohttp.ClientSession, url: str) -> Media:
    """What is at ``url``. A picture on the web, which a sandbox cannot see, is what the end of its address says."""
    try:
        async with session.head(url, timeout=aiohttp.ClientTimeout(total=TIMEOUT_S)) as answer:
            if answer.status < 400:
                return Media(url, answer.content_type, answer.content_length or 0)
    except (aiohttp.ClientError, TimeoutError, ValueError):
        pass
    return Media(url, MimeTypes(()).guess_type(urlsplit(url).path, strict=False)[0] or "image/jpeg")


def check_media(media: list[Media], *, is_whatsapp: bool) -> None:
    """Raises:
    TwilioError: Twilio does not send a file of this type or size.
    """
    for one in media:
        taken = (
            one.mime_type in PICTURES | DOCUMENTS | TEXTS or one.mime_type.startswith(("audio/", "video/")) or one.mime_type == "image/webp"
        )
        if not taken or (not is_whatsapp and one.mime_type in (DOCUMENTS - {"application/pdf"}) | {"image/webp"}):
            refuse(12300, f"Invalid Content-Type: {one.mime_type}")
    total = sum(one.size_bytes for one in media)
    most = MAX_MMS if not is_whatsapp else MAX_WHATSAPP_PICTURE if media and media[0].kind == "image" else MAX_WHATSAPP
    if total > most:
        refuse(11751, "Media - Message exceeds size limit")
