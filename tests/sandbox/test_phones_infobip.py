"""Infobip: its send calls and refusals, inbound messages, reports, and who hears of them."""

from __future__ import annotations

import hmac
import json
from typing import Any

import pytest
from infobip_api_client.models import SmsDeliveryResult, SmsInboundMessageResult
from jsonschema import Draft202012Validator

from sandbox.phones.infobip_account import SIGNATURE_HEADER
from tests.providers.infobip.test_vendor_models import fits
from tests.providers.infobip.vendor_schemas import MMS_INBOUND
from tests.sandbox.phones_world import PHONE_NUMBER, World, run

NUMBER = "447491163443"
KEY = {"Authorization": "App acme-key"}
SUBSCRIPTION = {
    "subscriptionId": "mine",
    "events": ["INBOUND_MESSAGE", "DELIVERY"],
    "resources": [NUMBER],
    "profile": {"profileId": "mine"},
}


async def line(it: World, **settings: Any) -> tuple[int, Any]:
    body = {"name": "Acme", "api_key": "acme-key", "callback_url": f"{it.platform.url}/callbacks", "auto_delivered": False, **settings}
    return await it.call("PUT", f"/control/lines/infobip/+{NUMBER}", body)


async def does(it: World, action: str, **body: Any) -> Any:
    return await it.does(action, {"wait": True, **body}, who=PHONE_NUMBER, provider="infobip")


async def sends(it: World, content: Any = None, *, path: str = "sms/3/messages", **changes: Any) -> tuple[int, Any]:
    message = {"sender": NUMBER, "destinations": [{"to": "31612345678"}], "content": content or {"text": "hi"}, **changes}
    return await it.call("POST", f"/infobip/{path}", {"messages": [message]}, headers=KEY)


async def shown(it: World) -> Any:
    return (await it.transcript(PHONE_NUMBER, "infobip"))["messages"]


def received(it: World) -> list[Any]:
    """Every result that came, each of a body that Infobip's own models read."""
    bodies = [json.loads(call.raw) for call in it.platform.received]
    for body in bodies:
        if "message" not in body["results"][0]:
            assert fits(SmsDeliveryResult if "status" in body["results"][0] else SmsInboundMessageResult, body)
        else:
            Draft202012Validator(MMS_INBOUND).validate(body)
    return [result for body in bodies for result in body["results"]]


def test_a_text_arrives_as_a_result_with_basic_log_in() -> None:
    async def body(it: World) -> None:
        await line(it, inbound_auth={"kind": "basic", "username": "infobip", "password": "pw"})
        await does(it, "text", text="Café 📦", id="817")
        (call,) = it.platform.received
        assert (call.method, call.path, call.headers["Content-Type"]) == ("POST", "/callbacks", "application/json")
        assert call.headers["Authorization"] == "Basic aW5mb2JpcDpwdw=="
        (result,) = received(it)
        assert result.pop("receivedAt").endswith("+0000")
        assert result == {
            "messageId": "817",
            "from": "31612345678",
            "to": NUMBER,
            "text": "Café 📦",
            "cleanText": "Café 📦",
            "keyword": "",
            "smsCount": 1,
            "price": {"pricePerMessage": 0, "currency": "EUR"},
        }

    run(body)


def test_several_messages_come_in_one_callback() -> None:
    async def body(it: World) -> None:
        await line(it)
        messages = [{"consumer_id": who, "text": text} for who, text in ((PHONE_NUMBER, "one"), ("+447700900123", "two"))]
        status, _ = await it.call("POST", "/control/phones/infobip/batch", {"messages": messages, "wait": True})
        assert status == 202
        assert len(it.platform.received) == 1
        assert [(result["from"], result["text"]) for result in received(it)] == [("31612345678", "one"), ("447700900123", "two")]

    run(body)


