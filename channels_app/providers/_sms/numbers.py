"""Phone numbers of vendors that write them with their country code and without the plus: Bird, Infobip, Plivo, Vonage.

Source: https://www.infobip.com/docs/essentials/message-settings/number-formatting, https://developers.messagebird.com/api/sms-messaging/,
https://www.plivo.com/docs/messaging/api/message/send-a-message, https://developer.vonage.com/en/api/messages, known as of 2026-11.
"""

from __future__ import annotations

import re

from connector_platform.core.errors import RecipientGone
from connector_platform.core.events import Profile

MAX_SENDER_CHARS = 64
# ITU-T E.164: at most 15 digits; the shortest numbers in use, with their country code, have 7. What is shorter is a short code.
_INTERNATIONAL = re.compile(r"[1-9][0-9]{6,14}")
_ANSWERABLE = re.compile(r"[0-9]{3,15}")
_PUNCTUATION = re.compile(r"[\s().-]")


def canonical_number(given: str) -> str:
    """``+31612345678`` where ``given`` is an international number, with or without its plus; short codes and names as they are."""
    digits = _PUNCTUATION.sub("", given).removeprefix("+")
    return f"+{digits}" if _INTERNATIONAL.fullmatch(digits) else given.strip()[:MAX_SENDER_CHARS]


def profile(person: str) -> Profile | None:
    """What a number, with or without its plus, tells of a person: itself. Short codes and names are nobody's."""
    digits = person.removeprefix("+")
    return Profile(phone=f"+{digits}") if _INTERNATIONAL.fullmatch(digits) else None


def vendor_number(number: str) -> str:
    """``number`` as the vendor takes it, without a plus.

    Raises:
        RecipientGone: it is a name, to which nothing can be sent, or has more or fewer digits than any number or short code.
    """
    digits = number.removeprefix("+")
    if not _ANSWERABLE.fullmatch(digits):
        raise RecipientGone("the consumer wrote from an alphanumeric sender id, which cannot be answered")
    return digits
