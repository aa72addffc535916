"""What an operator types in for one sender: a number, a short code, a WhatsApp sender, or a messaging service.

Source: https://www.twilio.com/docs/iam/api-keys and https://www.twilio.com/docs/messaging/services (known, not re-read, 2026-11).
"""

from __future__ import annotations

import re
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, field_validator, model_validator

from channels_app.providers.base import ProviderConfig

WHATSAPP = "whatsapp:"
"""What stands before every WhatsApp number, in both directions."""
RCS = "rcs:"
"""What stands before a number that is reached by RCS: the consumer's, where a messaging service has an RCS sender."""

_NUMBER = re.compile(r"\+[1-9][0-9]{6,14}")
_SHORT_CODE = re.compile(r"[0-9]{3,8}")
_SID = re.compile(r"(?P<kind>[A-Z]{2})[0-9a-fA-F]{32}")


def _sid(kind: str, what: str) -> AfterValidator:
    def check(value: str) -> str:
        found = _SID.fullmatch(value)
        if value and (found is None or found["kind"] != kind):
            raise ValueError(f"is not {what}: {kind} and 32 letters and digits; copy all of it from the console")
        return value

    return AfterValidator(check)


def _secret(value: SecretStr) -> SecretStr:
    # A header holds it, where blanks and control characters cannot stand: a bad paste is caught here.
    text = value.get_secret_value().strip()
    if text and (len(text) < 12 or not text.isascii() or not text.isprintable() or " " in text):
        raise ValueError("is too short, or has a blank or a letter outside ASCII inside; copy it again, without surrounding text")
    return SecretStr(text)


def _needed(value: SecretStr) -> SecretStr:
    if not value.get_secret_value():
        raise ValueError("must not be empty")
    return value


def _sender(value: str) -> str:
    if not value or _NUMBER.fullmatch(value.removeprefix(WHATSAPP)) or _SHORT_CODE.fullmatch(value):
        return value
    if value.isdecimal():
        raise ValueError("must begin with + and the country code, such as +15550100; only a short code has neither")
    if any(char.isalpha() for char in value) and not value.startswith(WHATSAPP):
        raise ValueError("is a name, and nobody can answer a name; enter a number, a short code, or whatsapp: and a number")
    raise ValueError("must be a number with + and country code, a short code, or whatsapp: and a number: whatsapp:+15550100")


def _template_name(value: str) -> str:
    if not re.fullmatch(r"[a-z0-9_]{1,512}", value):
        raise ValueError("must be lower-case letters, digits and _, such as order_update")
    return value


Secret = Annotated[SecretStr, AfterValidator(_secret)]


