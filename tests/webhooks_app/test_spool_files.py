"""The spool's files: what a crash, a full or broken disk and damage leave, and that nothing answered is lost by them."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from channels_app.models.base import secret_box
from channels_app.providers.base import CallbackRequest
from connector_platform.core.crypto import SecretUnreadable
from tests.support.stack import wait_until
from tests.webhooks_app.outage import Outage, cut, records
from webhooks_app.spool import Record, RecordUnreadable, Spool, SpoolUnavailable, find_places, read_record

ROOT = Path(__file__).resolve().parents[2]


def make(text: str = "hello", **fields: Any) -> Record:
    request = CallbackRequest(method="POST", path="/receive", query_string="a=\udcff", headers={"x-name": "é\n"}, body=text.encode())
    return Record(source="sms_gateway", request=request, received_at=datetime(2026, 11, 22, 8, 0, 0, 123456, tzinfo=UTC), **fields)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool", 10_000_000)


def bodies(spool: Spool) -> list[str]:
    return [record.request.body.decode() for record in records(spool)]


def test_a_record_comes_back_as_it_was() -> None:
    record = make("\0\n\xff" * 3)
    assert read_record(record.to_bytes()) == record


@pytest.mark.parametrize("position", [0, 5, 14, 17, 30, -1])
def test_any_changed_byte_is_noticed(position: int) -> None:
    raw = bytearray(make().to_bytes())
    raw[position] ^= 1
    if position == 5:  # the time, which only sorts
        assert read_record(bytes(raw)).received_at != make().received_at
    else:
        with pytest.raises(RecordUnreadable):
            read_record(bytes(raw))


def test_a_record_of_another_installation_cannot_be_opened(settings: Any) -> None:
    raw = make().to_bytes()
    settings.ENCRYPTION_KEYS = ["b3RoZXItaW5zdGFsbGF0aW9uLWtleS0wMDAwMDAwMDA="]
    secret_box.cache_clear()
    try:
        with pytest.raises(SecretUnreadable):
            read_record(raw)
    finally:
        secret_box.cache_clear()


def test_threads_share_the_file_and_its_flushes(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    # given: a slow disk
    flushed: list[int] = []
    original, release = os.fsync, threading.Event()

    def fsync(descriptor: int) -> None:
        flushed.append(descriptor)
        release.wait(10)
        original(descriptor)

    spool.append(make("first"))
    monkeypatch.setattr(os, "fsync", fsync)
    # when: one flush is under way while the others write
    threads = [threading.Thread(target=spool.append, args=(make(f"t{number}"),)) for number in range(16)]
    for thread in threads:
        thread.start()
    wait_until(lambda: len(bodies(spool)) == 17, 10, "all should be written")
    release.set()
    for thread in threads:
        thread.join()
    # then
    assert sorted(bodies(spool)) == sorted(["first", *(f"t{number}" for number in range(16))])
    assert len(spool.files("spool")) == 1
    assert 1 <= len(flushed) <= 3


def test_nothing_is_acknowledged_before_it_is_on_the_disk(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    events: list[str] = []
    original = os.fsync

    def fsync(descriptor: int) -> None:
        events.append("folder" if os.path.isdir(f"/proc/self/fd/{descriptor}") else "file")
        original(descriptor)

    monkeypatch.setattr(os, "fsync", fsync)
    spool.append(make())
    events.append("acknowledged")
    spool.append(make())
    assert events == ["folder", "file", "acknowledged", "file"]


def test_a_process_that_is_killed_loses_nothing_that_it_acknowledged(spool: Spool) -> None:
    """The process writes as fast as it can and is killed in the middle of it."""
    program = f"""
import django; django.setup()
from pathlib import Path
from tests.webhooks_app.test_spool_files import make
from webhooks_app.spool import Spool
spool = Spool(Path({str(spool.folder)!r}), 1_000_000_000)
number = 0
while True:
    spool.append(make(str(number) + " " * 100_000))
    print(number, flush=True)
    number += 1
