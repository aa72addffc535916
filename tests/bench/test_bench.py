"""`make bench` measures what it says: every answered request is a row, nothing is lost or out of order. Never how fast: that is the bench's own."""

from __future__ import annotations

import asyncio
import json
import shutil
import socket
import sys
import threading
import time
from argparse import Namespace
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from bench import __main__ as command
from bench import drain, load, receive, share, slow_disk, standin, tables
from bench.load import Plan
from bench.rig import Rig
from stack.errors import StackError
from stack.ports import free_port


@pytest.fixture(scope="module")
def received() -> receive.Report:
    return receive.measure(seconds=0.2, rounds=1, connections=(4,), rates=(50.0,), consumers=10)


@pytest.fixture(scope="module")
def drained() -> drain.Report:
    return drain.measure(messages=60, lanes=6, threads=4, latencies_ms=(5.0,))


@pytest.mark.e2e
def test_every_request_that_was_answered_200_is_a_row(received: receive.Report) -> None:
    assert received.accepted == received.rows
    assert set(received.rows) == {receive.PLATFORM, receive.BARE_JOURNAL, receive.BARE_PLAIN, receive.IDIOMATIC}
    assert all(count > 0 for count in received.rows.values())


@pytest.mark.e2e
def test_receiving_is_measured_beside_its_limits(received: receive.Report) -> None:
    for name in (receive.PLATFORM, receive.BARE_JOURNAL, receive.BARE_PLAIN, receive.IDIOMATIC):
        found = received.rate(name, 4)
        assert found.rate > 0
        assert 0 < found.p50_ms <= found.p99_ms
    assert received.commits.rate > 0
    assert [(latency.name, latency.rate) for latency in received.latencies] == [(receive.PLATFORM, 50.0), (receive.IDIOMATIC, 50.0)]
    assert "pgbench" in _shown(tables.receiving(received))


@pytest.mark.e2e
def test_draining_loses_nothing_and_keeps_the_order(drained: drain.Report) -> None:
    ours = drained.result(drain.PLATFORM, 5.0)
    assert (ours.arrived, ours.done, ours.lost, ours.doubled, ours.out_of_order) == (60, 60, 0, 0, 0)
    assert ours.bound == 800
    assert ours.rate > 0


@pytest.mark.e2e
def test_the_usual_way_of_draining_sends_the_same_messages(drained: drain.Report) -> None:
    usual = drained.result(drain.IDIOMATIC, 5.0)
    assert (usual.arrived, usual.done, usual.lost, usual.doubled) == (60, 60, 0, 0)
    assert usual.enqueue_us > 0
    assert "one Celery task" in _shown(tables.draining(drained))


@pytest.mark.e2e
def test_a_calm_brand_is_measured_beside_a_busy_one_and_a_rate_by_what_was_taken() -> None:
    report = share.measure(queued=4000, messages=10, seconds=1)
    assert [(waits.name, waits.messages) for waits in (report.alone, report.beside)] == [("alone", 10), ("beside a queue", 10)]
    assert 0 < report.beside.p50_ms <= report.beside.p99_ms
    # Every process took some, and together they took no more than the rate allows for the time.
    for paced in report.paced:
        assert 0 < paced.taken <= paced.seconds * paced.per_second + 1
    assert "a calm brand's p99" in _shown(tables.sharing(report))


@pytest.mark.e2e
@pytest.mark.skipif(sys.platform != "linux" or not (shutil.which("cc") or shutil.which("gcc")), reason="needs Linux and a C compiler")
def test_a_slow_disk_makes_each_commit_slower() -> None:
    rig = Rig(fsync_ms=20.0)
    try:
        rig.postgres.start()
        rig.postgres.wait_ready()
        with rig.connect() as connection:
            connection.execute("CREATE TABLE slow (id int)")
            assert _commit_ms(connection) >= 20
    finally:
        rig.__exit__()


def _commit_ms(connection: Any) -> float:
    started = time.perf_counter()
    connection.execute("INSERT INTO slow VALUES (1)")
    return (time.perf_counter() - started) * 1000


def test_without_a_compiler_a_slow_disk_is_said_to_be_unavailable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bench.slow_disk.shutil.which", lambda name: None)
    with pytest.raises(slow_disk.SlowDiskUnavailable, match="C compiler"):
        slow_disk.compile_library(tmp_path)


