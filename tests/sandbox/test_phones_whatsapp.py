"""WhatsApp: the webhooks that Meta posts, what the Cloud API takes and refuses, media, marks, templates, the subscription."""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

import pytest
from aiohttp import web

from tests.sandbox.phones_world import World, run

NUMBER_ID, WABA, APP_SECRET, TOKEN = "106500000000066", "102200000000033", "whatsapp-docs-app-secret", "EAAdocsWhatsApp"
NINA, HIDDEN, OLD = "US.15550100031", "BR.H5530001112223334", "31612345678"
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


# What the API takes


def test_a_text_lands_on_the_phone_and_in_the_ledger() -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await sends(it, "text", {"body": "x" * 4096, "preview_url": False}, recipient_type="individual")
        assert (status, answer["messaging_product"], answer["contacts"]) == (200, "whatsapp", [{"input": NINA, "user_id": NINA}])
        (entry,) = it.ledger("phone.message")
        assert (entry["id"], entry["text"], entry["consumer"]) == (answer["messages"][0]["id"], "x" * 4096, NINA)

    run(body)


def button(title: str = "Yes", id_: str = "y") -> dict[str, Any]:
    return {"type": "reply", "reply": {"id": id_, "title": title}}


def interactive(kind: str, **fields: Any) -> dict[str, Any]:
    return {"type": kind, "body": {"text": "Really?"}, **fields}


def buttons(*of: Any, **fields: Any) -> dict[str, Any]:
    return interactive("button", action={"buttons": list(of)}, **fields)


def rows(*of: Any, title: str = "") -> dict[str, Any]:
    section = {"rows": list(of), **({"title": title} if title else {})}
    return interactive("list", action={"button": "Options", "sections": [section]})


def row(title: str = "Yes", id_: str = "y", **more: Any) -> dict[str, Any]:
    return {"id": id_, "title": title, **more}


def card(index: int, *of: Any, **fields: Any) -> dict[str, Any]:
    header = {"type": "image", "image": {"link": "https://cdn.example.com/a.jpg"}}
    replies = [{"type": "quick_reply", "quick_reply": one["reply"]} for one in of]
    return {"card_index": index, "header": header, "body": {"text": f"Card {index}"}, "action": {"buttons": replies}, **fields}


def carousel(*cards: Any) -> dict[str, Any]:
    return interactive("carousel", action={"cards": list(cards)})


LINK = {"name": "cta_url", "parameters": {"display_text": "Look", "url": "https://shop.example.com"}}


def test_a_tapped_button_comes_back_with_its_id_and_message() -> None:
    async def body(it: World) -> None:
        await talking(it)
        _, answer = await sends(it, "interactive", buttons(button("Yes", "lp|yes"), button("No", "lp|no")))
        await does(it, "select", {"title": "Yes"})
        message = values(it)[-1]["messages"][0]
        assert message["interactive"] == {"type": "button_reply", "button_reply": {"id": "lp|yes", "title": "Yes"}}
        assert message["context"] == {"from": "31201234567", "id": answer["messages"][0]["id"]}

    run(body)


def test_a_tapped_row_comes_back_with_its_second_line() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await sends(it, "interactive", rows(row("Tuesday", "slot-2", description="in the shop"), row("Wednesday", "slot-3")))
        await does(it, "select", {"payload": "slot-2"})
        reply = {"id": "slot-2", "title": "Tuesday", "description": "in the shop"}
        assert values(it)[-1]["messages"][0]["interactive"] == {"type": "list_reply", "list_reply": reply}

    run(body)


def test_links_and_carousels_are_shown_as_cards() -> None:
    async def body(it: World) -> None:
        await talking(it)
        assert (await sends(it, "interactive", interactive("cta_url", action=LINK)))[0] == 200
        assert (await sends(it, "interactive", carousel(card(0, button("Buy", "a")), card(1, button("Buy", "b")))))[0] == 200
        linked, cards = (await shown(it))[-2:]
        assert linked["cards"][0]["buttons"] == [{"kind": "link", "title": "Look", "payload": "", "url": "https://shop.example.com"}]
        assert [(one["title"], one["image_url"]) for one in cards["cards"]] == [
            ("Card 0", "https://cdn.example.com/a.jpg"), ("Card 1", "https://cdn.example.com/a.jpg"),
        ]  # fmt: skip
        status, answer = await it.call("POST", f"/control/phones/whatsapp/{NINA}/select", {"title": "Look"})
        assert (status, "https://shop.example.com" in answer["error"]) == (409, True)

    run(body)


