"""The GSM alphabet: what fits, how long it is, and where it may be cut."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers._sms import gsm7
from channels_app.providers._sms.gsm7 import Alphabet

GSM_CHARS = gsm7.ALPHABET.replace("\x1b", "") + "".join(gsm7.EXTENSION.values())
gsm_text = st.text(alphabet=GSM_CHARS, max_size=600)
any_text = st.text(alphabet=st.one_of(st.characters(exclude_categories=["Cs"]), st.sampled_from("aé€{ \n🙂👨‍👩‍👧🇳🇱👍🏽")), max_size=400)


def squeezed(text: str) -> str:
    """Without blanks: those at a cut are dropped on purpose."""
    return "".join(text.split())


def test_the_alphabet_has_128_places_and_known_codes() -> None:
    assert len(gsm7.ALPHABET) == 128
    assert [gsm7.ALPHABET.index(char) for char in "@é\n\rΔA¡a¿à"] == [0x00, 0x05, 0x0A, 0x0D, 0x10, 0x41, 0x40, 0x61, 0x60, 0x7F]
    assert len(set(gsm7.ALPHABET)) == 128


@pytest.mark.parametrize(("text", "expected"), [("", 0), ("hello", 5), ("€", 2), ("[a]", 5), ("Ç", 1), ("^{}\\[~]|€\f", 20)])
def test_extension_characters_count_two_septets(text: str, expected: int) -> None:
    assert gsm7.septets(text) == expected


@pytest.mark.parametrize("char", ["ç", "’", "“", "–", "…", "`", "🙂"])
def test_common_characters_that_are_not_in_the_alphabet(char: str) -> None:
    assert not gsm7.fits(char)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("It’s “fine” – really…", 'It\'s "fine" - really...'),
        ("façade, naïve, Zoë, São", "facade, naive, Zoe, Sao"),
        ("Łódź", "Lodz"),
        ("cafe\u0301", "café"),
        ("€ 5 é ñ Ü", "€ 5 é ñ Ü"),
        ("ok 🙂 漢", "ok ? ?"),
        ("a\u00a0b", "a b"),
    ],
)
def test_replacement_prefers_the_closest_character(text: str, expected: str) -> None:
    assert gsm7.to_gsm7(text) == expected


@settings(deadline=None)
@given(any_text)
def test_a_replaced_text_always_fits(text: str) -> None:
    assert gsm7.fits(gsm7.to_gsm7(text))


@settings(deadline=None)
@given(gsm_text)
def test_what_fits_is_left_alone_by_replacement(text: str) -> None:
    assert gsm7.to_gsm7(text) == text


@settings(deadline=None)
@given(gsm_text)
def test_codes_decode_to_what_was_encoded(text: str) -> None:
    codes = gsm7.encode(text)
    assert len(codes) == gsm7.septets(text)
    assert gsm7.decode(codes) == text


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_any_octets_decode_or_are_refused(octets: bytes) -> None:
    assert (gsm7.decode(octets) is None) == any(octet > 0x7F for octet in octets)


@pytest.mark.parametrize(
    ("text", "alphabet", "expected"),
    [
        ("", Alphabet.GSM7, 1),
        ("a" * 160, Alphabet.GSM7, 1),
        ("a" * 161, Alphabet.GSM7, 2),
        ("a" * 306, Alphabet.GSM7, 2),
        ("a" * 307, Alphabet.GSM7, 3),
        # The escape pair would straddle the first part's last septet, so it moves and the second part overflows.
        ("a" * 152 + "€" + "a" * 152, Alphabet.GSM7, 3),
        ("a" * 70, Alphabet.UNICODE, 1),
        ("a" * 71, Alphabet.UNICODE, 2),
        ("🙂" * 35, Alphabet.UNICODE, 1),
        ("🙂" * 36, Alphabet.UNICODE, 2),
        ("🙂" * 67, Alphabet.UNICODE, 3),
    ],
)
def test_segment_count(text: str, alphabet: Alphabet, expected: int) -> None:
    assert gsm7.segment_count(text, alphabet) == expected


@settings(deadline=None)
@given(any_text, any_text)
def test_a_text_never_takes_fewer_segments_when_it_grows(text: str, more: str) -> None:
    assert gsm7.segments(text) <= gsm7.segments(text + more)


@pytest.mark.parametrize(("septets", "units"), [(160, 70), (153, 66), (161, 134), (306, 134), (1530, 670), (40, 17)])
def test_a_limit_in_septets_means_fewer_utf16_units(septets: int, units: int) -> None:
    assert gsm7.limit_for(septets, Alphabet.UNICODE) == units
    assert gsm7.limit_for(septets, Alphabet.GSM7) == septets
