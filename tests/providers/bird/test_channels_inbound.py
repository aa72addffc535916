"""What the Channels API's fixtures do not show: the brand's own words, callbacks that cannot be read, reasons."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers.bird import Bird, BirdConfig
from channels_app.providers.bird.channels_api.errors import failure_reason
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import OptIn, OptOut, Receipt, Text
from tests.providers.bird.case import BIRD_CONFIG, CHANNEL_ID, bird_data, inbound, outbound, post

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=9),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["type", "text", "image", "images", "mediaUrl"]), inner),
    max_leaves=9,
)


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": {"text": words}}


@pytest.mark.parametrize(
    ("words", "expected"),
    [("Arrêt", OptOut(reason="Arrêt")), ("REPRENDRE", OptIn()), ("arrêt !", Text(text="arrêt !")), ("STOP", Text(text="STOP"))],
)
def test_the_words_are_the_brands_own(words: str, expected: object) -> None:
    config = BirdConfig.model_validate(bird_data(stop_keywords=["arrêt"], start_keywords=["reprendre"]))
    assert [event.content for event in Bird().parse(post(inbound(text(words))), config).events] == [expected]


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"id=mb-1&body=hi",
        [],
        {"service": "channels", "event": "sms.inbound"},
        inbound(text("hi"), message_id=""),
        inbound(text("hi"), sender=""),
        {"service": "channels", "event": "sms.outbound", "payload": {"id": "b-1"}},
        {"service": "channels", "event": "sms.outbound", "payload": {"status": "delivered"}},
    ],
    ids=["nothing", "a form", "a list", "no payload", "no id", "no sender", "no status", "a status of nothing"],
)
def test_what_nothing_identifies_is_kept_and_answered_200(body: Any) -> None:
    with pytest.raises(PayloadMalformed) as caught:
        Bird().parse(post(body), BIRD_CONFIG)
    assert caught.value.status == 200


def test_the_events_are_of_the_channel_that_they_name() -> None:
    assert Bird().address(BIRD_CONFIG) == CHANNEL_ID
    for body in (inbound(text("hi")), outbound("delivered"), outbound("rejected")):
        assert {event.address for event in Bird().parse(post(body), BIRD_CONFIG).events} == {CHANNEL_ID}


@pytest.mark.parametrize("failure", [{}, {"code": 15002, "source": {"name": "whatsapp", "code": "103"}}])
def test_only_the_sms_platforms_103_is_an_opt_out(failure: dict[str, Any]) -> None:
    (event,) = Bird().parse(post(outbound("delivery_failed", failure=failure)), BIRD_CONFIG).events
    assert isinstance(event.content, Receipt)


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (("delivery_failed", "15005", "sms-messagebird", "1", "unknown_subscriber"), "the number is not in use"),
        (("delivery_failed", "15001", "sms-messagebird", "9999", ""), "it could not be delivered"),
        (("delivery_failed", "15001", "sms-messagebird", "9999", "carrier_rejected"), "the operator refused it"),
        (("delivery_failed", "14001", "", "", ""), "Bird refused it for something on the account's side"),
        (("sending_failed", "12001", "pre-processing", "", ""), "Bird could not process it"),
        (("sending_failed", "12001", "", "", ""), "a failure at Bird"),
        (("sending_failed", "", "", "", ""), "Bird could not send it"),
        (("skipped", "", "", "", ""), "Bird did not send it"),
    ],
)
def test_a_failure_has_words(arguments: tuple[str, str, str, str, str], expected: str) -> None:
    assert failure_reason(*arguments).partition(" (")[0] == expected


def test_birds_own_sentence_is_not_repeated_in_a_reason() -> None:
    assert failure_reason("skipped", "<b>", "x", "y", "Call +31612345678 now") == "Bird did not send it (skipped)"


@given(body=JSON, payload=JSON)
def test_any_json_is_read_or_left_aside(body: Any, payload: Any) -> None:
    assert Bird().parse(post(inbound(body)), BIRD_CONFIG).events
    for event in ("sms.inbound", "sms.outbound", "sms.new"):
        try:
            Bird().parse(post({"service": "channels", "event": event, "payload": payload}), BIRD_CONFIG)
        except PayloadMalformed as error:
            assert error.status == 200
