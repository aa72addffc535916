"""What an operator chooses about a WhatsApp number's messages, whoever carries them to Meta.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates (checked 2026-07).
"""

from __future__ import annotations

import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator

MAX_LIST_LABEL = 20
MAX_TEMPLATE_VALUES = 30

_TEMPLATE_NAME = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE = re.compile(r"[a-z]{2,3}(_[A-Za-z]{2,4})?")


def _template_name(value: str) -> str:
    if not _TEMPLATE_NAME.fullmatch(value):
        raise ValueError("must be written as in WhatsApp Manager: lower-case letters, digits and _, such as order_update")
    return value


def _language(value: str) -> str:
    if not _LANGUAGE.fullmatch(value):
        raise ValueError("must be the code of the template's language as WhatsApp Manager shows it, such as en_US or nl")
    return value


class WhatsAppTemplate(BaseModel):
    """One approved message template that agents and bots may send."""

    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True, frozen=True)

    name: Annotated[str, AfterValidator(_template_name)] = Field(
        title="Name", description="As in WhatsApp Manager under Message templates."
    )
    language: Annotated[str, AfterValidator(_language)] = Field(
        title="Language", description="The code of the language that the template was approved in."
    )
    parameters: list[str] = Field(
        default_factory=list,
        max_length=MAX_TEMPLATE_VALUES,
        title="Variables",
        description="The variables of its body in order. Numbered ones ({{1}}, {{2}}) under any words that tell agents what goes there; "
        "named ones under exactly their names, with “Named variables” on.",
    )
    has_named_parameters: bool = Field(
        default=False, title="Named variables", description="The template was made with named variables ({{first_name}}), not with numbers."
    )
    header_image_url: str = Field(
        default="", max_length=2000, title="Header picture", description="The https address of the picture, where its header is one."
    )
    purpose: str = Field(default="", max_length=200, title="Purpose", description="What agents are told beside the name.")

    @field_validator("header_image_url")
    @classmethod
    def _is_address(cls, value: str) -> str:
        if value and not re.fullmatch(r"https?://[^\s/]+\.[^\s]+", value):
            raise ValueError("must be an address such as https://www.example.com/header.jpg")
        return value


class WhatsAppMessages(BaseModel):
    """What a number's messages look like, and which templates it has."""

    show_read: bool = Field(
        default=True, title="Show that agents read", description="The consumer sees blue ticks once an agent has read the message."
    )
    show_typing: bool = Field(
        default=True,
        title="Show that agents type",
        description="WhatsApp shows the dots for 25 seconds at most, and with them always the blue ticks.",
    )
    choice_prompt: str = Field(
        default="Please choose:",
        min_length=1,
        max_length=1024,
        title="Line above choices",
        description="WhatsApp shows no buttons without a text. This line, in your own words, stands above them when they come alone.",
    )
    list_label: str = Field(
        default="Options",
        min_length=1,
        max_length=MAX_LIST_LABEL,
        title="Label of lists",
        description="More than three choices are a list, which the consumer opens by a button with this label (20 characters).",
    )
    template_command: str = Field(
        default="#template",
        max_length=40,
        title="Template command",
        description="An agent's message that begins with this word sends a template: “#template name value | value”. Empty: no word does.",
    )
    templates: list[WhatsAppTemplate] = Field(
        default_factory=list,
        title="Templates",
        description="What agents and bots may send once 24 hours have passed since the consumer's last message.",
    )

    @field_validator("template_command")
    @classmethod
    def _is_one_word(cls, value: str) -> str:
        if any(character.isspace() for character in value):
            raise ValueError("must be one word, such as #template")
        return value

    @field_validator("list_label")
    @classmethod
    def _is_one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("must be one line")
        return value

    @field_validator("templates")
    @classmethod
    def _are_different(cls, value: list[WhatsAppTemplate]) -> list[WhatsAppTemplate]:
        if len({(template.name, template.language) for template in value}) != len(value):
            raise ValueError("has the same template twice; one name may be there once in each language")
        return value
