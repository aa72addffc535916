"""How an answer of a vendor finds its row, and what the row says."""

from __future__ import annotations

import pytest

from channels_app.providers.base import ErrorMeaning, ErrorTable
from connector_platform.core.calls import HttpResponse
from connector_platform.core.errors import ConfigurationError, ContentRejected, Throttled

TABLE = ErrorTable(
    "Pigeon Post",
    ErrorMeaning("400/loft", ConfigurationError, "there is no such loft", "Correct the loft."),
    ErrorMeaning("400", ContentRejected, "the letter is too heavy"),
    ErrorMeaning("429", Throttled, "the pigeons are tired", "Nothing to do."),
)
SLOW = HttpResponse(status=429, headers={"retry-after": "7"})


@pytest.mark.parametrize(("codes", "expected"), [(("400",), "400"), (("999", "429"), "429"), (("999",), None), ((), None), (("",), None)])
def test_the_first_code_that_has_a_row_counts(codes: tuple[str, ...], expected: str | None) -> None:
    row = TABLE.find(*codes)
    assert (row and row.code) == expected


@pytest.mark.parametrize(
    ("code", "words", "expected"),
    [("400", "no LOFT there", "400/loft"), ("400", "", "400"), ("429", "loft", "429"), ("40", "loft", None), ("999", "loft", None)],
)
def test_a_part_of_the_vendors_words_makes_it_finer(code: str, words: str, expected: str | None) -> None:
    row = TABLE.find_described(code, words)
    assert (row and row.code) == expected


def test_an_error_says_who_what_and_what_to_do() -> None:
    loft, heavy, _ = TABLE
    assert TABLE.error(loft, SLOW).message == "Pigeon Post: there is no such loft (400/loft). Correct the loft."
    assert TABLE.error(heavy, SLOW).message == "Pigeon Post: the letter is too heavy (400)."
    assert (type(TABLE.error(loft, SLOW)), TABLE.error(loft, SLOW).provider_code) == (ConfigurationError, "400/loft")
    assert [TABLE.error(row, SLOW).retry_after_s for row in TABLE] == [None, None, 7]


def test_a_wait_that_the_body_asks_for_comes_before_that_of_the_head() -> None:
    assert [TABLE.error(row, SLOW, wait_s=0.0).retry_after_s for row in TABLE] == [None, None, 0.0]
