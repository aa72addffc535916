"""What callbacks say, beyond what the fixtures show."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers.plivo import Plivo, PlivoConfig
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import FileKind, OptIn, OptOut, Receipt, ReceiptKind, Text, content_to_json
from tests.providers.plivo.case import CONFIG, CONSUMERS, NUMBER, PACK_CONFIG, make_config, message, post


def contents(config: PlivoConfig = CONFIG, **fields: str) -> list[Any]:
    return [event.content for event in Plivo().parse(post(message(**fields)), config).events]


def report(**fields: str) -> dict[str, str]:
    return {"From": NUMBER, "To": CONSUMERS[0], "MessageUUID": "part-1", "ParentMessageUUID": "whole", "Status": "delivered", **fields}


@pytest.mark.parametrize(("text", "is_stop"), [("STOP", True), (" quit\n", True), ("please stop", False), ("stop!", False)])
def test_a_stop_word_alone_opts_out(text: str, is_stop: bool) -> None:
    assert contents(Text=text) == [OptOut(reason=text.strip()) if is_stop else Text(text=text)]


def test_the_words_are_the_operators() -> None:
    config = make_config(stop_keywords=["ARRÊT"], start_keywords=["Reprendre"])
    assert contents(config, Text="arrêt") == [OptOut(reason="arrêt")]
    assert contents(config, Text="REPRENDRE") == [OptIn()]
    assert contents(config, Text="STOP") == [Text(text="STOP")]


def test_what_comes_to_any_number_of_a_powerpack_is_the_channels() -> None:
    (event,) = Plivo().parse(post(message(Text="hi", To="15550199")), PACK_CONFIG).events
    assert event.address == ""
    (event,) = Plivo().parse(post(message(Text="hi", To="15550199")), CONFIG).events
    assert event.address == "15550199", "another channel's, and left aside"


@pytest.mark.parametrize(
    ("part", "is_delivered"),
    [("1 of 1", True), ("2 of 2", True), ("1 of 2", False), ("2 OF 3", False), ("", True), ("all", True), ("3 of 2", True)],
)
def test_a_message_is_delivered_with_its_last_part(part: str, is_delivered: bool) -> None:
    parsed = Plivo().parse(post(report(PartInfo=part), "/status"), CONFIG)
    assert [event.content for event in parsed.events] == (
        [Receipt(kind=ReceiptKind.DELIVERED, message_ids=("whole",))] if is_delivered else []
    )


def test_each_part_that_fails_is_an_event_of_its_own() -> None:
    found = [
        Plivo().parse(post(report(MessageUUID=f"part-{part}", PartInfo=f"{part} of 2", Status="failed", ErrorCode="30")), CONFIG).events[0]
        for part in (1, 2)
    ]
    assert len({event.source_id for event in found}) == 2
    assert {event.content.message_ids for event in found if isinstance(event.content, Receipt)} == {("whole",)}


@pytest.mark.parametrize(
    ("url", "kind"),
    [
        ("https://media.plivo.com/a/b", FileKind.IMAGE),
        ("https://media.plivo.com/a/b.PNG?x=y.mp4", FileKind.IMAGE),
        ("https://media.plivo.com/a.b/c.vcf", FileKind.DOCUMENT),
        ("https://media.plivo.com/c.amr", FileKind.AUDIO),
        ("https://media.plivo.com/c.3gp", FileKind.VIDEO),
    ],
)
def test_a_file_is_what_its_address_ends_in(url: str, kind: FileKind) -> None:
    (content,) = contents(Media0=url)
    assert content.kind is kind


def test_too_many_parameters_are_malformed_and_answered_200() -> None:
    with pytest.raises(PayloadMalformed) as caught:
        Plivo().parse(post({str(number): "" for number in range(201)}), CONFIG)
    assert caught.value.status == 200


def test_the_answer_sends_nothing() -> None:
    request = post(message(Text="hi"))
    answer = Plivo().answer(request, CONFIG, Plivo().parse(request, CONFIG))
    assert (answer.status, answer.content_type) == (200, "text/xml; charset=utf-8")
    assert answer.body.endswith(b"<Response/>")


@settings(deadline=None)
@given(
    value=st.text(max_size=30),
    name=st.sampled_from(["From", "To", "MessageUUID", "Text", "Type", "Status", "PartInfo", "ErrorCode", "Media0"]),
)
def test_any_value_of_a_parameter_can_be_stored(value: str, name: str) -> None:
    for event in Plivo().parse(post(message(Text="hi") | {name: value.encode("utf-8", "replace").decode()}), CONFIG).events:
        stored = f"{event.consumer_id}{event.source_id}{event.address}{content_to_json(event.content)}"
        stored.encode()
        assert "\x00" not in stored
