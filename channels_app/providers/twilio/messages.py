"""One message of the Messages resource, and what several of them are.

Source: https://www.twilio.com/docs/messaging/api/message-resource (known, not re-read, 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from connector_platform.core.rich import Loss, Shown
from connector_platform.core.text import split_text, utf16_units

MAX_TEXT = 1600
MAX_BODY = 1024  # above buttons, and of a caption on WhatsApp


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """The fields of one message. ``types``: the content that is to be made first, whose SID is then the message."""

    fields: dict[str, str] = field(default_factory=dict)
    types: dict[str, Any] | None = None
    purpose: str = "send_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """The messages in order, what they lack, what they offer to choose from."""

    messages: list[Message]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()

    @property
    def has_contents(self) -> bool:
        return any(message.types for message in self.messages)


def text_messages(text: str) -> list[Message]:
    """``text`` cut to Twilio's 1600 characters, of which an emoji counts two; nothing for blank text. Twilio makes the SMS of each."""
    pieces = split_text(text, MAX_TEXT, measure=utf16_units) if text.strip() else []
    return [Message(fields={"Body": piece}) for piece in pieces]


def place_message(latitude: float, longitude: float, label: str, body: str) -> Message:
    """WhatsApp: a pin on a map.

    Source: https://www.twilio.com/docs/messaging/api/message-resource, PersistentAction (known, not re-read, 2026-11).
    """
    action = f"geo:{latitude},{longitude}" + (f"|{label}" if label else "")
    return Message(fields={"Body": body or label or f"{latitude}, {longitude}", "PersistentAction": action}, purpose="send_location")
