"""A channel's own rate: moments are handed out one after another, to all workers, and kept through waiting."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Any, cast

import pytest

from connector_platform.core.clock import monotonic_s
from connector_platform.database import run
from tests.support.stack import wait_until
from tests.webhooks_app.deliveries import agent_says
from tests.webhooks_app.world import World
from webhooks_app import pacing, worker
from webhooks_app.pacing import HORIZON_S, STRETCH, AwaitingMoment, Pacer, take_moment
from webhooks_app.worker import Drainer


@pytest.fixture
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """No moment is missed, however slow the machine is."""
    monkeypatch.setattr(pacing, "LATE_S", 60)


def next_at(world: World) -> datetime:
    return cast(datetime, run("SELECT next_at FROM webhooks_app_pace WHERE channel_id = %s", [world.channel.id])[0][0])


def limit(world: World, per_second: float) -> None:
    world.channel.options = {"messages_per_second": per_second}
    world.channel.save()


def test_moments_are_nobody_elses_and_lie_apart_whoever_takes_them(world: World) -> None:
    began = run("SELECT clock_timestamp()")[0][0]
    with ThreadPoolExecutor(8) as pool:
        moments = set(pool.map(lambda _: take_moment(world.channel.id, 50), range(40)))
    assert len(moments) == 40 and None not in moments
    assert (next_at(world) - began).total_seconds() >= 40 / 50


def test_a_moment_that_nobody_waited_for_is_now(world: World) -> None:
    first = take_moment(world.channel.id, 0.5)
    assert first is not None and first <= monotonic_s()
    after_first = next_at(world)
    second = take_moment(world.channel.id, 0.5)
    assert second is not None and second > first
    assert (next_at(world) - after_first).total_seconds() == pytest.approx(2 * STRETCH)


def test_moments_are_not_given_too_far_ahead(world: World) -> None:
    run("INSERT INTO webhooks_app_pace VALUES (%s, now() + make_interval(secs => %s))", [world.channel.id, HORIZON_S + 5])
    assert take_moment(world.channel.id, 1) is None
    with pytest.raises(AwaitingMoment) as refusal:
        Pacer(world.channel.id, 1, None).wait()
    assert refusal.value.moment_s is None and HORIZON_S / 2 <= refusal.value.delay_s <= HORIZON_S


def test_a_moment_that_was_given_is_used_once_and_not_when_it_was_missed(
    world: World, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken: list[float] = []

    def take(channel_id: Any, per_second: float) -> float:
        taken.append(per_second)
        return monotonic_s()

    monkeypatch.setattr(pacing, "take_moment", take)
    given = Pacer(world.channel.id, 5, monotonic_s() + 0.01)
    given.wait()
    assert taken == []
    given.wait()
    assert taken == [5]
    Pacer(world.channel.id, 5, monotonic_s() - pacing.LATE_S - 1).wait()
    assert taken == [5, 5]


def test_what_has_to_wait_gives_its_lane_back_and_comes_back_for_its_moment(world: World, patient: None) -> None:
    # given a message every ten seconds
    conversation = world.open_conversation()
    other = world.open_conversation(person="24500000000000032")
    limit(world, 0.1)
    agent_says(world, conversation, 0, "first")
    agent_says(world, other, 0, "second")
    # when
    world.work()
    # then one went out; the other's lane holds a moment ten seconds away and was not tried
    assert len(world.far.phone()) == 1
    left = world.event(direction="o", kind="text", state="waiting")
    assert (left.outcome, left.tries) == ("paced", 0)
    assert run("SELECT count(*) FROM webhooks_app_attempt WHERE event_id = %s", [left.id]) == [(0,)]
    waits = run(
        "SELECT extract(epoch FROM moment_at - now())::float, extract(epoch FROM due_at - now())::float FROM webhooks_app_lane WHERE moment_at > now()"
    )
    assert len(waits) == 1 and 0 < waits[0][1] < waits[0][0] < 11
    # and when its moment has come, it goes out without another one
    run("UPDATE webhooks_app_lane SET due_at = now(), moment_at = now() + interval '20 ms' WHERE moment_at IS NOT NULL")
    world.work()
    assert sorted(world.far.phone()) == ["first", "second"]


def test_a_woken_lane_keeps_its_moment(world: World) -> None:
    limit(world, 0.1)
    conversation = world.open_conversation()
    agent_says(world, conversation, 0, "first")
    agent_says(world, conversation, 1, "second")
    world.work()
    before = run("SELECT moment_at FROM webhooks_app_lane WHERE moment_at IS NOT NULL")
    run("UPDATE webhooks_app_lane SET due_at = now() WHERE moment_at IS NOT NULL")
    world.work()
    after = run("SELECT moment_at FROM webhooks_app_lane WHERE moment_at IS NOT NULL")
    assert world.far.phone() == ["first"]
    assert abs((after[0][0] - before[0][0]).total_seconds()) < 5


def test_a_second_part_waits_for_a_moment_of_its_own_and_the_first_is_not_sent_again(world: World, patient: None) -> None:
    limit(world, 0.1)
    conversation = world.open_conversation()
    agent_says(world, conversation, 0, "a" * 2000 + "b" * 10)
    world.work()
    assert [len(text) for text in world.far.phone()] == [2000]
    run("UPDATE webhooks_app_lane SET due_at = now(), moment_at = now() WHERE moment_at IS NOT NULL")
    world.work()
    assert [len(text) for text in world.far.phone()] == [2000, 10]


def test_without_a_rate_nothing_waits(world: World) -> None:
    conversation = world.open_conversation()
    for number in range(5):
        agent_says(world, conversation, number, f"t{number}")
    world.work()
    assert len(world.far.phone()) == 5
    assert run("SELECT count(*) FROM webhooks_app_pace")[0][0] == 0


def test_two_workers_together_keep_the_rate_and_the_order(world: World, monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    # given ten conversations with four messages each, and 20 a second
    settings.POLL_S = 0.01
    monkeypatch.setattr(worker, "make_client", lambda: world.far)
    people = [f"245000000000001{number:02d}" for number in range(10)]
    conversations = [world.open_conversation(person=person) for person in people]
    limit(world, 20)
    for sequence in range(4):
        for number, conversation in enumerate(conversations):
            agent_says(world, conversation, sequence, f"{number}:{sequence}")
    workers = [Drainer(threads=4), Drainer(threads=4)]
    # when
    began = time.monotonic()
    for one in workers:
        one.start()
    wait_until(lambda: len(world.far.phone()) == 40, 60, "not everything was delivered")
    took_s = time.monotonic() - began
    for one in workers:
        one.stop()
    # then it took as long as the rate asks for at least, and each conversation kept its order
    assert took_s >= 39 / 20
    for number in range(10):
        assert [text for text in world.far.phone() if text.startswith(f"{number}:")] == [f"{number}:{sequence}" for sequence in range(4)]
    assert world.work() == 0
