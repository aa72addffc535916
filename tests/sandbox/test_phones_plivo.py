"""Plivo: its signed callbacks, what its send call takes and refuses, reports part by part, STOP, files, and the account's own set-up."""

from __future__ import annotations

import base64
from typing import Any
from urllib.parse import parse_qsl

import pytest
from plivo.utils import validate_signature, validate_v3_signature

from sandbox.phones.plivo import sign
from tests.sandbox.phones_world import Received, World, run

NUMBER, PERSON = "15550100", "15550142"
AUTH_ID, TOKEN = "MAXXXXXXXXXXXXXXXXXX", "plivo-docs-token"
POWERPACK = "86bbb125-97bb-4d72-89fd-81d5c515b015"
BASIC = {"Authorization": "Basic " + base64.b64encode(f"{AUTH_ID}:{TOKEN}".encode()).decode()}
ACCOUNT = f"/plivo/v1/Account/{AUTH_ID}"


async def number(it: World, **settings: Any) -> tuple[int, Any]:
    body = {
        "name": "Acme",
        "auth_id": AUTH_ID,
        "auth_token": TOKEN,
        "message_url": it.platform.url + "/inbound",
        "auto_delivered": False,
        **settings,
    }
    return await it.call("PUT", f"/control/lines/plivo/{NUMBER}", body)


async def does(it: World, action: str, body: Any) -> Any:
    return await it.does(action, {"wait": True, **body}, who=PERSON, provider="plivo")


def sms(**changes: Any) -> dict[str, Any]:
    fields = {"src": NUMBER, "dst": PERSON, "text": "hi", "type": "sms", **changes}
    return {name: value for name, value in fields.items() if value is not None}


async def sends(it: World, body: Any, headers: dict[str, str] | None = None) -> tuple[int, Any]:
    return await it.call("POST", f"{ACCOUNT}/Message/", body, headers=BASIC if headers is None else headers)


async def shown(it: World) -> Any:
    return (await it.transcript(PERSON, "plivo"))["messages"]


def fields_of(it: World, call: Received) -> dict[str, str]:
    """The form of a callback, after Plivo's own SDK took its signature."""
    fields = dict(parse_qsl(call.raw.decode(), keep_blank_values=True))
    uri = f"{it.platform.url}{call.path}" + (f"?{call.raw_query}" if call.raw_query else "")
    signature, nonce = call.headers["X-Plivo-Signature-V3"], call.headers["X-Plivo-Signature-V3-Nonce"]
    assert validate_v3_signature("POST", uri, nonce, TOKEN, signature, dict(fields))
    return fields


@pytest.mark.parametrize(
    ("query", "expected"),
    [("?x=a&mid=7", "lEwlPf+DwKjF7p901zTHZk2NCsms2qlePvpA8FadtBU="), ("", "IGb34PNku0GSCsrT6jnHUyaEZB0RaEEkpD+usSfshwg=")],
)
def test_signatures_fit_the_worked_examples(query: str, expected: str) -> None:
    fields = {"From": "31612345678", "MessageUUID": "abc-1", "Text": "Hi & bo", "To": "3197010200300", "Type": "sms"}
    url = "https://connect.example.com/hooks/plivo/9d/receive" + query
    assert sign(url, fields, "05429567804466091622", TOKEN) == expected
    assert validate_v3_signature("POST", url, "05429567804466091622", TOKEN, expected, dict(fields))


def test_a_text_arrives_as_a_signed_form() -> None:
    async def body(it: World) -> None:
        assert (await number(it))[0] == 200
        acted = await does(it, "text", {"text": "Où est-il ? 📦 a=b & c"})
        (call,) = it.platform.received
        assert (call.method, call.path, call.headers["Content-Type"]) == ("POST", "/inbound", "application/x-www-form-urlencoded")
        assert fields_of(it, call) == {
            "From": PERSON,
            "To": NUMBER,
            "Type": "sms",
            "Text": "Où est-il ? 📦 a=b & c",
            "MessageUUID": acted["id"],
            "Units": "1",
            "TotalRate": "0.00000",
            "TotalAmount": "0.00000",
            "MessageIntent": "",
            "PowerpackUUID": "",
        }

    run(body)


def test_a_line_may_sign_the_address_only() -> None:
    async def body(it: World) -> None:
        await number(it, signature_version="v2", message_url=it.platform.url + "/inbound?x=a")
        await does(it, "text", {"text": "hello"})
        (call,) = it.platform.received
        signature, nonce = call.headers["X-Plivo-Signature-V2"], call.headers["X-Plivo-Signature-V2-Nonce"]
        assert validate_signature(f"{it.platform.url}/inbound?x=a", nonce, signature, TOKEN)
        assert "X-Plivo-Signature-V3" not in call.headers

    run(body)


def test_a_callback_is_signed_anew_when_it_is_repeated() -> None:
    async def body(it: World) -> None:
        await number(it)
        it.platform.answers = [500, 302, 204]
        await does(it, "text", {"text": "hello"})
        assert len({call.headers["X-Plivo-Signature-V3"] for call in it.platform.received}) == 3

    run(body)


