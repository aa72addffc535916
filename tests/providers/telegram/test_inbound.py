"""What the fixtures do not show: identities, answers to taps, starts, bodies that cannot be read."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from channels_app.providers.base import CallbackRequest
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import Content, File, FileKind, InboundEvent, OptIn, Profile, Selection, Text, Unsupported
from tests.providers.telegram.case import BOT_ID, CASE, CONFIG, CONSUMERS, message, post, update


def events(request: CallbackRequest) -> tuple[InboundEvent, ...]:
    return CASE.provider.parse(request, CONFIG).events


def content(**fields: Any) -> Content:
    (event,) = events(post(update(message=message(**fields))))
    return event.content


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("/start", Unsupported(kind="start", description="started the chat")),
        ("/start ", Unsupported(kind="start", description="started the chat")),
        ("/start@acme_care_bot", Unsupported(kind="start", description="started the chat")),
        ("/start order-7781", OptIn(reference="order-7781")),
        ("/start@acme_care_bot order-7781", OptIn(reference="order-7781")),
        ("/starting", Text(text="/starting")),
        ("please /start", Text(text="please /start")),
        ("/help", Text(text="/help")),
    ],
)
def test_a_start_is_no_question(words: str, expected: Content) -> None:
    assert content(text=words) == expected


def test_the_link_that_brought_the_person_is_remembered() -> None:
    (event,) = events(post(update(message=message(text="/start order-7781"))))
    assert event.profile is not None
    assert (event.profile.reference, event.profile.username) == ("order-7781", "nina_p")
    (event,) = events(post(update(message=message(text="hi"))))
    assert event.profile is not None
    assert event.profile.reference == ""


FILES: list[tuple[str, dict[str, Any], File]] = [
    ("voice", {"duration": 7, "mime_type": "audio/ogg"}, File(kind=FileKind.AUDIO, mime_type="audio/ogg", name="voice message, 7 s.ogg")),
    ("video_note", {"duration": 9}, File(kind=FileKind.VIDEO, mime_type="video/mp4", name="round video, 9 s.mp4")),
    ("video", {"mime_type": "video/mp4"}, File(kind=FileKind.VIDEO, mime_type="video/mp4", name="video.mp4")),
    ("video", {"file_name": "a.mov"}, File(kind=FileKind.VIDEO, mime_type="video/mp4", name="a.mov")),
    ("animation", {"mime_type": "image/gif"}, File(kind=FileKind.VIDEO, mime_type="image/gif", name="GIF.gif")),
    (
        "audio",
        {"title": "T", "performer": "P", "mime_type": "audio/mpeg"},
        File(kind=FileKind.AUDIO, mime_type="audio/mpeg", name="P - T.mp3"),
    ),
    ("audio", {}, File(kind=FileKind.AUDIO)),
    ("document", {"mime_type": "image/PNG"}, File(kind=FileKind.IMAGE, mime_type="image/png")),
    ("document", {"mime_type": "image/webp"}, File(kind=FileKind.DOCUMENT, mime_type="image/webp")),
    ("document", {"mime_type": "video/x-matroska"}, File(kind=FileKind.VIDEO, mime_type="video/x-matroska")),
    ("document", {"file_name": "a.pdf"}, File(kind=FileKind.DOCUMENT, name="a.pdf")),
]


@pytest.mark.parametrize(("kind", "fields", "expected"), FILES)
def test_media_of_every_kind_can_be_fetched(kind: str, fields: dict[str, Any], expected: File) -> None:
    found = content(**{kind: {"file_id": "BAAC_1", "file_size": 10, **fields}}, caption="look")
    assert found == replace(expected, media_id="BAAC_1", size_bytes=10, caption="look")


@pytest.mark.parametrize("kind", sorted({kind for kind, _, _ in FILES}))
def test_what_is_too_large_to_be_fetched_is_told(kind: str) -> None:
    found = content(**{kind: {"file_id": "BAAC_1", "file_size": 20 * 1024 * 1024 + 1}})
    assert isinstance(found, Unsupported)
    assert found.description.endswith("(21.0 MB); Telegram lets bots fetch 20 MB at most")
    assert isinstance(content(**{kind: {"file_size": 10}}), Unsupported)


def test_the_largest_picture_counts_wherever_it_stands() -> None:
    sizes = [{"file_id": "big", "width": 1280, "height": 960}, {"file_id": "small", "width": 90, "height": 67}]
    assert getattr(content(photo=sizes), "media_id", "") == "big"


def test_one_number_in_two_chats_is_two_messages() -> None:
    found = [events(post(update(message=message(person, 7, text="hi"))))[0] for person in CONSUMERS]
    assert [event.source_id for event in found] == [f"{person}:7" for person in CONSUMERS]


def test_a_message_and_its_edits_are_three_events_however_often_each_comes() -> None:
    edit = message(text="hi!") | {"edit_date": 1793001700}
    callbacks = [post(update(1, message=message(text="hi")))] + [post(update(number, edited_message=edit)) for number in (2, 3, 3)]
    ids = [events(callback)[0].source_id for callback in callbacks]
    assert len(set(ids)) == 3
    assert ids[2] == ids[3]


def test_who_writes_is_told_with_every_message() -> None:
    (event,) = events(post(update(message=message(text="hi"))))
    assert event.profile == Profile(name="Nina P", first_name="Nina", last_name="P", locale="es", username="nina_p")


# Taps


def tap(data: str, *labels: tuple[str, str], **more: Any) -> CallbackRequest:
    keyboard = {"inline_keyboard": [[{"text": text, "callback_data": behind}] for text, behind in labels]}
    asked = message(number := CONSUMERS[0], 110, text="Well?", reply_markup=keyboard)
    asked["from"] = {"id": int(BOT_ID), "is_bot": True, "first_name": "Acme Care"}
    return post(update(callback_query={"id": "4382", "from": {"id": int(number)}, "message": asked, "data": data, **more}))


def test_the_tapper_is_the_outer_from_and_the_tap_has_no_time() -> None:
    (event,) = events(tap("text:yes", ("Yes", "text:yes")))
    assert (event.consumer_id, event.occurred_at, event.source_id) == (CONSUMERS[0], None, "tap:4382")
    assert event.content == Selection(payload="text:yes", title="Yes", message_id=f"{CONSUMERS[0]}:110")


def test_a_tap_is_answered_in_the_answer_to_the_callback() -> None:
    request = tap("text:yes", ("Yes", "text:yes"))
    answer = CASE.provider.answer(request, CONFIG, CASE.provider.parse(request, CONFIG))
    assert (answer.status, answer.content_type) == (200, "application/json")
    assert json.loads(answer.body) == {"method": "answerCallbackQuery", "callback_query_id": "4382", "text": "Yes"}


@pytest.mark.parametrize(("label", "notice"), [("🙂" * 201, {"text": "🙂" * 200}), ("", {})])
def test_the_person_is_shown_what_was_chosen_as_far_as_there_is_room(label: str, notice: dict[str, str]) -> None:
    request = tap("text:yes", (label, "text:yes"))
    answer = CASE.provider.answer(request, CONFIG, CASE.provider.parse(request, CONFIG))
    assert json.loads(answer.body) == {"method": "answerCallbackQuery", "callback_query_id": "4382", **notice}


def test_a_text_is_answered_with_nothing() -> None:
    request = post(update(message=message(text="hi")))
    assert CASE.provider.answer(request, CONFIG, CASE.provider.parse(request, CONFIG)).body == b""


def test_a_tap_without_its_message_is_the_tappers() -> None:
    query = {"id": "4382", "from": {"id": int(CONSUMERS[0])}, "inline_message_id": "x", "data": "text:yes"}
    (event,) = events(post(update(callback_query=query)))
    assert (event.consumer_id, event.content) == (CONSUMERS[0], Selection(payload="text:yes"))


@pytest.mark.parametrize("person", [{"id": 1, "is_bot": True}, {"id": int(BOT_ID), "is_bot": True}])
def test_what_bots_tap_is_ignored(person: dict[str, Any]) -> None:
    parsed = CASE.provider.parse(tap("text:yes", **{"from": person}), CONFIG)
    assert (parsed.events, parsed.ignored) == ((), ("from_bot",))


@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"\xff", b'{"update_id":NaN}'])
def test_what_cannot_be_read_is_answered_200_so_that_nobody_waits_behind_it(body: bytes) -> None:
    with pytest.raises(PayloadMalformed) as caught:
        CASE.provider.parse(CallbackRequest(method="POST", headers={}, body=body), CONFIG)
    assert caught.value.status == 200
