"""Message templates: the only thing that WhatsApp takes once 24 hours have passed since the person's last message.

An agent writes ``#template order_update 7781 | tomorrow``; a bot sends structured content whose metadata names the template.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates (checked 2026-07).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from channels_app.providers.whatsapp.config import WhatsAppConfig, WhatsAppTemplate
from connector_platform.core import wire
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Content, RichContent, Text

METADATA_TYPE = "WhatsAppTemplate"
MAX_VALUE = 1024

Message = dict[str, Any]


def template_message(content: Content, config: WhatsAppConfig) -> Message | None:
    """The template that ``content`` asks for, as a message; None where it asks for none.

    Raises:
        UnsupportedContent: it asks for one that the channel does not have, or gives it other values than it has variables. The words tell
            which there are.
    """
    match content:
        case Text():
            return _commanded(content.text, config)
        case RichContent():
            entries = [*content.metadata, *(entry for entry in wire.items(content.content, "metadata") if isinstance(entry, dict))]
            if (named := next((entry for entry in entries if entry.get("type") == METADATA_TYPE), None)) is not None:
                return _named(named, config)
            ids = [wire.text(entry, "id") for entry in entries if entry.get("type") == "ExternalId"]
            return next((message for text in ids if (message := _commanded(text, config)) is not None), None)
    return None


def offered(config: WhatsAppConfig) -> str:
    """What could be sent, in a sentence for the agent."""
    if not config.templates:
        return "This channel has no templates."
    shown = ", ".join(dict.fromkeys(_shown(template, config) for template in config.templates))
    return f"Templates that can be sent: {shown}."


def _shown(template: WhatsAppTemplate, config: WhatsAppConfig) -> str:
    words = " ".join(part for part in (config.template_command, _key(template, config), " | ".join(template.parameters)) if part)
    return f"“{words}” ({template.purpose})" if template.purpose else f"“{words}”"


def _key(template: WhatsAppTemplate, config: WhatsAppConfig) -> str:
    """The name, with the language where the name alone does not say which is meant."""
    alike = [other for other in config.templates if other.name == template.name]
    return f"{template.name}:{template.language}" if len(alike) > 1 else template.name


def _commanded(text: str, config: WhatsAppConfig) -> Message | None:
    command = config.template_command
    said = text.strip()
    if not command or not re.match(re.escape(command) + r"(\s|$)", said, re.IGNORECASE):
        return None
    name, _, rest = said[len(command) :].strip().partition(" ")
    if not name:
        raise UnsupportedContent(f"The command names no template. {offered(config)}")
    name, _, language = name.partition(":")
    values = [value.strip() for value in rest.split("|")] if rest.strip() else []
    return _message(_find(name, language, config), values, config)


def _named(entry: Mapping[str, Any], config: WhatsAppConfig) -> Message:
    """``{"type": "WhatsAppTemplate", "name": ..., "language": ..., "parameters": [...]}``; parameters may also be an object by names."""
    template = _find(wire.text(entry, "name"), wire.text(entry, "language"), config)
    given = entry.get("parameters")
    if isinstance(given, dict):
        given = [given.get(name) for name in template.parameters] if set(given) == set(template.parameters) else list(given.values())
    values = [str(value) for value in given if isinstance(value, str | int | float)] if isinstance(given, list) else []
    return _message(template, values, config)


def _find(name: str, language: str, config: WhatsAppConfig) -> WhatsAppTemplate:
    for template in config.templates:
        if template.name == name.lower() and (not language or template.language.lower() == language.lower()):
            return template
    raise UnsupportedContent(f"The channel has no template of this name and language. {offered(config)}")


def _message(template: WhatsAppTemplate, values: Sequence[str], config: WhatsAppConfig) -> Message:
    # "Param text cannot have new-line/tab characters or more than 4 consecutive spaces" (132018)
    values = [" ".join(value.split()) for value in values]
    wanted = template.parameters
    if len(values) != len(wanted) or not all(values):
        needs = f"needs {len(wanted)} value(s): {' | '.join(wanted)}" if wanted else "takes no values"
        raise UnsupportedContent(f"The template {template.name} {needs}. {offered(config)}")
    if any(len(value) > MAX_VALUE for value in values):
        raise UnsupportedContent(f"A value of the template {template.name} is longer than {MAX_VALUE} characters.")
    body: Message = {"name": template.name, "language": {"code": template.language, "policy": "deterministic"}}
    components: list[Message] = []
    if template.header_image_url:
        components.append({"type": "header", "parameters": [{"type": "image", "image": {"link": template.header_image_url}}]})
    if values:
        names = [{"parameter_name": name} if template.has_named_parameters else {} for name in wanted]
        parameters = [{"type": "text", **name, "text": value} for name, value in zip(names, values, strict=True)]
        components.append({"type": "body", "parameters": parameters})
    return {"type": "template", "template": {**body, "components": components} if components else body}
