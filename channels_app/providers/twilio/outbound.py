"""From our vocabulary to the Messages resource: which calls an event takes.

Source: https://www.twilio.com/docs/messaging/api/message-resource (known, not re-read, 2026-11).
"""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlencode

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.twilio import api, contents, files, templates
from channels_app.providers.twilio.config import RCS, WHATSAPP, TwilioConfig
from channels_app.providers.twilio.errors import CREATE_CONTENT, SHOW_TYPING, message_sid
from channels_app.providers.twilio.inbound import PART_PARAMETER
from channels_app.providers.twilio.messages import Message, Rendered, place_message, text_messages
from connector_platform.core.calls import HttpCall, Steps
from connector_platform.core.errors import ContentRejected, OutcomeUnknown, RecipientGone, ServerFault, UnsupportedContent, WindowClosed
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
    RichContent,
    Text,
)
from connector_platform.core.rich import Loss, LossKind, in_lines, in_words

# https://www.twilio.com/docs/whatsapp/key-concepts#the-24-hour-customer-service-window
WINDOW = timedelta(hours=24)

_RECEIVED = re.compile(r"(?:SM|MM)[0-9a-fA-F]{32}")

_AS_TEMPLATE = (Loss(path="", kind=LossKind.DROPPED, reason="its metadata names a template, which is sent in its place"),)
_REFUSED = Loss(path="/url", kind=LossKind.REDUCED, reason="Twilio does not take the file; it is sent as a link")


def send(content: Content, config: TwilioConfig, context: SendContext) -> Steps[Sent]:
    """The calls that ``content`` takes, one part strictly after another: Twilio does not keep the order of several at once.

    SMS shows neither typing nor reading; WhatsApp shows typing, and with it that the message was read, for which Twilio has no call of its
    own. These, a close and a changed conversation make no call.

    Raises:
        UnsupportedContent: nothing of it can be shown, or it asks for a template that the channel does not have.
        RecipientGone: the recipient is a name.
        WindowClosed: on WhatsApp, the person's last message is too long ago; known without a call, and the words name the templates.
    """
    is_whatsapp = context.to.startswith(WHATSAPP)
    match content:
        case ChatState(state=ChatStateKind.COMPOSING) if is_whatsapp and config.whatsapp_typing:
            return (yield from _show_typing(config, context))
        case ChatState() | Receipt() | Close() | ConversationChange():
            return Sent()
    template = templates.template_message(content, config, is_whatsapp=is_whatsapp)
    if template is not None:
        rendered = Rendered(messages=[template], losses=_AS_TEMPLATE if isinstance(content, RichContent) else ())
    else:
        rendered = _render(content, config, context, is_whatsapp=is_whatsapp)
    if not rendered.messages:
        raise UnsupportedContent("there is nothing in it to show")
    if is_whatsapp and template is None:
        _check_window(config, context)
    if not is_whatsapp and not context.to.removeprefix(RCS).removeprefix("+").isdecimal():
        raise RecipientGone("the consumer wrote from a name, and nobody can answer a name")
    if rendered.has_contents and isinstance(content, RichContent):
        rendered = yield from _with_contents(rendered, content, config, context)
    parts: list[tuple[str, ...]] = []
    losses = rendered.losses
    for number, message in enumerate(rendered.messages, 1):
        part_id = f"{context.message_id}-{number}"
        try:
            response = yield _call(message, part_id, config, context)
        except ContentRejected:
            if "MediaUrl" not in message.fields:
                raise
            losses += (_REFUSED,)
            response = yield _call(_as_link(message), part_id, config, context)
        sid = message_sid(response.json())
        if not sid:
            raise OutcomeUnknown(
                "Twilio answered without a message SID; the person may have the message", provider_code=str(response.status)
            )
        parts.append((sid, part_id))
    return Sent(parts=tuple(parts), losses=losses, shown=rendered.shown)


