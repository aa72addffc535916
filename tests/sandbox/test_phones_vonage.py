"""Vonage's Messages API: its callbacks, what its send call takes and refuses, reports, a consumer's file."""

from __future__ import annotations

import base64
import json
from typing import Any

import jwt
import pytest

from tests.sandbox.phones_world import World, run
from tests.sandbox.vonage_world import (
    APPLICATION,
    BASIC,
    NUMBER,
    PERSON,
    bearer,
    claims_of,
    does,
    number,
    sends,
    shown,
    sms,
)


def test_a_text_arrives_with_a_token_over_the_body() -> None:
    async def body(it: World) -> None:
        assert (await number(it))[0] == 200
        acted = await does(it, "text", {"text": "Où est-il ? 📦"})
        (call,) = it.platform.received
        assert (call.method, call.path) == ("POST", "/inbound")
        claims = claims_of(call)
        assert (claims["iss"], claims["api_key"], claims["application_id"]) == ("Vonage", "a1b2c3d4", APPLICATION)
        event = json.loads(call.raw)
        assert event.pop("timestamp").endswith("Z")
        assert event == {
            "channel": "sms",
            "message_uuid": acted["id"],
            "to": NUMBER,
            "from": PERSON,
            "message_type": "text",
            "text": "Où est-il ? 📦",
            "sms": {"num_messages": "1", "keyword": "OÙ"},
            "usage": {"currency": "EUR", "price": "0.0050"},
        }

    run(body)


def test_a_callback_is_signed_anew_when_it_is_repeated() -> None:
    async def body(it: World) -> None:
        await number(it)
        it.platform.answers = [500, 302, 204]
        await does(it, "text", {"text": "hello"})
        assert len({claims_of(call)["jti"] for call in it.platform.received}) == 3

    run(body)


def test_a_message_lands_and_is_reported_to_its_own_address() -> None:
    async def body(it: World) -> None:
        await number(it)
        url = f"{it.platform.url}/own/status"
        status, answer = await sends(it, sms(text="Tot morgen", client_ref="our-1", webhook_url=url, webhook_version="v1"))
        assert status == 202 and list(answer) == ["message_uuid"]
        (message,) = await shown(it)
        assert (message["id"], message["text"], message["segments"]["count"]) == (answer["message_uuid"], "Tot morgen", 1)
        await does(it, "delivered", {})
        submitted, delivered = await it.platform.until(2)
        assert [json.loads(call.raw)["status"] for call in (submitted, delivered)] == ["submitted", "delivered"]
        assert {call.path for call in (submitted, delivered)} == {"/own/status"}
        report = json.loads(delivered.raw)
        assert (report["message_uuid"], report["from"], report["to"], report["client_ref"]) == (message["id"], NUMBER, PERSON, "our-1")
        claims_of(delivered)

    run(body)


@pytest.mark.parametrize(("code", "status"), [("1180", "undeliverable"), ("1240", "rejected")])
def test_a_failure_is_reported_with_its_number(code: str, status: str) -> None:
    async def body(it: World) -> None:
        await number(it)
        await sends(it, sms())
        await does(it, "delivered", {"status": "failed", "code": code})
        report = json.loads((await it.platform.until(2))[1].raw)
        assert (report["status"], report["error"]["title"]) == (status, code)
        assert report["error"]["type"].endswith(f"#{code}")
        assert [message["status"] for message in await shown(it)] == ["failed"]

    run(body)


def test_who_opted_out_at_vonage_is_sent_nothing_though_the_call_is_taken() -> None:
    async def body(it: World) -> None:
        await number(it)
        await it.call("PUT", f"/control/phones/vonage/{PERSON}/profile", {"blocked": True})
        status, _ = await sends(it, sms())
        assert status == 202 and await shown(it) == []
        (call,) = await it.platform.until(1)
        assert json.loads(call.raw)["error"]["title"] == "1240"

    run(body)


