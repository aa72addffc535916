"""What an operator fills in to connect a gateway: the whole of it, and what is read from callbacks.

The names are public: they are the REST body, the admin form and the OpenAPI schema. ``config_outbound.py`` has the sending half.
"""

from __future__ import annotations

import ipaddress
import re
from datetime import datetime
from typing import Annotated, Any, Literal
from zoneinfo import ZoneInfo

import phonenumbers
from pydantic import AfterValidator, Field, SecretStr, field_validator, model_validator

from channels_app.providers._sms.config import START_WORDS, STOP_WORDS, StartWords, StopWords
from channels_app.providers.base import ProviderConfig
from channels_app.providers.sms_gateway.config_outbound import OutboundConfig, Section, header_name
from channels_app.providers.sms_gateway.fields import check_items, check_path
from channels_app.providers.sms_gateway.presets import apply_preset

# A token in a URL is percent-encoded up to twice on its way (a URL inside a parameter); these characters look the same each time.
_TOKEN = re.compile(r"[A-Za-z0-9._~-]{16,200}")


def _network(value: str) -> str:
    try:
        return str(ipaddress.ip_network(value.strip(), strict=False))
    except ValueError as err:
        raise ValueError(f"“{value}” is not an address or a network like 203.0.113.0/24") from err


def _secret(value: SecretStr) -> SecretStr:
    if len(value.get_secret_value()) < 8:
        raise ValueError("a secret needs at least 8 characters")
    return value


Path = Annotated[str, AfterValidator(check_path)]
Paths = list[Path]
Items = Annotated[str, AfterValidator(check_items)]
HeaderName = Annotated[str, AfterValidator(header_name)]
Secret = Annotated[SecretStr, AfterValidator(_secret)]


class HmacAuth(Section):
    """The gateway signs the body of each call with a shared secret. Parameters in the URL are then ignored: nobody signed them."""

    kind: Literal["hmac"]
    header: HeaderName = Field(title="Signature header", description="The header in which the gateway puts the signature.")
    algorithm: Literal["sha1", "sha256", "sha384", "sha512"] = Field(
        default="sha256", title="Hash", description="As the gateway's manual says."
    )
    encoding: Literal["hex", "base64"] = Field(default="hex", title="Encoding", description="How the signature is written.")
    prefix: str = Field(default="", title="Prefix", description="What stands in front of the signature, “sha256=” for example.")
    secret: Secret = Field(title="Secret", description="The signing secret from the gateway's account page.")
    timestamp_header: Annotated[str, AfterValidator(lambda value: header_name(value) if value else value)] = Field(
        default="",
        title="Timestamp header",
        description="Where the gateway signs “timestamp.body”: the header with the timestamp in seconds. Five minutes of age are allowed.",
    )


class BasicAuth(Section):
    """The gateway logs in with a user name and a password."""

    kind: Literal["basic"]
    username: str = Field(min_length=1, title="User name", description="You choose it here and enter it at the gateway.")
    password: Secret = Field(title="Password", description="You choose it here and enter it at the gateway.")

    @field_validator("username")
    @classmethod
    def _no_colon(cls, value: str) -> str:
        if ":" in value:
            raise ValueError("a user name cannot hold a colon")
        return value


class BearerAuth(Section):
    """The gateway sends ``Authorization: Bearer <token>``."""

    kind: Literal["bearer"]
    token: Secret = Field(title="Token", description="You choose it here and enter it at the gateway.")


class HeaderAuth(Section):
    """The gateway sends a header with a fixed value."""

    kind: Literal["header"]
    header: HeaderName = Field(title="Header", description="The name of the header.")
    value: Secret = Field(title="Value", description="You choose it here and enter it at the gateway.")


class QueryAuth(Section):
    """A fixed parameter in the callback URL, for gateways that can do nothing else. It shows up in access logs on the way."""

    kind: Literal["query"]
    name: str = Field(default="token", pattern=r"^[A-Za-z0-9_-]{1,40}$", title="Parameter", description="The name of the parameter.")
    value: SecretStr = Field(title="Value", description="16 or more letters and digits; add it to the URL that you give to the gateway.")

    @field_validator("value")
    @classmethod
    def _url_safe(cls, value: SecretStr) -> SecretStr:
        if not _TOKEN.fullmatch(value.get_secret_value()):
            raise ValueError("16 to 200 letters, digits or any of . _ ~ - are needed")
        return value


class NoAuth(Section):
    """The gateway proves nothing; only its network addresses are checked."""

    kind: Literal["none"]


InboundAuth = Annotated[HmacAuth | BasicAuth | BearerAuth | HeaderAuth | QueryAuth | NoAuth, Field(discriminator="kind")]


