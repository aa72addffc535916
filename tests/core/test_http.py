"""The one HTTP client: where it goes, where it refuses to, and what each silence means."""

from __future__ import annotations

import gzip
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import pytest
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

from connector_platform.core.calls import HttpCall
from connector_platform.core.errors import ConfigurationError, OutcomeUnknown, Unreachable
from connector_platform.core.http import MAX_RESPONSE_BYTES, HttpClient


def client_for(url: str, *, timeout_s: float = 5) -> HttpClient:
    return HttpClient(allowed_origins=[url], connect_timeout_s=2, timeout_s=timeout_s)


def post(url: str, *, effect: bool = True, body: bytes = b"{}", headers: dict[str, str] | None = None) -> HttpCall:
    return HttpCall(method="POST", url=url, headers=headers or {"Content-Type": "application/json"}, body=body, effect=effect)


@contextmanager
def raw_server(serve: Callable[[socket.socket], None]) -> Iterator[str]:
    """A server that does with each connection what ``serve`` does."""
    listener = socket.create_server(("127.0.0.1", 0))
    stopping = threading.Event()

    def loop() -> None:
        while not stopping.is_set():
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=handle, args=(connection,), daemon=True).start()

    def handle(connection: socket.socket) -> None:
        with connection, suppress(OSError):
            serve(connection)

    thread = threading.Thread(target=loop, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        stopping.set()
        listener.close()


def read_request(connection: socket.socket) -> bytes:
    data = b""
    while b"\r\n\r\n" not in data or not data.endswith(b"{}"):
        piece = connection.recv(65536)
        if not piece:
            break
        data += piece
    return data


def reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def test_an_allowed_origin_is_reached_with_exactly_what_was_given(httpserver: HTTPServer) -> None:
    # given
    def echo(request: Request) -> Response:
        assert request.headers["X-Own"] == "value"
        assert request.headers["User-Agent"] == "connector-platform/1"
        return Response(request.get_data(), status=418, headers={"X-Answer": "tea"})

    httpserver.expect_request("/path", method="PUT", query_string="a=b%20c").respond_with_handler(echo)
    call = HttpCall(method="PUT", url=httpserver.url_for("/path?a=b%20c"), headers={"X-Own": "value"}, body="é".encode())
    # when
    response = client_for(httpserver.url_for("")).execute(call)
    # then
    assert (response.status, response.body, response.headers["x-answer"]) == (418, "é".encode(), "tea")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1:1/",
        "http://localhost:1/",
        "http://[::1]:1/",
        "http://10.0.0.1/",
        "http://192.168.1.1/",
        "http://169.254.169.254/latest/meta-data/",
        "http://100.64.0.1/",
        "http://0.0.0.0:1/",
        "http://2130706433/",
        "http://[::ffff:127.0.0.1]:1/",
        "https://127.0.0.1:1/",
    ],
)
def test_private_addresses_are_refused_without_a_connection(url: str) -> None:
    with pytest.raises(ConfigurationError, match="private"):
        HttpClient(connect_timeout_s=1).execute(post(url))


def test_another_port_of_an_allowed_host_is_refused(httpserver: HTTPServer) -> None:
    with pytest.raises(ConfigurationError, match="private"):
        client_for(httpserver.url_for("")).execute(post("http://localhost:1/"))


@pytest.mark.parametrize(
    "url",
    ["", "no-url", "ftp://example.com/", "http:///path", "http://host:port/", "http://host:99999999/", "http://[::1/", "http://exa mple/"],
)
def test_what_is_no_url_is_the_operators_to_correct(url: str) -> None:
    with pytest.raises(ConfigurationError):
        HttpClient(connect_timeout_s=1).execute(post(url))


@pytest.mark.parametrize("header", ["a\r\nb", "ключ"])
def test_a_header_that_cannot_be_sent_is_the_operators_to_correct(httpserver: HTTPServer, header: str) -> None:
    with pytest.raises(ConfigurationError):
        client_for(httpserver.url_for("")).execute(post(httpserver.url_for("/"), headers={"Authorization": header}))
    assert not httpserver.log


