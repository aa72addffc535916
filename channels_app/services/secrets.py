"""How a stored secret is shown, and how what was shown is understood when it comes back."""

from __future__ import annotations

import re

SHOWN_FROM = 8
"""A shorter secret shows no characters: four of them would be too much of it."""

_MASK = re.compile(r"set(, ends in ….{4})?")
_LONG_MASK = re.compile(r"set, ends in ….{4}")


def mask(secret: str) -> str:
    """What is shown in place of ``secret``: that it is set and its last four characters, or nothing where it is not."""
    if not secret:
        return ""
    return f"set, ends in …{secret[-4:]}" if len(secret) >= SHOWN_FROM else "set"


def is_mask(value: object) -> bool:
    """Whether ``value`` is what ``mask`` makes of some secret: it is never a secret itself."""
    return isinstance(value, str) and _MASK.fullmatch(value) is not None


def is_certainly_mask(value: object) -> bool:
    """Whether ``value`` can be nothing but a mask, even where no secret is expected."""
    return isinstance(value, str) and _LONG_MASK.fullmatch(value) is not None
