"""What the simulated phones hold: a brand's lines, and each consumer's transcript on a line."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sandbox.kernel import now_ms

Message = dict[str, Any]
"""One bubble. Always there: ``id``, ``direction`` ("out": the consumer wrote it; "in": it came from the brand), ``type``, ``text``,
``at_ms``, ``status`` (sent, delivered, read or failed). By type also: ``url``, ``latitude``/``longitude``/``title``/``address``,
``options`` (quick replies), ``cards`` (each with ``buttons``; with ``menu`` they are a list that opens under that word), ``above`` (words
before the cards), ``selected`` (what was tapped), ``segments``."""

PIN = "Pinned location"
"""The title of a place that the consumer gave none."""

STATUS_RANK = {"failed": 0, "sent": 0, "delivered": 1, "read": 2}


@dataclass(kw_only=True)
class Line:
    """A brand's account at a vendor: a Messenger page, an SMS number. Each simulator adds what it needs to know."""

    provider: str
    address: str
    name: str
    auto_delivered: bool = True  # the phone reports by itself that a message arrived
    auto_read: bool = False  # ... and that it was read

    def public(self) -> dict[str, Any]:
        """What the control API shows of it; no secrets."""
        return {
            "provider": self.provider,
            "address": self.address,
            "name": self.name,
            "auto_delivered": self.auto_delivered,
            "auto_read": self.auto_read,
        }


@dataclass(kw_only=True)
class Profile:
    first_name: str = ""
    last_name: str = ""
    blocked: bool = False  # the consumer blocked the brand: the vendor refuses messages to them


@dataclass
class Phone:
    """One consumer's chat with one line."""

    line: Line
    consumer_id: str
    profile: Profile = field(default_factory=Profile)
    messages: list[Message] = field(default_factory=list)
    brand_is_typing: bool = False
    last_wrote_at_ms: int | None = None  # opens the vendor's messaging window; a tap counts, a receipt does not
    delivered_up_to_ms: int = 0
    read_up_to_ms: int = 0

    def add(self, message_id: str, direction: str, kind: str, text: str, **fields: Any) -> Message:
        """Append a bubble and return it. Its time is after every other bubble's and after every receipt's, as watermarks need it so."""
        last_ms = self.messages[-1]["at_ms"] if self.messages else 0
        at_ms = max(now_ms(), last_ms + 1, self.delivered_up_to_ms + 1, self.read_up_to_ms + 1)
        message: Message = {"id": message_id, "direction": direction, "type": kind, "text": text, "at_ms": at_ms, "status": "sent"}
        message.update(fields)
        self.messages.append(message)
        if direction == "out":
            self.last_wrote_at_ms = at_ms
        return message

    def incoming(self, below: str) -> list[Message]:
        """The brand's messages that have not got as far as ``below`` ("delivered" or "read"), in order."""
        rank = STATUS_RANK[below]
        return [m for m in self.messages if m["direction"] == "in" and m["status"] != "failed" and STATUS_RANK[m["status"]] < rank]

    def mark(self, messages: list[Message], status: str) -> bool:
        """Whether any of ``messages`` moved; they only move forward."""
        behind = [m for m in messages if STATUS_RANK[m["status"]] < STATUS_RANK[status] or status == "failed"]
        for message in behind:
            message["status"] = status
        return bool(behind)

    def find(self, message_id: str) -> Message | None:
        return next((m for m in reversed(self.messages) if m["id"] == message_id), None)

    def to_json(self) -> dict[str, Any]:
        """The transcript as the control API and the live feed show it. The bubbles are shared, not copied."""
        return {
            "provider": self.line.provider,
            "address": self.line.address,
            "line_name": self.line.name,
            "consumer_id": self.consumer_id,
            "profile": {"first_name": self.profile.first_name, "last_name": self.profile.last_name, "blocked": self.profile.blocked},
            "typing": self.brand_is_typing,
            "receipts": {"delivered_up_to_ms": self.delivered_up_to_ms, "read_up_to_ms": self.read_up_to_ms},
            "messages": list(self.messages),
        }
