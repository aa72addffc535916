"""From callbacks to events."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers.base import CallbackRequest
from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from connector_platform.core.errors import PayloadMalformed, RequestMethodInvalid
from connector_platform.core.events import (
    InboundEvent,
    OptIn,
    OptOut,
    Text,
    Unsupported,
    content_to_json,
)
from tests.providers.sms_gateway.case import BASIC, FIXTURE_CONFIGS, FORM, get, make_config, post, preset_config

OPEN = make_config(inbound={"auth": BASIC})


def parse_one(request: CallbackRequest, config: SmsGatewayConfig = OPEN) -> InboundEvent:
    (event,) = SmsGateway().parse(request, config).events
    return event


def text_of(request: CallbackRequest, config: SmsGatewayConfig = OPEN) -> str:
    content = parse_one(request, config).content
    assert isinstance(content, Text)
    return content.text


def test_only_a_number_is_told_as_the_profiles_phone() -> None:
    number, name = parse_one(get("from=31612345678&text=a&id=1")), parse_one(get("from=MTN&text=a&id=1"))
    assert number.profile is not None and number.profile.phone == "+31612345678"
    assert name.profile is None and name.consumer_id == "MTN"


# Fields


def test_body_and_query_are_merged_and_the_body_wins() -> None:
    event = parse_one(post(b"from=31612345678&text=body&id=1", query="text=query&time=2026-10-26T08:00:00Z"))
    assert event.content == Text(text="body")
    assert event.occurred_at == datetime(2026, 10, 26, 8, tzinfo=UTC)


def test_with_hmac_only_the_signed_body_counts() -> None:
    with pytest.raises(PayloadMalformed, match="sender"):
        SmsGateway().parse(post(b"text=hi", query="from=31612345678"), make_config())
    with pytest.raises(PayloadMalformed, match="sender"):
        SmsGateway().parse(get("from=31612345678&text=hi"), make_config())


def test_letter_case_is_ignored_only_as_a_last_resort() -> None:
    assert parse_one(get("From=31612345678&Text=a&ID=7")).source_id == "7"
    assert text_of(get("from=31612345678&TEXT=upper&message=lower&id=1")) == "lower"


def test_an_empty_alternative_gives_way_to_the_next() -> None:
    assert text_of(get("from=31612345678&text=&message=there&id=1")) == "there"


def test_the_callback_token_is_no_field_and_is_not_kept() -> None:
    token = "0123456789abcdef-token"
    config = make_config(inbound={"auth": {"kind": "query", "value": token}, "fields": {"text": ["token", "text"]}})
    event = parse_one(get(f"from=31612345678&text=hi&id=1&token={token}"), config)
    assert event.content == Text(text="hi")
    assert event.raw == b"from=31612345678&text=hi&id=1"


@pytest.mark.parametrize("path", ["items[0].txt", "items.*.txt", "items[*].txt"])
def test_json_paths_reach_into_lists(path: str) -> None:
    config = make_config(inbound={"fields": {"text": [path]}})
    body = b'{"from":31612345678,"id":1,"items":[{"txt":"deep"}]}'
    assert text_of(post(body, "application/json"), config) == "deep"


def test_json_numbers_become_text() -> None:
    event = parse_one(post(b'{"from":31612345678,"id":12345678901234567,"text":42}', "application/json"))
    assert (event.consumer_id, event.source_id, event.content) == ("+31612345678", "12345678901234567", Text(text="42"))


@pytest.mark.parametrize("path", ["//msisdn", "Body/msg/msisdn", "/Envelope/Body/msg/msisdn", "//msg/@from"])
def test_xml_paths_ignore_namespaces(path: str) -> None:
    config = make_config(inbound={"fields": {"sender": [path], "text": ["//text"], "message_id": ["//id"]}})
    message = b'<msg from="31612345678"><msisdn>31612345678</msisdn><text>a</text><id>1</id></msg>'
    body = b'<s:Envelope xmlns:s="urn:s"><s:Body>' + message + b"</s:Body></s:Envelope>"
    assert parse_one(post(body, "application/soap+xml"), config).consumer_id == "+31612345678"


@pytest.mark.parametrize(
    "body",
    [
        b'<!DOCTYPE a [<!ENTITY x "boom">]><a><from>31612345678</from><text>&x;</text></a>',
        b'<!DOCTYPE a SYSTEM "file:///etc/passwd"><a/>',
        b'<?xml version="1.0" encoding="no-such-charset"?><a/>',
        b"<a>",
        b"<",
    ],
)
def test_dangerous_and_broken_xml_is_malformed(body: bytes) -> None:
    with pytest.raises(PayloadMalformed):
        SmsGateway().parse(post(body, "text/xml"), OPEN)


# Text


@pytest.mark.parametrize(
    ("content_type", "encoded"),
    [
        (FORM, b"Caf%C3%A9"),
        (FORM, b"Caf%E9"),
        (f"{FORM}; charset=ISO-8859-1", b"Caf%E9"),
        (f'{FORM}; charset="utf-16be"', b"%00C%00a%00f%00%E9"),
        (f"{FORM}; charset=idna", b"Caf%C3%A9"),
        (f"{FORM}; charset=no-such", b"Caf%C3%A9"),
    ],
)
def test_charsets_of_form_bodies(content_type: str, encoded: bytes) -> None:
    sender = b"%00%2B%003%001%006%001%002%003%004%005%006%007%008" if "utf-16" in content_type else b"%2B31612345678"
    event = parse_one(post(b"from=" + sender + b"&text=" + encoded, content_type))
    assert (event.consumer_id, event.content) == ("+31612345678", Text(text="Café"))


def test_blanks_around_go_and_line_breaks_within_stay() -> None:
    assert text_of(get("from=31612345678&id=1&text=" + "%20%0D%0Aone%0D%0Atwo%0A%20")) == "one\ntwo"


def test_nul_and_half_surrogates_do_not_reach_the_database() -> None:
    assert text_of(post(b'{"from":"31612345678","id":1,"text":"a\\u0000b\\ud83dc"}', "application/json")) == "ab\ufffdc"


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        ("coding=0&content=Caf%05+%00+9", "Café @ 9"),
        ("coding=0&content=%1Be+5", "€ 5"),
        ("coding=0&content=Caf%C3%A9", "Café"),
        ("coding=1&content=plain", "plain"),
        ("coding=3&content=Caf%E9", "Café"),
        ("coding=3&content=%C3%A9", "Ã©"),
        ("coding=8&content=H%E9&binary=004800e90020d83dde42", "Hé 🙂"),
        ("coding=8&content=fallback&binary=xyz", "fallback"),
        ("coding=0&binary=4361660500", "Café@"),
        ("content=no+coding", "no coding"),
    ],
)
def test_smpp_codings(encoded: str, expected: str) -> None:
    request = post(f"id=1&from=31612345678&{encoded}".encode())
    assert text_of(request, preset_config("jasmin")) == expected


@pytest.mark.parametrize(
    ("encoded", "expected"),
    [
        ("message=%04%1F%04%40&charset=UTF-16BE", "Пр"),
        ("message=%D8%3D%DC%4B&charset=utf-16be", "👋"),
        ("message=Caf%C3%A9&charset=UTF-8", "Café"),
        ("message=Caf%E9&charset=ISO-8859-1", "Café"),
        # What is no charset, or none that is meant here, is read as without one.
        ("message=Caf%C3%A9&charset=8-BIT", "Café"),
        ("message=Caf%C3%A9&charset=", "Café"),
        ("message=Caf%C3%A9", "Café"),
    ],
)
def test_the_charset_that_a_field_names(encoded: str, expected: str) -> None:
    assert text_of(get(f"id=1&sender=31612345678&{encoded}"), preset_config("kannel")) == expected


def test_half_a_pair_costs_one_letter_only() -> None:
    assert text_of(get("id=1&sender=31612345678&message=%00a%D8%3D&charset=UTF-16BE"), preset_config("kannel")) == "a\ufffd"


def test_gsm_codes_can_be_switched_off() -> None:
    config = preset_config("jasmin", inbound={"gsm_codes": False})
    assert text_of(post(b"id=1&from=31612345678&coding=0&content=me%40home_1"), config) == "me@home_1"


def test_coding_0_in_json_counts_code_points_as_codes() -> None:
    config = make_config(inbound={"fields": {"coding": ["dcs"]}})
    assert text_of(post(b'{"from":"31612345678","id":1,"dcs":0,"text":"\\u0005\\u0000home"}', "application/json"), config) == "é@home"
    assert text_of(post('{"from":"31612345678","id":1,"dcs":0,"text":"漢"}'.encode(), "application/json"), config) == "漢"


def test_an_empty_message_becomes_a_line_for_the_agent() -> None:
    for query in ("from=31612345678&text=&id=1", "from=31612345678&id=1"):
        assert isinstance(parse_one(get(query)).content, Unsupported)


# Time


@pytest.mark.parametrize(
    ("time_format", "zone", "given", "expected"),
    [
        ("iso8601", "UTC", "2026-10-26T09:15:00%2B01:00", "2026-10-26T08:15:00+00:00"),
        ("iso8601", "UTC", "2026-10-26T09:15:00+01:00", "2026-10-26T08:15:00+00:00"),
        ("iso8601", "Europe/Amsterdam", "2026-07-01 12:00:00", "2026-07-01T10:00:00+00:00"),
        ("unix", "UTC", "1793001600", "2026-10-26T08:00:00+00:00"),
        ("unix_ms", "UTC", "1793001600123", "2026-10-26T08:00:00.123000+00:00"),
        ("%d/%m/%Y %H:%M", "Europe/Amsterdam", "26/10/2026 09:00", "2026-10-26T08:00:00+00:00"),
        ("iso8601", "UTC", "yesterday", None),
        ("iso8601", "Europe/Amsterdam", "0001-01-01T00:00:00", None),
        ("unix", "UTC", "1e300", None),
        ("unix", "UTC", "nan", None),
        ("unix_ms", "UTC", "soon", None),
        ("%d/%m/%Y %H:%M", "UTC", "2026-10-26", None),
    ],
)
def test_times_are_read_or_left_to_the_receipt(time_format: str, zone: str, given: str, expected: str | None) -> None:
    config = make_config(inbound={"auth": BASIC, "timestamp_format": time_format, "timezone": zone})
    at = parse_one(get(f"from=31612345678&text=a&id=1&time={given}"), config).occurred_at
    assert (at.isoformat() if at else None) == expected


# Identity


def test_the_gateways_id_identifies_the_event() -> None:
    first, again = (parse_one(get(f"from=31612345678&text={text}&id=x1")).source_id for text in ("a", "b"))
    assert first == again == "x1"


def test_without_an_id_the_gateways_time_tells_repeats_from_new_messages() -> None:
    one, again, later, other = (
        parse_one(get(f"from=31612345678&text={text}&time={time}")).source_id
        for text, time in (
            ("ok", "2026-10-26T08:00:00Z"),
            ("ok", "2026-10-26T08:00:00Z"),
            ("ok", "2026-10-26T08:00:05Z"),
            ("no", "2026-10-26T08:00:00Z"),
        )
    )
    assert one == again
    assert len({one, later, other}) == 3


def test_without_id_and_time_each_ok_is_a_message() -> None:
    first, second = (parse_one(get("from=31612345678&text=ok")).source_id for _ in range(2))
    assert first != second


def test_an_endless_id_is_kept_as_its_hash() -> None:
    source_id = parse_one(get("from=31612345678&text=a&id=" + "9" * 5000)).source_id
    assert source_id.startswith("sha256:") and len(source_id) == 71


# Opting out and in


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("STOP", OptOut(reason="STOP")),
        (" stop ", OptOut(reason="stop")),
        ("START", OptIn()),
        ("please STOP", Text(text="please STOP")),
        ("stop.", Text(text="stop.")),
    ],
)
def test_a_keyword_counts_only_alone(text: str, expected: object) -> None:
    assert parse_one(get(urlencode({"from": "31612345678", "text": text, "id": "1"}))).content == expected


def test_keywords_are_the_configurations() -> None:
    config = make_config(inbound={"auth": BASIC, "stop_keywords": ["Arrêt"], "start_keywords": []})
    assert parse_one(get("from=31612345678&text=ARR%C3%8AT&id=1"), config).content == OptOut(reason="ARRÊT")
    assert parse_one(get("from=31612345678&text=STOP&id=1"), config).content == Text(text="STOP")


def test_stopped_opts_out_and_needs_only_the_sender() -> None:
    event = parse_one(get("from=+31612345678", "/stopped"))
    assert (event.consumer_id, event.wire_type, event.content) == ("+31612345678", "stopped", OptOut(reason="stopped at the gateway"))
    with pytest.raises(PayloadMalformed, match="sender"):
        SmsGateway().parse(get("id=1", "/stopped"), OPEN)


# The answer, and what is refused


@pytest.mark.parametrize(("preset", "body"), [("generic", b"Accepted"), ("kannel", b""), ("jasmin", b"ACK/Jasmin")])
def test_the_acknowledgement_is_exact(preset: str, body: bytes) -> None:
    request = get("id=m1&uuid=m1&status=1&message_status=DELIVRD", "/status")
    config = preset_config(preset, outbound={"url": "https://gw.example.net/send"})
    answer = SmsGateway().answer(request, config, SmsGateway().parse(request, config))
    assert (answer.status, answer.body, answer.content_type) == (200, body, "text/plain")


def test_a_blank_at_the_end_of_the_acknowledgement_is_kept() -> None:
    config = make_config(inbound={"ack_body": "OK\r\n", "ack_status": 202, "ack_content_type": "text/plain; charset=us-ascii"})
    answer = SmsGateway().answer(get(""), config, SmsGateway().parse(get("id=m1", "/status/sent"), OPEN))
    assert (answer.status, answer.body, answer.content_type) == (202, b"OK\r\n", "text/plain; charset=us-ascii")


def test_a_method_that_is_not_configured_is_refused() -> None:
    with pytest.raises(RequestMethodInvalid):
        SmsGateway().parse(post(b"sender=1"), preset_config("kannel"))


@pytest.mark.parametrize(
    "request_",
    [
        get("text=hi"),
        get("from=&text=hi"),
        get("from=" + "9" * 65),
        get("from=31612345678", "/nowhere"),
        get("id=1", "/status/lost"),
        post(b"", FORM),
        post(b"{", "application/json"),
        post(b"[" * 100_000, "application/json"),
        post(b'"text"', "application/json"),
        post(b"\xff\xfe\x00", FORM),
        post(b"a&" * 600, FORM),
        post(b"--x\r\n", "multipart/form-data; boundary=x"),
    ],
)
def test_unreadable_callbacks_are_malformed(request_: CallbackRequest) -> None:
    with pytest.raises(PayloadMalformed):
        SmsGateway().parse(request_, OPEN)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda children: (
        st.lists(children, max_size=4)
        | st.dictionaries(st.sampled_from(["from", "text", "id", "message", "files", "results", "messageId"]), children)
    ),
    max_leaves=12,
)
bodies = st.one_of(
    st.binary(max_size=300),
    json_values.map(lambda value: json.dumps(value).encode()),
    st.dictionaries(
        st.sampled_from(["from", "text", "id", "coding", "content", "binary", "time", "status", "udh", "MediaUrl0", "MediaContentType0"]),
        st.text(),
    ).map(lambda fields: urlencode(fields, errors="replace").encode()),
)
CONFIGS = [OPEN, *FIXTURE_CONFIGS.values()]


@settings(max_examples=300, deadline=None)
@given(
    bodies,
    st.sampled_from([FORM, "application/json", "text/xml", "text/plain", "", "multipart/x", f"{FORM}; charset=utf-16"]),
    st.sampled_from(["/receive", "/status", "/status/failed", "/stopped", ""]),
    st.text(max_size=60),
    st.sampled_from(CONFIGS),
)
def test_any_bytes_yield_storable_events_or_our_errors(
    body: bytes, content_type: str, path: str, query: str, config: SmsGatewayConfig
) -> None:
    try:
        parsed = SmsGateway().parse(post(body, content_type, path=path, query=query), config)
    except (PayloadMalformed, RequestMethodInvalid):
        return
    for event in parsed.events:
        stored = json.dumps([event.consumer_id, event.source_id, content_to_json(event.content)], ensure_ascii=False)
        assert "\x00" not in event.consumer_id + event.source_id
        stored.encode()
