"""A lane is one worker's at a time, keeps its order, and is never left with something in it."""

from __future__ import annotations

import threading
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from connector_platform.core.errors import ServerFault
from connector_platform.core.events import InboundEvent, Text
from connector_platform.database import hot_pool, run
from tests.webhooks_app.far_side import answer
from tests.webhooks_app.world import World, ended, text_change
from webhooks_app import lanes
from webhooks_app.delivery import records
from webhooks_app.delivery.records import LaneLost
from webhooks_app.delivery.steps import Progress
from webhooks_app.journal import Entry, append
from webhooks_app.lanes import Claim


def put(world: World, person: str, source_id: str) -> None:
    event = InboundEvent(consumer_id=person, source_id=source_id, content=Text(text=source_id), wire_type="text", raw=b"{}")
    append([Entry.inbound(event, channel_id=world.channel.id, brand_id=world.brand.id)])


def expire(claim: Claim) -> None:
    run("UPDATE webhooks_app_lane SET due_at = now() - interval '1 second' WHERE id = %s", [claim.lane_id])


def head(claim: Claim) -> records.Job:
    return records.waiting(claim)[1][0]


def test_claimers_never_share_a_lane(world: World) -> None:
    # given
    for number in range(200):
        put(world, f"p{number}", f"m{number}")
    barrier = threading.Barrier(8)

    def claim_all(worker: int) -> list[int]:
        barrier.wait()
        mine: list[int] = []
        while found := lanes.claim(f"w{worker}", 7):
            mine += [one.lane_id for one in found]
        return mine

    # when
    with ThreadPoolExecutor(8) as pool:
        claimed = [lane for mine in pool.map(claim_all, range(8)) for lane in mine]
    # then: some may be left, skipped as locked by a claimer who then took others; nobody got one twice
    claimed += [one.lane_id for one in lanes.claim("last", 500)]
    assert len(claimed) == len(set(claimed)) == 200


def test_a_claimed_lane_is_nobody_elses_until_its_lease_ends(world: World, settings: object) -> None:
    # given
    put(world, "p", "m")
    (first,) = lanes.claim("w1", 5)
    assert not first.was_abandoned
    assert lanes.claim("w2", 5) == []
    # when
    expire(first)
    (second,) = lanes.claim("w2", 5)
    # then
    assert second.was_abandoned
    assert second.token == first.token + 1


def test_a_renewed_lease_does_not_end_and_another_workers_is_not_renewed(world: World) -> None:
    put(world, "p", "m")
    (claim,) = lanes.claim("w1", 5)
    expire(claim)
    lanes.renew("w2", [claim.lane_id])
    assert run("SELECT due_at < now() FROM webhooks_app_lane") == [(True,)]
    lanes.renew("w1", [claim.lane_id])
    assert lanes.claim("w2", 5) == []


def test_the_lane_that_is_due_longest_is_claimed_first(world: World) -> None:
    for person in ("late", "early", "middle"):
        put(world, person, person)
    run(
        """UPDATE webhooks_app_lane SET due_at = now() - make_interval(secs => CASE split_part(key, ':', 3)
               WHEN 'late' THEN 1 WHEN 'middle' THEN 2 ELSE 3 END)"""
    )
    assert [claim.key.rpartition(":")[2] for claim in lanes.claim("w", 2)] == ["early", "middle"]


# Fencing: whoever lost the lane writes nothing.


@pytest.fixture
def lost(world: World) -> tuple[Claim, records.Job]:
    """A claim whose lane another worker took over, with the job that it was about to do."""
    put(world, "p", "m")
    (claim,) = lanes.claim("w1", 5)
    job = head(claim)
    expire(claim)
    assert lanes.claim("w2", 5)
    return claim, job


def test_a_worker_that_lost_its_lane_cannot_look_into_it(world: World, lost: tuple[Claim, records.Job]) -> None:
    with pytest.raises(LaneLost):
        records.waiting(lost[0])


def test_a_worker_that_lost_its_lane_cannot_begin_a_call(world: World, lost: tuple[Claim, records.Job]) -> None:
    with pytest.raises(LaneLost):
        records.start(*lost)
    assert ended(world.event()) == ("waiting", "")


