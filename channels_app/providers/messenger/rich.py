"""LivePerson's structured content as Messenger messages: templates where they fit whole, readable text where they do not.

Source: https://developers.facebook.com/docs/messenger-platform/send-messages/templates (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from connector_platform.core.events import RichContent
from connector_platform.core.rich import Abilities, Button, ButtonKind, Choice, Loss, Part, Shown, parse, plan
from connector_platform.core.rich.parts import CardPart, CarouselPart, ChoicesPart, ImagePart, TextPart
from connector_platform.core.text import split_text

MAX_TEXT = 2000

ABILITIES = Abilities(
    max_text=MAX_TEXT,
    # Meta fetches pictures itself, and over TLS only.
    image_schemes=frozenset({"https"}),
    # The generic template where there is a picture, the button template where there is none.
    max_card_buttons=3,
    max_card_title=80,
    max_card_subtitle=80,
    max_text_card=640,
    max_button_title=20,
    link_buttons=True,
    call_buttons=True,
    max_carousel_cards=10,
    max_carousel_buttons=3,
    max_quick_replies=13,
    max_quick_reply_title=20,
    quick_replies_on_anything=True,
    number_suffix=". ",
    choices_last=False,
)

Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """``message`` objects in order, what they lack, what they offer to choose from."""

    messages: list[Message]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()


def text_messages(text: str) -> list[Message]:
    """``text`` cut to Messenger's 2000 characters; nothing for blank text."""
    return [{"text": piece} for piece in split_text(text, MAX_TEXT)] if text.strip() else []


def attachment(kind: str, url: str) -> Message:
    """A file that Meta fetches from ``url``."""
    return {"attachment": {"type": kind, "payload": {"url": url, "is_reusable": False}}}


def render(
    content: RichContent,
    *,
    prompt: str,
    payload_for: Callable[[Choice], str],
    image_schemes: frozenset[str] = ABILITIES.image_schemes,
) -> Rendered:
    """The messages that ``content`` becomes: its text, its structure, and its quick replies on the last of them.

    Quick replies vanish as soon as another message follows, and Messenger refuses them without a text or attachment to stand
    on; ``prompt`` is that text where there is none. ``payload_for``: what goes behind a button. ``image_schemes``: where pictures may be fetched from.

    Raises:
        RichContentInvalid: it cannot be read.
    """
    message = parse(content.content, content.quick_replies, content.text)
    planned = plan(message, replace(ABILITIES, choice_prompt=prompt, image_schemes=image_schemes), payload_for=payload_for)
    messages: list[Message] = []
    for part in planned.parts:
        if isinstance(part, ChoicesPart):
            chips = [{"content_type": "text", "title": chip.title, "payload": chip.value} for chip in part.choices]
            below = {"text": part.text} if part.text else messages.pop()
            messages.append({**below, "quick_replies": chips})
        else:
            messages.append(_message(part))
    return Rendered(messages=messages, losses=planned.losses, shown=planned.shown)


def _message(part: Part) -> Message:
    match part:
        case TextPart():
            return {"text": part.text}
        case ImagePart():
            return attachment("image", part.url)
        case CardPart(text=text) if text:
            return _template({"template_type": "button", "text": text, "buttons": [_button(button) for button in part.buttons]})
        case CardPart():
            return _generic([part])
        case CarouselPart():
            return _generic(part.cards)
        case _:
            raise AssertionError(f"ABILITIES rule out a {type(part).__name__}")


def _generic(cards: tuple[CardPart, ...] | list[CardPart]) -> Message:
    return _template(
        {"template_type": "generic", "image_aspect_ratio": "horizontal", "elements": [_generic_element(card) for card in cards]}
    )


def _generic_element(card: CardPart) -> Message:
    element: Message = {"title": card.title}
    if card.subtitle:
        element["subtitle"] = card.subtitle
    if card.image_url:
        element["image_url"] = card.image_url
    if card.buttons:
        element["buttons"] = [_button(button) for button in card.buttons]
    return element


def _button(button: Button) -> dict[str, str]:
    match button.kind:
        case ButtonKind.LINK:
            return {"type": "web_url", "url": button.value, "title": button.title}
        case ButtonKind.CALL:
            return {"type": "phone_number", "title": button.title, "payload": button.value}
        case ButtonKind.REPLY:
            return {"type": "postback", "title": button.title, "payload": button.value}


def _template(payload: Message) -> Message:
    return {"attachment": {"type": "template", "payload": payload}}
