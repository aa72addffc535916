"""The report of what a channel could not show as it was meant."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class LossKind(StrEnum):
    DROPPED = "dropped"  # the person does not see it
    SHORTENED = "shortened"  # the person sees the beginning of it
    REDUCED = "reduced"  # the person sees it in a poorer form
    MOVED = "moved"  # the person sees all of it, elsewhere


@dataclass(frozen=True, slots=True, kw_only=True)
class Loss:
    """One thing that was not shown as it was meant.

    ``path`` is a JSON pointer into the event (``/content/elements/2/title``), ``reason`` a sentence for an operator that quotes nothing;
    ``before`` is what was meant and ``after`` what is shown: the words of the message, to be kept with it and logged nowhere.
    """

    path: str
    kind: LossKind
    reason: str
    before: str = ""
    after: str = ""

    def to_json(self) -> dict[str, str]:
        """A JSON-ready dict; ``before`` and ``after`` only where they say something."""
        data = {"path": self.path, "kind": self.kind.value, "reason": self.reason, "before": self.before, "after": self.after}
        return {name: value for name, value in data.items() if value or name not in ("before", "after")}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Loss:
        """The value that ``to_json`` described.

        Raises:
            KeyError, ValueError: it did not.
        """
        return cls(
            path=data["path"],
            kind=LossKind(data["kind"]),
            reason=data["reason"],
            before=data.get("before", ""),
            after=data.get("after", ""),
        )
