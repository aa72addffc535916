"""Which messages an event becomes on WhatsApp, as Meta takes them, and whether they may go at all.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages (checked 2026-07).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from channels_app.providers._meta.whatsapp import files, rich, templates
from channels_app.providers._meta.whatsapp.config import WhatsAppMessages
from channels_app.providers.base import SendContext
from connector_platform.core.errors import UnsupportedContent, WindowClosed
from connector_platform.core.events import Contact, Content, File, Location, RichContent, Text
from connector_platform.core.rich import Loss, LossKind

# "a 24-hour timer called a customer service window starts": https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages
WINDOW = timedelta(hours=24)

_CAPTION_MOVED = (Loss(path="/caption", kind=LossKind.MOVED, reason="the caption has no place with this file: it follows"),)
_AS_TEMPLATE = (Loss(path="", kind=LossKind.DROPPED, reason="its metadata names a template, which is sent in its place"),)


def render(content: Content, config: WhatsAppMessages, context: SendContext) -> rich.Rendered:
    """The messages that ``content`` becomes, in order; never none. A template where it asks for one.

    Raises:
        UnsupportedContent: nothing of it can be shown, or it asks for a template that the channel does not have.
        WindowClosed: the person's last message is too long ago, known without a call; the words name the templates.
    """
    template = templates.template_message(content, config)
    if template is not None:
        return rich.Rendered(messages=[template], losses=_AS_TEMPLATE if isinstance(content, RichContent) else ())
    rendered = _render(content, config, context)
    _check_window(config, context)
    return rendered


def _render(content: Content, config: WhatsAppMessages, context: SendContext) -> rich.Rendered:
    """The messages that ``content`` becomes, in order; never none.

    Raises:
        UnsupportedContent: there is no form for it.
    """
    match content:
        case Text():
            rendered = rich.Rendered(messages=rich.text_messages(content.text))
        case File():
            message, caption = files.file_messages(content)
            rendered = rich.Rendered(messages=[message, *rich.text_messages(caption)], losses=_CAPTION_MOVED if caption else ())
        case Location():
            place = rich.location_message(content.latitude, content.longitude, content.title, content.address)
            rendered = rich.Rendered(messages=[place])
        case Contact():
            rendered = rich.Rendered(messages=[_contact_message(content)])
        case RichContent():
            schemes = rich.ABILITIES.image_schemes
            # A stand-in for Meta that is itself reached without TLS (a sandbox) fetches pictures so, too.
            if context.api_base.startswith("http://"):
                schemes |= {"http"}
            rendered = rich.render(content, config, payload_for=context.payload_for, image_schemes=schemes)
        case _:
            raise UnsupportedContent(f"WhatsApp has no form for {content.type}")
    if not rendered.messages:
        raise UnsupportedContent("there is nothing in it to show")
    return rendered


def _contact_message(contact: Contact) -> dict[str, Any]:
    name = contact.name or contact.phone or contact.email
    if not name:
        raise UnsupportedContent("there is nothing in the contact to show")
    card: dict[str, Any] = {"name": {"formatted_name": name, "first_name": name}}
    if contact.phone:
        card["phones"] = [{"phone": contact.phone}]
    if contact.email:
        card["emails"] = [{"email": contact.email}]
    return {"type": "contacts", "contacts": [card]}


def _check_window(config: WhatsAppMessages, context: SendContext) -> None:
    """Return if a message that is no template may go; where nobody knows when the person wrote, Meta decides.

    Raises:
        WindowClosed: it may not.
    """
    if context.last_inbound_at is not None and context.now - context.last_inbound_at > WINDOW:
        raise WindowClosed(
            "The person's last message is more than 24 hours ago: until the person writes again, WhatsApp takes only templates. "
            + templates.offered(config)
        )
