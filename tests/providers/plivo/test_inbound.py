"""What callbacks say, beyond what the fixtures show."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers.base import CallbackRequest
from channels_app.providers.plivo import Plivo, PlivoConfig
from channels_app.providers.plivo.inbound import LOST
from channels_app.providers.plivo.reasons import REASONS, reason
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


@pytest.mark.parametrize("changes", [{"Status": "delivered"}, {"Status": "undelivered", "ErrorCode": "30"}])
def test_the_reports_on_all_parts_are_one_event(changes: dict[str, str]) -> None:
    """``PartInfo`` is reserved: a message that says it is the first part of two may be all that is ever reported."""
    reports = [report(MessageUUID=f"part-{part}", PartInfo=f"{part} of 2", **changes) for part in (1, 2)]
    (first,), (second,) = (Plivo().parse(post(fields, "/status"), CONFIG).events for fields in reports)
    assert first.source_id == second.source_id
    assert isinstance(first.content, Receipt)
    assert first.content.message_ids == ("whole",)
    assert first.content.kind is (ReceiptKind.DELIVERED if changes["Status"] == "delivered" else ReceiptKind.FAILED)


def test_a_report_that_the_person_stopped_us_is_an_opt_out_too() -> None:
    receipt, opt_out = Plivo().parse(post(report(Status="failed", ErrorCode="200"), "/status"), CONFIG).events
    assert (receipt.consumer_id, opt_out.consumer_id) == (CONSUMERS[0], CONSUMERS[0])
    assert opt_out.content == OptOut(reason="opted out at Plivo")
    assert receipt.source_id != opt_out.source_id
    (alone,) = Plivo().parse(post(report(Status="failed", ErrorCode="200", To=""), "/status"), CONFIG).events
    assert isinstance(alone.content, Receipt), "without a person nobody opts out"


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"Text": "an SMS"}, "an SMS"),
        ({"Type": "mms", "Body": "an MMS"}, "an MMS"),
        ({"Type": "mms", "Text": " ", "Body": "an MMS"}, "an MMS"),
        ({"Type": "mms", "Text": "older", "Body": "newer"}, "older"),
    ],
)
def test_the_words_are_in_text_or_body(fields: dict[str, str], words: str) -> None:
    given = {**message(), "Text": "", **fields}
    assert [event.content for event in Plivo().parse(post(given), CONFIG).events] == [Text(text=words)]


@pytest.mark.parametrize(
    ("fields", "is_lost"),
    [
        ({"Type": "mms", "MediaCount": "1"}, True),
        ({"Type": "mms", "MediaCount": "1", "Media1": "https://media.plivo.com/a"}, False),
        ({"Type": "mms", "MediaCount": "0"}, False),
        ({"Type": "mms", "MediaCount": "²"}, False),
        ({"Type": "mms", "MediaCount": "9" * 5000}, False),
        ({"Type": "mms", "ErrorCode": "300"}, True),
        ({"Type": "mms", "ErrorCode": "000"}, False),
        ({"Type": "mms", "ErrorCode": "300", "Media1": "https://media.plivo.com/a"}, False),
        ({"Type": "sms", "ErrorCode": "300"}, False),
    ],
)
def test_a_medium_that_plivo_lost_is_a_line_for_the_agent(fields: dict[str, str], is_lost: bool) -> None:
    assert (contents(Text="look", **fields)[-1] == LOST) is is_lost


def test_every_reason_has_words_and_a_remedy_on_the_channels_page() -> None:
    page = (Path(__file__).parents[3] / "docs" / "channels" / "plivo.md").read_text()
    for code, (words, remedy) in REASONS.items():
        assert f"| {code} | {words} | {remedy} |" in page
        assert reason("failed", code.zfill(3)) == f"{words} (failed, error {code}). {remedy}"
    assert reason("rejected", "777") == "Plivo gave no reason that is known (rejected, error 777). Ask Plivo's support."
    assert reason("failed", "000") == "Plivo gave no reason that is known (failed)"


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


def test_a_report_may_come_as_a_get() -> None:
    request = CallbackRequest(method="GET", path="/status", query_string=urlencode(report()), headers={}, body=b"")
    assert [event.source_id for event in Plivo().parse(request, CONFIG).events] == ["status:delivered:whole"]


def test_too_many_parameters_are_malformed_and_answered_200() -> None:
    with pytest.raises(PayloadMalformed) as caught:
        Plivo().parse(post({str(number): "" for number in range(201)}), CONFIG)
    assert caught.value.status == 200


def test_the_answer_sends_nothing() -> None:
    request = post(message(Text="hi"))
    answer = Plivo().answer(request, CONFIG, Plivo().parse(request, CONFIG))
    assert (answer.status, answer.content_type) == (200, "application/xml; charset=utf-8")
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