@pytest.mark.parametrize(
    ("kind", "content", "code", "details"),
    [
        ("text", {"body": "x" * 4097}, 131009, "Max length: 4096"),
        ("text", {"body": " "}, 131009, "length invalid"),
        ("text", {}, 131008, "text['body']"),
        ("text", {"body": "x", "colour": "red"}, 100, 'Unexpected key "colour"'),
        ("image", {"link": "ftp://x"}, 131009, "valid URL"),
        ("image", {"id": "1"}, 131009, "nothing was uploaded"),
        ("image", {"link": "https://example.com/a.png", "caption": "x" * 1025}, 131009, "Max length: 1024"),
        ("audio", {"link": "https://example.com/a.mp3", "caption": "no"}, 100, 'Unexpected key "caption"'),
        ("location", {"latitude": 91, "longitude": 0}, 131009, "degrees"),
        ("contacts", [{"name": {"formatted_name": "Ana"}}], 131008, "formatted_name"),
        ("interactive", buttons(button("x" * 21)), 131009, "Button title length invalid. Min length: 1, Max length: 20"),
        ("interactive", buttons(button("two\nlines")), 131009, "no line breaks"),
        ("interactive", buttons(*(button(f"{number}", f"{number}") for number in range(4))), 131009, "count invalid. Min: 1, Max: 3"),
        ("interactive", buttons(button("Yes", "a"), button("Yes", "b")), 131009, "Duplicated title"),
        ("interactive", buttons(button("Yes", "a"), button("No", "a")), 131009, "Duplicated id"),
        ("interactive", {**buttons(button()), "body": {"text": "x" * 1025}}, 131009, "Body text length invalid"),
        ("interactive", buttons(button(), header={"type": "text", "text": "x" * 61}), 131009, "Header text length invalid"),
        ("interactive", buttons({"type": "url", "url": "https://x"}), 100, "Unexpected key"),
        ("interactive", rows(row("x" * 25)), 131009, "Row title length invalid"),
        ("interactive", rows(row(description="x" * 73)), 131009, "Row description length invalid"),
        ("interactive", rows(*(row(f"{number}", f"{number}") for number in range(11))), 131009, "count invalid"),
        ("interactive", rows(row("A", "a"), row("B", "a")), 131009, "Duplicated id"),
        ("interactive", {**rows(row()), "header": {"type": "image", "image": {"link": "https://x.example/a"}}}, 131009, "text only"),
        ("interactive", interactive("cta_url", action={**LINK, "name": "open"}), 131009, "cta_url"),
        ("interactive", carousel(card(0, button())), 131009, "Min: 2"),
        ("interactive", carousel(card(0, button()), card(1, button(), button("No", "n"))), 131009, "same number and type"),
        ("interactive", carousel(card(0, button()), card(1, type="cta_url", action=LINK)), 131009, "same number and type"),
        ("interactive", carousel(card(0, button()), card(1, button(), body={"text": "a\nb\nc\nd"})), 131009, "2 line breaks"),
        ("interactive", carousel(card(0, button()), card(2, button())), 131009, "card_index must be 1"),
        ("interactive", interactive("flow"), 131009, "the sandbox knows"),
        ("poll", {}, 100, "Param type"),
    ],
)
def test_what_breaks_a_rule_is_refused_with_metas_details(kind: str, content: Any, code: int, details: str) -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await sends(it, kind, content)
        assert status == 400, answer
        assert (refusal(answer)[0], details in refusal(answer)[1]) == (code, True), answer
        assert (len(await shown(it)), len(it.ledger("phone.refused"))) == (1, 1)

    run(body)


def test_the_frame_is_read_as_strictly() -> None:
    async def body(it: World) -> None:
        await talking(it)
        for more, code in (
            ({"messaging_product": "messenger"}, 100),
            ({"who": {}}, 131008),
            ({"who": {"to": "nobody"}}, 131009),
            ({"who": {"recipient": "15550100031"}}, 100),
            ({"tag": "HUMAN_AGENT"}, 100),
            ({"context": {"message_id": "wamid.unknown"}}, 131009),
        ):
            status, answer = await sends(it, "text", {"body": "hello"}, **more)
            assert (status, refusal(answer)[0]) == (400, code), more

    run(body)


