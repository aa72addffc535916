"""Callbacks that the fixtures do not show: GET, routing, odd values, words of consent."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers.base import CallbackRequest
from channels_app.providers.twilio import Twilio, TwilioConfig, wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import (
    Content,
    File,
    FileKind,
    InboundEvent,
    Location,
    OptIn,
    OptOut,
    ParsedCallback,
    Receipt,
    Selection,
    Text,
    Unsupported,
)
from tests.providers.twilio.case import (
    ACCOUNT,
    CONFIG,
    CONSUMERS,
    NUMBER,
    PERSON,
    POOL,
    SERVICE,
    SMS,
    URL,
    WHATSAPP_SENDER,
    form,
    make_config,
    message,
)


def parse(fields: dict[str, str], config: TwilioConfig = CONFIG, *, query: str = "") -> ParsedCallback:
    return Twilio().parse(form(fields, query=query), config)


def events(fields: dict[str, str], config: TwilioConfig = CONFIG) -> tuple[InboundEvent, ...]:
    return parse(fields, config).events


def contents(fields: dict[str, str], config: TwilioConfig = CONFIG) -> list[Content]:
    return [event.content for event in events(fields, config)]


def sms(**fields: str) -> dict[str, str]:
    """The fields of an SMS."""
    sid = "SM" + "0" * 31 + "1"
    return {"MessageSid": sid, "SmsStatus": "received", "AccountSid": ACCOUNT, "From": PERSON, "To": NUMBER, "NumMedia": "0", **fields}


def test_a_channel_that_is_called_with_get_reads_the_query() -> None:
    request = CallbackRequest(method="GET", public_url=URL, query_string=urlencode(sms(Body="h&i")), headers={})
    (event,) = Twilio().parse(request, SMS).events
    assert (event.consumer_id, event.content) == (PERSON, Text(text="h&i"))
    assert b"MessageSid=SM" in event.raw


def test_the_query_of_a_post_says_nothing_about_the_message() -> None:
    (event,) = parse(sms(Body="hello"), SMS, query="Body=forged&From=%2B15550199").events
    assert (event.consumer_id, event.content) == (PERSON, Text(text="hello"))


@pytest.mark.parametrize("missing", [("MessageSid",), ("From",)])
def test_a_message_without_identity_or_sender_is_malformed(missing: tuple[str, ...]) -> None:
    fields = {name: value for name, value in sms(Body="hello").items() if name not in missing}
    with pytest.raises(PayloadMalformed) as caught:
        parse(fields, SMS)
    # With 200 Twilio would send the sentence to the consumer.
    assert caught.value.status == 400


def test_an_answer_sends_nothing_to_the_consumer() -> None:
    request = form(sms(Body="hello"))
    answer = Twilio().answer(request, SMS, Twilio().parse(request, SMS))
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert answer.body == b'<?xml version="1.0" encoding="UTF-8"?><Response/>'


# Whose message it is


@pytest.mark.parametrize(
    ("config", "fields", "address"),
    [
        (SMS, {}, ""),
        (SMS, {"MessagingServiceSid": SERVICE}, ""),
        (SMS, {"To": "+15550199"}, "+15550199"),
        (POOL, {"To": "+15550199", "MessagingServiceSid": SERVICE}, ""),
        (POOL, {"To": "+15550199"}, ""),
        (POOL, {"MessagingServiceSid": "MG" + "0" * 32}, "MG" + "0" * 32),
        (CONFIG, {"From": CONSUMERS[0], "To": WHATSAPP_SENDER}, ""),
        (CONFIG, {"From": PERSON, "To": NUMBER}, ""),
        (CONFIG, {"From": CONSUMERS[0], "To": "whatsapp:+15550199"}, "whatsapp:+15550199"),
    ],
)
def test_a_message_to_another_sender_is_not_this_channels(config: TwilioConfig, fields: dict[str, str], address: str) -> None:
    (event,) = events(sms(Body="hello", **fields), config)
    assert event.address == address


def test_a_whatsapp_person_is_one_whether_twilio_writes_the_prefix_or_not() -> None:
    assert {events(message(From=who, Body="hi"))[0].consumer_id for who in (PERSON, CONSUMERS[0])} == {CONSUMERS[0]}


def test_a_sender_as_long_as_a_book_fits_a_database() -> None:
    (event,) = events(message(From="x" * 5000, Body="hi"))
    assert len(event.consumer_id) <= 200


# Buttons, forms and places are WhatsApp's


def test_buttons_mean_nothing_in_an_sms() -> None:
    assert contents(sms(Body="hello", ButtonText="Yes", ButtonPayload="p", ListId="x", Latitude="1", Longitude="1"), SMS) == [
        Text(text="hello")
    ]


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"ButtonText": "Yes", "Body": "Yes"}, Selection(payload="Yes", title="Yes")),
        ({"ButtonPayload": "pick:1", "Body": "Yes"}, Selection(payload="pick:1", title="Yes")),
        ({"ListId": "pick:2", "ListTitle": "Tue"}, Selection(payload="pick:2", title="Tue")),
        ({"ListId": "pick:2", "OriginalRepliedMessageSid": "SM9"}, Selection(payload="pick:2", message_id="SM9")),
        ({"InteractiveData": "[1]"}, Unsupported(kind="form", description="filled in a form")),
        ({"InteractiveData": "[" * 9000}, Unsupported(kind="form", description="filled in a form")),
        ({"InteractiveData": '{"a":"1\\u0000","b":{"c":2},"d":"x"}'}, Text(text="a: 1\nd: x")),
        ({"Latitude": "52.5", "Longitude": "-4"}, Location(latitude=52.5, longitude=-4.0)),
        ({"Latitude": "nan", "Longitude": "4", "MessageType": "location"}, Unsupported(kind="location", description="sent something this channel cannot show")),
        ({"Latitude": "91", "Longitude": "4", "Body": "here"}, Text(text="here")),
        ({"MessageType": "x" * 500}, Unsupported(kind="x" * 64, description="sent something this channel cannot show")),
    ],
)  # fmt: skip
def test_what_whatsapp_may_send(fields: dict[str, str], expected: Content) -> None:
    assert contents(message(**fields)) == [expected]


def test_a_reference_needs_a_source() -> None:
    (plain,) = events(message(Body="hi", ReferralNumMedia="0", ReferralCtwaClid="click"))
    by_ad, said = events(message(Body="hi", ReferralSourceId="238", ReferralSourceUrl="https://fb.me/x", ReferralHeadline="Blue mug"))
    assert plain.profile is not None and plain.profile.reference == ""
    assert by_ad.profile is not None and by_ad.profile.reference == "238"
    assert (by_ad.content, said.content) == (OptIn(reference="Blue mug"), Text(text="hi"))
    assert by_ad.source_id == f"{said.source_id}#referral"
    for fields, words in (({"ReferralSourceUrl": "https://fb.me/x"}, "https://fb.me/x"), ({}, "238")):
        assert contents(message(Body="hi", ReferralSourceId="238", **fields))[0] == OptIn(reference=words)
    assert contents(sms(Body="hi", ReferralSourceId="238"), SMS) == [Text(text="hi")]


@pytest.mark.parametrize("name", ["Forwarded", "FrequentlyForwarded"])
def test_the_agent_learns_that_something_was_forwarded(name: str) -> None:
    note, said = contents(message(Body="look", **{name: "true"}))
    assert (note, said) == (Unsupported(kind="forwarded", description="forwarded what follows"), Text(text="look"))
    assert contents(message(Body="look", **{name: "false"})) == [Text(text="look")]
    assert contents(sms(Body="look", **{name: "true"}), SMS) == [Text(text="look")]


# Media


@pytest.mark.parametrize("url", ["ftp://x/y", "javascript:alert(1)", "https://", "http://[", "https://x/" + "y" * 3000, ""])
def test_what_is_no_address_is_no_file(url: str) -> None:
    assert contents(sms(Body="see", MediaUrl0=url, NumMedia="1"), SMS) == [Text(text="see")]


@pytest.mark.parametrize(
    ("mime_type", "kind"),
    [("image/png", FileKind.IMAGE), ("VIDEO/MP4", FileKind.VIDEO), ("audio/amr", FileKind.AUDIO), ("", FileKind.DOCUMENT), ("document/x", FileKind.DOCUMENT)],
)  # fmt: skip
def test_the_kind_of_a_file(mime_type: str, kind: FileKind) -> None:
    (file,) = contents(sms(MediaUrl0="https://x.example/y", MediaContentType0=mime_type), SMS)
    assert isinstance(file, File)
    assert (file.kind, file.caption) == (kind, "")


# STOP and START


@pytest.mark.parametrize(
    ("words", "config", "kind"),
    [
        ("stop", SMS, OptOut),
        (" Unsubscribe ", SMS, OptOut),
        ("please stop calling", SMS, Text),
        ("Start", SMS, OptIn),
        ("yes", SMS, Text),
        ("stopp", make_config(sender=NUMBER, stop_keywords=["STOPP"]), OptOut),
        ("stop", make_config(sender=NUMBER, stop_keywords=[]), Text),
        ("Arrêt", make_config(sender=NUMBER, stop_keywords=["ARRÊT"]), OptOut),
    ],
)
def test_words_of_consent_without_advanced_opt_out(words: str, config: TwilioConfig, kind: type[Content]) -> None:
    (content,) = contents(sms(Body=words), config)
    assert type(content) is kind


@pytest.mark.parametrize(
    ("fields", "config", "kind"),
    [
        ({"Body": "Stop"}, CONFIG, OptOut),
        ({"Body": "start"}, CONFIG, OptIn),
        ({"Body": "cancel"}, CONFIG, Text),
        ({"Body": "Arrêt"}, make_config(whatsapp_stop_keywords=["stop", "arrêt"]), OptOut),
        ({"Body": "stop"}, make_config(whatsapp_stop_keywords=[]), Text),
        ({"Body": "Stop", "ButtonText": "Stop", "ButtonPayload": "pick:1"}, CONFIG, Selection),
        ({"Body": "Stop", "ListId": "pick:1", "ListTitle": "Stop"}, CONFIG, Selection),
    ],
)
def test_words_of_consent_on_whatsapp_are_written_and_not_tapped(fields: dict[str, str], config: TwilioConfig, kind: type[Content]) -> None:
    (content,) = contents(message(**fields), config)
    assert type(content) is kind


def test_a_button_does_not_hide_a_stop_in_an_sms() -> None:
    assert contents(sms(Body="stop", ButtonText="x", ButtonPayload="x"), SMS) == [OptOut(reason="stop")]


def test_what_twilio_says_of_consent_comes_first() -> None:
    assert contents(sms(Body="basta", OptOutType="STOP"), SMS) == [OptOut(reason="basta")]
    assert contents(sms(Body="stop", OptOutType="START"), SMS) == [OptIn()]


# Status callbacks


def test_a_receipt_names_twilios_sid_and_our_part() -> None:
    part = "0192f6a0-77aa-7c1e-9b1f-5d2f7c3e9a10-1"
    fields = {"MessageSid": "SM1", "SmsSid": "SM2", "MessageStatus": "DELIVERED", "From": NUMBER, "To": PERSON}
    for query, ids in ((f"part={part}", ("SM1", part)), ("part=drop+table", ("SM1",)), ("", ("SM1",))):
        (event,) = parse(fields, SMS, query=query).events
        assert isinstance(event.content, Receipt)
        assert (event.content.message_ids, event.consumer_id, event.address) == (ids, PERSON, "")


def test_the_same_status_is_one_event_and_the_next_another() -> None:
    ids = [
        parse({"MessageSid": "SM1", "MessageStatus": word}, SMS).events[0].source_id
        for word in ("delivered", "delivered", "read", "failed")
    ]
    assert len(set(ids)) == 3


def test_the_vendors_words_are_not_repeated() -> None:
    fields = {"MessageSid": "SM1", "MessageStatus": "failed", "ErrorCode": "<b>", "ErrorMessage": "secret words of the vendor"}
    (event,) = parse(fields, SMS).events
    assert isinstance(event.content, Receipt)
    assert event.content.reason == "Twilio gives no reason"


@pytest.mark.parametrize(
    ("code", "again", "breaks_channel"),
    [
        *((code, 2, False) for code in ("63009", "63010", "63012", "30001", "30017", "30022", "63017", "63018")),
        ("30003", 3, False),
        ("30008", 1, False),
        *((code, 0, True) for code in ("30034", "30002", "63001", "63007", "21606")),
        *((code, 0, False) for code in ("30005", "30007", "21610", "63016", "63038", "99999", "")),
    ],
)
def test_a_code_means_the_same_in_a_status_as_in_an_answer(code: str, again: int, breaks_channel: bool) -> None:
    (event,) = parse({"MessageSid": "SM1", "MessageStatus": "undelivered", "ErrorCode": code}, SMS).events
    assert isinstance(event.content, Receipt)
    assert (event.content.again, event.content.breaks_channel) == (again, breaks_channel)


# Base64


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=60, max_size=300))
def test_a_text_in_base64_is_read(text: str) -> None:
    if " " not in text or not all(char.isprintable() for char in text):
        text = "a b " + "".join(char for char in text if char.isprintable()) + "x" * 60
    assert wire.plain(base64.b64encode(text.encode()).decode()) == text


@given(st.text(max_size=200))
def test_what_people_type_is_left_alone(text: str) -> None:
    assert wire.plain(text) == text


@pytest.mark.parametrize("body", ["a" * 100, "https://x.example/" + "a" * 82, base64.b64encode(b"\xff" * 90).decode(), "0" * 64])
def test_one_long_word_is_left_alone(body: str) -> None:
    assert wire.plain(body) == body


NAMES = (
    *("MessageSid", "SmsSid", "From", "To", "Body", "MessageStatus", "SmsStatus", "OptOutType", "NumMedia", "MediaUrl0", "InteractiveData"),
    *("MessageType", "Latitude", "Longitude", "ButtonPayload", "ListId", "ErrorCode", "ReferralSourceId", "WaId", "MessagingServiceSid"),
)
JUNK = st.dictionaries(
    st.sampled_from(NAMES),
    st.text(max_size=60) | st.sampled_from(["delivered", "failed", "whatsapp:+1", "STOP", "https://[", "1e400", "\x00", '{"a":1e999}']),
)


@given(JUNK, st.sampled_from([SMS, CONFIG, POOL]))
def test_any_fields_give_events_or_a_malformed_body(fields: dict[str, str], config: TwilioConfig) -> None:
    try:
        parsed = parse(fields, config)
    except PayloadMalformed:
        return
    assert parsed.events or parsed.ignored
    found: list[Any] = [event.source_id for event in parsed.events]
    assert len(set(found)) == len(found)
