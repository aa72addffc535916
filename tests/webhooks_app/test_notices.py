"""What consumers are told about their conversation, in the words of the operator's choice."""

from __future__ import annotations

from typing import Any

import pytest

from connector_platform.core.events import ConversationChange
from tests.webhooks_app.far_side import answer
from tests.webhooks_app.world import World, ended, state_change, text_change
from webhooks_app.delivery.notices import changes
from webhooks_app.delivery.people import Talk

pytestmark = pytest.mark.django_db(transaction=True)

TEXTS = {
    "agent_joined": "An agent is here",
    "agent_left": "The agent had to go",
    "transferred": "Another team takes over",
    "closed_by_agent": "Goodbye",
    "closed_by_consumer": "You left",
    "closed_by_system": "It was quiet for long",
}


def told(world: World, conversation_id: str, at: int, **state: Any) -> list[str]:
    """What the phone shows because of this state of the conversation."""
    before = len(world.far.phone())
    world.notify(state_change(conversation_id, world.lp_consumer_id(), at_ms=1793001600000 + at, **state))
    world.work_on()
    return world.far.phone()[before:]


def test_a_consumer_is_told_who_came_and_went_and_how_it_ended(world: World) -> None:
    world.decide(texts=TEXTS)
    conversation_id = world.open_conversation()
    assert told(world, conversation_id, 1) == []
    assert told(world, conversation_id, 2, agents=["a-1"]) == ["An agent is here"]
    assert told(world, conversation_id, 3, agents=["a-1"]) == []
    assert told(world, conversation_id, 4) == ["The agent had to go"]
    assert told(world, conversation_id, 5, agents=["a-2"]) == ["An agent is here"]
    assert told(world, conversation_id, 6, skill="7") == ["Another team takes over"]
    assert told(world, conversation_id, 7, skill="9", agents=["a-3"]) == ["Another team takes over\nAn agent is here"]
    assert told(world, conversation_id, 8, skill="9", stage="CLOSE", close_reason="AGENT") == ["Goodbye"]
    assert told(world, conversation_id, 9, skill="9", stage="CLOSE", close_reason="AGENT") == []
    assert [one.state for one in world.conversations()] == ["closed"]


@pytest.mark.parametrize(
    ("reason", "words"), [("CONSUMER", "You left"), ("SYSTEM", "It was quiet for long"), ("TIMEOUT", "It was quiet for long")]
)
def test_each_end_has_its_own_words(world: World, reason: str, words: str) -> None:
    world.decide(texts=TEXTS)
    assert told(world, world.open_conversation(), 1, stage="CLOSE", close_reason=reason) == [words]


def test_nothing_is_said_where_nothing_was_configured(world: World) -> None:
    conversation_id = world.open_conversation()
    assert told(world, conversation_id, 1, agents=["a-1"]) == []
    assert told(world, conversation_id, 2, stage="CLOSE", close_reason="AGENT") == []


def test_a_consumer_is_told_in_the_language_of_the_platform(world: World) -> None:
    world.decide(texts=TEXTS, translations={"de": {"closed_by_agent": "Auf Wiedersehen"}})
    conversation_id = world.open_conversation()
    consumer = world.consumer()
    consumer.profile = {**consumer.profile, "locale": "de_AT"}
    consumer.save()
    assert told(world, conversation_id, 1, stage="CLOSE", close_reason="AGENT") == ["Auf Wiedersehen"]


def test_the_state_is_taken_over_where_the_consumer_cannot_be_told(world: World) -> None:
    # given a channel that refuses
    world.decide(texts=TEXTS)
    conversation_id = world.open_conversation()
    refusal = {"error": {"code": 100, "message": "no", "type": "OAuthException"}}
    world.far.script("send_text", answer(refusal, 400))
    # when: it is tried once, and refused
    assert told(world, conversation_id, 1, stage="CLOSE", close_reason="AGENT") == ["Goodbye"]
    # then
    event = world.event(kind="conversation_change")
    assert ended(event) == ("done", "applied")
    assert "was not told" in event.detail
    assert [one.state for one in world.conversations()] == ["closed"]


