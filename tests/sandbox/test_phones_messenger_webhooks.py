"""What Meta calls on the platform: the handshake, the exact bytes and their signature, order, repeats, receipts."""

from __future__ import annotations

import json

import pytest
from aiohttp import web

from sandbox.phones import meta
from tests.sandbox.phones_world import APP_SECRET, OTHER_PAGE, PAGE, PSID, World, run


@pytest.mark.parametrize(
    ("body", "signature"),
    [
        ({"object": "page", "entry": []}, "sha256=9d06367b84b87df258403437848779d5b9a830fb5d0bcfbbefed676d961f9c75"),
        (
            {"object": "page", "entry": [{"id": "1", "time": 1, "messaging": [{"message": {"text": "é🙂 a/b"}}]}]},
            "sha256=2093377caaf3e36034aefb434b879b14bb3bff9f77f9f3e28fff572f25c17ab9",
        ),
    ],
)
def test_bodies_are_written_and_signed_as_meta_does(body: dict[str, object], signature: str) -> None:
    assert meta.sign(meta.encode(body), "meta-docs-app-secret") == signature


def test_compact_form_escapes_slashes_and_everything_beyond_ascii() -> None:
    assert meta.encode({"text": "é🙂 a/b"}) == rb'{"text":"\u00e9\ud83d\ude42 a\/b"}'


def test_registration_shakes_hands_and_shows_no_secret() -> None:
    async def body(it: World) -> None:
        status, answer = await it.page(handshake=True)
        assert (status, answer["handshake"], answer["line"]["address"]) == (200, "ok", PAGE)
        (call,) = it.platform.received
        assert (call.method, call.query["hub.mode"], call.query["hub.verify_token"]) == ("GET", "subscribe", "docs-verify")
        assert call.query["hub.challenge"].isdigit()
        _, lines = await it.call("GET", "/control/lines")
        assert APP_SECRET not in json.dumps(lines) and f"EAA-{PAGE}" not in json.dumps(lines)

    run(body)


@pytest.mark.parametrize(
    ("response", "sentence"),
    [
        (lambda request: web.Response(status=403), "it answered 403 to the challenge, not 200"),
        (lambda request: web.Response(text=f'"{request.query["hub.challenge"]}"'), "not the challenge"),
    ],
)
def test_a_failed_handshake_says_what_failed_and_registers_nothing(response: object, sentence: str) -> None:
    async def body(it: World) -> None:
        it.platform.handshake = response  # type: ignore[assignment]
        status, answer = await it.page(handshake=True)
        assert status == 422 and sentence in answer["error"]
        assert await it.call("GET", "/control/lines") == (200, {"lines": []})

    run(body)


def test_pages_of_one_app_share_its_secret() -> None:
    async def body(it: World) -> None:
        assert (await it.page())[0] == 200
        status, answer = await it.page(OTHER_PAGE, app_secret="another")
        assert status == 400 and answer["error"].startswith(f"page {PAGE} has app 7001 with another app_secret")
        assert (await it.page(OTHER_PAGE))[0] == 200

    run(body)


def test_a_text_arrives_as_one_signed_event() -> None:
    async def body(it: World) -> None:
        await it.page()
        answer = await it.does("text", {"text": "Où est a/b ? 📦", "id": "m_docs", "wait": True})
        assert answer == {"id": "m_docs"}
        (call,) = it.platform.received
        assert call.headers["Content-Type"] == "application/json"
        assert call.headers["X-Hub-Signature-256"] == meta.sign(call.raw, APP_SECRET)
        assert call.headers["X-Hub-Signature"] == meta.sign(call.raw, APP_SECRET, "sha1")
        sent = json.loads(call.raw)
        time_ms, timestamp = sent["entry"][0]["time"], sent["entry"][0]["messaging"][0]["timestamp"]
        assert call.raw.decode() == (
            f'{{"object":"page","entry":[{{"id":"{PAGE}","time":{time_ms},"messaging":[{{"sender":{{"id":"{PSID}"}},'
            f'"recipient":{{"id":"{PAGE}"}},"timestamp":{timestamp},"message":{{"mid":"m_docs",'
            '"text":"O\\u00f9 est a\\/b ? \\ud83d\\udce6"}}]}]}'
        )
        ((entry,), (delivered,)) = it.ledger("consumer.message"), it.ledger("callback.delivered")
        assert (entry["consumer"], entry["id"], entry["text"]) == (PSID, "m_docs", "Où est a/b ? 📦")
        assert {key: delivered[key] for key in ("provider", "address", "consumer", "id", "attempt", "status")} == {
            "provider": "messenger", "address": PAGE, "consumer": PSID, "id": "m_docs", "attempt": 1, "status": 200,
        }  # fmt: skip
        assert (await it.transcript())["messages"][0]["status"] == "delivered"

    run(body)


