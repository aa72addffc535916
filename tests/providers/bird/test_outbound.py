"""The exact requests that leave, and what their answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers._sms.gsm7 import segments
from channels_app.providers.base import Sent
from channels_app.providers.bird import Bird, BirdConfig, errors
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    OutcomeUnknown,
    RecipientGone,
    ServerFault,
    Throttled,
)
from connector_platform.core.events import Content, File, FileKind, Text
from tests.providers.bird.case import CASE, NUMBER, json_response, make_config, refused
from tests.providers.contract.cases import drive
from tests.providers.contract.test_sending import CARD

ID = "0192f1c2-0000-7000-8000-000000000001"
STATUS_URL = "https://connect.example.com/webhooks/callback/status"


def sent(content: Content, config: BirdConfig | None = None, **context: Any) -> tuple[Sent, list[HttpCall]]:
    provider = Bird()
    return drive(provider, provider.send(content, config or make_config(), CASE.context(**context)), CASE.answer)


def bodies(calls: list[HttpCall]) -> list[Any]:
    return [json.loads(call.body) for call in calls]


def test_a_text_leaves_with_the_key_in_a_header() -> None:
    result, (call,) = sent(Text(text='Say "hi" 🙂'), make_config(sender="+31970001234"))
    assert (call.method, call.url, call.purpose, call.effect) == ("POST", "https://rest.messagebird.com/messages", "send_text", True)
    assert call.headers == {"Content-Type": "application/json", "Authorization": "AccessKey canary-access-key-0001"}
    assert json.loads(call.body) == {
        "originator": NUMBER,
        "recipients": ["31612345678"],
        "body": 'Say "hi" 🙂',
        "reference": ID,
        "reportUrl": STATUS_URL,
        "datacoding": "auto",
    }
    assert result == Sent(parts=(("mb-out-0",),))


def test_a_long_text_is_cut_at_words_and_each_piece_has_a_reference_of_its_own() -> None:
    text = " ".join(f"word{number}" for number in range(300))
    result, calls = sent(Text(text=text))
    assert " ".join(body["body"] for body in bodies(calls)) == text
    assert [body["reference"] for body in bodies(calls)] == [ID, f"{ID}-2"]
    assert result.parts == (("mb-out-0",), ("mb-out-1",))


@pytest.mark.parametrize(
    ("text", "pieces"),
    [("é" * 1377, 1), ("é" * 1378, 2), ("ж" * 603, 1), ("ж" * 604, 2), ("🙂" * 297, 1), ("🙂" * 298, 2), ("€" * 684, 1), ("€" * 685, 2)],
)
def test_no_piece_exceeds_nine_sms(text: str, pieces: int) -> None:
    _, calls = sent(Text(text=text))
    assert len(calls) == pieces
    assert all(segments(body["body"]) <= 9 for body in bodies(calls))


def test_a_picture_is_an_mms_where_the_number_can() -> None:
    picture = File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", caption="The shoe")
    result, (call,) = sent(picture, make_config(mms_enabled=True))
    assert (call.url, call.purpose) == ("https://rest.messagebird.com/mms", "send_mms")
    assert json.loads(call.body) == {
        "originator": NUMBER,
        "recipients": ["31612345678"],
        "body": "The shoe",
        "reference": ID,
        "reportUrl": STATUS_URL,
        "mediaUrls": ["https://files.example.com/a.png"],
    }
    assert result.losses == ()


def test_a_card_has_its_picture_as_an_mms_where_the_number_can() -> None:
    _, calls = sent(CARD, make_config(mms_enabled=True))
    assert [(body["body"], body.get("mediaUrls")) for body in bodies(calls)] == [
        ("", ["https://cdn.example.com/mug.png"]),
        ("Blue mug\nHolds a lot\nLook: https://shop.example.com/mug\n1) Buy", None),
    ]


@pytest.mark.parametrize(
    ("url", "carries_key"),
    [
        ("https://media.messagebird.com/v1/media/1", True),
        ("https://rest.messagebird.com/mms/1/media", True),
        ("http://media.messagebird.com/v1/media/1", False),
        ("https://media.messagebird.com.evil.example/1", False),
        ("https://a@media.messagebird.com/1", False),
        ("https://files.example.com/a.png", False),
    ],
)
def test_a_picture_is_fetched_with_the_key_from_birds_own_hosts_only(url: str, carries_key: bool) -> None:
    provider = Bird()
    steps = provider.fetch_file(File(kind=FileKind.IMAGE, url=url), make_config(), CASE.context())
    data, (call,) = drive(provider, steps, lambda *_: HttpResponse(status=200, body=b"JPEG"))
    assert (data, call.url, call.effect) == (b"JPEG", url, False)
    assert ("Authorization" in call.headers) is carries_key


def test_the_check_tells_the_balance() -> None:
    provider = Bird()
    sentence, (call,) = drive(provider, provider.check(make_config(), CASE.context()), CASE.answer)
    assert (call.method, call.url) == ("GET", "https://rest.messagebird.com/balance")
    assert sentence == "Connected to Bird; the prepaid balance is 9.20 credits."
    with pytest.raises(ServerFault):
        drive(provider, provider.check(make_config(), CASE.context()), lambda *_: json_response({}))


# What the answers mean


@pytest.mark.parametrize(
    ("response", "error", "code"),
    [
        (refused("2"), CredentialsRejected, "2"),
        (refused("10/recipient"), RecipientGone, "10/recipient"),
        (refused("10/originator"), ConfigurationError, "10/originator"),
        (refused("10/datacoding"), ContentRejected, "10"),
        (refused("25"), CredentialsRejected, "25"),
        (refused("99"), ServerFault, "99"),
        (json_response({"errors": [{"code": 7777, "description": "New"}]}, status=422), ContentRejected, "422"),
        (json_response({"errors": [{"code": 2}]}, status=200), CredentialsRejected, "2"),
        (json_response({"recipients": {}}, status=201), OutcomeUnknown, "201"),
    ],
)
def test_the_bodys_code_decides(response: HttpResponse, error: type[Exception], code: str) -> None:
    provider = Bird()
    with pytest.raises(error) as caught:
        drive(provider, provider.send(Text(text="a"), make_config(), CASE.context()), lambda *_: response)
    assert getattr(caught.value, "provider_code", "") == code
    assert "Words of Bird" not in str(caught.value)


def test_retry_after_is_honoured() -> None:
    provider = Bird()
    response = HttpResponse(status=429, headers={"retry-after": "17"})
    with pytest.raises(Throttled) as caught:
        drive(provider, provider.send(Text(text="a"), make_config(), CASE.context()), lambda *_: response)
    assert caught.value.retry_after_s == 17


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("delivery_failed", "1"), "the number is not in use (delivery_failed, code 1)"),
        (("delivery_failed", "9999"), "it could not be delivered (delivery_failed, code 9999)"),
        (("delivery_failed", "9999", "carrier rejected"), "the operator refused it (delivery_failed, code 9999)"),
        (("delivery_failed", "27", "carrier rejected"), "the phone is switched off or out of reach (delivery_failed, code 27)"),
        (("expired", ""), "it was not delivered in time (expired)"),
        (("expired", "<b>", "<b>"), "it was not delivered in time (expired)"),
        (("new", ""), "it was not delivered (new)"),
    ],
)
def test_a_failure_has_words(arguments: tuple[str, ...], expected: str) -> None:
    assert errors.failure_reason(*arguments) == expected
