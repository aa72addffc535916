"""64 bytes behind a button: what fits is exact, what does not is cut at a whole character and, where it can be, made whole again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers.telegram.choices import MAX_DATA_BYTES, callback_data, payload


@pytest.mark.parametrize("words", ["yes", "sí", "📦", "a" * 59, "é" * 29 + "a", "…", "text:yes", "two\nlines"])
def test_what_fits_comes_back_exactly(words: str) -> None:
    assert callback_data(words) == f"text:{words}"
    assert payload(callback_data(words), "A label") == f"text:{words}"


@pytest.mark.parametrize("words", ["a" * 60, "é" * 30, "📦" * 15, "Quiero hablar con una persona de atención al cliente ahora mismo"])
def test_what_does_not_fit_is_cut_at_a_whole_character(words: str) -> None:
    data = callback_data(words)
    assert 61 <= len(data.encode()) <= MAX_DATA_BYTES
    assert data.endswith("…")
    assert words.startswith(data.removeprefix("text:").removesuffix("…"))
    assert payload(data, "More") == data
    assert payload(data, "") == data


def test_a_reply_that_publishes_its_own_label_comes_back_whole() -> None:
    words = "I would like to talk to a person in your customer care team now"
    assert payload(callback_data(words), words) == f"text:{words}"


def test_words_that_end_in_an_ellipsis_of_their_own_are_left_alone() -> None:
    assert payload(callback_data("Well…"), "Well, why not") == "text:Well…"


@given(st.text(min_size=1), st.text())
def test_any_words_fit_and_any_label_is_taken(words: str, label: str) -> None:
    data = callback_data(words)
    assert 1 <= len(data.encode()) <= MAX_DATA_BYTES
    assert payload(data, label).startswith("text:")
