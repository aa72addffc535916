"""Bird: its send calls and refusals, inbound messages, reports, and the token beside each callback."""

from __future__ import annotations

import base64
import json
from typing import Any
from urllib.parse import parse_qsl

import jwt
import pytest

from sandbox.phones.bird import digest, signature
from tests.sandbox.phones_world import PHONE_NUMBER, Received, World, run

NUMBER = "31970001234"
KEY = {"Authorization": "AccessKey acme-key"}
SIGNING_KEY = "acme-signing-key-of-32-letters.."


async def line(it: World, **settings: Any) -> tuple[int, Any]:
    body = {
        "name": "Acme",
        "access_key": "acme-key",
        "signing_key": SIGNING_KEY,
        "receive_url": f"{it.platform.url}/hooks/receive",
        "auto_delivered": False,
        **settings,
    }
    return await it.call("PUT", f"/control/lines/bird/+{NUMBER}", body)


async def does(it: World, action: str, **body: Any) -> Any:
    return await it.does(action, {"wait": True, **body}, who=PHONE_NUMBER, provider="bird")


async def sends(it: World, path: str = "messages", **changes: Any) -> tuple[int, Any]:
    fields = {"originator": NUMBER, "recipients": ["31612345678"], "body": "hi", **changes}
    return await it.call("POST", f"/bird/{path}", fields, headers=KEY)


async def shown(it: World) -> Any:
    return (await it.transcript(PHONE_NUMBER, "bird"))["messages"]


def claims(it: World, call: Received) -> Any:
    """The claims of the token beside ``call``, once its key and the address that it names were found right."""
    found = jwt.decode(call.headers["MessageBird-Signature-JWT"], SIGNING_KEY, algorithms=["HS256"], issuer="MessageBird")
    url = it.platform.url + call.path + (f"?{call.raw_query}" if call.raw_query else "")
    assert found["url_hash"] == digest(url.encode())
    assert found["exp"] - found["nbf"] == 60
    return found


def test_the_signature_fits_the_worked_example() -> None:
    url = "https://connect.example.com/hooks/mb/5a/receive"
    body = b"originator=31612345678&recipient=3197010200300&body=Hi&id=mb-1"
    token = signature("messagebird-docs-key", url, body, now_s=1793001600)["MessageBird-Signature-JWT"]
    header, payload, _ = token.split(".")
    found = json.loads(base64.urlsafe_b64decode(payload + "=="))
    assert header == "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9"
    assert found.pop("jti")
    assert found == {
        "iss": "MessageBird",
        "nbf": 1793001600,
        "exp": 1793001660,
        "url_hash": "d240803a5d2270f606ff96fceddcbd0ed688514c2c764acaabfb7ad9695bee75",
        "payload_hash": "e8c77276585212129060cd1d4dea74b8222d4b28090718fdb886444078bd9dff",
    }


def test_a_text_arrives_as_a_signed_form() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", text="Café & 📦", id="mb-1")
        (call,) = it.platform.received
        assert (call.method, call.path, call.headers["Content-Type"]) == ("POST", "/hooks/receive", "application/x-www-form-urlencoded")
        assert claims(it, call)["payload_hash"] == digest(call.raw)
        fields = dict(parse_qsl(call.raw.decode(), keep_blank_values=True))
        assert fields.pop("createdDatetime").endswith("+00:00")
        assert fields == {"id": "mb-1", "recipient": NUMBER, "originator": "31612345678", "body": "Café & 📦", "reference": ""}

    run(body)


def test_a_picture_lies_behind_the_key() -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        await does(it, "file", url=f"{it.platform.url}/cup.jpg", text="It arrived like this")
        (call,) = it.platform.received
        fields = dict(parse_qsl(call.raw.decode()))
        assert fields["body"] == "It arrived like this"
        async with it.http.get(fields["mediaUrls"]) as refused:
            assert (refused.status, (await refused.json())["errors"][0]["code"]) == (401, 2)
        async with it.http.get(fields["mediaUrls"], headers=KEY) as answer:
            assert answer.status == 200

    run(body)


def test_a_number_without_mms_sends_and_takes_no_pictures() -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await it.call("POST", f"/control/phones/bird/{PHONE_NUMBER}/file", {"url": "http://a/b.jpg"})
        assert status == 409 and "MMS" in answer["error"]
        status, answer = await sends(it, "mms", mediaUrls=["https://files.example.com/a.png"])
        assert (status, answer["errors"][0]["parameter"]) == (422, "originator")

    run(body)


def test_a_message_is_taken_and_lands() -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await sends(it, body="Tot morgen", reference="our-1", datacoding="auto")
        assert (status, answer["recipients"]["items"][0]["status"], answer["reference"]) == (201, "sent", "our-1")
        (bubble,) = await shown(it)
        assert (bubble["id"], bubble["text"], bubble["segments"]["count"]) == (answer["id"], "Tot morgen", 1)

    run(body)


