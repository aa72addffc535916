"""The exact calls that leave for Telegram."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.base import Sent
from channels_app.providers.telegram import TelegramConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, OutcomeUnknown, ServerFault, UnsupportedContent
from connector_platform.core.events import ChatState, ChatStateKind, Content, File, FileKind, Location, RichContent, Text
from connector_platform.core.text import utf16_units
from tests.providers.contract.cases import drive, send
from tests.providers.telegram.case import CASE, CONFIG, CONSUMERS, SECRET, TOKEN, answer, result

API = f"https://api.telegram.org/bot{TOKEN}"
CHAT = int(CONSUMERS[0])


def sent(content: Content, *, config: TelegramConfig = CONFIG, **context: Any) -> list[tuple[str, dict[str, Any]]]:
    """Method and fields of each call, after everything around them was asserted."""
    _, calls = send(CASE, content, config=config, context=CASE.context(**context))
    found = []
    for call in calls:
        assert (call.method, call.headers) == ("POST", {"Content-Type": "application/json"})
        fields = json.loads(call.body)
        assert fields.pop("chat_id") == CHAT
        assert "parse_mode" not in fields
        found.append((call.url.removeprefix(API + "/"), fields))
    return found


def button(title: str, words: str) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words}]}}


def link(title: str, uri: str) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "link", "uri": uri}]}}


def card(*elements: dict[str, Any]) -> dict[str, Any]:
    return {"type": "vertical", "elements": list(elements)}


def keyboard(*buttons: dict[str, str]) -> dict[str, Any]:
    return {"inline_keyboard": [[one] for one in buttons]}


def test_a_text_is_one_call_and_nothing_in_it_is_formatted() -> None:
    words = "*stars* _lines_ <b> & [brackets](x)"
    assert sent(Text(text=words)) == [("sendMessage", {"text": words})]
    result_, _ = send(CASE, Text(text="hi"))
    assert result_ == Sent(parts=((f"{CONSUMERS[0]}:1000",),))


def test_a_long_text_is_split_by_utf16_units_in_order() -> None:
    text = "🙂" * 3000
    pieces = [fields["text"] for _, fields in sent(Text(text=text))]
    assert "".join(pieces) == text
    assert [utf16_units(piece) for piece in pieces] == [4096, 1904]


def test_the_next_part_waits_for_the_answer_to_the_one_before() -> None:
    steps = CASE.provider.send(Text(text="a" * 5000), CONFIG, CASE.context())
    next(steps)
    with pytest.raises(OutcomeUnknown):
        steps.send(HttpResponse(status=200, body=b'{"ok":true,"result":{}}'))


@pytest.mark.parametrize("text", ["", " \n"])
def test_an_empty_text_is_unsupported(text: str) -> None:
    with pytest.raises(UnsupportedContent):
        send(CASE, Text(text=text))


def test_another_server_can_be_named_and_the_installations_wins() -> None:
    config = TelegramConfig.model_validate({"bot_token": TOKEN, "secret_token": SECRET, "api_base": "https://bots.example.com/"})
    for api_base, expected in (("", "https://bots.example.com"), ("http://127.0.0.1:9/telegram", "http://127.0.0.1:9/telegram")):
        _, (call,) = send(CASE, Text(text="hi"), config=config, context=CASE.context(api_base=api_base))
        assert call.url == f"{expected}/bot{TOKEN}/sendMessage"


# Pictures


def test_a_picture_goes_by_its_address_with_its_caption() -> None:
    file = File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", caption="look")
    assert sent(file) == [("sendPhoto", {"photo": "https://files.example.com/a.png", "caption": "look"})]


def test_a_caption_that_is_too_long_follows_as_text() -> None:
    photo, text = sent(File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", caption="🙂" * 513))
    assert photo == ("sendPhoto", {"photo": "https://files.example.com/a.png"})
    assert text == ("sendMessage", {"text": "🙂" * 513})


def test_a_file_goes_as_a_link() -> None:
    file = File(kind=FileKind.DOCUMENT, url="https://files.example.com/a.pdf", name="a.pdf", caption="the bill")
    assert sent(file) == [("sendMessage", {"text": "the bill\na.pdf: https://files.example.com/a.pdf"})]


def test_a_place_becomes_a_link_to_a_map() -> None:
    ((_, fields),) = sent(Location(latitude=52.3791, longitude=4.9003, title="Station"))
    assert fields["text"] == "Station\nhttps://www.google.com/maps/search/?api=1&query=52.3791,4.9003"


# Choices


def test_quick_replies_stand_under_their_question() -> None:
    content = RichContent(
        text="Which?", quick_replies={"type": "quickReplies", "replies": [button("Red", "the red one"), button("Sí", "sí")]}
    )
    buttons = keyboard({"text": "Red", "callback_data": "text:the red one"}, {"text": "Sí", "callback_data": "text:sí"})
    assert sent(content) == [("sendMessage", {"text": "Which?", "reply_markup": buttons})]


def test_choices_that_come_alone_stand_under_the_operators_line() -> None:
    content = RichContent(quick_replies={"type": "quickReplies", "replies": [button("Red", "red")]})
    assert sent(content, config=CONFIG.model_copy(update={"choice_prompt": "Elija:"}))[0][1]["text"] == "Elija:"


def test_a_card_is_a_picture_with_caption_and_buttons() -> None:
    image = {"type": "image", "url": "https://cdn.example.com/mug.png"}
    content = RichContent(
        content=card(image, {"type": "text", "text": "Mug"}, button("Buy", "buy"), link("Look", "https://shop.example.com"))
    )
    buttons = keyboard({"text": "Buy", "callback_data": "text:buy"}, {"text": "Look", "url": "https://shop.example.com"})
    assert sent(content) == [("sendPhoto", {"photo": image["url"], "caption": "Mug", "reply_markup": buttons})]


def test_a_long_card_has_its_buttons_under_the_last_message() -> None:
    image = {"type": "image", "url": "https://cdn.example.com/mug.png"}
    photo, text = sent(RichContent(content=card(image, {"type": "text", "text": "a" * 1025}, button("Buy", "buy"))))
    assert "reply_markup" not in photo[1]
    assert text[1]["reply_markup"] == keyboard({"text": "Buy", "callback_data": "text:buy"})


def test_each_card_of_a_carousel_is_a_message_of_its_own() -> None:
    cards = [card({"type": "text", "text": f"Card {number}"}, button("Buy", f"buy {number}")) for number in (1, 2)]
    found = sent(RichContent(content={"type": "carousel", "elements": cards}))
    assert [(fields["text"], fields["reply_markup"]["inline_keyboard"][0][0]["callback_data"]) for _, fields in found] == [
        ("Card 1", "text:buy 1"),
        ("Card 2", "text:buy 2"),
    ]


@pytest.mark.parametrize(
    "uri", ["http://localhost/x", "shop.example.com", "https://a.example/x y", "tel:+15550100", "https://[", "https://a"]
)
def test_a_link_that_would_spoil_the_message_is_written_out(uri: str) -> None:
    ((_, fields),) = sent(RichContent(content=card({"type": "text", "text": "Shop"}, link("Go", uri))))
    assert fields == {"text": f"Shop\nGo: {uri}"}


def test_more_buttons_than_a_keyboard_holds_are_two_messages() -> None:
    content = RichContent(text="Which?", quick_replies={"replies": [button(f"Choice {number}", "x") for number in range(130)]})
    found = sent(content)
    assert [len(fields["reply_markup"]["inline_keyboard"]) for _, fields in found] == [100, 30]


# Typing


def test_typing_is_an_action_and_its_end_is_no_call() -> None:
    assert sent(ChatState(state=ChatStateKind.COMPOSING)) == [("sendChatAction", {"action": "typing"})]
    assert sent(ChatState(state=ChatStateKind.PAUSED)) == []


# Pictures of consumers

PICTURE = File(kind=FileKind.IMAGE, media_id="AgAC_big")


def fetched(path: Any) -> tuple[bytes, list[HttpCall]]:
    def far_side(call: HttpCall, number: int) -> HttpResponse:
        return HttpResponse(status=200, body=b"\xff\xd8") if number else result({"file_id": "AgAC_big", "file_path": path})

    return drive(CASE.provider, CASE.provider.fetch_file(PICTURE, CONFIG, CASE.context()), far_side)


def test_a_consumers_picture_is_asked_for_and_then_fetched() -> None:
    data, (ask, fetch) = fetched("photos/file 12.jpg")
    assert data == b"\xff\xd8"
    assert (ask.url, json.loads(ask.body), ask.effect) == (f"{API}/getFile", {"file_id": "AgAC_big"}, False)
    assert (fetch.method, fetch.url) == ("GET", f"https://api.telegram.org/file/bot{TOKEN}/photos/file%2012.jpg")
    assert (fetch.effect, fetch.body) == (False, b"")


@pytest.mark.parametrize("path", [None, "", 7, "../x/getMe"])
def test_a_picture_without_a_path_cannot_be_fetched(path: Any) -> None:
    with pytest.raises(ContentRejected):
        fetched(path)


def test_a_picture_without_a_handle_makes_no_call() -> None:
    with pytest.raises(UnsupportedContent):
        next(CASE.provider.fetch_file(File(kind=FileKind.IMAGE), CONFIG, CASE.context()))


def test_no_event_holds_the_token() -> None:
    for path in CASE.fixtures():
        assert TOKEN not in repr(CASE.provider.parse(CASE.request_of(path), CONFIG))


# The check


def checked(webhook: Any) -> str:
    def far_side(call: HttpCall, number: int) -> HttpResponse:
        return result(webhook) if call.url.endswith("/getWebhookInfo") else answer(call, number)

    return drive(CASE.provider, CASE.provider.check(CONFIG, CASE.context()), far_side)[0]


@pytest.mark.parametrize(
    ("webhook", "expected"),
    [
        ({"url": CASE.context().callback_url}, "Connected to @acme_care_bot."),
        ({"url": ""}, "no webhook is set"),
        ({"url": "https://elsewhere.example.com/hook"}, "its webhook is another address"),
        ({"url": CASE.context().callback_url, "allowed_updates": ["message"]}, "leaves out callback_query, my_chat_member"),
    ],
)
def test_the_check_names_the_bot_and_what_is_wrong_with_the_webhook(webhook: Any, expected: str) -> None:
    assert checked(webhook).startswith("Connected to @acme_care_bot")
    assert expected in checked(webhook)


def test_an_answer_that_names_nobody_is_telegrams_fault() -> None:
    with pytest.raises(ServerFault):
        drive(CASE.provider, CASE.provider.check(CONFIG, CASE.context()), lambda *_: result({"id": 1}))
