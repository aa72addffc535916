"""Which choice a written answer means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.rich import Choice, ChoiceKind, by_payload, match, text_payload


def choice(number: int, title: str, words: str = "", *, is_numbered: bool = True, payload: str = "", meta: str = "") -> Choice:
    return Choice(
        number=number,
        title=title,
        kind=ChoiceKind.PUBLISH_TEXT if number else ChoiceKind.LINK,
        publish_text=(words or title) if number else "",
        metadata=({"type": "ExternalId", "id": meta},) if meta else (),
        is_numbered=is_numbered and bool(number),
        payload=payload,
    )


SHOWN = (choice(1, "Blue mug", "blue"), choice(2, "Red  mug", "red"), choice(0, "Shop"), choice(3, "Größe L", "size l"))


@pytest.mark.parametrize(
    ("text", "number"),
    [
        ("1", 1),
        (" 2 ", 2),
        ("2)", 2),
        ("2.", 2),
        ("2:", 2),
        ("(2)", 2),
        ("[2]", 2),
        ("#2", 2),
        ("02", 2),
        ("２", 2),
        ("２）", 2),
        ("٢", 2),
        ("②", 2),
        ("2️⃣", 2),
        ("2) red mug", 2),
        ("2 Red mug", 2),
        ("blue mug", 1),
        ("BLUE\n MUG", 1),
        ("ＢＬＵＥ　ｍｕｇ", 1),
        ("grösse l", 3),
        ("2) blue mug", None),
        ("2 please", None),
        ("22", None),
        ("0", None),
        ("4", None),
        ("-1", None),
        ("1 2", None),
        ("1.5", None),
        ("Shop", None),
        ("blue", None),
        ("", None),
        ("  ", None),
        (")", None),
        ("9" * 5000, None),
    ],
)
def test_an_answer_is_a_number_or_a_title(text: str, number: int | None) -> None:
    found = match(text, SHOWN)
    assert (found.number if found else None) == number


def test_a_title_wins_over_a_number() -> None:
    found = match("1", (choice(1, "10"), choice(2, "1")))
    assert found is not None
    assert found.number == 2


def test_a_number_that_nobody_saw_means_nothing() -> None:
    assert match("1", (choice(1, "Blue", is_numbered=False),)) is None
    assert match("blue", (choice(1, "Blue", is_numbered=False),)) is not None


def test_a_title_that_two_choices_share_is_nobodys() -> None:
    assert match("buy", (choice(1, "Buy", "buy blue"), choice(2, "Buy", "buy red"))) is None
    assert match("buy", (choice(1, "Buy", "buy", meta="a"), choice(2, "Buy", "buy", meta="b"))) is None
    same = (choice(1, "Buy", "buy"), choice(2, "Buy", "buy"))
    assert match("buy", same) is same[0]
    assert match("2", same) is same[1]


def test_a_tap_is_found_by_its_payload() -> None:
    shown = (choice(1, "Blue", payload="k1"), choice(2, "Red"), choice(3, "Also blue", payload="k1"))
    assert by_payload("k1", shown) is shown[0]
    assert by_payload("", shown) is None
    assert by_payload("k2", shown) is None


def test_the_payload_that_needs_no_memory_is_the_words() -> None:
    assert text_payload(choice(1, "Blue", "the blue one")) == "text:the blue one"


@given(st.text(), st.lists(st.text(), max_size=5))
def test_any_answer_means_one_of_the_choices_or_none(text: str, titles: list[str]) -> None:
    shown = tuple(choice(number, title) for number, title in enumerate(titles, 1))
    found = match(text, shown)
    assert found is None or found in shown


@given(st.integers(1, 30), st.integers(1, 30))
def test_each_number_means_its_choice(count: int, number: int) -> None:
    shown = tuple(choice(n, f"Choice {n}") for n in range(1, count + 1))
    found = match(str(number), shown)
    assert (found.number if found else None) == (number if number <= count else None)
