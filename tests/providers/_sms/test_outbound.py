"""What the SMS channels make of an event alike: words and links, and nothing of what cannot be said so."""

from __future__ import annotations

from dataclasses import replace

import pytest

from connector_platform.core.errors import RecipientGone, UnsupportedContent
from connector_platform.core.events import ChatState, ChatStateKind, Contact, Content, File, FileKind, Location, RichContent, Text
from tests.providers.contract.cases import ProviderCase, load_case, send
from tests.providers.contract.test_sending import CARD, QUESTION
from tests.providers.vonage.case import CONFIG as VONAGE_NUMBER


@pytest.fixture(params=["bird", "infobip", "plivo", "sms_gateway", "vonage"])
def case(request: pytest.FixtureRequest) -> ProviderCase:
    found = load_case(request.param)
    # Vonage's own case is a WhatsApp sender.
    return replace(found, config=VONAGE_NUMBER) if request.param == "vonage" else found


@pytest.mark.parametrize(
    ("content", "words", "losses"),
    [
        (
            Location(latitude=52.3791, longitude=4.9003, title="Station", address="Stationsplein 1"),
            "Station\nStationsplein 1\nhttps://www.google.com/maps/search/?api=1&query=52.3791,4.9003",
            ["the place is shown as a link to a map"],
        ),
        (Contact(name="Ana Example", phone="+15550100"), "Ana Example\n+15550100", ["the contact is shown as text"]),
        (
            File(kind=FileKind.IMAGE, url="https://files.example.com/a.png", name="a.png", caption="the shoe"),
            "the shoe\nhttps://files.example.com/a.png",
            ["the file is sent as a link"],
        ),
        (
            File(kind=FileKind.DOCUMENT, url="https://files.example.com/a.pdf", name="a.pdf"),
            "a.pdf\nhttps://files.example.com/a.pdf",
            ["the file is sent as a link"],
        ),
        (Text(text=" \x00Grüezi\n"), "Grüezi", []),
    ],
)
def test_it_is_said_in_words(case: ProviderCase, content: Content, words: str, losses: list[str]) -> None:
    result, calls = send(case, content)
    assert [case.sent_text(call) for call in calls] == [words]
    assert [loss.reason for loss in result.losses] == losses


@pytest.mark.parametrize(
    ("content", "words", "titles"),
    [
        (QUESTION, "Which colour?\n1) Red\n2) Blue", ["Red", "Blue"]),
        (
            CARD,
            "mug: https://cdn.example.com/mug.png\nBlue mug\nHolds a lot\nLook: https://shop.example.com/mug\n1) Buy",
            ["Buy"],
        ),
    ],
)
def test_choices_are_numbered_and_can_be_answered(case: ProviderCase, content: Content, words: str, titles: list[str]) -> None:
    result, calls = send(case, content)
    assert [case.sent_text(call) for call in calls] == [words]
    choices = [(choice.number, choice.title, choice.is_numbered) for choice in result.shown if choice.is_numbered]
    assert choices == [(number, title, True) for number, title in enumerate(titles, 1)]


def test_a_name_cannot_be_answered(case: ProviderCase) -> None:
    with pytest.raises(RecipientGone, match="alphanumeric"):
        send(case, Text(text="hi"), context=replace(case.context(), to="PostNL"))


@pytest.mark.parametrize(
    "content",
    [
        Text(text=" \n"),
        RichContent(),
        File(kind=FileKind.IMAGE),
        File(kind=FileKind.IMAGE, url="ftp://files.example.com/a"),
        Contact(),
    ],
)
def test_what_has_no_form_is_refused_before_any_call(case: ProviderCase, content: Content) -> None:
    with pytest.raises(UnsupportedContent):
        next(case.provider.send(content, case.config, case.context()))


def test_typing_makes_no_call(case: ProviderCase) -> None:
    # Where other senders of the vendor show it, it is left aside; else it is refused, as the platform never asks for it.
    with pytest.raises(StopIteration if case.provider.capabilities.typing_out else UnsupportedContent):
        next(case.provider.send(ChatState(state=ChatStateKind.COMPOSING), case.config, case.context()))
