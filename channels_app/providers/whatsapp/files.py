"""Files: an agent's as the message that WhatsApp takes for its type, a person's by the two calls that bring its bytes.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media (checked 2026-07).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from channels_app.providers.base import SendContext
from channels_app.providers.whatsapp.config import WhatsAppConfig
from channels_app.providers.whatsapp.errors import DOWNLOAD, MEDIA
from channels_app.providers.whatsapp.graph import user_graph
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
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

MEGABYTE = 1024 * 1024
MOST = {"image": 5 * MEGABYTE, "video": 16 * MEGABYTE, "audio": 16 * MEGABYTE, "document": 100 * MEGABYTE}
"""In bytes, by the kind of message; Meta's pages do not say which megabyte they mean."""

MEDIA_HOSTS = ("fbsbx.com", "facebook.com", "fbcdn.net", "whatsapp.net")
"""Where Meta keeps media; the access token goes nowhere else."""

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


def fetch_file(file: File, config: WhatsAppConfig, context: SendContext) -> Steps[bytes]:
    """The bytes of a file that a person sent: one call tells where it lies for five minutes, another brings it. Both want the token.

    Raises:
        UnsupportedContent: the file has no id.
        ContentRejected: it is gone (ids live seven days), lies where the token must not go, or is not what was promised.
        DeliveryError: any other answer.
    """
    if not file.media_id:
        raise UnsupportedContent("the file has no id at WhatsApp")
    graph = user_graph(config, context)
    response = yield graph.get(quote(file.media_id, safe=""), {"phone_number_id": config.phone_number_id}, purpose=MEDIA)
    described = response.json()
    url = wire.text(described, "url")
    if not _is_metas(url, context.api_base):
        raise ContentRejected("WhatsApp does not say where the file is, or names a host that is not Meta's")
    downloaded = yield HttpCall(method="GET", url=url, headers=graph.headers, purpose=DOWNLOAD, effect=False)
    if not _is_whole(downloaded, wire.text(described, "sha256"), file.mime_type):
        raise ContentRejected("what WhatsApp sent is not the file: its digest or its type is another")
    return downloaded.body


def _is_whole(downloaded: HttpResponse, digest: str, mime_type: str) -> bool:
    """Whether the bytes have the ``digest`` (in hexadecimal or base64), or without one are no page of Meta's that says what went wrong."""
    found = hashlib.sha256(downloaded.body).digest()
    if len(digest) in (44, 64):
        return digest in (base64.b64encode(found).decode(), found.hex())
    shown_as = downloaded.headers.get("content-type", "").partition(";")[0].strip().lower()
    return shown_as not in ("text/html", "application/json") or shown_as == mime_type


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