def test_pictures_files_and_places_have_metas_form() -> None:
    async def body(it: World) -> None:
        await it.page()
        await it.does("file", {"url": "http://sandbox/p.jpg", "wait": True})
        await it.does("file", {"url": "http://sandbox/i.pdf", "media_type": "file", "wait": True})
        await it.does("location", {"latitude": 52.3791, "longitude": 4.9003, "title": "Home", "wait": True})
        picture, document, place = (call.events[0]["message"]["attachments"] for call in it.platform.received)
        assert picture == [{"type": "image", "payload": {"url": "http://sandbox/p.jpg"}}]
        assert document == [{"type": "file", "payload": {"url": "http://sandbox/i.pdf"}}]
        assert (place[0]["type"], place[0]["title"]) == ("location", "Home")
        assert place[0]["payload"] == {"coordinates": {"lat": 52.3791, "long": 4.9003}}
        assert "text" not in it.platform.received[0].events[0]["message"]

    run(body)


def test_a_refused_callback_is_repeated_and_holds_back_only_its_own_consumer() -> None:
    async def body(it: World) -> None:
        await it.page()
        it.platform.answers = [500, 503]
        first = await it.does("text", {"text": "1"})
        await it.does("text", {"text": "2"})
        await it.does("text", {"text": "3", "wait": True})
        assert [call.text for call in it.platform.received] == ["1", "1", "1", "2", "3"]
        assert len({call.raw for call in it.platform.received[:3]}) == 1  # a repeat is the same bytes
        entries = [entry for entry in it.kernel.ledger.entries if entry["kind"] != "consumer.message" and entry["id"] == first["id"]]
        assert [(entry["kind"], entry["attempt"], entry["status"]) for entry in entries] == [
            ("callback.failed", 1, 500),
            ("callback.failed", 2, 503),
            ("callback.delivered", 3, 200),
        ]

    run(body)


def test_another_consumer_passes_a_failing_one() -> None:
    async def body(it: World) -> None:
        await it.page()
        it.platform.answers = [500]
        await it.does("text", {"text": "stuck"})
        await it.until(lambda: it.ledger("callback.failed"))
        await it.does("text", {"text": "passes", "wait": True}, who="24500000000000047")
        assert [call.text for call in it.platform.received] == ["stuck", "passes"]

    run(body, time_scale=3600)


def test_one_callback_can_hold_events_of_several_pages_of_one_app() -> None:
    async def body(it: World) -> None:
        await it.page()
        await it.page(OTHER_PAGE)
        await it.page("9", app_id="7002")
        wanted = [
            {"consumer_id": PSID, "text": "first"},
            {"consumer_id": "24500000000000047", "text": "from somebody else"},
            {"consumer_id": "31100000000000005", "text": "on the other page", "to": OTHER_PAGE},
        ]
        status, answer = await it.call("POST", "/control/phones/messenger/batch", {"messages": wanted, "wait": True})
        assert status == 202 and len(set(answer["ids"])) == 3
        (call,) = it.platform.received
        entries = json.loads(call.raw)["entry"]
        assert [(entry["id"], [event["message"]["text"] for event in entry["messaging"]]) for entry in entries] == [
            (PAGE, ["first", "from somebody else"]),
            (OTHER_PAGE, ["on the other page"]),
        ]
        assert len(it.ledger("callback.delivered")) == 3
        mixed = {"messages": [*wanted, {"consumer_id": "1", "text": "another app", "to": "9"}]}
        status, answer = await it.call("POST", "/control/phones/messenger/batch", mixed)
        assert status == 409 and "one app only" in answer["error"]
        assert len(it.ledger("consumer.message")) == 3

    run(body)


def test_events_share_callbacks_up_to_the_lines_number() -> None:
    async def body(it: World) -> None:
        await it.page(callbacks_batch=3)
        for number in range(4):
            await it.does("text", {"text": str(number), "wait": number == 3})
        assert [[event["message"]["text"] for event in call.events] for call in it.platform.received] == [["0", "1", "2"], ["3"]]

    run(body)


