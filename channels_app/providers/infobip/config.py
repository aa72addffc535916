"""What an operator types in for one number at Infobip.

Source: https://www.infobip.com/docs/essentials/api-essentials (base URL, API key), https://www.infobip.com/docs/cpaas-x/subscriptions-management
(how callbacks are protected), known as of 2026-11.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr

from channels_app.providers._sms.config import START_WORDS, STOP_WORDS, Credential, StartWords, StopWords
from channels_app.providers.base import ProviderConfig

_HOST = re.compile(r"(?:[a-z0-9-]+\.)?api\.infobip\.com")
_NUMBER = re.compile(r"[0-9]{3,15}")
_NAME = re.compile(r"[A-Za-z0-9 ._&-]{3,11}")
# These characters look the same in an address and percent-encoded.
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")
_HEADER = re.compile(r"[A-Za-z0-9-]{1,60}")


def _base_url(value: str) -> str:
    # The portal shows the address without its scheme.
    address = value if "://" in value else f"https://{value}"
    try:
        parts = urlsplit(address)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        host, port, parts = "", None, urlsplit("")
    # The API key goes there: only Infobip's own hosts, only with TLS.
    plain = parts.path in ("", "/") and not parts.query and not parts.fragment and "@" not in parts.netloc and port is None
    if parts.scheme != "https" or not _HOST.fullmatch(host) or not plain:
        raise ValueError("must be the address of your account at Infobip, such as https://xyz123.api.infobip.com")
    return f"https://{host}"


def _sender(value: str) -> str:
    number = value.removeprefix("+")
    if _NUMBER.fullmatch(number):
        return number
    if value.startswith("+") or not _NAME.fullmatch(value):
        raise ValueError("must be a number (447491163443), a short code (3020) or a name of 3 to 11 letters and digits")
    return value


def _user_name(value: str) -> str:
    if not value or ":" in value or not value.isascii() or not value.isprintable():
        raise ValueError("must be ASCII, not empty and without a colon")
    return value


def _token(value: SecretStr) -> SecretStr:
    if not _TOKEN.fullmatch(value.get_secret_value()):
        raise ValueError("must be 16 to 200 letters, digits or any of . _ ~ -; make up a random one")
    return value


def _header(value: str) -> str:
    if not _HEADER.fullmatch(value):
        raise ValueError("must be the name of a header: letters, digits and -")
    return value


class _Proof(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, hide_input_in_errors=True)


class BasicProof(_Proof):
    """Infobip logs in with a user name and a password (security settings of type Basic)."""

    kind: Literal["basic"]
    username: Annotated[str, AfterValidator(_user_name)] = Field(
        title="User name", description="You make it up; “Register webhook” hands it to Infobip, or enter it under Security settings there."
    )
    password: Credential = Field(title="Password", description="You make it up: 8 characters or more, random.")


class HmacProof(_Proof):
    """Infobip signs the body (security settings of type HMAC)."""

    kind: Literal["hmac"]
    header: Annotated[str, AfterValidator(_header)] = Field(
        title="Signature header", description="The header in which the signature comes; Infobip's pages do not name it: look at a callback."
    )
    secret: Credential = Field(
        title="Secret", description="The secret key: “Register webhook” hands it to Infobip, or enter it under Security settings there."
    )
    algorithm: Literal["sha256", "sha512", "sha1"] = Field(
        default="sha256", title="Hash", description="“Register webhook” asks for it; else as chosen in the security settings in the portal."
    )
    encoding: Literal["hex", "base64"] = Field(default="hex", title="Encoding", description="How the signature is written.")


class UrlTokenProof(_Proof):
    """A secret in the callback address, for accounts without subscriptions. It shows up in access logs on the way."""

    kind: Literal["url_token"]
    token: Annotated[SecretStr, AfterValidator(_token)] = Field(
        title="Token", description="16 or more random letters and digits; it stands as ?token=… behind the callback address."
    )


class InfobipConfig(ProviderConfig):
    """One number, short code or sender name at Infobip."""

    base_url: Annotated[str, AfterValidator(_base_url)] = Field(
        title="API base URL",
        description="On the portal's home page, in the box “API base URL”: https://xyz123.api.infobip.com. Each account has its own.",
    )
    api_key: Credential = Field(
        title="API key",
        description=(
            "Portal → Developer tools → API keys. Scopes: sms:manage (and mms:manage for pictures), account-management:manage for "
            "“Test connection”, subscriptions:manage for “Register webhook”."
        ),
    )
    sender: Annotated[str, AfterValidator(_sender)] = Field(
        title="Sender", description="Your number with its country code, your short code, or a registered name. Names cannot be answered."
    )
    proof: Annotated[BasicProof | HmacProof | UrlTokenProof, Field(discriminator="kind")] = Field(
        title="Proof of origin",
        description="How a callback proves to be Infobip's. Basic needs nothing that Infobip's pages leave open.",
    )
    mms_enabled: bool = Field(
        default=False,
        title="Pictures as MMS",
        description="Only for numbers that Infobip enabled for MMS (United States, Canada …). Otherwise pictures go out as links.",
    )
    stop_keywords: StopWords = STOP_WORDS
    start_keywords: StartWords = START_WORDS
