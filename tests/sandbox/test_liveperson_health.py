"""The four states of an app under retries by time to live, and the rule for slow endpoints."""

from __future__ import annotations

import asyncio
import time
from typing import Any

from sandbox.liveperson.health import AppState, Delivery, Health, Lane
from sandbox.liveperson.notifications import Notification
from tests.sandbox.liveperson_world import Connector, World, run


def delivery(name: str) -> Delivery:
    return Delivery([Notification("1", "c", "t", {"name": name})], b"", time.monotonic())


def test_states_follow_the_stored_and_then_the_appended_events() -> None:
    stored, appended, new = delivery("stored"), delivery("appended"), delivery("new")
    lane, other, health = Lane(), Lane(), Health()
    health.fail()
    lane.queue.append(stored)
    health.come_back([lane, other])
    assert (health.state, lane.is_draining, other.is_draining) == (AppState.IN_TRANSITION, True, False)
    lane.queue.append(appended)
    other.queue.append(new)
    lane.queue.popleft()
    health.left(stored, [lane, other])
    assert (health.state, health.awaited) == (AppState.RECOVERED, {appended})
    lane.queue.popleft()
    health.left(appended, [lane, other])
    assert health.state is AppState.UP


def test_a_failure_in_between_begins_anew_and_nothing_stored_is_up_at_once() -> None:
    health, lane = Health(), Lane()
    lane.queue.append(delivery("x"))
    health.fail()
    health.wait_longer()
    health.come_back([lane])
    health.fail()
    assert (health.state, health.awaited, health.wait_s) == (AppState.FAILED, set(), 2.0)
    health.come_back([])
    assert health.state is AppState.UP


def test_only_an_unbroken_series_of_slow_answers_counts() -> None:
    health = Health()
    limits: dict[str, Any] = {"answer_s": 2.5, "window_s": 120}
    assert not health.is_slow("u", 0, 3, **limits)
    assert not health.is_slow("u", 60, 62, **limits)
    assert not health.is_slow("u", 100, 103, **limits)
    assert not health.is_slow("v", 200, 230, **limits)
    assert health.is_slow("u", 217, 220, **limits)


def test_an_app_goes_through_its_states() -> None:
    async def body(world: World) -> None:
        def state() -> str:
            return str(world.state.webhooks.status()["apps"][0]["state"])

        world.endpoint.answers = [503]
        connector, other = await Connector.of(world), await Connector.of(world, "other")
        cid = await connector.opened()
        await world.until(lambda: state() == "FAILED")
        await connector.say(cid, "stored")
        gate = world.endpoint.gate = asyncio.Semaphore(0)
        await world.control("POST", "/webhooks/retry")
        await world.endpoint.until(2)
        assert state() == "FAILED"
        gate.release()
        await world.endpoint.until(3)
        assert state() == "IN TRANSITION"

        await connector.say(cid, "appended")
        await other.opened()
        await world.endpoint.until(4)  # a new conversation does not wait
        gate.release()
        await world.endpoint.until(5)
        assert state() == "RECOVERED"

        await world.control("PUT", "/time-scale", {"scale": 0.001})
        await connector.say(cid, "overtakes")
        await world.endpoint.until(6)  # although the one before it has not been answered
        for _ in range(3):
            gate.release()
        await world.until(lambda: state() == "UP" and not world.state.webhooks.status()["apps"][0]["pending"])
        assert [item.says for item in world.endpoint.received] == ["OPEN", "OPEN", "stored", "OPEN", "appended", "overtakes"]

    run(body, time_scale=1000.0)


def test_a_slow_app_is_disabled_where_the_rule_is_on() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", "/options", {"slow_app_answer_s": 0.000001, "slow_app_window_s": 0.000001})
        connector = await Connector.of(world)
        await connector.opened()
        await world.until(lambda: world.ledger("webhook.app_disabled"))
        assert (await world.control("GET", "/accounts"))["apps"][0]["enabled"] is False
        assert (await connector.create())[0] == 401

    run(body)
