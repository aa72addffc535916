"""Typed reading of JSON from outside, with the place of a fault: what ``parse`` stands on."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.rich.model import Metadata

MAX_DEPTH = 32
"""Documented templates are five levels deep; what goes far beyond is a mistake and must not exhaust the stack."""

MAX_NODES = 3_000
"""Elements and actions of one message: ten times the largest documented template (256 elements)."""

MAX_CHARS = 500_000
"""Characters of one message, and of content that comes as a JSON string: a hundred times LivePerson's longest text."""


class RichContentInvalid(UnsupportedContent):
    """Not structured content. ``path`` is a JSON pointer to the fault, in the document that was given."""

    code = "rich_content_invalid"

    def __init__(self, path: str, message: str) -> None:
        super().__init__(f"structured content cannot be read at {path or 'its root'}: {message}")
        self.path = path
        self.reason = message


class Reader:
    """Reads the fields of one message and counts what it has read.

    Raises:
        RichContentInvalid: from every method, where a value is of the wrong kind or a bound is passed.
    """

    def __init__(self) -> None:
        self._nodes = 0
        self._chars = 0

    def node(self, data: Any, path: str, depth: int) -> dict[str, Any]:
        """``data``, which must be an object."""
        self._nodes += 1
        if not isinstance(data, dict):
            raise RichContentInvalid(path, "this must be an object")
        if depth > MAX_DEPTH:
            raise RichContentInvalid(path, f"nested more than {MAX_DEPTH} levels deep")
        if self._nodes > MAX_NODES:
            raise RichContentInvalid(path, f"more than {MAX_NODES} elements and actions")
        return data

    def words(self, data: dict[str, Any], name: str, path: str, *, is_required: bool = False) -> str:
        """The text called ``name``, ready for JSON and databases: half surrogate pairs are replaced and NULs left out.

        Numbers and booleans are taken as their JSON; null is nothing.
        """
        value = data.get(name)
        if isinstance(value, bool):
            value = "true" if value else "false"
        elif isinstance(value, int | float):
            value = str(value)
        if value is None:
            if is_required:
                raise RichContentInvalid(path, f"“{name}” is missing")
            return ""
        if not isinstance(value, str):
            raise RichContentInvalid(f"{path}/{name}", "this must be a text")
        self._chars += len(value)
        if self._chars > MAX_CHARS:
            raise RichContentInvalid(f"{path}/{name}", f"more than {MAX_CHARS} characters in one message")
        return clean(value)

    def number(self, data: dict[str, Any], name: str, path: str) -> float:
        """The finite number called ``name``; a number in quotes is one."""
        value = data.get(name)
        if value is None:
            raise RichContentInvalid(path, f"“{name}” is missing")
        try:
            number = float(value) if isinstance(value, int | float | str) and not isinstance(value, bool) else math.nan
        except (ValueError, OverflowError):
            number = math.nan
        if not math.isfinite(number):
            raise RichContentInvalid(f"{path}/{name}", "this must be a number")
        return number

    def whole(self, data: dict[str, Any], name: str, path: str) -> int | None:
        """The whole number called ``name``, None where there is none."""
        return None if data.get(name) is None else int(self.number(data, name, path))

    def items(self, data: dict[str, Any], name: str, path: str, *, is_required: bool = False) -> Iterator[tuple[Any, str]]:
        """Each item of the list called ``name`` with its path."""
        value = data.get(name)
        if value is None:
            if is_required:
                raise RichContentInvalid(path, f"“{name}” is missing")
            return
        if not isinstance(value, list):
            raise RichContentInvalid(f"{path}/{name}", "this must be a list")
        for index, item in enumerate(value):
            yield item, f"{path}/{name}/{index}"

    def metadata(self, data: dict[str, Any], path: str) -> Metadata:
        """``metadata`` as a list of objects. LivePerson's own samples have a single object too."""
        value = data.get("metadata")
        if isinstance(value, dict):
            return (value,)
        found = []
        for item, at in self.items(data, "metadata", path):
            if not isinstance(item, dict):
                raise RichContentInvalid(at, "this must be an object")
            found.append(item)
        return tuple(found)


def clean(text: str) -> str:
    """``text`` as JSON and a database can carry it."""
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")
