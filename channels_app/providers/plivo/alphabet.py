"""How long a text is for Plivo: septets of the GSM 03.38 alphabet, or UTF-16 units as soon as one character is not in it.

Source: 3GPP TS 23.038 §6.2.1 (known); https://www.plivo.com/docs/messaging/concepts/encoding-and-concatenation (known, 2026-11).
"""

from __future__ import annotations

from connector_platform.core.text import utf16_units

MAX_SEPTETS = 1600
MAX_UNITS = 737

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENSION = frozenset("\f^{}\\[~]|€")


def length(text: str) -> int:
    """The length of ``text`` in septets; a text with other letters counts so much more that 737 of its units are 1600."""
    if all(char in _BASIC or char in _EXTENSION for char in text):
        return sum(2 if char in _EXTENSION else 1 for char in text)
    return -(-utf16_units(text) * MAX_SEPTETS // MAX_UNITS)
