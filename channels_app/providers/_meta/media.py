"""Attachments that Messenger and Instagram write alike: files, products, and shared things of which only a link is known."""

from __future__ import annotations

from typing import Any

from channels_app.providers._meta import wire
from connector_platform.core.events import Content, File, FileKind, Text, Unsupported

FILES = {"image": FileKind.IMAGE, "video": FileKind.VIDEO, "audio": FileKind.AUDIO, "file": FileKind.DOCUMENT}
_NOUNS = {"image": "a picture", "video": "a video", "audio": "an audio clip", "file": "a file"}


def file(kind: str, payload: dict[str, Any]) -> Content:
    """The file of wire type ``kind``, or a note where its address is missing or none that a browser opens."""
    url = wire.web_url(payload, "url")
    if url:
        return File(kind=FILES[kind], url=url, name=wire.file_name(url))
    return Unsupported(kind=kind, description=f"sent {_NOUNS[kind]} that this channel cannot show")


def link(attachment: Any, payload: dict[str, Any], noun: str, *, key: str = "url") -> Content:
    """The shared thing as its title and address. The address may be missing, or be none that a browser opens."""
    url = wire.web_url(payload, key) or wire.web_url(attachment, key)
    if not url:
        return Unsupported(kind="share", description=f"shared {noun} that this channel cannot show")
    title = wire.text(payload, "title") or wire.text(attachment, "title")
    return Text(text=f"{title}\n{url}" if title else url)


def template(payload: dict[str, Any]) -> Content:
    """A line for the agent: the products of the brand's shop that the person sent by name, or that it was something structured."""
    products = wire.items(wire.obj(payload, "product"), "elements")
    titles = [title for product in products if (title := wire.text(product, "title"))]
    words = f"sent a product: {', '.join(titles)[:300]}" if titles else "sent a structured message that this channel cannot show"
    return Unsupported(kind="template", description=words)
