"""Vonage's WhatsApp, RCS, Viber and Messenger senders: what they take and refuse, what a tap, a place or a file becomes, marks and reports."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.sandbox.phones_world import World, run
from tests.sandbox.vonage_world import APPLICATION, NUMBER, PERSON, SECRET, bearer, claims_of, public_pem

WHATSAPP, RCS, VIBER, MESSENGER = f"whatsapp:{NUMBER}", "rcs:Acme_Agent", "viber:12345", "messenger:108800000000017"
CHANNELS = {WHATSAPP: "whatsapp", RCS: "rcs", VIBER: "viber_service", MESSENGER: "messenger"}
MUG = "https://cdn.example.com/mug.png"
REPLY = {"type": "reply", "text": "Blue", "postback_data": "b"}
CARD = {"title": "Mug", "text": "Holds coffee", "media_url": MUG, "media_height": "MEDIUM", "suggestions": [REPLY]}
TEMPLATE = {"name": "order_update", "language": "en_US", "text": "Order {{1}} comes {{2}}."}


async def line(it: World, address: str, **settings: Any) -> tuple[int, Any]:
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
    return await it.call("PUT", f"/control/lines/vonage/{address}", body)


async def does(it: World, address: str, action: str, body: Any) -> Any:
    return await it.does(action, {"wait": True, "to": address, **body}, who=PERSON, provider="vonage")


async def talking(it: World, address: str, **settings: Any) -> None:
    """A line to which the person has just written."""
    assert (await line(it, address, **settings))[0] == 200
    await does(it, address, "text", {"text": "hello"})
    it.platform.received.clear()


def message(address: str, kind: str, content: Any, **more: Any) -> dict[str, Any]:
    sender = address.partition(":")[2]
    return {"channel": CHANNELS[address], "message_type": kind, "to": PERSON, "from": sender, kind: content, **more}


async def sends(it: World, body: Any) -> tuple[int, Any]:
    return await it.call("POST", "/vonage/v1/messages", body, headers=bearer())


async def shown(it: World, address: str) -> Any:
    return (await it.call("GET", f"/control/phones/vonage/{PERSON}?to={address}"))[1]


def interactive(*titles: str) -> dict[str, Any]:
    buttons = [{"type": "reply", "reply": {"id": f"id-{title}", "title": title}} for title in titles]
    return {"type": "interactive", "interactive": {"type": "button", "body": {"text": "Which?"}, "action": {"buttons": buttons}}}


@pytest.mark.parametrize("address", CHANNELS)
def test_a_text_goes_both_ways(address: str) -> None:
    async def body(it: World) -> None:
        await line(it, address)
        await does(it, address, "text", {"text": "hello"})
        (call,) = it.platform.received
        claims_of(call)
        event = json.loads(call.raw)
        told = [event[name] for name in ("channel", "from", "to", "message_type", "text")]
        assert told == [CHANNELS[address], PERSON, address.partition(":")[2], "text", "hello"]
        assert "sms" not in event
        assert (await sends(it, message(address, "text", "Hi")))[0] == 202
        assert (await shown(it, address))["messages"][-1]["text"] == "Hi"

    run(body)


def test_a_tap_on_a_whatsapp_button_names_the_message() -> None:
    async def body(it: World) -> None:
        await talking(it, WHATSAPP)
        _, answer = await sends(it, message(WHATSAPP, "custom", interactive("Blue", "Red")))
        await it.platform.until(1)
        await does(it, WHATSAPP, "select", {"title": "Red"})
        event = json.loads(it.platform.received[-1].raw)
        assert (event["message_type"], event["reply"]) == ("reply", {"id": "id-Red", "title": "Red"})
        assert event["context"] == {"message_uuid": answer["message_uuid"], "message_from": NUMBER}
        assert event["profile"] == {"name": "Somebody"}

    run(body)


def test_a_product_is_shown_and_ordered_by_a_tap() -> None:
    catalogue = {"id": "c1", "products": [{"id": "mug-blue", "name": "Blue mug", "price": 12.5, "currency": "EUR"}]}
    product = {"type": "product", "action": {"catalog_id": "c1", "product_retailer_id": "mug-blue"}}

    async def body(it: World) -> None:
        await talking(it, WHATSAPP, catalogue=catalogue)
        _, answer = await sends(it, message(WHATSAPP, "custom", {"type": "interactive", "interactive": product}))
        (card,) = (await shown(it, WHATSAPP))["messages"][-1]["cards"]
        assert (card["title"], card["subtitle"]) == ("Blue mug", "12.50 EUR")
        await does(it, WHATSAPP, "select", {"title": "Blue mug"})
        event = json.loads(it.platform.received[-1].raw)
        assert (event["message_type"], event["context"]["message_uuid"]) == ("order", answer["message_uuid"])
        item = {"product_retailer_id": "mug-blue", "quantity": "1", "item_price": "12.50", "currency": "EUR"}
        assert event["order"] == {"catalog_id": "c1", "product_items": [item]}

    run(body)


def test_whatsapp_refuses_a_custom_object_later() -> None:
    async def body(it: World) -> None:
        await talking(it, WHATSAPP)
        assert (await sends(it, message(WHATSAPP, "custom", interactive("a" * 21))))[0] == 202
        (report,) = await it.platform.until(1)
        told = json.loads(report.raw)
        assert (told["status"], told["error"]["title"]) == ("rejected", "1020")
        assert [one["text"] for one in (await shown(it, WHATSAPP))["messages"]] == ["hello"]

    run(body)


@pytest.mark.parametrize(("address", "kind", "name"), [(WHATSAPP, "image", "a.gif"), (RCS, "image", "a.webp"), (RCS, "file", "a.docx")])
def test_a_file_of_a_type_that_the_app_does_not_show_is_refused_later(address: str, kind: str, name: str) -> None:
    async def body(it: World) -> None:
        await talking(it, address)
        assert (await sends(it, message(address, kind, {"url": f"https://files.example.com/{name}"})))[0] == 202
        (report,) = await it.platform.until(1)
        assert json.loads(report.raw)["status"] == "rejected"
        assert len((await shown(it, address))["messages"]) == 1

    run(body)


def test_whatsapp_takes_only_templates_from_who_has_not_written() -> None:
    def template(*values: str) -> dict[str, Any]:
        parameters = [{"type": "text", "text": value} for value in values]
        named = {"name": "order_update", "language": {"code": "en_US", "policy": "deterministic"}}
        return {"type": "template", "template": {**named, "components": [{"type": "body", "parameters": parameters}]}}

    async def body(it: World) -> None:
        await line(it, WHATSAPP, templates=[TEMPLATE])
        await sends(it, message(WHATSAPP, "text", "Hi"))
        await sends(it, message(WHATSAPP, "custom", template("7781")))
        await sends(it, message(WHATSAPP, "custom", template("7781", "on Monday")))
        reports = [json.loads(call.raw) for call in await it.platform.until(3)]
        assert [one.get("error", {}).get("title", one["status"]) for one in reports] == ["1340", "1022", "submitted"]
        assert [one["text"] for one in (await shown(it, WHATSAPP))["messages"]] == ["Order 7781 comes on Monday."]

    run(body)


def test_a_mark_shows_that_the_brand_read_and_types() -> None:
    async def body(it: World) -> None:
        await line(it, WHATSAPP)
        acted = await does(it, WHATSAPP, "text", {"text": "hello"})
        address = f"/vonage/v1/messages/{acted['id']}"
        typing = {"status": "read", "replying_indicator": {"show": True, "type": "text"}}
        assert (await it.call("PATCH", address, typing, headers=bearer()))[0] == 200
        phone = await shown(it, WHATSAPP)
        assert (phone["typing"], phone["messages"][0]["status"]) == (True, "read")
        assert (await it.call("PATCH", address, {"status": "seen"}, headers=bearer()))[0] == 422
        assert (await it.call("PATCH", address, typing, headers={"Authorization": "Bearer x"}))[0] == 401
        assert (await it.call("PATCH", "/vonage/v1/messages/nobodys", typing, headers=bearer()))[0] == 404

    run(body)


def test_a_place_and_a_file_come_as_vonage_tells_of_them() -> None:
    async def body(it: World) -> None:
        await line(it, WHATSAPP)
        await does(it, WHATSAPP, "location", {"latitude": 52.37, "longitude": 4.89, "title": "Dam", "address": "Dam 1"})
        await does(it, WHATSAPP, "file", {"url": MUG, "media_type": "image", "text": "broken"})
        place, picture = [json.loads(call.raw) for call in it.platform.received]
        assert place["location"] == {"lat": 52.37, "long": 4.89, "name": "Dam", "address": "Dam 1"}
        assert picture["image"]["caption"] == "broken"
        assert picture["image"]["url"].startswith(f"{it.base}/vonage/v3/media/")

    run(body)


def test_rcs_chips_go_with_the_next_message_and_cards_stay() -> None:
    async def body(it: World) -> None:
        await talking(it, RCS)
        await sends(it, message(RCS, "card", CARD, rcs={"card_orientation": "VERTICAL"}))
        await sends(it, message(RCS, "text", "Which?", suggestions=[{**REPLY, "text": "Red", "postback_data": "r"}]))
        await it.platform.until(2)
        await does(it, RCS, "select", {"title": "Red"})
        assert json.loads(it.platform.received[-1].raw)["reply"] == {"id": "r", "title": "Red"}
        await does(it, RCS, "select", {"title": "Blue"})
        assert json.loads(it.platform.received[-1].raw)["reply"] == {"id": "b", "title": "Blue"}

    run(body)


@pytest.mark.parametrize(
    ("kind", "content", "more"),
    [
        ("text", "a" * 3073, {}),
        ("text", "Hi", {"suggestions": [REPLY] * 12}),
        ("text", "Hi", {"suggestions": [{**REPLY, "text": "a" * 26}]}),
        ("text", "Hi", {"suggestions": [{**REPLY, "type": "suggested_reply"}]}),
        ("text", "Hi", {"suggestions": [{**REPLY, "type": "open_url", "url": "https://a.example"}]}),
        ("image", {"url": MUG, "caption": "no"}, {}),
        ("image", {"url": "mug.png"}, {}),
        ("card", {**CARD, "title": "a" * 201}, {"rcs": {"card_orientation": "VERTICAL"}}),
        ("card", {**CARD, "text": ""}, {"rcs": {"card_orientation": "VERTICAL"}}),
        ("card", {**CARD, "suggestions": [REPLY] * 5}, {"rcs": {"card_orientation": "VERTICAL"}}),
        ("card", {**CARD, "media_height": "HUGE"}, {"rcs": {"card_orientation": "VERTICAL"}}),
        ("card", {key: CARD[key] for key in CARD if key != "media_height"}, {"rcs": {"card_orientation": "VERTICAL"}}),
        ("carousel", {"cards": [CARD]}, {"rcs": {"card_width": "MEDIUM"}}),
        ("carousel", {"cards": [CARD, CARD]}, {"rcs": {}}),
        ("audio", {"url": "https://a.example/a.mp3"}, {}),
    ],
)
def test_what_rcs_does_not_take_is_refused(kind: str, content: Any, more: Any) -> None:
    async def body(it: World) -> None:
        await talking(it, RCS)
        status, answer = await sends(it, message(RCS, kind, content, **more))
        assert status == 422
        assert answer["invalid_parameters"]
        assert len((await shown(it, RCS))["messages"]) == 1

    run(body)


@pytest.mark.parametrize(
    "body_of",
    [
        message(VIBER, "text", "a" * 1001),
        message(VIBER, "file", {"url": "https://a.example/a.pdf", "name": "a" * 26}),
        message(VIBER, "text", "Hi", viber_service={"category": "spam"}),
        message(VIBER, "video", {"url": "https://a.example/a.mp4"}),
        message(MESSENGER, "text", "a" * 641),
        message(MESSENGER, "image", {"url": MUG, "caption": "no"}),
        message(WHATSAPP, "text", "a" * 4097),
        message(WHATSAPP, "audio", {"url": "https://a.example/a.mp3", "caption": "no"}),
        {**message(WHATSAPP, "text", "Hi"), "to": "Acme"},
        {**message(WHATSAPP, "text", "Hi"), "from": "4915510000000"},
        {**message(WHATSAPP, "text", "Hi"), "suggestions": [REPLY]},
    ],
)
def test_what_the_others_do_not_take_is_refused(body_of: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        for address in CHANNELS:
            await line(it, address)
        assert (await sends(it, body_of))[0] == 422

    run(body)


def test_the_persons_reading_is_reported_but_not_for_sms() -> None:
    async def body(it: World) -> None:
        await talking(it, RCS)
        await sends(it, message(RCS, "text", "Hi"))
        await does(it, RCS, "read", {})
        assert [json.loads(call.raw)["status"] for call in await it.platform.until(2)] == ["submitted", "read"]
        await line(it, NUMBER)
        sms = {"channel": "sms", "message_type": "text", "to": PERSON, "from": NUMBER, "text": "Hi"}
        await sends(it, sms)
        status, answer = await it.call("POST", f"/control/phones/vonage/{PERSON}/read", {"to": NUMBER})
        assert status == 409
        assert "SMS has no read receipts" in str(answer)

    run(body)


@pytest.mark.parametrize("address", ["wechat:1", "whatsapp:Acme", "rcs:Acme Agent", "rcs:"])
def test_a_sender_of_another_form_is_no_line(address: str) -> None:
    async def body(it: World) -> None:
        assert (await line(it, address))[0] == 400

    run(body)
