"""What an operator types in for one sender.

Source: https://developer.vonage.com/en/getting-started/concepts/authentication and .../signing-messages (checked 2026-11).
"""

from __future__ import annotations

import re
import uuid
from functools import lru_cache
from typing import Annotated, Literal, Self

from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from pydantic import AfterValidator, Field, SecretStr, ValidationInfo, field_validator, model_validator

from channels_app.providers._meta.whatsapp.config import WhatsAppMessages
from channels_app.providers._sms.config import MORE_STOP_WORDS, START_WORDS, StartWords
from channels_app.providers.base import ProviderConfig

Kind = Literal["sms", "whatsapp", "rcs", "viber", "messenger"]
SignatureMethod = Literal["sha256", "sha512", "sha1", "md5", "md5hash"]

_PEM = re.compile(r"-----BEGIN ((?:RSA )?PRIVATE KEY)-----(.*?)-----END \1-----", re.DOTALL)
# What each kind of sender looks like: vonage-messages 1.8.1 (the vendor's own models) has the same for RCS, Viber and Messenger.
_SENDERS: dict[Kind, tuple[re.Pattern[str], str]] = {
    "sms": (
        re.compile(r"[0-9]{3,15}"),
        "must be the number itself with its country code, such as 31970102003, or a short code; names cannot be answered",
    ),
    "whatsapp": (re.compile(r"[1-9][0-9]{6,14}"), "must be the WhatsApp number with its country code, such as 31970102003"),
    "rcs": (re.compile(r"[A-Za-z0-9_&-]{1,50}"), "must be the RCS agent's sender ID: letters, digits, -, _ and & without blanks"),
    "viber": (re.compile(r"[A-Za-z0-9_-]{1,50}"), "must be the Viber Service Message ID that Vonage shows, such as 12345"),
    "messenger": (re.compile(r"[0-9]{1,50}"), "must be the Facebook page's ID, digits only"),
}


