"""Why a message was not delivered, in words, and what can be done.

Source: https://www.plivo.com/docs/messaging/troubleshooting/error-codes, .../faq/messaging/sms (geo permissions), read 2026-11.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

OPTED_OUT = "200"

REASONS: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "10": ("the carrier does not take the message as it is", "Ask Plivo's support if it happens often."),
        "20": ("the carrier's network failed", "Send it again later."),
        "30": (
            "the carrier took it for spam, by its sender or its words",
            "Register brand and campaign (10DLC) at Plivo, or use a short code.",
        ),
        "40": ("the sender is not valid, has no SMS, or is not this account's", "Correct the channel's number."),
        "50": ("the number is not valid, or is a landline", "Ask the person for another number."),
        "60": ("sender and recipient answer one another in a circle", "Find the automatic answer that writes back."),
        "70": ("the number is not in use any more", "Do not write to it again."),
        "80": ("the phone is switched off or out of reach for now", "Send it again later."),
        "90": ("there is no route to the number from this sender", "Ask Plivo's support for a route."),
        "100": ("the carrier does not support such a message", "Send a plain text."),
        "110": ("the message is too long", "Send a shorter one."),
        OPTED_OUT: ("the person has opted out with STOP", "Only a START of theirs takes it back."),
        "201": ("toll-free numbers of the USA cannot write to Canada", "Use another number for Canada."),
        "300": ("Plivo could not pass it on", "Ask Plivo's support."),
        "420": ("it could not be delivered in time", "Send it again later."),
        "450": ("the account may not write to the person's country", "Allow the country in Plivo's console, under Geo Permissions."),
        "900": ("the Plivo account has no credit", "Top it up in Plivo's console."),
        "910": ("the Plivo account is disabled", "Ask Plivo's support."),
        "1000": ("the carrier does not say why", "Is the number right?"),
    }
)


def normal(code: str) -> str:
    """An ``ErrorCode`` without its leading zeros; empty where it is none, or ``000``: no error."""
    code = code.strip().lstrip("0")
    return code if code.isascii() and code.isdigit() and len(code) <= 6 else ""


def reason(status: str, code: str) -> str:
    """Why a report says ``undelivered``, ``failed`` or ``rejected``; ``code`` is its ``ErrorCode``."""
    code = normal(code)
    words, remedy = REASONS.get(code, ("Plivo gave no reason that is known", "Ask Plivo's support."))
    return f"{words} ({status}, error {code}). {remedy}" if code else f"{words} ({status})"
