"""What Messenger and Instagram do alike when they send."""

from __future__ import annotations

import importlib
import json
from datetime import timedelta

import pytest

from channels_app.providers.base import ProviderConfig, Sent
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, DeliveryError, OutcomeUnknown, UnsupportedContent, WindowClosed
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Close,
    Contact,
    Content,
    ConversationChange,
    File,
    FileKind,
    Location,
    Receipt,
    ReceiptKind,
    Selection,
    Text,
)
from tests.providers._meta.case import error_response, json_response
from tests.providers.contract.cases import NOW, ProviderCase, drive, load_case, send

URL = "https://files.example.com/a.mp4"


@pytest.fixture(params=["instagram", "messenger"])
def case(request: pytest.FixtureRequest) -> ProviderCase:
    return load_case(request.param)


def with_human_agent(case: ProviderCase, is_enabled: bool) -> ProviderConfig:
    return case.config.model_copy(update={"human_agent_enabled": is_enabled})


@pytest.mark.parametrize("content", [Text(text=""), Text(text="  \n"), Selection(payload="p"), File(kind=FileKind.IMAGE), Contact()])
def test_what_has_nothing_to_show_is_refused_before_any_call(case: ProviderCase, content: Content) -> None:
    with pytest.raises(UnsupportedContent):
        next(case.provider.send(content, case.config, case.context()))


def test_an_answer_without_a_message_id_is_an_unknown_outcome(case: ProviderCase) -> None:
    steps = case.provider.send(Text(text="hello"), case.config, case.context())
    next(steps)
    with pytest.raises(OutcomeUnknown):
        steps.send(json_response({}))


@pytest.mark.parametrize(
    ("age", "is_enabled", "expected"),
    [
        (None, False, {"messaging_type": "RESPONSE"}),
        (timedelta(seconds=-5), False, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=24), False, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=24), True, {"messaging_type": "RESPONSE"}),
        (timedelta(hours=24, seconds=1), True, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
        (timedelta(days=7), True, {"messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}),
        (timedelta(hours=24, seconds=1), False, None),
        (timedelta(days=7, seconds=1), True, None),
    ],
)
def test_the_window_decides_by_what_right_we_write(
    case: ProviderCase, age: timedelta | None, is_enabled: bool, expected: dict[str, str] | None
) -> None:
    config = with_human_agent(case, is_enabled)
    context = case.context(last_inbound_at=None if age is None else NOW - age)
    steps = case.provider.send(Text(text="hello"), config, context)
    if expected is None:
        with pytest.raises(WindowClosed):
            next(steps)
        typing = case.provider.send(ChatState(state=ChatStateKind.COMPOSING), config, context)
        assert drive(case.provider, typing, case.answer) == (Sent(), [])
    else:
        payload = json.loads(next(steps).body)
        assert {key: payload[key] for key in payload if key in ("messaging_type", "tag")} == expected


@pytest.mark.parametrize(
    ("age", "is_enabled", "words"),
    [
        (timedelta(hours=24), True, ""),
        (timedelta(hours=24, seconds=1), True, "only a person's answer may go"),
        (timedelta(days=7), True, "only a person's answer may go"),
        (timedelta(days=7, seconds=1), True, "more than 7 days ago"),
        (timedelta(hours=24, seconds=1), False, "Human agent is not enabled"),
    ],
)
def test_a_bots_words_never_go_with_the_tag_for_people(case: ProviderCase, age: timedelta, is_enabled: bool, words: str) -> None:
    config, context = with_human_agent(case, is_enabled), case.context(last_inbound_at=NOW - age, by_bot=True)
    if words:
        with pytest.raises(WindowClosed, match=words):
            next(case.provider.send(Text(text="hello"), config, context))
        typing = case.provider.send(ChatState(state=ChatStateKind.COMPOSING), config, context)
        assert drive(case.provider, typing, case.answer) == (Sent(), [])
    else:
        assert json.loads(next(case.provider.send(Text(text="hello"), config, context)).body)["messaging_type"] == "RESPONSE"


def file_refusals(case: ProviderCase) -> frozenset[str]:
    found: frozenset[str] = importlib.import_module(f"channels_app.providers.{case.provider.slug}.errors").FILE_REFUSALS
    assert found
    return found


def test_a_file_that_meta_refuses_goes_out_as_a_link(case: ProviderCase) -> None:
    for code in sorted(file_refusals(case)):

        def answer(call: HttpCall, number: int, code: str = code) -> HttpResponse:
            return error_response(code) if "attachment" in json.loads(call.body)["message"] else case.answer(call, number)

        steps = case.provider.send(File(kind=FileKind.VIDEO, url=URL, caption="Look"), case.config, case.context())
        result, calls = drive(case.provider, steps, answer)
        assert [json.loads(call.body)["message"] for call in calls][1:] == [{"text": URL}, {"text": "Look"}]
        assert len(result.parts) == 2
        assert [(loss.kind, code in loss.reason) for loss in result.losses] == [("moved", False), ("reduced", True)]


def test_another_refusal_of_a_file_is_final(case: ProviderCase) -> None:
    for code in {"100", "100/2534014", "2/2018344", "10/2018278", "10/2534022", "190"} - file_refusals(case):
        steps = case.provider.send(File(kind=FileKind.VIDEO, url=URL), case.config, case.context())
        with pytest.raises(DeliveryError) as caught:
            drive(case.provider, steps, lambda *_, code=code: error_response(code))
        assert caught.value.provider_code == code


def test_a_refused_text_is_not_sent_another_way(case: ProviderCase) -> None:
    steps = case.provider.send(Text(text="hello"), case.config, case.context())
    with pytest.raises(ContentRejected):
        drive(case.provider, steps, lambda *_: error_response("100/2018047"))


@pytest.mark.parametrize(
    ("content", "words", "reason"),
    [
        (
            Location(latitude=52.3791, longitude=4.9003, title="Station"),
            "Station\nhttps://www.google.com/maps/search/?api=1&query=52.3791,4.9003",
            "the place is shown as a link to a map",
        ),
        (Contact(name="Ana Example", phone="+15550100"), "Ana Example\n+15550100", "the contact is shown as text"),
    ],
)
def test_a_place_and_a_contact_are_lines(case: ProviderCase, content: Content, words: str, reason: str) -> None:
    result, calls = send(case, content)
    assert [json.loads(call.body)["message"] for call in calls] == [{"text": words}]
    assert [loss.reason for loss in result.losses] == [reason]


@pytest.mark.parametrize(
    ("content", "action"),
    [
        (ChatState(state=ChatStateKind.COMPOSING), "typing_on"),
        (ChatState(state=ChatStateKind.PAUSED), "typing_off"),
        (ChatState(state=ChatStateKind.ACTIVE), "typing_off"),
        (ChatState(state=ChatStateKind.GONE), "typing_off"),
        (Receipt(kind=ReceiptKind.READ), "mark_seen"),
    ],
)
def test_an_act_is_a_sender_action_without_a_message(case: ProviderCase, content: Content, action: str) -> None:
    result, (call,) = send(case, content)
    assert result == Sent()
    assert json.loads(call.body) == {"recipient": {"id": case.consumer_ids[0]}, "sender_action": action}
    assert (call.purpose, call.effect) == (action, False)


@pytest.mark.parametrize(
    "content", [Receipt(kind=ReceiptKind.DELIVERED), Close(), ConversationChange(state="CLOSE", stage="CLOSE", changed_at_ms=1)]
)
def test_what_meta_cannot_show_makes_no_call(case: ProviderCase, content: Content) -> None:
    assert send(case, content) == (Sent(), [])
