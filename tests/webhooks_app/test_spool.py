"""Callbacks while PostgreSQL is away: answered, kept on the disk, and in the journal in order once it is back."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from prometheus_client import REGISTRY

from channels_app.providers.messenger import Messenger
from channels_app.selectors import configs
from connector_platform import wsgi
from connector_platform.core.errors import SignatureInvalid
from connector_platform.database import is_away
from tests.webhooks_app.outage import Outage, records
from tests.webhooks_app.world import (
    SMS_SECRET,
    VERIFY_TOKEN,
    lp_headers,
    meta_body,
    meta_headers,
    said,
    send,
    sms,
    text_change,
    typing_change,
    webhook_body,
)
from webhooks_app import spool_drainer
from webhooks_app.spool import Spool
from webhooks_app.spool_drainer import Keeper


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"connector_{name}", labels) or 0.0


@pytest.fixture
def known(outage: Outage) -> Outage:
    """The process has seen the channel and the LivePerson app a while ago: what it remembers is too old while PostgreSQL is there."""
    outage.consumer_says("before")
    outage.liveperson_says(text_change("X", 1, "of another connector"))
    return outage


def test_callbacks_are_answered_and_journaled_in_order_when_postgresql_is_back(known: Outage) -> None:
    # given
    known.begin()
    spooled = counted("callbacks_total", source="messenger", result="spooled")
    # when
    began = datetime.now(UTC)
    assert [known.consumer_says(f"t{number}").status for number in range(5)] == [200] * 5
    # then
    assert [record.source for record in records(known.spool)] == ["messenger"] * 5
    assert counted("callbacks_total", source="messenger", result="spooled") == spooled + 5
    # when
    answered = datetime.now(UTC)
    known.end_and_drain()
    # then
    assert known.texts() == ["before", "t0", "t1", "t2", "t3", "t4"]
    assert all(began <= event.received_at <= answered for event in known.world.events()[1:])
    assert (known.names("spool"), known.names("failed"), known.spool.is_waiting()) == ([], [], False)
    # and what comes next takes the direct way
    known.consumer_says("after")
    assert known.texts()[-1] == "after"
    assert not known.spool.is_waiting()


def test_livepersons_webhooks_wait_as_well_but_not_who_typed(outage: Outage) -> None:
    # given
    conversation = outage.world.open_conversation()
    outage.liveperson_says(text_change(conversation, 1, "one"))
    outage.begin()
    # when
    assert outage.liveperson_says(text_change(conversation, 2, "two"), typing_change(conversation)).status == 200
    assert outage.liveperson_says(text_change(conversation, 3, "three")).status == 200
    outage.end_and_drain()
    # then
    assert outage.texts("o") == ["one", "two", "three"]
    assert [event.kind for event in outage.world.events(direction="o")] == ["text"] * 3


def test_the_vendor_is_answered_what_it_wants_to_hear(outage: Outage) -> None:
    channel = sms(outage.world.app)
    outage.world.gateway_posts(channel, "/receive", {"from": "+31612345678", "text": "before", "id": "0"})
    outage.begin()
    answered = outage.world.gateway_posts(channel, "/receive", {"from": "+31612345678", "text": "hi", "id": "1"})
    assert (answered.status, answered.body) == (200, b"Accepted")
    outage.end_and_drain()
    assert outage.texts() == ["before", "hi"]


def test_what_is_not_authentic_is_refused_and_never_reaches_the_disk(known: Outage) -> None:
    known.begin()
    body = meta_body(said("forged", "m9"))
    assert send(wsgi.application, known.world.callback_path(), body, meta_headers(body, "another-secret-0001")).status == 401
    webhook = webhook_body(text_change("X", 2, "forged"))
    path = f"/webhooks/liveperson/{known.world.app.id}"
    assert send(wsgi.application, path, webhook, lp_headers(webhook, known.world.app, secret="guess")).status == 401
    assert (known.names("spool"), known.spool.is_waiting()) == ([], False)


def test_a_handshake_is_answered_as_ever(known: Outage) -> None:
    known.begin()
    query = f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN.replace(' ', '+')}&hub.challenge=42"
    answered = send(wsgi.application, known.world.callback_path(), method="GET", query=query)
    assert (answered.status, answered.body) == (200, b"42")


def test_an_unreadable_body_is_refused_as_ever_and_kept_in_the_end(known: Outage) -> None:
    # given
    known.begin()
    path = known.world.callback_path()
    # when
    assert send(wsgi.application, path, b"{", meta_headers(b"{")).status == 400
    answered = datetime.now(UTC)
    assert send(wsgi.application, f"/webhooks/liveperson/{known.world.app.id}", b"{", lp_headers(b"{", known.world.app)).status == 200
    known.end_and_drain()
    # then
    of_vendor, of_liveperson = sorted(known.world.unreadable(), key=lambda row: row.received_at)
    assert (bytes(of_vendor.raw), of_vendor.channel_id) == (b"{", known.world.channel.id)
    assert of_vendor.received_at <= answered
    assert of_liveperson.liveperson_app_id == known.world.app.id
    assert known.names("failed") == []


def test_only_the_first_callback_waits_for_postgresql(known: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    # given: what is remembered is too old for a PostgreSQL that is there
    monkeypatch.setattr(configs, "TTL_S", 0.0)
    known.begin()
    # when: the configuration could not be read, so nobody tries to write
    with monkeypatch.context() as writing:
        writing.setattr("webhooks_app.receive.append", lambda entries: pytest.fail("one wait is enough"))
        assert known.consumer_says("first").status == 200
    assert is_away()
    # when: any further use of the database would fail the test
    monkeypatch.setattr("connector_platform.database.hot_pool", lambda: pytest.fail("nobody may wait for PostgreSQL"))
    statuses = [known.consumer_says(f"t{number}").status for number in range(5)]
    statuses.append(known.liveperson_says(text_change("X", 2, "hi")).status)
    # then
    assert statuses == [200] * 6
    assert len(records(known.spool)) == 7


def test_what_waits_is_not_overtaken(known: Outage) -> None:
    # given: PostgreSQL is back, but nobody has drained yet
    known.begin()
    known.consumer_says("first")
    known.end()
    # when
    known.consumer_says("second")
    # then
    assert known.texts() == ["before"]
    known.end_and_drain()
    assert known.texts() == ["before", "first", "second"]


def test_a_callback_that_waited_for_postgresql_keeps_its_place(known: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is spooled when its own wait is over; who came later was spooled at once."""
    # given
    known.begin()
    known.consumer_says("second")
    (second,) = records(known.spool)
    # when
    known.consumer_says("first")
    first = records(known.spool)[1]
    known.spool.append(replace(first, received_at=second.received_at - timedelta(seconds=1)))
    known.end_and_drain()
    # then
    assert known.texts() == ["before", "first", "second"]


