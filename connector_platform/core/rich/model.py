"""LivePerson's structured content as one typed, frozen tree: what an agent or bot sent, before any channel has a say in it.

Names follow LivePerson's JSON where they can. Every value remembers its ``path``, a JSON pointer into the document it was read from, so
that whatever becomes of it can be reported. Presentation (style, tooltip, border ...) is kept for channels that want it.

Source: https://developers.liveperson.com/structured-content-templates.html and the schemas of LivePersonInc/json-pollock at 1399ba8
(checked 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

Metadata = tuple[dict[str, Any], ...]
"""Opaque to us: it goes back to LivePerson as it came when the person taps."""


# Actions


@dataclass(frozen=True, slots=True, kw_only=True)
class Action:
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishText(Action):
    """Says ``text`` in the person's name. What is said may differ from the button's title."""

    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Action):
    """Opens ``uri``; ``ios``, ``android`` and ``web`` are other addresses for those devices, empty where none is given."""

    uri: str
    name: str = ""
    target: str = ""
    ios: str = ""
    android: str = ""
    web: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Navigate(Action):
    """Shows the way to a place; degrees, WGS 84."""

    latitude: float
    longitude: float
    name: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CartItem:
    product_id: str
    quantity: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class AddToCart(Action):
    items: tuple[CartItem, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    key: str
    value: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Custom(Action):
    """Something that the brand's own page or app would do."""

    data: tuple[Pair, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DatePicker(Action):
    """Asks for a date, or for two where ``is_range``. ``min_date_s`` and ``max_date_s`` are seconds since 1970, None where open."""

    is_range: bool = False
    title: str = ""
    min_date_s: int | None = None
    max_date_s: int | None = None
    date_format: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSlot:
    """An appointment on offer; ``start_s`` and ``end_s`` are seconds since 1970."""

    id: str
    start_s: int
    end_s: int | None = None
    title: str = ""
    description: str = ""
    image_url: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ScheduleSlotList(Action):
    slots: tuple[ScheduleSlot, ...] = ()
    title: str = ""
    first_day_of_the_week: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Checked(Action):
    """What ticking a checkbox adds to the answer."""

    publish_text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitAsText(Action):
    """Sends what was ticked."""

    submit: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownAction(Action):
    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Click:
    """What a tap does, and the metadata that reports it."""

    actions: tuple[Action, ...] = ()
    metadata: Metadata = ()


# Presentation


@dataclass(frozen=True, slots=True, kw_only=True)
class Style:
    """How it should look. ``other`` holds what has no field of its own (hover colours, fonts), under LivePerson's names."""

    bold: bool = False
    italic: bool = False
    size: str = ""
    color: str = ""
    background_color: str = ""
    border_color: str = ""
    border_radius: float | None = None
    other: dict[str, Any] = field(default_factory=dict)


class SelectType(StrEnum):
    SINGLE = "single"
    MULTIPLE = "multiple"


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectMode:
    name: str = ""
    type: SelectType = SelectType.SINGLE


# Elements


@dataclass(frozen=True, slots=True, kw_only=True)
class Stray:
    """Words or an address under a name that the element's type does not have."""

    name: str
    value: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Element:
    """What all elements have. ``strays`` are words that the schema has no place for and people wrote there all the same.

    ``quick_replies`` are LivePerson's only beside the content, but are found inside it too.
    """

    path: str = ""
    tag: str = ""
    tag_version: str = ""
    alt: str = ""
    tooltip: str = ""
    rtl: bool = False
    style: Style = field(default_factory=Style)
    metadata: Metadata = ()
    click: Click = field(default_factory=Click)
    strays: tuple[Stray, ...] = ()
    quick_replies: QuickReplies | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TextElement(Element):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ImageElement(Element):
    url: str
    caption: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ButtonElement(Element):
    """``ref`` names the select element whose choice the button sends."""

    title: str
    subtitle: str = ""
    class_name: str = ""
    ref: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MapElement(Element):
    """A place; degrees, WGS 84. ``was_swapped``: latitude and longitude stood in each other's place, and were put right."""

    latitude: float
    longitude: float
    was_swapped: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LinkPreviewElement(Element):
    url: str
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickReplyTemplate(Element):
    """The old form of quick replies: a question and its answers."""

    title: str
    responses: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyValueList(Element):
    pairs: tuple[Pair, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkbox(Element):
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitButton(Element):
    title: str
    is_disabled: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Container(Element):
    """An element made of others. ``layout`` holds presentation: border, padding, scroll, percentages, display."""

    elements: tuple[Element, ...] = ()
    layout: dict[str, Any] = field(default_factory=dict)


class Vertical(Container):
    """Elements below one another: a card."""


class Horizontal(Container):
    """Elements side by side."""


class Carousel(Container):
    """Cards to leaf through."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CarouselSelect(Container):
    select_mode: SelectMode = field(default_factory=SelectMode)


@dataclass(frozen=True, slots=True, kw_only=True)
class AccordionTitle:
    name: str
    additional: str = ""
    path: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AccordionSelect(Container):
    """Cards to unfold; ``titles`` stand above them, one each."""

    select_mode: SelectMode = field(default_factory=SelectMode)
    titles: tuple[AccordionTitle, ...] = ()


class Tabs(Container):
    """Cards of which one is seen at a time."""


class SelectList(Container):
    """LivePerson's ``list``: a text, a ``SectionList`` of things to tick, a ``ButtonList`` to send them."""


class SectionList(Container):
    """The sections of a ``SelectList``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section(Container):
    section_id: str = ""


class Checklist(Container):
    """Checkboxes."""


class ButtonList(Container):
    """The buttons at the end of a ``SelectList``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnknownElement(Container):
    """A type that we do not know: its words are its ``strays``, what is inside it its ``elements``."""

    kind: str


@dataclass(frozen=True, slots=True, kw_only=True)
class QuickReplies(Container):
    """Answers on offer; they vanish once one is given. ``elements`` are buttons."""

    items_per_row: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """All of one message: its words, its structure, the answers on offer. Paths start with ``/text``, ``/content``, ``/quick_replies``."""

    text: str = ""
    content: Element | None = None
    quick_replies: QuickReplies | None = None