def test_a_worker_that_lost_its_lane_cannot_keep_its_progress(world: World, lost: tuple[Claim, records.Job]) -> None:
    with pytest.raises(LaneLost):
        records.save_progress(*lost, Progress(answers=[{"status": 200}]))
    assert world.event().progress is None


def test_a_worker_that_lost_its_lane_cannot_finish_its_event(world: World, lost: tuple[Claim, records.Job]) -> None:
    with pytest.raises(LaneLost):
        records.finish_alone(*lost, worker="w1", state="done", outcome="sent")
    assert ended(world.event()) == ("waiting", "")
    assert not world.attempts()


def test_a_worker_that_lost_its_lane_cannot_give_it_back(world: World, lost: tuple[Claim, records.Job]) -> None:
    lanes.release(lost[0], seen_tail=5)
    lanes.release_until(lost[0], 0)
    assert (world.lane().state, world.lane().worker) == ("leased", "w2")


def test_a_worker_that_lost_its_lane_during_a_call_makes_no_further_one(world: World) -> None:
    # given: a text of two parts; while the first is sent, the lane is lost
    def lose(call: object) -> object:
        run("UPDATE webhooks_app_lane SET token = token + 1")
        return world.far.agree(call)  # type: ignore[arg-type]

    world.open_conversation()
    world.far.script("send_text", lose)  # type: ignore[arg-type]
    world.consumer_says("x" * 6000)
    # when
    world.work()
    # then
    assert len(world.far.of("send_text")) == 1
    assert world.lane(direction="i").in_flight == world.event(content__text="x" * 6000).id


# Nothing is stranded.


def test_giving_back_and_something_new_at_the_same_time_never_strand_an_event(world: World) -> None:
    """A worker that found the lane empty gives it back in the moment in which something arrives."""
    barrier = threading.Barrier(2)
    rounds = 300

    def write() -> None:
        for number in range(rounds):
            barrier.wait(timeout=60)
            put(world, "p", f"m{number}")

    def work() -> None:
        for _ in range(rounds):
            barrier.wait(timeout=60)
            for claim in lanes.claim("w", 1):
                while True:
                    tail, jobs = records.waiting(claim)
                    if not jobs:
                        lanes.release(claim, seen_tail=tail)
                        break
                    records.finish_alone(claim, jobs[0], worker="w", state="done", outcome="sent")

    with ThreadPoolExecutor(2) as pool:
        for done in [pool.submit(write), pool.submit(work)]:
            done.result()
    # then: whatever is left is in a lane that is due
    left = run("SELECT count(*) FROM webhooks_app_event WHERE state = 'waiting'")[0][0]
    assert left == 0 or world.lane().state == "ready"
    for claim in lanes.claim("w", 1):
        for job in records.waiting(claim, 1000)[1]:
            records.finish_alone(claim, job, worker="w", state="done", outcome="sent")
    assert run("SELECT count(*) FROM webhooks_app_event WHERE state = 'waiting'") == [(0,)]


def test_what_arrives_while_a_lane_is_being_given_back_makes_it_due_at_once(world: World) -> None:
    put(world, "p", "m1")
    (claim,) = lanes.claim("w", 1)
    tail, (job,) = records.waiting(claim)
    records.finish_alone(claim, job, worker="w", state="done", outcome="sent")
    put(world, "p", "m2")
    lanes.release(claim, seen_tail=tail)
    assert len(lanes.claim("w", 1)) == 1


def test_what_arrives_while_a_gap_begins_ends_it_at_once(world: World) -> None:
    put(world, "p", "m1")
    (claim,) = lanes.claim("w", 1)
    tail, _ = records.waiting(claim)
    put(world, "p", "m2")
    lanes.release_until(claim, 30, state="gap", seen_tail=tail)
    assert len(lanes.claim("w", 1)) == 1


