"""Long messages that come piece by piece."""

from __future__ import annotations

import json

import pytest

from channels_app.providers.sms_gateway import SmsGateway
from connector_platform.core.events import InboundEvent, OptOut, Piece, Text
from tests.providers.sms_gateway.case import BASIC, get, make_config, post, preset_config

UDH = make_config(inbound={"auth": BASIC, "fields": {"udh": ["udh"]}})
FIELDS = make_config(
    inbound={
        "auth": BASIC,
        "fields": {"concat_reference": ["concat-ref"], "concat_part": ["concat-part"], "concat_total": ["concat-total"]},
    }
)
SECOND = Piece(reference="cc", number=2, total=3)


@pytest.mark.parametrize("udh", ["050003CC0302", "%05%00%03%CC%03%02", "0003cc0302"])
def test_a_header_in_hex_or_in_octets_names_the_piece(udh: str) -> None:
    (event,) = SmsGateway().parse(get(f"from=31612345678&id=m2&text=+two+&udh={udh}"), UDH).events
    assert (event.content, event.wire_type, event.source_id) == (Text(text=" two ", piece=SECOND), "piece", "2/3:m2")


def test_fields_of_their_own_name_the_piece() -> None:
    body = {"from": 31612345678, "id": 7, "text": "two", "concat-ref": "cc", "concat-part": 2, "concat-total": 3}
    (event,) = SmsGateway().parse(post(json.dumps(body).encode(), "application/json"), FIELDS).events
    assert event.content == Text(text="two", piece=SECOND)


@pytest.mark.parametrize("rest", ["", "&udh=", "&udh=06050415811581", "&udh=junk", "&udh=050003cc0101", "&udh=%ff%ff%ff"])
def test_without_a_piece_it_is_a_whole_message(rest: str) -> None:
    (event,) = SmsGateway().parse(get(f"from=31612345678&id=m2&text=+STOP+{rest}"), UDH).events
    assert (event.content, event.source_id) == (OptOut(reason="STOP"), "m2")


def test_pieces_with_one_id_are_several_events_and_a_repeated_one_is_not() -> None:
    def source_id(part: int) -> str:
        (event,) = SmsGateway().parse(get(f"from=31612345678&id=m1&text=x&udh=050003cc02{part:02}"), UDH).events
        return event.source_id

    assert source_id(1) != source_id(2)
    assert source_id(1) == source_id(1)


def test_a_piece_is_read_in_its_own_coding() -> None:
    config = preset_config("jasmin", inbound={"fields": {"udh": ["udh"]}})
    body = b"id=1&from=31612345678&coding=8&udh=050003cc0201&content=x&binary=00480065006a002000200020"
    (event,) = SmsGateway().parse(post(body), config).events
    assert isinstance(event, InboundEvent)
    assert event.content == Text(text="Hej   ", piece=Piece(reference="cc", number=1, total=2))
