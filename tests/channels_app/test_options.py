"""A channel's options: which words a consumer is told, which end the conversation, which mappings are refused."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from channels_app.options import ChannelOptions

OPTIONS = ChannelOptions.model_validate(
    {
        "texts": {"closed_by_agent": "Goodbye", "agent_joined": "Hello"},
        "translations": {"de": {"closed_by_agent": "Auf Wiedersehen"}, "pt_BR": {"closed_by_agent": ""}},
        "close_keywords": ["#end", "Tot ziens"],
    }
)


@pytest.mark.parametrize(
    ("locale", "text"),
    [("", "Goodbye"), ("en-US", "Goodbye"), ("de", "Auf Wiedersehen"), ("de_AT", "Auf Wiedersehen"), ("pt-BR", ""), ("pt", "Goodbye")],
)
def test_a_consumer_is_told_in_the_own_language(locale: str, text: str) -> None:
    assert OPTIONS.text("closed_by_agent", locale) == text


def test_what_a_translation_leaves_away_is_told_in_the_default_words() -> None:
    assert OPTIONS.text("agent_joined", "de") == "Hello"
    assert OPTIONS.text("transferred", "de") == ""


@pytest.mark.parametrize(
    ("said", "closes"), [("#END", True), ("  tot   ziens ", True), ("tot ziens!", False), ("the #end", False), ("", False)]
)
def test_only_a_whole_message_closes(said: str, closes: bool) -> None:
    assert OPTIONS.closes(said) is closes


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({"attributes": {"cart.total": "1"}}, "is no attribute of the Connector API"),
        ({"attributes": {"ctmrinfo.role": "{shoe}"}}, "nothing is known as"),
        ({"translations": {"": {}}}, "is no language"),
        ({"survey": {"expires_minutes": 0}}, "greater than or equal to 1"),
        ({"skill_id": "sales"}, "is a whole number"),
        ({"texts": {"survey_yes": "y" * 21}}, "at most 20"),
        ({"colour": "red"}, "Extra inputs"),
    ],
)
def test_what_cannot_work_is_refused(options: dict[str, object], sentence: str) -> None:
    with pytest.raises(ValidationError, match=sentence):
        ChannelOptions.model_validate(options)


def test_no_options_are_options() -> None:
    assert ChannelOptions.model_validate({}).survey.enabled is False
