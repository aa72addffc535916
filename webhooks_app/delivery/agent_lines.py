"""What an agent reads where the Connector API has no form of its own for what the consumer sent."""

from __future__ import annotations

from connector_platform.core.events import Contact, Content, File, Location, OptIn, OptOut, Selection, Text, Unsupported


def agent_text(content: Content) -> str | None:
    """The line for the agent, or None where the content is not something that a person said."""
    match content:
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
        case OptOut():
            return "[the consumer wants no more messages]"
        case OptIn():
            return f"[came through the link “{content.reference}”]" if content.reference else "[the consumer wants messages again]"
        case Unsupported():
            return content.description and f"[{content.description}]"
    return None


def _chosen(selection: Selection) -> str:
    """The text that the tapped element publishes, which our payloads carry behind ``text:``; else what the person saw."""
    kind, separator, text = selection.payload.partition(":")
    if separator and kind == "text" and text:
        return text
    return selection.title or selection.payload
