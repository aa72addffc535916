"""Whatever is sent to whatever channel: nothing exceeds what the channel can do, nothing vanishes without a word."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connector_platform.core.rich import Abilities, Button, ButtonKind, Choice, ChoiceKind, LossKind, Plan, maps_link, match, parse, plan
from connector_platform.core.rich.parts import CardPart, CarouselPart, ChoicesPart, FilePart, ImagePart, LinkPart, LocationPart, TextPart
from connector_platform.core.text import utf16_units
from tests.core.rich.support import resolve

# Content

WORDS = st.integers(10**5, 10**6).map("word{}".format) | st.text("abcÉß🙂👨‍👩‍👧é \n", max_size=40)
ADDRESSES = st.sampled_from(
    [
        "https://example.com/a.png",
        "http://example.com/b.jpg",
        "app://c",
        "no address",
        "https://example.com/d?e=f",
        "tel:+15550100",
        "//g",
        "https://[",
    ]
)
DEGREES = st.sampled_from([0, 52.3791, -73.9, 4.9003, 90, 12.3456789])


def element(kind: str, **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    own = {name: value for name, value in fields.items() if not name.startswith("maybe_")}
    maybe = {name.removeprefix("maybe_"): value for name, value in fields.items() if name.startswith("maybe_")}
    return st.fixed_dictionaries({"type": st.just(kind), **own}, optional=maybe)


ACTIONS = st.one_of(
    element("publishText", text=WORDS),
    element("link", uri=ADDRESSES, maybe_name=WORDS, maybe_web=st.fixed_dictionaries({"uri": ADDRESSES})),
    element("navigate", la=DEGREES, lo=DEGREES),
    element("addToCart", items=st.just([])),
    element("datePicker", maybe_title=WORDS, maybe_minDate=st.integers(-(10**15), 10**15)),
    element("scheduleSlotList", slots=st.lists(st.fixed_dictionaries({"start": st.integers(0, 2**31), "title": WORDS}), max_size=3)),
    element("checked", publishText=WORDS),
    element("other"),
)
CLICK = st.fixed_dictionaries(
    {"actions": st.lists(ACTIONS, max_size=3)}, optional={"metadata": st.just([{"type": "ExternalId", "id": "x"}])}
)
TAGS = st.sampled_from(["title", "subtitle", "generic"])
LEAVES = st.one_of(
    element("text", text=WORDS, maybe_click=CLICK, maybe_tag=TAGS, maybe_title=WORDS),
    element("image", url=ADDRESSES, maybe_caption=WORDS, maybe_tooltip=WORDS, maybe_click=CLICK),
    element("button", title=WORDS, maybe_click=CLICK, maybe_subtitle=WORDS, maybe_text=WORDS),
    element(
        "button",
        title=WORDS,
        click=st.fixed_dictionaries({"actions": st.lists(element("publishText", text=WORDS), min_size=1, max_size=1)}),
    ),
    element("map", la=DEGREES, lo=DEGREES, maybe_tooltip=WORDS),
    element("linkPreview", url=ADDRESSES, maybe_title=WORDS),
    element("template", templateType=st.just("quickReply"), title=WORDS, resp=st.lists(WORDS, min_size=1, max_size=4)),
    element("keyValuePairList", elements=st.lists(st.fixed_dictionaries({"key": WORDS}, optional={"value": WORDS}), max_size=3)),
    element("checkbox", text=WORDS, maybe_click=CLICK),
    element("submitButton", title=WORDS, maybe_click=CLICK),
    element("unknown", maybe_title=WORDS, maybe_url=ADDRESSES, maybe_click=CLICK),
)
REPLIES = element("quickReplies", replies=st.lists(LEAVES, max_size=6))
CONTAINERS = st.sampled_from(["vertical", "horizontal", "carousel", "carouselSelect", "tabs", "list", "section", "unknown"])
TITLES = st.lists(st.fixed_dictionaries({"name": WORDS, "additional": WORDS}), max_size=3)
CONTENT = st.recursive(
    LEAVES,
    lambda inner: st.one_of(
        st.fixed_dictionaries(
            {"type": CONTAINERS, "elements": st.lists(inner, max_size=5)},
            optional={"title": WORDS, "click": CLICK, "quickReplies": REPLIES},
        ),
        element("accordionSelect", elements=st.lists(inner, max_size=3), titles=TITLES),
    ),
    max_leaves=14,
)
MESSAGES = st.fixed_dictionaries({"text": WORDS, "content": st.none() | CONTENT, "quick_replies": st.none() | REPLIES})


@st.composite
def abilities(draw: st.DrawFn) -> Abilities:
    """Channels of every kind, as a sane provider would describe them."""
    measure = draw(st.sampled_from([len, utf16_units, lambda text: len(text.encode())]))
    limit = st.integers(12, 60)
    return Abilities(
        measure=measure,
        max_text=draw(st.none() | st.integers(30, 200)),
        image_schemes=draw(st.sampled_from([frozenset(), frozenset({"https"}), frozenset({"http", "https"})])),
        image_files=draw(st.booleans()),
        max_image_caption=draw(st.sampled_from([0, 20])),
        locations=draw(st.booleans()),
        link_previews=draw(st.booleans()),
        max_card_buttons=draw(st.integers(0, 4)),
        max_card_title=draw(st.just(0) | limit),
        max_card_subtitle=draw(limit),
        titled_cards_need_picture=draw(st.booleans()),
        captioned_cards=draw(st.booleans()),
        max_card_words=draw(st.none() | limit),
        max_text_card=draw(st.just(0) | limit),
        max_button_title=draw(limit),
        max_payload=draw(st.none() | limit),
        link_buttons=draw(st.booleans()),
        call_buttons=draw(st.booleans()),
        lone_links=draw(st.booleans()),
        max_carousel_cards=draw(st.sampled_from([0, 3, 10])),
        max_carousel_buttons=draw(st.integers(0, 3)),
        even_carousels=draw(st.booleans()),
        max_quick_replies=draw(st.sampled_from([0, 2, 13])),
        max_quick_reply_title=draw(limit),
        quick_replies_on_anything=draw(st.booleans()),
        choice_prompt=draw(st.sampled_from(["", "Choose:"])),
        choices_last=draw(st.booleans()),
    )


def planned(message: dict[str, Any], able: Abilities) -> Plan:
    return plan(parse(message["content"], message["quick_replies"], message["text"]), able)


# What a channel can do


def check_buttons(buttons: tuple[Button, ...], able: Abilities, most: int, longest: int) -> None:
    assert len(buttons) <= most
    for button in buttons:
        assert button.title
        assert able.measure(button.title) <= longest
        assert button.value
        if button.kind is ButtonKind.REPLY:
            assert able.max_payload is None or able.measure(button.value) <= able.max_payload
        else:
            assert able.link_buttons if button.kind is ButtonKind.LINK else able.call_buttons
            assert button.kind is ButtonKind.CALL or button.value.startswith(("https://", "http://"))


def check_card(card: CardPart, able: Abilities, most: int) -> None:
    check_buttons(card.buttons, able, most, able.max_button_title)
    assert bool(card.text) != bool(card.title) or (able.captioned_cards and card.image_url and not card.text)
    if card.text:
        assert able.measure(card.text) <= able.max_text_card
        assert card.buttons
        assert not card.image_url
    else:
        assert able.measure(card.title) <= able.max_card_title
        assert able.measure(card.subtitle) <= able.max_card_subtitle
        assert (
            able.max_card_words is None
            or able.measure("\n".join(part for part in (card.title, card.subtitle) if part)) <= able.max_card_words
        )
        assert card.image_url or not able.titled_cards_need_picture
        assert not card.image_url or card.image_url.partition(":")[0] in able.image_schemes


@settings(max_examples=300)
@given(MESSAGES, abilities())
def test_a_plan_never_exceeds_what_the_channel_can_do(message: dict[str, Any], able: Abilities) -> None:
    parts = planned(message, able).parts
    for position, part in enumerate(parts):
        match part:
            case TextPart():
                assert part.text.strip()
                assert able.max_text is None or able.measure(part.text) <= able.max_text
                assert able.max_text is not None or not isinstance(parts[position - 1], TextPart) or not position
            case ImagePart():
                assert part.url.partition(":")[0] in able.image_schemes
                assert able.measure(part.caption) <= able.max_image_caption
            case FilePart():
                assert able.image_files
            case LocationPart():
                assert able.locations
            case LinkPart():
                assert able.link_previews
            case CardPart():
                assert able.max_card_buttons
                check_card(part, able, able.max_card_buttons)
                assert part.buttons or (able.captioned_cards and part.image_url and part.title)
            case CarouselPart():
                assert able.min_carousel_cards <= len(part.cards) <= able.max_carousel_cards
                for card in part.cards:
                    check_card(card, able, able.max_carousel_buttons)
                    assert card.title
                    assert card.subtitle or card.image_url or card.buttons
            case ChoicesPart():
                assert position == len(parts) - 1
                assert part.text or (able.quick_replies_on_anything and position)
                assert able.max_text is None or able.measure(part.text) <= able.max_text
                check_buttons(part.choices, able, able.max_quick_replies, able.max_quick_reply_title)


# Nothing vanishes

SEEN = ("text", "title", "subtitle", "caption", "url", "uri", "key", "value", "name", "additional")


def said(data: Any, parent: str = "") -> Iterator[str]:
    """Every text, title and address of the input; names only where they are an accordion's titles."""
    if isinstance(data, dict):
        for name, value in data.items():
            if isinstance(value, str) and name in SEEN and (name != "name" or parent == "titles"):
                yield value
            yield from said(value, name)
    elif isinstance(data, list):
        for item in data:
            if isinstance(item, str) and parent == "resp":
                yield item
            yield from said(item, parent)