def test_a_long_message_is_reported_part_by_part_under_the_id_of_the_whole() -> None:
    async def body(it: World) -> None:
        await number(it)
        status, answer = await sends(it, sms(text="x" * 200, url=f"{it.platform.url}/own", method="POST"))
        assert status == 202 and answer["message"] == "message(s) queued"
        (message,) = await shown(it)
        assert answer["message_uuid"] == [message["id"]] and message["segments"]["count"] == 2
        await does(it, "delivered", {})
        calls = [fields_of(it, call) for call in await it.platform.until(6)]
        assert [(call["Status"], call["PartInfo"]) for call in calls] == [
            (status, part) for status in ("queued", "sent", "delivered") for part in ("1 of 2", "2 of 2")
        ]
        assert {call["ParentMessageUUID"] for call in calls} == {message["id"]}
        assert len({call["MessageUUID"] for call in calls}) == 2
        assert {(call["Type"], call["Units"]) for call in calls} == {("sms", "2")}
        assert {call.path for call in it.platform.received} == {"/own"}

    run(body)


@pytest.mark.parametrize(("asked", "code"), [({"status": "undelivered"}, "80"), ({"status": "failed", "code": "30"}, "30")])
def test_a_failure_is_reported_with_its_code(asked: dict[str, str], code: str) -> None:
    async def body(it: World) -> None:
        await number(it)
        await sends(it, sms(url=f"{it.platform.url}/own"))
        await does(it, "delivered", asked)
        report = fields_of(it, (await it.platform.until(3))[2])
        assert (report["Status"], report["ErrorCode"]) == (asked["status"], code)
        assert [message["status"] for message in await shown(it)] == ["failed"]

    run(body)


def test_plivo_itself_obeys_stop_until_start() -> None:
    async def body(it: World) -> None:
        await number(it)
        # given a person who stopped
        await does(it, "text", {"text": "Stop"})
        assert fields_of(it, it.platform.received[0])["MessageIntent"] == "optout"
        # when the brand writes
        status, _ = await sends(it, sms(url=f"{it.platform.url}/own"))
        # then the call is taken, and the message reported as failed
        report = fields_of(it, (await it.platform.until(2))[1])
        assert (status, report["Status"], report["ErrorCode"]) == (202, "failed", "200")
        assert [message["direction"] for message in await shown(it)] == ["out"]
        # and after a start it goes out again
        await does(it, "text", {"text": "START"})
        assert fields_of(it, it.platform.received[2])["MessageIntent"] == "optin"
        await sends(it, sms())
        assert [message["direction"] for message in await shown(it)] == ["out", "out", "in"]

    run(body)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"dst": "+15550142"}, "dst"),
        ({"dst": None}, "dst"),
        ({"src": None}, "either"),
        ({"powerpack_uuid": POWERPACK}, "either"),
        ({"src": "15550199"}, "src"),
        ({"src": None, "powerpack_uuid": POWERPACK}, "powerpack not found"),
        ({"text": None}, "text"),
        ({"text": "x" * 1601}, "length"),
        ({"text": "ж" * 738}, "length"),
        ({"type": "fax"}, "type"),
        ({"media_urls": ["https://a.example/b.png"]}, "media_urls"),
        ({"type": "mms"}, "media_urls"),
        ({"type": "mms", "media_urls": ["nowhere"]}, "media_urls"),
        ({"type": "mms", "media_urls": ["https://a.example/b.png"] * 11}, "media_urls"),
        ({"url": "nowhere"}, "url"),
        ({"txt": "x"}, "txt"),
    ],
)
def test_messages_out_of_form_are_refused_and_do_not_land(change: dict[str, Any], words: str) -> None:
    async def body(it: World) -> None:
        await number(it)
        status, answer = await sends(it, sms(**change))
        assert status == 400 and words in answer["error"] and answer["api_id"]
        assert it.ledger("phone.message") == [] and len(it.ledger("phone.refused")) == 1

    run(body)


def test_a_number_that_cannot_be_is_listed_in_a_202() -> None:
    async def body(it: World) -> None:
        await number(it)
        status, answer = await sends(it, sms(dst="12345"))
        assert (status, answer["message_uuid"], answer["invalid_number"]) == (202, [], ["12345"])

    run(body)


@pytest.mark.parametrize("pair", ["", f"{AUTH_ID}:wrong", "MAYYYYYYYYYYYYYYYYYY:" + TOKEN])
def test_only_the_account_may_send(pair: str) -> None:
    async def body(it: World) -> None:
        await number(it)
        headers = {"Authorization": "Basic " + base64.b64encode(pair.encode()).decode()} if pair else {}
        status, answer = await sends(it, sms(), headers)
        assert status == 401 and answer["error"] and it.ledger("phone.message") == []

    run(body)


