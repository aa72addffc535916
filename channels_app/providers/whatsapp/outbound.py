"""From our vocabulary to the Cloud API: which calls an event takes.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/reference/messages (checked 2026-07).
"""

from __future__ import annotations

from typing import Any

from channels_app.providers._meta.whatsapp import rich, templates
from channels_app.providers._meta.whatsapp.render import render
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.whatsapp.config import WhatsAppConfig
from channels_app.providers.whatsapp.errors import message_id
from channels_app.providers.whatsapp.graph import user_graph
from channels_app.providers.whatsapp.people import recipient
from connector_platform.core.calls import Steps
from connector_platform.core.errors import OutcomeUnknown, WindowClosed
from connector_platform.core.events import ChatState, ChatStateKind, Close, Content, ConversationChange, Receipt, ReceiptKind, Text

MAX_TEXT = rich.MAX_TEXT


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
    rendered = render(content, config, context)
    return (yield from _send_messages(rendered, _quote(content), config, context))


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
