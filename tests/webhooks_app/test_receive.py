"""Callbacks: what is answered, what is kept, and whose it is. Through the platform's WSGI callable and through Django's own handler."""

from __future__ import annotations

import json
import threading
import uuid
from collections.abc import Callable
from typing import Any

import psycopg
import pytest
from django.db import connection as orm
from prometheus_client import REGISTRY

from channels_app.models import Channel, ChannelState
from channels_app.providers.base import CallbackRequest
from channels_app.providers.messenger import Messenger
from connector_platform import database
from connector_platform.database import run
from tests.webhooks_app.world import (
    PAGE,
    SMS_SECRET,
    VERIFY_TOKEN,
    Upload,
    World,
    brand,
    element,
    everything_in_the_database,
    liveperson_app,
    meta_app,
    meta_body,
    meta_headers,
    page,
    said,
    send,
    sms,
    sms_headers,
)
from webhooks_app.sweeper import unpark

Entry = Callable[..., Any]


def counted(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(f"connector_{name}_total", labels) or 0.0


def test_a_signed_callback_is_stored_and_answered_200(world: World, entry: Entry) -> None:
    # given
    body = meta_body(said("Hello", "m1"))
    accepted, stored = counted("callbacks", source="messenger", result="accepted"), counted("events", source="messenger", result="stored")
    # when
    answered = send(entry, world.callback_path(), body, meta_headers(body))
    # then
    assert answered.status == 200
    event = world.event()
    assert (event.kind, event.content["text"], event.source_id, event.state) == ("text", "Hello", "m1", "waiting")
    assert (event.brand_id, event.channel_id) == (world.brand.id, world.channel.id)
    assert world.lane().state == "ready"
    assert counted("callbacks", source="messenger", result="accepted") == accepted + 1
    assert counted("events", source="messenger", result="stored") == stored + 1


def test_a_repeated_callback_is_answered_200_and_counted_as_duplicate(world: World, entry: Entry) -> None:
    body = meta_body(said("Hello", "m1"))
    before = counted("events", source="messenger", result="duplicate")
    assert [send(entry, world.callback_path(), body, meta_headers(body)).status for _ in range(3)] == [200] * 3
    assert len(world.events()) == 1
    assert counted("events", source="messenger", result="duplicate") == before + 2


@pytest.mark.parametrize(
    "path",
    [
        "/callbacks/messenger/{unknown}",
        "/callbacks/messenger/apps/{unknown}",
        "/callbacks/sms_gateway/{channel}",
        "/callbacks/sms_gateway/apps/{app}",
        "/callbacks/telepathy/{channel}",
        "/callbacks/messenger/{channel}/status",
        "/callbacks/messenger/not-a-uuid",
        "/callbacks/messenger",
        "/callbacks/",
        "/webhooks/other",
    ],
)
def test_an_address_that_is_nobodys_is_answered_404_and_stores_nothing(world: World, entry: Entry, path: str) -> None:
    body = meta_body(said("Hello", "m1"))
    path = path.format(unknown=uuid.uuid4(), channel=world.channel.id, app=world.meta.id)
    assert send(entry, path, body, meta_headers(body)).status == 404
    assert not world.events()
    assert not world.unreadable()


def test_the_same_address_without_hyphens_or_with_a_slash_behind_it_is_the_same_channel(world: World, entry: Entry) -> None:
    for number, path in enumerate(
        (
            f"/callbacks/messenger/{world.channel.id.hex}",
            f"{world.callback_path()}/",
            f"{world.callback_path().upper().replace('CALLBACKS/MESSENGER', 'callbacks/messenger')}",
        )
    ):
        body = meta_body(said("Hello", f"m{number}"))
        assert send(entry, path, body, meta_headers(body)).status == 200
    assert len(world.events()) == 3


@pytest.mark.parametrize("headers", [{}, {"X-Hub-Signature-256": "sha256=00"}, {"X-Hub-Signature-256": "é"}, "other secret", "other body"])
def test_what_is_not_signed_is_answered_401_and_leaves_nothing(world: World, entry: Entry, headers: Any) -> None:
    # given
    body = meta_body(said("words of a stranger", "m1"))
    if headers == "other secret":
        headers = meta_headers(body, "another-secret-0001")
    elif headers == "other body":
        headers = meta_headers(body + b" ")
    before = counted("callbacks", source="messenger", result="signature_invalid")
    # when / then
    assert send(entry, world.callback_path(), body, headers).status == 401
    assert counted("callbacks", source="messenger", result="signature_invalid") == before + 1
    assert "words of a stranger" not in everything_in_the_database()
    assert not world.unreadable()


def test_the_handshake_echoes_the_challenge_for_the_right_token_only(world: World, entry: Entry) -> None:
    right = f"hub.mode=subscribe&hub.verify_token={VERIFY_TOKEN.replace(' ', '+')}&hub.challenge=42"
    for path in (world.callback_path(), f"/callbacks/messenger/apps/{world.meta.id}"):
        answered = send(entry, path, method="GET", query=right)
        assert (answered.status, answered.body) == (200, b"42")
        assert send(entry, path, method="GET", query="hub.mode=subscribe&hub.verify_token=guess&hub.challenge=42").status == 403


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"])
@pytest.mark.parametrize("path", ["/callbacks/messenger/{channel}", "/webhooks/liveperson/{app}", "/webhooks/liveperson"])
def test_other_methods_are_refused_with_a_whole_answer(world: World, entry: Entry, method: str, path: str) -> None:
    body = meta_body(said("Hello", "m1"))
    answered = send(entry, path.format(channel=world.channel.id, app=world.app.id), body, meta_headers(body), method=method)
    assert answered.status == 405
    assert not world.events()


@pytest.mark.parametrize("how", ["content_length", "chunked"])
def test_a_body_over_the_cap_is_answered_413_after_at_most_a_byte_more_was_read(
    world: World, entry: Entry, settings: Any, how: str
) -> None:
    # given
    settings.CALLBACK_MAX_BYTES = 2048
    body = meta_body(said("x" * 4096, "m1"))
    upload = Upload(body)
    # when
    answered = send(entry, world.callback_path(), body, meta_headers(body), chunked=how == "chunked", upload=upload)
    # then
    assert answered.status == 413
    assert upload.taken <= (2049 if how == "chunked" else 0)
    assert not world.events()


@pytest.mark.parametrize("piece", [1 << 30, 100])
@pytest.mark.parametrize("chunked", [False, True])
def test_a_body_that_comes_in_pieces_is_read_whole(world: World, entry: Entry, chunked: bool, piece: int) -> None:
    body = meta_body(said("x" * 1000, "m1"))
    assert send(entry, world.callback_path(), body, meta_headers(body), chunked=chunked, upload=Upload(body, piece)).status == 200
    assert len(world.event().content["text"]) == 1000


def test_the_cap_alone_decides_how_long_a_body_may_be(world: World, entry: Entry, settings: Any) -> None:
    settings.CALLBACK_MAX_BYTES = 8 * 1024 * 1024
    body = meta_body(said("x" * 3_000_000, "m1"))
    assert send(entry, world.callback_path(), body, meta_headers(body)).status == 200


@pytest.mark.parametrize(
    "body",
    [b'{"object":"page","entry":[{"id"', b"\xff\xfe\x00", b"[" * 5000, b"", b"null", b'{"object":"page"}', b'{"object":"page","entry":{}}'],
    ids=["truncated", "not_utf8", "deep", "empty", "null", "no_entry", "entry_no_list"],
)
def test_a_signed_body_that_cannot_be_read_is_kept_once_and_counted(world: World, entry: Entry, body: bytes) -> None:
    # when
    statuses = {send(entry, world.callback_path(), body, meta_headers(body)).status for _ in range(3)}
    # then
    assert statuses == {400}
    (kept,) = world.unreadable()
    assert (bytes(kept.raw), kept.times, kept.channel_id, kept.provider_app_id) == (body, 3, world.channel.id, None)
    assert kept.error
    assert not world.events()


def test_an_unreadable_body_at_an_app_belongs_to_the_app(world: World, entry: Entry) -> None:
    path = f"/callbacks/messenger/apps/{world.meta.id}"
    assert send(entry, path, b"{", meta_headers(b"{")).status == 400
    (kept,) = world.unreadable()
    assert (kept.channel_id, kept.provider_app_id) == (None, world.meta.id)


def test_what_is_unreadable_in_different_places_is_kept_apart(world: World, entry: Entry) -> None:
    other = sms(world.app)
    send(entry, world.callback_path(), b"{", meta_headers(b"{"))
    send(entry, world.callback_path(other) + "/receive", b"{", sms_headers(b"{"))
    send(entry, world.callback_path(other) + "/status", b"{", sms_headers(b"{"))
    assert sorted((row.provider, row.path) for row in world.unreadable()) == [
        ("messenger", ""),
        ("sms_gateway", "/receive"),
        ("sms_gateway", "/status"),
    ]


def test_the_gateway_gets_the_acknowledgement_that_it_wants(world: World, entry: Entry) -> None:
    channel = sms(world.app)
    body = json.dumps({"from": "+31612345678", "text": "hi", "id": "1"}).encode()
    answered = send(entry, world.callback_path(channel) + "/receive", body, sms_headers(body))
    assert (answered.status, answered.body, answered.headers["Content-Type"]) == (200, b"Accepted", "text/plain")
    assert SMS_SECRET not in everything_in_the_database()


# One vendor app, several brands.


@pytest.fixture
def other(world: World) -> Channel:
    """Another brand's page under the same Meta app."""
    return page(liveperson_app(brand("zeta"), client_id="client-zeta"), world.meta, "108800000000099")


@pytest.mark.parametrize("address", ["app", "channel"])
def test_a_batch_for_two_brands_goes_to_each_and_neither_sees_the_others_part(
    world: World, other: Channel, entry: Entry, address: str
) -> None:
    # given: the same person id writes to both pages
    body = meta_body(said("for acme", "m1"), said("for zeta", "m2", to=other.address), said("acme again", "m3"))
    path = f"/callbacks/messenger/apps/{world.meta.id}" if address == "app" else world.callback_path()
    # when
    assert send(entry, path, body, meta_headers(body)).status == 200
    # then
    mine, theirs = world.events(brand_id=world.brand.id), world.events(brand_id=other.brand_id)
    assert [one.content["text"] for one in mine] == ["for acme", "acme again"]
    assert [one.content["text"] for one in theirs] == ["for zeta"]
    assert {one.channel_id for one in mine} == {world.channel.id}
    assert {one.channel_id for one in theirs} == {other.id}
    assert all(b"zeta" not in bytes(one.raw) and other.address.encode() not in bytes(one.raw) for one in mine)
    assert b"acme" not in bytes(theirs[0].raw)
    assert len(world.lanes()) == 2


def test_the_same_source_id_on_two_pages_is_two_events(world: World, other: Channel, entry: Entry) -> None:
    body = meta_body(said("a", "same"), said("b", "same", to=other.address))
    assert send(entry, f"/callbacks/messenger/apps/{world.meta.id}", body, meta_headers(body)).status == 200
    assert len(world.events()) == 2


def test_a_page_that_nobody_has_does_not_spoil_the_others_and_is_counted(world: World, entry: Entry) -> None:
    body = meta_body(said("whose?", "m1", to="999"), said("mine", "m2"))
    before = counted("events", source="messenger", result="unknown_address")
    assert send(entry, f"/callbacks/messenger/apps/{world.meta.id}", body, meta_headers(body)).status == 200
    assert world.event().content["text"] == "mine"
    assert counted("events", source="messenger", result="unknown_address") == before + 1
    assert "whose?" not in everything_in_the_database()


def test_a_page_of_another_meta_app_is_not_reached(world: World, entry: Entry) -> None:
    # given: another app, signed with its own secret, names our page
    foreign = meta_app(brand("evil"))
    run("UPDATE channels_app_providerapp SET name = 'foreign' WHERE id = %s", [foreign.id])
    body = meta_body(said("forged", "m1", to=PAGE))
    # when / then
    assert send(entry, f"/callbacks/messenger/apps/{foreign.id}", body, meta_headers(body)).status == 200
    assert not world.events()


def test_every_wire_form_that_messenger_may_send_can_be_stored(world: World, entry: Entry) -> None:
    odd = [
        element(message={"mid": "m\0" * 200, "text": "\ud800"}, person="2"),
        element(message={"mid": "m2", "attachments": [{"type": "location", "payload": {"coordinates": {"lat": 1e999, "long": 5}}}]}),
        element(postback={"payload": "p" * 5000, "title": "\0"}, timestamp=10**17),
        element(reaction={"mid": "m" * 5000, "action": "react", "emoji": "\ud83d"}),
        element(delivery={"mids": ["a\0", "b" * 5000], "watermark": 10**16}),
    ]
    body = meta_body(*odd).replace(b"Infinity", b"1e999")
    assert send(entry, world.callback_path(), body, meta_headers(body)).status == 200
    assert len(world.events()) >= 4


# Channels and brands that rest.


def test_a_paused_channel_takes_callbacks_and_delivers_them_after_it_is_resumed(world: World, entry: Entry) -> None:
    # given
    world.channel.state = ChannelState.PAUSED
    world.channel.save()
    body = meta_body(said("later", "m1"))
    # when
    assert send(entry, world.callback_path(), body, meta_headers(body)).status == 200
    world.work()
    # then
    assert (world.event().state, world.lane().state) == ("waiting", "parked")
    assert not world.far.calls
    # when: what comes while it is parked waits behind
    body = meta_body(said("still later", "m2"))
    send(entry, world.callback_path(), body, meta_headers(body))
    assert (unpark(), world.work()) == (0, 0)
    world.channel.state = ChannelState.ACTIVE
    world.channel.save()
    assert unpark() == 1
    world.work()
    # then
    assert world.far.texts() == ["later", "still later"]


def test_an_inactive_brand_is_kept_and_not_delivered_until_it_is_active_again(world: World) -> None:
    world.brand.is_active = False
    world.brand.save()
    world.consumer_says("later")
    world.work()
    assert (world.lane().state, world.far.calls, unpark()) == ("parked", [], 0)
    world.brand.is_active = True
    world.brand.save()
    assert unpark() == 1
    world.work()
    assert world.far.texts() == ["later"]


# PostgreSQL away.


@pytest.fixture
def no_postgresql(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every new connection is refused, and the old ones are gone."""

    def refuse(*args: Any, **kwargs: Any) -> Any:
        raise psycopg.OperationalError("connection refused")

    database.close_hot_pool()
    monkeypatch.setattr(psycopg.Connection, "connect", refuse)
    monkeypatch.setattr(database, "WAIT_S", 0.2)


@pytest.mark.parametrize("what", ["callback", "unreadable", "webhook"])
def test_without_postgresql_the_sender_is_asked_to_come_back(world: World, no_postgresql: None, what: str) -> None:
    from connector_platform import wsgi
    from tests.webhooks_app.world import lp_headers, text_change, webhook_body

    body = {"callback": meta_body(said("Hello", "m1")), "unreadable": b"{", "webhook": webhook_body(text_change("X", 1, "hi"))}[what]
    path = f"/webhooks/liveperson/{world.app.id}" if what == "webhook" else world.callback_path()
    headers = lp_headers(body, world.app) if what == "webhook" else meta_headers(body)
    answered = send(wsgi.application, path, body, headers)
    assert (answered.status, answered.headers["Retry-After"]) == (503, "1")


def test_connections_that_postgresql_closed_are_replaced_unnoticed(world: World) -> None:
    # given: every pooled connection is dead
    world.consumer_says("one")
    with psycopg.connect(**database.hot_pool().kwargs) as connection:  # type: ignore[arg-type]
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    orm.close()
    # when / then
    threads = [threading.Thread(target=world.consumer_says, args=(f"n{number}",), kwargs={"mid": f"x{number}"}) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(world.events()) == 5


def test_the_address_that_was_called_is_known_by_its_public_name(
    world: World, entry: Entry, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vendors sign the address that they called; behind a proxy the request names another."""
    # given
    body, seen = meta_body(said("Hello", "m1")), []

    def verify(provider: Messenger, request: CallbackRequest, config: Any, *, now: Any) -> None:
        seen.append((request.public_url, request.query_string))

    monkeypatch.setattr(Messenger, "verify", verify)
    forged = {"Host": "evil.example", "X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "gopher"}
    # when
    answered = send(entry, world.callback_path(), body, {**meta_headers(body), **forged}, query="part=%2B1&x")
    # then
    assert answered.status == 200
    assert seen == [(f"{settings.PUBLIC_URL}{world.callback_path()}", "part=%2B1&x")]
