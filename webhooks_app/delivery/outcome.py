"""What came of one event's delivery: the end of it, or what it waits for. The engine writes it down and acts on it."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Write = Callable[[Any], None]
"""Further writes of the same transaction, given its connection."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Spoken:
    """A consumer's message of one part, as LivePerson numbered it. ``outbound`` is the key of its conversation's lane."""

    dialog: str
    sequence: int
    digest: str
    outbound: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """The event is finished: ``done``, ``skipped``, ``dead``, ``unknown`` or ``held``."""

    state: str
    outcome: str
    detail: str = ""
    awaits: str = ""
    conversation_id: uuid.UUID | None = None
    channel_id: uuid.UUID | None = None
    write: Write | None = None
    spoken: Spoken | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Again:
    """The event stays at its lane's head for ``delay_s``. ``in_doubt``: the call may have taken effect.

    ``counts``: it was a try. ``gap``: anything new in the lane ends the wait. ``moment_s``: the channel's rate gave it this moment, on the
    monotonic clock.
    """

    delay_s: float
    outcome: str
    detail: str = ""
    in_doubt: bool = False
    counts: bool = True
    gap: bool = False
    moment_s: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """The lane waits until an operator acts on the channel."""

    outcome: str
    detail: str = ""


Outcome = Ended | Again | Parked


def skipped(outcome: str, detail: str = "", **fields: Any) -> Ended:
    """Rightly not sent."""
    return Ended(state="skipped", outcome=outcome, detail=detail, **fields)
