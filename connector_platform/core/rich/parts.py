"""What a channel says it can show, and the neutral parts that a plan is made of.

A provider states its ``Abilities`` once, and turns each part of a plan into one message of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from connector_platform.core.rich.choices import Shown
from connector_platform.core.rich.losses import Loss


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What one channel can show. The defaults are a channel of bare text. All lengths are in units of ``measure``; 0 is "cannot".

    Text:
        measure: counts a text in the channel's units (characters, ``utf16_units`` ...). It must not shrink when a text grows.
        max_text: the longest message; None where the provider cuts texts itself.
    Media:
        image_schemes: the schemes of addresses that the channel fetches pictures from; empty where it shows none.
        image_files: pictures can at least be sent as files.
        max_image_caption: words in the same message as a picture.
        locations, link_previews: there is a message for them.
    Cards:
        max_card_buttons: buttons on one card. 0: no cards.
        max_card_title, max_card_subtitle: the words on a card with a picture. A title of 0: no such cards.
        titled_cards_need_picture: such a card cannot do without its picture.
        captioned_cards: such a card is its picture with the words as a caption: it can do without words, and without buttons.
        max_card_words: title and subtitle together; None where only each has its limit.
        max_text_card: the words above buttons without a picture. 0: cards without a picture have a title.
        max_button_title, max_payload: on and behind a button or quick reply. A payload of None has no limit.
        link_buttons, call_buttons: a button may open a page, dial a number.
        lone_links: a button that opens or dials something is the only one on its card; beside answers it becomes a line.
    Carousels:
        max_carousel_cards: 0: no carousels. ``min_carousel_cards``: fewer are single cards.
        max_carousel_buttons: buttons on each card of a carousel.
        even_carousels: all cards of a carousel have a picture, and equally many buttons of one kind.
    Quick replies:
        max_quick_replies, max_quick_reply_title.
        quick_replies_on_anything: they may ride on a picture or card too, not only on a text.
        choice_prompt: the text above buttons and quick replies that come without one, cut where it is too long; empty: such choices are
            numbered lines.
    Numbered lines:
        number_suffix: what stands between a choice's number and its title.
        choices_last: the numbered choices of a card stand below its other lines, not where the buttons stood.
    """

    measure: Callable[[str], int] = len
    max_text: int | None = None
    image_schemes: frozenset[str] = frozenset()
    image_files: bool = False
    max_image_caption: int = 0
    locations: bool = False
    link_previews: bool = False
    max_card_buttons: int = 0
    max_card_title: int = 0
    max_card_subtitle: int = 0
    titled_cards_need_picture: bool = False
    captioned_cards: bool = False
    max_card_words: int | None = None
    max_text_card: int = 0
    max_button_title: int = 0
    max_payload: int | None = None
    link_buttons: bool = False
    call_buttons: bool = False
    lone_links: bool = False
    max_carousel_cards: int = 0
    min_carousel_cards: int = 2
    max_carousel_buttons: int = 0
    even_carousels: bool = False
    max_quick_replies: int = 0
    max_quick_reply_title: int = 0
    quick_replies_on_anything: bool = False
    choice_prompt: str = ""
    number_suffix: str = ") "
    choices_last: bool = True


class ButtonKind(StrEnum):
    REPLY = "reply"
    LINK = "link"
    CALL = "call"


@dataclass(frozen=True, slots=True, kw_only=True)
class Button:
    """``value`` is the payload of a reply, the address of a link, the number to call. ``title`` fits the channel."""

    kind: ButtonKind
    title: str
    value: str


@dataclass(frozen=True, slots=True, kw_only=True)
class TextPart:
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImagePart:
    url: str
    caption: str = ""
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class FilePart:
    """A picture that goes out as a file, because the channel shows none."""

    url: str
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPart:
    """An address to be shown with a preview."""

    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LocationPart:
    latitude: float
    longitude: float
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CardPart:
    """Either a ``title`` with an optional ``subtitle`` and picture, or a ``text`` with buttons below it.

    In a carousel every card has a title; elsewhere a picture may do without (``captioned_cards``). ``alt`` stands for the card where it
    cannot be drawn (push messages, old clients).
    """

    title: str = ""
    subtitle: str = ""
    text: str = ""
    image_url: str = ""
    buttons: tuple[Button, ...] = ()
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarouselPart:
    cards: tuple[CardPart, ...]
    alt: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChoicesPart:
    """Quick replies, always the last part. Without ``text`` they ride on the part before."""

    text: str
    choices: tuple[Button, ...]


Part = TextPart | ImagePart | FilePart | LinkPart | LocationPart | CardPart | CarouselPart | ChoicesPart


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What leaves, in order; what became of the rest; what the person can choose from. No parts: there is nothing to show."""

    parts: tuple[Part, ...]
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()


def maps_link(latitude: float, longitude: float) -> str:
    """A page with a map of the place, for any browser. Seven decimals are a centimetre.

    Source: https://developers.google.com/maps/documentation/urls/get-started#search-action (checked 2026-11).
    """
    query = ",".join(f"{degrees:.7f}".rstrip("0").rstrip(".") for degrees in (latitude, longitude))
    return f"https://www.google.com/maps/search/?api=1&query={query}"
