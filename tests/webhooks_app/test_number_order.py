"""Agents' words in the order of LivePerson's numbers."""

from __future__ import annotations

from typing import Any

import pytest

from connector_platform.database import run
from tests.webhooks_app.deliveries import agent_says, waits_s
from tests.webhooks_app.far_side import answer
from tests.webhooks_app.world import (
    World,
    accept_change,
    event_change,
    text_change,
)


def test_numbers_that_come_in_the_wrong_order_are_put_right(world: World) -> None:
    conversation = world.open_conversation()
    for sequence in (3, 1, 2, 0):
        agent_says(world, conversation, sequence, f"t{sequence}")
    world.work()
    assert world.far.phone() == ["t0", "t1", "t2", "t3"]


def test_a_number_waits_for_the_one_before_it_and_goes_as_soon_as_that_is_there(world: World, settings: Any) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 60
    conversation = world.open_conversation()
    agent_says(world, conversation, 1, "second")
    world.work()
    assert (world.far.phone(), world.lane(direction="o").state) == ([], "gap")
    assert 50 < waits_s("o") <= 60
    agent_says(world, conversation, 0, "first")
    world.work()
    assert world.far.phone() == ["first", "second"]


def test_a_number_that_never_comes_holds_up_what_follows_once_only(world: World, settings: Any) -> None:
    # given
    settings.SEQUENCE_GAP_WAIT_S = 60
    conversation = world.open_conversation()
    agent_says(world, conversation, 5, "five")
    world.work()
    assert world.far.phone() == []
    # when
    run("UPDATE webhooks_app_event SET received_at = received_at - interval '61 seconds' WHERE direction = 'o'")
    world.work_on()
    assert world.far.phone() == ["five"]
    agent_says(world, conversation, 6, "six")
    world.work()
    # then
    assert world.far.phone() == ["five", "six"]
    # and the missing one, late, is not lost
    agent_says(world, conversation, 2, "two")
    world.work()
    assert world.far.phone() == ["five", "six", "two"]


@pytest.mark.parametrize("filler", ["echo", "private", "accept", "agent_receipt", "own_send", "unknown_event"])
def test_every_use_of_a_number_fills_the_gap(world: World, settings: Any, filler: str) -> None:
    # given: number 1 is no message to the consumer
    settings.SEQUENCE_GAP_WAIT_S = 60
    conversation = world.open_conversation()
    agent_says(world, conversation, 0, "zero")
    agent_says(world, conversation, 2, "two")
    world.work()
    assert world.far.phone() == ["zero"]
    # when
    consumer = {"role": "CONSUMER", "originator": world.lp_consumer_id()}
    match filler:
        case "echo":
            world.notify(text_change(conversation, 1, "mine", **consumer))
        case "private":
            world.notify(text_change(conversation, 1, "private", audience="AGENTS_AND_MANAGERS"))
        case "accept":
            world.notify(accept_change(conversation, 1, [0], "ACCEPT", **consumer))
        case "agent_receipt":
            world.notify(accept_change(conversation, 1, [0], "READ"))
        case "unknown_event":
            world.notify(event_change(conversation, 1, {"type": "HologramEvent"}))
        case "own_send":
            world.far._sequence = 0
            world.consumer_says("mine")
    world.work()
    # then: at once
    assert world.far.phone() == ["zero", "two"]


def test_two_dialogs_count_for_themselves(world: World, settings: Any) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 60
    conversation = world.open_conversation()
    agent_says(world, conversation, 0, "main")
    world.notify(text_change(conversation, 0, "survey question", dialog_id="PwT_YK91Sum3vu5H6T3YnA", role="AGENT"))
    world.work()
    assert world.far.phone() == ["main", "survey question"]


def test_the_apps_own_wait_wins_over_the_installations(world: World, settings: Any) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 60
    world.app.sequence_gap_wait_s = 0
    world.app.save()
    conversation = world.open_conversation()
    agent_says(world, conversation, 7, "no waiting")
    world.work()
    assert world.far.phone() == ["no waiting"]


def test_a_retry_keeps_its_place_before_higher_numbers(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", answer({"error": {"code": 2}}, 500))
    agent_says(world, conversation, 0, "zero")
    world.work()
    agent_says(world, conversation, 1, "one")
    world.work_on()
    assert world.far.phone() == ["zero", "zero", "one"]
