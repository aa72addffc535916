"""The exact calls that leave for Meta."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from pydantic import SecretStr

from channels_app.providers._meta.verify import appsecret_proof
from channels_app.providers.base import Sent
from channels_app.providers.messenger import MessengerAppConfig, MessengerConfig
from channels_app.providers.messenger.errors import FILE_REFUSALS
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, DeliveryError, OutcomeUnknown, UnsupportedContent, WindowClosed
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Close,
    Content,
    ConversationChange,
    File,
    FileKind,
    Location,
    Profile,
    Receipt,
    ReceiptKind,
    Selection,
    Text,
)
from tests.providers.contract.cases import NOW, drive, send
from tests.providers.messenger.case import APP_CONFIG, CASE, CONFIG, CONSUMERS, PAGE_ID, error_response, json_response

TOKEN = CONFIG.page_access_token.get_secret_value()
PLAIN_APP = APP_CONFIG.model_copy(update={"send_appsecret_proof": False})
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}


def sent(content: Content, *, config: MessengerConfig = CONFIG, **context: Any) -> tuple[Sent, list[HttpCall]]:
    return send(CASE, content, config=config, context=CASE.context(**{"app": PLAIN_APP, **context}))


def messages(content: Content, **context: Any) -> list[Any]:
    """The ``message`` objects that leave, after everything around them was asserted."""
    _, calls = sent(content, **context)
    payloads = [json.loads(call.body) for call in calls]
    for call, payload in zip(calls, payloads, strict=True):
        assert (call.method, call.url) == ("POST", f"https://graph.facebook.com/v25.0/{PAGE_ID}/messages")
        assert (call.headers, call.effect) == (HEADERS, True)
        assert {**payload, "message": None} == {"recipient": {"id": CONSUMERS[0]}, "messaging_type": "RESPONSE", "message": None}
    return [payload["message"] for payload in payloads]


def test_a_text_is_one_call() -> None:
    result, calls = sent(Text(text="Où est 📦 ?"))
    assert result == Sent(parts=(("m_out_0",),))
    assert calls == [
        HttpCall(
            method="POST",
            url=f"https://graph.facebook.com/v25.0/{PAGE_ID}/messages",
            headers=HEADERS,
            body='{"recipient":{"id":"24500000000000031"},"messaging_type":"RESPONSE","message":{"text":"Où est 📦 ?"}}'.encode(),
            purpose="send_text",
            effect=True,
        )
    ]


def test_a_long_text_goes_out_in_parts_one_after_another() -> None:
    result, calls = sent(Text(text="word " * 1000))
    assert [len(json.loads(call.body)["message"]["text"]) for call in calls] == [1999, 1999, 1000]
    assert result.parts == (("m_out_0",), ("m_out_1",), ("m_out_2",))


def test_the_next_part_waits_for_the_answer_to_the_one_before() -> None:
    steps = CASE.provider.send(Text(text="a" * 2001), CONFIG, CASE.context())
    assert json.loads(next(steps).body)["message"] == {"text": "a" * 2000}
    assert json.loads(steps.send(json_response({"message_id": "m_1"})).body)["message"] == {"text": "a"}
    with pytest.raises(StopIteration) as stop:
        steps.send(json_response({"message_id": "m_2"}))
    assert stop.value.value == Sent(parts=(("m_1",), ("m_2",)))


@pytest.mark.parametrize("text", ["", "  \n"])
def test_an_empty_text_is_unsupported(text: str) -> None:
    with pytest.raises(UnsupportedContent):
        next(CASE.provider.send(Text(text=text), CONFIG, CASE.context()))


def test_the_appsecret_proof_is_in_the_query_where_the_app_wants_it() -> None:
    _, calls = sent(Text(text="hello"), app=APP_CONFIG)
    proof = appsecret_proof(TOKEN, APP_CONFIG.app_secret.get_secret_value())
    assert [call.url for call in calls] == [f"https://graph.facebook.com/v25.0/{PAGE_ID}/messages?appsecret_proof={proof}"]


def test_without_an_app_there_is_no_proof() -> None:
    _, calls = sent(Text(text="hello"), app=None, api_base="http://127.0.0.1:9")
    assert [call.url for call in calls] == [f"http://127.0.0.1:9/v25.0/{PAGE_ID}/messages"]


def test_an_answer_without_a_message_id_is_an_unknown_outcome() -> None:
    steps = CASE.provider.send(Text(text="hello"), CONFIG, CASE.context())
    next(steps)
    with pytest.raises(OutcomeUnknown):
        steps.send(json_response({}))


# The window


@pytest.mark.parametrize(
    ("age", "is_enabled", "expected"),
    [
        (None, False, {"messaging_type": "RESPONSE"}),
        (timedelta(seconds=-5), False, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=24), False, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=24), True, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=24, seconds=1), True, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
        (timedelta(days=7), True, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
        (timedelta(hours=24, seconds=1), False, None),
        (timedelta(days=7, seconds=1), True, None),
    ],
)
def test_the_window_decides_by_what_right_we_write(age: timedelta | None, is_enabled: bool, expected: dict[str, str] | None) -> None:
    config = CONFIG.model_copy(update={"human_agent_enabled": is_enabled})
    context = CASE.context(last_inbound_at=None if age is None else NOW - age)
    steps = CASE.provider.send(Text(text="hello"), config, context)
    if expected is None:
        with pytest.raises(WindowClosed):
            next(steps)
        typing = CASE.provider.send(ChatState(state=ChatStateKind.COMPOSING), config, context)
        assert drive(CASE.provider, typing, CASE.answer) == (Sent(), [])
    else:
        payload = json.loads(next(steps).body)
        assert {key: payload[key] for key in payload if key in ("messaging_type", "tag")} == expected


# Files, places, acts


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(FileKind.IMAGE, "image"), (FileKind.VIDEO, "video"), (FileKind.AUDIO, "audio"), (FileKind.DOCUMENT, "file")],
)
def test_a_file_is_fetched_by_meta_and_its_caption_follows(kind: FileKind, expected: str) -> None:
    assert messages(File(kind=kind, url="https://files.example.com/a", caption="Look")) == [
        {"attachment": {"type": expected, "payload": {"url": "https://files.example.com/a", "is_reusable": False}}},
        {"text": "Look"},
    ]


@pytest.mark.parametrize("code", sorted(FILE_REFUSALS))
def test_a_file_that_meta_refuses_goes_out_as_a_link(code: str) -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        return error_response(code) if "attachment" in json.loads(call.body)["message"] else CASE.answer(call, number)

    steps = CASE.provider.send(
        File(kind=FileKind.VIDEO, url="https://files.example.com/a.mp4", caption="Look"), CONFIG, CASE.context(app=PLAIN_APP)
    )
    result, calls = drive(CASE.provider, steps, answer)
    assert [json.loads(call.body)["message"] for call in calls][1:] == [{"text": "https://files.example.com/a.mp4"}, {"text": "Look"}]
    assert result.parts == (("m_out_1",), ("m_out_2",))
    assert [(loss.kind, code in loss.reason) for loss in result.losses] == [("moved", False), ("reduced", True)]


@pytest.mark.parametrize("code", ["100", "2/2018344", "10/2018278"])
def test_another_refusal_of_a_file_is_final(code: str) -> None:
    steps = CASE.provider.send(File(kind=FileKind.VIDEO, url="https://files.example.com/a.mp4"), CONFIG, CASE.context())
    with pytest.raises(DeliveryError) as caught:
        drive(CASE.provider, steps, lambda *_: error_response(code))
    assert caught.value.provider_code == code


def test_a_refused_text_is_not_sent_another_way() -> None:
    with pytest.raises(ContentRejected):
        drive(CASE.provider, CASE.provider.send(Text(text="hello"), CONFIG, CASE.context()), lambda *_: error_response("100/2018047"))


def test_a_place_becomes_a_link_to_a_map() -> None:
    assert messages(Location(latitude=52.3791, longitude=4.9003, title="Station")) == [
        {"text": "Station\nhttps://www.google.com/maps/search/?api=1&query=52.3791,4.9003"}
    ]


@pytest.mark.parametrize(
    ("content", "action"),
    [
        (ChatState(state=ChatStateKind.COMPOSING), "typing_on"),
        (ChatState(state=ChatStateKind.PAUSED), "typing_off"),
        (ChatState(state=ChatStateKind.ACTIVE), "typing_off"),
        (ChatState(state=ChatStateKind.GONE), "typing_off"),
        (Receipt(kind=ReceiptKind.READ), "mark_seen"),
    ],
)
def test_an_act_is_a_sender_action_without_a_message(content: Content, action: str) -> None:
    result, calls = sent(content)
    assert result == Sent()
    (call,) = calls
    assert json.loads(call.body) == {"recipient": {"id": CONSUMERS[0]}, "sender_action": action}
    assert (call.purpose, call.effect) == (action, False)


@pytest.mark.parametrize(
    "content", [Receipt(kind=ReceiptKind.DELIVERED), Close(), ConversationChange(state="CLOSE", stage="CLOSE", changed_at_ms=1)]
)
def test_what_messenger_cannot_show_makes_no_call(content: Content) -> None:
    assert sent(content) == (Sent(), [])


def test_a_selection_is_nothing_to_send() -> None:
    with pytest.raises(UnsupportedContent):
        next(CASE.provider.send(Selection(payload="p"), CONFIG, CASE.context()))


# The person's name


def look_up(person: Any) -> Profile | None:
    profile, calls = drive(
        CASE.provider, CASE.provider.look_up_profile(CONFIG, CASE.context(app=PLAIN_APP)), lambda *_: json_response(person)
    )
    assert [(call.method, call.url, call.effect) for call in calls] == [
        ("GET", f"https://graph.facebook.com/v25.0/{CONSUMERS[0]}?fields=first_name,last_name,profile_pic", False)
    ]
    return profile


def test_a_profile_is_name_and_picture() -> None:
    picture = "https://cdn.example.com/ana.jpg?oh=1"
    assert look_up({"first_name": "Ana", "last_name": "Example", "profile_pic": picture, "id": CONSUMERS[0]}) == Profile(
        name="Ana Example", first_name="Ana", last_name="Example", avatar_url=picture
    )
    assert look_up({"first_name": "Ana", "profile_pic": 7}) == Profile(name="Ana", first_name="Ana")


@pytest.mark.parametrize("person", [{}, [], None, {"first_name": 7}])
def test_a_profile_without_a_name_is_none(person: Any) -> None:
    assert look_up(person) is None


# Configuration


def test_a_pasted_token_loses_the_blanks_around_it() -> None:
    config = MessengerConfig(page_id=f" {PAGE_ID} ", page_access_token=SecretStr(f" {TOKEN}\n"))
    assert (config.page_id, config.page_access_token.get_secret_value()) == (PAGE_ID, TOKEN)
    app = MessengerAppConfig(app_id="1", app_secret=SecretStr("secret-of-the-app\n"), verify_token=SecretStr(" a phrase "))
    assert (app.app_secret.get_secret_value(), app.verify_token.get_secret_value()) == ("secret-of-the-app", "a phrase")
