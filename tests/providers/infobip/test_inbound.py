"""What the fixtures do not show: other words to stop, numbers as they come, bodies that cannot be read."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.infobip import Infobip
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import OptIn, OptOut, Receipt, Text
from tests.providers.contract.cases import TextSample
from tests.providers.infobip.case import make_config, message, post, results


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Arrêt", OptOut(reason="Arrêt")), ("REPRENDRE", OptIn()), ("arrêt !", Text(text="arrêt !")), ("STOP", Text(text="STOP"))],
)
def test_the_words_are_the_brands_own(text: str, expected: object) -> None:
    config = make_config(stop_keywords=["arrêt"], start_keywords=["reprendre"])
    request = results(message(TextSample(text=text, consumer_id="+33612345678", source_id="1")))
    assert [event.content for event in Infobip().parse(request, config).events] == [expected]


@pytest.mark.parametrize("body", [b"", b"[]", b'{"results":{}}', b'{"deliveryReport":[]}', b"\xff"])
def test_a_body_without_results_is_kept_and_answered_200(body: bytes) -> None:
    with pytest.raises(PayloadMalformed) as caught:
        Infobip().parse(post(body), make_config())
    assert caught.value.status == 200


def test_one_odd_result_does_not_spoil_the_others() -> None:
    fine = message(TextSample(text="fine", consumer_id="+31612345678", source_id="1"))
    deep = b"[" * 900 + b"]" * 900
    body = json.dumps({"results": [None, fine, {"messageId": "2", "from": "1", "text": "DEEP"}]}).encode().replace(b'"DEEP"', deep)
    parsed = Infobip().parse(post(body), make_config())
    assert Text(text="fine") in [event.content for event in parsed.events]
    assert "unreadable" in parsed.ignored


@pytest.mark.parametrize(
    ("parts", "expected"),
    [
        ([{"contentType": "text/plain", "value": " stop "}], [OptOut(reason="stop")]),
        ([{"contentType": "text/plain", "value": "START"}], [OptIn()]),
        (
            [{"contentType": "text/plain", "value": "stop"}, {"contentType": "text/plain", "value": "it"}],
            [Text(text="stop"), Text(text="it")],
        ),
    ],
)
def test_a_lone_word_counts_in_an_mms_too(parts: list[dict[str, str]], expected: list[object]) -> None:
    given = {"messageId": "1", "from": "31612345678", "to": "447491163443", "message": parts}
    assert [event.content for event in Infobip().parse(results(given), make_config()).events] == expected


@pytest.mark.parametrize(
    ("group", "error", "again"),
    [
        ("UNDELIVERABLE", {"name": "EC_ABSENT_SUBSCRIBER", "permanent": False}, 2),
        ("UNDELIVERABLE", {"name": "EC_ABSENT_SUBSCRIBER", "permanent": True}, 0),
        ("UNDELIVERABLE", {"name": "EC_CONTENT_BLOCKED", "permanent": False}, 0),
        ("UNDELIVERABLE", {"name": "NO_ERROR", "permanent": False}, 0),
        ("UNDELIVERABLE", {}, 0),
        ("EXPIRED", {"name": "EC_ABSENT_SUBSCRIBER", "permanent": False}, 0),
    ],
)
def test_what_the_network_calls_no_lasting_failure_goes_out_anew(group: str, error: dict[str, Any], again: int) -> None:
    given = {"messageId": "1", "to": "31612345678", "status": {"groupName": group}, "error": error}
    receipt = Infobip().parse(results(given), make_config()).events[0].content
    assert isinstance(receipt, Receipt)
    assert receipt.again == again


@pytest.mark.parametrize(("sender", "address"), [("447491163443", "+447491163443"), ("15550100", "+15550100"), ("", "")])
def test_who_stopped_one_number_has_not_stopped_another(sender: str, address: str) -> None:
    status, error = {"groupId": 2, "groupName": "UNDELIVERABLE"}, {"name": "EC_SC_BLOCKED_BY_END_USER", "permanent": True}
    given = {"messageId": "1", "to": "31612345678", "sender": sender, "status": status, "error": error}
    receipt, opt_out = Infobip().parse(results(given), make_config()).events
    assert isinstance(opt_out.content, OptOut)
    assert (receipt.address, opt_out.address) == ("", address)
