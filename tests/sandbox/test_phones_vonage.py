"""Vonage: its callbacks of both APIs, what its send calls take and refuse, reports, a consumer's file, and the account's own set-up."""

from __future__ import annotations

import base64
import hashlib
import json
import time
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey, generate_private_key
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from vonage_http_client.auth import Auth
from vonage_jwt import verify_signature

from tests.sandbox.phones_world import Received, World, run

NUMBER, PERSON = "3197010200300", "31612345678"
APPLICATION = "aaaaaaaa-bbbb-cccc-dddd-0123456789ab"
SECRET = "vonage-docs-signature-secret-of-32-bytes"
BASIC = {"Authorization": "Basic " + base64.b64encode(b"a1b2c3d4:s3cret").decode()}


@cache
def private_key() -> RSAPrivateKey:
    return generate_private_key(65537, 2048)


def public_pem() -> str:
    return private_key().public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def bearer(**changes: Any) -> dict[str, str]:
    now = int(time.time())
    claims = {"application_id": APPLICATION, "iat": now, "exp": now + 900, "jti": "j", **changes}
    kept = {name: value for name, value in claims.items() if value is not None}
    return {"Authorization": "Bearer " + jwt.encode(kept, private_key(), algorithm="RS256")}


async def number(it: World, **settings: Any) -> tuple[int, Any]:
    """Register a number of the Messages API."""
    body = {
        "name": "Acme",
        "api_key": "a1b2c3d4",
        "api_secret": "s3cret",
        "signature_secret": SECRET,
        "application_id": APPLICATION,
        "public_key": public_pem(),
        "inbound_url": it.platform.url + "/inbound",
        "status_url": it.platform.url + "/status",
        "auto_delivered": False,
        **settings,
    }
    return await it.call("PUT", f"/control/lines/vonage/{NUMBER}", body)


async def does(it: World, action: str, body: Any) -> Any:
    return await it.does(action, {"wait": True, **body}, who=PERSON, provider="vonage")


def sms(**changes: Any) -> dict[str, Any]:
    fields = {"channel": "sms", "message_type": "text", "to": PERSON, "from": NUMBER, "text": "hi", **changes}
    return {name: value for name, value in fields.items() if value is not None}


async def sends(it: World, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    return await it.call("POST", "/vonage/v1/messages", body, headers=bearer() if headers is None else headers)


async def shown(it: World) -> Any:
    return (await it.transcript(PERSON, "vonage"))["messages"]


def claims_of(call: Received) -> Any:
    token = call.headers["Authorization"].removeprefix("Bearer ")
    assert verify_signature(token, SECRET), "Vonage's own SDK takes the token"
    claims = jwt.decode(token, options={"verify_signature": False})
    assert claims["payload_hash"] == hashlib.sha256(call.raw).hexdigest()
    return claims


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


@pytest.mark.parametrize("webhook_format", ["POST-JSON", "POST", "GET"])
@pytest.mark.parametrize("method", ["sha256", "md5hash", "sha512"])
def test_the_sms_api_signs_its_parameters_in_every_format(webhook_format: str, method: str) -> None:
    async def body(it: World) -> None:
        await number(it, api="sms", webhook_format=webhook_format, signature_method=method)
        await does(it, "text", {"text": "a=b & c"})
        (call,) = it.platform.received
        given = parameters(call)
        assert (given["msisdn"], given["to"], given["text"], given["type"]) == (PERSON, NUMBER, "a=b & c", "text")
        if method != "md5hash":
            auth = Auth(api_key="a1b2c3d4", signature_secret=SECRET, signature_method=method)
            assert auth.check_signature(dict(given)), "Vonage's own SDK takes the signature"
        else:
            words = "".join(
                f"&{name}={value.replace('&', '_').replace('=', '_')}" for name, value in sorted(given.items()) if name != "sig"
            )
            assert given["sig"] == hashlib.md5((words + SECRET).encode(), usedforsecurity=False).hexdigest()

    run(body)


def parameters(call: Received) -> dict[str, str]:
    if call.method == "GET":
        return call.query
    if call.headers["Content-Type"] == "application/json":
        found: dict[str, str] = json.loads(call.raw)
        return found
    return dict(parse_qsl(call.raw.decode(), keep_blank_values=True))


def test_the_sms_api_tells_of_each_part_of_a_long_text() -> None:
    async def body(it: World) -> None:
        await number(it, api="sms")
        await does(it, "text", {"text": "x" * 200})
        first, second = map(parameters, await it.platform.until(2))
        assert (first["concat-part"], second["concat-part"], first["concat-total"]) == ("1", "2", "2")
        assert first["text"] + second["text"] == "x" * 200
        assert first["messageId"] != second["messageId"] and first["concat-ref"] == second["concat-ref"]

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


async def texts(it: World, **fields: str) -> Any:
    async with it.http.post(
        f"{it.base}/vonage/sms/json", data={"from": NUMBER, "to": PERSON, "text": "hi", **fields}, headers=BASIC
    ) as answer:
        assert answer.status == 200
        return await answer.json()


def test_the_sms_api_answers_with_an_id_for_each_sms_and_reports_on_each() -> None:
    async def body(it: World) -> None:
        await number(it, api="sms")
        callback = {"status-report-req": "1", "callback": f"{it.platform.url}/own", "client-ref": "our-1"}
        answer = await texts(it, text="x" * 200, **callback)
        ids = [entry["message-id"] for entry in answer["messages"]]
        assert answer["message-count"] == "2" and [entry["status"] for entry in answer["messages"]] == ["0", "0"]
        await does(it, "delivered", {})
        calls = [parameters(call) for call in await it.platform.until(4)]
        assert [(call["messageId"], call["status"]) for call in calls] == [
            (ids[0], "accepted"),
            (ids[1], "accepted"),
            (ids[0], "delivered"),
            (ids[1], "delivered"),
        ]
        assert {call["client-ref"] for call in calls} == {"our-1"}

    run(body)


def test_the_sms_api_loses_letters_that_its_alphabet_lacks() -> None:
    async def body(it: World) -> None:
        await number(it, api="sms")
        await texts(it, text="ça va 📦")
        await texts(it, text="ça va 📦", type="unicode")
        assert [message["text"] for message in await shown(it)] == ["?a va ?", "ça va 📦"]

    run(body)


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"text": ""}, "2"),
        ({"to": "+31612345678"}, "3"),
        ({"txt": "x"}, "3"),
        ({"type": "voice"}, "3"),
        ({"text": "x" * 3201}, "12"),
        ({"from": "3197010200301"}, "15"),
        ({"callback": "https://a.example/" + "x" * 90}, "23"),
    ],
)
def test_the_sms_api_refuses_with_200(change: dict[str, str], status: str) -> None:
    async def body(it: World) -> None:
        await number(it, api="sms")
        answer = await texts(it, **change)
        assert [entry["status"] for entry in answer["messages"]] == [status] and it.ledger("phone.message") == []

    run(body)


