"""What several of the tests need."""

from __future__ import annotations

from typing import Any


def resolve(document: Any, pointer: str) -> Any:
    """What ``pointer`` names in ``document``.

    Raises:
        LookupError, TypeError, ValueError: nothing.
    """
    found = document
    for step in pointer.split("/")[1:]:
        found = found[int(step)] if isinstance(found, list) else found[step]
    return found
