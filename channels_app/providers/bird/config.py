"""What an operator types in for one number at Bird, formerly MessageBird.

Source: https://developers.messagebird.com/api/#authentication, https://developers.messagebird.com/docs/verify-http-requests, known as of 2026-11.
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from channels_app.providers._sms.config import START_WORDS, STOP_WORDS, StartWords, StopWords
from channels_app.providers.base import ProviderConfig

_NUMBER = re.compile(r"[0-9]{3,15}")
# "The sender of the message … in case of an alphanumeric string, the maximum length is 11 characters."
_NAME = re.compile(r"[A-Za-z0-9 ]{1,11}")


def _credential(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if len(text) < 8 or not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("needs 8 characters or more, without blanks, line breaks and letters outside ASCII; copy it again")
    return SecretStr(text)


def _sender(value: str) -> str:
    number = value.removeprefix("+")
    if _NUMBER.fullmatch(number):
        return number
    if value.startswith("+") or not _NAME.fullmatch(value):
        raise ValueError("must be a number (31970001234), a short code (3020) or a name of at most 11 letters and digits")
    return value


Credential = Annotated[SecretStr, AfterValidator(_credential)]


class BirdConfig(ProviderConfig):
    """One number, short code or sender name."""

    access_key: Credential = Field(
        title="Access key", description="Dashboard → Developers → API access: a live key. Who has it can send, and spend the balance."
    )
    signing_key: Credential = Field(
        title="Signing key",
        description="Dashboard → Developers → API settings → Signing key. Every callback is signed with it; it is not the access key.",
    )
    sender: Annotated[str, AfterValidator(_sender)] = Field(
        title="Sender", description="Your number with its country code, your short code, or a name. Names cannot be answered."
    )
    mms_enabled: bool = Field(
        default=False,
        title="Pictures as MMS",
        description="Only for numbers that can send MMS (United States, Canada). Otherwise pictures go out as links.",
    )
    stop_keywords: StopWords = STOP_WORDS
    start_keywords: StartWords = START_WORDS