def test_a_paused_channel_says_nothing_and_keeps_track(world: World) -> None:
    world.decide(texts=TEXTS)
    conversation_id = world.open_conversation()
    world.channel.state = "broken"
    world.channel.save()
    assert told(world, conversation_id, 1, stage="CLOSE", close_reason="AGENT") == []
    assert [one.state for one in world.conversations()] == ["closed"]


def test_a_word_of_the_operators_choice_ends_the_conversation(world: World) -> None:
    # given
    world.decide(close_keywords=["bye"], texts=TEXTS)
    conversation_id = world.open_conversation()
    # when
    world.consumer_says("  BYE ")
    world.work()
    # then LivePerson is asked to end the main dialog, and the word itself is not a message
    (call,) = world.far.of("close")
    assert b'"DialogChange"' in call.body and b"Closed by consumer" in call.body
    assert world.far.texts() == []
    assert told(world, conversation_id, 1, stage="CLOSE", close_reason="CONSUMER") == ["You left"]
    # and the next message opens another
    world.consumer_says("hello again")
    world.work()
    assert len(world.far.created) == 2


def test_a_closing_word_without_a_conversation_opens_none(world: World) -> None:
    world.decide(close_keywords=["bye"])
    world.consumer_says("bye")
    world.work()
    assert world.far.created == []
    assert ended(world.event(direction="i")) == ("skipped", "no_conversation")


def test_without_surveys_the_whole_conversation_is_closed_at_once(world: World) -> None:
    world.app.features = ["RICH_CONTENT"]
    world.app.save()
    world.decide(close_keywords=["bye"])
    world.open_conversation()
    world.consumer_says("bye")
    world.work()
    (call,) = world.far.of("close")
    assert b'"ConversationStateField"' in call.body
    assert [one.state for one in world.conversations()] == ["closed"]


# LivePerson's own survey behind a close.


def survey_dialog(state: str = "OPEN") -> dict[str, Any]:
    return {"dialogId": "survey-1", "dialogType": "POST_SURVEY", "state": state}


def test_livepersons_survey_is_carried_through_the_channel(world: World) -> None:
    # given a close behind which LivePerson asks
    world.decide(close_keywords=["bye"], texts=TEXTS, survey={"enabled": True})
    conversation_id = world.open_conversation()
    assert told(world, conversation_id, 1, stage="OPEN", state="CLOSE", close_reason="CONSUMER", dialogs=[survey_dialog()]) == ["You left"]
    world.notify(text_change(conversation_id, 0, "How was it?", dialog_id="survey-1", role="AGENT"))
    world.work()
    assert world.far.phone()[-1] == "How was it?"
    # when the consumer answers
    world.consumer_says("fine")
    world.work()
    # then it goes to the survey's dialog
    assert b'"dialogId":"survey-1"' in world.far.of("send_text")[-1].body
    # and a closing word ends everything
    world.consumer_says("bye")
    world.work()
    (call,) = world.far.of("close")
    assert b'"Stage"' in call.body
    # and ours does not follow
    assert told(world, conversation_id, 2, stage="CLOSE", close_reason="CONSUMER", dialogs=[survey_dialog("CLOSE")]) == []


