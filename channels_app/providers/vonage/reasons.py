"""Why a message was not delivered, in words: Vonage's codes of both APIs, and which of them pass.

Source: https://developer.vonage.com/en/api-errors/messages, .../messaging/sms/guides/delivery-receipts,
.../opt-out-assist/guides/messaging-opted-out-numbers and, on what may be sent again ("Retry"),
https://api.support.vonage.com/hc/en-us/articles/204014733 (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from connector_platform.core import wire

_ABSENT = "the phone is switched off or out of reach for now"
_GONE = "the number is not in use any more"
_STOPPED = "the person has opted out with STOP; only a START of theirs takes it back"
_SPAM = "the carrier took it for spam, by its sender or its words"
_UNROUTABLE = "there is no route to the number from this sender"
_BARRED = "the number is barred from receiving messages"
_AGE = "the carrier blocks it because of the person's age"
_CARRIER = "the carrier blocks it: the person's plan, or the sender's"
_NETWORK = "the carrier's network failed"
_PORTED = "the number has changed carrier and cannot be reached yet"
_CREDIT = "the person's prepaid account cannot pay for it"
_INVALID = "a value of the message is not valid"
_UNKNOWN = "the carrier does not say why; is the number right?"

OUTSIDE_WINDOW = "1340"
OPTED_OUT, RECEIPT_OPTED_OUT = "1240", "9"
AGAIN: Mapping[str, int] = MappingProxyType({"1180": 3, "1220": 2, "1230": 2})
"""How many times a message of the Messages API goes out anew that was lost for this reason: neither Vonage nor the carrier tries it again."""
RECEIPT_AGAIN: Mapping[str, int] = MappingProxyType({"2": 3, "7": 2, "8": 2})
"""The same of the SMS API."""

MESSAGE_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "1000": "too many messages in a short time",
        "1010": _INVALID,
        "1020": _INVALID,
        "1021": "the tag is not valid",
        "1022": "there is no such template, or its values do not fit",
        "1030": "a failure at Vonage",
        "1040": "Vonage could not process it; is the number right?",
        "1050": _BARRED,
        "1060": "the Vonage account is barred",
        "1070": "the Vonage account has no credit",
        "1080": "the Vonage account may not use this API",
        "1090": "the message is too long",
        "1100": "Vonage could not pass it on",
        "1120": "the sender is not allowed in the person's country",
        "1140": "the Vonage account lacks a feature that it needs",
        "1160": "the number is not on the list of numbers that a trial account may write to",
        "1170": "the number is not valid",
        "1180": _ABSENT,
        "1190": _GONE,
        "1200": _PORTED,
        "1210": _SPAM,
        "1220": "the phone was busy",
        "1230": _NETWORK,
        OPTED_OUT: _STOPPED,
        "1241": "too many messages to this number",
        "1250": _UNROUTABLE,
        "1260": "the number cannot be reached",
        "1270": _AGE,
        "1280": _CARRIER,
        "1290": _CREDIT,
        "1300": "the number is not in the carrier's network",
        "1310": "the phone cannot show such a message",
        "1320": "the message had been sent before",
        "1330": _UNKNOWN,
        OUTSIDE_WINDOW: "the person's last message is too long ago: until the person writes again, only a template can go",
        "1360": "it could not be delivered in time",
    }
)

RECEIPT_REASONS: Mapping[str, str] = MappingProxyType(
    {
        "1": _UNKNOWN,
        "2": _ABSENT,
        "3": _GONE,
        "4": "the person has barred such messages at the carrier",
        "5": _PORTED,
        "6": _SPAM,
        "7": "the phone was busy",
        "8": _NETWORK,
        RECEIPT_OPTED_OUT: _STOPPED,
        "10": _INVALID,
        "11": _UNROUTABLE,
        "12": "the number cannot be reached",
        "13": _AGE,
        "14": _CARRIER,
        "15": _CREDIT,
        "16": "the carrier takes no more messages from this account for now",
        "50": "a regulation filter: the sender's company is not registered (entity id)",
        "51": "a regulation filter: the sender is not registered (header)",
        "52": "a regulation filter: the words are not registered (content template)",
        "53": "a regulation filter: the person has not consented",
        "54": "a regulation of the person's country forbids it",
        "99": "the route to the number has a problem",
    }
)


def error_code(root: dict[str, Any]) -> str:
    """The number of a report's error, which is its title and the end of its type; empty where there is none."""
    error = wire.obj(root, "error")
    candidates = (wire.identifier(error, "title"), wire.text(error, "type").rpartition("#")[2])
    return next((code for code in candidates if code.isascii() and code.isdigit() and len(code) <= 6), "")


def message_reason(root: dict[str, Any], status: str) -> str:
    """Why the Messages API reports ``rejected`` or ``undeliverable``."""
    code = error_code(root)
    return _in_words(MESSAGE_REASONS.get(code, ""), code, status)


def error_number(code: str) -> str:
    """The SMS API's ``err-code``, without zeros before it; empty where it is no number, or 0."""
    return code.lstrip("0") if code.isascii() and code.isdigit() and len(code) <= 6 else ""


def receipt_reason(status: str, code: str) -> str:
    """Why the SMS API reports ``failed``, ``rejected`` or ``expired``; ``code`` is its ``error_number``."""
    if status == "expired" and code not in RECEIPT_REASONS:
        return _in_words("it could not be delivered in time", code, status)
    return _in_words(RECEIPT_REASONS.get(code, ""), code, status)


def _in_words(words: str, code: str, status: str) -> str:
    words = words or "Vonage gave no reason that is known"
    return f"{words} ({status}, error {code})" if code else f"{words} ({status})"
