"""The exact requests that leave, and how a text is measured and cut."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers.base import Sent
from channels_app.providers.plivo import Plivo, PlivoConfig
from channels_app.providers.plivo.outbound import MAX_SEPTETS, MAX_UNITS, length
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    RecipientGone,
    ServerFault,
    Throttled,
    UnsupportedContent,
)
from connector_platform.core.events import Content, File, FileKind, Text
from connector_platform.core.text import utf16_units
from tests.providers.contract.cases import drive
from tests.providers.contract.test_sending import CARD
from tests.providers.plivo.case import (
    AUTH_ID,
    AUTH_TOKEN,
    CASE,
    CONFIG,
    CONSUMERS,
    MMS_CONFIG,
    NUMBER,
    PACK_CONFIG,
    POWERPACK,
    answer,
    refusal,
    rendered,
    reply,
)

STATUS_URL = "https://connect.example.com/webhooks/callback/status"


def sent(content: Content, config: PlivoConfig = CONFIG, **context: Any) -> tuple[Sent, list[HttpCall]]:
    return drive(Plivo(), Plivo().send(content, config, CASE.context(**context)), answer)


def bodies(content: Content, config: PlivoConfig = CONFIG) -> list[Any]:
    return [rendered(call) for call in sent(content, config)[1]]


def error_of(response: HttpResponse, config: PlivoConfig = CONFIG) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        drive(Plivo(), Plivo().send(Text(text="hi"), config, CASE.context()), lambda *_: response)
    return caught.value


def test_a_text_is_one_message_with_the_address_for_reports() -> None:
    result, (call,) = sent(Text(text="Grüezi"))
    assert (call.method, call.url) == ("POST", f"https://api.plivo.com/v1/Account/{AUTH_ID}/Message/")
    assert json.loads(call.body) == {
        "src": NUMBER,
        "dst": CONSUMERS[0],
        "type": "sms",
        "text": "Grüezi",
        "url": STATUS_URL,
        "method": "POST",
    }
    assert base64.b64decode(call.headers["Authorization"].removeprefix("Basic ")).decode() == f"{AUTH_ID}:{AUTH_TOKEN}"
    assert result.parts == (("db3ce55a-0",),)


def test_a_powerpack_sends_in_place_of_a_number() -> None:
    (call,) = sent(Text(text="hi"), PACK_CONFIG)[1]
    fields = json.loads(call.body)
    assert fields["powerpack_uuid"] == POWERPACK
    assert "src" not in fields


@pytest.mark.parametrize(
    ("text", "counts"),
    [
        ("a" * 1600, 1600),
        ("€" * 800, 1600),
        ("ж" * 737, 1600),
        ("📦" * 368, 1598),
        ("ж" * 738, 1603),
        ("a" * 1601, 1601),
        ("a" * 736 + "ç", 1600),
    ],
)
def test_a_text_is_measured_in_the_alphabet_that_it_needs(text: str, counts: int) -> None:
    assert length(text) == counts
    assert len(sent(Text(text=text))[1]) == (1 if counts <= MAX_SEPTETS else 2)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=60), st.text(st.characters(exclude_categories=["Cs"]), max_size=3))
def test_a_text_never_shrinks_when_it_grows(text: str, more: str) -> None:
    assert length(text) <= length(text + more)


@given(st.text(st.sampled_from("aé€ç📦 \n"), min_size=1, max_size=2500))
def test_no_message_is_longer_than_plivo_takes(text: str) -> None:
    if not text.strip():
        return
    for body in bodies(Text(text=text)):
        piece = body["text"]
        is_gsm = not set(piece) & set("ç📦")
        assert (len(piece) + piece.count("€") <= MAX_SEPTETS) if is_gsm else (utf16_units(piece) <= MAX_UNITS)


def test_a_file_is_an_mms_where_the_number_can() -> None:
    picture = File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", name="a.png", caption="the shoe")
    assert bodies(picture, MMS_CONFIG) == [{"type": "mms", "text": "the shoe", "media_urls": ["https://files.example.com/a.png"]}]
    document = File(kind=FileKind.DOCUMENT, url="https://files.example.com/a.pdf", name="a.pdf")
    assert bodies(document, MMS_CONFIG) == [{"type": "mms", "media_urls": ["https://files.example.com/a.pdf"]}]


def test_a_caption_that_is_too_long_goes_on_as_a_text() -> None:
    found = bodies(File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", caption="c" * 1700), MMS_CONFIG)
    assert [body["type"] for body in found] == ["mms", "sms"]
    assert "".join(body["text"] for body in found) == "c" * 1700


def test_a_card_keeps_its_picture_with_mms() -> None:
    words = "Blue mug\nHolds a lot\nLook: https://shop.example.com/mug\n1) Buy"
    assert bodies(CARD, MMS_CONFIG) == [{"type": "mms", "media_urls": ["https://cdn.example.com/mug.png"]}, {"type": "sms", "text": words}]


# Answers


@pytest.mark.parametrize(
    ("response", "error", "code"),
    [
        (refusal(400, "Insufficient Credit"), CredentialsRejected, "400/insufficient credit"),
        (refusal(400, "powerpack not found"), ConfigurationError, "400/powerpack"),
        (refusal(400), ContentRejected, "400"),
        (refusal(502), ServerFault, "500"),
        (refusal(409), ContentRejected, "409"),
        (reply(202, {"message_uuid": []}), OutcomeUnknown, "no_id"),
        (reply(202, {"message_uuid": "text"}), OutcomeUnknown, "no_id"),
        (reply(202, {"message_uuid": [None]}), OutcomeUnknown, "no_id"),
        (reply(202, {"message_uuid": [], "invalid_number": ["1"]}), RecipientGone, "invalid_number"),
    ],
)
def test_status_and_words_together_decide(response: HttpResponse, error: type[DeliveryError], code: str) -> None:
    found = error_of(response)
    assert (type(found), found.provider_code) == (error, code)
    assert "secret-looking" not in found.message


def test_waits_are_those_that_plivo_asks_for() -> None:
    for status in (429, 503):
        found = error_of(reply(status, {}, **{"retry-after": "7"}))
        assert (type(found), found.retry_after_s) == (Throttled, 7)
    assert error_of(refusal(429)).retry_after_s is None


# Files of consumers


def fetch(url: str, *answers: HttpResponse, **context: Any) -> tuple[bytes, list[HttpCall]]:
    steps = Plivo().fetch_file(File(kind=FileKind.IMAGE, url=url), CONFIG, CASE.context(**context))
    return drive(Plivo(), steps, lambda _, number: answers[number])


BYTES = HttpResponse(status=200, body=b"bytes")


def test_a_file_at_plivo_is_fetched_with_the_log_in() -> None:
    data, (call,) = fetch("https://media.plivo.com/Account/MA/Message/9d/Media/1", BYTES)
    assert (data, call.effect, "Authorization" in call.headers) == (b"bytes", False, True)


def test_the_storage_that_plivo_points_to_sees_no_log_in() -> None:
    moved = HttpResponse(status=307, headers={"location": "https://storage.example.com/1?signature=x"})
    data, (_, second) = fetch("https://media.plivo.com/Account/MA/Message/9d/Media/1", moved, BYTES)
    assert (data, second.url, second.headers) == (b"bytes", "https://storage.example.com/1?signature=x", {})


@pytest.mark.parametrize("location", ["", "/relative", "ftp://a.example/b", "https://["])
def test_a_redirect_to_no_address_is_an_error(location: str) -> None:
    with pytest.raises(ContentRejected):
        fetch("https://media.plivo.com/1", HttpResponse(status=302, headers={"location": location}))


def test_a_second_redirect_is_not_followed() -> None:
    moved = HttpResponse(status=302, headers={"location": "https://storage.example.com/1"})
    with pytest.raises(ContentRejected):
        fetch("https://media.plivo.com/1", moved, moved)


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example.com/a.png",
        "https://plivo.com.example.com/a",
        "https://notplivo.com/a",
        "http://media.plivo.com/a",
        "https://plivo.com@e.com",
    ],
)
def test_the_log_in_goes_to_nobody_else(url: str) -> None:
    assert fetch(url, BYTES)[1][0].headers == {}


def test_with_another_address_of_the_api_only_that_one_sees_the_log_in() -> None:
    base = "http://127.0.0.1:8800/plivo"
    assert "Authorization" in fetch("http://127.0.0.1:8800/plivo/media/1", BYTES, api_base=base)[1][0].headers
    assert fetch("https://media.plivo.com/1", BYTES, api_base=base)[1][0].headers == {}


def test_a_file_without_an_address_cannot_be_fetched() -> None:
    with pytest.raises(UnsupportedContent):
        fetch("")