def test_a_picture_arrives_as_parts_behind_the_key() -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        await does(it, "file", url=f"{it.base}/picture.jpg", text="It arrived like this")
        (result,) = received(it)
        layout, words, picture = result["message"]
        assert (layout["contentType"], words) == ("application/smil", {"contentType": "text/plain", "value": "It arrived like this"})
        assert picture["contentType"] == "image/jpeg" and picture["url"].startswith(f"{it.base}/infobip/mms/1/inbound/")
        async with it.http.get(picture["url"]) as refused:
            assert refused.status == 401
        async with it.http.get(picture["url"], headers=KEY) as answer:
            assert answer.status == 404, "the file's own server is asked, which has none"

    run(body)


def test_a_number_without_mms_sends_no_pictures() -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await it.call("POST", f"/control/phones/infobip/{PHONE_NUMBER}/file", {"url": "http://a/b.jpg"})
        assert status == 409 and "MMS" in answer["error"]

    run(body)


def test_a_message_is_taken_and_lands() -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await sends(it, {"text": "Tot morgen"})
        (message,) = answer["messages"]
        assert (status, message["status"]["groupId"], message["destination"]) == (200, 1, "31612345678")
        (bubble,) = await shown(it)
        assert (bubble["id"], bubble["text"], bubble["segments"]["count"]) == (message["messageId"], "Tot morgen", 1)

    run(body)


def test_an_mms_lands_as_a_picture() -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        link = {"type": "LINK", "contentUrl": "https://files.example.com/a.png", "contentType": "image/png"}
        status, answer = await sends(it, {"messageSegments": [{"type": "TEXT", "text": "the shoe"}, link]}, path="mms/2/messages")
        assert (status, answer["messages"][0]["status"]["groupId"]) == (200, 1)
        (bubble,) = await shown(it)
        assert (bubble["type"], bubble["text"], bubble["url"]) == ("image", "the shoe", "https://files.example.com/a.png")

    run(body)


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"sender": "12345678901"}, "REJECTED_SOURCE"),
        ({"destinations": [{"to": "+31612345678"}]}, "REJECTED_DESTINATION"),
        ({"content": {"text": "x" * (153 * 25 + 1)}}, "REJECTED_MESSAGE_TOO_LONG"),
        ({"content": {"text": "漢" * 1334}}, "REJECTED_MESSAGE_TOO_LONG"),
    ],
)
def test_a_message_that_is_refused_is_answered_200(changes: Any, status: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        answered, answer = await sends(it, **changes)
        (message,) = answer["messages"]
        assert (answered, message["status"]["groupId"], message["status"]["name"]) == (200, 5, status)
        assert it.ledger("phone.message") == []
        assert [entry["code"] for entry in it.ledger("phone.refused")] == [status]

    run(body)


def test_who_blocked_the_number_and_what_is_not_enabled_is_refused() -> None:
    async def body(it: World) -> None:
        await line(it)
        await it.call("PUT", f"/control/phones/infobip/{PHONE_NUMBER}/profile", {"blocked": True})
        _, answer = await sends(it)
        assert answer["messages"][0]["status"]["name"] == "REJECTED_DESTINATION_BLOCKLISTED"
        await it.call("PUT", f"/control/phones/infobip/{PHONE_NUMBER}/profile", {"blocked": False})
        link = {"type": "LINK", "contentUrl": "https://files.example.com/a.png", "contentType": "image/png"}
        _, answer = await sends(it, {"messageSegments": [link]}, path="mms/2/messages")
        assert answer["messages"][0]["status"]["name"] == "REJECTED_ROUTE_NOT_AVAILABLE"

    run(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"from": NUMBER},
        {"sender": None},
        {"destinations": []},
        {"destinations": [{"to": 31612345678}]},
        {"content": {"body": "hi"}},
        {"content": {"text": ""}},
        {"webhooks": {"delivery": {"url": "https://a/b", "contentType": "application/json"}}},
    ],
)
def test_a_request_out_of_form_is_refused_whole(changes: Any) -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await sends(it, **changes)
        assert (status, answer["requestError"]["serviceException"]["messageId"]) == (400, "BAD_REQUEST")
        assert it.ledger("phone.message") == []

    run(body)