def test_a_redirect_is_an_answer_and_is_not_followed(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/a").respond_with_data(status=302, headers={"Location": httpserver.url_for("/b")})
    assert client_for(httpserver.url_for("")).execute(post(httpserver.url_for("/a"))).status == 302
    assert [request.path for request, _ in httpserver.log] == ["/a"]


def test_a_long_answer_is_cut_off(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data(b"x" * (MAX_RESPONSE_BYTES + 100_000))
    assert len(client_for(httpserver.url_for("")).execute(post(httpserver.url_for("/"))).body) == MAX_RESPONSE_BYTES


def test_a_small_answer_that_unpacks_to_a_huge_one_is_cut_off(httpserver: HTTPServer) -> None:
    packed = gzip.compress(b"\0" * (MAX_RESPONSE_BYTES * 20))
    httpserver.expect_request("/").respond_with_data(packed, headers={"Content-Encoding": "gzip"})
    assert len(client_for(httpserver.url_for("")).execute(post(httpserver.url_for("/"))).body) <= MAX_RESPONSE_BYTES


def test_no_cookie_of_one_call_travels_with_another(httpserver: HTTPServer) -> None:
    """Calls of all brands share the sessions: one brand's log-in at a vendor must not become another's."""
    httpserver.expect_request("/").respond_with_data("ok", headers={"Set-Cookie": "session=brand-a; Path=/"})
    client = client_for(httpserver.url_for(""))
    for _ in range(2):
        client.execute(post(httpserver.url_for("/")))
    assert [request.headers.get("Cookie") for request, _ in httpserver.log] == [None, None]


# Silences.


@pytest.mark.parametrize("effect", [True, False])
def test_a_refused_connection_was_certainly_not_received(effect: bool) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(Unreachable):
        client_for(url).execute(post(url, effect=effect))


def test_a_name_that_nobody_has_was_certainly_not_received() -> None:
    with pytest.raises(Unreachable):
        HttpClient(connect_timeout_s=1).execute(post("https://nobody.invalid/"))


@pytest.mark.parametrize("how", ["reset", "closed", "silent", "half_a_body", "half_a_chunk", "broken_gzip"])
@pytest.mark.parametrize("effect", [True, False])
def test_a_connection_that_ends_after_the_request_leaves_the_outcome_open(how: str, effect: bool) -> None:
    # given
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        match how:
            case "reset":
                reset(connection)
            case "silent":
                over.wait(10)
            case "half_a_body":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
                reset(connection)
            case "half_a_chunk":
                connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n10\r\nhalf")
            case "broken_gzip":
                connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nnope")

    # when / then
    with raw_server(serve) as url, pytest.raises(OutcomeUnknown if effect else Unreachable):
        client_for(url, timeout_s=0.5).execute(post(url, effect=effect))
    over.set()


def test_a_public_host_is_connected_to_by_the_address_that_was_looked_at_and_trusted_by_its_name(
    tls_server: tuple[str, list[bytes]], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, received = tls_server
    looked_at: list[str] = []

    def filter_host(name: str, port: int, *, allow_loopback: bool) -> str:
        looked_at.append(name)
        return "127.0.0.1"

    monkeypatch.setattr("connector_platform.core.http.filter_host", filter_host)
    with pytest.raises(OutcomeUnknown):
        HttpClient(timeout_s=2).execute(post(url))
    assert looked_at == ["localhost"]
    assert received[0].startswith(b"POST / HTTP/1.1\r\nHost: localhost:")


@pytest.mark.parametrize("effect", [True, False])
def test_a_tls_connection_that_ends_after_the_request_leaves_the_outcome_open(effect: bool, tls_server: tuple[str, list[bytes]]) -> None:
    """An answer that breaks off inside TLS is no failed handshake: the message may have been taken."""
    url, received = tls_server
    with pytest.raises(OutcomeUnknown if effect else Unreachable):
        client_for(url, timeout_s=2).execute(post(url, effect=effect))
    assert len(received) == 1


def test_a_certificate_that_is_not_trusted_was_certainly_not_sent_to(httpserver_tls_untrusted: str) -> None:
    with pytest.raises(Unreachable):
        client_for(httpserver_tls_untrusted).execute(post(httpserver_tls_untrusted))


@pytest.mark.parametrize("where", ["body", "chunks", "head"])
def test_an_answer_that_drips_does_not_hold_a_thread_for_ever(where: str) -> None:
    # given: a byte comes often enough for every single read to succeed
    over = threading.Event()

    def serve(connection: socket.socket) -> None:
        read_request(connection)
        if where == "body":
            connection.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        elif where == "chunks":
            connection.sendall(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        else:
            connection.sendall(b"HTTP/1.1 200 OK\r\nX-Long: ")
        while not over.wait(0.05):
            connection.sendall(b"1\r\nx\r\n" if where == "chunks" else b"x")

    # when
    started = time.monotonic()
    with raw_server(serve) as url, pytest.raises(OutcomeUnknown):
        client_for(url, timeout_s=0.5).execute(post(url))
    over.set()
    # then
    assert time.monotonic() - started < 5


def test_a_call_may_bring_its_own_time(httpserver: HTTPServer) -> None:
    def slow(request: Request) -> Response:
        time.sleep(0.6)
        return Response("ok")

    httpserver.expect_request("/").respond_with_handler(slow)
    url = httpserver.url_for("/")
    call = HttpCall(method="POST", url=url, body=b"{}", timeout_s=10)
    assert client_for(url, timeout_s=0.2).execute(call).status == 200


def test_connections_are_kept_and_a_dead_one_is_replaced(httpserver: HTTPServer) -> None:
    httpserver.expect_request("/").respond_with_data("ok")
    client = client_for(httpserver.url_for(""))
    for _ in range(5):
        assert client.execute(post(httpserver.url_for("/"))).status == 200


def test_no_message_shows_a_url_or_a_secret() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    with pytest.raises(Unreachable) as caught:
        client_for(url).execute(post(f"{url}/bot-secret-token/send?key=another"))
    assert "secret" not in caught.value.message
    assert "another" not in caught.value.message
