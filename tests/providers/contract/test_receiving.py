"""Callbacks from the vendor, from strangers and from the deep: authentic ones pass, everything else ends in one of our own types."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels_app.providers.base import CallbackRequest
from connector_platform.core.errors import PayloadMalformed, SignatureInvalid
from connector_platform.core.events import ParsedCallback, Text, Unsupported, content_to_json
from tests.providers.contract.cases import NOW, ProviderCase, TextSample

# ``case`` is a plain value that no example changes.
fuzz = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])

JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=12),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=8,
)


def refused(case: ProviderCase, request: CallbackRequest, *, at: timedelta = timedelta(0)) -> None:
    """Assert that ``request`` is not authentic, and that nothing but SignatureInvalid says so."""
    with pytest.raises(SignatureInvalid) as caught:
        case.provider.verify(request, case.owner, now=NOW + at)
    assert not any(secret in str(caught.value) for secret in case.secrets)


def parse(case: ProviderCase, request: CallbackRequest) -> ParsedCallback | None:
    """What ``request`` holds; None where it is malformed. Any other exception fails the test."""
    try:
        parsed = case.provider.parse(request, case.owner)
    except PayloadMalformed as error:
        assert not any(secret in str(error) for secret in case.secrets)
        return None
    for event in parsed.events:
        written = json.dumps(content_to_json(event.content))
        # In a form the six characters \\u0000 are words like any other; JSON doubles their backslash.
        assert "\\u0000" not in written.replace("\\\\", ""), "PostgreSQL's jsonb holds no NUL"
        assert "\x00" not in event.consumer_id + event.source_id + event.wire_type + event.address
        (event.consumer_id + event.source_id + event.wire_type + event.address).encode("utf-8")
        assert isinstance(event.raw, bytes)
    assert all(len(name) <= 100 for name in parsed.ignored), "names of ignored events end up in counters"
    return parsed


# Authenticity


def test_an_authentic_callback_passes(case: ProviderCase) -> None:
    case.provider.verify(case.text_request("hello"), case.owner, now=NOW)


def test_a_recorded_callback_passes_when_signed(case: ProviderCase, fixture_path: Path) -> None:
    case.provider.verify(case.request_of(fixture_path), case.config_of(fixture_path), now=NOW)


def test_an_unsigned_callback_is_refused(case: ProviderCase) -> None:
    refused(case, case.with_signature(case.text_request("hello"), None))


def test_a_tampered_body_is_refused(case: ProviderCase) -> None:
    request = case.text_request("hello")
    if not case.signs_body:
        refused(case, case.with_signature(request, "not-the-right-secret"))
        return
    if request.body:
        positions = range(0, len(request.body), max(1, len(request.body) // 24))
        flipped = [request.body[:at] + bytes([request.body[at] ^ 1]) + request.body[at + 1 :] for at in positions]
        for body in [*flipped, request.body[:-1], request.body + b" ", b" " + request.body, b"", request.body * 2]:
            refused(case, replace(request, body=body))
    else:
        refused(case, replace(request, query_string=request.query_string + "&more=1"))


def test_a_signature_of_another_callback_is_refused(case: ProviderCase) -> None:
    if case.signs_body:
        one, other = case.text_request("hello", source_id="9001"), case.text_request("goodbye", source_id="9002")
        refused(case, replace(one, body=other.body, query_string=other.query_string) if one.body else replace(other, headers=one.headers))


MALFORMED = (
    "",
    " ",
    "0",
    "sha256=",
    "sha256",
    "=",
    "a" * 64,
    "sha256=" + "0" * 63,
    "sha256=" + "0" * 64,
    "sha256=" + "g" * 64,
    "sha1=" + "0" * 40,
    "sha256=é" + "0" * 63,
    "Bearer",
    "Bearer ",
    "Basic !!!",
    "Basic w6k=",
    "t=,v1=",
    "t=nine,v1=" + "0" * 64,
    "\u2603" * 64,
    "\ud83d",
    "\x00",
    "A" * 100_000,
)


def test_a_malformed_signature_is_refused(case: ProviderCase) -> None:
    request = case.text_request("hello")
    for value in MALFORMED:
        refused(case, case.with_signature(request, value))


def test_a_signature_that_is_cut_doubled_or_wrapped_is_refused(case: ProviderCase) -> None:
    request = case.text_request("hello")
    right = request.headers.get(case.signature_header, "") if case.replace_signature is None else ""
    if right:
        for value in (right[:-1], right + right, f"{right},{right}", f"{right}, {right}", right[1:], right + "é", f'"{right}"'):
            refused(case, case.with_signature(request, value))


def test_a_stale_signature_is_refused(case: ProviderCase) -> None:
    if case.signature_lifetime is None:
        return
    request, second = case.text_request("hello"), timedelta(seconds=1)
    case.provider.verify(request, case.owner, now=NOW + case.signature_lifetime - second)
    refused(case, request, at=case.signature_lifetime + second)
    refused(case, request, at=-case.signature_lifetime - second)


def test_a_wrong_challenge_is_refused(case: ProviderCase) -> None:
    if case.handshake is not None:
        with pytest.raises(SignatureInvalid):
            case.provider.handshake(case.handshake.refused, case.owner)


@fuzz
@given(body=st.binary(max_size=200), value=st.text(max_size=80), query=st.text(max_size=60))
def test_verify_answers_any_bytes_with_our_own_type(case: ProviderCase, body: bytes, value: str, query: str) -> None:
    for request in (
        CallbackRequest(method="POST", headers={}, body=body, query_string=query),
        case.with_signature(CallbackRequest(method="POST", headers={}, body=body, query_string=query), value),
        case.with_signature(case.text_request("hello"), value),
    ):
        refused(case, request)


@fuzz
@given(query=st.text(max_size=120), method=st.sampled_from(["GET", "POST", "HEAD"]))
def test_the_challenge_answers_any_bytes_with_our_own_type(case: ProviderCase, query: str, method: str) -> None:
    with contextlib.suppress(SignatureInvalid):
        case.provider.handshake(CallbackRequest(method=method, headers={}, query_string=query), case.owner)


# Reading


def test_emoji_are_the_same_raw_or_escaped(case: ProviderCase) -> None:
    words = 'Où est ma commande ? 📦 👨‍👩‍👧 a/b <c> & "d"'
    found = []
    for escaped in (False, True):
        request = case.text_request(words, escaped=escaped)
        case.provider.verify(request, case.owner, now=NOW)
        found.append([event.content for event in case.provider.parse(request, case.owner).events])
    assert found[0] == found[1]
    assert [content.text for content in found[0] if isinstance(content, Text)] == [words]


def test_a_message_that_comes_twice_has_one_identity(case: ProviderCase) -> None:
    first = case.provider.parse(case.text_request("hello", source_id="9001"), case.owner).events
    again = case.provider.parse(case.text_request("hello", source_id="9001", escaped=True), case.owner).events
    other = case.provider.parse(case.text_request("hello", source_id="9002"), case.owner).events
    assert [event.source_id for event in first] == [event.source_id for event in again]
    assert len({event.source_id for event in (*first, *other)}) == 2


def test_two_people_are_two_consumers(case: ProviderCase) -> None:
    events = [event for consumer in (0, 1) for event in case.provider.parse(case.text_request("hi", consumer=consumer), case.owner).events]
    assert len({event.consumer_id for event in events}) == 2


def test_our_own_echo_yields_nothing(case: ProviderCase) -> None:
    if case.echo_callback is not None:
        parsed = case.provider.parse(case.sign(case.echo_callback), case.owner)
        assert not parsed.events
        assert parsed.ignored


def test_an_unknown_event_is_named(case: ProviderCase) -> None:
    parsed = case.provider.parse(case.sign(case.unknown_callback), case.owner)
    assert all(isinstance(event.content, Unsupported) for event in parsed.events)
    assert parsed.ignored or parsed.events


def test_a_batch_is_read_event_by_event(case: ProviderCase) -> None:
    if case.batch_callback is None:
        return
    words = ("the first", "the second", "the third")
    samples = [TextSample(text=text, consumer_id=case.consumer_ids[at % 2], source_id=str(9001 + at)) for at, text in enumerate(words)]
    events = case.provider.parse(case.sign(case.batch_callback(samples)), case.owner).events
    assert [event.content for event in events] == [Text(text=text) for text in words]
    for event, own in zip(events, words, strict=True):
        assert [text for text in words if text.encode() in event.raw] == [own]


def test_a_body_that_is_not_utf8_is_malformed_or_read(case: ProviderCase) -> None:
    body = case.text_request("hello").body
    for junk in (b"\xff\xfe", b"\xed\xa0\x80", body.replace(b"hello", b"h\xffllo"), body.decode().encode("utf-16")):
        parse(case, case.sign(replace(case.text_request("hello"), body=junk)))


@pytest.mark.parametrize("depth", [500, 900, 990, 5_000, 100_000])
def test_a_deeply_nested_body_is_malformed_or_read(case: ProviderCase, depth: int) -> None:
    body = case.text_request("hello").body
    for nest in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth, b"<a>" * depth + b"</a>" * depth):
        parse(case, case.sign(replace(case.text_request("hello"), body=nest)))
        if b'"hello"' in body:
            parse(case, case.sign(replace(case.text_request("hello"), body=body.replace(b'"hello"', nest))))


def test_text_that_no_database_holds_is_made_storable(case: ProviderCase) -> None:
    body = case.text_request("hello").body
    for spoiled in (rb"h\u0000i", rb"h\ud83di", b"h%00i", b"h%ED%A0%80i", rb"\ud83d\ude42"):
        parse(case, case.sign(replace(case.text_request("hello"), body=body.replace(b"hello", spoiled))))


@fuzz
@given(body=st.binary(max_size=300))
def test_junk_is_malformed_or_read(case: ProviderCase, body: bytes) -> None:
    parse(case, case.sign(replace(case.text_request("hello"), body=body)))


@fuzz
@given(value=JSON_VALUES)
def test_any_json_is_malformed_or_read(case: ProviderCase, value: Any) -> None:
    parse(case, case.sign(replace(case.text_request("hello"), body=json.dumps(value).encode())))


@settings(fuzz, max_examples=15)
@given(data=st.data())
def test_a_callback_with_any_part_replaced_is_malformed_or_read(case: ProviderCase, data: st.DataObject) -> None:
    """The shapes that a strict reader trips over: a text where an object was, an absent key, a number too large."""
    for fixture in case.fixtures():
        request = case.request_of(fixture)
        try:
            tree = json.loads(request.body)
        except ValueError:
            continue
        places = list(_places(tree))
        for _ in range(3):
            holder, key = data.draw(st.sampled_from(places))
            holder[key] = data.draw(JSON_VALUES | st.sampled_from([10**400, -1, 1e308, "9" * 30, "\x00", [[]], {}]))
            parse(case, case.sign(replace(request, body=json.dumps(tree).encode())))


def _places(tree: Any) -> Iterator[tuple[Any, Any]]:
    pairs = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in list(pairs):
        yield tree, key
        yield from _places(value)