@pytest.mark.parametrize("header", [{}, {"Authorization": "App wrong-key"}, {"Authorization": "Basic acme-key"}])
def test_the_key_is_checked(header: dict[str, str]) -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await it.call("GET", "/infobip/account/1/balance", headers=header)
        assert (status, answer["requestError"]["serviceException"]["messageId"]) == (401, "UNAUTHORIZED")
        status, answer = await it.call("GET", "/infobip/account/1/balance", headers=KEY)
        assert (status, answer) == (200, {"balance": 47.79, "currency": "EUR"})

    run(body)


def test_a_report_goes_to_the_messages_own_address_without_proof() -> None:
    async def body(it: World) -> None:
        await line(it, inbound_auth={"kind": "basic", "username": "infobip", "password": "pw"})
        webhooks = {"delivery": {"url": f"{it.platform.url}/own?token=t"}, "contentType": "application/json", "callbackData": "ours"}
        _, answer = await sends(it, webhooks=webhooks)
        await does(it, "delivered")
        (call,) = it.platform.received
        assert (call.path, call.raw_query, "Authorization" in call.headers) == ("/own", "token=t", False)
        (report,) = received(it)
        assert (report["messageId"], report["status"]["groupName"], report["error"]["name"], report["callbackData"]) == (
            answer["messages"][0]["messageId"],
            "DELIVERED",
            "NO_ERROR",
            "ours",
        )

    run(body)


@pytest.mark.parametrize(
    ("status", "group", "bubble"),
    [
        ("failed", "UNDELIVERABLE", "failed"),
        ("UNDELIVERABLE_REJECTED_OPERATOR", "UNDELIVERABLE", "failed"),
        ("EXPIRED_EXPIRED", "EXPIRED", "failed"),
        ("PENDING_ACCEPTED", "PENDING", "sent"),
        ("MESSAGE_ACCEPTED", "ACCEPTED", "sent"),
    ],
)
def test_a_failure_has_a_status_and_an_error(status: str, group: str, bubble: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        await sends(it)
        await does(it, "delivered", status=status)
        (report,) = received(it)
        assert report["status"]["groupName"] == group
        assert (report["error"]["name"] == "NO_ERROR") is (group in ("PENDING", "ACCEPTED"))
        assert [message["status"] for message in await shown(it)] == [bubble]

    run(body)


def test_a_subscription_brings_messages_and_reports_with_its_log_in() -> None:
    async def body(it: World) -> None:
        await line(it, callback_url="")
        await does(it, "text", text="nobody hears this")
        assert it.platform.received == []
        security = {"authId": "mine", "type": "BASIC", "credentials": {"username": "u", "password": "p"}}
        profile = {"profileId": "mine", "webhook": {"notifyUrl": f"{it.platform.url}/subscribed"}, "security": security}
        assert (await it.call("POST", "/infobip/subscriptions/1/profiles", profile, headers=KEY))[0] == 201
        assert (await it.call("POST", "/infobip/subscriptions/1/subscription/SMS", SUBSCRIPTION, headers=KEY))[0] == 201
        await sends(it)
        await does(it, "delivered")
        await does(it, "text", text="thanks")
        assert [(call.path, call.headers["Authorization"]) for call in it.platform.received] == [("/subscribed", "Basic dTpw")] * 2

    run(body)


def test_a_subscription_with_hmac_signs_its_calls() -> None:
    async def body(it: World) -> None:
        await line(it, callback_url="")
        security = {"authId": "mine", "type": "HMAC", "credentials": {"secretKey": "k", "algorithm": "HMAC_SHA_512"}}
        profile = {"profileId": "mine", "webhook": {"notifyUrl": f"{it.platform.url}/subscribed"}, "security": {"authId": "mine"}}
        for path, given in (("security", security), ("profiles", profile), ("subscription/SMS", SUBSCRIPTION)):
            assert (await it.call("POST", f"/infobip/subscriptions/1/{path}", given, headers=KEY))[0] == 201
        await does(it, "text", text="hello")
        (call,) = it.platform.received
        assert call.headers[SIGNATURE_HEADER] == hmac.new(b"k", call.raw, "sha512").hexdigest()

    run(body)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        ({"title": "x" * 67}, "BAD_REQUEST"),
        ({"words": "x" * 4097}, "BAD_REQUEST"),
        ({"words": "x" * 1601}, "REJECTED_MESSAGE_TEXT_TOO_LONG"),
        ({"words": "x" * 1600, "title": "x" * 66}, "PENDING_ACCEPTED"),
    ],
)
def test_the_words_of_an_mms_have_limits(content: dict[str, str], code: str) -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        segments = [{"type": "TEXT", "text": content.get("words", "a")}, {"type": "LINK", "contentUrl": "https://a.example/b.png"}]
        title = {"title": content["title"]} if "title" in content else {}
        _, answer = await sends(it, {"messageSegments": segments, **title}, path="mms/2/messages")
        refused = answer.get("requestError", {}).get("serviceException", {}).get("messageId")
        assert (refused or answer["messages"][0]["status"]["name"]) == code

    run(body)


