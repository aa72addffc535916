"""From our vocabulary to Vonage's calls: one a message, strictly after another.

Source: https://developer.vonage.com/en/api/messages (checked 2026-11); all bodies pass the models of the vendor's SDK, vonage-messages 1.8.1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from channels_app.providers._sms.outbound import part_id
from channels_app.providers.base import SendContext, Sent
from channels_app.providers.vonage import calls, messenger, rcs, sms, viber, whatsapp
from channels_app.providers.vonage.config import Kind, VonageConfig
from channels_app.providers.vonage.errors import message_uuid
from channels_app.providers.vonage.rendered import Rendered
from connector_platform.core.calls import Steps
from connector_platform.core.events import ChatState, Close, Content, ConversationChange, Receipt

_RENDERERS: Mapping[Kind, Callable[[Content, VonageConfig, SendContext], Rendered]] = {
    "sms": sms.render,
    "whatsapp": whatsapp.render,
    "rcs": rcs.render,
    "viber": viber.render,
    "messenger": messenger.render,
}


def send(content: Content, config: VonageConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes. Only WhatsApp can show typing and reading; a close and a changed conversation are shown nowhere.

    Raises:
        UnsupportedContent: there is no form for it, or nothing in it. RecipientGone: the recipient is a name.
        WindowClosed: WhatsApp, Messenger: the person's last message is too long ago; known without a call.
    """
    match content:
        case ChatState() | Receipt() if config.kind == "whatsapp":
            return (yield from whatsapp.mark(content, config, context))
        case ChatState() | Receipt() | Close() | ConversationChange():
            return Sent()
    if config.api == "sms":
        return (yield from sms.send_by_sms_api(content, config, context))
    rendered = _RENDERERS[config.kind](content, config, context)
    to = whatsapp.recipient(context.to) if config.kind == "whatsapp" else context.to
    if config.kind not in ("whatsapp", "messenger"):
        to = sms.recipient(context.to)
    ids: list[str] = []
    for part, message in enumerate(rendered.messages, 1):
        fields = {
            **message,
            "to": to,
            "from": config.sender,
            # Our id, for Vonage's records: it does not keep a second message with the same from being sent.
            "client_ref": part_id(context.message_id, part),
            "webhook_url": f"{context.callback_url}/status",
            "webhook_version": "v1",
        }
        ids.append(message_uuid((yield calls.message(fields, config, context, part=part))))
    return Sent(parts=tuple((one,) for one in ids), losses=rendered.losses, shown=rendered.shown)
