"""Numbers with and without their plus."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers._sms.numbers import canonical_number, profile, vendor_number
from connector_platform.core.errors import RecipientGone
from connector_platform.core.events import Profile


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


@pytest.mark.parametrize(("number", "expected"), [("+31612345678", "31612345678"), ("31612345678", "31612345678"), ("3020", "3020")])
def test_a_number_goes_out_without_its_plus(number: str, expected: str) -> None:
    assert vendor_number(number) == expected


@pytest.mark.parametrize("number", ["MTN", "", "+", "12", "1" * 16, "٣١٦١٢٣٤٥٦٧٨", "+31 6"])
def test_what_is_no_number_cannot_be_answered(number: str) -> None:
    with pytest.raises(RecipientGone, match="alphanumeric"):
        vendor_number(number)


@pytest.mark.parametrize(
    ("person", "phone"), [("+31612345678", "+31612345678"), ("31612345678", "+31612345678"), ("3020", ""), ("MTN", ""), ("0612345678", "")]
)
def test_only_an_international_number_is_a_persons(person: str, phone: str) -> None:
    assert profile(person) == (Profile(phone=phone) if phone else None)
