"""Instagram's webhook events, beyond what the fixtures show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.instagram import Instagram
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import (
    File,
    InboundEvent,
    OptIn,
    ParsedCallback,
    Profile,
    Receipt,
    ReceiptKind,
    Selection,
    Text,
    Unsupported,
)
from tests.providers._meta.case import post
from tests.providers.instagram.case import ACCOUNT_ID, APP_CONFIG, CONSUMERS, envelope, event


def parse(*events: Any) -> ParsedCallback:
    return Instagram().parse(envelope(*events), APP_CONFIG)


def only(*events: Any) -> InboundEvent:
    parsed = parse(*events)
    assert len(parsed.events) == 1
    assert not parsed.ignored
    return parsed.events[0]


def message(**fields: Any) -> dict[str, Any]:
    return event(message={"mid": "aWdf_1", **fields})


def attachment(kind: str, **fields: Any) -> dict[str, Any]:
    return message(attachments=[{"type": kind, **fields}])


@pytest.mark.parametrize(
    "body", [b"", b"null", b"[]", b"{", b'{"object":"instagram"}', b'{"object":"instagram","entry":{}}', b"\xff", b"NaN"]
)
def test_what_is_not_metas_envelope_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        Instagram().parse(post(body), APP_CONFIG)


@pytest.mark.parametrize("entry", [7, None, {}, {"id": ACCOUNT_ID}, {"id": ACCOUNT_ID, "messaging": 7}])
def test_an_entry_that_cannot_be_read_does_not_lose_the_next(entry: Any) -> None:
    good = json.loads(envelope(message(text="hello")).body)["entry"][0]
    parsed = Instagram().parse(post(json.dumps({"object": "instagram", "entry": [entry, good]}).encode()), APP_CONFIG)
    assert [found.content for found in parsed.events] == [Text(text="hello")]
    assert parsed.ignored == ("unreadable",)


def test_a_message_and_its_deletion_are_two_events() -> None:
    parsed = parse(message(text="oops"), message(is_deleted=True))
    assert [(found.source_id, found.content) for found in parsed.events] == [
        ("aWdf_1", Text(text="oops")),
        ("deleted:aWdf_1", Unsupported(kind="deleted", description="took back a message", opens_window=False, takes_back="aWdf_1")),
    ]


def test_a_deletion_that_repeats_the_words_does_not_tell_them() -> None:
    assert "oops" not in str(only(message(is_deleted=True, text="oops", attachments=[{"type": "like_heart"}])).content)


@pytest.mark.parametrize("story", [{"id": "1"}, {"id": "1", "url": "javascript:alert(1)"}, {"id": "1", "url": 7}])
def test_an_answer_to_a_story_whose_link_is_gone_is_still_one(story: Any) -> None:
    parsed = parse(message(text="wow", reply_to={"story": story}))
    assert [(found.source_id, found.content) for found in parsed.events] == [
        ("story:aWdf_1", Unsupported(kind="story_reply", description="replied to your story")),
        ("aWdf_1", Text(text="wow")),
    ]


def test_a_picture_may_answer_a_story() -> None:
    picture = {"type": "image", "payload": {"url": "https://cdn.example.com/a.png"}}
    parsed = parse(message(attachments=[picture], reply_to={"story": {"id": "1", "url": "https://cdn.example.com/story"}}))
    assert [found.wire_type for found in parsed.events] == ["message.story_reply", "message.image"]
    assert [type(found.content) for found in parsed.events] == [Unsupported, File]


@pytest.mark.parametrize("fields", [{}, {"payload": None}, {"payload": []}, {"payload": {}}])
@pytest.mark.parametrize(
    "kind",
    [
        "image",
        "video",
        "audio",
        "file",
        "share",
        "ig_post",
        "ig_reel",
        "reel",
        "ig_story",
        "story_mention",
        "sticker",
        "template",
        "ephemeral",
    ],
)
def test_an_attachment_without_an_address_becomes_a_note(kind: str, fields: dict[str, Any]) -> None:
    found = only(attachment(kind, **fields))
    assert isinstance(found.content, Unsupported)
    assert found.content.description


@pytest.mark.parametrize("fields", [{}, {"payload": None}, {"payload": {"url": "https://cdn.example.com/heart.png"}}])
def test_a_heart_is_a_heart_with_or_without_a_payload(fields: dict[str, Any]) -> None:
    assert only(attachment("like_heart", **fields)).content == Text(text="❤️")


def test_a_shared_story_has_its_address_elsewhere() -> None:
    url = "https://cdn.example.com/story"
    assert only(attachment("ig_story", payload={"story_media_url": url})).content == Text(text=url)
    assert isinstance(only(attachment("ig_story", payload={"url": url})).content, Unsupported)


def test_an_unknown_attachment_becomes_a_note() -> None:
    found = only(attachment("hologram", payload={"url": "https://cdn.example.com/h"}))
    assert (found.wire_type, found.content) == (
        "message.hologram",
        Unsupported(kind="hologram", description="sent something this channel cannot show"),
    )


def test_an_unknown_event_is_ignored_by_its_name() -> None:
    assert parse(event(telepathy={"thought": "hm"})) == ParsedCallback(ignored=("telepathy",))


def test_what_the_account_does_itself_is_ignored() -> None:
    own = {"sender": {"id": ACCOUNT_ID}, "recipient": {"id": CONSUMERS[0]}}
    assert parse({**own, "message": {"mid": "m", "text": "x"}}) == ParsedCallback(ignored=("message.echo",))
    assert parse({**own, "reaction": {"mid": "m", "action": "react"}}) == ParsedCallback(ignored=("reaction",))
    assert parse(message(text="x", is_self=True)) == ParsedCallback(ignored=("message.echo",))


def test_a_read_message_stands_for_those_before_it() -> None:
    found = only(event(read={"mid": "aWdf_9"}))
    assert found.content == Receipt(kind=ReceiptKind.READ, message_ids=("aWdf_9",), is_cumulative=True)
    assert found.source_id == f"read:{CONSUMERS[0]}:aWdf_9"


@pytest.mark.parametrize("read", [None, {}, {"watermark": 1793001590123}, {"mid": []}])
def test_a_receipt_that_names_no_message_is_ignored(read: Any) -> None:
    assert parse(event(read=read)) == ParsedCallback(ignored=("read",))


def test_a_quick_reply_names_the_message_it_answers() -> None:
    found = only(message(text="Yes", quick_reply={"payload": "p"}, reply_to={"mid": "aWdf_question"}))
    assert found.content == Selection(payload="p", title="Yes", message_id="aWdf_question")


def test_a_message_from_an_ad_tells_so_first() -> None:
    referral = {"ad_id": 120, "source": "ADS", "ads_context_data": {"ad_title": "Lamps"}}
    parsed = parse(message(text="still on?", referral=referral))
    assert [(found.source_id, found.content, found.profile) for found in parsed.events] == [
        ("referral:aWdf_1", OptIn(reference="ad 120, Lamps"), Profile(reference="120")),
        ("aWdf_1", Text(text="still on?"), Profile(reference="120")),
    ]
