"""The journal keeps each event once, in order, whatever arrives together."""

from __future__ import annotations

import dataclasses
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import redis
from django.conf import settings
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from connector_platform import wsgi
from connector_platform.core.events import InboundEvent, Profile, RichContent, Text
from connector_platform.database import run
from tests.webhooks_app.world import deadlocks, meta_body, meta_headers, said, send
from webhooks_app.journal import Entry, append, profile_to_json


def entry(world: Any, person: str, source_id: str, text: str = "x") -> Entry:
    event = InboundEvent(consumer_id=person, source_id=source_id, content=Text(text=text), wire_type="text", raw=b"{}")
    return Entry.inbound(event, channel_id=world.channel.id, brand_id=world.brand.id)


@pytest.mark.parametrize("flush", [False, True], ids=["", "after_redis_is_flushed"])
def test_a_hundred_ids_posted_by_eight_threads_at_once_are_a_hundred_events(world: Any, flush: bool) -> None:
    # given
    bodies = [meta_body(said(f"text {number}", f"mid-{number}", person=f"245{number % 10}")) for number in range(100)]
    barrier = threading.Barrier(8)

    def post_all(offset: int) -> set[int]:
        barrier.wait()
        statuses = set()
        for number in range(100):
            body = bodies[(number + offset) % 100]
            statuses.add(send(wsgi.application, world.callback_path(), body, meta_headers(body)).status)
            if flush and number == 50 and offset == 0:
                redis.Redis.from_url(settings.REDIS_URL).flushall()
        return statuses

    # when
    with ThreadPoolExecutor(8) as pool:
        statuses = set().union(*pool.map(post_all, [0, 0, 3, 10, 25, 50, 75, 99]))
    # then
    assert statuses == {200}
    assert run("SELECT count(*), count(DISTINCT source_id) FROM webhooks_app_event") == [(100, 100)]


def test_positions_follow_the_order_of_commit_under_eight_writers_of_several_lanes(world: Any) -> None:
    # given: eight writers whose batches each touch four of six lanes, in different orders
    before = deadlocks()
    barrier = threading.Barrier(8)

    def write(writer: int) -> None:
        barrier.wait()
        for number in range(40):
            people = [f"p{(writer + number + step * (1 if writer % 2 else -1)) % 6}" for step in range(4)]
            append([entry(world, person, f"{writer}-{number}-{place}") for place, person in enumerate(people)])

    # when
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(write, range(8)))
    # then: every lane is numbered 1..n without a hole, and no writer's own order is turned round
    rows = run(
        "SELECT l.key, l.tail, e.position, e.source_id FROM webhooks_app_event e JOIN webhooks_app_lane l ON l.id = e.lane_id ORDER BY 1, 3"
    )
    assert len(rows) == 8 * 40 * 4
    for key in {row[0] for row in rows}:
        mine = [row for row in rows if row[0] == key]
        assert [row[2] for row in mine] == list(range(1, mine[0][1] + 1))
        for writer in range(8):
            numbers = [int(row[3].split("-")[1]) for row in mine if row[3].startswith(f"{writer}-")]
            assert numbers == sorted(numbers)
    assert deadlocks() == before


def test_a_repeated_id_within_one_batch_is_one_event_and_keeps_the_first_place(world: Any) -> None:
    new = append([entry(world, "p", "a", "first"), entry(world, "p", "b"), entry(world, "p", "a", "again")])
    assert len(new) == 2
    assert [(one.source_id, one.position, one.content["text"]) for one in world.events()] == [("a", 1, "first"), ("b", 2, "x")]


def test_a_repetition_beside_something_new_stores_the_new_alone(world: Any) -> None:
    append([entry(world, "p", "a")])
    new = append([entry(world, "p", "a"), entry(world, "p", "b"), entry(world, "q", "a2")])
    assert len(new) == 2
    assert [(one.source_id, one.position) for one in world.events()] == [("a", 1), ("b", 2), ("a2", 1)]


@pytest.mark.parametrize(
    ("words", "kept"),
    [
        ("a\0b", "a\ufffdb"),
        ("\0", "\ufffd"),
        (r"a literal \u0000 in a program", r"a literal \u0000 in a program"),
        ("\\\0", "\\\ufffd"),
        (r"\\u0000", r"\\u0000"),
        ("\ud83d", "\ufffd"),
    ],
)
def test_text_that_postgresql_cannot_hold_is_replaced_and_nothing_else_is(world: Any, words: str, kept: str) -> None:
    append([entry(world, "p", "a", words)])
    assert world.event().content["text"] == kept


@hypothesis_settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    words=st.text(st.characters(), max_size=40),
    names=st.text(st.characters(), max_size=400),
    nested=st.recursive(
        st.text(st.characters(), max_size=5) | st.integers() | st.booleans(),
        lambda inner: st.dictionaries(st.text(st.characters(), max_size=4), inner, max_size=3),
        max_leaves=6,
    ),
)
def test_whatever_people_and_vendors_write_can_be_stored_and_read_again(world: Any, words: str, names: str, nested: Any) -> None:
    event = InboundEvent(
        consumer_id=names, source_id=f"{names}{words}", content=RichContent(text=words, content={"a": nested}), wire_type=names, raw=b"\0"
    )
    run("DELETE FROM webhooks_app_event")
    append([Entry.inbound(event, channel_id=world.channel.id, brand_id=world.brand.id)])
    stored = world.event().content
    assert stored["text"] == words.replace("\0", "\ufffd").encode("utf-16", "surrogatepass").decode("utf-16", "replace") if words else True


def test_everything_that_a_channel_tells_of_a_person_is_kept() -> None:
    told = {field.name: f"a {field.name}" for field in dataclasses.fields(Profile)}
    assert profile_to_json(Profile(**told)) == told
    assert profile_to_json(Profile()) == {}
