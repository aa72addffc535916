"""From our vocabulary to the Cloud API: which calls an event takes.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages (checked 2026-07).
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.whatsapp import files, rich, templates
from channels_app.providers.whatsapp.config import WhatsAppConfig
from channels_app.providers.whatsapp.errors import message_id
from channels_app.providers.whatsapp.graph import user_graph
from channels_app.providers.whatsapp.people import recipient
from connector_platform.core.calls import Steps
from connector_platform.core.errors import OutcomeUnknown, UnsupportedContent, WindowClosed
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Close,
    Contact,
    Content,
    ConversationChange,
    File,
    Location,
    Receipt,
    ReceiptKind,
    RichContent,
    Text,
)
from connector_platform.core.rich import Loss, LossKind

MAX_TEXT = rich.MAX_TEXT

# "a 24-hour timer called a customer service window starts": https://developers.facebook.com/docs/whatsapp/cloud-api/guides/send-messages
WINDOW = timedelta(hours=24)

_CAPTION_MOVED = (Loss(path="/caption", kind=LossKind.MOVED, reason="the caption has no place with this file: it follows"),)
_AS_TEMPLATE = (Loss(path="", kind=LossKind.DROPPED, reason="its metadata names a template, which is sent in its place"),)


def send(content: Content, config: WhatsAppConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one part strictly after another; several at once would arrive out of order.

    Receipts other than READ, a close and a changed conversation have nothing that WhatsApp could show: no call.

    Raises:
        UnsupportedContent: nothing of it can be shown, or it asks for a template that the channel does not have.
        WindowClosed: the person's last message is too long ago, known without a call; the words name the templates.
    """
    match content:
        case ChatState(state=ChatStateKind.COMPOSING):
            return (yield from _mark(config, context, is_typing=True)) if config.show_typing else Sent()
        case Receipt(kind=ReceiptKind.READ):
            return (yield from _mark(config, context, is_typing=False)) if config.show_read else Sent()
        case ChatState() | Receipt() | Close() | ConversationChange():
            return Sent()
    template = templates.template_message(content, config)
    if template is not None:
        losses = _AS_TEMPLATE if isinstance(content, RichContent) else ()
        rendered = rich.Rendered(messages=[template], losses=losses)
    else:
        rendered = _render(content, config, context)
        _check_window(config, context)
    return (yield from _send_messages(rendered, _quote(content), config, context))


def _render(content: Content, config: WhatsAppConfig, context: SendContext) -> rich.Rendered:
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


def _send_messages(rendered: rich.Rendered, quote: dict[str, Any], config: WhatsAppConfig, context: SendContext) -> Steps[Sent]:
    graph = user_graph(config, context)
    parts: list[tuple[str, ...]] = []
    for message in rendered.messages:
        payload = {"messaging_product": "whatsapp", **recipient(context.to), **({} if parts else quote), **message}
        try:
            response = yield graph.post(f"{config.phone_number_id}/messages", payload, purpose=f"send_{message['type']}", effect=True)
        except WindowClosed as error:
            # Meta knows better when the person wrote; the agent is told the same as where we know.
            raise WindowClosed(f"{error.message} {templates.offered(config)}", provider_code=error.provider_code) from None
        sent_id = message_id(response)
        if not sent_id:
            raise OutcomeUnknown("Meta answered without a message id; the person may have the message", provider_code=str(response.status))
        parts.append((sent_id,))
    return Sent(parts=tuple(parts), losses=rendered.losses, shown=rendered.shown)


def _quote(content: Content) -> dict[str, Any]:
    """The message that is answered, where it is one of WhatsApp's."""
    if isinstance(content, Text) and content.reply_to.startswith("wamid."):
        return {"context": {"message_id": content.reply_to}}
    return {}


def _mark(config: WhatsAppConfig, context: SendContext, *, is_typing: bool) -> Steps[Sent]:
    """Blue ticks on the person's last message and all before it, and, until we send or 25 s have passed, the dots.

    Without a message to name there is nothing to mark: no call.
    """
    message = next((source_id for source_id in context.recent_source_ids if source_id.startswith("wamid.")), "")
    if message:
        payload: dict[str, Any] = {"messaging_product": "whatsapp", "status": "read", "message_id": message.partition("#")[0]}
        if is_typing:
            payload["typing_indicator"] = {"type": "text"}
        purpose = "typing" if is_typing else "mark_read"
        yield user_graph(config, context).post(f"{config.phone_number_id}/messages", payload, purpose=purpose, effect=False)
    return Sent()


def _check_window(config: WhatsAppConfig, context: SendContext) -> None:
    """Return if a message that is no template may go; where nobody knows when the person wrote, Meta decides.

    Raises:
        WindowClosed: it may not.
    """
    if context.last_inbound_at is not None and context.now - context.last_inbound_at > WINDOW:
        raise WindowClosed(
            "The person's last message is more than 24 hours ago: until the person writes again, WhatsApp takes only templates. "
            + templates.offered(config)
        )
