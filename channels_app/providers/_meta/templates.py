"""Cards and carousels as Meta's templates: the button template for words alone, the generic template for the rest.

Source: https://developers.facebook.com/docs/messenger-platform/send-messages/templates (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from channels_app.providers._meta.sending import Message
from connector_platform.core.rich import Button, ButtonKind
from connector_platform.core.rich.parts import CardPart, CarouselPart


def card(part: CardPart, *, look: Mapping[str, str]) -> Message:
    """``look``: what the channel takes beside the cards of a generic template."""
    if part.text:
        return _template({"template_type": "button", "text": part.text, "buttons": [_button(button) for button in part.buttons]})
    return _generic([part], look)


def carousel(part: CarouselPart, *, look: Mapping[str, str]) -> Message:
    return _generic(part.cards, look)


def quick_replies(choices: Sequence[Button]) -> Message:
    """The field of a ``message`` that offers ``choices`` below it."""
    return {"quick_replies": [{"content_type": "text", "title": choice.title, "payload": choice.value} for choice in choices]}


def _generic(cards: Sequence[CardPart], look: Mapping[str, str]) -> Message:
    return _template({"template_type": "generic", **look, "elements": [_element(card) for card in cards]})


def _element(card: CardPart) -> Message:
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
