"""LivePerson's structured content as it leaves for Meta."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import RichContent
from tests.providers.messenger.case import CASE, CONFIG
from tests.providers.messenger.test_outbound import messages, sent


def button(title: str, *actions: dict[str, Any]) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": list(actions)}}


def publish(words: str) -> dict[str, Any]:
    return {"type": "publishText", "text": words}


def link(uri: str) -> dict[str, Any]:
    return {"type": "link", "uri": uri}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def pick(number: int) -> str:
    """What stands behind the choice ``number`` of a message."""
    return f"pick:{CASE.context().message_id}:{number}"


def vertical(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "vertical", "elements": list(elements)}


def template(payload: dict[str, Any]) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


IMAGE = {"type": "image", "url": "https://cdn.example.com/mug.png", "tooltip": "mug"}
IMAGE_MESSAGE = {"attachment": {"type": "image", "payload": {"url": "https://cdn.example.com/mug.png", "is_reusable": False}}}
BUY = {"type": "postback", "title": "Buy", "payload": pick(1)}
CARD = vertical(IMAGE, text("Blue mug"), text("Holds a lot"), button("Buy", publish("I buy it")))


def element(number: int = 1) -> dict[str, Any]:
    """What CARD becomes where its button is choice ``number`` of the message."""
    buy = {**BUY, "payload": pick(number)}
    return {"title": "Blue mug", "subtitle": "Holds a lot", "image_url": "https://cdn.example.com/mug.png", "buttons": [buy]}


ELEMENT = element()


def generic(*elements: dict[str, Any]) -> dict[str, Any]:
    return template({"template_type": "generic", "image_aspect_ratio": "horizontal", "elements": list(elements)})


def replies(*buttons: dict[str, Any]) -> dict[str, Any]:
    return {"type": "quickReplies", "itemsPerRow": 8, "replies": list(buttons)}


def test_quick_replies_stand_on_the_accompanying_text() -> None:
    content = RichContent(
        text="Really?", quick_replies=replies(button("Yes", publish("yep")), button("A title that is far too long", publish("no")))
    )
    assert messages(content) == [
        {
            "text": "Really?",
            "quick_replies": [
                {"content_type": "text", "title": "Yes", "payload": pick(1)},
                {"content_type": "text", "title": "A title that is far…", "payload": pick(2)},
            ],
        }
    ]


def test_quick_replies_alone_stand_on_the_configured_line() -> None:
    config = CONFIG.model_copy(update={"choice_prompt": "Kies maar:"})
    _, calls = sent(RichContent(quick_replies=replies(button("Ja", publish("ja")))), config=config)
    assert json.loads(calls[0].body)["message"]["text"] == "Kies maar:"


def test_quick_replies_ride_on_the_last_message_only() -> None:
    found = messages(RichContent(content=vertical(IMAGE, text("Mug")), text="Look", quick_replies=replies(button("Yes", publish("yep")))))
    assert [("quick_replies" in message) for message in found] == [False, False, True]


def test_more_than_thirteen_quick_replies_leave_lines_for_the_rest() -> None:
    (message_,) = messages(RichContent(quick_replies=replies(*(button(f"Choice {n}", publish(f"c{n}")) for n in range(1, 15)))))
    assert len(message_["quick_replies"]) == 13
    assert message_["text"] == "14. Choice 14"


def test_words_of_any_length_fit_behind_a_button() -> None:
    (message_,) = messages(RichContent(text="?", quick_replies=replies(button("Yes", publish("y" * 1200)))))
    assert message_["quick_replies"][0]["payload"] == pick(1)


def test_the_old_quick_reply_template_becomes_native_too() -> None:
    found = messages(RichContent(content={"type": "template", "templateType": "quickReply", "title": "Really?", "resp": ["Yes", "No"]}))
    assert found[0]["text"] == "Really?"
    assert [chip["payload"] for chip in found[0]["quick_replies"]] == [pick(1), pick(2)]


def test_a_card_with_a_picture_is_a_generic_template() -> None:
    assert messages(RichContent(content=CARD)) == [generic(ELEMENT)]


def test_a_card_nested_twice_is_the_same_card() -> None:
    assert messages(RichContent(content={**vertical(CARD), "tag": "generic"})) == [generic(ELEMENT)]


def test_a_card_of_words_is_a_button_template() -> None:
    content = vertical(
        text("Mug"),
        button("Buy", publish("I buy it")),
        button("Look", link("https://shop.example.com")),
        button("Call", link("tel:+15550100")),
    )
    assert messages(RichContent(content=content)) == [
        template(
            {
                "template_type": "button",
                "text": "Mug",
                "buttons": [
                    BUY,
                    {"type": "web_url", "url": "https://shop.example.com", "title": "Look"},
                    {"type": "phone_number", "title": "Call", "payload": "+15550100"},
                ],
            }
        )
    ]


def test_a_way_to_a_place_is_a_link_to_a_map() -> None:
    (found,) = messages(RichContent(content=vertical(text("Shop"), button("Go", {"type": "navigate", "la": 52.5, "lo": 4.9}))))
    assert found["attachment"]["payload"]["buttons"] == [
        {"type": "web_url", "url": "https://www.google.com/maps/search/?api=1&query=52.5,4.9", "title": "Go"}
    ]


def test_a_card_whose_words_do_not_fit_keeps_them_all() -> None:
    long = "x" * 81
    assert messages(RichContent(content=vertical(IMAGE, text(long), button("Buy", publish("I buy it"))))) == [
        IMAGE_MESSAGE,
        template({"template_type": "button", "text": long, "buttons": [BUY]}),
    ]
    longer = "x" * 641
    assert messages(RichContent(content=vertical(text(longer), button("Buy", publish("I buy it"))))) == [
        {"text": longer},
        template({"template_type": "button", "text": "Please choose:", "buttons": [BUY]}),
    ]


def test_more_than_three_buttons_become_numbered_lines() -> None:
    content = vertical(
        IMAGE, text("Mug"), *(button(f"B{n}", publish("x")) for n in (1, 2, 3)), button("Site", link("https://shop.example.com"))
    )
    assert messages(RichContent(content=content)) == [IMAGE_MESSAGE, {"text": "Mug\n1. B1\n2. B2\n3. B3\nSite: https://shop.example.com"}]


def test_a_carousel_of_cards_is_one_template() -> None:
    assert messages(RichContent(content={"type": "carousel", "elements": [CARD, CARD]})) == [generic(element(1), element(2))]


def test_a_carousel_of_more_than_ten_cards_becomes_two() -> None:
    sent_, calls = sent(RichContent(content={"type": "carousel", "elements": [CARD] * 11}))
    assert [json.loads(call.body)["message"] for call in calls] == [
        generic(*map(element, range(1, 7))),
        generic(*map(element, range(7, 12))),
    ]
    assert [(loss.path, loss.kind) for loss in sent_.losses] == [("/content", "reduced")]


def test_a_carousel_with_a_card_that_does_not_fit_becomes_single_cards() -> None:
    wide = vertical(text("Cup"), *(button(f"B{n}", publish("x")) for n in range(4)))
    found = messages(RichContent(content={"type": "carousel", "elements": [CARD, wide]}))
    assert found == [generic(ELEMENT), {"text": "Cup\n2. B0\n3. B1\n4. B2\n5. B3"}]


def test_each_send_tells_what_was_lost_and_what_was_shown() -> None:
    content = vertical(
        text("Mug"), button("A title that is far too long", publish("I buy it")), button("Look", link("https://example.com"))
    )
    sent_, _ = sent(RichContent(content=content, text="See"))
    assert [(loss.path, loss.kind, loss.before, loss.after) for loss in sent_.losses] == [
        ("/content/elements/1", "shortened", "A title that is far too long", "A title that is far…")
    ]
    assert [(choice.number, choice.title, choice.publish_text, choice.payload) for choice in sent_.shown] == [
        (1, "A title that is far too long", "I buy it", pick(1)),
        (0, "Look", "", ""),
    ]


def test_every_other_element_is_spelled_out() -> None:
    content = vertical(
        {"type": "map", "la": 52.5, "lo": 4.9},
        {"type": "linkPreview", "url": "https://example.com/p", "title": "Preview"},
        {"type": "keyValuePairList", "elements": [{"type": "keyValuePair", "key": "Size", "value": "XL"}]},
        {**IMAGE, "caption": "From above"},
        {"type": "image", "url": "http://insecure.example.com/a.png"},
    )
    assert messages(RichContent(content=content)) == [
        IMAGE_MESSAGE,
        {
            "text": "https://www.google.com/maps/search/?api=1&query=52.5,4.9\nPreview: https://example.com/p\nSize: XL\nFrom above\n"
            "http://insecure.example.com/a.png"
        },
    ]


@pytest.mark.parametrize(
    "content",
    [{}, {"type": "vertical"}, {"type": "vertical", "elements": 7}, vertical({"type": "button"}), {"type": "carousel", "elements": []}],
)
def test_structure_without_words_is_unsupported(content: dict[str, Any]) -> None:
    with pytest.raises(UnsupportedContent):
        next(CASE.provider.send(RichContent(content=content), CONFIG, CASE.context()))


def test_structure_nested_without_end_ends() -> None:
    deep = text("bottom")
    for _ in range(300):
        deep = vertical(deep)
    with pytest.raises(UnsupportedContent):
        next(CASE.provider.send(RichContent(content=deep), CONFIG, CASE.context()))
