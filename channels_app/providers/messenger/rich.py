"""LivePerson's structured content as Messenger messages: templates where they fit whole, readable text where they do not.

Source: https://developers.facebook.com/docs/messenger-platform/send-messages/templates (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from channels_app.providers._meta import templates
from channels_app.providers._meta.sending import Message, Rendered, attachment
from connector_platform.core.events import RichContent
from connector_platform.core.rich import Abilities, Choice, Part, parse, plan
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

_LOOK = {"image_aspect_ratio": "horizontal"}


def text_messages(text: str) -> list[Message]:
    """``text`` cut to Messenger's 2000 characters; nothing for blank text."""
    return [{"text": piece} for piece in split_text(text, MAX_TEXT)] if text.strip() else []


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
            below = {"text": part.text} if part.text else messages.pop()
            messages.append({**below, **templates.quick_replies(part.choices)})
        else:
            messages.append(_message(part))
    return Rendered(messages=messages, losses=planned.losses, shown=planned.shown)


def _message(part: Part) -> Message:
    match part:
        case TextPart():
            return {"text": part.text}
        case ImagePart():
            return attachment("image", part.url)
        case CardPart():
            return templates.card(part, look=_LOOK)
        case CarouselPart():
            return templates.carousel(part, look=_LOOK)
        case _:
            raise AssertionError(f"ABILITIES rule out a {type(part).__name__}")