def test_a_gap_ends_with_the_next_arrival(world: World) -> None:
    put(world, "p", "m1")
    (claim,) = lanes.claim("w", 1)
    lanes.release_until(claim, 30, state="gap", seen_tail=1)
    assert lanes.claim("w", 1) == []
    put(world, "p", "m2")
    assert len(lanes.claim("w", 1)) == 1


def test_a_wait_for_a_retry_does_not_end_with_the_next_arrival(world: World) -> None:
    put(world, "p", "m1")
    (claim,) = lanes.claim("w", 1)
    lanes.release_until(claim, 30)
    put(world, "p", "m2")
    assert lanes.claim("w", 1) == []


def test_a_head_that_waits_blocks_its_own_lane_and_no_other(world: World, settings: object) -> None:
    # given
    settings.RETRY_SCALE = 1  # type: ignore[attr-defined]
    world.open_conversation()
    world.open_conversation(person="245002")
    world.far.script("send_text", ServerFault("down"))
    # when: one person's first message fails
    world.consumer_says("first")
    world.work()
    world.consumer_says("second")
    world.consumer_says("elsewhere", person="245002")
    world.work()
    # then
    assert world.far.texts() == ["first", "elsewhere"]
    world.work_on()
    assert world.far.texts() == ["first", "elsewhere", "first", "second"]


def test_a_long_lane_lets_others_have_their_turn(world: World, settings: object) -> None:
    settings.LANE_BUDGET = 3  # type: ignore[attr-defined]
    world.open_conversation()
    for number in range(7):
        world.consumer_says(f"t{number}")
    (claim,) = lanes.claim(world.engine.worker, 1)
    assert world.engine.drain(claim) == 3
    assert world.lane(direction="i").state == "ready"
    world.work()
    assert world.far.texts() == [f"t{number}" for number in range(7)]


def test_two_workers_of_one_lane_keep_its_order_whoever_has_it(world: World, settings: object) -> None:
    settings.LANE_BUDGET = 2  # type: ignore[attr-defined]
    world.open_conversation()
    engines = [world.new_engine(f"w{number}") for number in range(3)]
    stop = time.monotonic() + 60

    def work(engine: object) -> None:
        while len(world.far.texts()) < 60 and time.monotonic() < stop:
            for claim in lanes.claim(engine.worker, 2):  # type: ignore[attr-defined]
                engine.drain(claim)  # type: ignore[attr-defined]

    with ThreadPoolExecutor(4) as pool:
        working = [pool.submit(work, engine) for engine in engines]
        for number in range(60):
            world.consumer_says(f"t{number}")
        for done in working:
            done.result()
    assert world.far.texts() == [f"t{number}" for number in range(60)]


def test_a_lane_in_which_postgresql_failed_comes_due_by_itself(world: World, monkeypatch: pytest.MonkeyPatch, settings: object) -> None:
    # given: PostgreSQL goes away while the result is recorded, for longer than the worker waits
    settings.LEASE_S = 0.1  # type: ignore[attr-defined]
    world.open_conversation()
    world.consumer_says("hello")
    import psycopg

    from webhooks_app.delivery import engine

    def fail(*args: object, **kwargs: object) -> None:
        raise psycopg.OperationalError("gone")

    monkeypatch.setattr(engine.records, "finish", fail)
    (claim,) = lanes.claim(world.engine.worker, 1)
    world.engine.drain(claim)
    assert (world.lane(direction="i").state, world.lane(direction="i").in_flight) == ("leased", world.events()[-1].id)
    monkeypatch.undo()
    # when
    settings.RECONCILE_WAIT_S = 0  # type: ignore[attr-defined]
    expire(claim)
    world.work()
    # then: sent again, and it says so
    assert world.far.texts() == ["hello", "hello"]
    assert world.events(possibly_doubled=True)


def test_an_outbound_lane_belongs_to_one_conversation(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(text_change(conversation, 0, "a"))
    world.far.script("send_text", answer({}, 500))
    assert world.lane(direction="o").key == f"o:{world.app.id}:{conversation}"
    with hot_pool().connection() as connection:
        lanes.wake_gap(connection, key=world.lane(direction="o").key)
    assert world.lane(direction="o").state == "ready"