def test_a_message_that_arrives_before_the_survey_is_known_goes_to_the_survey(world: World) -> None:
    # given LivePerson has ended the main dialog, and its notification is still on its way
    from tests.webhooks_app.far_side import ALREADY_OPEN, CLOSED

    conversation_id = world.open_conversation()
    world.far.script("send_text", CLOSED)
    world.far.script("create_conversation", *[ALREADY_OPEN] * 2)
    details = {"campaignId": -1, "engagementId": -1, "status": "conversation", "conversationId": conversation_id}
    world.far.script("fetch_engagement", *[answer({"sessionId": "s", "visitorId": "v", "engagementDetails": [details]})] * 2)
    world.consumer_says("one more thing")
    world.work()
    assert world.event(direction="i", state="waiting").outcome == "awaiting_conversation"
    # when the notification comes
    world.notify(state_change(conversation_id, world.lp_consumer_id(), stage="OPEN", state="CLOSE", dialogs=[survey_dialog()]))
    world.work_on(times=2)
    # then
    assert b'"dialogId":"survey-1"' in world.far.of("send_text")[-1].body
    assert len(world.far.created) == 1


def test_a_conversation_that_liveperson_keeps_open_without_a_word_is_closed_whole(world: World) -> None:
    from tests.webhooks_app.far_side import ALREADY_OPEN, CLOSED

    conversation_id = world.open_conversation()
    world.far.script("send_text", CLOSED)
    details = {"campaignId": -1, "engagementId": -1, "status": "conversation", "conversationId": conversation_id}
    held = answer({"sessionId": "s", "visitorId": "v", "engagementDetails": [details]})
    world.far.script("create_conversation", *[ALREADY_OPEN] * 4)
    world.far.script("fetch_engagement", *[held] * 4)
    world.consumer_says("one more thing")
    world.work()
    world.work_on(times=4)
    assert [b'"Stage"' in call.body for call in world.far.of("close")] == [True]
    assert world.far.texts()[-1] == "one more thing"
    assert len(world.far.created) == 2


def test_an_agent_who_resumes_a_closed_conversation_is_heard_in_it(world: World) -> None:
    # given
    conversation_id = world.open_conversation()
    told(world, conversation_id, 1, stage="CLOSE", close_reason="AGENT")
    assert [one.state for one in world.conversations()] == ["closed"]
    # when
    told(world, conversation_id, 2, agents=["a-1"])
    # then
    assert [one.state for one in world.conversations()] == ["open"]
    world.consumer_says("good that you are back")
    world.work()
    assert len(world.far.created) == 1
    # but an old word of it does not open it again
    told(world, conversation_id, 3, stage="CLOSE", close_reason="AGENT")
    told(world, conversation_id, 2, agents=["a-1"])
    assert [one.state for one in world.conversations()] == ["closed"]


def talk(**fields: Any) -> Talk:
    known: dict[str, Any] = {
        "id": None, "consumer_id": None, "channel_id": None, "liveperson_id": "c", "state": "open", "dialog_id": "c", "created_at": None,
        "stage": "OPEN", "skill_id": "1", "agent_id": "", "close_reason": "", "changed_ms": 5, "main_state": "OPEN", "is_typing": False, "offered": False,
    }  # fmt: skip
    return Talk(**{**known, **fields})


@pytest.mark.parametrize(
    ("before", "change", "names"),
    [
        ({}, {}, []),
        ({"changed_ms": 0, "skill_id": "configured"}, {"skill_id": "routed"}, []),
        ({}, {"skill_id": "2"}, ["transferred"]),
        ({"agent_id": "a"}, {"skill_id": "2"}, ["transferred"]),
        ({"agent_id": "a"}, {}, ["agent_left"]),
        ({"agent_id": "a"}, {"agent_ids": ("b",)}, ["agent_joined"]),
        ({}, {"state": "CLOSE", "stage": "OPEN", "close_reason": "AGENT"}, ["closed_by_agent"]),
        ({"main_state": "CLOSE"}, {"state": "CLOSE", "stage": "CLOSE", "close_reason": "AGENT"}, []),
        ({"changed_ms": 9}, {"state": "CLOSE"}, []),
    ],
)
def test_what_is_new_in_a_state(before: dict[str, Any], change: dict[str, Any], names: list[str]) -> None:
    state = {"state": "OPEN", "stage": "OPEN", "skill_id": "1", "changed_at_ms": 7, **change}
    assert changes(talk(**before), ConversationChange(**state)) == names