class TwilioTemplate(BaseModel):
    """One content that WhatsApp approved and that agents and bots may send."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    name: Annotated[str, AfterValidator(_template_name)] = Field(
        title="Name",
        description="By which agents ask for it: lower-case letters, digits and _, such as order_update.",
    )
    language: str = Field(
        default="",
        max_length=16,
        title="Language",
        description="Only where a name is there in several languages: the code that tells them apart, such as nl.",
    )
    content_sid: Annotated[str, _sid("HX", "a content's SID")] = Field(
        min_length=1,
        title="Content SID",
        description="Messaging → Content Template Builder → the template. WhatsApp has to have approved it.",
    )
    parameters: list[str] = Field(
        default_factory=list,
        max_length=100,
        title="Variables",
        description="Its variables in order. Numbered ones ({{1}}, {{2}}) under any words that tell agents what goes there; "
        "named ones under exactly their names, with “Named variables” on.",
    )
    has_named_parameters: bool = Field(
        default=False, title="Named variables", description="The template was made with named variables ({{first_name}}), not with numbers."
    )
    purpose: str = Field(default="", max_length=200, title="Purpose", description="What agents are told beside the name.")


class TwilioConfig(ProviderConfig):
    """One sender, or one messaging service, as a channel."""

    account_sid: Annotated[str, _sid("AC", "an account SID")] = Field(
        min_length=1,
        title="Account SID",
        description="On the console's first page under Account info. A subaccount has its own, and its own auth token.",
    )
    auth_token: Annotated[Secret, AfterValidator(_needed)] = Field(
        title="Auth token",
        description="Beside the account SID: the primary one. Twilio signs every callback with it.",
    )
    signing_secret: Secret = Field(
        default=SecretStr(""),
        title="Second signing secret",
        description=(
            "Callbacks signed with this are taken, too. While you rotate the auth token: the secondary one. "
            "Where callbacks are signed with a shared key of the account: that key's secret. Else empty."
        ),
    )
    api_key_sid: Annotated[str, _sid("SK", "an API key's SID")] = Field(
        default="",
        title="API key SID",
        description="Optional. Messages are then sent with this key and not with the auth token: Account → API keys & tokens.",
    )
    api_key_secret: Secret = Field(
        default=SecretStr(""), title="API key secret", description="Shown once, when the key is made. Goes with the API key SID."
    )
    sender: Annotated[str, AfterValidator(_sender)] = Field(
        default="",
        title="Sender",
        description="The number with + and country code, the short code, or whatsapp: and the number: whatsapp:+15550100.",
    )
    messaging_service_sid: Annotated[str, _sid("MG", "a messaging service's SID")] = Field(
        default="",
        title="Messaging service SID",
        description="Instead of a sender, where the numbers are in the pool of a messaging service: Messaging → Services.",
    )
    mms: bool = Field(
        default=False,
        title="Send pictures as MMS",
        description="Only where sender and consumers are in the USA, Canada or Australia. Elsewhere pictures go out as links in an SMS.",
    )
    smart_encoding: bool = Field(
        default=False,
        title="Smart encoding",
        description="Twilio replaces typographic quotes and dashes, so that an SMS stays in the cheaper GSM alphabet.",
    )
    whatsapp_buttons: bool = Field(
        default=True,
        title="WhatsApp buttons",
        description=(
            "Choices go out as buttons and lists, each made with the Content API and kept in the account's Content Template Builder. "
            "Off: as numbered lines."
        ),
    )
    whatsapp_typing: bool = Field(
        default=True,
        title="Show on WhatsApp that agents type",
        description=(
            "The dots stand for 25 seconds at most, and with them come always the blue ticks. A public beta of Twilio's, "
            "which is not for conversations that fall under HIPAA or PCI."
        ),
    )
    choice_prompt: str = Field(
        default="Please choose:",
        min_length=1,
        max_length=1000,
        title="Line above choices",
        description="WhatsApp shows no buttons without a text. This line, in your own words, stands above them when they come alone.",
    )
    list_button: str = Field(
        default="Choose",
        min_length=1,
        max_length=20,
        title="Label of a list",
        description="More than three choices are a list on WhatsApp. This stands on the button that opens it.",
    )
    template_command: str = Field(
        default="#template",
        max_length=40,
        title="Template command",
        description="An agent's message that begins with this word sends a template: “#template name value | value”. Empty: no word does.",
    )
    templates: list[TwilioTemplate] = Field(
        default_factory=list,
        max_length=50,
        title="Templates",
        description="What agents and bots may send on WhatsApp once 24 hours have passed since the consumer's last message.",
    )
    stop_keywords: list[str] = Field(
        default=["STOP", "STOPALL", "UNSUBSCRIBE", "CANCEL", "END", "QUIT", "REVOKE", "OPTOUT"],
        title="Stop words",
        description=(
            "Twilio itself ends the messages to a number that writes one of these in an SMS, and tells so only with Advanced Opt-Out. "
            "Enter the words that hold for your sender; none where its opt-out handling is switched off."
        ),
    )
    start_keywords: list[str] = Field(
        default=["START", "UNSTOP"],
        title="Start words",
        description="The words by which an SMS allows messages again. Twilio's own YES is left out here: it is an answer, too.",
    )

    whatsapp_stop_keywords: list[str] = Field(
        default=["STOP"],
        title="Stop words on WhatsApp",
        description="A WhatsApp message of just one of these words stops all sending to its writer. Add your own languages'. Empty: no word does.",
    )
    whatsapp_start_keywords: list[str] = Field(
        default=["START"],
        title="Start words on WhatsApp",
        description="A WhatsApp message of just one of these words allows sending again.",
    )

    @field_validator("template_command")
    @classmethod
    def _is_one_word(cls, value: str) -> str:
        if any(character.isspace() for character in value):
            raise ValueError("must be one word, such as #template")
        return value

    @field_validator("templates")
    @classmethod
    def _are_different(cls, value: list[TwilioTemplate]) -> list[TwilioTemplate]:
        if len({(template.name, template.language) for template in value}) != len(value):
            raise ValueError("has the same template twice; one name may be there once in each language")
        return value

    @model_validator(mode="after")
    def _is_complete(self) -> Self:
        if bool(self.sender) == bool(self.messaging_service_sid):
            raise ValueError("enter either a sender or a messaging service SID, and not both")
        if bool(self.api_key_sid) != bool(self.api_key_secret.get_secret_value()):
            raise ValueError("api_key_sid and api_key_secret go together: enter both or none")
        return self

    @property
    def address(self) -> str:
        """By what callbacks name this channel."""
        return self.messaging_service_sid or self.sender

    @property
    def sender_fields(self) -> dict[str, str]:
        """The field of a message that says from whom it is."""
        return {"MessagingServiceSid": self.messaging_service_sid} if self.messaging_service_sid else {"From": self.sender}

    @property
    def account_credentials(self) -> tuple[str, str]:
        """User name and password of the account itself."""
        return self.account_sid, self.auth_token.get_secret_value()

    @property
    def call_credentials(self) -> tuple[str, str]:
        """User name and password of the calls: the API key's where there is one, else the account's."""
        if self.api_key_sid:
            return self.api_key_sid, self.api_key_secret.get_secret_value()
        return self.account_credentials
