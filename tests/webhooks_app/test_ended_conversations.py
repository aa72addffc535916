"""A consumer's message where the conversation has ended, or is there already."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from channels_app.selectors import configs
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import OutcomeUnknown
from connector_platform.core.events import InboundEvent, OptIn, OptOut, ParsedCallback
from connector_platform.database import run
from tests.webhooks_app.deliveries import LONG, Killed, die
from tests.webhooks_app.far_side import ALREADY_OPEN, CLOSED, published, refused
from tests.webhooks_app.world import (
    PAGE,
    PERSON,
    World,
    ended,
    state_change,
    text_change,
)
from webhooks_app import lanes
from webhooks_app.receive import Owner, store


def test_a_message_to_a_closed_conversation_opens_a_new_one_and_goes_there(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", CLOSED)
    world.consumer_says("one more")
    world.work()
    assert world.far.created == ["conversation-1", "conversation-2"]
    assert b'"conversation-2"' in world.far.of("send_text")[-1].body
    assert [(one.liveperson_id, one.state) for one in world.conversations()] == [("conversation-1", "closed"), ("conversation-2", "open")]
    assert ended(world.events()[-1]) == ("done", "sent")


def test_a_long_text_whose_conversation_closes_in_the_middle_is_sent_whole_to_the_new_one(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", published(1), CLOSED)
    world.consumer_says(LONG)
    world.work()
    there = [json.loads(call.body)["body"]["event"]["message"] for call in world.far.of("send_text") if b'"conversation-2"' in call.body]
    assert " ".join(there) == LONG


@pytest.mark.parametrize("dies_at", [1, 2])
def test_a_crash_in_the_new_conversation_skips_nothing_there(world: World, settings: Any, dies_at: int) -> None:
    # given: the first part was taken before the old conversation closed; in the new one the worker dies at one of the parts
    settings.RECONCILE_WAIT_S = 0
    world.open_conversation()
    world.far.script("send_text", published(1), OutcomeUnknown("cut"))
    world.consumer_says(LONG)
    world.work()
    world.far.script("send_text", CLOSED, *([published(1)] if dies_at == 2 else []), die)
    world.later()
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    # when
    world.work(world.new_engine())
    # then: only the part whose answer was never seen is there twice
    there = [json.loads(call.body)["body"]["event"]["message"] for call in world.far.of("send_text") if b'"conversation-2"' in call.body]
    assert len(there) == 3
    assert there[dies_at - 1] == there[dies_at]
    assert " ".join(dict.fromkeys(there)) == LONG


@pytest.mark.parametrize("content", [OptOut(marketing_only=True), OptIn(marketing_only=True)])
def test_a_wish_about_advertisements_is_told_in_a_conversation_and_holds_nothing_back(
    world: World, settings: Any, content: OptOut | OptIn
) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 0
    conversation = world.open_conversation()
    channel = configs.channel(world.channel.id)
    assert channel is not None
    wrote_at = world.consumer().last_inbound_at
    wish = InboundEvent(consumer_id=PERSON, source_id="wish-1", content=content, wire_type="wish", raw=b"{}", address=PAGE)
    alone = replace(wish, consumer_id="24500000000000099", source_id="wish-2")
    # when
    store(Owner(channel.provider, channel.callback_config, channel, world.meta.id), ParsedCallback(events=(wish, alone)))
    world.work()
    # then: the agent reads of it, no conversation is opened for it, and answers still go out
    assert [b"marketing messages" in call.body for call in world.far.of("send_text")] == [True]
    assert len(world.conversations()) == 1
    world.notify(text_change(conversation, 9, "an answer"))
    world.work()
    assert ended(world.event(direction="o", sequence=9)) == ("done", "sent")
    # and the vendor's window runs on
    assert wrote_at is not None
    assert world.consumer().last_inbound_at == wrote_at


def test_when_liveperson_closed_it_while_it_was_opened_the_message_is_tried_again(world: World) -> None:
    world.far.script("send_text", CLOSED, CLOSED)
    world.consumer_says("hello")
    world.work()
    assert world.events()[-1].outcome == "conversation_gone"


def test_a_second_create_is_answered_by_adopting_the_conversation_that_the_notification_names(world: World) -> None:
    # given
    world.far.script("create_conversation", ALREADY_OPEN)
    world.consumer_says("hello")
    world.work()
    assert (world.event().state, world.event().outcome) == ("waiting", "awaiting_conversation")
    # when
    world.notify(state_change("theirs", world.lp_consumer_id()))
    world.far.script("create_conversation", ALREADY_OPEN)
    world.work_on(times=2)
    # then
    assert world.far.created == []
    assert b'"theirs"' in world.far.of("send_text")[0].body
    assert ended(world.event(direction="i")) == ("done", "sent")
    assert [one.liveperson_id for one in world.conversations()] == ["theirs"]


def test_a_create_whose_answer_was_lost_never_opens_a_second_conversation(world: World) -> None:
    def take(call: HttpCall) -> HttpResponse:
        world.far.agree(call)
        raise OutcomeUnknown("cut off")

    world.far.script("create_conversation", take, ALREADY_OPEN, ALREADY_OPEN)
    world.consumer_says("hello")
    world.work()
    world.notify(state_change("conversation-1", world.lp_consumer_id()))
    world.work_on(times=3)
    assert world.far.texts() == ["hello"]
    assert [one.liveperson_id for one in world.conversations()] == ["conversation-1"]


def test_a_conversation_that_is_not_ready_yet_is_tried_again_and_after_a_minute_given_up(world: World) -> None:
    # given a conversation that was opened this very moment
    world.far.script("send_text", refused("Conversation not found"))
    world.consumer_says("hello?")
    world.work()
    assert (world.events()[-1].state, world.events()[-1].outcome) == ("waiting", "not_ready_yet")
    # when it is still not there after a while
    run("UPDATE channels_app_conversation SET created_at = created_at - interval '2 minutes'")
    world.far.script("send_text", refused("Conversation not found"))
    world.work_on()
    # then another is opened
    assert world.far.created[-1] == "conversation-2"


def test_a_conversation_in_which_something_was_said_and_that_is_not_found_is_gone(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", refused("conversationId: there is no conversation"))
    world.consumer_says("hello?")
    world.work()
    assert world.far.created == ["conversation-1", "conversation-2"]
    assert ended(world.events(direction="i")[-1]) == ("done", "sent")
