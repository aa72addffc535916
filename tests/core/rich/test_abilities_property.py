"""Random documented templates on random channels: no limit is passed, no word is lost, every choice can be made.

Each word, address and answer of a template is made once, so that where it went can be told for certain.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from hypothesis import Phase, given, reject, settings
from hypothesis import strategies as st

from connector_platform.core.rich import Abilities, Button, ButtonKind, Choice, LossKind, Plan, RichContentInvalid, match, parse, plan
from connector_platform.core.rich.parts import CardPart, CarouselPart, ChoicesPart, FilePart, ImagePart, LinkPart, LocationPart, TextPart
from connector_platform.core.text import utf16_units

Json = dict[str, Any]

# Shrinking a template takes minutes. Making one takes longer than all that is asked of it: each is asked everything.
RANDOM = settings(max_examples=400, deadline=None, phases=[Phase.explicit, Phase.reuse, Phase.generate])


@cache
def among(*values: Any) -> st.SearchStrategy[Any]:
    """One of these. Hypothesis looks through each strategy that it is given, so a new one for each draw is dear."""
    return st.sampled_from(values)


# Templates


@dataclass
class Template:
    """A message, and what is in it: ``words`` to be read, ``addresses`` to be opened, ``answers`` that a press gives."""

    draw: st.DrawFn
    message: Json = field(default_factory=dict)
    words: list[str] = field(default_factory=list)
    addresses: list[str] = field(default_factory=list)
    answers: list[str] = field(default_factory=list)
    made: int = 0

    def flips(self) -> bool:
        return self.draw(st.booleans())

    def up_to(self, most: int, make: Callable[[], Json]) -> list[Json]:
        return [make() for _ in range(self.draw(st.integers(0, most)))]

    def one(self) -> str:
        self.made += 1
        return f"w{self.made}q"

    def text(self) -> str:
        """One to eight new words; between them may stand what counts more than one unit."""
        new = [self.one() for _ in range(self.draw(among(1, 1, 2, 8)))]
        self.words += new
        return self.draw(among(" ", "\n", " 🙂 ", " ß ")).join(new)

    def answer(self) -> str:
        said = f"says {self.one()}"
        self.answers.append(said)
        return said

    def address(self, suffix: str = "", schemes: tuple[str, ...] = ("https", "http", "app")) -> str:
        address = f"{self.draw(among(*schemes))}://e.example/{self.one()}{suffix}"
        self.addresses.append(address)
        return address

    def some(self, **makers: Callable[[], Any]) -> Json:
        """Each of these fields, or not."""
        return {name: make() for name, make in makers.items() if self.flips()}

    # Actions

    def action(self) -> Json:
        kind = self.draw(among("publishText", "publishText", "link", "call", "navigate", "datePicker", "scheduleSlotList"))
        match kind:
            case "publishText":
                return {"type": kind, "text": self.answer()}
            case "link":
                return {"type": "link", "uri": self.address()}
            case "call":
                number = f"+1555{self.draw(st.integers(10**5, 10**6 - 1))}"
                self.addresses.append(number)
                return {"type": "link", "uri": f"tel:{number}"}
            case "navigate":
                return {"type": kind, "la": 52.5, "lo": 4.5}
            case "datePicker":
                return {"type": kind, "title": self.text(), "minDate": 1_793_000_000}
            case _:
                return {"type": kind, "title": self.text(), "slots": self.up_to(3, self.slot)}

    def slot(self) -> Json:
        return {"start": 1_793_000_000, "title": self.text(), **self.some(description=self.text)}

    def click(self) -> Json:
        actions = [self.action() for _ in range(self.draw(among(1, 1, 1, 2)))]
        return {"actions": actions, **self.some(metadata=lambda: [{"type": "ExternalId", "id": self.one()}])}

    # Elements

    def button(self) -> Json:
        return {"type": "button", "title": self.text(), **self.some(click=self.click, subtitle=self.text)}

    def checkbox(self) -> Json:
        click = {"actions": [{"type": "checked", "publishText": self.answer()}]}
        return {"type": "checkbox", "text": self.text(), "click": click}

    def leaf(self) -> Json:
        match self.draw(among("text", "text", "button", "button", "image", "map", "linkPreview", "keyValuePairList", "template")):
            case "text":
                return {"type": "text", "text": self.text(), **self.some(click=self.click, tag=lambda: "title")}
            case "button":
                return self.button()
            case "image":
                return {"type": "image", "url": self.address(".png"), **self.some(caption=self.text, click=self.click)}
            case "map":
                return {"type": "map", "la": 52.5, "lo": 4.5, **self.some(tooltip=self.one, click=self.click)}
            case "linkPreview":
                return {"type": "linkPreview", "url": self.address(), **self.some(title=self.text)}
            case "keyValuePairList":
                pairs = self.up_to(3, lambda: {"key": self.text(), **self.some(value=self.text)})
                return {"type": "keyValuePairList", "elements": pairs}
            case _:
                replies = [self.one() for _ in range(self.draw(st.integers(1, 4)))]
                self.words += replies
                self.answers += replies
                return {"type": "template", "templateType": "quickReply", "title": self.text(), "resp": replies}

    def card(self) -> Json:
        """What the guides show: pictures, words, buttons. Else anything."""
        if not self.draw(st.integers(0, 3)):
            return {"type": "vertical", "elements": [self.element(2) for _ in range(self.draw(st.integers(1, 5)))]}
        pictures = self.up_to(2, lambda: {"type": "image", "url": self.address(".png"), **self.some(click=self.click, caption=self.text)})
        words = self.up_to(3, lambda: {"type": "text", "text": self.text(), **self.some(click=self.click, tag=lambda: "title")})
        return {"type": "vertical", "elements": [*pictures, *words, *self.up_to(4, self.button)]}

    def select_list(self) -> Json:
        def checklist() -> Json:
            return {"type": "checklist", "elements": self.up_to(3, self.checkbox)}

        def section() -> Json:
            return {"type": "section", "sectionID": "s", "elements": [{"type": "text", "text": self.text()}, checklist()]}

        submit = {"type": "submitButton", "title": self.text(), "click": {"actions": [{"type": "submitAsText", "submit": True}]}}
        sections = {"type": "sectionList", "elements": self.up_to(2, section)}
        return {"type": "list", "elements": [{"type": "text", "text": self.text()}, sections, {"type": "buttonList", "elements": [submit]}]}

    def element(self, depth: int = 0) -> Json:
        kind = self.draw(
            among(
                "leaf",
                "card",
                "card",
                "vertical",
                "horizontal",
                "carousel",
                "carousel",
                "carouselSelect",
                "accordionSelect",
                "tabs",
                "list",
            )
        )
        if depth > 2 or kind == "leaf":
            return self.leaf()
        if kind == "card":
            return self.card()
        if kind == "list":
            return self.select_list()
        if kind in ("vertical", "horizontal"):
            return {"type": kind, "elements": [self.element(depth + 1) for _ in range(self.draw(st.integers(0, 4)))]}
        stage: Json = {"type": kind, "elements": self.up_to(5, self.card)}
        if kind == "accordionSelect":
            stage["titles"] = [{"name": self.text(), "additional": self.text()} for _ in stage["elements"]]
        return stage

    def quick_replies(self) -> Json:
        return {"type": "quickReplies", "itemsPerRow": 8, "replies": self.up_to(6, self.button)}


@st.composite
def templates(draw: st.DrawFn) -> Template:
    """Every documented element and action, nested, with quick replies beside it or without."""
    made = Template(draw)
    made.message = {
        "text": made.text() if made.flips() else "",
        "content": made.element() if draw(st.integers(0, 3)) else None,
        "quick_replies": made.quick_replies() if made.flips() else None,
    }
    return made


# Channels


def utf8_bytes(text: str) -> int:
    return len(text.encode())


@st.composite
def channels(draw: st.DrawFn) -> Abilities:
    """What a channel may say of itself, however odd: each limit on its own."""
    limit = among(4, 6, 10, 15, 20, 40, 80, 5000)
    maybe = among(0, 4, 10, 20, 40, 80, 5000)
    buttons = among(0, 1, 1, 2, 3, 4, 10, 100)
    return Abilities(
        measure=draw(among(len, utf16_units, utf8_bytes)),
        # Shorter ones would cut words, which could not be found again.
        max_text=draw(st.none() | st.integers(12, 100) | st.integers(100, 5000)),
        image_schemes=draw(among(frozenset(), frozenset({"https"}), frozenset({"http", "https"}))),
        image_files=draw(st.booleans()),
        max_image_caption=draw(maybe),
        locations=draw(st.booleans()),
        link_previews=draw(st.booleans()),
        max_card_buttons=draw(buttons),
        max_card_title=draw(maybe),
        max_card_subtitle=draw(maybe),
        titled_cards_need_picture=draw(st.booleans()),
        captioned_cards=draw(st.booleans()),
        max_card_words=draw(st.none() | limit),
        max_text_card=draw(maybe),
        max_button_title=draw(limit),
        max_payload=draw(st.none() | limit),
        link_buttons=draw(st.booleans()),
        call_buttons=draw(st.booleans()),
        max_carousel_cards=draw(among(0, 1, 2, 3, 10)),
        min_carousel_cards=draw(st.integers(1, 3)),
        max_carousel_buttons=draw(buttons),
        max_quick_replies=draw(buttons),
        max_quick_reply_title=draw(limit),
        quick_replies_on_anything=draw(st.booleans()),
        choice_prompt=draw(among("", "?", "Please choose one of these:")),
        number_suffix=draw(among(") ", ". ")),
        choices_last=draw(st.booleans()),
    )


def payload_for(choice: Choice) -> str:
    return f"p:{choice.number}"


def planned(template: Template, able: Abilities) -> Plan:
    try:
        message = parse(**template.message)
    except RichContentInvalid as error:
        # A template that happened to grow beyond what is read at all says nothing about the plan.
        assert "nested more than" in error.message or "elements" in error.message, error.message
        reject()
    return plan(message, able, payload_for=payload_for)


# No limit is passed


def fits(able: Abilities, text: str, limit: int | None) -> bool:
    return limit is None or able.measure(text) <= limit


def buttons_fit(able: Abilities, buttons: tuple[Button, ...], most: int, longest: int) -> None:
    assert len(buttons) <= most
    for button in buttons:
        assert button.title.strip() and button.value
        assert fits(able, button.title, longest)
        match button.kind:
            case ButtonKind.REPLY:
                assert fits(able, button.value, able.max_payload)
            case ButtonKind.LINK:
                assert able.link_buttons
            case ButtonKind.CALL:
                assert able.call_buttons


def card_fits(able: Abilities, card: CardPart, most: int) -> None:
    buttons_fit(able, card.buttons, most, able.max_button_title)
    assert not card.image_url or card.image_url.partition(":")[0] in able.image_schemes
    if card.text:
        assert fits(able, card.text, able.max_text_card)
        assert card.buttons and not (card.title or card.subtitle or card.image_url)
        return
    assert card.image_url or not able.titled_cards_need_picture
    assert card.title or (able.captioned_cards and card.image_url)
    assert fits(able, card.title, able.max_card_title)
    assert fits(able, card.subtitle, able.max_card_subtitle)
    assert fits(able, "\n".join(line for line in (card.title, card.subtitle) if line), able.max_card_words)


def no_limit_of_the_channel_is_passed(able: Abilities, result: Plan) -> None:
    parts = result.parts
    for number, part in enumerate(parts):
        match part:
            case TextPart():
                assert part.text.strip()
                assert fits(able, part.text, able.max_text)
            case ImagePart():
                assert part.url.partition(":")[0] in able.image_schemes
                assert fits(able, part.caption, able.max_image_caption)
            case FilePart():
                assert able.image_files
                assert fits(able, part.caption, able.max_image_caption)
            case LocationPart():
                assert able.locations
            case LinkPart():
                assert able.link_previews
            case CardPart():
                card_fits(able, part, able.max_card_buttons)
                assert part.buttons or (able.captioned_cards and part.image_url and part.title)
            case CarouselPart():
                assert able.min_carousel_cards <= len(part.cards) <= able.max_carousel_cards
                for card in part.cards:
                    card_fits(able, card, able.max_carousel_buttons)
                    assert card.title
            case ChoicesPart():
                assert number == len(parts) - 1
                assert part.choices
                assert part.text.strip() or (able.quick_replies_on_anything and number)
                assert fits(able, part.text, able.max_text)
                buttons_fit(able, part.choices, able.max_quick_replies, able.max_quick_reply_title)


# No word is lost


def read(result: Plan) -> Iterator[str]:
    """Everything that the person reads, or the app opens."""
    for part in result.parts:
        match part:
            case CardPart() | CarouselPart():
                for card in part.cards if isinstance(part, CarouselPart) else (part,):
                    yield from (card.title, card.subtitle, card.text, card.image_url)
                    yield from (word for button in card.buttons for word in (button.title, button.value))
            case ChoicesPart():
                yield from (part.text, *(button.title for button in part.choices))
            case TextPart():
                yield part.text
            case ImagePart() | FilePart():
                yield from (part.url, part.caption)
            case LinkPart():
                yield from (part.url, part.title)
            case LocationPart():
                yield part.title


def every_word_and_address_is_in_a_part_or_in_a_loss(template: Template, result: Plan) -> None:
    # An address that is longer than a message is cut, so parts are joined for addresses.
    shown = "\n".join(read(result))
    joined = "".join(shown.split())
    reported = "\n".join(f"{loss.before}\n{loss.after}" for loss in result.losses)
    for word in template.words:
        assert word in shown or word in reported, word
    for address in template.addresses:
        assert address in joined or address in reported, address


def what_was_shortened_begins_as_it_did_and_is_kept_whole_in_the_report(able: Abilities, result: Plan) -> None:
    for loss in result.losses:
        if loss.kind is LossKind.SHORTENED:
            assert loss.before.startswith(loss.after.removesuffix("…").rstrip())
            assert able.measure(loss.after) < able.measure(loss.before)


# Every choice can be made


def is_reachable(choice: Choice, result: Plan, able: Abilities) -> bool:
    """Whether a button carries it, or a line tells the number that means it."""
    if choice.payload:
        cards = [card for part in result.parts for card in (part.cards if isinstance(part, CarouselPart) else (part,))]
        buttons = [button for card in cards for button in (*getattr(card, "buttons", ()), *getattr(card, "choices", ()))]
        return any((button.kind, button.value) == (ButtonKind.REPLY, choice.payload) for button in buttons)
    number = str(choice.number)
    lines = [line for text in read(result) for line in text.splitlines()]
    is_told = any(line.startswith(f"{number}{able.number_suffix}".rstrip()) for line in lines)
    return choice.is_numbered and is_told and match(number, result.shown) == choice


def every_answer_is_a_choice_that_can_be_made_or_is_in_a_loss(template: Template, able: Abilities, result: Plan) -> None:
    reported = "\n".join(loss.before for loss in result.losses)
    for answer in template.answers:
        choice = next((choice for choice in result.shown if choice.publish_text == answer), None)
        assert choice is not None or answer in reported, answer
    for choice in result.shown:
        if choice.number:
            assert is_reachable(choice, result, able), choice


# All of it


@RANDOM
@given(templates(), channels())
def test_no_limit_is_passed_no_word_is_lost_and_every_choice_can_be_made(template: Template, able: Abilities) -> None:
    result = planned(template, able)
    no_limit_of_the_channel_is_passed(able, result)
    every_word_and_address_is_in_a_part_or_in_a_loss(template, result)
    what_was_shortened_begins_as_it_did_and_is_kept_whole_in_the_report(able, result)
    every_answer_is_a_choice_that_can_be_made_or_is_in_a_loss(template, able, result)
