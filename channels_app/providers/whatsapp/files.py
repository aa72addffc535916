"""The two calls that bring the bytes of a person's file.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/media (checked 2026-07).
"""

from __future__ import annotations

import base64
import hashlib
from urllib.parse import quote, urlsplit

from channels_app.providers.base import SendContext
from channels_app.providers.whatsapp.config import WhatsAppConfig
from channels_app.providers.whatsapp.errors import DOWNLOAD, MEDIA
from channels_app.providers.whatsapp.graph import user_graph
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import ContentRejected, UnsupportedContent
from connector_platform.core.events import File

MEDIA_HOSTS = ("fbsbx.com", "facebook.com", "fbcdn.net", "whatsapp.net")
"""Where Meta keeps media; the access token goes nowhere else."""


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
