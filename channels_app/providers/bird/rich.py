"""What leaves of a message: texts, and pictures as MMS where the number can.

Source: https://developers.messagebird.com/api/sms-messaging/ (text lengths), https://developers.messagebird.com/api/mms-messaging/,
known as of 2026-11.
"""

from __future__ import annotations

from dataclasses import dataclass

from connector_platform.core.events import RichContent
from connector_platform.core.rich import Abilities, Loss, Shown, parse, plan
from connector_platform.core.rich.parts import ChoicesPart, ImagePart, TextPart
from connector_platform.core.text import split_text, utf16_units

MAX_TEXT = 594
"""In UTF-16 units: nine joined SMS of 66, whatever the alphabet. Bird takes nine parts: 1377 septets, or 603 units, of which an emoji at
the end of a part may waste one."""

# What is longer is cut below.
_ABILITIES = Abilities(measure=utf16_units)
_ABILITIES_WITH_MMS = Abilities(measure=utf16_units, image_schemes=frozenset({"https"}), max_image_caption=MAX_TEXT)


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One message: an MMS where ``file_url`` is set, else SMS."""

    text: str = ""
    file_url: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Messages in order, what they lack, what they offer to choose from."""

    messages: list[Message]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()


def text_messages(text: str) -> list[Message]:
    """``text`` in messages of at most ``MAX_TEXT`` UTF-16 units; nothing for blank text."""
    return [Message(text=piece) for piece in split_text(text, MAX_TEXT, measure=utf16_units)] if text.strip() else []


def render(content: RichContent, *, mms_enabled: bool) -> Rendered:
    """The messages that ``content`` becomes: its texts with numbered choices and ``label: url`` lines, its pictures where there is MMS.

    Raises:
        RichContentInvalid: it cannot be read.
    """
    message = parse(content.content, content.quick_replies, content.text)
    planned = plan(message, _ABILITIES_WITH_MMS if mms_enabled else _ABILITIES)
    messages: list[Message] = []
    lines: list[str] = []
    for part in planned.parts:
        match part:
            case TextPart() | ChoicesPart():
                lines.append(part.text)
            case ImagePart():
                messages += text_messages("\n".join(lines))
                lines.clear()
                messages.append(Message(text=part.caption, file_url=part.url))
            case _:
                raise AssertionError(f"the abilities rule out a {type(part).__name__}")
    messages += text_messages("\n".join(lines))
    return Rendered(messages=messages, losses=planned.losses, shown=planned.shown)
