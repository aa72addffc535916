"""The Channels API: the exact requests that leave, and what their answers mean."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers._sms.gsm7 import segments
from channels_app.providers.base import Sent
from channels_app.providers.bird import Bird, BirdConfig
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
from tests.providers.bird.case import BIRD_CONFIG, BIRD_MMS_CONFIG, CHANNEL_ID, CHANNELS_CASE, WORKSPACE_ID, json_response, make_config
from tests.providers.contract.cases import drive
from tests.providers.contract.test_sending import CARD

ID = "0192f1c2-0000-7000-8000-000000000001"
MEDIA = f"https://media.api.bird.com/workspaces/{WORKSPACE_ID}/messages/1/media/2"
STORED = "https://bucket.s3.amazonaws.com/2?X-Amz-Signature=3"


def sent(content: Content, config: BirdConfig = BIRD_CONFIG, **context: Any) -> tuple[Sent, list[HttpCall]]:
    return drive(Bird(), Bird().send(content, config, CHANNELS_CASE.context(**context)), CHANNELS_CASE.answer)


def bodies(calls: list[HttpCall]) -> list[Any]:
    return [json.loads(call.body)["body"] for call in calls]


def test_a_text_leaves_with_the_key_in_a_header() -> None:
    result, (call,) = sent(Text(text='Say "hi" 🙂'))
    assert (call.method, call.purpose, call.effect) == ("POST", "send_message", True)
    assert call.url == f"https://api.bird.com/workspaces/{WORKSPACE_ID}/channels/{CHANNEL_ID}/messages"
    assert call.headers == {"Content-Type": "application/json", "Authorization": "AccessKey canary-access-key-0002"}
    assert json.loads(call.body) == {
        "receiver": {"contacts": [{"identifierKey": "phonenumber", "identifierValue": "+31612345678"}]},
        "reference": ID,
        "body": {"type": "text", "text": {"text": 'Say "hi" 🙂'}},
    }
    assert result == Sent(parts=(("b-out-0",),))


def test_a_long_text_is_cut_and_each_piece_has_a_reference_of_its_own() -> None:
    text = " ".join(f"word{number}" for number in range(300))
    result, calls = sent(Text(text=text))
    pieces = [body["text"]["text"] for body in bodies(calls)]
    assert " ".join(pieces) == text
    assert all(segments(piece) <= 9 for piece in pieces)
    assert [json.loads(call.body)["reference"] for call in calls] == [ID, f"{ID}-2"]
    assert result.parts == (("b-out-0",), ("b-out-1",))


@pytest.mark.parametrize(
    ("file", "expected"),
    [
        (
            File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", caption="The shoe"),
            {"type": "image", "image": {"text": "The shoe", "images": [{"mediaUrl": "https://files.example.com/a.png"}]}},
        ),
        (
            File(kind=FileKind.DOCUMENT, url="https://files.example.com/1", name="bill.pdf"),
            {
                "type": "file",
                "file": {"files": [{"contentType": "application/pdf", "mediaUrl": "https://files.example.com/1", "filename": "bill.pdf"}]},
            },
        ),
        (
            File(kind=FileKind.VIDEO, url="https://files.example.com/2", mime_type="video/mp4"),
            {"type": "file", "file": {"files": [{"contentType": "video/mp4", "mediaUrl": "https://files.example.com/2"}]}},
        ),
    ],
)
def test_a_file_is_an_mms_where_the_number_can(file: File, expected: dict[str, Any]) -> None:
    result, calls = sent(file, BIRD_MMS_CONFIG)
    assert (bodies(calls), result.losses) == ([expected], ())


def test_without_mms_a_file_is_a_link() -> None:
    result, calls = sent(File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", caption="The shoe"))
    assert bodies(calls) == [{"type": "text", "text": {"text": "The shoe\nhttps://files.example.com/a.png"}}]
    assert len(result.losses) == 1


def test_a_card_has_its_picture_as_an_mms_and_numbered_choices() -> None:
    result, calls = sent(CARD, BIRD_MMS_CONFIG)
    assert bodies(calls) == [
        {"type": "image", "image": {"images": [{"mediaUrl": "https://cdn.example.com/mug.png"}]}},
        {"type": "text", "text": {"text": "Blue mug\nHolds a lot\nLook: https://shop.example.com/mug\n1) Buy"}},
    ]
    assert [(choice.title, choice.number) for choice in result.shown if choice.number] == [("Buy", 1)]


def test_a_name_cannot_be_answered() -> None:
    with pytest.raises(RecipientGone):
        sent(Text(text="hi"), to="ParcelCo")


# A consumer's files


def test_a_file_is_fetched_with_the_key_and_from_the_storage_without() -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        return HttpResponse(status=200, body=b"JPEG") if number else HttpResponse(status=302, headers={"location": STORED})

    data, calls = drive(Bird(), Bird().fetch_file(File(kind=FileKind.IMAGE, url=MEDIA), BIRD_CONFIG, CHANNELS_CASE.context()), answer)
    assert data == b"JPEG"
    assert [(call.url, "Authorization" in call.headers, call.effect) for call in calls] == [(MEDIA, True, False), (STORED, False, False)]


@pytest.mark.parametrize(
    ("url", "carries_key"),
    [
        (MEDIA, True),
        ("https://media.nest.messagebird.com/workspaces/1/media/2", True),
        ("https://media.api.bird.com.evil.example/1", False),
        ("https://a@media.api.bird.com/1", False),
        ("http://media.api.bird.com/1", False),
        ("https://rest.messagebird.com/mms/1", False),
        ("https://files.example.com/a.png", False),
    ],
)
def test_only_birds_own_hosts_see_the_key(url: str, carries_key: bool) -> None:
    steps = Bird().fetch_file(File(kind=FileKind.IMAGE, url=url), BIRD_CONFIG, CHANNELS_CASE.context())
    _, (call,) = drive(Bird(), steps, lambda *_: HttpResponse(status=200, body=b"JPEG"))
    assert ("Authorization" in call.headers) is carries_key


@pytest.mark.parametrize("headers", [{}, {"location": "https://[::1"}], ids=["nowhere", "no address"])
def test_a_redirect_to_nowhere_is_refused(headers: dict[str, str]) -> None:
    steps = Bird().fetch_file(File(kind=FileKind.IMAGE, url=MEDIA), make_config(), CHANNELS_CASE.context())
    with pytest.raises(ContentRejected):
        drive(Bird(), steps, lambda *_: HttpResponse(status=302, headers=headers))


# What the answers mean


@pytest.mark.parametrize(
    ("response", "error", "code"),
    [
        (json_response({"code": "InvalidPayload", "message": "Words of Bird"}, status=422), ContentRejected, "InvalidPayload"),
        (json_response({"code": "InvalidPayload", "message": "Words of Bird"}, status=401), ContentRejected, "InvalidPayload"),
        (json_response({"code": "New", "message": "Words of Bird"}, status=422), ContentRejected, "422"),
        (json_response({"message": "Words of Bird"}, status=401), CredentialsRejected, "401"),
        (HttpResponse(status=403, body=b"<html>"), CredentialsRejected, "403"),
        (HttpResponse(status=402), CredentialsRejected, "402"),
        (HttpResponse(status=404), ConfigurationError, "404"),
        (HttpResponse(status=409), ContentRejected, "409"),
        (HttpResponse(status=418), ContentRejected, "418"),
        (HttpResponse(status=502), ServerFault, "502"),
        (json_response({"status": "accepted"}, status=202), OutcomeUnknown, "202"),
        (HttpResponse(status=202, body=b"ok"), OutcomeUnknown, "202"),
    ],
)
def test_the_bodys_code_decides_and_then_the_status(response: HttpResponse, error: type[Exception], code: str) -> None:
    with pytest.raises(error) as caught:
        drive(Bird(), Bird().send(Text(text="a"), BIRD_CONFIG, CHANNELS_CASE.context()), lambda *_: response)
    assert getattr(caught.value, "provider_code", "") == code
    assert "Words of Bird" not in str(caught.value)


def test_retry_after_is_honoured() -> None:
    response = json_response({"code": "InvalidPayload"}, status=429, headers={"retry-after": "17"})
    with pytest.raises(Throttled) as caught:
        drive(Bird(), Bird().send(Text(text="a"), BIRD_CONFIG, CHANNELS_CASE.context()), lambda *_: response)
    assert caught.value.retry_after_s == 17
