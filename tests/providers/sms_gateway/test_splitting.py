"""Where a long text is cut: by the gateway's parts or by ours, in the alphabet that each piece needs."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers._sms import gsm7
from channels_app.providers._sms.gsm7 import Alphabet
from channels_app.providers.sms_gateway.config_outbound import OutboundConfig
from channels_app.providers.sms_gateway.outbound import numbered, spelled
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import Text
from connector_platform.core.text import utf16_units
from tests.providers._sms.test_gsm7 import any_text, gsm_text, squeezed
from tests.providers.sms_gateway.case import make_config
from tests.providers.sms_gateway.test_outbound import sent, texts


def pieces_of(text: str, **outbound: Any) -> list[str]:
    """The texts of the messages that ``text`` takes; none for blank text."""
    config = OutboundConfig.model_validate({"url": "https://gw.example.net/send", **outbound})
    try:
        return [message.text for message in spelled(numbered(Text(text=text), config), config).messages]
    except UnsupportedContent:
        return []


def test_a_gateway_that_concatenates_gets_up_to_ten_parts_at_once() -> None:
    assert texts(sent(Text(text="a" * 1530), make_config())[1]) == ["a" * 1530]
    assert [len(text) for text in texts(sent(Text(text="a" * 1531), make_config())[1])] == [1530, 1]
    assert [len(text) for text in texts(sent(Text(text="é漢" * 336), make_config())[1])] == [670, 2]


@pytest.mark.parametrize(
    ("outbound", "text", "lengths"),
    [
        ({}, "a" * 161, [160, 1]),
        ({}, "€" * 81, [80, 1]),
        ({}, "漢" * 71, [70, 1]),
        ({}, "🙂" * 36, [35, 1]),
        ({"max_length": 306}, "a" * 307, [306, 1]),
        ({"max_length": 306}, "漢" * 135, [134, 1]),
        ({"encoding": "unicode"}, "a" * 71, [70, 1]),
        ({"encoding": "gsm7"}, "漢" * 161, [160, 1]),
    ],
)
def test_we_cut_by_septets_and_units(outbound: dict[str, Any], text: str, lengths: list[int]) -> None:
    _, calls = sent(Text(text=text), make_config(outbound={"split": "us", **outbound}))
    assert [len(piece) for piece in texts(calls)] == lengths


def test_parts_can_be_numbered_and_told_to_the_gateway() -> None:
    body = '{"to":{{to}},"text":{{text}},"part":{{part}},"of":{{parts}}}'
    config = make_config(outbound={"split": "us", "number_parts": True, "body": body})
    _, calls = sent(Text(text="word " * 50), config)
    sent_bodies = [json.loads(call.body) for call in calls]
    assert [(data["part"], data["of"]) for data in sent_bodies] == [("1", "2"), ("2", "2")]
    assert [data["text"][:11] for data in sent_bodies] == ["(1/2) word ", "(2/2) word "]


@settings(max_examples=150, deadline=None)
@given(st.one_of(gsm_text, any_text), st.integers(40, 200), st.booleans(), st.sampled_from(["auto", "unicode"]))
def test_pieces_fit_and_join_to_the_text(text: str, limit: int, is_numbered: bool, encoding: str) -> None:
    pieces = pieces_of(text, split="us", max_length=limit, number_parts=is_numbered, encoding=encoding)
    for piece in pieces:
        alphabet = gsm7.alphabet_of(piece) if encoding == "auto" else Alphabet.UNICODE
        assert gsm7.measure(piece, alphabet) <= gsm7.limit_for(limit, alphabet)
    assert squeezed(without_marks(pieces, is_numbered)) == squeezed(text.replace("\x00", ""))


@settings(max_examples=100, deadline=None)
@given(any_text, st.sampled_from(["us", "gateway"]))
def test_what_is_spelled_in_gsm_letters_fits_as_it_leaves(text: str, split: str) -> None:
    pieces = pieces_of(text, split=split, encoding="gsm7")
    assert all(gsm7.fits(piece) for piece in pieces)
    assert all(gsm7.segments(piece) <= (1 if split == "us" else 10) for piece in pieces)


def without_marks(pieces: list[str], is_numbered: bool) -> str:
    if not is_numbered or len(pieces) < 2:
        return "".join(pieces)
    marks = [f"({number}/{len(pieces)}) " for number in range(1, len(pieces) + 1)]
    assert all(piece.startswith(mark) for piece, mark in zip(pieces, marks, strict=True))
    return "".join(piece.removeprefix(mark) for piece, mark in zip(pieces, marks, strict=True))


@settings(deadline=None)
@given(st.integers(0, 3), st.integers(30, 200))
def test_an_escape_pair_and_an_emoji_are_never_cut(offset: int, count: int) -> None:
    # A character is one Python code point whatever it weighs, so it is in one piece if the pieces' characters are the text's.
    euros = pieces_of("a" * offset + "€" * count, split="us")
    assert "".join(euros) == "a" * offset + "€" * count
    assert all(gsm7.encode(piece)[-1:] != bytes([gsm7.ESCAPE]) for piece in euros)
    faces = pieces_of("a" * offset + "🙂" * count, split="us", encoding="unicode")
    assert all(piece.encode("utf-16-be").decode("utf-16-be") == piece for piece in faces)
    assert all(len(piece.encode("utf-16-be")) <= 140 for piece in faces)


def test_characters_that_straddle_parts_are_counted_where_they_land() -> None:
    # A part of 153 septets holds 76 of these, not 76 and a half.
    assert [len(piece) for piece in pieces_of("€" * 761)] == [760, 1]
    # And one of 67 units 33 of these.
    assert [len(piece) for piece in pieces_of("🙂" * 331)] == [330, 1]


def test_one_emoji_makes_only_its_own_piece_a_unicode_one() -> None:
    pieces = pieces_of("a" * 1530 + " 🙂")
    assert [(len(piece), gsm7.alphabet_of(piece)) for piece in pieces] == [(1530, Alphabet.GSM7), (1, Alphabet.UNICODE)]


def test_joined_emoji_stay_together_where_a_piece_can_hold_them() -> None:
    family = "👨\u200d👩\u200d👧\u200d👦"
    pieces = pieces_of(family * 20, split="us")
    assert all(piece.count(family) * len(family) == len(piece) and utf16_units(piece) <= 70 for piece in pieces)


def test_numbering_survives_the_step_from_nine_to_ten_parts() -> None:
    pieces = pieces_of("a" * (154 * 10), split="us", number_parts=True)
    assert pieces[0].startswith("(1/11) ") and pieces[-1].startswith("(11/11) ")
    assert all(len(piece) <= 160 for piece in pieces)


def test_blank_text_has_no_pieces() -> None:
    assert pieces_of("   \n ") == []
