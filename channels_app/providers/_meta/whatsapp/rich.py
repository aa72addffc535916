"""LivePerson's structured content as WhatsApp messages: reply buttons, lists, link buttons, carousels where they fit, readable text elsewhere.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/messages/interactive-reply-buttons-messages and its neighbours for lists,
URL buttons and carousels (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from channels_app.providers._meta.whatsapp.config import WhatsAppMessages
from channels_app.providers._meta.whatsapp.files import MAX_CAPTION, picture_message
from channels_app.providers._meta.whatsapp.lists import native_list
from channels_app.providers._meta.whatsapp.products import product_message
from connector_platform.core.events import RichContent
from connector_platform.core.rich import Abilities, Button, ButtonKind, Choice, Loss, Part, Shown, parse, plan
from connector_platform.core.rich.parts import CardPart, CarouselPart, ChoicesPart, ImagePart, LinkPart, LocationPart, TextPart
from connector_platform.core.text import split_text

MAX_TEXT = 4096
MAX_BODY = 1024
MAX_TITLE = 20
MAX_REPLY_BUTTONS = 3
MAX_ROWS = 10
MAX_ROW_DESCRIPTION = 72
MAX_CARD_BODY = 160
MAX_CARD_LINE_BREAKS = 2

ABILITIES = Abilities(
    max_text=MAX_TEXT,
    image_schemes=frozenset({"https"}),
    max_image_caption=MAX_CAPTION,
    locations=True,
    link_previews=True,
    # Up to three are reply buttons, more are a list.
    max_card_buttons=MAX_ROWS,
    # A carousel's card has a body of 160 characters; a single card of more is its picture, then its words with the buttons.
    max_card_title=MAX_CARD_BODY,
    max_card_subtitle=MAX_CARD_BODY,
    max_card_words=MAX_CARD_BODY,
    max_text_card=MAX_BODY,
    max_button_title=MAX_TITLE,
    link_buttons=True,
    lone_links=True,
    max_carousel_cards=10,
    min_carousel_cards=2,
    max_carousel_buttons=3,
    even_carousels=True,
    max_quick_replies=MAX_ROWS,
    max_quick_reply_title=MAX_TITLE,
)

Message = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rendered:
    """Messages in order (each with its ``type`` and the object of that name), what they lack, what they offer to choose from."""

    messages: list[Message]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()


def text_messages(text: str) -> list[Message]:
    """``text`` cut to WhatsApp's 4096 characters; nothing for blank text. A preview is shown of an address in it."""
    return [_text(piece) for piece in split_text(text, MAX_TEXT)] if text.strip() else []


def render(
    content: RichContent, config: WhatsAppMessages, *, payload_for: Callable[[Choice], str], image_schemes: frozenset[str]
) -> Rendered:
    """The messages that ``content`` becomes. ``payload_for``: what goes behind a button. ``image_schemes``: where pictures are fetched from.

    Raises:
        RichContentInvalid: it cannot be read.
    """
    message = parse(content.content, content.quick_replies, content.text)
    if message.quick_replies is None and (product := product_message(content, message.content)) is not None:
        fields, losses = product
        return Rendered(messages=[*text_messages(message.text), {"type": "interactive", "interactive": fields}], losses=losses)
    if message.quick_replies is None and (listed := native_list(message.content, payload_for)) is not None:
        fields, shown = listed
        return Rendered(messages=[*text_messages(message.text), _interactive("list", fields)], shown=shown)
    able = replace(ABILITIES, choice_prompt=config.choice_prompt, image_schemes=image_schemes)
    planned = plan(message, able, payload_for=payload_for)
    titles = {choice.payload: choice.title for choice in planned.shown if choice.payload}
    messages: list[Message] = []
    for part in planned.parts:
        _add(messages, part, config, titles)
    return Rendered(messages=messages, losses=planned.losses, shown=planned.shown)


def _add(messages: list[Message], part: Part, config: WhatsAppMessages, titles: dict[str, str]) -> None:
    match part:
        case TextPart():
            messages.append(_text(part.text))
        case ImagePart():
            messages.append(picture_message(part.url, part.caption))
        case LinkPart():
            messages.extend(text_messages("\n".join(words for words in (part.title, part.url) if words)))
        case LocationPart():
            messages.append(location_message(part.latitude, part.longitude, part.title, ""))
        case CardPart():
            body = part.text or "\n".join(words for words in (part.title, part.subtitle) if words)
            messages.extend(_card(body, part.image_url, part.buttons, config, titles))
        case CarouselPart():
            messages.append(_carousel(part, _above(messages) or config.choice_prompt))
        case ChoicesPart(text=text) if len(text) > MAX_BODY:
            messages.extend([_text(text), *_card(config.choice_prompt, "", part.choices, config, titles)])
        case ChoicesPart():
            messages.extend(_card(part.text, "", part.choices, config, titles))
        case _:
            raise AssertionError(f"ABILITIES rule out a {type(part).__name__}")


