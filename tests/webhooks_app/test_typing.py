"""Chat states both ways: at once or not at all, never in a message's way, and typing always ends."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector_platform.core.calls import HttpCall
from connector_platform.core.errors import Unreachable
from connector_platform.core.events import ChatState, ChatStateKind, InboundEvent
from connector_platform.database import run
from tests.webhooks_app.far_side import published
from tests.webhooks_app.world import PERSON, World, ended, state_change, text_change, typing_change
from webhooks_app import sweeper
from webhooks_app.journal import Entry, append

pytestmark = pytest.mark.django_db(transaction=True)

COMPOSING, PAUSED = ChatStateKind.COMPOSING, ChatStateKind.PAUSED


def consumer_is(world: World, state: ChatStateKind, person: str = PERSON) -> None:
    """A platform that tells such things says what the consumer is doing."""
    world._mids += 1
    event = InboundEvent(consumer_id=person, source_id=f"state-{world._mids}", content=ChatState(state=state), wire_type="typing", raw=b"")
    append([Entry.inbound(event, channel_id=world.channel.id, brand_id=world.brand.id)])


def states(world: World) -> list[str]:
    """The chat states that LivePerson was told, in order."""
    return [json.loads(call.body)["body"]["event"]["chatState"] for call in world.far.of("send_chat_state")]


def actions(world: World) -> list[str]:
    """The indicators that the phone was told to show."""
    return [json.loads(call.body)["sender_action"] for call in world.far.calls if b"sender_action" in call.body]


def types() -> int:
    """How many are typing, as far as the other sides know."""
    return len(run("SELECT 1 FROM webhooks_app_typing"))


@pytest.mark.parametrize(
    ("state", "word"),
    [("active", "ACTIVE"), ("inactive", "INACTIVE"), ("gone", "GONE"), ("composing", "COMPOSING"), ("paused", "PAUSE")],
)
def test_all_five_states_reach_liveperson(world: World, state: str, word: str) -> None:
    conversation_id = world.open_conversation()
    consumer_is(world, ChatStateKind(state))
    world.work()
    (call,) = world.far.of("send_chat_state")
    assert json.loads(call.body)["body"] == {
        "dialogId": conversation_id,
        "conversationId": conversation_id,
        "event": {"type": "ChatStateEvent", "chatState": word},
    }
    assert call.timeout_s == 3.0


def test_a_message_ends_the_typing(world: World) -> None:
    world.open_conversation()
    consumer_is(world, COMPOSING)
    world.work()
    world.consumer_says("what I typed")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_chat_state", "send_text", "send_chat_state"]
    assert (states(world), types()) == (["COMPOSING", "ACTIVE"], 0)
    # and the next message has nothing to end
    world.consumer_says("more")
    world.work()
    assert states(world) == ["COMPOSING", "ACTIVE"]


def test_typing_that_nobody_ends_is_ended(world: World) -> None:
    world.open_conversation()
    consumer_is(world, COMPOSING)
    world.work()
    world.passes(21)
    assert sweeper.end_typing() == 1
    world.work()
    assert (states(world), types()) == (["COMPOSING", "PAUSE"], 0)


def test_typing_behind_which_a_message_has_come_is_dropped(world: World) -> None:
    world.open_conversation()
    consumer_is(world, COMPOSING)
    world.consumer_says("what I typed")
    world.work()
    assert states(world) == []
    assert ended(world.event(kind="chat_state")) == ("skipped", "stale")


def test_a_message_that_comes_while_the_typing_is_told_ends_it(world: World) -> None:
    # given a call about the typing, during which the message is received and delivered
    world.open_conversation()

    def meanwhile(call: HttpCall) -> Any:
        world.consumer_says("what I typed")
        world.work(world.new_engine())
        return published(0)

    world.far.script("send_chat_state", meanwhile)
    consumer_is(world, COMPOSING)
    # when
    world.work()
    # then the last that LivePerson heard is not COMPOSING
    assert states(world)[0] == "COMPOSING" and states(world)[-1] == "ACTIVE"
    assert types() == 0


def test_a_message_does_not_wait_for_a_chat_state(world: World) -> None:
    """While the call about the typing hangs, another worker delivers the message: it is in another lane."""
    world.open_conversation()
    order: list[str] = []

    def hangs(call: HttpCall) -> Any:
        world.consumer_says("urgent")
        world.work(world.new_engine())
        order.append("told" if world.far.texts() == ["urgent"] else "waited")
        raise Unreachable("nobody answers")

    world.far.script("send_chat_state", hangs)
    consumer_is(world, COMPOSING)
    world.work()
    assert order == ["told"]


def test_a_late_state_is_dropped(world: World) -> None:
    world.open_conversation()
    consumer_is(world, COMPOSING)
    run("UPDATE webhooks_app_event SET received_at = now() - interval '11 seconds' WHERE kind = 'chat_state'")
    world.work()
    assert states(world) == []


def test_a_survey_is_told_no_states(world: World) -> None:
    conversation_id = world.open_conversation()
    dialogs = [{"dialogId": "survey-1", "dialogType": "POST_SURVEY", "state": "OPEN"}]
    world.notify(state_change(conversation_id, world.lp_consumer_id(), stage="OPEN", state="CLOSE", dialogs=dialogs))
    consumer_is(world, COMPOSING)
    world.work()
    assert states(world) == []


# Agents.


def test_the_indicator_is_shown_anew_while_the_agent_types(world: World) -> None:
    # given an agent who types (Messenger's indicator fades)
    conversation_id = world.open_conversation()
    world.notify(typing_change(conversation_id))
    world.work()
    assert actions(world) == ["typing_on"]
    # when 16 seconds pass
    world.passes(16)
    assert sweeper.end_typing() == 1
    world.work()
    # then it is shown again, and again
    world.passes(16)
    sweeper.end_typing()
    world.work()
    assert actions(world) == ["typing_on"] * 3
    # until the agent has written
    world.notify(text_change(conversation_id, 0, "here you are"))
    world.work()
    world.passes(16)
    assert (sweeper.end_typing(), types()) == (0, 0)
    assert actions(world) == ["typing_on"] * 3


def test_the_indicator_goes_out_when_the_agent_stops(world: World) -> None:
    conversation_id = world.open_conversation()
    for state in ("COMPOSING", "ACTIVE"):
        world.notify(typing_change(conversation_id, state))
        world.work()
    assert (actions(world), types()) == (["typing_on", "typing_off"], 0)


def test_an_indicator_that_was_to_be_shown_anew_is_not_when_the_agent_has_stopped_meanwhile(world: World) -> None:
    conversation_id = world.open_conversation()
    world.notify(typing_change(conversation_id))
    world.work()
    world.passes(16)
    sweeper.end_typing()
    world.notify(typing_change(conversation_id, "ACTIVE"))
    run("DELETE FROM webhooks_app_typing")  # as the lane of messages does when it has sent one
    world.work()
    assert actions(world) == ["typing_on", "typing_off"]


def test_an_agent_who_types_for_ever_is_not_believed(world: World) -> None:
    conversation_id = world.open_conversation()
    world.notify(typing_change(conversation_id))
    world.work()
    world.passes(91)
    sweeper.end_typing()
    world.work()
    assert types() == 0
    assert actions(world)[-1] == "typing_off"


def test_typing_in_a_conversation_that_is_not_ours_is_not_kept(world: World) -> None:
    world.open_conversation()
    assert world.notify(typing_change("somebody-elses")).foreign == 1
