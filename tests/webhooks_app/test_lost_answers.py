"""Towards LivePerson, where an answer was never seen: looked for, then repeated and marked."""

from __future__ import annotations

from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import OutcomeUnknown
from connector_platform.database import run
from tests.webhooks_app.deliveries import Killed, age, echo
from tests.webhooks_app.far_side import published, refused
from tests.webhooks_app.world import World, ended, text_change
from webhooks_app import lanes
from webhooks_app.delivery import records


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


# Noting a call under way: with the end of the one before it, where that is known.


def statements(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The events whose beginning is noted by a statement of its own."""
    begun: list[int] = []

    def start(claim: lanes.Claim, job: records.Job) -> None:
        begun.append(job.id)
        original(claim, job)

    original = records.start
    monkeypatch.setattr(records, "start", start)
    return begun


def test_the_first_message_of_several_is_noted_alone_and_the_others_with_the_end_of_the_one_before(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.open_conversation()
    in_flight: list[Any] = []

    def look(call: HttpCall) -> HttpResponse:
        in_flight.append(world.lane(direction="i").in_flight)
        return world.far.agree(call)

    world.far.script("send_text", look, look, look)
    begun = statements(monkeypatch)
    for text in ("one", "two", "three"):
        world.consumer_says(text)
    world.work()
    ids = [event.id for event in world.events(direction="i")][1:]
    assert (begun, in_flight) == (ids[:1], ids)
    assert (world.lane(direction="i").in_flight, world.lane(direction="i").flight_at) == (None, None)
    assert all(event.tries == 1 and event.started_at <= event.finished_at for event in world.events(direction="i"))


def test_a_crash_before_the_second_call_leaves_the_second_message_in_doubt_and_no_other(world: World, settings: Any) -> None:
    # given two messages; the process dies as it begins with the second, before any call
    settings.RECONCILE_WAIT_S = 60
    world.open_conversation()
    for text in ("one", "two", "three"):
        world.consumer_says(text)

    def die_at_two(call: HttpCall) -> HttpResponse:
        if b'"two"' in call.body:
            raise Killed
        return world.far.agree(call)

    world.far.script("send_text", die_at_two, die_at_two)
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    # when another looks, it waits for an echo of the second
    world.work(world.new_engine())
    assert [event.state for event in world.events(direction="i")][1:] == ["done", "sending", "waiting"]
    assert world.far.texts() == ["one", "two"]
    # then both go out, and the one that may be there twice says so
    age(world, 61)
    world.work_on(world.new_engine())
    assert [(event.state, event.possibly_doubled, event.tries) for event in world.events(direction="i")][1:] == [
        ("done", False, 1),
        ("done", True, 2),
        ("done", False, 1),
    ]
    assert world.far.texts() == ["one", "two", "two", "three"]


def test_a_message_that_opens_a_conversation_is_noted_again_before_its_own_call(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The note must not be older than the conversation, or a call that was made in it would count as never made."""
    world.open_conversation()
    world.consumer_says("one")
    world.consumer_says("two")
    world.far.script("send_text", world.far.agree, refused("Conversation not found"))
    begun = statements(monkeypatch)
    world.work()
    one, two = world.events(direction="i", kind="text")[1:]
    assert begun[0] == one.id
    assert ended(two) == ("done", "sent")
    conversation = world.conversations()[-1]
    assert two.started_at >= conversation.created_at
    assert begun[-1] == two.id


def test_an_answer_to_the_consumer_is_always_noted_alone(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """No echo would tell whether it was sent, so what was never called must not be in doubt."""
    conversation = world.open_conversation()
    begun = statements(monkeypatch)
    for sequence in range(3):
        world.notify(text_change(conversation, sequence, f"answer {sequence}"))
    world.work()
    assert begun == [event.id for event in world.events(direction="o", kind="text")]
