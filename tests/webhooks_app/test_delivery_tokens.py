"""Tokens of LivePerson: fetched once, renewed in time, and anew where one is refused."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector_platform.database import run
from tests.webhooks_app.deliveries import LONG
from tests.webhooks_app.far_side import answer, published, unauthorized
from tests.webhooks_app.world import (
    World,
    ended,
)
from webhooks_app import lanes


def test_a_token_that_is_refused_once_is_fetched_anew_and_the_message_goes_out_at_once(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", unauthorized(40102))
    world.consumer_says("again")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_text", "fetch_app_jwt", "send_text"]
    first, second = world.far.of("send_text")
    assert first.headers["Authorization"] != second.headers["Authorization"]
    assert first.body == second.body


def test_a_token_that_is_refused_twice_is_not_fetched_a_third_time(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", unauthorized(40102), unauthorized(40102))
    world.consumer_says("again")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_text", "fetch_app_jwt", "send_text"]
    assert (world.events()[-1].state, world.events()[-1].outcome) == ("waiting", "app_token_rejected")
    world.work_on()
    assert ended(world.events()[-1]) == ("done", "sent")


def test_a_consumers_token_that_is_refused_once_is_fetched_anew(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", unauthorized(40103))
    world.consumer_says("again")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_text", "fetch_consumer_jws", "send_text"]


def test_a_conversation_that_even_a_new_token_is_refused_for_is_replaced_by_a_new_one(world: World) -> None:
    # given LivePerson, which no longer takes the conversation for this person's
    world.open_conversation()
    world.far.script("send_text", unauthorized(40103), unauthorized(40103))
    world.consumer_says("and again")
    world.work()
    # then the words are in a new conversation
    assert ended(world.events()[-1]) == ("done", "sent")
    assert len(world.far.created) == 2
    assert json.loads(world.far.of("send_text")[-1].body)["body"]["conversationId"] == world.far.created[-1]
    # and a person who is refused everywhere does not hold up the lane
    world.far.script("send_text", *[unauthorized(40103)] * 4)
    world.consumer_says("once more")
    world.work()
    assert ended(world.events()[-1]) == ("dead", "consumer_token_rejected")


def test_two_tokens_that_end_together_are_both_fetched_anew(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", unauthorized(40102), unauthorized(40103))
    world.consumer_says("again")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_text", "fetch_app_jwt", "send_text", "fetch_consumer_jws", "send_text"]
    assert ended(world.events()[-1]) == ("done", "sent")


def test_between_two_parts_a_refused_token_repeats_no_part(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", published(1), unauthorized(40102))
    world.consumer_says(LONG)
    world.work()
    sent = world.far.texts()
    assert len(sent) == 3
    assert sent[1] == sent[2]


def test_eight_threads_without_a_token_ask_for_one_only(world: World) -> None:
    # given
    barrier = threading.Barrier(8)
    for number in range(8):
        world.consumer_says(f"t{number}", person=f"2450{number}")
    claims = lanes.claim(world.engine.worker, 8)

    def drain(claim: lanes.Claim) -> None:
        barrier.wait()
        world.engine.drain(claim)

    # when
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(drain, claims))
    world.work_on(times=5)
    # then
    assert len(world.far.of("fetch_app_jwt")) == 1
    assert sorted(world.far.texts()) == [f"t{number}" for number in range(8)]


def test_many_processes_without_a_token_ask_for_one_only(world: World) -> None:
    for round_number in range(12):
        run("DELETE FROM webhooks_app_token")
        world.far.calls.clear()
        for number in range(4):
            world.consumer_says(f"t{round_number}-{number}", person=f"2450{number}")
        claims = lanes.claim("w", 8)
        barrier = threading.Barrier(len(claims))

        def drain(claim: lanes.Claim, barrier: threading.Barrier = barrier) -> None:
            engine = world.new_engine()
            barrier.wait()
            engine.drain(claim)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(drain, claims))
        world.work_on(times=3)
        assert len(world.far.of("fetch_app_jwt")) == 1


def test_a_token_is_renewed_five_minutes_before_it_ends_and_kept_for_other_processes(world: World) -> None:
    # given
    world.far.jwt_lifetime_s = 301
    world.open_conversation()
    world.consumer_says("still good")
    world.work(world.new_engine())
    assert world.far.of("fetch_app_jwt") == []
    # when
    world.far.jwt_lifetime_s = 3600
    run("UPDATE webhooks_app_token SET renew_at = renew_at - interval '2 seconds', expires_at = expires_at - interval '2 seconds'")
    world.consumer_says("renewed")
    world.work(world.new_engine())
    # then
    assert len(world.far.of("fetch_app_jwt")) == 1


def test_while_sentinel_fails_a_token_that_still_lives_is_used(world: World) -> None:
    world.far.jwt_lifetime_s = 299
    world.open_conversation()
    world.far.script("fetch_app_jwt", answer({}, 503))
    world.consumer_says("again")
    world.work(world.new_engine())
    assert world.far.texts() == ["again"]


def test_a_token_that_is_fetched_by_somebody_who_died_is_fetched_again(world: World) -> None:
    world.consumer_says("hello")
    run(
        "INSERT INTO webhooks_app_token (key, refreshing_until) VALUES (%s, now() + interval '20 seconds')",
        [f"appjwt:{world.app.id}:{world.app.account_id}:{world.app.client_id}"],
    )
    world.work()
    assert (world.far.texts(), world.event().outcome) == ([], "token_pending")
    assert world.event().tries == 0
    run("UPDATE webhooks_app_token SET refreshing_until = now() - interval '1 second'")
    world.work_on()
    assert world.far.texts() == ["hello"]


@pytest.mark.parametrize("minutes", [-90, -7, 7, 90])
def test_clocks_that_are_minutes_apart_cost_no_tokens(world: World, minutes: int) -> None:
    """What counts is how long a token lives, not when LivePerson's clock says that it ends."""
    world.far.clock_off_s = minutes * 60
    for number in range(3):
        world.consumer_says(f"message {number}")
        world.work()
        world.work(world.new_engine(f"another process {number}"))
    assert world.far.texts() == ["message 0", "message 1", "message 2"]
    assert len(world.far.of("fetch_app_jwt")) == 1
