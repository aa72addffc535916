"""What an operator types in for one number at Bird, formerly MessageBird.

Source: https://developers.messagebird.com/api/#authentication, https://developers.messagebird.com/docs/verify-http-requests, known as of 2026-11;
https://docs.bird.com/api/api-access/api-authorization (read 2026-11).
"""

from __future__ import annotations

import re
import uuid
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, model_validator

from channels_app.providers._sms.config import START_WORDS, STOP_WORDS, Credential, StartWords, StopWords
from channels_app.providers.base import ProviderConfig

_NUMBER = re.compile(r"[0-9]{3,15}")
# "The sender of the message … in case of an alphanumeric string, the maximum length is 11 characters."
_NAME = re.compile(r"[A-Za-z0-9 ]{1,11}")


def _sender(value: str) -> str:
    if not value:
        return ""
    number = value.removeprefix("+")
    if _NUMBER.fullmatch(number):
        return number
    if value.startswith("+") or not _NAME.fullmatch(value):
        raise ValueError("must be a number (31970001234), a short code (3020) or a name of at most 11 letters and digits")
    return value


def _id(value: str) -> str:
    if not value:
        return ""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValueError("must be the id that Bird shows, such as 614208aa-b153-4d5d-9989-2fddfc0ce4c3") from None


Id = Annotated[str, AfterValidator(_id)]


class BirdConfig(ProviderConfig):
    """One number, short code or sender name."""

    api: Literal["legacy", "bird"] = Field(
        default="legacy",
        title="API",
        description="“legacy” is MessageBird's REST API (dashboard.messagebird.com). “bird” is its successor, the Channels API (app.bird.com).",
    )
    access_key: Credential = Field(
        title="Access key",
        description=(
            "legacy: Dashboard → Developers → API access, a live key. bird: Settings → Security → Access keys. Who has it can send, and spend the "
            "balance."
        ),
    )
    signing_key: Credential = Field(
        title="Signing key",
        description=(
            "legacy: Dashboard → Developers → API settings → Signing key. bird: a long random text of your own; “Register webhook” tells it to "
            "Bird. Every callback is signed with it; it is not the access key."
        ),
    )
    sender: Annotated[str, AfterValidator(_sender)] = Field(
        default="",
        title="Sender",
        description="legacy only: your number with its country code, your short code, or a name. Names cannot be answered.",
    )
    workspace_id: Id = Field(default="", title="Workspace ID", description="bird only: the UUID of the workspace that has the SMS channel.")
    channel_id: Id = Field(
        default="",
        title="Channel ID",
        description="bird only: the UUID of the SMS channel. It stands for its number, as sender and as recipient.",
    )
    mms_enabled: bool = Field(
        default=False,
        title="Pictures as MMS",
        description="Only for numbers that can send MMS (United States, Canada). Otherwise pictures go out as links.",
    )
    stop_keywords: StopWords = STOP_WORDS
    start_keywords: StartWords = START_WORDS

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        needed = ("sender",) if self.api == "legacy" else ("workspace_id", "channel_id")
        for name in needed:
            if not getattr(self, name):
                raise ValueError(f"{name} is missing: api “{self.api}” needs it")
        return self