def _credential(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if len(text) < 6:
        raise ValueError("is too short; copy the whole value")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("has a blank, a line break or a letter outside ASCII inside; copy it again without surrounding text")
    return SecretStr(text)


def _application_id(value: str) -> str:
    if not value:
        return ""
    try:
        return str(uuid.UUID(value))
    except ValueError:
        raise ValueError("must be the application's id, such as 78d335fa-323d-0114-9c3d-d6f0d48968cf") from None


def _private_key(value: SecretStr) -> SecretStr:
    """The key with its lines as they have to be: forms and environment files lose or escape line breaks."""
    text = value.get_secret_value().replace("\\n", "\n").strip()
    if not text:
        return SecretStr("")
    found = _PEM.fullmatch(text)
    if found is None:
        raise ValueError("must be all of private.key, from -----BEGIN PRIVATE KEY----- to -----END PRIVATE KEY-----")
    body = re.sub(r"\s", "", found[2])
    lines = [body[at : at + 64] for at in range(0, len(body), 64)]
    pem = "\n".join((f"-----BEGIN {found[1]}-----", *lines, f"-----END {found[1]}-----", ""))
    read_key(pem)
    return SecretStr(pem)


@lru_cache(maxsize=4096)
def read_key(pem: str) -> RSAPrivateKey:
    """The key itself. It is kept: configurations are read every second, and to prove a key takes a hundred times as long as to sign with it.

    Raises:
        ValueError: it is no private RSA key.
    """
    try:
        key = load_pem_private_key(pem.encode("utf-8", "replace"), password=None)
    except (ValueError, TypeError):
        raise ValueError("is no readable private key; copy all of private.key again") from None
    if not isinstance(key, RSAPrivateKey) or key.key_size < 1024:
        raise ValueError("is no RSA key of 1024 bits or more, which Vonage's applications have")
    return key


Credential = Annotated[SecretStr, AfterValidator(_credential)]


class VonageSender(ProviderConfig):
    """One sender, with the account and, for the Messages API, the application that it belongs to."""

    kind: Kind = Field(
        default="sms",
        title="Kind of sender",
        description="What the sender below is. All but “sms” (which does MMS, too) go over the Messages API.",
    )
    sender: str = Field(
        title="Sender",
        description="SMS: Dashboard → Phone numbers → Your numbers, with the country code, or the short code. Else Dashboard → Social channels: "
        "the WhatsApp number, the RCS agent's sender ID, the Viber Service Message ID or the ID of the Facebook page.",
    )
    api: Literal["messages", "sms"] = Field(
        default="messages",
        title="API",
        description="“messages” is Vonage's current Messages API. “sms” is the older SMS API: texts only, for accounts that still use it.",
    )
    api_key: Credential = Field(title="API key", description="Dashboard → API settings → API key.")
    api_secret: Credential = Field(title="API secret", description="Dashboard → API settings → Account secret.")
    signature_secret: Credential = Field(
        title="Signature secret",
        description="Dashboard → API settings → Signature secret. Vonage signs every callback with it; nothing else proves that one is Vonage's.",
    )
    signature_method: SignatureMethod = Field(
        default="sha256",
        title="Signature method",
        description="SMS API only: the method chosen in Dashboard → API settings; “md5hash” is the one without HMAC. Callbacks must be signed.",
    )
    application_id: Annotated[str, AfterValidator(_application_id)] = Field(
        default="",
        title="Application ID",
        description="Messages API only: Dashboard → Applications → the application that this number is linked to. One application per channel.",
    )
    private_key: Annotated[SecretStr, AfterValidator(_private_key)] = Field(
        default=SecretStr(""),
        title="Private key",
        description="Messages API only: all of the file private.key that the application's “Generate public and private key” saved.",
    )
    media: Literal["link", "mms"] = Field(
        default="link",
        title="Pictures and files",
        description=(
            "“link” writes their address into an SMS. “mms” sends them as MMS: Messages API only, and only from numbers in the USA and Canada "
            "that have MMS."
        ),
    )
    region: Literal["eu", "us", "ap"] = Field(
        default="eu",
        title="Region",
        description="WhatsApp only: where Vonage hosts the number. Marks of reading and typing have to be made there.",
    )
    stop_keywords: list[str] = Field(
        default=MORE_STOP_WORDS,
        title="Stop words",
        description="A message of just this word stops all sending to its sender, whatever its letter case. Add your own languages'. Carriers "
        "want all of these for SMS; elsewhere people answer “cancel” to a question, so leave STOP alone there.",
    )
    start_keywords: StartWords = START_WORDS

    @property
    def address(self) -> str:
        """The sender as callbacks name it; with its kind before it where it is no number for SMS, which may be the same number."""
        return self.sender if self.kind == "sms" else f"{self.kind}:{self.sender}"

    @field_validator("sender")
    @classmethod
    def _is_of_its_kind(cls, value: str, info: ValidationInfo) -> str:
        kind: Kind = info.data.get("kind", "sms")
        if kind in ("sms", "whatsapp"):
            value = re.sub(r"[\s().-]", "", value).removeprefix("+")
        pattern, problem = _SENDERS[kind]
        if not pattern.fullmatch(value):
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if self.kind != "sms" and self.api == "sms":
            raise ValueError("api cannot be “sms” for such a sender: only the Messages API carries more than SMS")
        if self.kind != "sms" and self.media == "mms":
            raise ValueError("media cannot be “mms” for such a sender: it has pictures of its own")
        if self.api == "messages" and not self.application_id:
            raise ValueError("application_id is missing: the Messages API knows the channel by its application")
        if self.api == "messages" and not self.private_key.get_secret_value():
            raise ValueError("private_key is missing: calls to the Messages API are signed with it")
        if self.api == "sms" and self.media == "mms":
            raise ValueError("media cannot be “mms” with the SMS API, which carries texts only; choose the Messages API")
        return self


class VonageConfig(WhatsAppMessages, VonageSender):
    """One sender as a channel."""