class InboundFields(Section):
    """Where a message's values stand: alternatives, tried in order. A name, ``a.b[0].c`` or ``a.*.b`` (JSON), ``//name`` (XML).

    A ``#`` in the path of media stands for a number from 0 to 19.
    """

    sender: Paths = Field(default=["from", "sender"], min_length=1, title="Sender", description="The consumer's number.")
    text: Paths = Field(default=["text", "message"], min_length=1, title="Text", description="What the consumer wrote.")
    recipient: Paths = Field(
        default=["to"], title="Recipient", description="The number written to; for your reference only, the callback URL names the channel."
    )
    message_id: Paths = Field(default=["id"], title="Message id", description="The gateway's id; by it a repeated callback is recognised.")
    timestamp: Paths = Field(default=["date", "time"], title="Time", description="When the gateway received the message.")
    media: Paths = Field(
        default=[],
        title="Media",
        description="Addresses of pictures and files: “files.*.url” takes each of a list, “MediaUrl#” takes MediaUrl0, MediaUrl1 and so on.",
    )
    media_type: Paths = Field(
        default=[], title="Media type", description="Their MIME types, in the same notation: “files.*.type”, “MediaContentType#”."
    )
    charset: Paths = Field(default=[], title="Charset", description="The charset of the text, where a field names it (Kannel's %C).")
    coding: Paths = Field(default=[], title="Coding", description="The SMPP data coding of the text: 0 GSM, 1 ASCII, 3 Latin-1, 8 UCS-2.")
    hex_text: Paths = Field(
        default=[], title="Hex text", description="The text as hexadecimal octets, read for coding 8 and where text is missing."
    )
    udh: Paths = Field(
        default=[],
        title="User data header",
        description="Octets or hex. Where a long message comes piece by piece, it says which piece this is.",
    )
    concat_reference: Paths = Field(
        default=[], title="Long message", description="What all pieces of a long message have in common, where there is no header to tell."
    )
    concat_part: Paths = Field(default=[], title="Piece", description="Which piece of a long message this is, from 1.")
    concat_total: Paths = Field(default=[], title="Pieces", description="How many pieces the long message has.")


class InboundConfig(Section):
    """How messages come in."""

    auth: InboundAuth = Field(title="Proof of origin", description="How the gateway proves that a call is its own. HMAC is the strongest.")
    allowed_ips: list[Annotated[str, AfterValidator(_network)]] = Field(
        default=[],
        title="Allowed addresses",
        description="Networks from which the gateway calls; empty allows all. Needed if it proves nothing.",
    )
    methods: list[Literal["GET", "POST"]] = Field(
        default=["GET", "POST"], min_length=1, title="Methods", description="How the gateway calls."
    )
    body_format: Literal["auto", "form", "json", "xml"] = Field(
        default="auto", title="Body format", description="“auto” goes by the content type, and by the first character where there is none."
    )
    items: Items = Field(
        default="",
        title="Messages",
        description="Where each message of a batch stands: “results.*”, “*”, “//message”. Fields are looked up below.",
    )
    fields: InboundFields = Field(default_factory=InboundFields, title="Fields", description="Where the values stand in a message.")
    timestamp_format: str = Field(
        default="iso8601", min_length=1, title="Time format", description="iso8601, unix, unix_ms, or a pattern such as %Y-%m-%d %H:%M:%S."
    )
    timezone: str = Field(default="UTC", title="Time zone", description="Of times that name none, for example Europe/Amsterdam.")
    gsm_codes: bool = Field(
        default=True,
        title="Coding 0 means GSM codes",
        description="Switch off if the gateway sends readable text for coding 0 and @ arrives as ¡.",
    )
    stop_keywords: StopWords = STOP_WORDS
    start_keywords: StartWords = START_WORDS
    ack_status: int = Field(
        default=200, ge=200, le=299, title="Answer status", description="The HTTP status that tells the gateway “received”."
    )
    ack_body: str = Field(default="Accepted", max_length=1000, title="Answer body", description="Exactly what the gateway wants to read.")
    ack_content_type: str = Field(
        default="text/plain",
        pattern=r"^[\w.+-]+/[\w.+-]+(; ?[\w-]+=[\w-]+)*$",
        title="Answer type",
        description="Content type of the answer.",
    )

    @field_validator("timestamp_format")
    @classmethod
    def _format(cls, value: str) -> str:
        if value in ("iso8601", "unix", "unix_ms"):
            return value
        sample = datetime(2026, 10, 26, 9, 15)
        try:
            if "%" in value and datetime.strptime(sample.strftime(value), value):
                return value
        except (ValueError, re.error):
            pass
        raise ValueError("iso8601, unix, unix_ms or a pattern such as %Y-%m-%d %H:%M:%S is needed")

    @field_validator("timezone")
    @classmethod
    def _zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ValueError, OSError, LookupError) as err:
            raise ValueError(f"“{value}” is not a time zone like Europe/Amsterdam") from err
        return value

    @model_validator(mode="after")
    def _guarded(self) -> InboundConfig:
        # The channel's URL is not a substitute: its id is time-ordered, with fewer random bits than a secret needs.
        if isinstance(self.auth, NoAuth) and not self.allowed_ips:
            raise ValueError("auth kind “none” needs allowed_ips: otherwise anybody could write in the consumers' names")
        if isinstance(self.auth, HmacAuth) and "POST" not in self.methods:
            raise ValueError("auth kind “hmac” signs a body, so methods must include POST")
        return self