def test_the_sms_api_wants_the_accounts_log_in() -> None:
    async def body(it: World) -> None:
        await number(it, api="sms")
        for given, status in (
            ({"api_key": "a1b2c3d4", "api_secret": "s3cret"}, "0"),
            ({"api_key": "a1b2c3d4", "api_secret": "x"}, "4"),
            ({}, "4"),
        ):
            body_ = {"from": NUMBER, "to": PERSON, "text": "hi", **given}
            _, answer = await it.call("POST", "/vonage/sms/json", body_)
            assert answer["messages"][0]["status"] == status

    run(body)


def test_an_application_is_replaced_by_a_put() -> None:
    async def body(it: World) -> None:
        await number(it)
        path = f"/vonage/v2/applications/{APPLICATION}"
        _, application = await it.call("GET", path, headers=BASIC)
        assert application["capabilities"]["messages"]["webhooks"]["inbound_url"]["address"] == it.platform.url + "/inbound"
        webhooks = {"inbound_url": {"address": it.platform.url + "/new", "http_method": "POST"}}
        status, changed = await it.call("PUT", path, {"name": "Acme", "capabilities": {"messages": {"webhooks": webhooks}}}, headers=BASIC)
        assert status == 200 and changed["capabilities"]["messages"]["webhooks"] == webhooks
        await does(it, "text", {"text": "hello"})
        assert it.platform.received[-1].path == "/new"
        assert (await it.call("GET", path))[0] == 401
        assert (await it.call("GET", "/vonage/v2/applications/other", headers=BASIC))[0] == 404
        wrong = {"name": "Acme", "capabilities": {"messages": {"webhooks": {"inbound_url": {"address": "x", "http_method": "GET"}}}}}
        assert (await it.call("PUT", path, wrong, headers=BASIC))[0] == 422

    run(body)


def test_a_number_is_found_by_a_part_of_it_and_updated() -> None:
    async def body(it: World) -> None:
        await number(it, api="sms")
        _, found = await it.call("GET", f"/vonage/account/numbers?pattern={NUMBER[:6]}", headers=BASIC)
        assert found["numbers"][0]["moHttpUrl"] == it.platform.url + "/inbound"
        assert await it.call("GET", "/vonage/account/numbers?pattern=999", headers=BASIC) == (200, {})
        update = {"country": "NL", "msisdn": NUMBER, "moHttpUrl": it.platform.url + "/new"}
        async with it.http.post(f"{it.base}/vonage/number/update", data=update, headers=BASIC) as answer:
            assert (await answer.json())["error-code"] == "200"
        await does(it, "text", {"text": "hello"})
        assert it.platform.received[-1].path == "/new"
        async with it.http.post(f"{it.base}/vonage/number/update", data={**update, "country": "DE"}, headers=BASIC) as answer:
            assert answer.status == 420

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
