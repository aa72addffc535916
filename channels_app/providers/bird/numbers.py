"""Phone numbers: MessageBird writes them with their country code and without the plus.

Source: https://developers.messagebird.com/api/sms-messaging/, known as of 2026-11.
"""

from __future__ import annotations

import re

from connector_platform.core.errors import RecipientGone

MAX_SENDER_CHARS = 64
# ITU-T E.164: at most 15 digits; the shortest numbers in use, with their country code, have 7. What is shorter is a short code.
_INTERNATIONAL = re.compile(r"[1-9][0-9]{6,14}")
_PUNCTUATION = re.compile(r"[\s().-]")


def canonical_number(given: str) -> str:
    """``+31612345678`` where ``given`` is an international number, with or without its plus; short codes and names as they are."""
    digits = _PUNCTUATION.sub("", given).removeprefix("+")
    return f"+{digits}" if _INTERNATIONAL.fullmatch(digits) else given.strip()[:MAX_SENDER_CHARS]


def vendor_number(number: str) -> str:
    """``number`` as MessageBird takes it.

    Raises:
        RecipientGone: it is a name: nothing can be sent to those.
    """
    digits = number.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        raise RecipientGone("the consumer wrote from an alphanumeric sender id, which cannot be answered")
    return digits
