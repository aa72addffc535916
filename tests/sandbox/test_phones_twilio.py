"""Twilio: callbacks that Twilio's own SDK takes for genuine, what the API refuses, files, receipts, STOP."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from tests.sandbox.phones_world import World, run
from tests.sandbox.twilio_world import (
    ACCOUNT,
    LOG_IN,
    MESSAGES,
    NOOR,
    NOOR_ON_WHATSAPP,
    NUMBER,
    SENDER,
    SERVICE,
    does,
    form,
    is_genuine,
    line,
    post,
    sends,
    shown,
)

# Callbacks


def test_an_sms_is_one_signed_form() -> None:
    async def body(it: World) -> None:
        await line(it, callback_url=it.platform.url + "/callbacks#rc=3&rp=all")
        await does(it, "text", {"text": "Où ? 📦 & +1"})
        (call,) = it.platform.received
        assert call.path == "/callbacks"
        assert is_genuine(it, call)
        fields = form(call)
        assert (fields["From"], fields["To"], fields["Body"], fields["AccountSid"]) == (NOOR, NUMBER, "Où ? 📦 & +1", ACCOUNT)
        assert fields["MessageSid"] == fields["SmsSid"]
        assert fields["FromCity"] == ""
        assert "ProfileName" not in fields

    run(body)


def test_whatsapp_names_the_person_and_prefixes_both_ends() -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        await it.call("PUT", f"/control/phones/twilio/{NOOR}/profile", {"first_name": "Noor", "last_name": "Bakker", "to": SENDER})
        await does(it, "text", {"text": "hi"}, SENDER)
        await does(it, "location", {"latitude": 52.5, "longitude": 4.9, "title": "Centraal"}, SENDER)
        words, place = (form(call) for call in it.platform.received)
        assert (words["From"], words["To"], words["WaId"], words["ProfileName"]) == (NOOR_ON_WHATSAPP, SENDER, "31612345678", "Noor Bakker")
        assert (place["MessageType"], place["Latitude"], place["Label"]) == ("location", "52.5", "Centraal")

    run(body)


def test_what_is_not_answered_well_is_repeated_only_where_the_address_asks_for_it() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.platform.answers = [500]
        await does(it, "text", {"text": "lost"})
        await line(it, callback_url=it.platform.url + "/callbacks#rc=3&rp=all")
        it.platform.answers = [500]
        await does(it, "text", {"text": "kept"})
        assert [form(call)["Body"] for call in it.platform.received] == ["lost", "kept", "kept"]

    run(body)


def test_a_pool_names_its_service_and_sends_by_it() -> None:
    async def body(it: World) -> None:
        await line(it, messaging_service_sid=SERVICE)
        await does(it, "text", {"text": "hi"})
        assert form(it.platform.received[0])["MessagingServiceSid"] == SERVICE
        status, answer = await post(it, MESSAGES, {"MessagingServiceSid": SERVICE, "To": NOOR, "Body": "hello"})
        assert (status, answer["from"]) == (201, NUMBER)

    run(body)


# Sending


def test_a_text_is_taken_and_costs_what_it_costs() -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await sends(it, Body="a" * 161)
        assert (status, answer["status"], answer["num_segments"], answer["error_code"]) == (201, "queued", "2", None)
        (message,) = await shown(it)
        assert (message["id"], message["text"], message["segments"]["count"]) == (answer["sid"], "a" * 161, 2)

    run(body)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"To": ""}, 21604),
        ({"To": "MyBank"}, 21211),
        ({"To": NOOR_ON_WHATSAPP}, 21910),
        ({"From": ""}, 21603),
        ({"From": "+15550199"}, 21606),
        ({"From": "whatsapp:+15550199"}, 63007),
        ({"Body": " "}, 21619),
        ({"Body": "a" * 1601}, 21617),
        ({"Body": "🙂" * 801}, 21617),
        ({"MediaUrl": "file:///etc/passwd"}, 21620),
        ({"MediaUrl": "https://x.example/a.png"}, 21612),
        ({"StatusCallback": "nowhere"}, 21609),
        ({"ContentSid": "HX1"}, 21655),
        ({"PersistentAction": "geo:here"}, 21628),
    ],
)
def test_what_twilio_refuses(fields: dict[str, str], code: int) -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await sends(it, **{"Body": "hello", **fields})
        assert (status, answer["code"]) == (400, code)
        assert answer["more_info"].endswith(str(code))
        assert it.ledger("phone.refused")[-1]["code"] == str(code)
        assert await shown(it) == []

    run(body)


def test_credentials_are_asked_for_everywhere() -> None:
    async def body(it: World) -> None:
        await line(it)
        wrong = {"Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:wrong".encode()).decode()}
        for headers in ({}, wrong, {"Authorization": "Bearer x"}):
            for path in (MESSAGES, f"/twilio/v1/Services/{SERVICE}"):
                assert (await post(it, path, {}, headers))[1]["code"] == 20003
        assert (await post(it, MESSAGES.replace(ACCOUNT, "AC" + "f" * 32), {}))[1]["code"] == 20404

    run(body)


def test_a_fault_is_in_twilios_words() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.fault("twilio.send", status=429, retry_after_s=7)
        assert (await sends(it, Body="hello"))[1]["code"] == 20429

    run(body)


@pytest.mark.parametrize(("address", "look", "reads"), [(NUMBER, "sms", False), (SENDER, "whatsapp", True)])
def test_a_line_says_where_its_phone_differs(address: str, look: str, reads: bool) -> None:
    async def body(it: World) -> None:
        await line(it, address)
        _, providers = await it.call("GET", "/control/providers")
        kind = next(one for one in providers["providers"] if one["provider"] == "twilio")
        (told,) = (await it.call("GET", "/control/lines"))[1]["lines"]
        assert told.get("look", kind["look"]) == look
        assert {**kind["capabilities"], **told.get("capabilities", {})}["read_receipts"] is reads

    run(body)


# Files


async def sends_file(it: World, address: str, mime_type: str, size_bytes: int = 9) -> tuple[int, Any]:
    """A message with a file that the platform serves under this type."""

    async def file(request: web.Request) -> web.Response:
        return web.Response(body=b"x" * size_bytes, content_type=mime_type)

    app = web.Application()
    app.router.add_get("/file", file)
    async with TestServer(app) as server:
        return await sends(it, address, Body="look", MediaUrl=str(server.make_url("/file")))


@pytest.mark.parametrize(
    ("mime_type", "size_bytes", "expected"),
    [
        ("image/png", 5 * 2**20, ("image", "look")),
        ("image/gif", 9, ("image", "")),
        ("application/pdf", 9, ("file", "look")),
        ("audio/mpeg", 9, ("file", "")),
        ("application/octet-stream", 9, 12300),
        ("text/html", 9, 12300),
        ("image/png", 5 * 2**20 + 1, 11751),
        ("video/mp4", 16 * 2**20 + 1, 11751),
    ],
)
def test_files_on_whatsapp_are_of_a_type_and_a_size(mime_type: str, size_bytes: int, expected: Any) -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        await does(it, "text", {"text": "hi"}, SENDER)
        status, answer = await sends_file(it, SENDER, mime_type, size_bytes)
        if isinstance(expected, int):
            assert (status, answer["code"]) == (400, expected)
        else:
            message = (await shown(it, SENDER))[-1]
            assert (message["type"], message["text"]) == expected

    run(body)


@pytest.mark.parametrize(
    ("mime_type", "status"), [("image/jpeg", 201), ("application/pdf", 201), ("application/msword", 400), ("image/webp", 400)]
)
def test_files_in_an_mms_are_of_a_type(mime_type: str, status: int) -> None:
    async def body(it: World) -> None:
        await line(it, mms=True)
        assert (await sends_file(it, NUMBER, mime_type))[0] == status

    run(body)


# What becomes of a message


def test_receipts_go_to_the_address_of_the_message_and_are_signed_with_its_query() -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        await does(it, "text", {"text": "hi"}, SENDER)
        _, sent = await sends(it, SENDER, Body="hello")
        await does(it, "delivered", to=SENDER)
        await does(it, "read", to=SENDER)
        _, *calls = it.platform.received
        assert [form(call)["MessageStatus"] for call in calls] == ["delivered", "read"]
        assert {call.raw_query for call in calls} == {"part=0192-1"}
        assert all(is_genuine(it, call) for call in calls)
        assert form(calls[0])["MessageSid"] == sent["sid"]
        assert (form(calls[0])["To"], form(calls[0])["From"]) == (NOOR_ON_WHATSAPP, SENDER), "the other way round"

    run(body)


def test_what_could_not_be_delivered_is_told_with_its_code() -> None:
    async def body(it: World) -> None:
        await line(it)
        await sends(it, Body="hello")
        await does(it, "delivered", {"status": "undelivered", "error_code": "30003"})
        (call,) = it.platform.received
        assert (form(call)["MessageStatus"], form(call)["ErrorCode"]) == ("undelivered", "30003")
        assert [message["status"] for message in await shown(it)] == ["failed"]

    run(body)


@pytest.mark.parametrize(("hours", "blocked", "code"), [(25, False, "63016"), (0, True, "63033")])
def test_whatsapps_refusals_come_after_the_answer(hours: int, blocked: bool, code: str) -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        await does(it, "text", {"text": "hi"}, SENDER)
        await it.does("age", {"hours": hours, "to": SENDER}, who=NOOR, provider="twilio")
        await it.call("PUT", f"/control/phones/twilio/{NOOR}/profile", {"blocked": blocked, "to": SENDER})
        assert (await sends(it, SENDER, Body="hello"))[0] == 201
        (_, call) = await it.platform.until(2)
        assert (form(call)["MessageStatus"], form(call)["ErrorCode"]) == ("failed", code)
        assert [message["text"] for message in await shown(it, SENDER)] == ["hi"]

    run(body)


def test_stop_ends_the_messages_to_a_number_until_start() -> None:
    async def body(it: World) -> None:
        await line(it, advanced_opt_out=True)
        await does(it, "text", {"text": "Stop"})
        assert (await sends(it, Body="hello"))[1]["code"] == 21610
        await does(it, "text", {"text": "start"})
        assert (await sends(it, Body="hello"))[0] == 201
        assert [form(call)["OptOutType"] for call in it.platform.received] == ["STOP", "START"]

    run(body)


def test_an_sms_can_do_less() -> None:
    async def body(it: World) -> None:
        await line(it)
        for action, given in (("location", {"latitude": 1, "longitude": 1}), ("read", {})):
            await sends(it, Body="hello")
            status, _ = await it.call("POST", f"/control/phones/twilio/{NOOR}/{action}", given)
            assert status == 409

    run(body)


# Files and the account


def test_a_file_is_behind_a_log_in_and_its_storage_behind_none() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "file", {"url": it.platform.url + "/picture.jpg", "text": "look"})
        fields = form(it.platform.received[0])
        assert (fields["NumMedia"], fields["MediaContentType0"], fields["MessageSid"][:2]) == ("1", "image/jpeg", "MM")
        async with it.http.get(fields["MediaUrl0"], allow_redirects=False) as stranger:
            assert stranger.status == 401
        async with it.http.get(fields["MediaUrl0"], headers=LOG_IN, allow_redirects=False) as answer:
            assert answer.status == 307
            storage = answer.headers["Location"]
        async with it.http.get(storage, headers=LOG_IN) as shown_to:
            assert shown_to.status == 400
        async with it.http.get(storage) as bytes_of:
            assert bytes_of.status == 200

    run(body)


@pytest.mark.parametrize("address", [NUMBER, SENDER])
def test_the_callback_address_is_read_and_written(address: str) -> None:
    async def body(it: World) -> None:
        await line(it, address, callback_url="", messaging_service_sid=SERVICE if address == NUMBER else "")
        wanted = it.platform.url + "/new"
        if address == SENDER:
            _, listed = await it.call("GET", "/twilio/v2/Channels/Senders?Channel=whatsapp", headers=LOG_IN)
            path = f"/twilio/v2/Channels/Senders/{listed['senders'][0]['sid']}"
            await it.call("POST", path, {"webhook": {"callback_url": wanted}}, headers=LOG_IN)
        else:
            account = f"/twilio/2010-04-01/Accounts/{ACCOUNT}"
            _, found = await it.call("GET", f"{account}/IncomingPhoneNumbers.json?PhoneNumber=%2B15550100", headers=LOG_IN)
            await post(it, f"{account}/IncomingPhoneNumbers/{found['incoming_phone_numbers'][0]['sid']}.json", {"SmsUrl": wanted})
            _, service = await it.call("GET", f"/twilio/v1/Services/{SERVICE}", headers=LOG_IN)
            assert service["inbound_request_url"] == wanted
        await does(it, "text", {"text": "hi"}, address)
        assert it.platform.received[0].path == "/new"

    run(body)


@pytest.mark.parametrize("address", ["3020", "Acme", "whatsapp:31612345678"])
def test_a_line_is_a_number(address: str) -> None:
    async def body(it: World) -> None:
        assert (await line(it, address))[0] == 400

    run(body)
