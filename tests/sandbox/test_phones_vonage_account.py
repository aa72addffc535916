"""Vonage's older SMS API: its signed parameters, its refusals under 200, its reports; and the account's own set-up."""

from __future__ import annotations

import hashlib
from typing import Any

import pytest
from vonage_http_client.auth import Auth

from tests.sandbox.phones_world import World, run
from tests.sandbox.vonage_world import (
    APPLICATION,
    BASIC,
    NUMBER,
    PERSON,
    SECRET,
    does,
    number,
    parameters,
    shown,
)


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


def test_the_sms_api_tells_of_each_part_of_a_long_text() -> None:
    async def body(it: World) -> None:
        await number(it, api="sms")
        await does(it, "text", {"text": "x" * 200})
        first, second = map(parameters, await it.platform.until(2))
        assert (first["concat-part"], second["concat-part"], first["concat-total"]) == ("1", "2", "2")
        assert first["text"] + second["text"] == "x" * 200
        assert first["messageId"] != second["messageId"] and first["concat-ref"] == second["concat-ref"]

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