def test_receipts_are_watermarks_and_delivery_names_its_messages() -> None:
    async def body(it: World) -> None:
        await it.page()
        await it.does("text", {"text": "hi", "wait": True})
        ids = [(await it.sends({"text": text}))[1]["message_id"] for text in ("a", "b", "c")]
        await it.does("delivered", {"ids": ids[:1], "wait": True})
        await it.does("delivered", {"mids": False, "wait": True})
        await it.does("read", {"id": ids[1], "wait": True})
        shown = (await it.transcript())["messages"]
        assert [message["status"] for message in shown] == ["delivered", "read", "read", "delivered"]
        await it.does("read", {"wait": True})
        await it.does("read", {"wait": True})  # nothing is unread any more: nothing is reported
        one, rest, partly, wholly = (call.events[0] for call in it.platform.received[1:])
        assert one["delivery"] == {"mids": ids[:1], "watermark": shown[1]["at_ms"]}
        assert rest["delivery"].keys() == {"watermark"} and rest["delivery"]["watermark"] >= shown[3]["at_ms"]
        assert partly["read"] == {"watermark": shown[2]["at_ms"]}
        assert wholly["read"]["watermark"] >= shown[3]["at_ms"]
        assert (wholly["sender"], wholly["recipient"]) == ({"id": PSID}, {"id": PAGE})
        assert (await it.transcript())["receipts"]["read_up_to_ms"] == wholly["read"]["watermark"]

    run(body)


def test_the_phone_reports_by_itself_what_its_line_says() -> None:
    async def body(it: World) -> None:
        await it.page(auto_delivered=True, auto_read=True)
        await it.does("text", {"text": "hi", "wait": True})
        _, answer = await it.sends({"text": "hello"})
        await it.platform.until(3)
        assert [event for call in it.platform.received[1:] for event in call.events[0] if event in ("delivery", "read")] == [
            "delivery",
            "read",
        ]
        assert it.platform.received[1].events[0]["delivery"]["mids"] == [answer["message_id"]]

    run(body)


def test_a_page_without_a_subscription_gets_no_events_and_echoes_only_when_asked_for() -> None:
    async def body(it: World) -> None:
        await it.page()
        auth = {"headers": {"Authorization": f"Bearer EAA-{PAGE}"}}
        apps = f"/graph/v25.0/{PAGE}/subscribed_apps"
        assert await it.call("DELETE", apps, **auth) == (200, {"success": True})
        assert await it.call("GET", apps, **auth) == (200, {"data": []})
        await it.does("text", {"text": "nobody hears", "wait": True})
        assert it.platform.received == [] and it.ledger("callback.unsubscribed")[0]["field"] == "messages"
        assert await it.call("POST", f"{apps}?subscribed_fields=messages,message_echoes", **auth) == (200, {"success": True})
        _, answer = await it.sends({"text": "hello"})
        (echo,) = (await it.platform.until(1))[0].events
        assert (echo["sender"], echo["recipient"]) == ({"id": PAGE}, {"id": PSID})
        assert echo["message"] == {"mid": answer["message_id"], "is_echo": True, "app_id": 7001, "text": "hello"}
        status, refusal = await it.call("POST", f"{apps}?subscribed_fields=mesages", **auth)
        assert status == 400 and refusal["error"]["code"] == 100

    run(body)


def test_faults_double_swap_and_lose_callbacks() -> None:
    async def body(it: World) -> None:
        await it.page()
        it.fault("messenger.callback", duplicate=True, times=1)
        await it.does("text", {"text": "twice", "wait": True})
        assert [call.text for call in it.platform.received] == ["twice", "twice"]
        assert it.platform.received[0].raw == it.platform.received[1].raw
        it.fault("messenger.callback", swap=True, times=1)
        for text in ("late", "early", "last"):
            await it.does("text", {"text": text, "wait": text == "last"})
        assert [call.text for call in it.platform.received[2:]] == ["early", "late", "last"]
        it.fault("messenger.callback", swap=True, times=1)
        await it.does("text", {"text": "nobody follows", "wait": True})
        it.fault("messenger.callback", lose_reply=True, times=1)
        await it.does("text", {"text": "answer lost", "wait": True})
        assert [call.text for call in it.platform.received[5:]] == ["nobody follows", "answer lost", "answer lost"]

    run(body, time_scale=0.05)


def test_reset_clears_the_phones_drops_their_callbacks_and_keeps_the_lines() -> None:
    async def body(it: World) -> None:
        await it.page()
        it.platform.answers = [500]
        await it.does("text", {"text": "stuck"})
        await it.until(lambda: it.ledger("callback.failed"))
        it.kernel.reset()
        _, after = await it.call("GET", "/control/phones")
        assert after["phones"] == []
        await it.does("text", {"text": "anew", "wait": True})
        assert [call.text for call in it.platform.received] == ["stuck", "anew"]
        assert len((await it.call("GET", "/control/lines"))[1]["lines"]) == 1

    run(body, time_scale=3600)
