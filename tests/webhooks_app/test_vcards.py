"""Contact cards: the agent reads name, number and address, whatever wrote the card."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.calls import HttpResponse
from connector_platform.core.events import Contact, File, FileKind, InboundEvent
from tests.webhooks_app.world import PERSON, World
from webhooks_app.delivery.vcards import MAX_CARDS, MAX_CHARS, read_vcards
from webhooks_app.journal import Entry, append

MODERN = b"BEGIN:VCARD\r\nVERSION:4.0\r\nFN:Ana de\r\n  Vries\r\nitem1.TEL;TYPE=cell;VALUE=uri:tel:+31612345678\r\nEMAIL:ana@example.com\r\nEND:VCARD\r\n"
OLD = b"BEGIN:VCARD\nVERSION:2.1\nN;CHARSET=UTF-8;ENCODING=QUOTED-PRINTABLE:M=C3=BCller;J=C3=\n=BCrgen\nTEL;CELL:+49 151 23456\nEND:VCARD\n"


@pytest.mark.parametrize(
    ("data", "people"),
    [
        (MODERN, (Contact(name="Ana de Vries", phone="+31612345678", email="ana@example.com"),)),
        (OLD, (Contact(name="Jürgen Müller", phone="+49 151 23456"),)),
        (
            b"\xef\xbb\xbf\n" + MODERN + OLD,
            (
                Contact(name="Ana de Vries", phone="+31612345678", email="ana@example.com"),
                Contact(name="Jürgen Müller", phone="+49 151 23456"),
            ),
        ),
        (b"BEGIN:VCARD\nFN:Smith\\, Jones \\n& Co\nEND:VCARD", (Contact(name="Smith, Jones & Co"),)),
        (b"BEGIN:VCARD\nTEL:1\nTEL:2\nEND:VCARD", (Contact(phone="1"),)),
        (b"begin:vcard\nfn:x\nend:vcard", (Contact(name="x"),)),
        (b"BEGIN:VCARD\nNOTE:nobody\nEND:VCARD", ()),
        (b"hello BEGIN:VCARD", ()),
        (b"", ()),
    ],
)
def test_what_a_card_says(data: bytes, people: tuple[Contact, ...]) -> None:
    assert read_vcards(data) == people


def test_a_card_is_a_strangers_and_has_limits() -> None:
    assert len(read_vcards(b"BEGIN:VCARD\nFN:x\nEND:VCARD\n" * 50)) == MAX_CARDS
    (contact,) = read_vcards(b"BEGIN:VCARD\nFN:" + b"x" * 9999 + b"\x00\nEND:VCARD")
    assert contact.name == "x" * MAX_CHARS


@given(st.binary())
def test_any_bytes_behind_the_beginning_are_survived(data: bytes) -> None:
    for contact in read_vcards(b"BEGIN:VCARD\n" + data):
        assert "\0" not in contact.name + contact.phone + contact.email
        (contact.name + contact.phone + contact.email).encode()


def test_an_agent_reads_who_was_shared_instead_of_a_file_that_cannot_be_shown(world: World) -> None:
    world.far.script("fetch_file", HttpResponse(status=200, headers={"content-type": "text/vcard"}, body=MODERN))
    card = File(kind=FileKind.DOCUMENT, url="https://cdn.example.com/card", mime_type="text/vcard", name="card.vcf")
    event = InboundEvent(consumer_id=PERSON, source_id="card-1", content=card, wire_type="message.file", raw=b"{}")
    append([Entry.inbound(event, channel_id=world.channel.id, brand_id=world.brand.id)])
    world.work()
    assert world.far.texts() == ["[contact] Ana de Vries, +31612345678, ana@example.com"]
