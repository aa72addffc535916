"""LivePerson's structured content as Instagram messages: templates where they fit whole, readable text where they do not.

Source: https://developers.facebook.com/docs/messenger-platform/instagram/features/generic-template, .../button-template and
.../quick-replies (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from channels_app.providers._meta import templates
from channels_app.providers._meta.sending import Message, Rendered, attachment
from connector_platform.core.events import RichContent
from connector_platform.core.rich import Abilities, Button, Choice, Part, parse, plan
from connector_platform.core.rich.parts import CardPart, CarouselPart, ChoicesPart, ImagePart, TextPart
from connector_platform.core.text import split_text

MAX_TEXT_BYTES = 1000
"""Of UTF-8, where the titles below count in characters."""
MAX_REPEATED = 100
"""Characters of choices that are also written out; more would hide the question."""

ABILITIES = Abilities(
    # Texts have their limit in bytes and are cut here.
    max_text=None,
    # Meta fetches pictures itself, and over TLS only.
    image_schemes=frozenset({"https"}),
    # The generic template where there is a picture, the button template where there is none.
    max_card_buttons=3,
    max_card_title=80,
    max_card_subtitle=80,
    max_text_card=640,
    max_button_title=20,
    link_buttons=True,
    max_carousel_cards=10,
    max_carousel_buttons=3,
    max_quick_replies=13,
    max_quick_reply_title=20,
    number_suffix=". ",
    choices_last=False,
)


def utf8_bytes(text: str) -> int:
    """The length of ``text`` as Instagram counts it."""
    return len(text.encode("utf-8", "replace"))


def text_messages(text: str) -> list[Message]:
    """``text`` cut to Instagram's 1000 bytes; nothing for blank text."""
    return [{"text": piece} for piece in split_text(text, MAX_TEXT_BYTES, measure=utf8_bytes)] if text.strip() else []


def render(
    content: RichContent,
    *,
    prompt: str,
    repeats_choices: bool,
    payload_for: Callable[[Choice], str],
    image_schemes: frozenset[str] = ABILITIES.image_schemes,
) -> Rendered:
    """The messages that ``content`` becomes: its text, its structure, and its quick replies on the last of them.

    Quick replies vanish as soon as another message follows, and Instagram takes them under a text only; ``prompt`` is that text where there is
    none. ``repeats_choices``: short ones are written into it. ``payload_for``: what goes behind a button. ``image_schemes``: where pictures may
    be fetched from.

    Raises:
        RichContentInvalid: it cannot be read.
    """
    message = parse(content.content, content.quick_replies, content.text)
    planned = plan(message, replace(ABILITIES, choice_prompt=prompt, image_schemes=image_schemes), payload_for=payload_for)
    messages: list[Message] = []
    for part in planned.parts:
        match part:
            case TextPart():
                messages += text_messages(part.text)
            case ChoicesPart():
                messages += text_messages(_with_choices(part.text, part.choices) if repeats_choices else part.text)
                messages[-1] |= templates.quick_replies(part.choices)
            case _:
                messages.append(_message(part))
    return Rendered(messages=messages, losses=planned.losses, shown=planned.shown)


def _with_choices(text: str, choices: Sequence[Button]) -> str:
    """``text`` with the choices below it: Instagram in a browser shows no quick replies."""
    line = " / ".join(choice.title for choice in choices)
    return f"{text}\n{line}" if len(line) <= MAX_REPEATED else text


def _message(part: Part) -> Message:
    match part:
        case ImagePart():
            return attachment("image", part.url)
        case CardPart():
            # Instagram refuses image_aspect_ratio, which Messenger takes.
            return templates.card(part, look={})
        case CarouselPart():
            return templates.carousel(part, look={})
        case _:
            raise AssertionError(f"ABILITIES rule out a {type(part).__name__}")