def location_message(latitude: float, longitude: float, name: str, address: str) -> Message:
    """A place. An address is shown only below a name."""
    place: Message = {"latitude": latitude, "longitude": longitude}
    if name or address:
        place["name"] = (name or address)[:1000]
    if name and address:
        place["address"] = address[:1000]
    return {"type": "location", "location": place}


def _text(text: str) -> Message:
    return {"type": "text", "text": {"body": text, "preview_url": "https://" in text or "http://" in text}}


def _above(messages: list[Message]) -> str:
    """The text just above a carousel, which wants one, taken into it where it fits."""
    if messages and messages[-1]["type"] == "text" and len(messages[-1]["text"]["body"]) <= MAX_BODY:
        return str(messages.pop()["text"]["body"])
    return ""


def _card(body: str, image_url: str, buttons: Sequence[Button], config: WhatsAppMessages, titles: dict[str, str]) -> list[Message]:
    header: Message = {"header": {"type": "image", "image": {"link": image_url}}} if image_url else {}
    shown = {"body": {"text": body}}
    if buttons[0].kind is ButtonKind.LINK:
        return [_interactive("cta_url", {**header, **shown, "action": _link_action(buttons[0])})]
    if len(buttons) <= MAX_REPLY_BUTTONS:
        replies = [
            {"type": "reply", "reply": {"id": button.value, "title": title}}
            for button, title in zip(buttons, _unique(buttons), strict=True)
        ]
        return [_interactive("button", {**header, **shown, "action": {"buttons": replies}})]
    rows = []
    for button, title in zip(buttons, _unique(buttons), strict=True):
        whole = titles.get(button.value, title)
        # The second line of a row has room for the words that the first has cut.
        more = {"description": whole[:MAX_ROW_DESCRIPTION]} if whole != title and title.endswith("…") else {}
        rows.append({"id": button.value, "title": title, **more})
    # A list has no picture above it.
    before = [picture_message(image_url, "")] if image_url else []
    return [*before, _interactive("list", {**shown, "action": {"button": config.list_label, "sections": [{"rows": rows}]}})]


def _carousel(part: CarouselPart, text: str) -> Message:
    cards = []
    for index, card in enumerate(part.cards):
        body = _few_lines("\n".join(words for words in (card.title, card.subtitle) if words))
        shown: Message = {
            "card_index": index,
            "header": {"type": "image", "image": {"link": card.image_url}},
            "body": {"text": body},
        }
        if card.buttons[0].kind is ButtonKind.LINK:
            shown |= {"type": "cta_url", "action": _link_action(card.buttons[0])}
        else:
            replies = [
                {"type": "quick_reply", "quick_reply": {"id": button.value, "title": title}}
                for button, title in zip(card.buttons, _unique(card.buttons), strict=True)
            ]
            shown["action"] = {"buttons": replies}
        cards.append(shown)
    return _interactive("carousel", {"body": {"text": text}, "action": {"cards": cards}})


def _interactive(kind: str, fields: Message) -> Message:
    return {"type": "interactive", "interactive": {"type": kind, **fields}}


def _link_action(button: Button) -> Message:
    return {"name": "cta_url", "parameters": {"display_text": _line(button.title), "url": button.value}}


def _few_lines(text: str) -> str:
    """``text`` with as many line breaks as a card takes; those after become blanks."""
    *lines, last = text.split("\n", MAX_CARD_LINE_BREAKS)
    return "\n".join([*lines, " ".join(last.split("\n"))])


def _line(title: str) -> str:
    return " ".join(title.split())


def _unique(buttons: Sequence[Button]) -> list[str]:
    """The titles on one line each; WhatsApp refuses a message with the same title twice, so a repeated one gets a number."""
    titles: list[str] = []
    for button in buttons:
        title, number = _line(button.title), 1
        while title in titles:
            number += 1
            suffix = f" ({number})"
            title = _line(button.title)[: MAX_TITLE - len(suffix)].rstrip() + suffix
        titles.append(title)
    return titles
