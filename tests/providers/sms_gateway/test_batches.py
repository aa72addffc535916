"""Several messages, or reports, in one callback."""

from __future__ import annotations

import json

import pytest
from pydantic import ValidationError

from channels_app.providers.sms_gateway import SmsGateway
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import ParsedCallback, Text
from tests.providers.sms_gateway.case import BASIC, make_config, post

ONE, TWO = {"from": "31612345678", "id": 1, "text": "one"}, {"from": "491711234567", "id": 2, "text": "two"}


def parsed(body: object, items: str) -> ParsedCallback:
    """What a JSON callback (or, as text, XML) becomes where its messages stand at ``items``."""
    config = make_config(inbound={"auth": BASIC, "items": items})
    octets, content_type = (body.encode(), "text/xml") if isinstance(body, str) else (json.dumps(body).encode(), "application/json")
    return SmsGateway().parse(post(octets, content_type, query="id=7&from=31600000000"), config)


@pytest.mark.parametrize(
    ("body", "items"),
    [
        ([ONE, TWO], "*"),
        ({"results": [ONE, TWO]}, "results.*"),
        ({"pages": [{"messages": [ONE]}, {"messages": [TWO]}]}, "pages.*.messages[*]"),
        ({"a": ONE, "b": TWO, "count": 2}, "*"),
        (
            "<r><m><from>31612345678</from><id>1</id><text>one</text></m><m><from>491711234567</from><id>2</id><text>two</text></m></r>",
            "//m",
        ),
        (
            "<r><m><from>31612345678</from><id>1</id><text>one</text></m><m><from>491711234567</from><id>2</id><text>two</text></m></r>",
            "/r/m",
        ),
    ],
)
def test_every_message_of_a_batch_is_an_event_with_its_own_part_of_the_body(body: object, items: str) -> None:
    events = parsed(body, items).events
    assert [(event.consumer_id, event.source_id, event.content) for event in events] == [
        ("+31612345678", "1", Text(text="one")),
        ("+491711234567", "2", Text(text="two")),
    ]
    assert all((b"two" in event.raw) is (event.source_id == "2") and (b"one" in event.raw) is (event.source_id == "1") for event in events)


def test_an_odd_one_does_not_hold_up_the_others_nor_is_it_read_out_of_the_address() -> None:
    found = parsed([{"text": "of nobody"}, TWO, "no message", None], "*")
    assert [event.source_id for event in found.events] == ["2"]
    assert found.ignored == ("unreadable",)


def test_a_large_batch_comes_whole() -> None:
    assert len(parsed([{**ONE, "id": number} for number in range(300)], "*").events) == 300


@pytest.mark.parametrize("body", [{"results": []}, {"other": [ONE]}, [], "<r/>", {"results": {"text": "x"}}])
def test_where_nothing_stands_at_the_path_the_body_is_kept_as_malformed(body: object) -> None:
    with pytest.raises(PayloadMalformed, match="messages of a batch"):
        parsed(body, "//m" if isinstance(body, str) else "results[*]")


@pytest.mark.parametrize("items", ["a..b", "//m/@id", "//", "a[x]"])
def test_a_path_that_leads_to_no_message_is_refused(items: str) -> None:
    with pytest.raises(ValidationError):
        make_config(inbound={"items": items})


@pytest.mark.parametrize("depth", [100, 500, 900, 1000, 3000])
def test_deep_nesting_is_read_or_refused(depth: int) -> None:
    message = "<from>31612345678</from><id>1</id><text>one</text>"
    for body, items in (
        (f"<r><m>{message}{'<a>' * depth}{'</a>' * depth}</m></r>", "//m"),
        ([{**ONE, "x": json.loads("[" * min(depth, 900) + "]" * min(depth, 900))}], "*"),
    ):
        try:
            assert len(parsed(body, items).events) == 1
        except PayloadMalformed as error:
            assert "nested too deep" in str(error)
