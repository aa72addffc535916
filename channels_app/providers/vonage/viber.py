"""Viber senders: texts, pictures with a caption, files. A video wants its length and a preview, which nobody knows here: it is a link.

Source: the models of vonage-messages 1.8.1 (2026-10).
"""

from __future__ import annotations

from pathlib import PurePosixPath
from urllib.parse import urlsplit

from channels_app.providers._sms.outbound import AS_LINK, Limits, Message, texts
from channels_app.providers._sms.outbound import render as render_plainly
from channels_app.providers.base import SendContext
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.rendered import Fields, Rendered
from connector_platform.core.events import Content, File, FileKind
from connector_platform.core.rich import in_lines

MAX_TEXT = 1000
MAX_FILE_NAME = 25

LIMITS = Limits(max_text=MAX_TEXT, image_schemes=frozenset({"https", "http"}), max_caption=MAX_TEXT)


def render(content: Content, config: VonageConfig, context: SendContext) -> Rendered:
    """The messages that ``content`` becomes; choices are numbered lines.

    Raises:
        UnsupportedContent: there is no form for it, or nothing in it.
    """
    rendered = render_plainly(content, LIMITS)
    messages: list[Fields] = []
    losses = rendered.losses
    for message in rendered.messages:
        if message.file and message.file.kind in (FileKind.VIDEO, FileKind.AUDIO):
            losses += (AS_LINK,)
            linked = in_lines((message.text or message.file.name, message.file.url))
            messages += [_text(one.text) for one in texts(linked, LIMITS)]
        else:
            messages += _messages(message)
    return Rendered(messages=messages, losses=losses, shown=rendered.shown)


def _messages(message: Message) -> list[Fields]:
    file = message.file
    if file is None:
        return [_text(message.text)]
    if file.kind is FileKind.IMAGE:
        caption = {"caption": message.text} if message.text else {}
        return [{**_head("image"), "image": {"url": file.url, **caption}}]
    sent = {**_head("file"), "file": {"url": file.url, "name": _name(file)}}
    return [sent, _text(message.text)] if message.text else [sent]


def _text(text: str) -> Fields:
    return {**_head("text"), "text": text}


def _head(kind: str) -> Fields:
    return {"channel": "viber_service", "message_type": kind, "viber_service": {"category": "transaction"}}


def _name(file: File) -> str:
    """The name, cut before its ending, by which Viber knows the type."""
    name = PurePosixPath(file.name or urlsplit(file.url).path)
    ending = name.suffix[:10]
    return f"{(name.stem or 'file')[: MAX_FILE_NAME - len(ending)]}{ending}"
