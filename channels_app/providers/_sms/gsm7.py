"""The GSM 03.38 default alphabet: what fits in it, and how long a text is on the air.

Source: 3GPP TS 23.038 §6.2.1 (alphabet and extension table), TS 23.040 §9.2.3.24 (concatenation header), known, not re-read.
"""

from __future__ import annotations

import math
import unicodedata
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType

from connector_platform.core.text import utf16_units

ESCAPE = 0x1B
# In code order, so that the index is the code. The escape stands as U+001B, which no text of ours is allowed to hold.
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = MappingProxyType(
    {0x0A: "\f", 0x14: "^", 0x28: "{", 0x29: "}", 0x2F: "\\", 0x3C: "[", 0x3D: "~", 0x3E: "]", 0x40: "|", 0x65: "€"}
)
_BASIC = {char: code for code, char in enumerate(ALPHABET) if code != ESCAPE}
_EXTENDED = {char: code for code, char in EXTENSION.items()}
_FITTING = frozenset((*_BASIC, *_EXTENDED))

# One SMS, and one part of a concatenated one: 140 octets, of which the header that joins the parts takes 6.
SINGLE_SEPTETS, PART_SEPTETS = 160, 153
SINGLE_UNITS, PART_UNITS = 70, 67

# What people type, or their phone types for them, and the closest thing the alphabet has.
_REPLACEMENTS = MappingProxyType(
    {
        "’": "'", "‘": "'", "‚": ",", "‛": "'", "´": "'", "`": "'", "′": "'",
        "“": '"', "”": '"', "„": '"', "″": '"', "«": '"', "»": '"',
        "–": "-", "—": "-", "‐": "-", "‑": "-", "‒": "-", "―": "-", "−": "-",
        "…": "...", "•": "-", "·": ".", "\u00a0": " ", "\u202f": " ", "\u2009": " ", "\t": " ",
        "\u200b": "", "\u200d": "", "\ufe0f": "", "\ufeff": "",
        "ç": "c", "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "ı": "i", "œ": "oe", "Œ": "OE", "þ": "th", "Þ": "Th", "ð": "d", "Ð": "D",
        "×": "x", "÷": "/", "©": "(c)", "®": "(R)", "™": "TM", "¢": "c", "°": "o", "º": "o", "ª": "a", "¦": "|",
    }
)  # fmt: skip


class Alphabet(StrEnum):
    GSM7 = "gsm7"
    UNICODE = "unicode"


def fits(text: str) -> bool:
    """Whether every character of ``text`` is in the basic set or the extension table."""
    return _FITTING.issuperset(text)


def septets(text: str) -> int:
    """The length of ``text`` in septets; an extension character takes two, as does one that is in neither table."""
    return sum(1 if char in _BASIC else 2 for char in text)


def to_gsm7(text: str) -> str:
    """``text`` with every character that the alphabet lacks replaced by the closest one, else by ``?``.

    Typographic quotes, dashes and blanks become plain, accents that are missing are dropped (``ë`` -> ``e``).
    """
    return text if fits(text) else "".join(map(_closest, unicodedata.normalize("NFC", text)))


@lru_cache(maxsize=4096)
def _closest(char: str) -> str:
    if char in _BASIC or char in _EXTENDED:
        return char
    if char in _REPLACEMENTS:
        return _REPLACEMENTS[char]
    plain = "".join(base for base in unicodedata.normalize("NFKD", char) if not unicodedata.combining(base))
    if plain and fits(plain):
        return plain
    return "" if unicodedata.combining(char) else "?"


def encode(text: str) -> bytes:
    """The codes of ``text``, one octet a septet (unpacked), as gateways and SMPP carry them; ``?`` for what does not fit."""
    out = bytearray()
    for char in text:
        if char in _EXTENDED:
            out += bytes((ESCAPE, _EXTENDED[char]))
        else:
            out.append(_BASIC.get(char, _BASIC["?"]))
    return bytes(out)


def decode(codes: bytes) -> str | None:
    """The text that unpacked ``codes`` spell, or None where an octet is not a septet (the sender used another charset).

    A code that the extension table lacks reads as the basic one, as 3GPP TS 23.038 asks of receivers.
    """
    if any(code > 0x7F for code in codes):
        return None
    out: list[str] = []
    escaped = False
    for code in codes:
        if code == ESCAPE:
            escaped = True
            continue
        out.append(EXTENSION.get(code, ALPHABET[code]) if escaped else ALPHABET[code])
        escaped = False
    return "".join(out)


def alphabet_of(text: str) -> Alphabet:
    """The alphabet that a gateway will need for ``text``."""
    return Alphabet.GSM7 if fits(text) else Alphabet.UNICODE


def measure(text: str, alphabet: Alphabet) -> int:
    """The length of ``text`` in septets or UTF-16 units, whichever ``alphabet`` counts."""
    return septets(text) if alphabet is Alphabet.GSM7 else utf16_units(text)


def segment_count(text: str, alphabet: Alphabet) -> int:
    """How many SMS ``text`` takes when the gateway concatenates; at least 1.

    Counts what the parts hold: an extension character or an emoji that would straddle two parts moves to the next one.
    """
    single, part = (SINGLE_SEPTETS, PART_SEPTETS) if alphabet is Alphabet.GSM7 else (SINGLE_UNITS, PART_UNITS)
    if measure(text, alphabet) <= single:
        return 1
    count, used = 1, 0
    for char in text:
        wide = char not in _BASIC if alphabet is Alphabet.GSM7 else char > "\uffff"
        size = 2 if wide else 1
        if used + size > part:
            count, used = count + 1, 0
        used += size
    return count


def segments(text: str) -> int:
    """How many SMS ``text`` takes in the alphabet that it needs, where the vendor chooses the alphabet and joins them."""
    return segment_count(text, alphabet_of(text))


def limit_for(max_septets: int, alphabet: Alphabet) -> int:
    """The limit that ``max_septets`` means in ``alphabet``: 160 septets are 70 UTF-16 units, 306 (two parts) are 134."""
    if alphabet is Alphabet.GSM7:
        return max_septets
    if max_septets <= SINGLE_SEPTETS:
        return max_septets * SINGLE_UNITS // SINGLE_SEPTETS
    return math.ceil(max_septets / PART_SEPTETS) * PART_UNITS
