"""Senders' numbers, from what gateways write to one form."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers.sms_gateway.numbers import canonical_number


@pytest.mark.parametrize(
    ("given", "region", "expected"),
    [
        ("+31612345678", "", "+31612345678"),
        (" 31612345678", "", "+31612345678"),
        ("31612345678", "US", "+31612345678"),
        ("2348031234567", "US", "+2348031234567"),
        ("0031612345678", "", "+31612345678"),
        ("0612345678", "NL", "+31612345678"),
        ("0612345678", "", "0612345678"),
        ("+31 (6) 12-34.56/78", "", "+31612345678"),
        ("3020", "NL", "3020"),
        ("MTN", "NL", "MTN"),
        ("+15550100123", "", "+15550100123"),
        ("00", "NL", "00"),
        ("٣١٦", "NL", "٣١٦"),
        ("+", "NL", "+"),
    ],
)
def test_numbers_become_one_form(given: str, region: str, expected: str) -> None:
    assert canonical_number(given, region) == expected


@settings(deadline=None)
@given(st.text(max_size=70), st.sampled_from(["", "NL", "US", "BR"]))
def test_any_sender_is_a_sender(given_sender: str, region: str) -> None:
    assert canonical_number(given_sender, region) or not given_sender.strip()
