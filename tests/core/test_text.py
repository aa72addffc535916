"""Cutting text: nothing is lost, nothing is too long, nothing that people see is torn."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.text import split_text, utf16_units

TEXT = st.text(st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from(" \n.👍🇳🇱\u200d\ufe0f")), max_size=300)


@given(text=TEXT, limit=st.integers(2, 80))
def test_no_piece_is_longer_than_the_limit_and_only_blanks_are_lost(text: str, limit: int) -> None:
    pieces = split_text(text, limit)
    assert all(0 < len(piece) <= limit for piece in pieces)
    assert re.sub(r"\s", "", "".join(pieces)) == re.sub(r"\s", "", text)


@given(text=TEXT, limit=st.integers(2, 80))
def test_units_of_utf16_are_kept_to_as_well_and_no_letter_is_torn(text: str, limit: int) -> None:
    for piece in split_text(text, limit, measure=utf16_units):
        assert utf16_units(piece) <= limit
        piece.encode("utf-8")


@given(text=TEXT)
def test_a_text_that_fits_stays_whole(text: str) -> None:
    assert split_text(text, max(2, len(text))) == ([text] if text else [])


def test_it_is_cut_where_a_reader_would_pause() -> None:
    assert split_text("One paragraph.\n\nAnother one.", 20) == ["One paragraph.", "Another one."]
    assert split_text("A sentence. And more words", 16) == ["A sentence.", "And more words"]


def test_a_url_is_cut_only_where_it_alone_is_too_long() -> None:
    url = "https://example.com/" + "a" * 20
    assert url in split_text(f"Please look at {url}", 45)
    assert "".join(split_text(url, 10)) == url


@pytest.mark.parametrize("whole", ["👩‍👩‍👧", "👍🏽", "é", "🇳🇱", "1️⃣"])
def test_joined_signs_are_not_torn(whole: str) -> None:
    pieces = split_text("x" * 18 + whole + "y" * 10, 20)
    assert any(whole in piece for piece in pieces)


@pytest.mark.parametrize("limit", [1, 0, -1])
def test_a_limit_that_cannot_hold_a_letter_is_refused(limit: int) -> None:
    with pytest.raises(ValueError, match="limit"):
        split_text("text", limit)
