"""SMS gateway: how it calls the platform, its send call and refusals, delivery reports, the number of SMS a text takes."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qs

import pytest

from sandbox.phones.gsm7 import pieces, segments
from sandbox.phones.sms_inbound import InboundAuth, wire
from tests.sandbox.phones_world import NUMBER, PHONE_NUMBER, World, run

BASIC = {"Authorization": "Basic " + base64.b64encode(b"acme:pw").decode()}
WRONG_PASSWORD = {"Authorization": "Basic " + base64.b64encode(b"acme:no").decode()}
SECRET = "gateway-docs-secret"


async def texts(it: World, text: str, **more: Any) -> Any:
    return await it.does("text", {"text": text, "wait": True, **more}, who=PHONE_NUMBER, provider="sms_gateway")


async def sends(it: World, body: Any, address: str = NUMBER) -> tuple[int, Any]:
    return await it.call("POST", f"/sms/{address}/send", body, headers=BASIC)


async def shown(it: World) -> Any:
    return (await it.transcript(PHONE_NUMBER, "sms_gateway"))["messages"]


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"prefix": "sha256="}, "sha256=5e88fc3efd28a91b61653803fc130ef45ac699090bf4088cc588306c77d3fe7a"),
        ({"encoding": "base64"}, "Xoj8Pv0oqRthZTgD/BMO9FrGmQkL9AiMxYgwbHfT/no="),
        ({"timestamp_header": "X-Time"}, "c9ac12310f3faddb185a4e385556e7e673bda5044400bcd7bb8dbfcdcda9d79d"),
    ],
)
def test_signatures_fit_the_worked_examples(settings: dict[str, str], expected: str) -> None:
    auth = InboundAuth.read({"kind": "hmac", "header": "X-Gateway-Signature", "secret": SECRET, **settings})
    headers = auth.headers(b"sender=%2B31612345678&text=Caf%C3%A9", 1793001600)
    assert headers["X-Gateway-Signature"] == expected
    assert headers.get("X-Time") == ("1793001600" if "timestamp_header" in settings else None)


@pytest.mark.parametrize(
    ("auth", "header", "url"),
    [
        ({"kind": "basic", "username": "u", "password": "p"}, {"Authorization": "Basic dTpw"}, "http://h/r?a=1"),
        ({"kind": "bearer", "token": "t"}, {"Authorization": "Bearer t"}, "http://h/r?a=1"),
        ({"kind": "header", "header": "X-Key", "value": "v"}, {"X-Key": "v"}, "http://h/r?a=1"),
        ({"kind": "query", "name": "token", "value": "v&w"}, {}, "http://h/r?a=1&token=v%26w"),
        ({"kind": "none"}, {}, "http://h/r?a=1"),
    ],
)
def test_every_kind_of_proof_has_its_place(auth: dict[str, str], header: dict[str, str], url: str) -> None:
    call = wire("POST", "form", "http://h/r?a=1", {"text": "x"}, InboundAuth.read(auth))
    own = {"User-Agent": "sms-gateway/1.0", "Content-Type": "application/x-www-form-urlencoded"}
    assert (call.url, call.headers, call.body) == (url, {**own, **header}, b"text=x")


def test_a_text_arrives_as_a_signed_form() -> None:
    async def body(it: World) -> None:
        auth = {"kind": "hmac", "header": "X-Gateway-Signature", "prefix": "sha256=", "secret": SECRET}
        await it.number(inbound_auth=auth, fields={"from": "sender", "time": "date"})
        await texts(it, "Café om 10:00?", id="in-90001")
        (call,) = it.platform.received
        written_at = parse_qs(call.raw.decode())["date"][0]
        assert (call.method, call.path, call.headers["Content-Type"]) == ("POST", "/receive", "application/x-www-form-urlencoded")
        stamp = written_at.replace(":", "%3A")
        assert call.raw.decode() == f"sender=%2B31612345678&to=3020&text=Caf%C3%A9+om+10%3A00%3F&id=in-90001&date={stamp}"
        assert call.headers["X-Gateway-Signature"] == InboundAuth.read(auth).signature(call.raw, 0)
        assert [entry["text"] for entry in it.ledger("consumer.message")] == ["Café om 10:00?"]

    run(body)


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_text_arrives_in_the_query(method: str) -> None:
    async def body(it: World) -> None:
        query = {"kind": "query", "name": "token", "value": "s3cret"}
        await it.number(inbound_method=method, inbound_format="query", inbound_auth=query, number_format="digits")
        await texts(it, "a+b & c", id="in-1")
        (call,) = it.platform.received
        assert (call.method, call.raw) == (method, b"")
        assert call.raw_query.startswith("token=s3cret&from=31612345678&to=3020&text=a%2Bb+%26+c&id=in-1&date=")

    run(body)


def test_a_text_arrives_as_json() -> None:
    async def body(it: World) -> None:
        await it.number(inbound_format="json")
        await texts(it, "ja graag 👍", id="in-1")
        (call,) = it.platform.received
        sent = json.loads(call.raw)
        assert call.headers["Content-Type"] == "application/json" and "👍".encode() in call.raw
        assert (sent["from"], sent["to"], sent["text"], sent["id"]) == (PHONE_NUMBER, NUMBER, "ja graag 👍", "in-1")

    run(body)


def test_any_2xx_is_success_and_anything_else_is_repeated() -> None:
    async def body(it: World) -> None:
        await it.number()
        it.platform.answers = [302, 404, 204]
        await texts(it, "hello")
        assert len(it.platform.received) == 3
        assert [entry["status"] for entry in it.ledger("callback.failed")] == [302, 404]

    run(body)


@pytest.mark.parametrize("form", ["json", "form", "query"])
def test_the_gateway_takes_a_message_in_every_form(form: str) -> None:
    async def body(it: World) -> None:
        await it.number()
        fields = {"to": "31612345678", "from": NUMBER, "text": "Tot morgen", "ref": "our-1"}
        given: Any = {"json": {"json": fields}, "form": {"data": fields}, "query": {"params": fields}}[form]
        method = "GET" if form == "query" else "POST"
        async with it.http.request(method, f"{it.base}/sms/{NUMBER}/send", headers=BASIC, **given) as response:
            answer = await response.json()
        assert response.status == 200
        assert answer == {"messages": [{"id": answer["messages"][0]["id"], "status": "accepted"}]}
        (entry,) = it.ledger("phone.message")
        assert (entry["consumer"], entry["text"], entry["id"]) == (PHONE_NUMBER, "Tot morgen", answer["messages"][0]["id"])
        assert (await shown(it))[0]["segments"] == {"encoding": "GSM-7", "units": 10, "count": 1}

    run(body)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"to": ""}, "12"),
        ({"text": ""}, "12"),
        ({"txt": "x"}, "12"),
        ({"to": "not a number"}, "13"),
        ({"from": "4040"}, "14"),
        ({"text": "x" * 1531}, "15"),
    ],
)
def test_messages_out_of_form_are_refused_and_do_not_land(fields: dict[str, str], code: str) -> None:
    async def body(it: World) -> None:
        await it.number()
        status, answer = await sends(it, {"to": PHONE_NUMBER, "from": NUMBER, "text": "hi", **fields})
        assert (status, answer["code"]) == (400, code) and answer["error"]
        assert it.ledger("phone.message") == []
        assert [(entry["reason"], entry["address"]) for entry in it.ledger("phone.refused")] == [(answer["error"], NUMBER)]

    run(body)


@pytest.mark.parametrize("header", [{}, WRONG_PASSWORD, {"Authorization": "Bearer pw"}])
def test_the_gateway_checks_the_password(header: dict[str, str]) -> None:
    async def body(it: World) -> None:
        await it.number()
        status, answer = await it.call("POST", f"/sms/{NUMBER}/send", {"to": PHONE_NUMBER, "text": "hi"}, headers=header)
        assert (status, answer["code"]) == (401, "11") and it.ledger("phone.message") == []

    run(body)


def test_reports_go_to_the_messages_own_url_with_both_ids() -> None:
    async def body(it: World) -> None:
        await it.number(status_words={"delivered": "delivered", "failed": "REJECTD"}, inbound_auth={"kind": "bearer", "token": "t"})
        _, first = await sends(it, {"to": PHONE_NUMBER, "text": "one", "ref": "our-1", "dlr": f"{it.platform.url}/status/our-1"})
        _, second = await sends(it, {"to": PHONE_NUMBER, "text": "two"})
        ids = [answer["messages"][0]["id"] for answer in (first, second)]
        await it.does("delivered", {"ids": ids[:1], "wait": True}, who=PHONE_NUMBER, provider="sms_gateway")
        await it.does("delivered", {"status": "failed", "wait": True}, who=PHONE_NUMBER, provider="sms_gateway")
        assert [(call.method, call.path, call.raw.decode()) for call in it.platform.received] == [
            ("POST", "/status/our-1", f"ref=our-1&id={ids[0]}&status=delivered"),
            ("POST", "/status", f"id={ids[1]}&status=REJECTD"),
        ]
        assert {call.headers["Authorization"] for call in it.platform.received} == {"Bearer t"}
        assert [message["status"] for message in await shown(it)] == ["delivered", "failed"]

    run(body)


def test_the_phone_reports_by_itself_and_a_known_ref_is_not_sent_again() -> None:
    async def body(it: World) -> None:
        await it.number(auto_delivered=True, dedupe_ref=True)
        answers = [await sends(it, {"to": PHONE_NUMBER, "text": "one", "ref": "our-1"}) for _ in range(2)]
        assert answers[0] == answers[1] and len(await shown(it)) == 1
        (report,) = await it.platform.until(1)
        assert report.raw.decode().endswith("&status=DELIVRD")

    run(body)


def test_a_picture_arrives_in_numbered_fields_and_is_given_out_for_the_log_in() -> None:
    async def body(it: World) -> None:
        await it.number(inbound_format="json", fields={"media": "file", "media_type": "type"})
        given = {"url": "https://cdn.example.com/cat.jpg", "text": "look", "wait": True}
        await it.does("file", given, who=PHONE_NUMBER, provider="sms_gateway")
        (call,) = it.platform.received
        sent = json.loads(call.raw)
        assert (sent["text"], sent["type0"]) == ("look", "image/jpeg")
        for header, status in ((BASIC, 302), (WRONG_PASSWORD, 401), ({}, 401)):
            async with it.http.get(sent["file0"], headers=header, allow_redirects=False) as response:
                assert response.status == status
                assert response.headers.get("Location") == (given["url"] if status == 302 else None)
        async with it.http.get(sent["file0"] + "0", headers=BASIC, allow_redirects=False) as response:
            assert response.status == 404

    run(body)


def test_a_gateway_that_does_not_join_calls_once_for_each_part() -> None:
    async def body(it: World) -> None:
        await it.number(inbound_format="json", in_pieces=True, fields={"reference": "ref"})
        await texts(it, "a" * 152 + "€" + "b" * 10, id="in-1")
        first, second = (json.loads(call.raw) for call in it.platform.received)
        assert (first["text"], second["text"]) == ("a" * 152, "€" + "b" * 10)
        assert [(call["id"], call["concat-part"], call["concat-total"]) for call in (first, second)] == [
            ("in-1.1", "1", "2"),
            ("in-1.2", "2", "2"),
        ]
        assert first["ref"] == second["ref"]
        await texts(it, "short", id="in-2")
        assert "ref" not in json.loads(it.platform.received[2].raw)

    run(body)


@pytest.mark.parametrize(("url", "kind"), [("https://files.example.com/a.PNG?s=1", "image"), ("https://files.example.com/a.pdf", "file")])
def test_media_land_as_a_picture_or_as_a_file(url: str, kind: str) -> None:
    async def body(it: World) -> None:
        await it.number()
        status, _ = await sends(it, {"to": PHONE_NUMBER, "media": url, "text": "", "ref": "our-1"})
        (message,) = await shown(it)
        assert (status, message["type"], message["url"], message["text"]) == (200, kind, url, "")

    run(body)


@pytest.mark.parametrize(("mms", "media", "code"), [(True, "", "12"), (True, "cid:1", "12"), (False, "https://a.example/b", "18")])
def test_media_that_the_gateway_cannot_send_are_refused(mms: bool, media: str, code: str) -> None:
    async def body(it: World) -> None:
        await it.number(mms=mms)
        status, answer = await sends(it, {"to": PHONE_NUMBER, "text": "x", "media": media})
        assert (status, answer["code"]) == (400, code) and it.ledger("phone.message") == []

    run(body)


def test_a_number_without_mms_takes_no_picture_from_the_consumer() -> None:
    async def body(it: World) -> None:
        await it.number(mms=False)
        status, answer = await it.call("POST", f"/control/phones/sms_gateway/{PHONE_NUMBER}/file", {"url": "http://a/b"})
        assert status == 409 and "no MMS" in answer["error"]

    run(body)


def test_the_balance_is_told_for_the_log_in() -> None:
    async def body(it: World) -> None:
        await it.number()
        assert await it.call("GET", f"/sms/{NUMBER}/balance", headers=BASIC) == (200, {"balance": "25.00", "currency": "EUR"})
        assert (await it.call("GET", f"/sms/{NUMBER}/balance", headers=WRONG_PASSWORD))[0] == 401

    run(body)


def test_what_sms_cannot_do_is_refused() -> None:
    async def body(it: World) -> None:
        await it.number()
        for action, given in (
            ("location", {"latitude": 1, "longitude": 1}),
            ("typing", {}),
            ("read", {}),
            ("close", {}),
            ("select", {"title": "Yes"}),
        ):
            status, answer = await it.call("POST", f"/control/phones/sms_gateway/{PHONE_NUMBER}/{action}", given)
            assert status == 409 and answer["error"], action
        assert it.kernel.ledger.entries == []

    run(body)


@pytest.mark.parametrize(
    "settings",
    [
        {"inbound_method": "GET"},
        {"inbound_format": "query", "inbound_auth": {"kind": "hmac", "header": "X", "secret": "s"}},
        {"inbound_format": "xml"},
        {"inbound_auth": {"kind": "hmac", "header": "X"}},
        {"inbound_auth": {"kind": "basic", "username": "u", "password": "p", "realm": "r"}},
        {"fields": {"sender": "from"}},
        {"outbound_auth": {"kind": "basic", "username": "u"}},
        {"receive_url": 7},
        {"recieve_url": "http://h"},
    ],
)
def test_a_line_out_of_form_is_refused_with_a_sentence(settings: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        status, answer = await it.number(**settings)
        assert status == 400 and answer["error"]
        assert await it.call("GET", "/control/lines") == (200, {"lines": []})

    run(body)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ("GSM-7", 0, 1)),
        ("x" * 160, ("GSM-7", 160, 1)),
        ("x" * 161, ("GSM-7", 161, 2)),
        ("x" * 306, ("GSM-7", 306, 2)),
        ("x" * 307, ("GSM-7", 307, 3)),
        ("€" * 80, ("GSM-7", 160, 1)),
        ("x" * 152 + "€" + "x" * 152, ("GSM-7", 306, 3)),  # the escape may not be parted from its character
        ("ç", ("UCS-2", 1, 1)),
        ("ж" * 70, ("UCS-2", 70, 1)),
        ("ж" * 71, ("UCS-2", 71, 2)),
        ("📦" * 35, ("UCS-2", 70, 1)),
        ("📦" * 67, ("UCS-2", 134, 3)),  # 33 of them in a part of 67 units
    ],
)
def test_segments(text: str, expected: tuple[str, int, int]) -> None:
    size = segments(text)
    assert (size.encoding, size.units, size.count) == expected
    assert "".join(pieces(text)) == text
    assert len(pieces(text)) == size.count
