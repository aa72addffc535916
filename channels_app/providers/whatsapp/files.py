"""Files: an agent's as the message that WhatsApp takes for its type, a person's by the two calls that bring its bytes.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from channels_app.providers.base import SendContext
from channels_app.providers.whatsapp.config import WhatsAppConfig
from channels_app.providers.whatsapp.errors import DOWNLOAD, MEDIA
from channels_app.providers.whatsapp.graph import user_graph
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, UnsupportedContent
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

MEDIA_HOSTS = ("fbsbx.com", "facebook.com", "fbcdn.net", "whatsapp.net")
"""Where Meta keeps media; the access token goes nowhere else."""

_MESSAGE_TYPE = {FileKind.IMAGE: "image", FileKind.VIDEO: "video", FileKind.AUDIO: "audio", FileKind.DOCUMENT: "document"}

Message = dict[str, Any]


def file_messages(file: File) -> tuple[Message, str]:
    """The message for an agent's file, and the caption where it has no place in it.

    Raises:
        UnsupportedContent: the file has no address.
    """
    if not file.url.startswith(("https://", "http://")):
        raise UnsupportedContent("WhatsApp fetches files by their address, and this one has none")
    caption = file.caption.strip()
    kind = _message_type(_MESSAGE_TYPE[file.kind], file.url, file.mime_type)
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


def fetch_file(file: File, config: WhatsAppConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file that a person sent: one call tells where it lies for five minutes, another brings it. Both want the token.

    Raises:
        UnsupportedContent: the file has no id. ContentRejected: it is gone (ids live seven days), or lies where the token must not go.
        DeliveryError: any other answer.
    """
    if not file.media_id:
        raise UnsupportedContent("the file has no id at WhatsApp")
    graph = user_graph(config, context)
    response = yield graph.get(quote(file.media_id, safe=""), {"phone_number_id": config.phone_number_id}, purpose=MEDIA)
    url = wire.text(response.json(), "url")
    if not _is_metas(url, context.api_base):
        raise ContentRejected("WhatsApp does not say where the file is, or names a host that is not Meta's")
    downloaded = yield HttpCall(method="GET", url=url, headers=graph.headers, purpose=DOWNLOAD, effect=False)
    return downloaded.body


def _is_metas(url: str, api_base: str) -> bool:
    """Whether ``url`` is on a host of Meta's over TLS, or of the stand-in that is called in its place."""
    try:
        parts, own = urlsplit(url), urlsplit(api_base)
        if api_base and (parts.scheme, parts.netloc) == (own.scheme, own.netloc):
            return True
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme == "https" and any(host == known or host.endswith(f".{known}") for known in MEDIA_HOSTS)


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
