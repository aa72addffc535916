"""What an operator types in for one number or powerpack.

Source: https://www.plivo.com/docs/messaging/api/overview (known, 2026-11).
"""

from __future__ import annotations

import re
import uuid
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, SecretStr, model_validator

from channels_app.providers._sms.config import MORE_STOP_WORDS, START_WORDS, StartWords
from channels_app.providers.base import ProviderConfig

_AUTH_ID = re.compile(r"[MS]A[A-Z0-9]{18}")
_NUMBER = re.compile(r"[0-9]{3,15}")


def _auth_id(value: str) -> str:
    if not _AUTH_ID.fullmatch(value):
        raise ValueError("must be the Auth ID: MA (or SA, of a subaccount) and 18 capitals and digits")
    return value


def _auth_token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if len(text) < 12:
        raise ValueError("is too short; copy the whole Auth Token")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("has a blank, a line break or a letter outside ASCII inside; copy it again without surrounding text")
    return SecretStr(text)


def _sender(value: str) -> str:
    digits = re.sub(r"[\s().-]", "", value).removeprefix("+")
    if digits and not _NUMBER.fullmatch(digits):
        raise ValueError("must be the number itself with its country code, such as 15550100, or a short code; names cannot be answered")
    return digits


def _powerpack(value: str) -> str:
    if not value:
        return ""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValueError("must be the powerpack's UUID, such as 86bbb125-97bb-4d72-89fd-81d5c515b015") from None


class PlivoConfig(ProviderConfig):
    """One number or powerpack as a channel, with the account that it belongs to."""

    sender: Annotated[str, AfterValidator(_sender)] = Field(
        default="",
        title="Number",
        description="Console → Phone Numbers → Your Numbers: the number with its country code, or the short code. Leave it empty for a powerpack.",
    )
    powerpack_uuid: Annotated[str, AfterValidator(_powerpack)] = Field(
        default="",
        title="Powerpack UUID",
        description="Console → Messaging → Powerpacks. Plivo then chooses the number, the same for the same person. Empty for a single number.",
    )
    auth_id: Annotated[str, AfterValidator(_auth_id)] = Field(title="Auth ID", description="Console → Overview → Auth ID.")
    auth_token: Annotated[SecretStr, AfterValidator(_auth_token)] = Field(
        title="Auth Token",
        description="Console → Overview → Auth Token. It sends, and Plivo signs every callback with it; nothing else proves that one is Plivo's.",
    )
    signature_version: Literal["v3", "v2"] = Field(
        default="v3",
        title="Signature",
        description=(
            "“v3” covers the words of a callback. Choose “v2”, which covers its address only, if the log shows that Plivo's callbacks carry "
            "no X-Plivo-Signature-V3; “v3” is still checked where it comes."
        ),
    )
    media: Literal["link", "mms"] = Field(
        default="link",
        title="Pictures and files",
        description="“link” writes their address into an SMS. “mms” sends them as MMS, from numbers in the USA and Canada that have MMS.",
    )
    stop_keywords: list[str] = Field(
        default=MORE_STOP_WORDS,
        title="Stop words",
        description=(
            "A message of just this word stops all sending to its sender, whatever its letter case. Add your languages' words. In the USA and "
            "Canada Plivo itself obeys the English ones as well."
        ),
    )
    start_keywords: StartWords = START_WORDS

    @model_validator(mode="after")
    def _has_one_sender(self) -> Self:
        if bool(self.sender) == bool(self.powerpack_uuid):
            raise ValueError("give either sender or powerpack_uuid, and not both: messages leave from the one or the other")
        return self