def squeezed(text: str) -> str:
    return "".join(text.split())


def shown_by(result: Plan) -> str:
    """Everything that the person or the platform still has, blanks left out: a text may be cut at any of them."""
    found: list[str] = []
    for part in result.parts:
        cards = part.cards if isinstance(part, CarouselPart) else (part,) if isinstance(part, CardPart) else ()
        for card in cards:
            found += [
                card.title,
                card.subtitle,
                card.text,
                card.image_url,
                *(word for button in card.buttons for word in (button.title, button.value)),
            ]
        for name in ("text", "url", "caption", "title"):
            found.append(getattr(part, name, "") if not cards else "")
        if isinstance(part, ChoicesPart):
            found += [word for choice in part.choices for word in (choice.title, choice.value)]
    found += [choice.publish_text for choice in result.shown]
    return squeezed("".join(found))


@settings(max_examples=400)
@given(MESSAGES, abilities())
def test_nothing_vanishes_without_a_word(message: dict[str, Any], able: Abilities) -> None:
    result = planned(message, able)
    everything = shown_by(result)
    reported = [squeezed(word) for loss in result.losses for word in (loss.before, loss.after)]
    for words in said(message):
        wanted = squeezed(words).removeprefix("tel:")
        assert wanted in everything or any(wanted in word for word in reported), words


