"""The exact requests that leave, of both APIs, and what the SMS API makes of a text."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import jwt
import pytest
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from hypothesis import given
from hypothesis import strategies as st
from vonage_jwt import JwtClient

from channels_app.providers._sms.gsm7 import fits
from channels_app.providers.base import Sent
from channels_app.providers.vonage import Vonage, VonageConfig
from channels_app.providers.vonage.calls import application_token
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import OutcomeUnknown
from connector_platform.core.events import Content, File, FileKind, Text
from tests.providers.contract.cases import NOW, drive
from tests.providers.contract.test_sending import CARD
from tests.providers.vonage.case import (
    API_KEY,
    API_SECRET,
    APPLICATION_ID,
    CASE,
    CONFIG,
    CONSUMERS,
    MMS_CONFIG,
    NUMBER,
    PRIVATE_KEY,
    SMS_CONFIG,
    answer,
    make_config,
    reply,
    sms_answer,
)

MESSAGE_ID = "0192f1c2-0000-7000-8000-000000000001"
STATUS_URL = "https://connect.example.com/webhooks/callback/status"


def sent(content: Content, config: VonageConfig = CONFIG, **context: Any) -> tuple[Sent, list[HttpCall]]:
    return drive(Vonage(), Vonage().send(content, config, CASE.context(**context)), answer)


def bodies(content: Content, config: VonageConfig = CONFIG) -> list[Any]:
    return [CASE.rendered(call) for call in sent(content, config)[1]] if CASE.rendered else []


def claims_of(call: HttpCall) -> dict[str, Any]:
    public = load_pem_private_key(PRIVATE_KEY.encode(), None).public_key()
    options: Any = {"verify_exp": False, "verify_iat": False}
    return dict(jwt.decode(call.headers["Authorization"].removeprefix("Bearer "), public, algorithms=["RS256"], options=options))  # type: ignore[arg-type]


# The Messages API


def test_a_text_is_one_message_of_the_application() -> None:
    result, (call,) = sent(Text(text="Grüezi 📦"))
    assert (call.method, call.url, call.purpose) == ("POST", "https://api.nexmo.com/v1/messages", "send_message")
    assert json.loads(call.body) == {
        "channel": "sms",
        "message_type": "text",
        "to": CONSUMERS[0],
        "from": NUMBER,
        "client_ref": MESSAGE_ID,
        "webhook_url": STATUS_URL,
        "webhook_version": "v1",
        "text": "Grüezi 📦",
    }
    assert call.headers["Content-Type"] == "application/json"
    assert result.parts == (("aaaaaaaa-0000-4000-8000-000000000000",),)


def test_the_token_is_what_vonages_own_sdk_makes() -> None:
    ours = claims_of(sent(Text(text="hi"))[1][0])
    theirs = jwt.decode(
        JwtClient(APPLICATION_ID, PRIVATE_KEY).generate_application_jwt({"iat": int(NOW.timestamp()), "jti": ours["jti"]}),
        options={"verify_signature": False},
    )
    assert ours == theirs


def test_each_call_has_a_token_of_its_own_and_a_repeated_one_the_same() -> None:
    long = "word " * 400
    first, again = sent(Text(text=long))[1], sent(Text(text=long))[1]
    assert first == again
    assert len(first) == 2
    assert len({claims_of(call)["jti"] for call in first}) == 2
    assert application_token(CONFIG, CASE.context(), "a") != application_token(CONFIG, CASE.context(now=NOW.replace(second=1)), "a")


def test_a_long_text_is_cut_between_words_and_each_part_has_our_id() -> None:
    result, calls = sent(Text(text="word " * 450))
    fields = [json.loads(call.body) for call in calls]
    assert [len(field["text"]) <= 1000 for field in fields] == [True, True, True]
    assert [field["client_ref"] for field in fields] == [MESSAGE_ID, f"{MESSAGE_ID}-2", f"{MESSAGE_ID}-3"]
    assert len(result.parts) == 3


def test_a_picture_is_an_mms_where_the_number_can() -> None:
    picture = File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", name="a.png", caption="the shoe")
    mms = {"channel": "mms", "message_type": "image", "image": {"url": "https://files.example.com/a.png", "caption": "the shoe"}}
    assert bodies(picture, MMS_CONFIG) == [mms]
    assert sent(picture, MMS_CONFIG)[0].losses == ()


@pytest.mark.parametrize(
    ("kind", "name"), [(FileKind.VIDEO, "video"), (FileKind.AUDIO, "audio"), (FileKind.DOCUMENT, "file"), (FileKind.IMAGE, "image")]
)
def test_every_kind_of_file_has_its_mms(kind: FileKind, name: str) -> None:
    (body,) = bodies(File(kind=kind, url="https://files.example.com/a"), MMS_CONFIG)
    assert body == {"channel": "mms", "message_type": name, name: {"url": "https://files.example.com/a"}}


def test_a_caption_that_is_too_long_follows_as_a_text() -> None:
    found = bodies(File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", caption="c" * 2001), MMS_CONFIG)
    assert [body["message_type"] for body in found] == ["image", "text", "text", "text"]
    assert "".join(body["text"] for body in found[1:]) == "c" * 2001


def test_with_mms_the_picture_of_a_card_comes_first() -> None:
    words = "Blue mug\nHolds a lot\nLook: https://shop.example.com/mug\n1) Buy"
    first, second = bodies(CARD, MMS_CONFIG)
    assert first == {"channel": "mms", "message_type": "image", "image": {"url": "https://cdn.example.com/mug.png"}}
    assert second["text"] == words


# The SMS API


def test_a_text_of_the_sms_api_is_a_form_with_the_accounts_log_in() -> None:
    result, (call,) = sent(Text(text="hello"), SMS_CONFIG)
    assert (call.method, call.url, call.purpose) == ("POST", "https://rest.nexmo.com/sms/json", "send_sms")
    assert dict(parse_qsl(call.body.decode())) == {
        "from": NUMBER,
        "to": CONSUMERS[0],
        "text": "hello",
        "type": "text",
        "status-report-req": "1",
        "client-ref": MESSAGE_ID,
        "callback": STATUS_URL,
    }
    assert base64.b64decode(call.headers["Authorization"].removeprefix("Basic ")).decode() == f"{API_KEY}:{API_SECRET}"
    assert result.parts == (("0C000-0",),)


@pytest.mark.parametrize(("text", "kind"), [("Grüße €5 [x]", "text"), ("ç", "unicode"), ("📦", "unicode"), ("it’s", "unicode")])
def test_the_sms_api_is_told_which_alphabet_it_takes(text: str, kind: str) -> None:
    (call,) = sent(Text(text=text), SMS_CONFIG)[1]
    assert dict(parse_qsl(call.body.decode()))["type"] == kind


def test_every_sms_that_a_text_became_has_an_id() -> None:
    result, calls = sent(Text(text="a" * 400), SMS_CONFIG)
    assert len(calls) == 1
    assert result.parts == (("0C000-0",), ("0C000-1",), ("0C000-2",))


def test_an_address_that_is_too_long_for_the_sms_api_is_left_to_the_accounts_setting() -> None:
    (call,) = sent(Text(text="hi"), SMS_CONFIG, callback_url="https://connect.example.com/" + "x" * 80)[1]
    assert "callback" not in dict(parse_qsl(call.body.decode()))


@pytest.mark.parametrize("entries", [[], [{"status": "0"}], [{"status": "0", "message-id": "a"}, {"status": "0", "message-id": "a"}]])
def test_an_answer_without_ids_is_no_success(entries: list[dict[str, str]]) -> None:
    with pytest.raises(OutcomeUnknown):
        drive(Vonage(), Vonage().send(Text(text="hi"), SMS_CONFIG, CASE.context()), lambda *_: reply(200, sms_answer(*entries)))


@given(st.text(max_size=20))
def test_the_alphabet_agrees_with_the_codec_of_latin_letters(text: str) -> None:
    """What is beyond the alphabet's code points can never be in it; plain ASCII but the backtick always is."""
    if any(ord(char) > 0x20AC for char in text):
        assert not fits(text)
    if all(" " <= char <= "~" and char != "`" for char in text):
        assert fits(text)