def test_an_mms_lands_as_a_picture() -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        status, _ = await sends(it, "mms", body="the shoe", mediaUrls=["https://files.example.com/a.png"])
        assert status == 201
        (bubble,) = await shown(it)
        assert (bubble["type"], bubble["text"], bubble["url"]) == ("image", "the shoe", "https://files.example.com/a.png")

    run(body)


@pytest.mark.parametrize(
    ("changes", "code", "parameter"),
    [
        ({"originator": "31999999999"}, 10, "originator"),
        ({"originator": ""}, 9, "originator"),
        ({"recipients": []}, 9, "recipients"),
        ({"recipients": ["MTN"]}, 10, "recipients"),
        ({"body": ""}, 9, "body"),
        ({"body": "x" * 1378, "datacoding": "auto"}, 10, "body"),
        ({"body": "ж" * 604, "datacoding": "auto"}, 10, "body"),
        ({"body": "x" * 604, "datacoding": "unicode"}, 10, "body"),
        ({"datacoding": "gsm"}, 10, "datacoding"),
        ({"report_url": "https://a"}, 10, "report_url"),
    ],
)
def test_a_message_out_of_form_is_refused_and_does_not_land(changes: Any, code: int, parameter: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await sends(it, **changes)
        (error,) = answer["errors"]
        assert (status, error["code"], error["parameter"]) == (422, code, parameter)
        assert it.ledger("phone.message") == []
        assert [entry["code"] for entry in it.ledger("phone.refused")] == [code]

    run(body)


@pytest.mark.parametrize(
    "changes", [{"mediaUrls": ["ftp://a/b"]}, {"mediaUrls": ["https://a/b"] * 11}, {"mediaUrls": "https://a/b"}, {"body": "x" * 2001}]
)
def test_an_mms_out_of_form_is_refused(changes: Any) -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        status, answer = await sends(it, "mms", **changes)
        assert (status, answer["errors"][0]["code"]) == (422, 10)

    run(body)


@pytest.mark.parametrize("header", [{}, {"Authorization": "AccessKey wrong"}, {"Authorization": "Bearer acme-key"}])
def test_the_key_is_checked(header: dict[str, str]) -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await it.call("GET", "/bird/balance", headers=header)
        assert (status, answer["errors"][0]["code"]) == (401, 2)
        status, answer = await it.call("GET", "/bird/balance", headers=KEY)
        assert (status, answer["amount"]) == (200, 103.5)

    run(body)


@pytest.mark.parametrize(
    ("asked", "status", "code", "bubble"),
    [
        ("delivered", "delivered", None, "delivered"),
        ("failed", "delivery_failed", "27", "failed"),
        ("expired", "expired", None, "failed"),
        ("opted_out", "delivery_failed", "103", "failed"),
        ("buffered", "buffered", None, "sent"),
    ],
)
def test_reports_are_signed_queries_to_the_messages_own_url(asked: str, status: str, code: str | None, bubble: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        _, answer = await sends(it, reference="our-1", reportUrl=f"{it.platform.url}/hooks/status")
        await does(it, "delivered", status=asked)
        (call,) = it.platform.received
        assert (call.method, call.path, call.raw) == ("GET", "/hooks/status", b"")
        assert "payload_hash" not in claims(it, call)
        assert (call.query["id"], call.query["reference"], call.query["status"]) == (answer["id"], "our-1", status)
        assert call.query.get("statusErrorCode") == code
        assert [message["status"] for message in await shown(it)] == [bubble]

    run(body)


def test_without_a_reference_there_is_no_report() -> None:
    async def body(it: World) -> None:
        await line(it)
        await sends(it, reportUrl=f"{it.platform.url}/hooks/status")
        await does(it, "delivered")
        assert it.platform.received == []

    run(body)


def test_who_opted_out_is_told_by_a_report() -> None:
    async def body(it: World) -> None:
        await line(it)
        await it.call("PUT", f"/control/phones/bird/{PHONE_NUMBER}/profile", {"blocked": True})
        status, _ = await sends(it, reference="our-1", reportUrl=f"{it.platform.url}/hooks/status")
        assert status == 201
        (call,) = await it.platform.until(1)
        assert call.query["statusErrorCode"] == "103"

    run(body)


def test_a_fault_speaks_birds_words() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.fault("bird.send", status=500, times=1)
        status, answer = await sends(it)
        assert (status, answer["errors"][0]["code"]) == (500, 99)
        it.fault("bird.send", status=429, retry_after_s=3, times=1)
        async with it.http.post(f"{it.base}/bird/messages", json={}, headers=KEY) as limited:
            assert (limited.status, limited.headers["Retry-After"], await limited.text()) == (429, "3", "Too Many Requests")

    run(body)


@pytest.mark.parametrize("settings", [{"access_key": ""}, {"signing_key": 7}, {"reciever": 1}, {"mms": "yes"}])
def test_a_line_out_of_form_is_refused_with_a_sentence(settings: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        status, answer = await line(it, **settings)
        assert status == 400 and answer["error"]

    run(body)
