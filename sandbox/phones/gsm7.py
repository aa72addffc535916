"""How many SMS a text takes: GSM 03.38 septets, or UCS-2 when one character is not in the alphabet."""

from __future__ import annotations

import math
from dataclasses import dataclass

BASIC = set(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = set("\f^{}\\[~]|€")  # two septets each


@dataclass(frozen=True)
class Segments:
    encoding: str  # "GSM-7" or "UCS-2"
    units: int  # septets, or UTF-16 code units
    count: int  # SMS that the consumer is sent


def segments(text: str) -> Segments:
    """What ``text`` costs. A concatenated message holds less per part, as each part carries a header.

    An escape and its character, and the two units of an astral character, stay in one part, so parts may end one unit early.
    """
    if all(char in BASIC or char in EXTENSION for char in text):
        sizes, one, each, encoding = [2 if char in EXTENSION else 1 for char in text], 160, 153, "GSM-7"
    else:
        sizes, one, each, encoding = [2 if ord(char) > 0xFFFF else 1 for char in text], 70, 67, "UCS-2"
    units = sum(sizes)
    if units <= one:
        return Segments(encoding, units, 1)
    count, room = 1, each
    for size in sizes:
        if size > room:
            count, room = count + 1, each
        room -= size
    return Segments(encoding, units, max(count, math.ceil(units / each)))


def pieces(text: str) -> list[str]:
    """The parts in which ``text`` travels; one where it fits one SMS."""
    size = segments(text)
    if size.count == 1:
        return [text]
    each, found = (153, [""]) if size.encoding == "GSM-7" else (67, [""])
    room = each
    for char in text:
        takes = 2 if (char in EXTENSION if size.encoding == "GSM-7" else ord(char) > 0xFFFF) else 1
        if takes > room:
            found, room = [*found, ""], each
        found[-1] += char
        room -= takes
    return found
