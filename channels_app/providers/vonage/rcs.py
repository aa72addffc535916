"""RCS senders: texts with suggestions, pictures, videos, PDFs, rich cards and carousels.

Source: https://developer.vonage.com/en/messages/guides/rcs/rcs-text-message-types, .../rcs-suggestions-message-types and
.../send-rich-card-carousel (checked 2026-11); that files are PDFs is known, not re-read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from urllib.parse import urlsplit

from channels_app.providers._sms.outbound import AS_LINK
from channels_app.providers.base import SendContext
from channels_app.providers.vonage.config import VonageConfig
from channels_app.providers.vonage.rendered import Fields, Rendered
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Contact, Content, File, FileKind, Location, RichContent, Text
from connector_platform.core.rich import Abilities, Button, ButtonKind, Loss, LossKind, Part, in_lines, in_words, parse, plan
from connector_platform.core.rich.parts import CardPart, CarouselPart, ChoicesPart, ImagePart, TextPart
from connector_platform.core.text import split_text

MAX_TEXT = 3072

ABILITIES = Abilities(
    max_text=MAX_TEXT,
    image_schemes=frozenset({"https"}),
    max_card_buttons=4,
    max_card_title=200,
    max_card_subtitle=2000,
    titled_cards_need_picture=True,
    max_text_card=MAX_TEXT,
    max_button_title=25,
    max_payload=2048,
    link_buttons=True,
    max_carousel_cards=10,
    min_carousel_cards=2,
    max_carousel_buttons=4,
    max_quick_replies=11,
    max_quick_reply_title=25,
)

_TAKEN: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "image": {"image/jpeg": ("jpg", "jpeg"), "image/png": ("png",)},
    "video": {"video/mp4": ("mp4", "m4v"), "video/x-m4v": (), "video/webm": ("webm",)},
    "file": {"application/pdf": ("pdf",)},
}
_KINDS = {FileKind.IMAGE: "image", FileKind.VIDEO: "video", FileKind.AUDIO: "", FileKind.DOCUMENT: "file"}

_NO_WORDS = Loss(path="", kind=LossKind.REDUCED, reason="RCS wants a title and words below it on every card: shown one after another")
_CAPTION_MOVED = Loss(path="/caption", kind=LossKind.MOVED, reason="RCS has no words in a message with a file: they follow")


def render(content: Content, config: VonageConfig, context: SendContext) -> Rendered:
    """The messages that ``content`` becomes.

    Raises:
        UnsupportedContent: RCS has no form for it, or there is nothing in it. RichContentInvalid: it cannot be read.
    """
    match content:
        case Text():
            rendered = Rendered(messages=_texts(content.text))
        case File(url=url) if url.startswith(("https://", "http://")):
            rendered = _file(content)
        case File():
            raise UnsupportedContent("Vonage fetches files by their address, and this one has none")
        case Location() | Contact():
            words, loss = in_words(content)
            rendered = Rendered(messages=_texts(words), losses=(loss,))
        case RichContent():
            rendered = _rich(content, config, context)
        case _:
            raise UnsupportedContent(f"RCS has no form for {content.type}")
    if not rendered.messages:
        raise UnsupportedContent("there is nothing in it to show")
    return rendered


def _texts(text: str) -> list[Fields]:
    return [_message("text", piece) for piece in split_text(text, MAX_TEXT)] if text.strip() else []


def _message(kind: str, content: str | Fields, **more: object) -> Fields:
    return {"channel": "rcs", "message_type": kind, kind: content, **more}


def _file(file: File) -> Rendered:
    message = _media(_KINDS[file.kind], file.url, file.mime_type)
    if message is None:
        return Rendered(messages=_texts(in_lines((file.caption or file.name, file.url))), losses=(AS_LINK,))
    words = _texts(file.caption)
    return Rendered(messages=[message, *words], losses=(_CAPTION_MOVED,) if words else ())


def _media(kind: str, url: str, mime_type: str = "") -> Fields | None:
    """The message with the file; None where RCS does not take its type, by which a document is a PDF or nothing."""
    taken = _TAKEN.get(kind, {})
    plain = mime_type.partition(";")[0].strip().lower()
    suffix = urlsplit(url).path.rpartition("/")[2].rpartition(".")
    known = {ending for endings in taken.values() for ending in endings}
    is_taken = plain in taken if plain else suffix[2].lower() in known if suffix[1] else kind in ("image", "video")
    return _message(kind, {"url": url}) if is_taken else None


def _rich(content: RichContent, config: VonageConfig, context: SendContext) -> Rendered:
    able = replace(ABILITIES, choice_prompt=config.choice_prompt)
    # A stand-in for Vonage that is itself reached without TLS (a sandbox) fetches pictures so, too.
    if context.api_base.startswith("http://"):
        able = replace(able, image_schemes=able.image_schemes | {"http"})
    planned = plan(parse(content.content, content.quick_replies, content.text), able, payload_for=context.payload_for)
    messages: list[Fields] = []
    losses = planned.losses
    for part in planned.parts:
        messages += _part(part)
        if isinstance(part, CarouselPart) and not _fits(part.cards):
            losses += (_NO_WORDS,)
    return Rendered(messages=messages, losses=losses, shown=planned.shown)


def _part(part: Part) -> list[Fields]:
    match part:
        case TextPart():
            return [_message("text", part.text)]
        case ImagePart():
            return [_media("image", part.url) or _message("text", part.url)]
        case CardPart(text=text) if text:
            return [_message("text", text, **_suggestions(part.buttons))]
        case CardPart() if _fits((part,)):
            return [_message("card", _card(part, height=True), rcs={"card_orientation": "VERTICAL"})]
        case CardPart():
            words = _message("text", part.title, **_suggestions(part.buttons))
            return [*_part(ImagePart(url=part.image_url)), words] if part.image_url else [words]
        case CarouselPart() if _fits(part.cards):
            return [_message("carousel", {"cards": [_card(card, height=False) for card in part.cards]}, rcs={"card_width": "MEDIUM"})]
        case CarouselPart():
            return [message for card in part.cards for message in _part(card)]
        case ChoicesPart():
            return [_message("text", part.text, **_suggestions(part.choices))]
        case _:
            raise AssertionError(f"ABILITIES rule out a {type(part).__name__}")


def _fits(cards: Sequence[CardPart]) -> bool:
    """Whether every card has what RCS cards cannot do without."""
    return all(card.title and card.subtitle and card.image_url for card in cards)


def _card(card: CardPart, *, height: bool) -> Fields:
    fields = {"title": card.title, "text": card.subtitle, "media_url": card.image_url, **_suggestions(card.buttons)}
    return {**fields, "media_height": "MEDIUM"} if height else fields


def _suggestions(buttons: Sequence[Button]) -> Fields:
    return {"suggestions": [_suggestion(button) for button in buttons]} if buttons else {}


def _suggestion(button: Button) -> Fields:
    title = " ".join(button.title.split())
    if button.kind is ButtonKind.LINK:
        # What Vonage tells of a tap on it names the title; nothing of ours has to come back.
        return {"type": "open_url", "text": title, "postback_data": "link", "url": button.value, "description": title}
    return {"type": "reply", "text": title, "postback_data": button.value}