def test_subscriptions_are_made_once_changed_and_removed() -> None:
    async def body(it: World) -> None:
        await line(it)
        calls: list[tuple[str, str, Any, int]] = [
            ("GET", "profiles/mine", None, 404),
            ("POST", "subscription/SMS", SUBSCRIPTION, 400),
            ("POST", "profiles", {"profileId": "mine", "webhook": {"notifyUrl": "ftp://a"}}, 400),
            ("POST", "profiles", {"profileId": "mine", "webhook": {"notifyUrl": "https://a"}}, 201),
            ("POST", "profiles", {"profileId": "mine", "webhook": {"notifyUrl": "https://a"}}, 409),
            ("PUT", "profiles/mine", {"webhook": {"notifyUrl": "https://b"}}, 200),
            ("GET", "profiles/mine", None, 200),
            ("PUT", "profiles/mine", {"webhook": {"notifyUrl": "ftp://b"}}, 400),
            ("PUT", "profiles/mine", {"webhook": {"notifyUrl": "https://b"}, "security": {"authId": "none"}}, 400),
            ("POST", "security", {"authId": "mine", "type": "BASIC", "credentials": {"username": "u"}}, 400),
            ("POST", "security", {"authId": "mine", "type": "HMAC", "credentials": {"secretKey": "k", "algorithm": "sha256"}}, 400),
            ("POST", "security", {"authId": "mine", "type": "HMAC", "credentials": {"secretKey": "k", "algorithm": "HMAC_SHA_256"}}, 201),
            ("PUT", "profiles/mine", {"webhook": {"notifyUrl": "https://b"}, "security": {"authId": "mine"}}, 200),
            ("POST", "subscription/SMS", {**SUBSCRIPTION, "events": ["SEEN"]}, 400),
            ("POST", "subscription/SMS", SUBSCRIPTION, 201),
            ("POST", "subscription/SMS", {**SUBSCRIPTION, "subscriptionId": "other"}, 409),
            ("DELETE", "subscription/SMS/mine", None, 204),
            ("DELETE", "subscription/SMS/mine", None, 404),
            ("GET", "nonsense", None, 404),
        ]
        for method, path, given, expected in calls:
            status, answer = await it.call(method, f"/infobip/subscriptions/1/{path}", given, headers=KEY)
            assert status == expected, (method, path, answer)

    run(body)


def test_a_fault_speaks_infobips_words() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.fault("infobip.send", status=429, retry_after_s=3, times=1)
        async with it.http.post(f"{it.base}/infobip/sms/3/messages", json={}, headers=KEY) as answer:
            assert (answer.status, answer.headers["Retry-After"]) == (429, "3")
            assert (await answer.json())["requestError"]["serviceException"]["messageId"] == "TOO_MANY_REQUESTS"

    run(body)


@pytest.mark.parametrize("settings", [{"api_key": ""}, {"inbound_auth": {"kind": "bearer", "token": "t"}}, {"reciever": 1}, {"mms": "yes"}])
def test_a_line_out_of_form_is_refused_with_a_sentence(settings: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        status, answer = await line(it, **settings)
        assert status == 400 and answer["error"]

    run(body)


def test_the_picture_itself_comes_from_where_the_consumer_has_it() -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        await does(it, "file", url=f"{it.platform.url}/cup.jpg")
        (result,) = received(it)
        async with it.http.get(result["message"][-1]["url"], headers=KEY) as answer:
            assert answer.status == 200

    run(body)
