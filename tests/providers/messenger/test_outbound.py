"""The exact calls that leave for Meta."""

from __future__ import annotations

import json
from typing import Any

import pytest
from pydantic import SecretStr

from channels_app.providers._meta.verify import appsecret_proof
from channels_app.providers.base import Sent
from channels_app.providers.messenger import MessengerAppConfig, MessengerConfig
from connector_platform.core.calls import HttpCall
from connector_platform.core.events import (
    Content,
    File,
    FileKind,
    Profile,
    Text,
)
from tests.providers._meta.case import json_response
from tests.providers.contract.cases import drive, send
from tests.providers.messenger.case import APP_CONFIG, CASE, CONFIG, CONSUMERS, PAGE_ID

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


def test_the_appsecret_proof_is_in_the_query_where_the_app_wants_it() -> None:
    _, calls = sent(Text(text="hello"), app=APP_CONFIG)
    proof = appsecret_proof(TOKEN, APP_CONFIG.app_secret.get_secret_value())
    assert [call.url for call in calls] == [f"https://graph.facebook.com/v25.0/{PAGE_ID}/messages?appsecret_proof={proof}"]


def test_without_an_app_there_is_no_proof() -> None:
    _, calls = sent(Text(text="hello"), app=None, api_base="http://127.0.0.1:9")
    assert [call.url for call in calls] == [f"http://127.0.0.1:9/v25.0/{PAGE_ID}/messages"]


# Files


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(FileKind.IMAGE, "image"), (FileKind.VIDEO, "video"), (FileKind.AUDIO, "audio"), (FileKind.DOCUMENT, "file")],
)
def test_a_file_is_fetched_by_meta_and_its_caption_follows(kind: FileKind, expected: str) -> None:
    assert messages(File(kind=kind, url="https://files.example.com/a", caption="Look")) == [
        {"attachment": {"type": expected, "payload": {"url": "https://files.example.com/a", "is_reusable": False}}},
        {"text": "Look"},
    ]


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


def test_the_language_is_asked_for_where_meta_allows_it() -> None:
    config = CONFIG.model_copy(update={"asks_for_locale": True})
    person = {"first_name": "Ana", "locale": "nl_NL"}
    steps = CASE.provider.look_up_profile(config, CASE.context(app=PLAIN_APP))
    profile, (call,) = drive(CASE.provider, steps, lambda *_: json_response(person))
    assert call.url.endswith("?fields=first_name,last_name,profile_pic,locale")
    assert profile == Profile(name="Ana", first_name="Ana", locale="nl_NL")