class StatusFields(Section):
    """Where a delivery report's values stand; the same notation as for messages."""

    message_id: Paths = Field(
        default=["id", "uuid"], min_length=1, title="Message id", description="Ours ({{id}}) or the gateway's, either will do."
    )
    status: Paths = Field(default=["status"], title="Status", description="The word or number that says what became of the message.")
    error: Paths = Field(default=["err"], title="Error", description="The reason of a failure, shown to operators.")
    delivered_count: Paths = Field(
        default=[],
        title="Delivered count",
        description="Where the status is missing: 1 or more is delivered; else an error other than 0 is failed.",
    )


class StatusValues(Section):
    """The gateway's words. Letter case does not matter; ``WORD*`` stands for all that start so, after the exact words were tried."""

    delivered: list[str] = Field(default=["DELIVRD", "delivered", "1"], title="Delivered", description="The phone has it.")
    failed: list[str] = Field(default=["UNDELIV", "REJECTD", "EXPIRED", "failed"], title="Failed", description="The phone will not get it.")
    sent: list[str] = Field(default=["ACCEPTD", "sent"], title="Sent", description="On its way; changes nothing.")


# The final states of SMPP 3.4 §5.2.28 other than DELIVRD, known, not re-read.
SMPP_REASONS = {
    "EXPIRED": "the phone was switched off or out of reach for too long",
    "DELETED": "the operator deleted the message",
    "UNDELIV": "the operator could not deliver the message",
    "REJECTD": "the operator refused the message",
    "UNKNOWN": "the operator does not know what became of the message",
}


class StatusConfig(Section):
    """How delivery reports come in."""

    scheme: Literal["words", "kannel_mask"] = Field(
        default="words", title="Scheme", description="Words by the lists below, or Kannel's bit mask."
    )
    items: Items = Field(default="", title="Reports", description="Where each report of a batch stands; the same notation as for messages.")
    fields: StatusFields = Field(default_factory=StatusFields, title="Fields", description="Where the values stand in a report.")
    values: StatusValues = Field(default_factory=StatusValues, title="Words", description="What the gateway's words mean.")
    reasons: dict[str, str] = Field(
        default=SMPP_REASONS,
        max_length=200,
        title="Reasons",
        description="What its words and error codes of failures mean to an agent, who reads it. An error code counts before a word.",
    )


class SmsGatewayConfig(ProviderConfig):
    """One number at one gateway."""

    preset: Literal["generic", "kannel", "jasmin"] = Field(
        default="generic", title="Gateway", description="Fills in what is known of the gateway; whatever you enter wins."
    )
    sender: str = Field(
        min_length=1, max_length=20, title="Sender", description="Your number (+31…), short code (3020) or alphanumeric sender id."
    )
    default_region: str = Field(
        default="",
        title="Country",
        description="Two letters, such as NL: the country of numbers that start with a single 0. Empty: unknown.",
    )
    inbound: InboundConfig = Field(title="Incoming messages", description="How the gateway delivers what consumers write.")
    status: StatusConfig = Field(default_factory=StatusConfig, title="Delivery reports", description="How the gateway reports deliveries.")
    outbound: OutboundConfig = Field(title="Outgoing messages", description="How messages are handed to the gateway.")

    @model_validator(mode="before")
    @classmethod
    def _preset(cls, data: Any) -> Any:
        return apply_preset(data) if isinstance(data, dict) else data

    @field_validator("sender")
    @classmethod
    def _sender(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("a number or a name is needed")
        return value

    @field_validator("default_region")
    @classmethod
    def _region(cls, value: str) -> str:
        if value and value.upper() not in phonenumbers.SUPPORTED_REGIONS:
            raise ValueError(f"“{value}” is not a two-letter country code")
        return value.upper()
