"""LivePerson's structured content as it leaves for Meta."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers._meta.whatsapp import rich
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import RichContent
from connector_platform.core.rich import LossKind
from tests.providers.whatsapp.case import CASE, CONFIG
from tests.providers.whatsapp.test_outbound import messages, sent, text

IMAGE = {"type": "image", "url": "https://cdn.example.com/mug.png", "tooltip": "mug"}
HEADER = {"type": "image", "image": {"link": "https://cdn.example.com/mug.png"}}


def publish(title: str, words: str = "") -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words or title}]}}


def link(title: str, uri: str = "https://shop.example.com/mug") -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "link", "uri": uri}]}}


def words(text_: str) -> dict[str, Any]:
    return {"type": "text", "text": text_}


def card(*elements: dict[str, Any]) -> RichContent:
    return RichContent(content={"type": "vertical", "elements": list(elements)})


def carousel(*cards: RichContent) -> RichContent:
    return RichContent(content={"type": "carousel", "elements": [one.content for one in cards]})


def question(count: int, *, title: str = "Choice {}") -> RichContent:
    replies = [publish(title.format(number)) for number in range(1, count + 1)]
    return RichContent(text="Which?", quick_replies={"type": "quickReplies", "itemsPerRow": 8, "replies": replies})


def pick(number: int) -> str:
    """What stands behind the choice ``number`` of a message."""
    return f"pick:{CASE.context().message_id}:{number}"


def interactive(kind: str, body: str, **fields: Any) -> dict[str, Any]:
    return {"type": "interactive", "interactive": {"type": kind, **fields, "body": {"text": body}}}


def reply(number: int, title: str) -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": pick(number), "title": title}}


def test_up_to_three_quick_replies_are_buttons() -> None:
    assert messages(question(3)) == [
        interactive("button", "Which?", action={"buttons": [reply(number, f"Choice {number}") for number in (1, 2, 3)]})
    ]


def test_four_to_ten_quick_replies_are_a_list() -> None:
    for count in (4, 10):
        rows = [{"id": pick(number), "title": f"Choice {number}"} for number in range(1, count + 1)]
        assert messages(question(count)) == [interactive("list", "Which?", action={"button": "Options", "sections": [{"rows": rows}]})]


def test_the_eleventh_quick_reply_is_a_numbered_line() -> None:
    (shown,) = messages(question(11))
    assert len(shown["interactive"]["action"]["sections"][0]["rows"]) == 10
    assert shown["interactive"]["body"]["text"] == "Which?\n11) Choice 11"


def test_a_row_tells_in_its_second_line_what_its_title_has_cut() -> None:
    (shown,) = messages(question(4, title="A choice with a long title {}"))
    rows = shown["interactive"]["action"]["sections"][0]["rows"]
    assert rows[0] == {"id": pick(1), "title": "A choice with a lon…", "description": "A choice with a long title 1"}
    assert [row["title"] for row in rows[1:]] == ["A choice with a (2)", "A choice with a (3)", "A choice with a (4)"]
    assert all(len(row["title"]) <= 20 for row in rows)


def test_equal_titles_are_numbered_as_whatsapp_refuses_them_twice() -> None:
    (shown,) = messages(card(words("Mug or cup?"), publish("Buy", "mug"), publish("Buy", "cup")))
    assert shown["interactive"]["action"]["buttons"] == [reply(1, "Buy"), reply(2, "Buy (2)")]


def test_a_card_has_its_picture_above_the_buttons() -> None:
    content = card(IMAGE, words("Blue mug"), words("Holds a lot"), publish("Buy"), publish("Ask"))
    expected = {"buttons": [reply(1, "Buy"), reply(2, "Ask")]}
    assert messages(content) == [interactive("button", "Blue mug\nHolds a lot", header=HEADER, action=expected)]


def test_a_single_link_is_a_link_button() -> None:
    action = {"name": "cta_url", "parameters": {"display_text": "Look", "url": "https://shop.example.com/mug"}}
    assert messages(card(IMAGE, words("Blue mug"), link("Look"))) == [interactive("cta_url", "Blue mug", header=HEADER, action=action)]


def test_links_beside_answers_are_written_below() -> None:
    content = card(words("Blue mug"), publish("Buy"), link("Look"))
    assert messages(content) == [
        interactive("button", "Blue mug", action={"buttons": [reply(1, "Buy")]}),
        text("Look: https://shop.example.com/mug", preview=True),
    ]
    assert [(loss.kind, loss.path) for loss in sent(content)[0].losses] == [
        (LossKind.REDUCED, "/content/elements/2/click/actions/0"),
    ]


def test_a_card_of_many_choices_is_its_picture_and_a_list() -> None:
    content = card(IMAGE, words("Mugs"), *(publish(f"Mug {number}") for number in range(1, 6)))
    picture, shown = messages(content)
    assert picture == {"type": "image", "image": {"link": "https://cdn.example.com/mug.png"}}
    assert shown["interactive"]["type"] == "list"
    assert "header" not in shown["interactive"]


def test_words_that_exceed_a_body_stand_before_it() -> None:
    content = card(words("a" * 1025), publish("Buy"))
    assert messages(content) == [text("a" * 1025), interactive("button", CONFIG.choice_prompt, action={"buttons": [reply(1, "Buy")]})]
    long = RichContent(text="b" * 1025, quick_replies=question(2).quick_replies)
    assert [one["type"] for one in messages(long)] == ["text", "interactive"]


def test_even_cards_with_pictures_are_a_carousel_below_their_text() -> None:
    content = carousel(card(IMAGE, words("Mug"), publish("Buy", "mug")), card(IMAGE, words("Cup"), publish("Buy", "cup")))
    cards = [
        {
            "card_index": index,
            "header": HEADER,
            "body": {"text": name},
            "action": {"buttons": [{"type": "quick_reply", "quick_reply": {"id": pick(index + 1), "title": "Buy"}}]},
        }
        for index, name in enumerate(("Mug", "Cup"))
    ]
    assert messages(content) == [interactive("carousel", CONFIG.choice_prompt, action={"cards": cards})]
    with_text = RichContent(content=content.content, text="Our newest")
    assert messages(with_text) == [interactive("carousel", "Our newest", action={"cards": cards})]


def test_a_carousel_of_links_has_one_on_each_card() -> None:
    content = carousel(card(IMAGE, words("Mug"), link("Look")), card(IMAGE, words("Cup"), link("Look", "https://shop.example.com/cup")))
    (shown,) = messages(content)
    assert [one["type"] for one in shown["interactive"]["action"]["cards"]] == ["cta_url", "cta_url"]
    assert shown["interactive"]["action"]["cards"][1]["action"] == {
        "name": "cta_url",
        "parameters": {"display_text": "Look", "url": "https://shop.example.com/cup"},
    }


def test_uneven_cards_are_messages_of_their_own() -> None:
    content = carousel(card(IMAGE, words("Mug"), publish("Buy", "mug")), card(IMAGE, words("Cup"), link("Look")))
    assert [one["interactive"]["type"] for one in messages(content)] == ["button", "cta_url"]


def test_a_cards_third_line_break_becomes_a_blank() -> None:
    one = card(IMAGE, words("Mug"), words("a\nb\nc\nd"), publish("Buy"))
    (shown,) = messages(carousel(one, one))
    assert shown["interactive"]["action"]["cards"][0]["body"]["text"] == "Mug\na\nb c d"


def row(title: str, subtitle: str = "", *, says: str = "") -> dict[str, Any]:
    button = publish(title, says)
    button["click"]["metadata"] = [{"type": "ExternalId", "id": title}]
    return {**button, "subtitle": subtitle} if subtitle else button


def tagged(tag: str, words_: str) -> dict[str, Any]:
    return {"type": "text", "text": words_, "tag": tag}


def group(title: str, *rows: dict[str, Any]) -> dict[str, Any]:
    return {"type": "vertical", "elements": [*([tagged("title", title)] if title else []), *rows]}


def menu(*groups: dict[str, Any], label: str = "See dishes", title: str = "Menu", footer: str = "Until nine") -> RichContent:
    elements = [tagged("title", title), tagged("subtitle", "Fresh"), tagged("footer", footer), publish(label), *groups]
    return RichContent(content={"type": "vertical", "tag": "list", "elements": elements})


def test_livepersons_list_template_is_a_list_with_sections() -> None:
    content = menu(group("Soups", row("Tomato", "hot", says="tomato soup")), group("Cakes", row("Apple")))
    sections = [
        {"title": "Soups", "rows": [{"id": pick(1), "title": "Tomato", "description": "hot"}]},
        {"title": "Cakes", "rows": [{"id": pick(2), "title": "Apple"}]},
    ]
    assert messages(content) == [
        {
            "type": "interactive",
            "interactive": {
                "type": "list",
                "header": {"type": "text", "text": "Menu"},
                "body": {"text": "Fresh"},
                "footer": {"text": "Until nine"},
                "action": {"button": "See dishes", "sections": sections},
            },
        }
    ]
    result, _ = sent(content)
    assert result.losses == ()
    assert [(choice.publish_text, choice.payload, choice.metadata[0]["id"]) for choice in result.shown] == [
        ("tomato soup", pick(1), "Tomato"),
        ("Apple", pick(2), "Apple"),
    ]


@pytest.mark.parametrize(
    "content",
    [
        menu(group("Soups", row("Tomato")), group("", row("Apple"))),
        menu(group("S" * 25, row("Tomato"))),
        menu(group("Soups", row("T" * 25))),
        menu(group("Soups", row("Tomato", "d" * 73))),
        menu(group("Soups", row("Tomato"), row("Tomato"))),
        menu(group("Soups", *(row(f"Soup {number}") for number in range(11)))),
        menu(group("Soups", link("Shop"))),
        menu(group("Soups", row("Tomato"), IMAGE)),
        menu(group("Soups")),
        menu(),
        menu(group("Soups", row("Tomato")), label="A label that is too long"),
        menu(group("Soups", row("Tomato")), title="t" * 61),
        menu(group("Soups", row("Tomato")), footer="f" * 61),
        menu(group("Soups", row("Tomato")), IMAGE),
    ],
)
def test_a_list_template_beyond_the_limits_is_reduced_and_nothing_vanishes(content: RichContent) -> None:
    shown = messages(content)
    assert "sections" not in str(shown) or "header" not in shown[0].get("interactive", {})
    said = str(shown)
    assert "Fresh" in said
    assert all(choice.title[:15] in said for choice in sent(content)[0].shown)


def test_places_are_native_and_pictures_carry_their_caption() -> None:
    content = card({"type": "map", "la": 52.3791, "lo": 4.9003, "tooltip": "Station"})
    assert messages(content) == [{"type": "location", "location": {"latitude": 52.3791, "longitude": 4.9003, "name": "Station"}}]
    assert messages(RichContent(content={**IMAGE, "caption": "A mug"})) == [
        {"type": "image", "image": {"link": "https://cdn.example.com/mug.png", "caption": "A mug"}}
    ]


def test_a_link_preview_is_a_text_with_a_preview() -> None:
    content = RichContent(content={"type": "linkPreview", "url": "https://example.com/a", "title": "News"})
    assert messages(content) == [text("News\nhttps://example.com/a", preview=True)]


def test_pictures_come_from_plain_http_only_where_meta_is_reached_so() -> None:
    content = RichContent(content={"type": "image", "url": "http://127.0.0.1:8800/a.png"})
    assert messages(content)[0]["type"] == "text"
    _, (call,) = sent(content, api_base="http://127.0.0.1:8800/whatsapp")
    assert b'"type":"image"' in call.body


def test_nothing_to_show_is_refused() -> None:
    with pytest.raises(UnsupportedContent):
        sent(RichContent(content={"type": "vertical", "elements": []}))


# Whatever comes, Meta's limits hold.

TITLES = st.text("ab 🙂é\n", min_size=1, max_size=60).filter(str.strip)
BUTTONS = st.builds(publish, TITLES) | st.builds(link, TITLES)
CARDS = st.builds(
    lambda has_image, texts, buttons: card(*([IMAGE] if has_image else []), *map(words, texts), *buttons),
    st.booleans(),
    st.lists(st.text("abc\n", max_size=400), max_size=3),
    st.lists(BUTTONS, max_size=12),
)
CONTENT = CARDS | st.builds(lambda cards: carousel(*cards), st.lists(CARDS, min_size=1, max_size=12))


@settings(max_examples=150, deadline=None)
@given(CONTENT)
def test_no_message_exceeds_what_meta_takes(content: RichContent) -> None:
    try:
        shown = messages(content)
    except UnsupportedContent:
        return
    for one in shown:
        if one["type"] == "text":
            assert 0 < len(one["text"]["body"]) <= rich.MAX_TEXT
            assert one["text"]["body"].strip()
        if one["type"] != "interactive":
            continue
        body, action, kind = one["interactive"]["body"]["text"], one["interactive"]["action"], one["interactive"]["type"]
        assert body.strip()
        assert len(body) <= rich.MAX_BODY
        if kind == "carousel":
            _check_cards(action["cards"])
        elif kind == "button":
            assert 1 <= len(action["buttons"]) <= 3
            _check_titles([button["reply"] for button in action["buttons"]])
        elif kind == "list":
            (section,) = action["sections"]
            assert 4 <= len(section["rows"]) <= 10
            assert all(len(row.get("description", "")) <= 72 for row in section["rows"])
            _check_titles(section["rows"])
        else:
            _check_titles([{"id": "", "title": action["parameters"]["display_text"]}])


def _check_cards(cards: list[Any]) -> None:
    assert 2 <= len(cards) <= 10
    assert [one["card_index"] for one in cards] == list(range(len(cards)))
    assert len({(one.get("type"), len(one["action"].get("buttons", []))) for one in cards}) == 1
    for one in cards:
        assert one["header"] == HEADER
        assert len(one["body"]["text"]) <= 160
        assert one["body"]["text"].count("\n") <= 2
        _check_titles([button["quick_reply"] for button in one["action"].get("buttons", [])])


def _check_titles(buttons: list[Any]) -> None:
    titles = [button["title"] for button in buttons]
    assert all(0 < len(title) <= 20 and title.strip() == title and "\n" not in title for title in titles)
    assert len(set(titles)) == len(titles)
    assert len({button["id"] for button in buttons}) == len(buttons)
    assert all(len(button["id"]) <= 200 for button in buttons)
