"""Which piece of a long text a callback's fields, or a user data header, name."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers._sms.inbound import MAX_PIECES, piece, piece_of_header
from connector_platform.core.events import Piece


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("050003cc0201", Piece(reference="cc", number=1, total=2)),
        ("060804abcd0303", Piece(reference="abcd", number=3, total=3)),
        # Without the octet of its length.
        ("0003cc0202", Piece(reference="cc", number=2, total=2)),
        # Ports first (information element 5), then the piece.
        ("0b05040b8423f00003cc0302", Piece(reference="cc", number=2, total=3)),
        # Ports only; a piece of none; one behind the last; a header that ends early.
        ("06050415811581", None),
        ("050003cc0000", None),
        ("050003cc0203", None),
        ("050003cc02", None),
        ("", None),
    ],
)
def test_user_data_headers(header: str, expected: Piece | None) -> None:
    assert piece_of_header(bytes.fromhex(header)) == expected


@settings(deadline=None)
@given(st.binary(max_size=40))
def test_any_octets_name_a_piece_or_none(header: bytes) -> None:
    found = piece_of_header(header)
    assert found is None or 1 <= found.number <= found.total <= MAX_PIECES


@pytest.mark.parametrize(
    ("number", "total", "is_piece"),
    [
        ("1", "2", True),
        ("02", "02", True),
        ("20", "20", True),
        ("1", "1", False),
        ("0", "2", False),
        ("3", "2", False),
        ("1", "21", False),
        ("", "2", False),
        ("1", "", False),
        ("-1", "2", False),
        ("\u0661", "2", False),
        ("1", "9" * 5000, False),
        ("one", "two", False),
    ],
)
def test_fields(number: str, total: str, is_piece: bool) -> None:
    expected = Piece(reference="r", number=int(number), total=int(total)) if is_piece else None
    assert piece("r", number, total) == expected