def test_the_files_of_all_processes_are_merged_by_the_time_of_arrival(known: Outage) -> None:
    # given: another web process of this machine, which has died since
    known.begin()
    other = Spool(known.spool.folder, known.spool.max_bytes)
    for number in range(6):
        known.consumer_says(f"t{number}")
    mine = records(known.spool)
    for path in known.spool.files("spool"):
        path.unlink()
    for number, record in enumerate(mine):
        (other if number % 2 else known.spool).append(record)
    assert len(known.names("spool")) == 2
    # when
    known.end_and_drain()
    # then
    assert known.texts() == ["before", *(f"t{number}" for number in range(6))]
    assert known.names("spool") == []


def test_signatures_that_go_stale_are_judged_by_the_time_of_arrival(outage: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    # given: a gateway whose signatures count for five minutes
    channel = sms(outage.world.app)
    config = dict(channel.config)
    config["inbound"] = {"auth": {**config["inbound"]["auth"], "timestamp_header": "X-Time"}}
    channel.config = config
    channel.save()
    assert configs.channel(channel.id) is not None
    outage.begin()
    body = json.dumps({"from": "+31612345678", "text": "hi", "id": "1"}).encode()
    hour_ago = datetime.now(UTC) - timedelta(hours=1)
    stamp = str(int(hour_ago.timestamp()))
    digest = hmac.new(SMS_SECRET.encode(), stamp.encode() + b"." + body, hashlib.sha256).hexdigest()
    headers = {"X-Signature": digest, "X-Time": stamp, "Content-Type": "application/json"}
    path = outage.world.callback_path(channel) + "/receive"
    # when
    with monkeypatch.context() as earlier:
        earlier.setattr("webhooks_app.receive.now", lambda: hour_ago)
        assert send(wsgi.application, path, body, headers).status == 200
    outage.end_and_drain()
    # then
    assert outage.world.event().content["text"] == "hi"
    assert outage.world.event().received_at == hour_ago
    assert send(wsgi.application, path, body, headers).status == 401


# What a process knows of the configuration.


def test_a_process_that_knows_nothing_asks_the_sender_to_come_back(known: Outage) -> None:
    known.begin()
    configs.forget()
    assert known.consumer_says("hello").status == 503
    assert known.liveperson_says(text_change("X", 2, "hi")).status == 503
    assert not known.spool.is_waiting()


def test_a_process_that_starts_in_the_outage_knows_what_was_saved(known: Outage) -> None:
    # given
    known.keeper.turn()
    known.begin()
    configs.forget()
    # when
    statuses = [known.consumer_says("hello").status, known.liveperson_says(text_change("X", 2, "hi")).status]
    app_body = meta_body(said("at the app", "m2"))
    statuses.append(send(wsgi.application, f"/callbacks/messenger/apps/{known.world.meta.id}", app_body, meta_headers(app_body)).status)
    shared = webhook_body(text_change("X", 3, "hi"))
    statuses.append(send(wsgi.application, "/webhooks/liveperson", shared, lp_headers(shared, known.world.app)).status)
    # then
    assert statuses == [200] * 4
    known.end_and_drain()
    assert known.texts() == ["before", "hello", "at the app"]


def test_what_is_saved_for_an_outage_is_sealed_and_private(known: Outage) -> None:
    known.keeper.turn()
    saved = known.spool.folder / "configurations"
    assert saved.stat().st_mode & 0o777 == 0o600
    assert known.world.channel.address.encode() not in saved.read_bytes()


@pytest.mark.parametrize("where", ["memory", "disk"])
def test_what_is_remembered_counts_for_an_hour(known: Outage, monkeypatch: pytest.MonkeyPatch, where: str) -> None:
    if where == "disk":
        known.keeper.turn()
        configs.forget()
    known.begin()
    monkeypatch.setattr(configs, "TTL_S", 0.0)
    assert known.consumer_says("hello").status == 200
    monkeypatch.setattr(configs, "REMEMBERED_S", 0.0)
    assert known.consumer_says("hello").status == 503


def test_that_there_was_no_such_channel_is_not_remembered(known: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    """It may have been made since: its vendor must come back, not give up."""
    path = f"/callbacks/messenger/{known.world.brand.id}"
    body = meta_body(said("hi", "m1"))
    assert send(wsgi.application, path, body, meta_headers(body)).status == 404
    monkeypatch.setattr(configs, "TTL_S", 0.0)
    known.begin()
    assert send(wsgi.application, path, body, meta_headers(body)).status == 503


# Draining.


def test_a_failing_record_is_set_aside_and_can_be_replayed_later(known: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    known.begin()
    for text in ("one", "bad", "three"):
        known.consumer_says(text)
    failed = counted("spool_records_total", result="failed")
    original = Messenger.verify

    def verify(provider: Messenger, request: Any, config: Any, *, now: Any) -> None:
        if b"bad" in request.body:
            raise SignatureInvalid("the secret was changed meanwhile")
        original(provider, request, config, now=now)

    # when
    with monkeypatch.context() as broken:
        broken.setattr(Messenger, "verify", verify)
        known.end_and_drain()
    # then
    assert known.texts() == ["before", "one", "three"]
    (name,) = known.names("failed")
    assert counted("spool_records_total", result="failed") == failed + 1
    # when
    path = known.spool.folder / name
    path.rename(path.with_suffix(".spool"))
    known.keeper.turn()
    # then
    assert known.texts() == ["before", "one", "three", "bad"]
    assert (known.names("failed"), known.names("spool")) == ([], [])


def test_one_record_that_cannot_be_stored_does_not_spoil_its_batch(known: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    known.begin()
    for text, mid in (("one", "m1"), ("odd", "odd"), ("three", "m3")):
        known.consumer_says(text, mid)
    original, batches = spool_drainer.store_entries, []

    def store(slug: str, entries: Any) -> Any:
        batches.append(len(entries))
        # an entry of a brand that does not exist
        return original(slug, [replace(entry, brand_id=entry.channel_id) if entry.source_id == "odd" else entry for entry in entries])

    # when
    monkeypatch.setattr(spool_drainer, "store_entries", store)
    known.end_and_drain()
    # then
    assert batches == [3, 1, 1, 1]
    assert known.texts() == ["before", "one", "three"]
    assert len(known.names("failed")) == 1


def test_a_second_outage_in_the_middle_of_draining_loses_and_doubles_nothing(known: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    monkeypatch.setattr(spool_drainer, "BATCH", 2)
    known.begin()
    for number in range(7):
        known.consumer_says(f"t{number}")
    original, calls = spool_drainer.store_entries, []

    def store(slug: str, entries: Any) -> Any:
        calls.append(len(entries))
        if len(calls) == 2:
            known.begin()
        return original(slug, entries)

    monkeypatch.setattr(spool_drainer, "store_entries", store)
    known.end()
    # when
    with pytest.raises(spool_drainer.DatabaseUnavailable):
        known.keeper.turn()
    assert known.spool.is_waiting()
    assert known.consumer_says("t7").status == 200
    # and this process dies: another takes over and begins anew
    known.keeper.close()
    known.keeper = Keeper(Spool(known.spool.folder, known.spool.max_bytes))
    known.end_and_drain()
    # then
    assert known.texts() == ["before", *(f"t{number}" for number in range(8))]
    assert known.names("failed") == []


def test_one_keeper_of_the_machine_drains(known: Outage) -> None:
    # given
    known.begin()
    known.consumer_says("hello")
    known.end()
    first, second = Keeper(known.spool), Keeper(Spool(known.spool.folder, known.spool.max_bytes))
    assert first.is_chosen()
    # when
    second.turn()
    # then
    assert known.spool.is_waiting()
    # when
    first.close()
    second.turn()
    second.close()
    # then
    assert known.texts() == ["before", "hello"]


def test_nobody_is_lost_or_overtaken_while_the_spool_opens_and_closes(known: Outage) -> None:
    """Eight people write without a pause while the process believes, again and again, that PostgreSQL is away, and a keeper drains."""
    # given
    people, count = [f"2450000000000{number:04d}" for number in range(8)], 25
    stop = threading.Event()
    statuses: list[int] = []
    failures: list[BaseException] = []
    other = Spool(known.spool.folder, known.spool.max_bytes)
    known.begin()
    known.consumer_says("seed")
    (seed,) = records(known.spool)
    known.end()

    def write(person: str) -> None:
        for number in range(count):
            statuses.append(known.consumer_says(f"{person}-{number}", person=person).status)

    def keep() -> None:
        try:
            while not stop.is_set():
                known.keeper.turn()
        except BaseException as error:
            failures.append(error)

    def disturb() -> None:
        """Another process that has just found PostgreSQL away. The record is known: it adds nothing to the journal."""
        while not stop.is_set():
            other.append(seed)
            time.sleep(0.002)

    # when
    writers = [threading.Thread(target=write, args=(person,)) for person in people]
    others = [threading.Thread(target=keep), threading.Thread(target=disturb)]
    for thread in [*writers, *others]:
        thread.start()
    for thread in writers:
        thread.join()
    stop.set()
    for thread in others:
        thread.join()
    known.end_and_drain()
    # then
    assert not failures
    assert statuses == [200] * (len(people) * count)
    for person in people:
        lane = known.world.lane(key=f"i:{known.world.channel.id}:{person}")
        events = sorted(known.world.events(lane_id=lane.id), key=lambda event: event.position)
        assert [event.content["text"] for event in events] == [f"{person}-{number}" for number in range(count)]
    assert known.names("spool") == known.names("failed") == []


# What operators see.


def test_a_load_balancer_keeps_the_instance_as_long_as_callbacks_are_taken(known: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    known.begin()
    known.consumer_says("hello")
    assert client.get("/health/receiving").status_code == 200
    assert client.get("/health/ready").status_code == 503
    monkeypatch.setattr(known.spool, "max_bytes", 100)
    assert client.get("/health/receiving").status_code == 503
    known.end()
    assert client.get("/health/receiving").status_code == 200


def test_without_a_spool_receiving_is_a_matter_of_postgresql(known: Outage, settings: Any) -> None:
    settings.SPOOL_DIR = ""
    assert Client().get("/health/receiving").status_code == 200
    known.begin()
    assert Client().get("/health/receiving").status_code == 503


def test_what_waits_is_private_and_sealed(known: Outage) -> None:
    known.begin()
    known.consumer_says("words of a person")
    assert known.spool.folder.stat().st_mode & 0o777 == 0o700
    files = list(known.spool.folder.iterdir())
    assert {path.stat().st_mode & 0o777 for path in files} == {0o600}
    assert not any(b"words of a person" in path.read_bytes() for path in files)