@settings(max_examples=200)
@given(MESSAGES, abilities())
def test_every_loss_and_choice_names_its_place(message: dict[str, Any], able: Abilities) -> None:
    result = planned(message, able)
    for entry in (*result.losses, *result.shown):
        resolve(message, entry.path)
    for loss in result.losses:
        assert loss.reason
        assert loss.kind is not LossKind.SHORTENED or loss.before != loss.after


@settings(max_examples=200)
@given(MESSAGES, abilities())
def test_the_choices_are_counted_and_every_reply_is_one_of_them(message: dict[str, Any], able: Abilities) -> None:
    result = planned(message, able)
    assert [choice.number for choice in result.shown if choice.number] == list(
        range(1, 1 + sum(bool(choice.number) for choice in result.shown))
    )
    payloads = [choice.payload for choice in result.shown if choice.payload]
    buttons = [
        button
        for part in result.parts
        for card in ((part,) if isinstance(part, CardPart | ChoicesPart) else part.cards if isinstance(part, CarouselPart) else ())
        for button in (card.choices if isinstance(card, ChoicesPart) else card.buttons)
    ]
    assert [button.value for button in buttons if button.kind is ButtonKind.REPLY] == payloads
    for choice in result.shown:
        if choice.is_numbered:
            assert not choice.payload
            found = match(f"{choice.number}", result.shown)
            assert found is not None


@given(MESSAGES, abilities())
def test_the_same_message_makes_the_same_plan(message: dict[str, Any], able: Abilities) -> None:
    assert planned(message, able) == planned(json.loads(json.dumps(message)), able)


# Step by step

CARDS = Abilities(
    image_schemes=frozenset({"https"}),
    max_card_buttons=2,
    max_card_title=20,
    max_card_subtitle=20,
    max_text_card=50,
    max_button_title=10,
    max_carousel_cards=4,
    max_carousel_buttons=2,
    link_buttons=True,
)


