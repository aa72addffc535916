"""WhatsApp: the webhooks that Meta posts, marks, media, the number and its subscription. What the API takes is in ``test_phones_whatsapp_api``."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import httpx
import pytest
from aiohttp import web
from pywa import WhatsApp as Pywa
from pywa import types

from tests.sandbox.phones_world import World, run

NUMBER_ID, WABA, APP_SECRET, TOKEN = "106500000000066", "102200000000033", "whatsapp-docs-app-secret", "EAAdocsWhatsApp"
NINA, HIDDEN, OLD = "US.15550100031", "BR.H5530001112223334", "31612345678"
BUTTON = {"type": "reply", "reply": {"id": "lp|yes", "title": "Yes"}}
TEMPLATES = [
    {"name": "order_update", "language": "nl", "text": "Uw bestelling {{1}} komt {{2}}.", "buttons": ["Bedankt"]},
    {"name": "greeting", "language": "en_US", "text": "Hello {{first_name}}"},
    {"name": "plain", "language": "nl", "text": "Bent u er nog?"},
    {"name": "tired", "language": "nl", "text": "x", "status": "PAUSED"},
]


async def line(it: World, address: str = NUMBER_ID, **settings: Any) -> tuple[int, Any]:
    body = {
        "name": "Acme",
        "waba_id": WABA,
        "display_phone_number": "31201234567",
        "app_id": "7001",
        "app_secret": APP_SECRET,
        "verify_token": "docs-verify",
        "access_token": TOKEN,
        "callback_url": it.platform.url + "/callbacks",
        "handshake": False,
        "auto_delivered": False,
        "templates": TEMPLATES,
        **settings,
    }
    return await it.call("PUT", f"/control/lines/whatsapp/{address}", body)


async def does(it: World, action: str, body: Any = None, who: str = NINA) -> Any:
    return await it.does(action, {"wait": True, **(body or {})}, who=who, provider="whatsapp")


async def api(it: World, method: str, path: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
    return await it.call(method, f"/whatsapp/v25.0/{path}", body, headers={"Authorization": f"Bearer {token}"})


async def sends(it: World, kind: str, content: Any, **more: Any) -> tuple[int, Any]:
    who = more.pop("who", {"recipient": NINA})
    return await api(it, "POST", f"{NUMBER_ID}/messages", {"messaging_product": "whatsapp", **who, "type": kind, kind: content, **more})


async def talking(it: World, **settings: Any) -> None:
    """A number to which the consumer has written."""
    await line(it, **settings)
    await does(it, "text", {"text": "hi"})


async def shown(it: World, who: str = NINA) -> Any:
    return (await it.transcript(who, "whatsapp"))["messages"]


def values(it: World) -> list[dict[str, Any]]:
    return [
        change["value"]
        for call in it.platform.received
        if call.raw
        for entry in json.loads(call.raw)["entry"]
        for change in entry["changes"]
    ]


def refusal(answer: Any) -> tuple[int, str]:
    return answer["error"]["code"], answer["error"]["error_data"]["details"]


# What Meta posts


def test_a_text_is_signed_and_names_number_person_and_time() -> None:
    async def body(it: World) -> None:
        await line(it)
        await it.call("PUT", f"/control/phones/whatsapp/{NINA}/profile", {"first_name": "Nina", "last_name": "P"})
        acted = await does(it, "text", {"text": "Où ? 📦 a/b"})
        (call,) = it.platform.received
        digest = hmac.new(APP_SECRET.encode(), call.raw, hashlib.sha256).hexdigest()
        assert call.headers["X-Hub-Signature-256"] == f"sha256={digest}"
        assert rb"O\u00f9 ? \ud83d\udce6 a\/b" in call.raw, "Meta escapes"
        posted = json.loads(call.raw)
        assert (posted["object"], posted["entry"][0]["id"]) == ("whatsapp_business_account", WABA)
        (value,) = values(it)
        assert value["metadata"] == {"display_phone_number": "31201234567", "phone_number_id": NUMBER_ID}
        assert value["contacts"] == [{"profile": {"name": "Nina P"}, "wa_id": "15550100031", "user_id": NINA}]
        (message,) = value["messages"]
        assert message.pop("timestamp").isdigit()
        assert message == {
            "from": "15550100031", "from_user_id": NINA, "id": acted["id"], "type": "text", "text": {"body": "Où ? 📦 a/b"},
        }  # fmt: skip
        assert acted["id"].startswith("wamid.")

    run(body)


@pytest.mark.parametrize(("who", "named"), [(HIDDEN, {"from_user_id": HIDDEN}), (OLD, {"from": OLD})])
def test_a_person_may_hide_the_number_or_have_nothing_else(who: str, named: dict[str, str]) -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "oi"}, who=who)
        message = values(it)[0]["messages"][0]
        assert {key: message[key] for key in ("from", "from_user_id") if key in message} == named
        to = {"recipient": who} if "." in who else {"to": "+" + who}
        assert (await sends(it, "text", {"body": "olá"}, who=to))[0] == 200
        assert [message["text"] for message in await shown(it, who)] == ["oi", "olá"]

    run(body)


def test_a_number_finds_the_person_who_shows_it() -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await sends(it, "text", {"body": "hello"}, who={"to": "15550100031", "recipient": HIDDEN})
        assert status == 200
        assert answer["contacts"] == [{"input": "15550100031", "user_id": NINA}]
        assert [message["text"] for message in await shown(it)] == ["hi", "hello"]

    run(body)


def test_who_is_no_person_is_refused() -> None:
    async def body(it: World) -> None:
        await line(it)
        for who in ("nina", "+31612345678", "US.", "us.155501000"):
            status, answer = await it.call("POST", f"/control/phones/whatsapp/{who}/text", {"text": "hi"})
            assert (status, "people on WhatsApp" in answer["error"]) == (400, True), who

    run(body)


def test_places_and_files_are_reported_by_kind() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "location", {"latitude": 0.0, "longitude": 9.4532, "title": "Port"})
        await does(it, "file", {"url": it.kernel.base_url + "/a.jpg", "text": "broken"})
        await does(it, "file", {"url": it.kernel.base_url + "/a.ogg", "media_type": "audio", "text": "not told"})
        place, picture, voice = [value["messages"][0] for value in values(it)]
        assert place["location"] == {"latitude": 0.0, "longitude": 9.4532, "name": "Port"}
        assert (picture["type"], picture["image"]["caption"], picture["image"]["mime_type"]) == ("image", "broken", "image/jpeg")
        assert (voice["type"], voice["audio"]["voice"], "caption" in voice["audio"]) == ("audio", True, False)

    run(body)


def test_receipts_name_ids_and_both_ways_to_name_the_person() -> None:
    async def body(it: World) -> None:
        await talking(it)
        _, answer = await sends(it, "text", {"body": "one"})
        await does(it, "delivered")
        await does(it, "read")
        delivered, read = values(it)[-2:]
        for value, status in ((delivered, "delivered"), (read, "read")):
            (found,) = value["statuses"]
            assert (found["id"], found["status"]) == (answer["messages"][0]["id"], status)
            assert (found["recipient_id"], found["recipient_user_id"]) == ("15550100031", NINA)

    run(body)


def test_a_batch_is_one_callback_of_several_entries() -> None:
    async def body(it: World) -> None:
        await line(it)
        await line(it, "106500000000077", waba_id="102200000000044", access_token="EAAother")
        messages = [
            {"consumer_id": NINA, "text": "first", "to": NUMBER_ID},
            {"consumer_id": NINA, "text": "second", "to": NUMBER_ID},
            {"consumer_id": HIDDEN, "text": "elsewhere", "to": "106500000000077"},
        ]
        assert (await it.call("POST", "/control/phones/whatsapp/batch", {"messages": messages, "wait": True}))[0] == 202
        assert len(it.platform.received) == 1
        assert [(value["metadata"]["phone_number_id"], value["messages"][0]["text"]["body"]) for value in values(it)] == [
            (NUMBER_ID, "first"), (NUMBER_ID, "second"), ("106500000000077", "elsewhere"),
        ]  # fmt: skip

    run(body)


def test_what_is_not_taken_is_repeated_as_it_was() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.platform.answers = [500, 403]
        await does(it, "text", {"text": "hello"})
        assert [call.raw for call in it.platform.received] == [it.platform.received[0].raw] * 3

    run(body)


# Another library that is in use reads the same


def test_pywa_reads_what_is_posted() -> None:
    client = Pywa(phone_id=NUMBER_ID, token=TOKEN, session=httpx.Client(transport=httpx.MockTransport(lambda _: httpx.Response(500))))

    async def body(it: World) -> None:
        await talking(it)
        await does(it, "location", {"latitude": 0.0, "longitude": 9.4532, "title": "Port"})
        await does(it, "file", {"url": it.kernel.base_url + "/a.jpg", "text": "broken"})
        await sends(it, "interactive", {"type": "button", "body": {"text": "?"}, "action": {"buttons": [BUTTON]}})
        await does(it, "delivered")
        await does(it, "read")
        await does(it, "select", {"title": "Yes"})
        sections = [{"rows": [{"id": "slot-2", "title": "Tuesday", "description": "in the shop"}]}]
        await sends(it, "interactive", {"type": "list", "body": {"text": "?"}, "action": {"button": "Options", "sections": sections}})
        await does(it, "select", {"payload": "slot-2"})
        text, place, picture, delivered, read, pressed, chosen = [json.loads(call.raw) for call in it.platform.received]
        assert types.Message.from_update(client, text).text == "hi"
        location = types.Message.from_update(client, place).location
        assert location is not None
        assert (location.latitude, location.name) == (0.0, "Port")
        assert types.Message.from_update(client, picture).caption == "broken"
        assert [types.MessageStatus.from_update(client, update).status for update in (delivered, read)] == ["delivered", "read"]
        assert types.CallbackButton.from_update(client, pressed).data == "lp|yes"
        selection = types.CallbackSelection.from_update(client, chosen)
        assert (selection.data, selection.title, selection.description) == ("slot-2", "Tuesday", "in the shop")
        person = types.Message.from_update(client, text).from_user
        assert (person.bsuid, person.wa_id) == (NINA, "15550100031")

    run(body)


# Marks


def test_reading_marks_all_before_and_typing_goes_with_it() -> None:
    async def body(it: World) -> None:
        await talking(it)
        second = await does(it, "text", {"text": "second"})
        await does(it, "text", {"text": "third"})
        mark = {"messaging_product": "whatsapp", "status": "read", "message_id": second["id"]}
        assert await api(it, "POST", f"{NUMBER_ID}/messages", mark) == (200, {"success": True})
        assert [message["status"] for message in await shown(it)] == ["read", "read", "delivered"]
        assert (await it.transcript(NINA, "whatsapp"))["typing"] is False
        await api(it, "POST", f"{NUMBER_ID}/messages", {**mark, "typing_indicator": {"type": "text"}})
        assert (await it.transcript(NINA, "whatsapp"))["typing"] is True
        for wrong in ({"message_id": "wamid.unknown"}, {"typing_indicator": {"type": "audio"}}, {"status": "delivered"}):
            assert (await api(it, "POST", f"{NUMBER_ID}/messages", {**mark, **wrong}))[0] == 400

    run(body)


# Media


def test_a_file_takes_two_calls_with_the_token() -> None:
    async def body(it: World) -> None:
        await line(it)
        await line(it, "106500000000077", waba_id="102200000000044", access_token="EAAother")
        await does(it, "file", {"url": it.platform.url + "/pictures/a.jpg?hub.challenge=bytes"})
        media_id = values(it)[0]["messages"][0]["image"]["id"]
        status, described = await api(it, "GET", f"{media_id}?phone_number_id={NUMBER_ID}")
        assert (status, described["mime_type"], described["id"]) == (200, "image/jpeg", media_id)
        assert (await api(it, "GET", f"{media_id}?phone_number_id=1"))[0] == 400
        assert (await api(it, "GET", media_id, token="EAAother"))[0] == 400
        for token, wanted in ((TOKEN, 200), ("EAAother", 404), ("", 401)):
            async with it.http.get(described["url"], headers={"Authorization": f"Bearer {token}"}) as answer:
                assert answer.status == wanted
                assert wanted != 200 or await answer.read() == b"bytes"

    run(body)


# The number and its subscription


def test_the_number_and_its_templates_are_described() -> None:
    async def body(it: World) -> None:
        await line(it)
        status, number = await api(it, "GET", f"{NUMBER_ID}?fields=display_phone_number,verified_name,quality_rating,status")
        assert (status, number) == (
            200,
            {
                "display_phone_number": "+31201234567",
                "verified_name": "Acme",
                "quality_rating": "GREEN",
                "status": "CONNECTED",
                "id": NUMBER_ID,
            },
        )
        assert (await api(it, "GET", f"{NUMBER_ID}?fields=salary"))[0] == 400
        _, templates = await api(it, "GET", f"{WABA}/message_templates?fields=name,language,status")
        assert [(one["name"], one["status"]) for one in templates["data"]][-1] == ("tired", "PAUSED")

    run(body)


def test_the_account_is_subscribed_with_an_address_that_answers() -> None:
    async def body(it: World) -> None:
        await line(it, subscribed=False)
        assert await api(it, "GET", f"{WABA}/subscribed_apps") == (200, {"data": []})
        await it.does("text", {"text": "unheard"}, who=NINA, provider="whatsapp")
        assert (it.platform.received, len(it.ledger("callback.unsubscribed"))) == ([], 1)
        own = {"override_callback_uri": it.platform.url + "/own", "verify_token": "phrase"}
        assert await api(it, "POST", f"{WABA}/subscribed_apps", own) == (200, {"success": True})
        assert it.platform.received[0].query["hub.verify_token"] == "phrase"
        _, apps = await api(it, "GET", f"{WABA}/subscribed_apps")
        assert (apps["data"][0]["whatsapp_business_api_data"]["id"], apps["data"][0]["override_callback_uri"]) == (
            "7001",
            own["override_callback_uri"],
        )
        await does(it, "text", {"text": "heard"})
        assert it.platform.received[-1].path == "/own"
        assert await api(it, "DELETE", f"{WABA}/subscribed_apps") == (200, {"success": True})
        assert await api(it, "GET", f"{WABA}/subscribed_apps") == (200, {"data": []})

    run(body)


def test_an_address_that_does_not_answer_the_challenge_is_refused() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.platform.handshake = lambda request: web.Response(status=403)
        own = {"override_callback_uri": it.platform.url + "/own", "verify_token": "phrase"}
        status, answer = await api(it, "POST", f"{WABA}/subscribed_apps", own)
        assert (status, answer["error"]["code"]) == (400, 2200)
        status, answer = await line(it, handshake=True)
        assert (status, "403 to the challenge" in answer["error"]) == (422, True)

    run(body)


def test_a_line_is_described_whole_or_refused() -> None:
    async def body(it: World) -> None:
        for settings, says in (
            ({"colour": "green"}, "unknown fields"),
            ({"waba_id": ""}, "needs waba_id"),
            ({"templates": [{"name": "x"}]}, "needs language"),
            ({"address": "+31201234567"}, "phone number id"),
        ):
            address = settings.pop("address", NUMBER_ID)
            status, answer = await line(it, str(address), **settings)
            assert (status, says in answer["error"]) == (400, True), answer
        status, answer = await line(it)
        assert status == 200
        assert not any(secret in str(answer) for secret in (APP_SECRET, TOKEN, "docs-verify"))
        status, answer = await line(it, "106500000000077", app_secret="another")
        assert (status, "another app_secret" in answer["error"]) == (400, True)

    run(body)
