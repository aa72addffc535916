"""Why a message was not delivered, in words.

Source: https://www.plivo.com/docs/messaging/troubleshooting/error-codes (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

REASONS: Mapping[str, str] = MappingProxyType(
    {
        "10": "the carrier does not take the message as it is",
        "20": "the carrier's network failed",
        "30": "the carrier took it for spam, by its sender or its words",
        "40": "the sender is not valid, has no SMS, or is not this account's",
        "50": "the number is not valid, or is a landline",
        "60": "sender and recipient answer one another in a circle",
        "70": "the number is not in use any more",
        "80": "the phone is switched off or out of reach for now",
        "90": "there is no route to the number from this sender",
        "100": "the carrier does not support such a message",
        "110": "the message is too long",
        "200": "the person has opted out with STOP; only a START of theirs takes it back",
        "201": "toll-free numbers of the USA cannot write to Canada",
        "300": "Plivo could not pass it on",
        "420": "it could not be delivered in time",
        "450": "the account may not write to the person's country",
        "900": "the Plivo account has no credit",
        "910": "the Plivo account is disabled",
        "1000": "the carrier does not say why; is the number right?",
    }
)


def reason(status: str, code: str) -> str:
    """Why a report says ``undelivered``, ``failed`` or ``rejected``; ``code`` is its ``ErrorCode``."""
    code = code.strip().lstrip("0")
    code = code if code.isascii() and code.isdigit() and len(code) <= 6 else ""
    words = REASONS.get(code, "Plivo gave no reason that is known")
    return f"{words} ({status}, error {code})" if code else f"{words} ({status})"
