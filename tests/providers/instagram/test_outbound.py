"""The exact calls that leave for an Instagram account."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import SecretStr

from channels_app.providers._meta.verify import appsecret_proof
from channels_app.providers.base import Sent
from channels_app.providers.instagram import InstagramConfig
from channels_app.providers.instagram.rich import text_messages
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
from tests.providers.instagram.case import (
    ACCOUNT_ID,
    APP_CONFIG,
    APP_SECRET,
    CASE,
    CONFIG,
    CONSUMERS,
    INSTAGRAM_SECRET,
    PAGE_CONFIG,
    PAGE_ID,
)

TOKEN = CONFIG.access_token.get_secret_value()
PLAIN_APP = APP_CONFIG.model_copy(update={"send_appsecret_proof": False})
HEADERS = {"Content-Type": "application/json", "Authorization": f"Bearer {TOKEN}"}
URL = "https://files.example.com/a"


def sent(content: Content, *, config: InstagramConfig = CONFIG, **context: Any) -> tuple[Sent, list[HttpCall]]:
    return send(CASE, content, config=config, context=CASE.context(**{"app": PLAIN_APP, **context}))


def messages(content: Content, **context: Any) -> list[Any]:
    """The ``message`` objects that leave, after everything around them was asserted."""
    _, calls = sent(content, **context)
    payloads = [json.loads(call.body) for call in calls]
    for call, payload in zip(calls, payloads, strict=True):
        assert (call.method, call.url) == ("POST", f"https://graph.instagram.com/v25.0/{ACCOUNT_ID}/messages")
        assert (call.headers, call.effect) == (HEADERS, True)
        assert {**payload, "message": None} == {"recipient": {"id": CONSUMERS[0]}, "messaging_type": "RESPONSE", "message": None}
    return [payload["message"] for payload in payloads]


def test_a_text_is_one_call() -> None:
    result, calls = sent(Text(text="¿Dónde está 📦 ?"))
    assert result == Sent(parts=(("aWdf_out_0",),))
    assert calls == [
        HttpCall(
            method="POST",
            url=f"https://graph.instagram.com/v25.0/{ACCOUNT_ID}/messages",
            headers=HEADERS,
            body='{"recipient":{"id":"908800000000000412"},"messaging_type":"RESPONSE","message":{"text":"¿Dónde está 📦 ?"}}'.encode(),
            purpose="send_text",
            effect=True,
        )
    ]


def test_through_a_page_it_is_the_pages_call_to_facebook() -> None:
    _, (call,) = sent(Text(text="hello"), config=PAGE_CONFIG)
    assert call.url == f"https://graph.facebook.com/v25.0/{PAGE_ID}/messages"
    assert call.headers["Authorization"] == f"Bearer {PAGE_CONFIG.access_token.get_secret_value()}"


@pytest.mark.parametrize(
    ("config", "own_secret", "proof_secret"),
    [(CONFIG, INSTAGRAM_SECRET, INSTAGRAM_SECRET), (CONFIG, "", APP_SECRET), (PAGE_CONFIG, INSTAGRAM_SECRET, APP_SECRET)],
)
def test_the_proof_is_made_with_the_secret_that_goes_with_the_token(config: InstagramConfig, own_secret: str, proof_secret: str) -> None:
    app = APP_CONFIG.model_copy(update={"instagram_app_secret": SecretStr(own_secret)})
    _, (call,) = sent(Text(text="hello"), config=config, app=app)
    assert call.url.endswith(f"/messages?appsecret_proof={appsecret_proof(config.access_token.get_secret_value(), proof_secret)}")


@pytest.mark.parametrize(
    ("text", "sizes"),
    [("a" * 1001, [1000, 1]), ("я" * 501, [1000, 2]), ("€" * 334, [999, 3]), ("📦" * 251, [1000, 4]), ("é" * 500, [1000])],
)
def test_a_text_is_cut_by_its_bytes_between_characters(text: str, sizes: list[int]) -> None:
    pieces = [message["text"] for message in messages(Text(text=text))]
    assert [len(piece.encode()) for piece in pieces] == sizes
    assert "".join(pieces) == text


def test_an_emoji_of_several_characters_stays_whole() -> None:
    family = "👩‍👩‍👧‍👦"
    pieces = [message["text"] for message in text_messages("a" * 990 + family)]
    assert pieces == ["a" * 990, family]


@settings(max_examples=200, deadline=None)
@given(st.text(st.characters(codec="utf-8", exclude_categories=("Cc",)), max_size=2500))
def test_no_piece_of_any_text_exceeds_the_limit(text: str) -> None:
    pieces = [str(message["text"]) for message in text_messages(text)]
    assert all(0 < len(piece.encode()) <= 1000 for piece in pieces)
    assert "".join("".join(pieces).split()) == "".join(text.split())


# Files


@pytest.mark.parametrize(
    ("file", "kind"),
    [
        (File(kind=FileKind.IMAGE, url=URL, mime_type="image/png"), "image"),
        (File(kind=FileKind.IMAGE, url=URL), "image"),
        (File(kind=FileKind.VIDEO, url=URL, mime_type="video/mp4", size_bytes=25_000_000), "video"),
        (File(kind=FileKind.AUDIO, url=URL, mime_type="audio/mp4; codecs=mp4a"), "audio"),
        (File(kind=FileKind.DOCUMENT, url=URL, mime_type="application/pdf"), "file"),
        (File(kind=FileKind.DOCUMENT, url=URL, name="Invoice.PDF"), "file"),
    ],
)
def test_a_file_is_fetched_by_meta(file: File, kind: str) -> None:
    assert messages(file) == [{"attachment": {"type": kind, "payload": {"url": URL, "is_reusable": False}}}]


@pytest.mark.parametrize(
    ("file", "reason"),
    [
        (File(kind=FileKind.DOCUMENT, url=URL, mime_type="application/zip"), "Instagram takes no files of type application/zip"),
        (File(kind=FileKind.DOCUMENT, url=URL), "Instagram takes no files of type application/octet-stream"),
        (File(kind=FileKind.IMAGE, url=URL, mime_type="image/webp"), "Instagram takes no pictures of type image/webp"),
        (File(kind=FileKind.AUDIO, url=URL, mime_type="audio/mpeg"), "Instagram takes no audio clips of type audio/mpeg"),
        (File(kind=FileKind.IMAGE, url=URL, mime_type="image/png", size_bytes=8_000_001), "Instagram takes pictures up to 8 MB"),
        (File(kind=FileKind.VIDEO, url=URL, size_bytes=25_000_001), "Instagram takes videos up to 25 MB"),
    ],
)
def test_what_instagram_takes_no_files_of_is_a_link(file: File, reason: str) -> None:
    result, calls = sent(file)
    assert [json.loads(call.body)["message"] for call in calls] == [{"text": URL}]
    assert [loss.reason for loss in result.losses] == [reason]


def test_a_link_bears_the_files_name_and_the_caption_follows() -> None:
    file = File(kind=FileKind.DOCUMENT, url=URL, name="prices.xlsx", caption="The new prices")
    assert messages(file) == [{"text": f"prices.xlsx\n{URL}"}, {"text": "The new prices"}]


# The person's name


def look_up(person: Any) -> Profile | None:
    profile, calls = drive(
        CASE.provider, CASE.provider.look_up_profile(CONFIG, CASE.context(app=PLAIN_APP)), lambda *_: json_response(person)
    )
    assert [(call.method, call.url, call.effect) for call in calls] == [
        ("GET", f"https://graph.instagram.com/v25.0/{CONSUMERS[0]}?fields=name,username,profile_pic", False)
    ]
    return profile


def test_a_profile_is_name_user_name_and_picture() -> None:
    picture = "https://cdn.example.com/ana.jpg?oh=1"
    assert look_up({"name": "Ana Example", "username": "ana.example", "profile_pic": picture}) == Profile(
        name="Ana Example", username="ana.example", avatar_url=picture
    )


@pytest.mark.parametrize("name", [None, "", 7])
def test_who_has_no_name_is_called_by_the_user_name(name: Any) -> None:
    assert look_up({"name": name, "username": "ana.example"}) == Profile(name="@ana.example", username="ana.example")


@pytest.mark.parametrize("person", [{}, [], None, {"name": 7}])
def test_a_profile_without_a_name_is_none(person: Any) -> None:
    assert look_up(person) is None
