"""What a write can be refused for. The API and the admin turn these into problems and form errors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from connector_platform.core.errors import ConnectorError


class Conflict(ConnectorError):
    """Another row stands in the way: the same address, the same install, the same short name."""

    code = "conflict"


class InUse(Conflict):
    """The row cannot be deleted, because others need it."""

    code = "in_use"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with one value: where it stands, a stable word, a sentence."""

    path: tuple[str | int, ...]
    code: str
    message: str


class Invalid(ConnectorError):
    """Values that cannot be stored, each with its place."""

    code = "invalid"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(" ".join(problem.message for problem in problems))
        self.problems = tuple(problems)

    @classmethod
    def at(cls, field: str, message: str, *, code: str = "invalid") -> Invalid:
        """One problem with one field."""
        return cls([Problem((field,), code, message)])
