"""LivePerson's structured content as Twilio messages: buttons and lists on WhatsApp, numbered lines on SMS.

Buttons are contents: each is made with the Content API first and then sent by its SID. Within 24 hours of the person's last message quick
replies (three at most) and list pickers need no approval by WhatsApp. Cards, carousels and links on buttons need one, so their pictures go
out as pictures and their links as lines.

Source: https://www.twilio.com/docs/content/twilio-quick-reply, /twiliolist-picker and /content-types-overview (read 2026-11).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from channels_app.providers.base import SendContext
from channels_app.providers.twilio import files
from channels_app.providers.twilio.config import TwilioConfig
from channels_app.providers.twilio.messages import MAX_BODY, MAX_TEXT, Message, Rendered, place_message
from connector_platform.core.events import RichContent
from connector_platform.core.rich import Abilities, Button, Loss, LossKind, Part, parse, plan
from connector_platform.core.rich.parts import CardPart, ChoicesPart, ImagePart, LocationPart, TextPart
from connector_platform.core.text import split_text, utf16_units

MAX_BUTTONS = 3  # more are a list
MAX_BUTTON_TITLE = 20
MAX_ITEMS = 10

_PLAIN = Abilities(measure=utf16_units, max_text=MAX_TEXT)
_WHATSAPP = replace(_PLAIN, image_schemes=frozenset({"https"}), max_image_caption=MAX_BODY, locations=True)
_BUTTONS = replace(
    _WHATSAPP,
    max_card_buttons=MAX_BUTTONS,
    max_text_card=MAX_BODY,
    max_button_title=MAX_BUTTON_TITLE,
    max_payload=200,
    max_quick_replies=MAX_ITEMS,
    max_quick_reply_title=MAX_BUTTON_TITLE,
)

_NO_PICTURE = Loss(path="", kind=LossKind.REDUCED, reason="Twilio does not take pictures of this type; they are sent as links")
_REFUSED = Loss(path="", kind=LossKind.REDUCED, reason="Twilio does not take the buttons; the choices are numbered")
_BRACES = Loss(path="", kind=LossKind.REDUCED, reason="Twilio reads {{ as a variable in a text with buttons; the choices are numbered")


def render(content: RichContent, config: TwilioConfig, context: SendContext, *, is_whatsapp: bool, is_refused: bool = False) -> Rendered:
    """The messages that ``content`` becomes: its text, its structure, its choices. ``is_refused``: without buttons, as Twilio took them not.

    Raises:
        RichContentInvalid: it cannot be read.
    """
    message = parse(content.content, content.quick_replies, content.text)
    has_buttons = is_whatsapp and config.whatsapp_buttons and not is_refused
    able = _abilities(config, context, is_whatsapp=is_whatsapp, has_buttons=has_buttons)
    planned = plan(message, able, payload_for=context.payload_for)
    losses = planned.losses
    if is_refused:
        losses += (_REFUSED,)
    elif any(_has_braces(part) for part in planned.parts):
        planned = plan(message, replace(able, max_card_buttons=0, max_quick_replies=0), payload_for=context.payload_for)
        losses = (*planned.losses, _BRACES)
    if any(isinstance(part, ImagePart) and not files.is_taken(files.type_at(part.url), is_whatsapp=is_whatsapp) for part in planned.parts):
        losses = (*losses, _NO_PICTURE)
    messages = [message for part in planned.parts for message in _messages(part, config, is_whatsapp=is_whatsapp)]
    return Rendered(messages=messages, losses=losses, shown=planned.shown)


def _abilities(config: TwilioConfig, context: SendContext, *, is_whatsapp: bool, has_buttons: bool) -> Abilities:
    able = _PLAIN
    if is_whatsapp:
        able = replace(_BUTTONS, choice_prompt=config.choice_prompt) if has_buttons else _WHATSAPP
    elif config.mms:
        able = replace(_PLAIN, image_schemes=frozenset({"https"}), max_image_caption=MAX_TEXT)
    # A stand-in for Twilio that is itself reached without TLS (a sandbox) fetches pictures so, too.
    if able.image_schemes and context.api_base.startswith("http://"):
        able = replace(able, image_schemes=able.image_schemes | {"http"})
    return able


def _has_braces(part: Part) -> bool:
    match part:
        case CardPart():
            return "{{" in part.text + "".join(button.title for button in part.buttons)
        case ChoicesPart():
            return "{{" in part.text + "".join(choice.title for choice in part.choices)
    return False


def _messages(part: Part, config: TwilioConfig, *, is_whatsapp: bool) -> list[Message]:
    match part:
        case TextPart():
            return [Message(fields={"Body": part.text})]
        case ImagePart():
            return files.messages(part.url, part.caption, files.type_at(part.url), is_whatsapp=is_whatsapp)
        case LocationPart():
            return [place_message(part.latitude, part.longitude, "", part.title)]
        case CardPart():
            return [_content(part.text, part.buttons, config)]
        case ChoicesPart():
            # What does not fit above the buttons goes before them.
            *before, last = split_text(part.text, MAX_BODY, measure=utf16_units)
            return [*(Message(fields={"Body": piece}) for piece in before), _content(last, part.choices, config)]
        case _:
            raise AssertionError(f"the abilities rule out a {type(part).__name__}")


def _content(body: str, choices: Sequence[Button], config: TwilioConfig) -> Message:
    """Up to three choices with different titles are buttons, else a list: WhatsApp takes no two buttons of one title."""
    titles = [choice.title for choice in choices]
    if len(choices) <= MAX_BUTTONS and len(set(titles)) == len(titles):
        actions = [{"type": "QUICK_REPLY", "title": choice.title, "id": choice.value} for choice in choices]
        types: dict[str, Any] = {"twilio/quick-reply": {"body": body, "actions": actions}}
    else:
        items = [{"item": choice.title, "id": choice.value} for choice in choices]
        types = {"twilio/list-picker": {"body": body, "button": config.list_button, "items": items}}
    return Message(types=types, purpose="send_content")


def content_resource(message: Message, context: SendContext) -> dict[str, Any]:
    """The content to be made for ``message``; its name tells in the console for which message of ours it was."""
    return {"friendly_name": f"connector {context.message_id}", "language": "en", "types": message.types}