def test_a_picture_goes_both_ways_as_mms() -> None:
    async def body(it: World) -> None:
        await number(it)
        url = it.platform.url + "/shoe.png"
        assert (await sends(it, sms(type="mms", text="the shoe", media_urls=[url])))[0] == 202
        (message,) = await shown(it)
        assert (message["type"], message["url"], message["text"]) == ("image", url, "the shoe")
        await does(it, "file", {"url": url, "text": "like this"})
        fields = fields_of(it, next(call for call in it.platform.received if call.path == "/inbound"))
        assert (fields["Type"], fields["Body"], fields["MediaCount"], "Text" in fields) == ("mms", "like this", "1", False)
        for headers, status in (({}, 401), (BASIC, 307)):
            async with it.http.get(fields["Media1"], headers=headers, allow_redirects=False) as answer:
                assert answer.status == status
        assert answer.headers["Location"] == url

    run(body)


def test_a_number_without_mms_carries_no_pictures() -> None:
    async def body(it: World) -> None:
        await number(it, mms=False)
        status, answer = await it.call("POST", f"/control/phones/plivo/{PERSON}/file", {"url": "http://a.example/b.png"})
        assert status == 409 and "no MMS" in answer["error"]
        status, answer = await sends(it, sms(type="mms", media_urls=["http://a.example/b.png"]))
        assert status == 400 and "mms" in answer["error"]

    run(body)


def test_an_application_says_where_messages_go() -> None:
    async def body(it: World) -> None:
        await number(it)
        _, linked = await it.call("GET", f"{ACCOUNT}/Number/{NUMBER}/", headers=BASIC)
        _, application = await it.call("GET", linked["application"].replace("/v1", "/plivo/v1"), headers=BASIC)
        assert application["message_url"] == it.platform.url + "/inbound"
        made = {"app_name": "connector-1", "message_url": it.platform.url + "/new", "message_method": "POST"}
        status, created = await it.call("POST", f"{ACCOUNT}/Application/", made, headers=BASIC)
        assert status == 201
        _, listed = await it.call("GET", f"{ACCOUNT}/Application/?app_name=connector-1", headers=BASIC)
        assert [app["app_id"] for app in listed["objects"]] == [created["app_id"]]
        assert (await it.call("POST", f"{ACCOUNT}/Number/{NUMBER}/", {"app_id": created["app_id"]}, headers=BASIC))[0] == 202
        await does(it, "text", {"text": "hello"})
        assert it.platform.received[-1].path == "/new"
        changed = {"message_url": it.platform.url + "/newer"}
        assert (await it.call("POST", f"{ACCOUNT}/Application/{created['app_id']}/", changed, headers=BASIC))[0] == 202
        await does(it, "text", {"text": "hello again"})
        assert it.platform.received[-1].path == "/newer"
        for path, given, refused in (
            ("Number/15550199/", None, 404),
            ("Application/1/", None, 404),
            (f"Number/{NUMBER}/", {"app_id": "1"}, 400),
            ("Application/", {"app_name": "a/b"}, 400),
            ("Application/", {"app_name": "a", "msg_url": "x"}, 400),
            ("Application/", {"app_name": "a", "message_url": "x"}, 400),
            ("Application/", {"app_name": "a", "log_incoming_messages": "no"}, 400),
        ):
            assert (await it.call("POST" if given else "GET", f"{ACCOUNT}/{path}", given, headers=BASIC))[0] == refused

    run(body)


def test_a_powerpack_sends_and_is_linked_in_a_numbers_place() -> None:
    async def body(it: World) -> None:
        await number(it, powerpack_uuid=POWERPACK)
        assert (await sends(it, sms(src=None, powerpack_uuid=POWERPACK)))[0] == 202
        assert (await sends(it, sms()))[0] == 400
        _, pack = await it.call("GET", f"{ACCOUNT}/Powerpack/{POWERPACK}/", headers=BASIC)
        link = {"application_type": "xml", "application_id": pack["application_id"]}
        assert (await it.call("POST", f"{ACCOUNT}/Powerpack/{POWERPACK}/", link, headers=BASIC))[0] == 200
        assert (await it.call("POST", f"{ACCOUNT}/Powerpack/{POWERPACK}/", {**link, "application_type": "x"}, headers=BASIC))[0] == 400
        await does(it, "text", {"text": "hello"})
        assert fields_of(it, it.platform.received[-1])["PowerpackUUID"] == POWERPACK

    run(body)


@pytest.mark.parametrize(("status", "words"), [(429, "Too many"), (402, "insufficient credit"), (500, "Internal"), (401, "authentication")])
def test_faults_speak_plivos_words(status: int, words: str) -> None:
    async def body(it: World) -> None:
        await number(it)
        it.fault("plivo.send", status=status, times=1)
        got, answer = await sends(it, sms())
        assert got == status and words in answer["error"] and await shown(it) == []

    run(body)


@pytest.mark.parametrize("settings", [{"auth_id": "nobody"}, {"auth_token": ""}, {"auth_tokn": "x"}, {"mms": "yes"}])
def test_a_line_out_of_form_is_refused_with_a_sentence(settings: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        status, answer = await number(it, **settings)
        assert status == 400 and answer["error"]
        assert await it.call("GET", "/control/lines") == (200, {"lines": []})

    run(body)
