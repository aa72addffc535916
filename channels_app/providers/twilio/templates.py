"""Templates: contents that WhatsApp approved, the only thing that it takes once 24 hours have passed since the person's last message.

Source: https://www.twilio.com/docs/content/send-templates-created-with-the-content-template-builder and /docs/content/content-api-resources
(known, not re-read, 2026-11).
"""

from __future__ import annotations

import json

from channels_app.providers._meta.template_requests import Offer
from channels_app.providers.base import SendContext
from channels_app.providers.twilio import api
from channels_app.providers.twilio.config import TwilioConfig, TwilioTemplate
from channels_app.providers.twilio.messages import Message
from connector_platform.core import wire
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ConfigurationError
from connector_platform.core.events import Content


def template_message(content: Content, config: TwilioConfig, *, is_whatsapp: bool) -> Message | None:
    """The template that ``content`` asks for, as a message; None where it asks for none. An SMS channel without templates reads no commands.

    Raises:
        UnsupportedContent: it asks for one that the channel does not have, or gives it other values than it has variables.
    """
    requested = _offer(config).requested(content) if is_whatsapp or config.templates else None
    if requested is None:
        return None
    template, values = requested
    fields = {"ContentSid": template.content_sid}
    if values:
        names = template.parameters if template.has_named_parameters else [str(number) for number in range(1, len(values) + 1)]
        fields["ContentVariables"] = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False)
    return Message(fields=fields, purpose="send_template")


def offered(config: TwilioConfig) -> str:
    """What could be sent, in a sentence for the agent."""
    return _offer(config).sentence()


def faults(config: TwilioConfig, context: SendContext) -> Steps[list[str]]:
    """What is wrong with the channel's templates at WhatsApp, in words; nothing where all are approved."""
    found: list[str] = []
    for template in config.templates:
        address = api.url(context, api.CONTENT, f"/v1/Content/{template.content_sid}/ApprovalRequests")
        try:
            response = yield api.get(address, config.call_credentials, purpose="check")
        except ConfigurationError:
            found.append(f"template {template.name} is not there")
            continue
        status = wire.text(wire.obj(response.json(), "whatsapp"), "status")
        if status != "approved":
            found.append(f"template {template.name} is {wire.name(status) if status else 'not submitted'}")
    return found


def _offer(config: TwilioConfig) -> Offer[TwilioTemplate]:
    return Offer(config.templates, config.template_command)