def test_figures_are_written_down_and_an_unavailable_slow_disk_is_left_out(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unavailable(**_: Any) -> receive.Report:
        raise slow_disk.SlowDiskUnavailable("no compiler")

    monkeypatch.setattr(receive, "measure", unavailable)
    monkeypatch.setattr("bench.__main__.signal.signal", lambda *_: None)
    assert command.main(["receive", "--fsync-ms", "1", "--json", str(tmp_path / "figures.json")]) == 0
    assert "Not measured with 1 ms flushes: no compiler" in capsys.readouterr().out
    assert json.loads((tmp_path / "figures.json").read_text())["receive"] == []


def test_what_fails_ends_with_an_exit_code_and_a_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def fails(**_: Any) -> drain.Report:
        raise StackError("Redis did not start")

    monkeypatch.setattr(drain, "measure", fails)
    monkeypatch.setattr("bench.__main__.signal.signal", lambda *_: None)
    assert command.main(["drain", "--quick"]) == 1
    assert "Redis did not start" in capsys.readouterr().out


def test_quick_is_short() -> None:
    quick: Namespace = command.parse(["--quick"])
    assert (quick.what, quick.seconds, quick.rounds, quick.messages) == ("all", 2.0, 1, 500)
    assert command.parse(["drain"]).messages == 3000


# The stand-in and the load generator, without the platform.


def test_the_far_side_counts_what_is_doubled_and_out_of_order() -> None:
    far = standin.Far(1)
    for text in ("bench 0 0", "bench 0 2", "bench 0 1", "bench 0 1", "bench 1 0"):
        far._note(text)
    assert (far.tally.texts, far.tally.out_of_order, far.tally.doubled) == (5, 1, 1)


def test_the_steady_rate_ends_when_fewer_lanes_than_threads_have_work() -> None:
    arrivals = [(0.0, 0), (0.0, 1), (1.0, 0), (2.0, 1), (9.0, 1)]
    tally = standin.Tally(texts=5, arrivals=arrivals)
    assert drain._steady_rate(tally, threads=2, latency_ms=0) == 3  # lane 0 is empty after the third


def test_refused_callbacks_stop_the_bench() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:
        thread = threading.Thread(target=_answer, args=(server, b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n"), daemon=True)
        thread.start()
        with pytest.raises(RuntimeError, match=r"callbacks were refused, 0 accepted; the first refusal: HTTP/1.1 401"):
            load.generate(_plan(port))


def test_the_open_loop_keeps_to_its_rate() -> None:
    port = free_port()
    with socket.create_server(("127.0.0.1", port)) as server:
        thread = threading.Thread(
            target=_answer, args=(server, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"), daemon=True
        )
        thread.start()
        result = load.run(_plan(port, rate=100.0, seconds=0.3))
    assert result.accepted == 30


def _plan(port: int, *, rate: float = 0.0, seconds: float = 0.1) -> Plan:
    return Plan(port=port, path="/", secret="s", page_id="1", prefix="p", seconds=seconds, connections=1, rate=rate)


def _answer(server: socket.socket, answer: bytes) -> None:
    connection, _ = server.accept()
    with connection:
        while connection.recv(65536):
            connection.sendall(answer)


def _shown(found: list[Any]) -> str:
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    for table in found:
        console.print(table)
    return console.export_text()


def test_the_stand_in_speaks_what_the_connector_asks() -> None:
    async def ask() -> dict[str, Any]:
        far = standin.Far(1)
        server = await asyncio.get_running_loop().create_server(lambda: standin.Server(far), "127.0.0.1", port)
        try:
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /api/account/1/service/baseURI.json?version=1.0 HTTP/1.1\r\n\r\n")
            head = await reader.readuntil(b"\r\n\r\n")
            size = int(head.lower().partition(b"content-length: ")[2].split()[0])
            answer: dict[str, Any] = json.loads(await reader.readexactly(size))
            writer.close()
            return answer
        finally:
            server.close()

    port = free_port()
    services = {entry["service"] for entry in asyncio.run(ask())["baseURIs"]}
    assert {"asyncMessagingEnt", "sentinel", "idp"} <= services