@pytest.mark.parametrize(
    ("change", "status", "kind"),
    [
        ({"text": None}, 422, "#1150"),
        ({"text": ""}, 422, "#1150"),
        ({"text": "x" * 1001}, 422, "#1150"),
        ({"to": "+31612345678"}, 422, "#1150"),
        ({"to": None}, 422, "#1150"),
        ({"from": "3197010200301"}, 422, "#1120"),
        ({"from": "Acme"}, 422, "#1150"),
        ({"channel": "fax"}, 422, "#1150"),
        ({"message_type": "image", "image": {"url": "https://a.example/b.png"}}, 422, "#1150"),
        ({"channel": "mms", "message_type": "image", "text": None, "image": {"url": "ftp://a.example/b"}}, 422, "#1150"),
        (
            {"channel": "mms", "message_type": "image", "text": None, "image": {"url": "https://a.example/b", "caption": "c" * 2001}},
            422,
            "#1150",
        ),
        ({"client_ref": "x" * 101}, 422, "#1150"),
        ({"webhook_url": "nowhere"}, 422, "#1150"),
        ({"webhook_version": "v9"}, 422, "#1150"),
        ({"txt": "x"}, 422, "#1150"),
    ],
)
def test_messages_out_of_form_are_refused_and_do_not_land(change: dict[str, Any], status: int, kind: str) -> None:
    async def body(it: World) -> None:
        await number(it)
        got, answer = await sends(it, sms(**change))
        assert got == status and answer["type"].endswith(kind) and answer["detail"] and answer["instance"]
        assert it.ledger("phone.message") == [] and len(it.ledger("phone.refused")) == 1

    run(body)


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Authorization": "Bearer nonsense"},
        {"Authorization": "Basic " + base64.b64encode(b"a1b2c3d4:wrong").decode()},
        bearer(application_id="bbbbbbbb-bbbb-cccc-dddd-0123456789ab"),
        bearer(exp=1),
        bearer(jti=None),
        {"Authorization": "Bearer " + jwt.encode({"application_id": APPLICATION, "iat": 1}, "x" * 32, algorithm="HS256")},
    ],
)
def test_only_the_applications_own_token_or_the_accounts_log_in_may_send(headers: dict[str, str]) -> None:
    async def body(it: World) -> None:
        await number(it)
        status, answer = await sends(it, sms(), headers)
        assert status == 401 and answer["type"].endswith("#unauthorized") and it.ledger("phone.message") == []
        assert (await sends(it, sms(), BASIC))[0] == 202

    run(body)


def test_a_picture_goes_both_ways_as_mms() -> None:
    async def body(it: World) -> None:
        await number(it)
        # given a picture of the brand
        url = it.platform.url + "/shoe.png"
        image = {"url": url, "caption": "the shoe"}
        assert (await sends(it, sms(channel="mms", message_type="image", text=None, image=image)))[0] == 202
        (message,) = await shown(it)
        assert (message["type"], message["url"], message["text"]) == ("image", url, "the shoe")
        # when the consumer sends one
        await does(it, "file", {"url": url, "text": "like this"})
        event = json.loads(next(call for call in it.platform.received if call.path == "/inbound").raw)
        assert (event["channel"], event["message_type"], event["image"]["caption"]) == ("mms", "image", "like this")
        # then its bytes are given out for a token of the application only
        for headers, status in (({}, 401), (bearer(application_id="other"), 401), (bearer(), 200)):
            async with it.http.get(event["image"]["url"], headers=headers) as answer:
                assert answer.status == status

    run(body)


@pytest.mark.parametrize("settings", [{"mms": False}, {"api": "sms"}])
def test_a_number_without_mms_carries_no_pictures(settings: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        await number(it, **settings)
        status, answer = await it.call("POST", f"/control/phones/vonage/{PERSON}/file", {"url": "http://a.example/b.png"})
        assert status == 409 and "no MMS" in answer["error"]
        assert it.ledger("consumer.message") == []

    run(body)


@pytest.mark.parametrize(("status", "kind"), [(429, "#1010"), (402, "#low-balance"), (503, "#1000"), (401, "#unauthorized")])
def test_faults_speak_vonages_words(status: int, kind: str) -> None:
    async def body(it: World) -> None:
        await number(it)
        it.fault("vonage.send", status=status, times=1)
        got, answer = await sends(it, sms())
        assert got == status and answer["type"].endswith(kind) and await shown(it) == []

    run(body)


@pytest.mark.parametrize(
    "settings",
    [{"application_id": ""}, {"public_key": ""}, {"api": "voice"}, {"signature_method": "md4"}, {"api_secret": ""}, {"signatur": "x"}],
)
def test_a_line_out_of_form_is_refused_with_a_sentence(settings: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        status, answer = await number(it, **settings)
        assert status == 400 and answer["error"]
        assert await it.call("GET", "/control/lines") == (200, {"lines": []})

    run(body)
