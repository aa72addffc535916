"""Towards LivePerson, where an answer was never seen: looked for, then repeated and marked."""

from __future__ import annotations

from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import OutcomeUnknown
from connector_platform.database import run
from tests.webhooks_app.deliveries import Killed, age, echo
from tests.webhooks_app.far_side import published
from tests.webhooks_app.world import (
    World,
    ended,
)
from webhooks_app import lanes


def lose_answer(world: World, *, text: str = "hello again") -> str:
    """The consumer's message is sent and its answer lost; the conversation."""
    conversation = world.open_conversation()
    world.far.script("send_text", OutcomeUnknown("cut off"))
    world.consumer_says(text)
    world.work()
    return conversation


def test_a_message_that_the_echo_shows_is_done_without_being_repeated(world: World) -> None:
    # given
    conversation = lose_answer(world)
    assert world.events()[-1].state == "sending"
    # when
    echo(world, conversation, 5, "hello again")
    world.work_on()
    # then
    event = world.events()[-1]
    assert (ended(event), event.possibly_doubled) == (("done", "sent"), False)
    assert world.far.texts() == ["hello again"]
    assert run("SELECT event_id FROM webhooks_app_consumermessage WHERE sequence = 5") == [(event.id,)]


def test_a_message_without_an_echo_waits_then_is_repeated_and_says_so(world: World, settings: Any) -> None:
    # given
    settings.RECONCILE_WAIT_S = 60
    lose_answer(world)
    # when: not yet
    world.work_on(times=3)
    assert world.far.texts() == ["hello again"]
    # when
    age(world, 61)
    world.work_on()
    # then
    assert world.far.texts() == ["hello again"] * 2
    assert (ended(world.events()[-1]), world.events()[-1].possibly_doubled) == (("done", "sent"), True)


def test_what_comes_behind_a_message_in_doubt_waits(world: World, settings: Any) -> None:
    settings.RECONCILE_WAIT_S = 60
    conversation = lose_answer(world)
    world.consumer_says("behind")
    world.work_on()
    assert world.far.texts() == ["hello again"]
    echo(world, conversation, 5, "hello again")
    world.work_on()
    assert world.far.texts() == ["hello again", "behind"]


def test_the_echo_of_an_earlier_equal_message_does_not_stand_for_this_one(world: World, settings: Any) -> None:
    # given: the same word was sent before, and its echo comes late
    settings.RECONCILE_WAIT_S = 60
    conversation = world.open_conversation()
    world.far.script("send_text", published(1))
    world.consumer_says("ok")
    world.work()
    world.far.script("send_text", OutcomeUnknown("cut off"))
    world.consumer_says("ok")
    world.work()
    # when
    echo(world, conversation, 1, "ok")
    world.work_on(times=2)
    # then
    assert world.events()[-1].state == "sending"
    echo(world, conversation, 2, "ok")
    world.work_on()
    assert ended(world.events()[-1]) == ("done", "sent")
    assert len(world.far.texts()) == 2


def test_a_crash_after_the_call_and_before_its_record_is_reconciled(world: World) -> None:
    # given: the process died after LivePerson took the message
    def take_and_die(call: HttpCall) -> HttpResponse:
        world.far.agree(call)
        raise Killed

    conversation = world.open_conversation()
    world.far.script("send_text", take_and_die)
    world.consumer_says("hello again")
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    # when
    echo(world, conversation, 5, "hello again")
    world.work(world.new_engine())
    # then
    assert world.far.texts() == ["hello again"]
    assert ended(world.events()[-1]) == ("done", "sent")
