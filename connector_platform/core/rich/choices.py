"""What a message offered to choose from, and which of it a person's answer means."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from connector_platform.core.rich.model import Metadata

TEXT_PAYLOAD = "text:"
"""Ours: a payload that starts so holds the words to publish when the person taps."""
PICK_PAYLOAD = "pick:"
"""Ours: a payload that starts so names a message of ours and the number of one of its choices."""


class ChoiceKind(StrEnum):
    """The action behind a choice, by LivePerson's name; NONE where there was none."""

    PUBLISH_TEXT = "publishText"
    LINK = "link"
    CALL = "call"
    NAVIGATE = "navigate"
    ADD_TO_CART = "addToCart"
    CUSTOM = "custom"
    SCHEDULE_SLOT = "scheduleSlot"
    CHECKED = "checked"
    UNKNOWN = "unknown"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One thing that a person could choose.

    ``number`` counts the choices of the message that can be answered from 1; 0 for links and calls, which only open something.
    ``is_numbered``: the person saw the number. ``title`` is the whole title, whatever of it was shown. ``publish_text`` is what choosing
    it says; ``metadata`` reports the click to LivePerson. ``payload`` is what was put behind the button; empty where there is no button.
    """

    number: int
    title: str
    kind: ChoiceKind
    publish_text: str = ""
    metadata: Metadata = ()
    is_numbered: bool = False
    payload: str = ""
    path: str = ""

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready dict; ``from_json`` gives the value back."""
        return {
            "number": self.number,
            "title": self.title,
            "kind": self.kind.value,
            "publish_text": self.publish_text,
            "metadata": list(self.metadata),
            "is_numbered": self.is_numbered,
            "payload": self.payload,
            "path": self.path,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Choice:
        """The value that ``to_json`` described.

        Raises:
            KeyError, TypeError, ValueError: it did not.
        """
        return cls(**{**data, "kind": ChoiceKind(data["kind"]), "metadata": tuple(data["metadata"])})


Shown = tuple[Choice, ...]
"""The table of what one message showed, in the order of the message."""


def text_payload(choice: Choice) -> str:
    """The payload that needs no memory: the words that choosing publishes, as they are."""
    return TEXT_PAYLOAD + choice.publish_text


def pick_payload(message_id: str, choice: Choice) -> str:
    """The payload that names exactly this choice of the message ``message_id``; ``read_pick`` takes it apart.

    Two buttons that say the same words differ in what they report to LivePerson, so the words alone would not tell which was tapped.
    ``message_id`` is a UUID, so there are at most 46 characters, all of them ASCII.
    """
    return f"{PICK_PAYLOAD}{message_id}:{choice.number}"


def read_pick(payload: str) -> tuple[UUID, int] | None:
    """The message and the number that ``payload`` names, or None where it is no such payload."""
    found = _PICK.fullmatch(payload)
    return (UUID(found["message"]), int(found["number"])) if found else None


def match(text: str, shown: Sequence[Choice]) -> Choice | None:
    """The choice that a person means by writing ``text``: its title, its number where numbers were shown, or both (``2) Blue``).

    Case, blanks, full-width and other scripts' digits make no difference; ``2``, ``2)``, ``2.``, ``(2)`` and ``#2`` are the same. A title
    wins over a number: where "10" is the first choice and "1" the second, "1" is the second. A title that two choices with different
    meanings share is nobody's.
    """
    answer = _plain(text)
    answerable = [choice for choice in shown if choice.number and choice.publish_text]
    titled = [choice for choice in answerable if answer and _plain(choice.title) == answer]
    if titled:
        meanings = [(choice.publish_text, choice.metadata) for choice in titled]
        return titled[0] if all(meaning == meanings[0] for meaning in meanings) else None
    for choice in answerable:
        if choice.is_numbered and (found := _NUMBER.fullmatch(answer)) and int(found["number"]) == choice.number:
            rest = found["title"]
            return choice if not rest or rest == _plain(choice.title) else None
    return None


def by_payload(payload: str, shown: Sequence[Choice]) -> Choice | None:
    """The choice whose button carried ``payload``; the first of several that share it."""
    return next((choice for choice in shown if choice.payload and choice.payload == payload), None)


_PICK = re.compile(re.escape(PICK_PAYLOAD) + r"(?P<message>[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(?P<number>[0-9]{1,6})", re.ASCII)
_NUMBER = re.compile(r"[(#\[]?\s?(?P<number>\d{1,6})(\s?[.):\]])?(\s(?P<title>.+))?")


def _plain(text: str) -> str:
    # U+FE0F and U+20E3 make the keycap 2️⃣ of a digit.
    folded = unicodedata.normalize("NFKC", text).casefold().replace("\ufe0f", "").replace("\u20e3", "")
    return " ".join(folded.split())
