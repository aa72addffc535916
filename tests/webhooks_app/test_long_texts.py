"""A consumer's long text: several messages in order, and none of them twice."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.database import run
from tests.webhooks_app.deliveries import LONG, Killed, die, echo
from tests.webhooks_app.far_side import published
from tests.webhooks_app.world import (
    World,
)
from webhooks_app import lanes


def parts_of(world: World, text: str = LONG) -> list[str]:
    sent = world.far.texts()
    assert " ".join(sent) == text
    return sent


def test_a_long_text_is_several_messages_in_order(world: World) -> None:
    world.consumer_says(LONG)
    world.work()
    assert len(parts_of(world)) == 2
    assert all(len(call.body) <= 5000 for call in world.far.of("send_text"))
    assert run("SELECT count(*) FROM webhooks_app_consumermessage WHERE event_id IS NOT NULL") == [(2,)]


def crash_during_second_part(world: World, *, taken: bool) -> str:
    """The worker dies while the second part is under way; what the second part was."""
    second: list[str] = []

    def strike(call: HttpCall) -> HttpResponse:
        second.append(json.loads(call.body)["body"]["event"]["message"])
        if taken:
            world.far.agree(call)
        raise Killed

    world.open_conversation()
    world.far.script("send_text", published(11), strike)
    world.consumer_says(LONG)
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    return second[0]


def test_after_a_crash_between_two_parts_the_first_is_not_repeated(world: World, settings: Any) -> None:
    # given
    settings.RECONCILE_WAIT_S = 0
    second = crash_during_second_part(world, taken=False)
    before = len(world.far.of("send_text"))
    # when
    world.work(world.new_engine())
    # then: only the second part goes out again, and says that it may be the second time
    again = world.far.texts()[before:]
    assert again == [second]
    event = world.event(state="done", possibly_doubled=True)
    assert event.content["text"] == LONG


def test_a_part_that_livepersons_echo_shows_is_not_repeated_after_a_crash(world: World) -> None:
    # given
    second = crash_during_second_part(world, taken=True)
    before = len(world.far.of("send_text"))
    echo(world, "conversation-1", 12, second)
    # when
    world.work(world.new_engine())
    # then
    assert len(world.far.of("send_text")) == before
    assert not world.events(possibly_doubled=True)
    assert run("SELECT sequence FROM webhooks_app_consumermessage WHERE event_id = %s ORDER BY 1", [world.events()[-1].id]) == [
        (11,),
        (12,),
    ]


def test_the_echo_of_an_equal_first_part_does_not_stand_for_the_second(world: World, settings: Any) -> None:
    # given: both parts say the same
    world.open_conversation()
    same = "ha" * 1500
    world.far.script("send_text", published(11), die)
    world.consumer_says(f"{same}\n\n{same}")
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    first, second = world.far.texts()
    assert first == second
    # when: the first part's echo comes after its answer
    echo(world, "conversation-1", 11, first)
    settings.RECONCILE_WAIT_S = 0
    before = len(world.far.of("send_text"))
    world.work(world.new_engine())
    # then
    assert len(world.far.of("send_text")) > before
