"""Phone numbers: from what gateways send to one canonical form, and to the form that a gateway wants."""

from __future__ import annotations

import re
from typing import Literal

import phonenumbers

from channels_app.providers._sms.numbers import vendor_number

NumberFormat = Literal["e164", "digits", "national"]
# ITU-T E.164: 15 digits at most; the shortest numbers in use, with their country code, have 7.
MIN_INTERNATIONAL_DIGITS, MAX_INTERNATIONAL_DIGITS = 7, 15
_PUNCTUATION = re.compile(r"[\s().\-/\u00a0]")


def canonical_number(given: str, default_region: str) -> str:
    """The sender as the consumer's id: ``+31612345678`` where it is an international number, else as it was given.

    ``00`` and a single ``0`` (with ``default_region``) become ``+``. Digits that form a valid international number get their ``+`` back
    (unencoded in a URL, it arrives as a blank). Digits are never pushed through the region otherwise: 234… is Nigeria, also in the US.
    Short codes and names stay as they are.
    """
    given = given.strip()
    compact = _PUNCTUATION.sub("", given)
    digits = compact.removeprefix("+")
    if not (digits.isascii() and digits.isdigit()):
        return given
    if compact.startswith("+"):
        return compact
    if digits.startswith("00"):
        return "+" + digits[2:] if MIN_INTERNATIONAL_DIGITS <= len(digits) - 2 <= MAX_INTERNATIONAL_DIGITS else digits
    if digits.startswith("0"):
        national = _parse(digits, default_region) if default_region else None
        if national is not None and phonenumbers.is_possible_number(national):
            return phonenumbers.format_number(national, phonenumbers.PhoneNumberFormat.E164)
        return digits
    return "+" + digits if _is_valid("+" + digits) else digits


def formatted_number(number: str, form: NumberFormat) -> str:
    """The canonical ``number`` as the gateway wants it; short codes stay as they are.

    Raises:
        RecipientGone: it is a name, or has more or fewer digits than any number or short code.
    """
    digits = vendor_number(number)
    if form == "e164" or digits == number:
        return number
    parsed = _parse(number, "") if form == "national" else None
    if parsed is None:
        return digits
    return re.sub(r"\D", "", phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.NATIONAL))


def _parse(number: str, region: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(number, region or None)
    except phonenumbers.NumberParseException:
        return None


def _is_valid(number: str) -> bool:
    parsed = _parse(number, "")
    return parsed is not None and phonenumbers.is_valid_number(parsed)