"""
    child = subprocess.Popen([sys.executable, "-c", program], cwd=ROOT, stdout=subprocess.PIPE, text=True, env=dict(os.environ))
    assert child.stdout is not None
    acknowledged = -1
    for line in child.stdout:
        acknowledged = int(line)
        if acknowledged == 50:
            child.kill()
    child.wait()
    found = [int(body) for body in bodies(spool)]
    assert found == list(range(len(found)))
    assert len(found) > acknowledged >= 50


def test_a_full_spool_takes_nothing_more(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool", 3000)
    with pytest.raises(SpoolUnavailable, match="SPOOL_MAX_BYTES"):
        for _ in range(10):
            spool.append(make("x" * 500))
    assert 1 <= len(bodies(spool)) < 4
    assert spool.size() <= 3000


def test_a_disk_that_fills_in_the_middle_of_a_record_leaves_no_part_of_it(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    spool.append(make("first"))
    original = os.write

    def write(descriptor: int, data: bytes) -> int:
        if len(data) < 100:
            raise OSError(errno.ENOSPC, "No space left on device")
        return original(descriptor, data[:50])

    # when
    with monkeypatch.context() as full:
        full.setattr(os, "write", write)
        with pytest.raises(SpoolUnavailable, match="No space left"):
            spool.append(make("second"))
        assert not spool.has_room()
        with pytest.raises(SpoolUnavailable, match="a moment ago"):
            spool.append(make("third"))
    # then: after a rest it goes on in the same file
    wait_until(spool.has_room, 10, "the rest should end")
    spool.append(make("fourth"))
    assert bodies(spool) == ["first", "fourth"]
    assert len(spool.files("spool")) == 1


def test_after_a_failed_flush_the_file_is_never_trusted_again(spool: Spool, monkeypatch: pytest.MonkeyPatch) -> None:
    # given
    spool.append(make("first"))

    def fsync(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    # when
    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", fsync)
        with pytest.raises(SpoolUnavailable):
            spool.append(make("second"))
    wait_until(spool.has_room, 10, "the rest should end")
    spool.append(make("third"))
    # then
    assert len(spool.files("spool")) == 2
    assert "third" in bodies(spool)


def test_where_the_disk_cannot_be_written_callbacks_are_answered_503(outage: Outage, monkeypatch: pytest.MonkeyPatch) -> None:
    outage.consumer_says("before")
    outage.begin()

    def fsync(descriptor: int) -> None:
        raise OSError(errno.EIO, "Input/output error")

    monkeypatch.setattr(os, "fsync", fsync)
    answered = outage.consumer_says("hello")
    assert (answered.status, answered.headers["Retry-After"]) == (503, "1")


# What a drainer finds.


@pytest.fixture
def three(outage: Outage) -> Outage:
    """Three callbacks wait, PostgreSQL is back."""
    outage.consumer_says("before")
    outage.begin()
    for text in ("one", "two", "three"):
        outage.consumer_says(text)
    return outage


@pytest.mark.parametrize("missing", [1, 200, "all but 10", "all but 2"])
def test_a_record_that_was_not_written_whole_is_ignored(three: Outage, missing: int | str) -> None:
    # given: the process died while it wrote the third
    (path,) = three.spool.files("spool")
    last = find_places(path, 0)[0][-1]
    cut(path, missing if isinstance(missing, int) else last.length - int(missing.split()[-1]))
    # when
    three.end_and_drain()
    # then
    assert three.texts() == ["before", "one", "two"]
    assert (three.names("spool"), three.names("failed")) == ([], [])


def test_a_damaged_record_is_kept_for_a_person_and_the_others_are_replayed(three: Outage) -> None:
    (path,) = three.spool.files("spool")
    raw, place = bytearray(path.read_bytes()), find_places(path, 0)[0][1]
    raw[place.offset + 100] ^= 1
    path.write_bytes(raw)
    three.end_and_drain()
    assert three.texts() == ["before", "one", "three"]
    (name,) = three.names("failed")
    assert (three.spool.folder / name).read_bytes() == raw[place.offset : place.offset + place.length]


@pytest.mark.parametrize("position", [0, 13], ids=["mark", "length"])
def test_where_records_cannot_be_told_apart_the_rest_is_kept_for_a_person(three: Outage, position: int) -> None:
    (path,) = three.spool.files("spool")
    raw, place = bytearray(path.read_bytes()), find_places(path, 0)[0][1]
    raw[place.offset + position] ^= 0x7F
    path.write_bytes(raw)
    three.end_and_drain()
    assert three.texts() == ["before", "one"]
    (name,) = three.names("failed")
    assert (three.spool.folder / name).read_bytes() == raw[place.offset :]


def test_files_without_the_marker_are_found(three: Outage) -> None:
    (three.spool.folder / "waiting").unlink()
    three.end()
    three.keeper.turn()
    assert three.texts() == ["before", "one", "two", "three"]


def test_the_marker_without_files_is_taken_away(outage: Outage) -> None:
    (outage.spool.folder / "waiting").touch()
    outage.keeper.turn()
    assert not outage.spool.is_waiting()
