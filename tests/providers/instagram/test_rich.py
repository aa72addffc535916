"""LivePerson's structured content as it leaves for Instagram; what Messenger shares is in the matrix of templates."""

from __future__ import annotations

import json
from typing import Any

from connector_platform.core.events import RichContent
from tests.providers.instagram.case import CASE, CONFIG
from tests.providers.instagram.test_outbound import messages, sent


def button(title: str, **action: Any) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [action or {"type": "publishText", "text": f"I choose {title}"}]}}


def vertical(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "vertical", "elements": list(elements)}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words}


def replies(*titles: str) -> dict[str, Any]:
    return {"type": "quickReplies", "itemsPerRow": 8, "replies": [button(title) for title in titles]}


def pick(number: int) -> str:
    return f"pick:{CASE.context().message_id}:{number}"


def chips(*titles: str) -> list[dict[str, str]]:
    return [{"content_type": "text", "title": title, "payload": pick(number)} for number, title in enumerate(titles, 1)]


IMAGE = {"type": "image", "url": "https://cdn.example.com/mug.png"}
IMAGE_MESSAGE = {"attachment": {"type": "image", "payload": {"url": "https://cdn.example.com/mug.png", "is_reusable": False}}}


def test_short_choices_are_written_out_for_those_who_see_no_buttons() -> None:
    assert messages(RichContent(text="Which colour?", quick_replies=replies("Red", "Blue"))) == [
        {"text": "Which colour?\nRed / Blue", "quick_replies": chips("Red", "Blue")}
    ]


def test_the_operator_may_leave_them_out() -> None:
    config = CONFIG.model_copy(update={"repeat_choices": False, "choice_prompt": "Elija:"})
    _, (call,) = sent(RichContent(quick_replies=replies("Red", "Blue")), config=config)
    assert json.loads(call.body)["message"] == {"text": "Elija:", "quick_replies": chips("Red", "Blue")}


def test_many_choices_do_not_hide_the_question() -> None:
    titles = [f"A choice number {number:02d}" for number in range(1, 14)]
    (message,) = messages(RichContent(text="Which?", quick_replies=replies(*titles)))
    assert message["text"] == "Which?"
    assert len(message["quick_replies"]) == 13


def test_quick_replies_stand_below_a_text_and_on_the_last_piece_only() -> None:
    first, second = messages(RichContent(text="я" * 600, quick_replies=replies("Red")))
    assert "quick_replies" not in first
    assert second == {"text": "я" * 100 + "\nRed", "quick_replies": chips("Red")}
    picture, question = messages(RichContent(content=vertical(IMAGE), quick_replies=replies("Red")))
    assert picture == IMAGE_MESSAGE
    assert question == {"text": "Please choose:\nRed", "quick_replies": chips("Red")}


def test_a_card_is_a_generic_template_without_an_aspect_ratio() -> None:
    card = vertical(IMAGE, text("Blue mug"), text("Holds a lot"), button("Buy"))
    assert messages(RichContent(content=card)) == [
        {
            "attachment": {
                "type": "template",
                "payload": {
                    "template_type": "generic",
                    "elements": [
                        {
                            "title": "Blue mug",
                            "subtitle": "Holds a lot",
                            "image_url": "https://cdn.example.com/mug.png",
                            "buttons": [{"type": "postback", "title": "Buy", "payload": pick(1)}],
                        }
                    ],
                },
            }
        }
    ]


def test_a_number_to_call_is_written_because_there_is_no_button_for_it() -> None:
    content = vertical(
        text("Shop"), button("Call", type="link", uri="tel:+15550100"), button("Site", type="link", uri="https://example.com")
    )
    found = messages(RichContent(content=content))
    assert found[0]["attachment"]["payload"]["buttons"] == [{"type": "web_url", "url": "https://example.com", "title": "Site"}]
    assert "+15550100" in found[1]["text"]


def test_titles_count_in_characters_where_texts_count_in_bytes() -> None:
    title = "Ж" * 80
    (found,) = messages(RichContent(content=vertical(IMAGE, text(title), button("Ж" * 20))))
    element = found["attachment"]["payload"]["elements"][0]
    assert (element["title"], element["buttons"][0]["title"]) == (title, "Ж" * 20)
