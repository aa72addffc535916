"""Bird's Channels API: what it takes and refuses, its webhooks and their signature, media behind the key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import pytest

from sandbox.phones.bird_channels import signed
from tests.sandbox.phones_world import PHONE_NUMBER, Received, World, run

NUMBER = "+15550112"
WORKSPACE, CHANNEL = "a1405560-c8d3-4b1a-877d-3f449ad95352", "614208aa-b153-4d5d-9989-2fddfc0ce4c3"
KEY = {"Authorization": "AccessKey acme-key"}
SIGNING_KEY = "acme-signing-key-of-32-letters.."
API = f"/bird/workspaces/{WORKSPACE}"
WEBHOOKS = f"{API}/webhook-subscriptions"
TEXT = {"type": "text", "text": {"text": "hi"}}


async def line(it: World, **settings: Any) -> tuple[int, Any]:
    body = {
        "api": "bird",
        "name": "Acme",
        "access_key": "acme-key",
        "signing_key": SIGNING_KEY,
        "workspace_id": WORKSPACE,
        "channel_id": CHANNEL,
        "webhook_url": f"{it.platform.url}/hooks",
        "auto_delivered": False,
        **settings,
    }
    return await it.call("PUT", f"/control/lines/bird/{NUMBER}", body)


async def does(it: World, action: str, **body: Any) -> Any:
    return await it.does(action, {"wait": True, **body}, who=PHONE_NUMBER, provider="bird")


async def sends(it: World, body: Any = TEXT, **changes: Any) -> tuple[int, Any]:
    contact = {"identifierKey": "phonenumber", "identifierValue": PHONE_NUMBER}
    fields = {"receiver": {"contacts": [contact]}, "reference": "our-1", "body": body, **changes}
    return await it.call("POST", f"{API}/channels/{CHANNEL}/messages", fields, headers=KEY)


def image(*urls: str, **more: Any) -> Any:
    return {"type": "image", "image": {"images": [{"mediaUrl": url} for url in urls], **more}}


def payload(it: World, call: Received, event: str) -> Any:
    """The payload of a callback, once its envelope and its signature were found right."""
    headers = {name.lower(): value for name, value in call.headers.items()}
    what = f"{headers['messagebird-request-timestamp']}\n{it.platform.url}{call.path}\n".encode() + hashlib.sha256(call.raw).digest()
    proof = hmac.new(SIGNING_KEY.encode(), what, hashlib.sha256).digest()
    assert headers["messagebird-signature"] == base64.b64encode(proof).decode()
    body = json.loads(call.raw)
    assert (call.method, call.path, headers["content-type"]) == ("POST", "/hooks", "application/json")
    assert (body["service"], body["event"], body["payload"]["channelId"]) == ("channels", event, CHANNEL)
    return body["payload"]


def test_the_signature_fits_the_worked_example() -> None:
    body = b'{"service":"channels","event":"sms.inbound","payload":{"id":"m-1"}}'
    key = "KeV+/HGoIQrxuE5YPCRR6AuQOJveldYNNhbVi1i22qk="
    assert signed(key, "https://connect.example.com/hooks/bird/5a", body, now_s=1793001600) == {
        "messagebird-signature": "pRQVZecPQKcfaoV0cdB64bhV5PkLXtGks+cC2Ymt37E=",
        "messagebird-request-timestamp": "1793001600",
    }


def test_a_text_arrives_as_signed_json() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", text="Café & 📦", id="b-1")
        (call,) = it.platform.received
        told = payload(it, call, "sms.inbound")
        assert (told["id"], told["status"], told["direction"]) == ("b-1", "delivered", "incoming")
        assert told["body"] == {"type": "text", "text": {"text": "Café & 📦"}}
        assert told["sender"]["contact"]["identifierValue"] == PHONE_NUMBER

    run(body)


def test_a_repetition_has_the_first_ones_time() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.platform.answers = [503]
        await does(it, "text", text="hi")
        first, second = it.platform.received
        assert (first.raw, first.headers["messagebird-signature"]) == (second.raw, second.headers["messagebird-signature"])

    run(body)


def test_a_picture_lies_behind_the_key_and_then_in_a_storage_that_takes_no_key() -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        await does(it, "file", url=f"{it.platform.url}/cup.jpg", text="It arrived like this")
        (call,) = it.platform.received
        shown = payload(it, call, "sms.inbound")["body"]
        url = shown["image"]["images"][0]["mediaUrl"]
        assert (shown["type"], shown["image"]["text"]) == ("image", "It arrived like this")
        async with it.http.get(url, allow_redirects=False) as refused:
            assert (refused.status, (await refused.json())["code"]) == (401, "Unauthenticated")
        async with it.http.get(url, headers=KEY, allow_redirects=False) as moved:
            assert moved.status == 302
            stored = moved.headers["Location"]
        for headers, status in ((KEY, 400), ({}, 200)):
            async with it.http.get(stored, headers=headers) as answer:
                assert answer.status == status
        async with it.http.get(stored.partition("?")[0]) as unsigned:
            assert unsigned.status == 403

    run(body)


def test_a_file_tells_its_type() -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        await does(it, "file", url=f"{it.platform.url}/a.mp4", media_type="video")
        (call,) = it.platform.received
        (file,) = payload(it, call, "sms.inbound")["body"]["file"]["files"]
        assert file["contentType"] == "video/mp4"

    run(body)


def test_a_message_is_taken_and_lands() -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await sends(it, {"type": "text", "text": {"text": "Tot morgen"}})
        assert (status, answer["status"], answer["reference"]) == (202, "accepted", "our-1")
        (bubble,) = (await it.transcript(PHONE_NUMBER, "bird"))["messages"]
        assert (bubble["id"], bubble["text"], bubble["segments"]["count"]) == (answer["id"], "Tot morgen", 1)
        (call,) = await it.platform.until(1)
        told = payload(it, call, "sms.outbound")
        assert (told["id"], told["status"], told["reference"]) == (answer["id"], "sent", "our-1")

    run(body)


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        (image("https://a/b.png", text="the shoe"), "image"),
        (
            {"type": "file", "file": {"text": "the shoe", "files": [{"contentType": "application/pdf", "mediaUrl": "https://a/b.png"}]}},
            "file",
        ),
    ],
)
def test_an_mms_lands(asked: Any, kind: str) -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        assert (await sends(it, asked))[0] == 202
        (bubble,) = (await it.transcript(PHONE_NUMBER, "bird"))["messages"]
        assert (bubble["type"], bubble["text"], bubble["url"]) == (kind, "the shoe", "https://a/b.png")

    run(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"receiver": {}},
        {"receiver": {"contacts": []}},
        {"receiver": {"contacts": [{"identifierValue": "31612345678"}]}},
        {"receiver": {"contacts": [{"identifierValue": "MTN"}]}},
        {"receiver": {"contacts": [{"identifierKey": "emailaddress", "identifierValue": "a@b.example"}]}},
        {"body": {"type": "text", "text": {"text": ""}}},
        {"body": {"type": "text", "text": {"text": "x" * 1378}}},
        {"body": {"type": "text", "text": {"text": "ж" * 604}}},
        {"body": {"type": "text", "image": {}}},
        {"body": {"type": "carousel", "carousel": {}}},
        {"body": image()},
        {"body": image(*["https://a/b"] * 11)},
        {"body": image("ftp://a/b")},
        {"body": {"type": "file", "file": {"files": [{"mediaUrl": "https://a/b"}]}}},
        {"text": "hi"},
    ],
)
def test_a_message_out_of_form_is_refused_and_does_not_land(changes: Any) -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        status, answer = await sends(it, **changes)
        assert (status, answer["code"]) == (422, "InvalidPayload")
        assert it.ledger("phone.message") == []
        assert [entry["code"] for entry in it.ledger("phone.refused")] == ["InvalidPayload"]

    run(body)


@pytest.mark.parametrize(("segments", "letter"), [(1377, "x"), (603, "ж")])
def test_the_longest_text_is_taken(segments: int, letter: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        assert (await sends(it, {"type": "text", "text": {"text": letter * segments}}))[0] == 202

    run(body)


def test_a_channel_without_mms_sends_and_takes_no_pictures() -> None:
    async def body(it: World) -> None:
        await line(it)
        assert (await it.call("POST", f"/control/phones/bird/{PHONE_NUMBER}/file", {"url": "http://a/b.jpg"}))[0] == 409
        assert (await sends(it, image("https://a/b.png")))[0] == 422

    run(body)


@pytest.mark.parametrize(
    ("path", "headers", "status"),
    [
        (f"{API}/channels/{CHANNEL}", KEY, 200),
        (f"{API}/channels/{CHANNEL}", {}, 401),
        (f"{API}/channels/{CHANNEL}", {"Authorization": "AccessKey wrong"}, 401),
        (f"{API}/channels/{CHANNEL}", {"Authorization": "Bearer acme-key"}, 401),
        (f"{API}/channels/{WORKSPACE}", KEY, 404),
        (f"/bird/workspaces/{CHANNEL}/channels/{CHANNEL}", KEY, 403),
        ("/bird/balance", KEY, 401),
    ],
)
def test_the_key_and_the_ids_are_checked(path: str, headers: dict[str, str], status: int) -> None:
    async def body(it: World) -> None:
        await line(it)
        assert (await it.call("GET", path, headers=headers))[0] == status

    run(body)


@pytest.mark.parametrize(
    ("asked", "status", "source", "bubble"),
    [
        ("delivered", "delivered", None, "delivered"),
        ("processing", "processing", None, "sent"),
        ("failed", "delivery_failed", {"name": "sms-messagebird", "code": "27"}, "failed"),
        ("opted_out", "delivery_failed", {"name": "sms-messagebird", "code": "103"}, "failed"),
        ("sending_failed", "sending_failed", {"name": "accounting"}, "failed"),
        ("skipped", "skipped", {"name": "pre-processing"}, "failed"),
    ],
)
def test_what_became_of_a_message_is_told(asked: str, status: str, source: Any, bubble: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        _, answer = await sends(it)
        await does(it, "delivered", status=asked)
        told = payload(it, it.platform.received[-1], "sms.outbound")
        assert (told["id"], told["status"], told.get("failure", {}).get("source")) == (answer["id"], status, source)
        assert [message["status"] for message in (await it.transcript(PHONE_NUMBER, "bird"))["messages"]] == [bubble]

    run(body)


def test_who_opted_out_is_told_by_a_report() -> None:
    async def body(it: World) -> None:
        await line(it)
        await it.call("PUT", f"/control/phones/bird/{PHONE_NUMBER}/profile", {"blocked": True})
        assert (await sends(it))[0] == 202
        calls = await it.platform.until(2)
        assert payload(it, calls[-1], "sms.outbound")["failure"]["source"]["code"] == "103"

    run(body)


# Webhooks


def subscription(it: World, **changes: Any) -> dict[str, Any]:
    filters = [{"key": "channelId", "value": CHANNEL}]
    own = {"service": "channels", "event": "sms.inbound", "url": f"{it.platform.url}/hooks", "signingKey": SIGNING_KEY}
    return {**own, "eventFilters": filters, **changes}


def test_webhooks_are_made_listed_and_deleted_and_their_keys_not_shown() -> None:
    async def body(it: World) -> None:
        await line(it, webhook_url="")
        await does(it, "text", text="nobody hears")
        status, made = await it.call("POST", WEBHOOKS, subscription(it), headers=KEY)
        assert (status, made["status"], "signingKey" in made) == (201, "active", False)
        await does(it, "text", text="somebody hears")
        (call,) = it.platform.received
        assert payload(it, call, "sms.inbound")["body"]["text"]["text"] == "somebody hears"
        assert (await it.call("GET", WEBHOOKS, headers=KEY))[1] == {"results": [made]}
        assert [(await it.call("DELETE", f"{WEBHOOKS}/{made['id']}", headers=KEY))[0] for _ in range(2)] == [204, 404]
        await does(it, "text", text="nobody again")
        assert len(it.platform.received) == 1

    run(body)


def test_a_filter_of_another_channel_keeps_out_and_none_lets_all_in() -> None:
    async def body(it: World) -> None:
        await line(it, webhook_url="")
        for filters in ([{"key": "channelId", "value": WORKSPACE}], []):
            await it.call("POST", WEBHOOKS, subscription(it, eventFilters=filters), headers=KEY)
        await does(it, "text", text="hi")
        assert len(it.platform.received) == 1

    run(body)


def test_a_list_comes_in_pages() -> None:
    async def body(it: World) -> None:
        await line(it)
        _, first = await it.call("GET", f"{WEBHOOKS}?limit=1", headers=KEY)
        _, second = await it.call("GET", f"{WEBHOOKS}?limit=1&pageToken={first['nextPageToken']}", headers=KEY)
        assert [row["event"] for page in (first, second) for row in page["results"]] == ["sms.inbound", "sms.outbound"]
        assert "nextPageToken" not in second
        assert (await it.call("GET", f"{WEBHOOKS}?limit=101", headers=KEY))[0] == 422

    run(body)


@pytest.mark.parametrize(
    "changes",
    [
        {"service": "conversations"},
        {"event": "sms.everything"},
        {"url": "http://connect.example.com/hooks"},
        {"url": "https://connect.example.com:8443/hooks"},
        {"url": "https://connect/hooks"},
        {"url": 7},
        {"eventFilters": [{"channelId": CHANNEL}]},
        {"signingKey": 7},
        {"secret": "x"},
    ],
)
def test_a_webhook_out_of_form_is_refused(changes: Any) -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await it.call("POST", WEBHOOKS, subscription(it, **changes), headers=KEY)
        assert (status, answer["code"]) == (422, "InvalidPayload")

    run(body)


def test_five_webhooks_may_be_alike() -> None:
    async def body(it: World) -> None:
        await line(it, webhook_url="")
        statuses = [(await it.call("POST", WEBHOOKS, subscription(it, url=f"https://a.example/{n}"), headers=KEY))[0] for n in range(6)]
        assert statuses == [201] * 5 + [422]

    run(body)


def test_a_fault_speaks_the_channels_apis_words() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.fault("bird.send", status=429, retry_after_s=3, times=1)
        status, answer = await sends(it)
        assert (status, answer["code"]) == (429, "TooManyRequests")

    run(body)


@pytest.mark.parametrize("settings", [{"workspace_id": ""}, {"channel_id": 7}, {"receive_url": "http://a"}, {"api": "both"}])
def test_a_line_out_of_form_is_refused_with_a_sentence(settings: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        status, answer = await line(it, **settings)
        assert status == 400 and answer["error"]

    run(body)