def button(title: str, words: str = "") -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words or title}]}}


def card(title: str, *more: dict[str, Any]) -> dict[str, Any]:
    return {"type": "vertical", "elements": [{"type": "image", "url": "https://example.com/a.png"}, {"type": "text", "text": title}, *more]}


@pytest.mark.parametrize(("count", "sizes"), [(2, [2]), (4, [4]), (5, [3, 2]), (9, [3, 3, 3])])
def test_a_carousel_is_divided_evenly(count: int, sizes: list[int]) -> None:
    result = plan(parse({"type": "carousel", "elements": [card(f"C{n}", button("Take")) for n in range(count)]}), CARDS)
    assert [len(part.cards) for part in result.parts if isinstance(part, CarouselPart)] == sizes
    assert [loss.kind for loss in result.losses] == [LossKind.REDUCED] * (len(sizes) > 1)


def test_a_carousel_becomes_cards_and_a_card_becomes_text() -> None:
    content = {"type": "carousel", "elements": [card("A", button("Take A")), card("B", *(button(f"B{n}") for n in range(3)))]}
    result = plan(parse(content), CARDS)
    assert [type(part) for part in result.parts] == [CardPart, ImagePart, TextPart]
    assert result.parts[-1] == TextPart(text="B\n2) B0\n3) B1\n4) B2")
    assert [(loss.path, loss.kind) for loss in result.losses[:2]] == [("/content", "reduced"), ("/content/elements/1", "reduced")]


def link(title: str) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "link", "uri": f"https://example.com/{title}"}]}}


@pytest.mark.parametrize(
    ("presses", "titles", "line"),
    [
        ([button("Yes"), link("a"), button("No")], ["Yes", "No"], "a: https://example.com/a"),
        ([link("a"), link("b")], ["a"], "b: https://example.com/b"),
        ([link("a")], ["a"], ""),
    ],
)
def test_where_links_stand_alone_answers_come_first_and_the_rest_is_written(presses: list[Any], titles: list[str], line: str) -> None:
    first, *rest = plan(parse(card("Mug", *presses)), replace(CARDS, lone_links=True)).parts
    assert isinstance(first, CardPart)
    assert [shown.title for shown in first.buttons] == titles
    assert rest == ([TextPart(text=line)] if line else [])


@pytest.mark.parametrize(
    ("cards", "is_carousel"),
    [
        ([card("A", button("1")), card("B", button("2"))], True),
        ([card("A", link("a")), card("B", link("b"))], True),
        ([card("A", button("1")), card("B", link("b"))], False),
        ([card("A", button("1")), card("B", button("2"), button("3"))], False),
        ([card("A"), card("B")], False),
        ([card("A", button("1")), {"type": "vertical", "elements": [{"type": "text", "text": "B"}, button("2")]}], False),
    ],
)
def test_cards_that_differ_make_no_even_carousel(cards: list[Any], is_carousel: bool) -> None:
    able = replace(CARDS, lone_links=True, even_carousels=True)
    result = plan(parse({"type": "carousel", "elements": cards}), able)
    assert any(isinstance(part, CarouselPart) for part in result.parts) is is_carousel
    assert any(loss.path == "/content" and loss.kind is LossKind.REDUCED for loss in result.losses) is not is_carousel


def test_a_channel_with_titled_cards_only_has_them_without_pictures_too() -> None:
    able = replace(CARDS, max_text_card=0)
    content = {"type": "vertical", "elements": [{"type": "text", "text": "Mug"}, button("Buy")]}
    (part,) = plan(parse(content), able).parts
    assert isinstance(part, CardPart)
    assert (part.title, part.text) == ("Mug", "")
    assert [type(part) for part in plan(parse(content), replace(able, titled_cards_need_picture=True)).parts] == [TextPart]


def test_a_card_that_is_a_caption_needs_neither_words_nor_buttons() -> None:
    able = replace(CARDS, captioned_cards=True, max_carousel_cards=0)
    picture = {"type": "image", "url": "https://example.com/a.png"}
    words = {"type": "text", "text": "Mug"}

    def shown(*elements: dict[str, Any]) -> tuple[Any, ...]:
        return plan(parse({"type": "vertical", "elements": list(elements)}), able).parts

    (bare,) = shown(picture, button("Buy"))
    assert isinstance(bare, CardPart)
    assert (bare.title, bare.image_url, [one.title for one in bare.buttons]) == ("", picture["url"], ["Buy"])
    assert shown(words, picture) == (CardPart(title="Mug", image_url=picture["url"]),)
    assert shown(picture) == (ImagePart(url=picture["url"]),)
    able = replace(able, max_text_card=0)
    assert [type(part) for part in shown({"type": "image", "url": "http://example.com/a.png"}, words)] == [TextPart]
    assert [type(part) for part in shown(picture, words, picture)] == [ImagePart, ImagePart, TextPart]
    assert [type(part) for part in shown(picture, {"type": "text", "text": "a" * 21})] == [ImagePart, TextPart]


