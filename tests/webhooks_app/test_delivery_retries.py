"""When a consumer's message is tried again, and when no more."""

from __future__ import annotations

from typing import Any

import pytest

from connector_platform.core.errors import Unreachable
from tests.webhooks_app.deliveries import age, waits_s
from tests.webhooks_app.far_side import answer, refused
from tests.webhooks_app.world import (
    World,
    ended,
)
from webhooks_app.retry import LIVEPERSON_WAITS_S, wait_s


def test_livepersons_schedule_is_5_10_15_seconds_then_minutes(settings: Any) -> None:
    settings.RETRY_SCALE = 1
    found = [wait_s(LIVEPERSON_WAITS_S, tries) for tries in range(1, 9)]
    for wait, base in zip(found, [5, 10, 15, 120, 240, 480, 900, 900], strict=True):
        assert base <= wait <= base * 1.1
    assert wait_s(LIVEPERSON_WAITS_S, 1, 77) == 77


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (answer({}, 500), "server_fault"),
        (answer({}, 503), "server_fault"),
        (Unreachable("refused"), "unreachable"),
        (answer({}, 408), "server_fault"),
    ],
)
def test_a_fault_is_tried_again_on_the_schedule(world: World, settings: Any, failure: Any, outcome: str) -> None:
    settings.RETRY_SCALE = 1
    world.open_conversation()
    world.far.script("send_text", *[failure] * 4)
    world.consumer_says("again")
    world.work()
    for number, base in enumerate((5, 10, 15, 120), 1):
        event = world.events()[-1]
        assert (event.state, event.outcome, event.tries) == ("waiting", outcome, number)
        assert base * 0.9 < waits_s("i") < base * 1.2
        world.work_on()
    assert ended(world.events()[-1]) == ("done", "sent")


def test_429_waits_as_long_as_liveperson_asks(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", answer({}, 429, **{"retry-after": "37"}))
    world.consumer_says("again")
    world.work()
    assert 35 < waits_s("i") <= 37.5


@pytest.mark.parametrize("status", [400, 404, 409, 422, 451])
def test_other_4xx_are_never_tried_again_and_the_lane_goes_on(world: World, status: int) -> None:
    world.open_conversation()
    world.far.script("send_text", refused("Bad Request", status))
    world.consumer_says("bad")
    world.consumer_says("good")
    world.work()
    assert world.far.texts()[-1] == ("good" if status != 404 else world.far.texts()[-1])
    assert world.events()[1].state == "dead"
    assert len(world.far.of("send_text")) == 2


def test_a_refused_app_keeps_its_queue_and_says_why_until_it_works_again(world: World) -> None:
    world.far.script("fetch_app_jwt", answer({}, 401))
    world.consumer_says("hello")
    world.work()
    world.app.refresh_from_db()
    assert (world.event().state, world.event().outcome) == ("waiting", "credentials_rejected")
    assert "client id" in world.app.problem
    world.work_on()
    world.app.refresh_from_db()
    assert (world.far.texts(), world.app.problem) == (["hello"], "")


def test_an_event_that_could_not_be_delivered_for_too_long_is_dead_and_frees_the_lane(world: World, settings: Any) -> None:
    settings.MAX_AGE_S = 60
    world.open_conversation()
    world.far.script("send_text", answer({}, 500))
    world.consumer_says("old")
    world.work()
    age(world, 61)
    world.consumer_says("new")
    world.work_on()
    assert world.far.texts() == ["old", "new"]
    assert ended(world.events()[1]) == ("dead", "too_old")


def test_an_event_that_waited_long_without_being_tried_is_tried_once(world: World, settings: Any) -> None:
    settings.MAX_AGE_S = 60
    world.consumer_says("waited while the workers were away")
    age(world, 3600)
    world.work()
    assert len(world.far.texts()) == 1
