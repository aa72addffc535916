"""The values that an operator copies from Meta's dashboards, whichever channel they are for."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr


def _digits(value: str) -> str:
    if not (value.isascii() and value.isdigit() and len(value) <= 32):
        raise ValueError("must be digits only, such as 108800000000017; copy the number, not the name or the address")
    return value


def _credential(value: SecretStr) -> SecretStr:
    # A header holds the token and an HTTP client refuses blanks and control characters there, so a bad paste is caught here.
    text = value.get_secret_value().strip()
    if len(text) < 8:
        raise ValueError("is too short; copy the whole value (8 characters or more)")
    if not text.isascii() or not text.isprintable() or " " in text:
        raise ValueError("has a blank, a line break or a letter outside ASCII inside; copy it again without surrounding text")
    return SecretStr(text)


def _optional_credential(value: SecretStr) -> SecretStr:
    return _credential(value) if value.get_secret_value().strip() else SecretStr("")


def _verify_token(value: SecretStr) -> SecretStr:
    text = value.get_secret_value().strip()
    if not text:
        raise ValueError("must not be empty; make up any phrase and enter the same one at Meta")
    return SecretStr(text)


MetaId = Annotated[str, AfterValidator(_digits)]
Credential = Annotated[SecretStr, AfterValidator(_credential)]
OptionalCredential = Annotated[SecretStr, AfterValidator(_optional_credential)]
VerifyToken = Annotated[SecretStr, AfterValidator(_verify_token)]
AppId = Annotated[
    MetaId,
    Field(
        title="App ID",
        description="The number at the top of the app's dashboard, and under App settings → Basic, on developers.facebook.com.",
    ),
]
SendsProof = Annotated[
    bool,
    Field(
        title="Send app secret proof",
        description="Switch on where App settings → Advanced → Security → Require app secret is on at Meta.",
    ),
]
HasHumanAgent = Annotated[
    bool,
    Field(
        title="Human agent",
        description=(
            "Let people, but no bots, answer up to 7 days after the person's last message instead of 24 hours. Only after Meta approved the "
            "Human Agent feature: App review → Permissions and features."
        ),
    ),
]