def test_native_places_links_files_and_captions() -> None:
    content = {
        "type": "vertical",
        "elements": [
            {"type": "text", "text": "See"},
            {"type": "map", "la": 1, "lo": 2, "tooltip": "Here"},
            {"type": "linkPreview", "url": "https://example.com", "title": "There"},
            {"type": "image", "url": "ftp://example.com/a.png", "caption": "Old"},
        ],
    }
    result = plan(parse(content), Abilities(locations=True, link_previews=True, image_files=True, max_image_caption=10))
    assert result.parts == (
        FilePart(url="ftp://example.com/a.png", caption="Old"),
        TextPart(text="See"),
        LocationPart(latitude=1, longitude=2, title="Here"),
        LinkPart(url="https://example.com", title="There"),
    )
    assert [loss.kind for loss in result.losses] == ["reduced", "moved"]


def test_a_provider_decides_what_is_behind_a_button() -> None:
    seen: list[Choice] = []

    def payload_for(choice: Choice) -> str:
        seen.append(choice)
        return f"key-{choice.number}"

    result = plan(parse(card("Mug", button("Buy", "I buy"), button("Leave"))), CARDS, payload_for=payload_for)
    (part,) = result.parts
    assert isinstance(part, CardPart)
    assert [button.value for button in part.buttons] == ["key-1", "key-2"] == [choice.payload for choice in result.shown]
    assert [(choice.publish_text, choice.kind, choice.payload) for choice in seen] == [
        ("I buy", ChoiceKind.PUBLISH_TEXT, ""),
        ("Leave", ChoiceKind.PUBLISH_TEXT, ""),
    ]


def test_a_title_is_cut_between_whole_characters() -> None:
    result = plan(parse(card("Mug", button("family 👨‍👩‍👧 and more"))), CARDS)
    (part,) = result.parts
    assert isinstance(part, CardPart)
    assert part.buttons[0].title == "family…"
    assert [(loss.kind, loss.before, loss.after) for loss in result.losses] == [("shortened", "family 👨‍👩‍👧 and more", "family…")]


def test_quick_replies_need_something_to_stand_on() -> None:
    able = Abilities(max_quick_replies=3, max_quick_reply_title=20)
    replies = {"type": "quickReplies", "replies": [button("Yes"), button("No")]}
    assert [type(part) for part in plan(parse(None, replies), able).parts] == [TextPart]
    assert [type(part) for part in plan(parse(None, replies, "Well?"), able).parts] == [ChoicesPart]
    (part,) = plan(parse(None, replies), replace(able, choice_prompt="Choose:")).parts
    assert isinstance(part, ChoicesPart)
    assert part.text == "Choose:"


def test_an_operators_line_that_is_too_long_is_cut() -> None:
    able = replace(CARDS, max_text=30, max_quick_replies=3, max_quick_reply_title=20, choice_prompt="Please choose one of these " * 3)
    content = {"type": "vertical", "elements": [button("Yes")]}
    card_part, choices_part = plan(parse(content, {"type": "quickReplies", "replies": [button("No")]}), able).parts
    assert isinstance(card_part, CardPart)
    assert isinstance(choices_part, ChoicesPart)
    assert (card_part.text, choices_part.text) == ("Please choose one of these Please choose one of t…", "Please choose one of these Pl…")


@pytest.mark.parametrize(
    ("latitude", "longitude", "query"),
    [(52.3791, 4.9003, "52.3791,4.9003"), (52.0, -4.5, "52,-4.5"), (1e-9, 10, "0,10"), (90, 0.00001, "90,0.00001")],
)
def test_a_place_is_a_link_without_needless_digits(latitude: float, longitude: float, query: str) -> None:
    assert maps_link(latitude, longitude) == f"https://www.google.com/maps/search/?api=1&query={query}"