def _show_typing(config: TwilioConfig, context: SendContext) -> Steps[Sent]:
    """The dots, until a message arrives or 25 s have passed, and blue ticks on the person's last message, which has to be named: without one
    there is no call.

    Source: https://www.twilio.com/docs/whatsapp/api/typing-indicators-resource (public beta) and the changelog's v3-typing-indicator-api. As
    of 2026-09 v3 wants the channel in capitals, and v2 fails for some accounts (twilio-node, issue 1160).
    """
    ids = (source_id.partition("#")[0] for source_id in context.recent_source_ids)
    if sid := next(filter(_RECEIVED.fullmatch, ids), ""):
        address = api.url(context, api.MESSAGING, "/v3/Indicators/Typing.json")
        yield api.post_json(address, {"channel": "WHATSAPP", "messageId": sid}, config, purpose=SHOW_TYPING)
    return Sent()


def _check_window(config: TwilioConfig, context: SendContext) -> None:
    """Return if a message that is no template may go; where nobody knows when the person wrote, WhatsApp decides.

    Raises:
        WindowClosed: it may not.
    """
    if context.last_inbound_at is not None and context.now - context.last_inbound_at > WINDOW:
        raise WindowClosed(
            "The person's last message is more than 24 hours ago: until the person writes again, WhatsApp takes only templates. "
            + templates.offered(config)
        )


def _with_contents(rendered: Rendered, content: RichContent, config: TwilioConfig, context: SendContext) -> Steps[Rendered]:
    """``rendered`` with its contents made. All are made before anything is sent, so that numbered lines can stand in for all of them."""
    messages: list[Message] = []
    try:
        for message in rendered.messages:
            if message.types:
                address = api.url(context, api.CONTENT, "/v1/Content")
                resource = contents.content_resource(message, context)
                response = yield api.post_json(address, resource, config, purpose=CREATE_CONTENT)
                if not (sid := message_sid(response.json())):
                    raise ServerFault("Twilio made a content without saying which", provider_code=str(response.status))
                messages.append(replace(message, fields={**message.fields, "ContentSid": sid}))
            else:
                messages.append(message)
    except ContentRejected:
        return contents.render(content, config, context, is_whatsapp=True, is_refused=True)
    return replace(rendered, messages=messages)


def _render(content: Content, config: TwilioConfig, context: SendContext, *, is_whatsapp: bool) -> Rendered:
    """The messages that ``content`` becomes, in order.

    Raises:
        UnsupportedContent: there is no form for it.
    """
    match content:
        case Text():
            return Rendered(messages=text_messages(content.text))
        case File(url=url) if url.startswith(("https://", "http://")):
            return files.file_messages(content, is_whatsapp=is_whatsapp, mms=config.mms)
        case File():
            raise UnsupportedContent("Twilio fetches files by their address, and this one has none")
        case Location() if is_whatsapp:
            return Rendered(messages=[place_message(content.latitude, content.longitude, content.address, content.title)])
        case Location() | Contact():
            words, loss = in_words(content)
            return Rendered(messages=text_messages(words), losses=(loss,))
        case RichContent():
            return contents.render(content, config, context, is_whatsapp=is_whatsapp)
        case _:
            raise UnsupportedContent(f"Twilio has no form for {content.type}")


def _as_link(message: Message) -> Message:
    return Message(fields={"Body": in_lines((message.fields.get("Body", ""), message.fields["MediaUrl"]))})


def _call(message: Message, part_id: str, config: TwilioConfig, context: SendContext) -> HttpCall:
    is_sms_text = config.smart_encoding and "Body" in message.fields and not context.to.startswith(WHATSAPP)
    fields = {
        "To": context.to,
        **config.sender_fields,
        **message.fields,
        **({"SmartEncoded": "true"} if is_sms_text else {}),
        "StatusCallback": f"{context.callback_url}?{urlencode({PART_PARAMETER: part_id})}",
    }
    address = api.url(context, api.API, api.account_path(config, "/Messages"))
    return api.post(address, fields, config, purpose=message.purpose, effect=True)