# Files of consumers


def fetch(url: str, config: VonageConfig = CONFIG, **context: Any) -> HttpCall:
    steps = Vonage().fetch_file(File(kind=FileKind.IMAGE, url=url), config, CASE.context(**context))
    data, (call,) = drive(Vonage(), steps, lambda *_: HttpResponse(status=200, body=b"bytes"))
    assert data == b"bytes"
    assert not call.effect
    return call


@pytest.mark.parametrize(
    "url", ["https://api-us.nexmo.com/v3/media/1", "https://api.nexmo.com/v3/media/1", "https://api-eu.vonage.com/m/1"]
)
def test_a_file_at_vonage_is_fetched_with_a_token(url: str) -> None:
    assert claims_of(fetch(url))["application_id"] == APPLICATION_ID


@pytest.mark.parametrize(
    "url",
    [
        "https://cdn.example.com/a.png",
        "https://nexmo.com.example.com/a.png",
        "https://evilnexmo.com/a.png",
        "http://api.nexmo.com/v3/media/1",
        "https://api.nexmo.com@example.com/a.png",
    ],
)
def test_the_token_goes_to_nobody_else(url: str) -> None:
    assert fetch(url).headers == {}


def test_with_another_address_of_the_api_only_that_one_sees_the_token() -> None:
    base = "http://127.0.0.1:8800/vonage"
    assert "Authorization" in fetch("http://127.0.0.1:8800/vonage/v3/media/1", api_base=base).headers
    assert fetch("https://api.nexmo.com/v3/media/1", api_base=base).headers == {}
    assert fetch("http://127.0.0.1:8801/v3/media/1", api_base=base).headers == {}


# The private key, as forms and files give it


@pytest.mark.parametrize(
    "spoil",
    [
        lambda pem: pem.replace("\n", " "),
        lambda pem: pem.replace("\n", ""),
        lambda pem: pem.replace("\n", "\\n"),
        lambda pem: pem.replace("\n", "\r\n"),
        lambda pem: f"\n  {pem}\n\n",
    ],
)
def test_a_private_key_that_lost_its_line_breaks_is_mended(spoil: Any) -> None:
    assert make_config(private_key=spoil(PRIVATE_KEY)) == CONFIG


@pytest.mark.parametrize("number", ["+31 970 1020 0300", "3197010200300", "31-970-1020-0300", "(31) 97010200300"])
def test_a_number_may_be_written_in_any_way(number: str) -> None:
    assert make_config(sender=number).sender == NUMBER
