"""The sweeper finds what fell between two chairs, cleans up, and there is always exactly one that leads."""

from __future__ import annotations

import threading
from typing import Any

import psycopg
import pytest

from connector_platform.database import hot_pool, run
from tests.support.stack import wait_until
from tests.webhooks_app.world import World, text_change
from webhooks_app import sweeper as module
from webhooks_app.sweeper import EVERY, Sweeper, delete_history, revive_lanes, unpark


def count(table: str) -> int:
    return int(run(f"SELECT count(*) FROM webhooks_app_{table}")[0][0])  # noqa: S608  fixed names


def test_an_idle_lane_with_an_event_that_was_forgotten_moves_again(world: World) -> None:
    # given: what must never happen
    world.consumer_says("hello")
    run("UPDATE webhooks_app_lane SET state = 'idle'")
    assert revive_lanes() == 0
    # when
    run("UPDATE webhooks_app_event SET received_at = now() - interval '11 seconds'")
    assert revive_lanes() == 1
    # then
    world.work()
    assert world.far.texts() == ["hello"]


def test_a_lane_that_was_parked_while_its_channel_was_mended_moves_again(world: World) -> None:
    world.consumer_says("hello")
    run("UPDATE webhooks_app_lane SET state = 'parked'")
    assert unpark() == 1
    world.work()
    assert world.far.texts() == ["hello"]


@pytest.mark.parametrize("direction", ["i", "o"])
@pytest.mark.parametrize("state", ["active", "paused", "broken"])
@pytest.mark.parametrize("is_active", [True, False])
def test_only_lanes_whose_channel_may_move_are_unparked(world: World, direction: str, state: str, is_active: bool) -> None:
    conversation = world.open_conversation()
    if direction == "o":
        world.notify(text_change(conversation, 0, "hi"))
    else:
        world.consumer_says("hi")
    run("UPDATE channels_app_channel SET state = %s", [state])
    run("UPDATE channels_app_brand SET is_active = %s", [is_active])
    run("UPDATE webhooks_app_lane SET state = 'parked' WHERE direction = %s", [direction])
    expected = is_active and (state == "active" or (state == "broken" and direction == "i"))
    assert unpark() == int(expected)


def finished_long_ago(world: World, number: int) -> None:
    conversation = world.open_conversation()
    for sequence in range(number):
        world.notify(text_change(conversation, sequence, f"t{sequence}"))
        world.consumer_says(f"c{sequence}")
    world.work()
    run("UPDATE webhooks_app_event SET finished_at = now() - interval '31 days'")
    run("UPDATE webhooks_app_lane SET created_at = now() - interval '31 days'")


def test_what_was_finished_over_history_days_ago_is_deleted_with_all_that_hangs_on_it(world: World) -> None:
    # given
    finished_long_ago(world, 3)
    body = b"{"
    from connector_platform import wsgi
    from tests.webhooks_app.world import meta_headers, send

    send(wsgi.application, world.callback_path(), body, meta_headers(body))
    run("UPDATE webhooks_app_unreadablebody SET received_at = now() - interval '31 days'")
    world.consumer_says("young")
    # when
    assert delete_history() == 7
    # then: only the young one is left, with its lane
    assert [one.content["text"] for one in world.events()] == ["young"]
    assert (count("attempt"), count("deliveredmessage"), count("unreadablebody")) == (0, 0, 0)
    assert [one.direction for one in world.lanes()] == ["i"]
    world.work()
    assert world.far.texts()[-1] == "young"


def test_a_batch_is_no_limit_to_what_is_deleted(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise more would arrive than is deleted, and the tables would grow without end."""
    monkeypatch.setattr(module, "BATCH", 5)
    finished_long_ago(world, 12)
    assert delete_history() == 25
    assert (count("event"), count("lane")) == (0, 0)


def test_what_is_not_finished_is_never_deleted(world: World) -> None:
    world.consumer_says("waits for ever")
    run("UPDATE webhooks_app_event SET received_at = now() - interval '400 days'")
    run("UPDATE webhooks_app_lane SET created_at = now() - interval '400 days'")
    assert delete_history() == 0
    assert len(world.lanes()) == 1


def test_processes_that_are_silent_for_an_hour_are_forgotten(world: World) -> None:
    run("INSERT INTO webhooks_app_heartbeat VALUES ('gone', 'worker', now() - interval '61 minutes'), ('here', 'worker', now())")
    delete_history()
    assert run("SELECT name FROM webhooks_app_heartbeat") == [("here",)]


def test_every_duty_is_done_and_each_at_its_own_pace(world: World) -> None:
    sweeper = Sweeper()
    assert set(sweeper.sweep(everything=True)) == {duty.__name__ for _, duty in EVERY}
    assert sweeper.sweep() == {}


def test_a_duty_that_fails_does_not_end_the_sweeper(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    calls: list[str] = []

    def broken() -> int:
        calls.append("broken")
        raise psycopg.errors.ForeignKeyViolation("no")

    def buggy() -> int:
        calls.append("buggy")
        raise KeyError("a bug")

    def fine() -> int:
        calls.append("fine")
        return 0

    monkeypatch.setattr(module, "EVERY", ((0.01, broken), (0.01, buggy), (0.01, fine)))
    sweeper = Sweeper()
    thread = threading.Thread(target=sweeper.run)
    # when / then
    thread.start()
    try:
        wait_until(lambda: calls.count("fine") >= 2, 20, "a failing duty keeps the others from being done")
        assert thread.is_alive()
    finally:
        sweeper.stop()
        thread.join(10)


class Leading(Sweeper):
    """Notes whether it leads, instead of sweeping."""

    def __init__(self, name: str) -> None:
        super().__init__()
        self.name = name
        self.is_leading = False
        self.backend = 0
        self.thread = threading.Thread(target=self.run)

    def _lead(self, leadership: psycopg.Connection[Any]) -> None:
        self.backend = leadership.info.backend_pid
        self.is_leading = True
        try:
            super()._lead(leadership)
        finally:
            self.is_leading = False

    def sweep(self, *, everything: bool = False) -> dict[str, int]:
        return {}


def test_one_of_two_sweepers_leads_and_the_other_takes_over_when_its_connection_dies(world: World) -> None:
    sweepers = [Leading("first"), Leading("second")]
    for one in sweepers:
        one.thread.start()
    try:
        # given
        wait_until(lambda: sum(one.is_leading for one in sweepers) == 1, 20, "nobody leads")
        leader = next(one for one in sweepers if one.is_leading)
        first_backend = leader.backend
        for _ in range(3):
            assert sum(one.is_leading for one in sweepers) <= 1
        # when
        with hot_pool().connection() as connection:
            connection.execute("SELECT pg_terminate_backend(%s)", [first_backend])
        # then: somebody leads again, on another connection, and never both
        wait_until(lambda: any(one.is_leading and one.backend != first_backend for one in sweepers), 20, "nobody took over")
        assert sum(one.is_leading for one in sweepers) == 1
        # when the leader stops, the other leads
        leader = next(one for one in sweepers if one.is_leading)
        leader.stop()
        other = next(one for one in sweepers if one is not leader)
        wait_until(lambda: other.is_leading, 20, "the other did not take over")
        assert run("SELECT count(*) FROM webhooks_app_heartbeat WHERE kind = 'sweeper'") == [(2,)]
    finally:
        for one in sweepers:
            one.stop()
        for one in sweepers:
            one.thread.join(20)
    assert run(
        "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
    ) == [(0,)]
