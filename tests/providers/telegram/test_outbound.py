"""The exact calls that leave for Telegram."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.base import Sent
from channels_app.providers.telegram import TelegramConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, OutcomeUnknown, RecipientGone, UnsupportedContent
from connector_platform.core.events import ChatState, ChatStateKind, Content, File, FileKind, Location, RichContent, Text
from connector_platform.core.rich import match
from connector_platform.core.text import utf16_units
from tests.providers.contract.cases import drive, send
from tests.providers.telegram.case import CASE, CONFIG, CONSUMERS, SECRET, TOKEN, answer, refusal, result

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


def words(text: str) -> dict[str, Any]:
    return {"type": "text", "text": text}


PHOTO = "https://cdn.example.com/mug.png"
PICTURE_ELEMENT = {"type": "image", "url": PHOTO}


def payload(number: int) -> str:
    return f"pick:{CASE.context().message_id}:{number}"


def reply(title: str, number: int) -> dict[str, str]:
    return {"text": title, "callback_data": payload(number)}


def keyboard(*buttons: dict[str, str]) -> dict[str, Any]:
    return {"inline_keyboard": [[one] for one in buttons]}


def test_a_text_is_one_call_and_nothing_in_it_is_formatted() -> None:
    text = "*stars* _lines_ <b> & [brackets](x)"
    assert sent(Text(text=text)) == [("sendMessage", {"text": text})]
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


# Places


@pytest.mark.parametrize(
    ("words", "method", "expected"),
    [
        ({}, "sendLocation", {}),
        ({"title": "Station", "address": "Stationsplein 1"}, "sendVenue", {"title": "Station", "address": "Stationsplein 1"}),
        ({"title": "Station"}, "sendVenue", {"title": "Station", "address": "52.3791, 4.9003"}),
        ({"address": "Stationsplein 1"}, "sendVenue", {"title": "Stationsplein 1", "address": "Stationsplein 1"}),
    ],
)
def test_a_place_is_a_pin_and_one_with_a_name_a_venue(words: dict[str, str], method: str, expected: dict[str, str]) -> None:
    point = {"latitude": 52.3791, "longitude": 4.9003}
    assert sent(Location(**point, **words)) == [(method, {**point, **expected})]


# Choices


def test_quick_replies_stand_under_their_question() -> None:
    content = RichContent(
        text="Which?", quick_replies={"type": "quickReplies", "replies": [button("Red", "the red one"), button("Sí", "sí")]}
    )
    assert sent(content) == [("sendMessage", {"text": "Which?", "reply_markup": keyboard(reply("Red", 1), reply("Sí", 2))})]


def test_choices_that_come_alone_stand_under_the_operators_line() -> None:
    content = RichContent(quick_replies={"type": "quickReplies", "replies": [button("Red", "red")]})
    assert sent(content, config=CONFIG.model_copy(update={"choice_prompt": "Elija:"}))[0][1]["text"] == "Elija:"


def test_a_card_is_a_picture_with_caption_and_buttons() -> None:
    content = RichContent(
        content=card(PICTURE_ELEMENT, words("Mug"), words("Blue"), button("Buy", "buy"), link("Look", "https://shop.example.com")),
        quick_replies={"type": "quickReplies", "replies": [button("Leave", "leave")]},
    )
    buttons = keyboard(reply("Buy", 1), {"text": "Look", "url": "https://shop.example.com"}, reply("Leave", 2))
    assert sent(content) == [("sendPhoto", {"photo": PHOTO, "caption": "Mug\nBlue", "reply_markup": buttons})]


def test_a_card_needs_neither_words_nor_buttons() -> None:
    assert sent(RichContent(content=card(PICTURE_ELEMENT, button("Buy", "buy")))) == [
        ("sendPhoto", {"photo": PHOTO, "reply_markup": keyboard(reply("Buy", 1))})
    ]
    assert sent(RichContent(content=card(PICTURE_ELEMENT, words("Mug")))) == [("sendPhoto", {"photo": PHOTO, "caption": "Mug"})]


@pytest.mark.parametrize(("length", "is_captioned"), [(512, True), (513, False)])
def test_the_words_of_a_long_card_stand_below_its_picture(length: int, is_captioned: bool) -> None:
    *_, (_, last) = found = sent(RichContent(content=card(PICTURE_ELEMENT, words("🙂" * length), button("Buy", "buy"))))
    assert last["reply_markup"] == keyboard(reply("Buy", 1))
    assert [method for method, _ in found] == (["sendPhoto"] if is_captioned else ["sendPhoto", "sendMessage"])


def test_each_card_of_a_carousel_is_a_message_of_its_own() -> None:
    cards = [card(words(f"Card {number}"), button("Buy", f"buy {number}")) for number in (1, 2)]
    content = RichContent(content={"type": "carousel", "elements": cards})
    assert sent(content) == [
        ("sendMessage", {"text": f"Card {number}", "reply_markup": keyboard(reply("Buy", number))}) for number in (1, 2)
    ]
    result_, _ = send(CASE, content)
    assert [(choice.publish_text, choice.payload) for choice in result_.shown] == [("buy 1", payload(1)), ("buy 2", payload(2))]
    assert [(loss.path, loss.kind) for loss in result_.losses] == [("/content", "reduced")]


@pytest.mark.parametrize(
    "uri", ["http://localhost/x", "shop.example.com", "https://a.example/x y", "tel:+15550100", "https://[", "https://a"]
)
def test_a_link_that_would_spoil_the_message_is_written_out(uri: str) -> None:
    content = RichContent(content=card(words("Shop"), button("Ask", "ask"), link("Go", uri)))
    sent_, calls = send(CASE, content)
    written = uri.removeprefix("tel:")
    assert "".join(json.loads(call.body)["text"] for call in calls).replace("\n", "") == f"ShopGo: {written}"
    assert [button for call in calls for button in json.loads(call.body).get("reply_markup", {}).get("inline_keyboard", [])] == [
        [reply("Ask", 1)]
    ]
    assert [(loss.path.removesuffix("/click/actions/0"), loss.kind) for loss in sent_.losses] == [("/content/elements/2", "reduced")]


def test_more_replies_than_a_keyboard_holds_are_numbered_lines() -> None:
    content = RichContent(text="Which?", quick_replies={"type": "quickReplies", "replies": [button(f"C{n}", "x") for n in range(1, 103)]})
    ((_, fields),) = sent(content)
    assert len(fields["reply_markup"]["inline_keyboard"]) == 100
    assert fields["text"].splitlines()[0] == "Which?"
    assert [line.partition(")")[2] for line in fields["text"].splitlines()[1:]] == [" C101", " C102"]


def test_replies_that_do_not_fit_a_cards_keyboard_follow_it() -> None:
    content = RichContent(
        content=card(words("Mug"), button("Buy", "buy")),
        quick_replies={"type": "quickReplies", "replies": [button(f"C{n}", "x") for n in range(100)]},
    )
    first, second = sent(content)
    assert [len(fields["reply_markup"]["inline_keyboard"]) for _, fields in (first, second)] == [1, 100]
    assert second[1]["text"] == "Please choose:"


# What Telegram refuses


def resent(content: RichContent, description: str, *, when: str) -> tuple[Sent, list[tuple[str, dict[str, Any]]]]:
    """What was made of ``content`` at a Telegram that refuses every call that holds ``when``, and the calls that it took."""

    def far_side(call: HttpCall, number: int) -> HttpResponse:
        return refusal(400, f"Bad Request: {description}") if when in call.body.decode() else answer(call, number)

    result_, calls = drive(CASE.provider, CASE.provider.send(content, CONFIG, CASE.context()), far_side)
    taken = [call for call in calls if when not in call.body.decode()]
    return result_, [(call.url.rpartition("/")[2], {**json.loads(call.body), "chat_id": None}) for call in taken]


MUG = RichContent(content=card(PICTURE_ELEMENT, words("Mug"), button("Buy", "buy"), link("Look", "https://shop.example.com")))
LOOK = {"text": "Look", "url": "https://shop.example.com"}


def test_a_picture_that_telegram_cannot_fetch_is_its_address() -> None:
    result_, found = resent(MUG, "failed to get HTTP URL content", when='"photo"')
    assert found == [("sendMessage", {"chat_id": None, "text": f"Mug\n{PHOTO}", "reply_markup": keyboard(reply("Buy", 1), LOOK)})]
    assert result_.parts == ((f"{CONSUMERS[0]}:1001",),)
    assert [(loss.kind, loss.after) for loss in result_.losses] == [("reduced", PHOTO)]


def test_a_link_that_telegram_refuses_is_a_line_and_the_picture_stays() -> None:
    result_, found = resent(MUG, "inline keyboard button URL is invalid: BUTTON_URL_INVALID", when='"url"')
    caption = "Mug\nLook: https://shop.example.com"
    assert found == [("sendPhoto", {"chat_id": None, "photo": PHOTO, "caption": caption, "reply_markup": keyboard(reply("Buy", 1))})]
    assert [(loss.path, loss.after) for loss in result_.losses] == [("/content/elements/3", "Look: https://shop.example.com")]


def test_a_card_that_telegram_refuses_for_another_reason_is_text_with_numbers_that_count() -> None:
    result_, found = resent(MUG, "something new", when="reply_markup")
    assert found == [("sendMessage", {"chat_id": None, "text": f"Mug\n{PHOTO}\n1) Buy\nLook: https://shop.example.com"})]
    assert (choice := match("1", result_.shown)) is not None
    assert (choice.publish_text, choice.payload) == ("buy", "")


def test_a_place_that_telegram_refuses_is_a_link_to_a_map() -> None:
    content = RichContent(content=card({"type": "map", "la": 52.3791, "lo": 4.9003, "tooltip": "Station"}))
    _, found = resent(content, "wrong latitude", when="latitude")
    assert found[0][1]["text"] == "Station\nhttps://www.google.com/maps/search/?api=1&query=52.3791,4.9003"


def test_what_is_plain_already_is_refused_for_good_and_so_is_everything_else() -> None:
    for content, description in ((Text(text="hi"), "something new"), (MUG, "chat not found")):
        calls: list[HttpCall] = []

        def far_side(call: HttpCall, number: int, words: str = description, calls: list[HttpCall] = calls) -> HttpResponse:
            calls.append(call)
            return refusal(400, f"Bad Request: {words}")

        with pytest.raises((ContentRejected, RecipientGone)):
            drive(CASE.provider, CASE.provider.send(content, CONFIG, CASE.context()), far_side)
        assert len(calls) == 1


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
