"""The GSM 03.38 default alphabet: what fits in it, how long a text is on the air, and where an SMS ends.

Source: 3GPP TS 23.038 §6.2.1 (alphabet and extension table), TS 23.040 §9.2.3.24 (concatenation header), known, not re-read.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Callable
from enum import StrEnum
from types import MappingProxyType

from connector_platform.core.text import split_text, utf16_units

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
    return all(char in _BASIC or char in _EXTENDED for char in text)


def septets(text: str) -> int:
    """The length of ``text`` in septets; an extension character takes two, as does one that is in neither table."""
    return sum(1 if char in _BASIC else 2 for char in text)


def to_gsm7(text: str) -> str:
    """``text`` with every character that the alphabet lacks replaced by the closest one, else by ``?``.

    Typographic quotes, dashes and blanks become plain, accents that are missing are dropped (``ë`` -> ``e``).
    """
    return "".join(_closest(char) for char in unicodedata.normalize("NFC", text))


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


def split_sms(text: str, *, max_septets: int, alphabet: Alphabet, numbered: bool = False) -> list[str]:
    """Pieces of ``text`` that each fit one SMS of ``max_septets`` (or what that is in UTF-16 units), cut at blanks where possible.

    ``numbered`` puts ``(1/3) `` in front of each when there are several; the mark is counted. Never cuts an extension character's
    two septets or an emoji's two units apart. ``[]`` for blank text.

    Raises:
        ValueError: ``max_septets`` is too small to hold a mark and a character (under 40).
    """
    if max_septets < 40:
        raise ValueError("max_septets must be at least 40")
    limit = limit_for(max_septets, alphabet)

    def length(piece: str) -> int:
        return measure(piece, alphabet)

    pieces = _cut(text, limit, length)
    if not numbered or len(pieces) < 2:
        return pieces
    digits = len(str(len(pieces)))
    while True:
        # "(n/n) " with every number at its widest; a longer count than planned asks for wider marks, at most a few rounds.
        pieces = _cut(text, limit - 2 * digits - 4, length)
        if len(str(len(pieces))) <= digits:
            break
        digits += 1
    return [f"({number}/{len(pieces)}) {piece}" for number, piece in enumerate(pieces, 1)]


def split_concatenated(text: str, *, max_segments: int, alphabet: Alphabet) -> list[str]:
    """Pieces of ``text`` that the gateway can each send as at most ``max_segments`` joined SMS; ``[]`` for blank text.

    Raises:
        ValueError: ``max_segments`` is under 2.
    """
    return _cut(text, max_segments, lambda piece: segment_count(piece, alphabet))


def _cut(text: str, limit: int, length: Callable[[str], int]) -> list[str]:
    return [piece for piece in split_text(text, limit, measure=length) if not piece.isspace()]