def test_another_brands_token_or_number_is_refused() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await line(it, "106500000000077", waba_id="102200000000044", access_token="EAAother")
        message = {"messaging_product": "whatsapp", "recipient": NINA, "type": "text", "text": {"body": "x"}}
        for token, code, wanted in (("", 104, 401), ("EAAwrong", 190, 401), ("EAAother", 100, 400)):
            status, answer = await api(it, "POST", f"{NUMBER_ID}/messages", message, token=token)
            assert (status, answer["error"]["code"]) == (wanted, code)

    run(body)


# What fails later


@pytest.mark.parametrize(
    ("spoil", "kind", "content", "code"),
    [
        ("age", "text", {"body": "late"}, 131047),
        ("block", "text", {"body": "blocked"}, 131026),
        ("", "image", {"link": "https://cdn.example.com/a.gif"}, 131053),
    ],
)
def test_a_failure_is_told_after_the_answer(spoil: str, kind: str, content: Any, code: int) -> None:
    async def body(it: World) -> None:
        await talking(it)
        if spoil == "age":
            await does(it, "age", {"hours": 24.1})
        if spoil == "block":
            await it.call("PUT", f"/control/phones/whatsapp/{NINA}/profile", {"blocked": True})
        status, answer = await sends(it, kind, content)
        assert status == 200
        await it.platform.until(2)
        (failed,) = values(it)[-1]["statuses"]
        assert (failed["id"], failed["status"], failed["errors"][0]["code"]) == (answer["messages"][0]["id"], "failed", code)
        assert len(await shown(it)) == 1

    run(body)


def test_a_stranger_can_only_be_sent_a_template() -> None:
    async def body(it: World) -> None:
        await line(it)
        await sends(it, "text", {"body": "cold call"}, who={"to": "+1 555 010 0077"})
        await it.platform.until(1)
        assert values(it)[-1]["statuses"][0]["errors"][0]["code"] == 131047
        status, _ = await sends(it, "template", {"name": "plain", "language": {"code": "nl"}}, who={"to": "15550100077"})
        assert status == 200
        assert [message["text"] for message in await shown(it, "15550100077")] == ["Bent u er nog?"]

    run(body)


# Templates


def values_of(*texts: str, names: tuple[str, ...] = ()) -> list[Any]:
    parameters = [{"type": "text", "text": text} for text in texts]
    for parameter, name in zip(parameters, names, strict=False):
        parameter["parameter_name"] = name
    return [{"type": "body", "parameters": parameters}]


def test_a_template_is_filled_in_and_its_button_comes_back() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await does(it, "age", {"hours": 48})
        content = {"name": "order_update", "language": {"code": "nl"}, "components": values_of("7781", "morgen")}
        assert (await sends(it, "template", content))[0] == 200
        named = {"name": "greeting", "language": {"code": "en_US"}, "components": values_of("Nina", names=("first_name",))}
        assert (await sends(it, "template", named))[0] == 200
        assert [message["text"] for message in await shown(it)][1:] == ["Uw bestelling 7781 komt morgen.", "Hello Nina"]
        await does(it, "select", {"title": "Bedankt"})
        assert values(it)[-1]["messages"][0]["button"] == {"payload": "Bedankt", "text": "Bedankt"}

    run(body)


@pytest.mark.parametrize(
    ("content", "status", "code"),
    [
        ({"name": "unknown", "language": {"code": "nl"}}, 404, 132001),
        ({"name": "plain", "language": {"code": "de"}}, 404, 132001),
        ({"name": "tired", "language": {"code": "nl"}}, 400, 132015),
        ({"name": "order_update", "language": {"code": "nl"}}, 400, 132000),
        ({"name": "order_update", "language": {"code": "nl"}, "components": values_of("7781")}, 400, 132000),
        ({"name": "greeting", "language": {"code": "en_US"}, "components": values_of("Nina")}, 400, 132000),
        ({"name": "order_update", "language": {"code": "nl"}, "components": values_of("7781", "two\nlines")}, 400, 131009),
        ({"name": "plain"}, 400, 131008),
    ],
)
def test_a_template_that_does_not_fit_is_refused(content: Any, status: int, code: int) -> None:
    async def body(it: World) -> None:
        await talking(it)
        got, answer = await sends(it, "template", content)
        assert (got, refusal(answer)[0]) == (status, code), answer

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


@pytest.mark.parametrize(("status", "code"), [(429, 130429), (500, 131000), (401, 190), (400, 100)])
def test_faults_speak_metas_language(status: int, code: int) -> None:
    async def body(it: World) -> None:
        await talking(it)
        it.fault("whatsapp.send", status=status)
        got, answer = await sends(it, "text", {"body": "hello"})
        assert (got, answer["error"]["code"]) == (status, code)

    run(body)
