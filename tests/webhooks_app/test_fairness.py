"""Brands take turns: one brand's queue, or its slow far side, is not another brand's wait."""

from __future__ import annotations

import threading
import uuid
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from channels_app.models import Brand, Channel
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.events import InboundEvent, Text
from connector_platform.database import run
from tests.support.stack import wait_until
from tests.webhooks_app.world import World, brand, liveperson_app, page
from webhooks_app import lanes, worker
from webhooks_app.journal import Entry, append
from webhooks_app.worker import SPARE_THREADS, Drainer


@dataclass(frozen=True)
class Tenant:
    """A brand with one page."""

    brand: Brand
    channel: Channel

    def hears(self, people: int, text: str) -> None:
        """One message of each of so many people."""
        entries = []
        for number in range(people):
            content = Text(text=f"{text} {number}")
            event = InboundEvent(consumer_id=f"p{number}", source_id=str(uuid.uuid4()), content=content, wire_type="text", raw=b"{}")
            entries.append(Entry.inbound(event, channel_id=self.channel.id, brand_id=self.brand.id))
        append(entries)


@pytest.fixture
def busy(world: World) -> Tenant:
    return Tenant(world.brand, world.channel)


@pytest.fixture
def calm(world: World) -> Tenant:
    owner = brand("globex")
    return Tenant(owner, page(liveperson_app(owner, "7654321"), world.meta, "108800000000018"))


def claimed(limit: int, held: dict[uuid.UUID, int] | None = None, **options: Any) -> Counter[uuid.UUID]:
    return Counter(claim.brand_id for claim in lanes.claim("w", limit, held, **options))


def test_a_claim_takes_from_the_brands_in_turn_whoever_waits_longer(busy: Tenant, calm: Tenant) -> None:
    busy.hears(30, "flood")
    calm.hears(3, "hello")
    assert claimed(6) == {busy.brand.id: 3, calm.brand.id: 3}
    assert claimed(6) == {busy.brand.id: 6}


def test_a_brand_that_holds_threads_waits_for_those_that_hold_fewer(busy: Tenant, calm: Tenant) -> None:
    busy.hears(30, "flood")
    calm.hears(5, "hello")
    assert claimed(1, {busy.brand.id: 2}) == {calm.brand.id: 1}
    assert claimed(3, {busy.brand.id: 2, calm.brand.id: 1}) == {calm.brand.id: 2, busy.brand.id: 1}


def test_no_brand_gets_more_than_it_may_hold(busy: Tenant, calm: Tenant) -> None:
    busy.hears(30, "flood")
    calm.hears(5, "hello")
    assert claimed(10, {busy.brand.id: 4, calm.brand.id: 1}, most=4) == {calm.brand.id: 3}
    assert claimed(10, {busy.brand.id: 1, calm.brand.id: 4}, most=4) == {busy.brand.id: 3}


def test_of_one_brand_the_longest_due_is_first(busy: Tenant) -> None:
    busy.hears(3, "m")
    for name, seconds in (("p2", 30), ("p0", 20), ("p1", 10)):
        run("UPDATE webhooks_app_lane SET due_at = now() - make_interval(secs => %s) WHERE key LIKE '%%' || %s", [seconds, name])
    assert [claim.key.rpartition(":")[2] for claim in lanes.claim("w", 2)] == ["p2", "p0"]


@pytest.fixture
def stuck(world: World, monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[tuple[Drainer, threading.Event]]:
    """A worker with four threads whose calls for "flood" hang until the event is set."""
    settings.POLL_S = 0.01
    go_on, original = threading.Event(), world.far.execute

    def execute(call: HttpCall) -> HttpResponse:
        if b"flood" in call.body:
            go_on.wait(60)
        return original(call)

    monkeypatch.setattr(world.far, "execute", execute)
    monkeypatch.setattr(worker, "make_client", lambda: world.far)
    running = Drainer(threads=4)
    running.start()
    yield running, go_on
    go_on.set()
    running.stop()


def test_a_brand_whose_far_side_hangs_does_not_hold_the_others(
    world: World, busy: Tenant, calm: Tenant, stuck: tuple[Drainer, threading.Event]
) -> None:
    # given: every thread that anybody may have is in a call that hangs
    _, go_on = stuck
    busy.hears(50, "flood")
    wait_until(lambda: leased(busy) == 4, 30, "the busy brand does not hold all threads")
    # when
    calm.hears(SPARE_THREADS * 3, "hello")
    # then the others' messages go all the same, and the busy brand got no thread more meanwhile
    wait_until(lambda: len(world.far.texts()) == SPARE_THREADS * 3, 30, "the calm brand waits")
    assert {text.split()[0] for text in world.far.texts()} == {"hello"}
    assert leased(busy) == 4
    # and nothing of the busy one is lost
    go_on.set()
    wait_until(lambda: len(world.far.texts()) == 50 + SPARE_THREADS * 3, 60, "not everything was delivered")


def leased(tenant: Tenant) -> int:
    return int(run("SELECT count(*) FROM webhooks_app_lane WHERE brand_id = %s AND state = 'leased'", [tenant.brand.id])[0][0])
