"""Cutting text to a platform's limit without breaking what people see."""

from __future__ import annotations

import re
from collections.abc import Callable

_URL = re.compile(r"https?://\S+")
# Characters that belong to the one before them: joiners, variation selectors, skin tones, combining marks, keycaps, tags.
_EXTENDERS = re.compile("[\u200d\ufe0e\ufe0f\u20e3\u0300-\u036f\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]")
_BOUNDARIES = ("\n\n", "\n", ". ", " ")


def utf16_units(text: str) -> int:
    """The length of ``text`` in UTF-16 code units (an emoji outside the basic plane counts two)."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def split_text(text: str, limit: int, *, measure: Callable[[str], int] = len) -> list[str]:
    """Pieces of ``text`` of at most ``limit`` units each, cut at the best boundary; ``[]`` for empty text.

    Prefers a paragraph, then a line, a sentence, a word; a URL or a joined emoji is cut only where it alone exceeds the limit.
    Blanks at a cut are dropped; nothing else is. ``measure`` counts units (``len``, ``utf16_units``, septets ...) and must never
    shrink when text grows.

    Raises:
        ValueError: ``limit`` is under 2, which cannot hold one character of two units.
    """
    if limit < 2:
        raise ValueError("limit must be at least 2")
    pieces: list[str] = []
    rest = text
    while rest:
        if measure(rest) <= limit:
            pieces.append(rest)
            break
        cut = _cut(rest, _longest_prefix(rest, limit, measure))
        piece = rest[:cut].rstrip() or rest[:cut]
        pieces.append(piece)
        rest = rest[cut:].lstrip() if piece != rest[:cut] or rest[cut : cut + 1].isspace() else rest[cut:]
    return pieces


def _longest_prefix(text: str, limit: int, measure: Callable[[str], int]) -> int:
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        if measure(text[:middle]) <= limit:
            low = middle
        else:
            high = middle - 1
    return max(low, 1)


def _cut(text: str, longest: int) -> int:
    """The best place to cut at or before ``longest``."""
    for url in _URL.finditer(text):
        if url.start() < longest < url.end():
            if url.start() > longest // 4:
                longest = url.start()
            break
    if text[longest : longest + 1].isspace():
        return longest
    for boundary in _BOUNDARIES:
        at = text.rfind(boundary, 0, longest)
        if at > longest // 4:
            return at + len(boundary)
    cut = longest
    while cut > longest // 2 and (_EXTENDERS.match(text[cut : cut + 1]) or text[cut - 1] == "\u200d" or _splits_flag(text, cut)):
        cut -= 1
    return cut


def _splits_flag(text: str, cut: int) -> bool:
    """Whether ``cut`` falls between the two regional indicators of one flag."""
    run = 0
    while run < cut and "\U0001f1e6" <= text[cut - 1 - run] <= "\U0001f1ff":
        run += 1
    return run % 2 == 1 and "\U0001f1e6" <= text[cut : cut + 1] <= "\U0001f1ff"
