"""WhatsApp's webhooks, beyond what the fixtures show."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.whatsapp import WhatsApp
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import (
    File,
    FileKind,
    InboundEvent,
    OptIn,
    OptOut,
    ParsedCallback,
    Receipt,
    ReceiptKind,
    Text,
    Unsupported,
)
from tests.providers.whatsapp.case import APP_CONFIG, CONSUMERS, PHONE_NUMBER_ID, envelope, message, post

USER_ID = "NL.7712345678901234"


def parse(*messages: Any, **value: Any) -> ParsedCallback:
    return WhatsApp().parse(envelope({"messages": list(messages), **value}), APP_CONFIG)


def only(found: ParsedCallback) -> InboundEvent:
    assert len(found.events) == 1
    assert not found.ignored
    return found.events[0]


def said(text: str = "hello", **more: Any) -> dict[str, Any]:
    return message(text={"body": text}, **more)


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
        b'{"object":"whatsapp_business_account"}',
        b'{"object":"whatsapp_business_account","entry":{}}',
        b"\xff",
        b"NaN",
        b"[" * 99_999,
    ],
)
def test_what_is_not_metas_envelope_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        WhatsApp().parse(post(body), APP_CONFIG)


@pytest.mark.parametrize("entry", [7, None, "x", [], {}, {"changes": 7}, {"changes": [7, {"field": 7}]}, {"changes": [{"value": []}]}])
def test_an_entry_that_cannot_be_read_does_not_lose_the_next(entry: Any) -> None:
    good = json.loads(envelope({"messages": [said()]}).body)["entry"][0]
    parsed = WhatsApp().parse(post(json.dumps({"object": "whatsapp_business_account", "entry": [entry, good]}).encode()), APP_CONFIG)
    assert [found.content for found in parsed.events] == [Text(text="hello")]
    assert set(parsed.ignored) == {"unreadable"}


def test_messages_and_statuses_of_one_value_are_all_read() -> None:
    statuses = [{"id": "wamid.ours", "status": "delivered", "timestamp": "1793001600"}]
    parsed = parse(said("one"), statuses=statuses)
    assert [(found.content, found.consumer_id) for found in parsed.events] == [
        (Text(text="one"), CONSUMERS[0]),
        (Receipt(kind=ReceiptKind.DELIVERED, message_ids=("wamid.ours",)), ""),
    ]
    assert {found.address for found in parsed.events} == {PHONE_NUMBER_ID}


# Who it was


@pytest.mark.parametrize(
    ("who", "contact"),
    [
        ({"from": "31612345678", "from_user_id": USER_ID}, {}),
        ({"from": "31612345678"}, {"wa_id": "31612345678", "user_id": USER_ID}),
        ({"from_user_id": USER_ID}, {"user_id": USER_ID}),
        ({"from_user_id": USER_ID}, {"wa_id": "31612345678", "user_id": USER_ID}),
    ],
)
def test_a_person_is_the_same_with_and_without_a_number(who: dict[str, str], contact: dict[str, str]) -> None:
    plain = {key: value for key, value in said().items() if key != "from"}
    event = only(parse({**plain, **who}, contacts=[contact]))
    assert event.consumer_id == USER_ID
    assert event.profile is not None
    assert event.profile.phone == ("+31612345678" if "31612345678" in (*who.values(), *contact.values()) else "")


def test_contacts_are_matched_by_id_and_not_by_place() -> None:
    contacts = [{"profile": {"name": "Other"}, "wa_id": "1"}, {"profile": {"name": "Noor"}, "wa_id": CONSUMERS[0]}]
    event = only(parse(said(), contacts=contacts))
    assert event.profile is not None
    assert event.profile.name == "Noor"


def test_a_stranger_in_the_contacts_lends_nobody_a_name() -> None:
    event = only(parse(said(), contacts=[{"profile": {"name": "Other"}, "wa_id": "1", "user_id": "US.1"}]))
    assert (event.consumer_id, event.profile and event.profile.name) == (CONSUMERS[0], "")


# What they said


@pytest.mark.parametrize(
    ("words", "expected"), [("stop", OptOut), ("ＳＴＯＰ", Text), ("Stop!", Text), ("please stop", Text), ("start", OptIn)]
)
def test_only_the_bare_word_stops(words: str, expected: type[Any]) -> None:
    assert isinstance(only(parse(said(words))).content, expected)


def test_the_words_that_stop_are_the_operators() -> None:
    config = APP_CONFIG.model_copy(update={"stop_keywords": ["Arrêt", " baja "], "start_keywords": []})
    contents = [
        event.content
        for word in ("ARRÊT", "Baja", "STOP", "START")
        for event in WhatsApp().parse(envelope({"messages": [said(word)]}), config).events
    ]
    assert contents == [OptOut(reason="ARRÊT"), OptOut(reason="Baja"), Text(text="STOP"), Text(text="START")]


def test_every_part_of_a_message_has_an_id_of_its_own() -> None:
    parsed = parse(
        message(
            "video",
            video={"id": "1", "mime_type": "video/mp4", "caption": "look"},
            referral={"headline": "Sale", "source_id": "77"},
            context={"id": "wamid.before", "referred_product": {"product_retailer_id": "mug"}},
        )
    )
    assert [(event.source_id, event.wire_type) for event in parsed.events] == [
        ("referral:wamid.one", "message.referral"),
        ("product:wamid.one", "message.referred_product"),
        ("wamid.one", "message.video"),
    ]
    assert {event.profile.reference for event in parsed.events if event.profile} == {"77"}


@pytest.mark.parametrize("mime_type", ["image/jpeg", "image/png", "image/jpeg; charset=binary", "IMAGE/PNG"])
def test_a_picture_is_a_file_by_its_id(mime_type: str) -> None:
    content = only(parse(message("image", image={"id": 189, "mime_type": mime_type, "url": "https://lookaside.fbsbx.com/x"}))).content
    assert isinstance(content, File)
    assert (content.media_id, content.url) == ("189", ""), "the address wants the token: agents could not open it"


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [("application/pdf", FileKind.DOCUMENT), ("image/png", FileKind.IMAGE), ("video/mp4", FileKind.VIDEO), ("", FileKind.DOCUMENT)],
)
def test_what_is_sent_as_a_document_is_what_its_type_says(mime_type: str, kind: FileKind) -> None:
    document = {"id": "189", "mime_type": mime_type, "filename": "order.pdf", "caption": "see page 2"}
    assert only(parse(message("document", document=document))).content == File(
        kind=kind, media_id="189", mime_type=mime_type, name="order.pdf", caption="see page 2"
    )


def test_a_picture_without_an_id_is_told() -> None:
    assert isinstance(only(parse(message("image", image={"mime_type": "image/jpeg"}))).content, Unsupported)


@pytest.mark.parametrize("timestamp", ["", "x", "-5", "0", "9" * 18, "9" * 19, None, []])
def test_an_impossible_time_is_none(timestamp: Any) -> None:
    assert only(parse({**said(), "timestamp": timestamp})).occurred_at is None


def test_a_form_of_any_depth_is_told() -> None:
    deep = '{"a":' * 3000 + "1" + "}" * 3000
    for answers in (deep, "[]", "null", '{"flow_token":"x"}', '{"a":"\\u0000\\ud800"}'):
        reply = {"type": "nfm_reply", "nfm_reply": {"response_json": answers}}
        content = only(parse(message("interactive", interactive=reply))).content
        assert isinstance(content, Unsupported)
        assert content.description.startswith("filled in a form")
        content.description.encode("utf-8")


def test_a_status_without_an_id_or_of_a_new_kind_is_left_aside() -> None:
    parsed = parse(statuses=[{"status": "read"}, {"id": "wamid.1", "status": "evaporated"}, {"id": "wamid.1"}])
    assert parsed == ParsedCallback(ignored=("unreadable", "status.evaporated", "status._"))


def test_a_wish_of_a_new_kind_is_left_aside() -> None:
    wish = {"wa_id": CONSUMERS[0], "value": "pause", "timestamp": 1}
    parsed = WhatsApp().parse(envelope({"user_preferences": [wish, {"value": "stop"}]}, field="user_preferences"), APP_CONFIG)
    assert parsed == ParsedCallback(ignored=("user_preferences.pause", "unreadable"))


@pytest.mark.parametrize(
    ("code", "again", "breaks_channel"),
    [
        *(
            (code, 2, False)
            for code in (131053, 1, 2, 131000, 131016, 131057, 135000, 4, 613, 80007, 130429, 131048, 131056, 131064, 133016)
        ),
        *((code, 0, True) for code in (0, 3, 10, 190, 250, 131005, 131045, 133010, 131031, 368, 131042, 131037)),
        *((code, 0, False) for code in (131047, 131026, 130497, 131049, 131050, 131052, 132001, 5)),
    ],
)
def test_a_code_means_the_same_in_a_status_as_in_an_answer(code: int, again: int, breaks_channel: bool) -> None:
    status = {"id": "wamid.1", "status": "failed", "errors": [{"code": code}], "timestamp": "1793001600"}
    content = only(parse(statuses=[status])).content
    assert isinstance(content, Receipt)
    assert (content.again, content.breaks_channel) == (again, breaks_channel)


@pytest.mark.parametrize(
    ("errors", "words"),
    [
        ([{"code": 131026}], "cannot be reached"),
        ([{}, {"code": "131050"}], "no advertisements"),
        ([{"code": 5}], "(code 5)"),
        ([{"code": None}, 7], "could not deliver"),
        ([], "could not deliver"),
    ],
)
def test_a_failure_says_why_in_our_words(errors: Any, words: str) -> None:
    status = {"id": "wamid.1", "status": "failed", "errors": [*errors], "timestamp": "1793001600"}
    content = only(parse(statuses=[status])).content
    assert isinstance(content, Receipt)
    assert content.kind is ReceiptKind.FAILED
    assert words in content.reason
