"""The exact requests that leave."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers._sms.gsm7 import segments
from channels_app.providers.base import Sent
from channels_app.providers.infobip import Infobip, InfobipConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.events import Content, File, FileKind, Text
from tests.providers.contract.cases import drive
from tests.providers.contract.test_sending import CARD
from tests.providers.infobip.case import BASE_URL, BASIC, CASE, NUMBER, URL_TOKEN, make_config


def sent(content: Content, config: InfobipConfig | None = None, **context: Any) -> tuple[Sent, list[HttpCall]]:
    provider = Infobip()
    return drive(provider, provider.send(content, config or make_config(), CASE.context(**context)), CASE.answer)


def bodies(calls: list[HttpCall]) -> list[Any]:
    return [json.loads(call.body)["messages"][0] for call in calls]


def test_a_text_leaves_with_the_key_in_a_header() -> None:
    result, (call,) = sent(Text(text='Say "hi" 🙂'), make_config(sender="+447491163443"))
    assert (call.method, call.url, call.purpose, call.effect) == ("POST", f"{BASE_URL}/sms/3/messages", "send_text", True)
    assert call.headers == {"Content-Type": "application/json", "Authorization": "App canary-api-key-0001", "Accept": "application/json"}
    assert json.loads(call.body) == {
        "messages": [{"sender": NUMBER, "destinations": [{"to": "31612345678"}], "content": {"text": 'Say "hi" 🙂'}}]
    }
    assert result == Sent(parts=(("ib-0",),))


def test_with_a_token_every_message_names_the_address_of_its_reports() -> None:
    _, calls = sent(Text(text="a"), make_config(proof=URL_TOKEN))
    assert bodies(calls)[0]["webhooks"] == {
        "delivery": {"url": "https://connect.example.com/webhooks/callback?token=canary-url-token-0001"},
        "contentType": "application/json",
    }


def test_a_long_text_is_cut_at_words_so_that_each_piece_fits_ten_sms() -> None:
    text = " ".join(f"word{number}" for number in range(450))
    result, calls = sent(Text(text=text))
    pieces = [body["content"]["text"] for body in bodies(calls)]
    assert " ".join(pieces) == text
    assert [segments(piece) for piece in pieces] == [10, 10, 3]
    assert result.parts == (("ib-0",), ("ib-1",), ("ib-2",))


@pytest.mark.parametrize(
    ("mime_type", "url", "expected"),
    [
        ("image/png", "https://files.example.com/a", "image/png"),
        ("", "https://files.example.com/a.gif?x=1", "image/gif"),
        ("", "https://files.example.com/a", "image/jpeg"),
    ],
)
def test_a_picture_is_an_mms_where_the_number_can(mime_type: str, url: str, expected: str) -> None:
    result, (call,) = sent(File(kind=FileKind.IMAGE, url=url, mime_type=mime_type, caption="The shoe"), make_config(mms_enabled=True))
    assert (call.url, call.purpose) == (f"{BASE_URL}/mms/2/messages", "send_mms")
    assert bodies([call])[0] == {
        "sender": NUMBER,
        "destinations": [{"to": "31612345678"}],
        "content": {
            "messageSegments": [{"type": "TEXT", "text": "The shoe"}, {"type": "LINK", "contentUrl": url, "contentType": expected}]
        },
    }
    assert result == Sent(parts=(("ib-0",),))


def test_a_card_has_its_picture_as_an_mms_where_the_number_can() -> None:
    _, calls = sent(CARD, make_config(mms_enabled=True))
    link = {"type": "LINK", "contentUrl": "https://cdn.example.com/mug.png", "contentType": "image/png"}
    words = "Blue mug\nHolds a lot\nLook: https://shop.example.com/mug\n1) Buy"
    assert [body["content"] for body in bodies(calls)] == [{"messageSegments": [link]}, {"text": words}]


@pytest.mark.parametrize(
    ("url", "carries_key"),
    [
        (f"{BASE_URL}/mms/1/inbound/1/cup.jpg", True),
        ("https://xyz123.api.infobip.com.evil.example/cup.jpg", False),
        ("http://xyz123.api.infobip.com/cup.jpg", False),
        ("https://media.example.com/cup.jpg", False),
    ],
)
def test_a_picture_is_fetched_with_the_key_from_the_accounts_own_address_only(url: str, carries_key: bool) -> None:
    provider = Infobip()
    steps = provider.fetch_file(File(kind=FileKind.IMAGE, url=url), make_config(), CASE.context())
    data, (call,) = drive(provider, steps, lambda *_: HttpResponse(status=200, body=b"JPEG"))
    assert (data, call.url, call.effect) == (b"JPEG", url, False)
    assert ("Authorization" in call.headers) is carries_key


def test_the_channel_is_known_by_its_number() -> None:
    provider = Infobip()
    assert [provider.address(make_config(sender=sender)) for sender in ("447491163443", "+447491163443", "3020")] == [
        "+447491163443",
        "+447491163443",
        "3020",
    ]
    assert provider.dedupes_sends(make_config(proof=BASIC)) is False
