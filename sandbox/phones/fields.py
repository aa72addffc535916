"""Reading of the bodies that the control API is given."""

from __future__ import annotations

from typing import Any, TypeVar

T = TypeVar("T")


class Fields:
    """The fields of a JSON object. What is missing, of the wrong type, or never asked for is a ``ValueError`` with a sentence."""

    def __init__(self, body: dict[str, Any], what: str) -> None:
        self._body = body
        self._what = what
        self._asked: set[str] = set()

    def need(self, name: str, kind: type[T]) -> T:
        """The value of ``name``, which has to be there and, as text, not empty."""
        if not self._body.get(name):
            raise ValueError(f"{self._what} needs {name}")
        return self._typed(name, kind)

    def get(self, name: str, default: T) -> T:
        """The value of ``name``, of the type of ``default``."""
        if self._body.get(name) is None:
            self._asked.add(name)
            return default
        return self._typed(name, type(default))

    def one_of(self, name: str, choices: tuple[str, ...]) -> str:
        """The value of ``name``; the first of ``choices`` when it is missing."""
        value = self.get(name, choices[0])
        if value not in choices:
            raise ValueError(f"{name} of {self._what} must be one of {', '.join(choices)}; got {value}")
        return value

    def done(self) -> None:
        """Complain about the fields that nobody asked for: they are misspelt."""
        unknown = sorted(set(self._body) - self._asked)
        if unknown:
            raise ValueError(f"unknown fields of {self._what}: {', '.join(unknown)}; known are {', '.join(sorted(self._asked))}")

    def _typed(self, name: str, kind: type[T]) -> T:
        self._asked.add(name)
        value = self._body[name]
        if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
            raise ValueError(f"{name} of {self._what} must be {kind.__name__}")
        return value
