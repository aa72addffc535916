"""What the fixtures do not show: other words to stop, numbers as they come, bodies that cannot be read."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers.infobip import Infobip
from channels_app.providers.infobip.numbers import canonical_number, vendor_number
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import OptIn, OptOut, Text
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
    ("given", "expected"),
    [
        ("31612345678", "+31612345678"),
        ("+31 6 1234-5678", "+31612345678"),
        ("3020", "3020"),
        ("0612345678", "0612345678"),
        ("MTN", "MTN"),
        (" Acme ", "Acme"),
        ("1" * 16, "1" * 16),
    ],
)
def test_numbers_have_one_form(given: str, expected: str) -> None:
    assert canonical_number(given) == expected


@given(st.from_regex(r"[1-9][0-9]{6,14}", fullmatch=True))
def test_a_number_survives_the_way_there_and_back(number: str) -> None:
    assert vendor_number(canonical_number(number)) == number
    assert canonical_number(canonical_number(number)) == canonical_number(number)
