"""What an event becomes at Vonage, whichever kind of sender it leaves by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from connector_platform.core.rich import Loss, Shown

Fields = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Messages in order, never none, each with its ``channel``, ``message_type`` and content; what they lack, what they offer to choose from."""

    messages: list[Fields]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()
