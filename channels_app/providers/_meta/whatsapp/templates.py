"""Message templates: the only thing that WhatsApp takes once 24 hours have passed since the person's last message.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-message-templates (checked 2026-07).
"""

from __future__ import annotations

from typing import Any

from channels_app.providers._meta.template_requests import Offer
from channels_app.providers._meta.whatsapp.config import WhatsAppMessages, WhatsAppTemplate
from connector_platform.core.events import Content

Message = dict[str, Any]


def template_message(content: Content, config: WhatsAppMessages) -> Message | None:
    """The template that ``content`` asks for, as a message; None where it asks for none.

    Raises:
        UnsupportedContent: it asks for one that the channel does not have, or gives it other values than it has variables. The words tell
            which there are.
    """
    requested = _offer(config).requested(content)
    return _message(*requested) if requested else None


def offered(config: WhatsAppMessages) -> str:
    """What could be sent, in a sentence for the agent."""
    return _offer(config).sentence()


def _offer(config: WhatsAppMessages) -> Offer[WhatsAppTemplate]:
    return Offer(config.templates, config.template_command)


def _message(template: WhatsAppTemplate, values: list[str]) -> Message:
    body: Message = {"name": template.name, "language": {"code": template.language, "policy": "deterministic"}}
    components: list[Message] = []
    if template.header_image_url:
        components.append({"type": "header", "parameters": [{"type": "image", "image": {"link": template.header_image_url}}]})
    if values:
        names = [{"parameter_name": name} if template.has_named_parameters else {} for name in template.parameters]
        parameters = [{"type": "text", **name, "text": value} for name, value in zip(names, values, strict=True)]
        components.append({"type": "body", "parameters": parameters})
    return {"type": "template", "template": {**body, "components": components} if components else body}
