"""What the attachments of one message become.

Source: https://developers.facebook.com/docs/instagram-platform/webhooks (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from channels_app.providers._meta import media, wire
from connector_platform.core.events import Content, File, FileKind, Text, Unsupported

EVENT_TYPES = {
    "message.image": "a picture for the agent; several in one message are several events",
    "message.video": "a video for the agent",
    "message.audio": "an audio clip for the agent",
    "message.file": "a file for the agent",
    "message.sticker": "its picture, else a note for the agent",
    "message.like_heart": "a text for the agent: ❤️",
    "message.story_mention": "a note for the agent with the story's link, which dies with the story",
    "message.ig_post": "the link of the shared post, else a note for the agent",
    "message.share": "the same, as written before 27 April 2026",
    "message.ig_reel": "the link of the shared reel, else a note for the agent",
    "message.reel": "the same, as written by some versions",
    "message.ig_story": "the link of the shared story, which dies with it, else a note for the agent",
    "message.template": "a note for the agent: a product of the shop, or a structured message",
    "message.ephemeral": "a note for the agent: a picture that disappears, which Instagram gives to nobody",
    "message.unsupported_type": "a note for the agent that something came which cannot be shown",
    "message.fallback": "nothing where the message has text, which holds the link already; else the link",
}

_LINKS = {
    "ig_post": ("a post", "url"),
    "share": ("a post", "url"),
    "ig_reel": ("a reel", "url"),
    "reel": ("a reel", "url"),
    "ig_story": ("a story", "story_media_url"),
}
_NOTES = {
    "ephemeral": "sent a picture or video that disappears; only the Instagram app shows it",
    "sticker": "sent a sticker",
}


def read(attachments: list[Any], *, has_text: bool) -> Iterator[tuple[str, Content]]:
    """Wire type and content of every attachment that says something of its own."""
    for attachment in attachments:
        kind = wire.text(attachment, "type")
        if kind == "fallback" and has_text:
            continue
        yield f"message.{wire.name(kind)}", _content(kind, attachment, wire.obj(attachment, "payload"))


def _content(kind: str, attachment: Any, payload: dict[str, Any]) -> Content:
    if kind in media.FILES:
        return media.file(kind, payload)
    if kind in _LINKS:
        noun, key = _LINKS[kind]
        return media.link(attachment, payload, noun, key=key)
    match kind:
        case "like_heart":
            return Text(text="❤️")
        case "fallback":
            return media.link(attachment, payload, "a link")
        case "sticker" if url := wire.web_url(payload, "url"):
            return File(kind=FileKind.IMAGE, url=url, name=wire.file_name(url))
        case "story_mention":
            return _story_mention(wire.web_url(payload, "url"))
        case "template":
            return media.template(payload)
    return Unsupported(kind=wire.name(kind), description=_NOTES.get(kind, "sent something this channel cannot show"))


def _story_mention(url: str) -> Content:
    # Meta's terms: a story's picture may not be kept longer than the story lives, so the agent gets its address, not a copy.
    words = "mentioned you in a story"
    return Unsupported(kind="story_mention", description=f"{words}: {url}" if url else words)
