"""What an agent reads where the Connector API has no form of its own for what the consumer sent."""

from __future__ import annotations

from connector_platform.core.events import Contact, Content, File, Location, OptIn, OptOut, Piece, Selection, Text, Unsupported
from connector_platform.core.rich.choices import TEXT_PAYLOAD, read_pick


def agent_text(content: Content) -> str | None:
    """The line for the agent, or None where the content is not something that a person said."""
    match content:
        case Text(piece=Piece() as piece):
            return content.text and f"({piece.number}/{piece.total}) {content.text}"
        case Text():
            return content.text
        case Selection():
            return _chosen(content)
        case File():
            return "\n".join(part for part in (f"[{content.kind.value}] {content.name}".strip(), content.caption, content.url) if part)
        case Location():
            place = ", ".join(part for part in (content.title, content.address) if part)
            point = f"https://maps.google.com/?q={content.latitude},{content.longitude}"
            return "\n".join(part for part in ("[location]" + (f" {place}" if place else ""), point) if part)
        case Contact():
            return "[contact] " + ", ".join(part for part in (content.name, content.phone, content.email) if part)
        case OptOut(marketing_only=True):
            return "[the consumer wants no more marketing messages]"
        case OptIn(marketing_only=True):
            return "[the consumer wants marketing messages]"
        case OptOut():
            return "[the consumer wants no more messages]"
        case OptIn():
            return f"[came through the link “{content.reference}”]" if content.reference else "[the consumer wants messages again]"
        case Unsupported():
            return content.description and f"[{content.description}]"
    return None


def _chosen(selection: Selection) -> str:
    """What the tap says where the message that it belongs to is not known any more: what the person saw, or the payload's own words."""
    if selection.payload.startswith(TEXT_PAYLOAD) and (said := selection.payload.removeprefix(TEXT_PAYLOAD)):
        return said
    if read_pick(selection.payload) is not None:
        return selection.title or "[tapped a button of an earlier message]"
    return selection.title or selection.payload
