"""Whether a text fits the GSM 03.38 alphabet: the SMS API has to be told, and sends what does not fit as question marks.

Source: 3GPP TS 23.038 §6.2.1 (known); https://developer.vonage.com/en/messaging/sms/guides/concatenation-and-encoding (checked 2026-11).
"""

from __future__ import annotations

_GSM = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
    "\f^{}\\[~]|€"
)


def is_gsm(text: str) -> bool:
    """Whether every character of ``text`` is in the basic set or its extension."""
    return _GSM.issuperset(text)
