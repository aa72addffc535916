"""What the fixtures do not show: other words to stop, numbers as they come, callbacks that cannot be read."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels_app.providers.bird import Bird
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import File, OptIn, OptOut, Text
from tests.providers.bird.case import NUMBER, make_config, receive, report

MESSAGE = {"id": "mb-1", "originator": "31612345678", "recipient": NUMBER}


@pytest.mark.parametrize(
    ("text", "expected"),
    [("Arrêt", OptOut(reason="Arrêt")), ("REPRENDRE", OptIn()), ("arrêt !", Text(text="arrêt !")), ("STOP", Text(text="STOP"))],
)
def test_the_words_are_the_brands_own(text: str, expected: object) -> None:
    config = make_config(stop_keywords=["arrêt"], start_keywords=["reprendre"])
    assert [event.content for event in Bird().parse(receive({**MESSAGE, "body": text}), config).events] == [expected]


@pytest.mark.parametrize(
    "fields",
    [{}, {"id": "mb-1", "body": "hi"}, {"originator": "31612345678", "body": "hi"}, {f"field{number}": "" for number in range(101)}],
    ids=["nothing", "no originator", "no id", "too many"],
)
def test_a_message_that_nothing_identifies_is_kept_and_answered_200(fields: dict[str, str]) -> None:
    with pytest.raises(PayloadMalformed) as caught:
        Bird().parse(receive(fields), make_config())
    assert caught.value.status == 200


@pytest.mark.parametrize("query", ["", "id=mb-1", "status=delivered", "id=&status=delivered"])
def test_a_report_of_nothing_is_kept_and_answered_200(query: str) -> None:
    with pytest.raises(PayloadMalformed) as caught:
        Bird().parse(report(query), make_config())
    assert caught.value.status == 200


@pytest.mark.parametrize(
    ("value", "urls"),
    [
        ("https://a.example/1.jpg,https://a.example/2.jpg", ["https://a.example/1.jpg", "https://a.example/2.jpg"]),
        ('["https://a.example/1.jpg"]', ["https://a.example/1.jpg"]),
        ("[not json", []),
        ('{"a": 1}', []),
        ("ftp://a.example/1.jpg", []),
        ("https://[::1", []),
        ("", []),
    ],
)
def test_media_come_in_several_forms(value: str, urls: list[str]) -> None:
    events = Bird().parse(receive({**MESSAGE, "body": "look", "mediaUrls": value}), make_config()).events
    assert [event.content.url for event in events if isinstance(event.content, File)] == urls
    assert events[0].content == Text(text="look")


def test_the_callback_is_answered_ok() -> None:
    request = receive({**MESSAGE, "body": "hi"})
    answer = Bird().answer(request, make_config(), Bird().parse(request, make_config()))
    assert (answer.status, answer.body) == (200, b"OK")


@given(value=st.text(max_size=200))
def test_any_media_field_is_read_or_left_aside(value: str) -> None:
    events = Bird().parse(receive({**MESSAGE, "mediaUrls": value.encode("utf-8", "replace").decode()}), make_config()).events
    assert events
