"""LivePerson's structured content as Telegram messages: pictures with captions, inline keyboards, places.

Source: https://core.telegram.org/bots/api#sendmessage, #sendphoto, #inlinekeyboardbutton (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from channels_app.providers.telegram.messages import MAX_BUTTONS, MAX_CAPTION, MAX_TEXT, Message
from channels_app.providers.telegram.plainer import Draft
from connector_platform.core.events import Location, RichContent
from connector_platform.core.rich import Abilities, Choice, Part, parse, plan
from connector_platform.core.rich.parts import CardPart, ChoicesPart, ImagePart, LocationPart, TextPart
from connector_platform.core.text import utf16_units

# Telegram names no limit for a button's title and shows what the screen has room for. LivePerson's own titles have 128 at most.
MAX_BUTTON_TITLE = 128

ABILITIES = Abilities(
    measure=utf16_units,
    max_text=MAX_TEXT,
    image_schemes=frozenset({"https", "http"}),
    max_image_caption=MAX_CAPTION,
    locations=True,
    max_card_buttons=MAX_BUTTONS,
    # Title and subtitle are the lines of one caption.
    max_card_title=MAX_CAPTION,
    max_card_subtitle=MAX_CAPTION,
    max_card_words=MAX_CAPTION,
    captioned_cards=True,
    max_text_card=MAX_TEXT,
    max_button_title=MAX_BUTTON_TITLE,
    # Bytes; what is put there is ASCII.
    max_payload=64,
    link_buttons=True,
    max_quick_replies=MAX_BUTTONS,
    max_quick_reply_title=MAX_BUTTON_TITLE,
    quick_replies_on_anything=True,
)


def render(content: RichContent, *, prompt: str, payload_for: Callable[[Choice], str]) -> Draft:
    """The messages that ``content`` becomes: its text, its structure card by card, its quick replies under the last of them.

    ``prompt`` is the text above buttons that come alone, ``payload_for`` gives what is put behind a button.

    Raises:
        RichContentInvalid: it cannot be read.
    """
    message = parse(content.content, content.quick_replies, content.text)
    planned = plan(message, replace(ABILITIES, choice_prompt=prompt), payload_for=payload_for)
    draft = Draft(losses=planned.losses, shown=planned.shown)
    for part in planned.parts:
        if isinstance(part, ChoicesPart):
            _offer(draft.messages, part, prompt)
        else:
            draft.messages.append(_message(part))
    return draft


def _message(part: Part) -> Message:
    match part:
        case TextPart():
            return Message(text=part.text)
        case ImagePart():
            return Message(photo=part.url, text=part.caption)
        case CardPart():
            words = "\n".join(line for line in (part.title, part.subtitle, part.text) if line)
            return Message(photo=part.image_url, text=words, buttons=part.buttons)
        case LocationPart():
            return Message(place=Location(latitude=part.latitude, longitude=part.longitude, title=part.title))
        case _:
            raise AssertionError(f"ABILITIES rule out a {type(part).__name__}")


def _offer(messages: list[Message], part: ChoicesPart, prompt: str) -> None:
    """Quick replies below their own text, else in the keyboard of the message before as far as that has room."""
    if not part.text and len(messages[-1].buttons) + len(part.choices) <= MAX_BUTTONS:
        messages[-1] = replace(messages[-1], buttons=messages[-1].buttons + part.choices)
    else:
        messages.append(Message(text=part.text or prompt, buttons=part.choices))
