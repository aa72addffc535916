"""Messenger's webhook events, beyond what the fixtures show."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from channels_app.providers.messenger import Messenger
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import (
    File,
    InboundEvent,
    Location,
    OptIn,
    ParsedCallback,
    Profile,
    Rating,
    Receipt,
    ReceiptKind,
    Selection,
    Text,
    Unsupported,
)
from tests.providers._meta.case import post
from tests.providers.messenger.case import APP_CONFIG, CONSUMERS, PAGE_ID, envelope, event


def parse(*events: Any) -> ParsedCallback:
    return Messenger().parse(envelope(*events), APP_CONFIG)


def only(*events: Any) -> InboundEvent:
    parsed = parse(*events)
    assert len(parsed.events) == 1
    assert not parsed.ignored
    return parsed.events[0]


def message(**fields: Any) -> dict[str, Any]:
    return event(message={"mid": "m_1", **fields})


def attachment(kind: str, **fields: Any) -> dict[str, Any]:
    return message(attachments=[{"type": kind, **fields}])


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"7",
        b"[]",
        b"{}",
        b"{",
        b'{"object":7}',
        b'{"object":"page"}',
        b'{"object":"page","entry":{}}',
        b"\xff",
        b"NaN",
        b"[" * 99_999,
    ],
)
def test_what_is_not_metas_envelope_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        Messenger().parse(post(body), APP_CONFIG)


@pytest.mark.parametrize(
    "entry", [7, None, "x", [], {}, {"id": PAGE_ID}, {"id": PAGE_ID, "messaging": []}, {"id": PAGE_ID, "messaging": 7}]
)
def test_an_entry_that_cannot_be_read_does_not_lose_the_next(entry: Any) -> None:
    good = json.loads(envelope(message(text="hello")).body)["entry"][0]
    parsed = Messenger().parse(post(json.dumps({"object": "page", "entry": [entry, good]}).encode()), APP_CONFIG)
    assert [found.content for found in parsed.events] == [Text(text="hello")]
    assert parsed.ignored == ("unreadable",)


def test_an_event_nested_too_deeply_does_not_lose_the_next() -> None:
    deep: Any = "x"
    for _ in range(800):
        deep = [deep]
    parsed = parse({**message(text="deep"), "extra": deep}, event(message={"mid": "m_2", "text": "hello"}))
    assert parsed.events[-1].content == Text(text="hello")


def test_a_page_id_as_a_number_is_the_same_page() -> None:
    body = json.loads(envelope(message(text="hello")).body)
    body["entry"][0]["id"] = int(PAGE_ID)
    (found,) = Messenger().parse(post(json.dumps(body).encode()), APP_CONFIG).events
    assert found.address == PAGE_ID


@pytest.mark.parametrize(
    ("timestamp", "expected"),
    [
        (1793001599412, datetime(2026, 10, 26, 7, 59, 59, 412000, tzinfo=UTC)),
        ("1793001599412", datetime(2026, 10, 26, 7, 59, 59, 412000, tzinfo=UTC)),
        (1793001599, datetime(2026, 10, 26, 7, 59, 59, tzinfo=UTC)),
        (10**11 - 1, datetime(5138, 11, 16, 9, 46, 39, tzinfo=UTC)),
        (10**11, datetime(1973, 3, 3, 9, 46, 40, tzinfo=UTC)),
        (0, None),
        (-5, None),
        (10**17, None),
        (10**40, None),
        (1.5, None),
        (True, None),
        ("soon", None),
        (None, None),
    ],
)
def test_a_timestamp_is_in_milliseconds_or_seconds_or_unknown(timestamp: Any, expected: datetime | None) -> None:
    assert only({**message(text="hello"), "timestamp": timestamp}).occurred_at == expected


def test_raw_is_the_events_own_json() -> None:
    first, second = message(text="mine 📦"), event(CONSUMERS[1], message={"mid": "m_2", "text": "theirs"})
    parsed = parse(first, second)
    assert [json.loads(found.raw) for found in parsed.events] == [first, second]


# Messages


def test_text_comes_before_its_attachments_and_each_part_has_its_own_id() -> None:
    url = "https://cdn.example.com/a.png"
    image = {"type": "image", "payload": {"url": url}}
    parsed = parse(message(text="look", attachments=[image, image]))
    assert [(found.source_id, found.wire_type) for found in parsed.events] == [
        ("m_1", "message.text"),
        ("m_1#1", "message.image"),
        ("m_1#2", "message.image"),
    ]


def test_a_quick_reply_names_the_message_it_answers() -> None:
    found = only(message(text="Yes", quick_reply={"payload": "text:yep"}, reply_to={"mid": "m_question"}))
    assert found.content == Selection(payload="text:yep", title="Yes", message_id="m_question")


@pytest.mark.parametrize("app_id", [1517776481860111, "1517776481860111", None])
def test_an_echo_is_ignored_whoever_wrote_it(app_id: Any) -> None:
    echo = {
        "sender": {"id": PAGE_ID},
        "recipient": {"id": CONSUMERS[0]},
        "message": {"mid": "m", "text": "x", "is_echo": True, "app_id": app_id},
    }
    assert parse(echo) == ParsedCallback(ignored=("message.echo",))


@pytest.mark.parametrize("kind", ["message", "reaction", "read", "postback"])
def test_what_the_page_does_itself_is_ignored(kind: str) -> None:
    found = parse(
        {"sender": {"id": PAGE_ID}, "recipient": {"id": CONSUMERS[0]}, kind: {"mid": "m", "text": "x", "watermark": 1793001599412}}
    )
    assert not found.events
    assert len(found.ignored) == 1


@pytest.mark.parametrize("url", ["", "fb://reel/1", "//cdn.example.com/a", "javascript:alert(1)", "https://[", "https://a b", None, 7])
@pytest.mark.parametrize("kind", ["image", "video", "audio", "file", "post", "reel", "ig_post", "ig_reel", "sticker"])
def test_an_address_that_no_browser_opens_becomes_a_note(kind: str, url: Any) -> None:
    found = only(attachment(kind, payload={"url": url}))
    assert isinstance(found.content, Unsupported)
    assert found.content.description


@pytest.mark.parametrize("payload", [None, [], "x", 7])
def test_an_attachment_without_a_payload_becomes_a_note(payload: Any) -> None:
    assert isinstance(only(attachment("image", payload=payload)).content, Unsupported)


def test_an_unknown_attachment_becomes_a_note() -> None:
    found = only(attachment("hologram", payload={"url": "https://cdn.example.com/h"}))
    assert found.wire_type == "message.hologram"
    assert found.content == Unsupported(kind="hologram", description="sent something this channel cannot show")


def test_an_unknown_event_is_ignored_by_its_name() -> None:
    assert parse(event(telepathy={"thought": "hm"})) == ParsedCallback(ignored=("telepathy",))
    assert parse(event(**{"x" * 500 + "\n": {}})).ignored == ("x" * 64,)


def test_a_file_is_named_as_in_its_address() -> None:
    found = only(attachment("file", payload={"url": "https://cdn.example.com/v/r%C3%A9sum%C3%A9.pdf?oh=1"}))
    assert isinstance(found.content, File)
    assert found.content.name == "résumé.pdf"


@pytest.mark.parametrize("sticker_id", [369239263222822, "369239343222814", 369239383222810])
@pytest.mark.parametrize("kinds", [("image",), ("image", "sticker"), ("sticker",)])
def test_a_thumbs_up_is_told_once_in_every_form(kinds: tuple[str, ...], sticker_id: Any) -> None:
    payload = {"url": "https://cdn.example.com/like.png", "sticker_id": sticker_id}
    assert only(message(attachments=[{"type": kind, "payload": payload} for kind in kinds])).content == Text(text="👍")


@pytest.mark.parametrize(
    "coordinates",
    [None, {}, {"lat": 1}, {"lat": "1", "long": "2"}, {"lat": 91, "long": 0}, {"lat": 0, "long": 181}, {"lat": 10**400, "long": 0}],
)
def test_a_place_without_coordinates_becomes_a_note(coordinates: Any) -> None:
    assert isinstance(only(attachment("location", payload={"coordinates": coordinates})).content, Unsupported)


def test_whole_degrees_are_a_place() -> None:
    assert only(attachment("location", payload={"coordinates": {"lat": 52, "long": -4}})).content == Location(latitude=52.0, longitude=-4.0)


def test_text_is_made_storable() -> None:
    callback = envelope(message(text="a\x00b\ud83dc🙂"), escaped=True)
    (found,) = Messenger().parse(callback, APP_CONFIG).events
    assert found.content == Text(text="ab\ufffdc🙂")


@pytest.mark.parametrize("num_edit", [2, "2"])
def test_an_edit_is_known_by_its_number(num_edit: Any) -> None:
    found = only(event(message_edit={"mid": "m_1", "text": "green", "num_edit": num_edit}))
    assert found.source_id == "edit:m_1:2"
    assert found.content == Text(text="✎ edited: green", reply_to="m_1")


# Everything else


def test_a_postback_without_a_mid_is_known_by_person_time_and_payload() -> None:
    ids = {
        only({**event(postback={"title": "A", "payload": payload}), "timestamp": at}).source_id
        for payload in "ab"
        for at in (10**12, 10**12 + 1)
    }
    assert len(ids) == 4


def test_a_reaction_is_known_by_message_person_action_and_time() -> None:
    found = only(event(reaction={"mid": "m_1", "action": "react", "reaction": "other", "emoji": "🎉"}))
    assert found.source_id == f"reaction:m_1:{CONSUMERS[0]}:react:1793001599412"
    assert found.content == Unsupported(kind="reaction", description="reacted with 🎉", opens_window=False)


def test_a_reaction_without_an_emoji_is_named() -> None:
    assert only(event(reaction={"mid": "m_1", "action": "react", "reaction": "love"})).content == Unsupported(
        kind="reaction", description="reacted with love", opens_window=False
    )


def test_two_deliveries_of_one_millisecond_are_two_events() -> None:
    parsed = parse(*(event(delivery={"mids": [mid], "watermark": 1793001590123}) for mid in ("m_1", "m_2")))
    assert len({found.source_id for found in parsed.events}) == 2
    assert [found.content.message_ids for found in parsed.events if isinstance(found.content, Receipt)] == [("m_1",), ("m_2",)]


@pytest.mark.parametrize("kind", ["delivery", "read"])
def test_a_receipt_that_says_nothing_is_ignored(kind: str) -> None:
    assert parse(event(**{kind: {"watermark": "?", "mids": [7]}})) == ParsedCallback(ignored=(kind,))


def test_a_watermark_in_seconds_is_the_same_instant() -> None:
    found = only(event(read={"watermark": 1793001590}))
    assert found.content == Receipt(kind=ReceiptKind.READ, watermark_at=datetime(2026, 10, 26, 7, 59, 50, tzinfo=UTC))


@pytest.mark.parametrize("is_inside", [True, False])
def test_a_tap_tells_first_what_brought_the_person(is_inside: bool) -> None:
    referral = {"ref": "leaflet"}
    tap = {"mid": "m_1", "title": "Start", "payload": "GO", **({"referral": referral} if is_inside else {})}
    parsed = parse(event(postback=tap, **({} if is_inside else {"referral": referral})))
    assert [(found.source_id, found.content) for found in parsed.events] == [
        ("referral:m_1", OptIn(reference="leaflet")),
        ("m_1", Selection(payload="GO", title="Start")),
    ]
    assert {found.profile for found in parsed.events} == {Profile(reference="leaflet")}


@pytest.mark.parametrize(
    ("referral", "reference", "words"),
    [
        ({"ref": "leaflet", "ad_id": "6"}, "leaflet", "leaflet, ad 6"),
        ({"ad_id": 6, "ads_context_data": {"ad_title": "New lamps"}}, "6", "ad 6, New lamps"),
        ({"product": {"id": 51}}, "51", "product 51"),
        ({"referer_uri": "https://shop.example.com/"}, "https://shop.example.com/", "https://shop.example.com/"),
    ],
)
def test_a_referral_names_the_way_for_machines_and_for_agents(referral: dict[str, Any], reference: str, words: str) -> None:
    found = only(event(referral=referral))
    assert (found.content, found.profile) == (OptIn(reference=words), Profile(reference=reference))


@pytest.mark.parametrize("referral", [None, {}, 7, {"source": "DISCOVER_TAB"}, {"referer_uri": "javascript:alert(1)"}])
def test_a_referral_that_names_no_way_is_ignored(referral: Any) -> None:
    assert parse(event(referral=referral)) == ParsedCallback(ignored=("referral",))


@pytest.mark.parametrize("referral", [None, {}, 7, {"source": "DISCOVER_TAB"}])
def test_a_message_with_such_a_referral_is_just_the_message(referral: Any) -> None:
    found = only(message(text="hello", referral=referral))
    assert (found.content, found.profile) == (Text(text="hello"), None)


@pytest.mark.parametrize("score", ["0", "6", "", "4.5", True, None, [4]])
def test_a_score_outside_of_the_scale_is_no_rating(score: Any) -> None:
    question = {"type": "csat", "payload": score}
    parsed = parse(event(messaging_feedback={"feedback_screens": [{"questions": {"q": question}}]}))
    assert not any(isinstance(found.content, Rating) for found in parsed.events)
    assert parsed.events or parsed.ignored == ("messaging_feedback",)


@pytest.mark.parametrize("kind", ["message_edit", "reaction"])
def test_what_names_no_message_is_ignored(kind: str) -> None:
    assert parse(event(**{kind: {"action": "react"}})) == ParsedCallback(ignored=(kind,))


@pytest.mark.parametrize("optin", [{"type": "notification_messages", "notification_messages_status": "MAYBE"}, {"type": "telepathy"}])
def test_a_decision_that_nobody_knows_is_ignored_by_its_name(optin: dict[str, Any]) -> None:
    assert parse(event(optin=optin)) == ParsedCallback(ignored=(f"optin.{optin['type']}",))


def test_a_message_that_was_taken_back_is_told_beside_the_message_and_not_its_words() -> None:
    parsed = parse(message(text="oops"), message(is_deleted=True, text="oops"))
    assert [(found.source_id, found.content) for found in parsed.events] == [
        ("m_1", Text(text="oops")),
        ("deleted:m_1", Unsupported(kind="deleted", description="took back a message", opens_window=False, takes_back="m_1")),
    ]
