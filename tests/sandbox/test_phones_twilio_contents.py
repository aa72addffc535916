"""Twilio on WhatsApp: typing, buttons and lists, templates."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.phones_world import World, run
from tests.sandbox.twilio_world import LOG_IN, NOOR, NUMBER, SENDER, does, form, line, post, sends, shown

# Typing


async def types(it: World, **body: Any) -> tuple[int, Any]:
    return await it.call("POST", "/twilio/v3/Indicators/Typing.json", body, headers=LOG_IN)


def test_typing_shows_and_marks_what_was_written_until_then() -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        await does(it, "text", {"text": "one"}, SENDER)
        await does(it, "text", {"text": "two"}, SENDER)
        await does(it, "text", {"text": "three"}, SENDER)
        sid = form(it.platform.received[1])["MessageSid"]
        assert await types(it, channel="WHATSAPP", messageId=sid) == (200, {"success": True})
        _, phone = await it.call("GET", f"/control/phones/twilio/{NOOR}?to={SENDER.replace('+', '%2B')}")
        assert phone["typing"] is True
        assert [message["status"] for message in phone["messages"]] == ["read", "read", "delivered"]

    run(body)


def test_typing_is_refused_in_sms_and_of_messages_that_nobody_wrote() -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        await line(it, NUMBER)
        await does(it, "text", {"text": "on WhatsApp"}, SENDER)
        await does(it, "text", {"text": "by SMS"}, NUMBER)
        written, by_sms = (form(call)["MessageSid"] for call in it.platform.received)
        _, ours = await sends(it, SENDER, Body="hello")
        for wrong in (
            {"channel": "whatsapp", "messageId": written},
            {"channel": "WHATSAPP", "messageId": by_sms},
            {"channel": "WHATSAPP", "messageId": ours["sid"]},
            {"channel": "WHATSAPP", "messageId": "SM" + "0" * 32},
            {"channel": "WHATSAPP", "messageId": "SM12"},
            {"messageId": written},
            {"channel": "WHATSAPP"},
        ):
            status, answer = await types(it, **wrong)
            assert (status, answer["code"]) == (400, 20422)
        assert (await post(it, "/twilio/v3/Indicators/Typing.json", {"channel": "WHATSAPP", "messageId": written}, {}))[0] == 401
        for address in (SENDER, NUMBER):
            _, phone = await it.call("GET", f"/control/phones/twilio/{NOOR}?to={address.replace('+', '%2B')}")
            assert (phone["typing"], phone["messages"][0]["status"]) == (False, "delivered")

    run(body)


# Contents


def content(titles: list[str], **changes: Any) -> dict[str, Any]:
    actions = [{"type": "QUICK_REPLY", "title": title, "id": f"id-{title}"} for title in titles]
    return {"language": "en", "types": {"twilio/quick-reply": {"body": "Which?", "actions": actions, **changes}}}


def picker(items: list[dict[str, str]], **changes: Any) -> dict[str, Any]:
    return {"language": "en", "types": {"twilio/list-picker": {"body": "Which?", "button": "Choose", "items": items, **changes}}}


async def make(it: World, resource: Any) -> tuple[int, Any]:
    return await it.call("POST", "/twilio/v1/Content", resource, headers=LOG_IN)


def test_a_tapped_button_and_a_chosen_item_come_back() -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        await does(it, "text", {"text": "hi"}, SENDER)
        _, made = await make(it, content(["Red", "Blue"]))
        _, listed = await make(it, picker([{"item": "Tue", "id": "tue", "description": "in the shop"}, {"item": "Wed", "id": "wed"}]))
        _, sent = await sends(it, SENDER, ContentSid=made["sid"])
        await does(it, "select", {"title": "Blue"}, SENDER)
        await sends(it, SENDER, ContentSid=listed["sid"])
        (card,) = (await shown(it, SENDER))[-1]["cards"]
        assert (card["menu"], [row["description"] for row in card["buttons"]]) == ("Choose", ["in the shop", ""])
        await does(it, "select", {"title": "Wed"}, SENDER)
        _, tapped, chosen = (form(call) for call in it.platform.received)
        assert (tapped["ButtonText"], tapped["ButtonPayload"], tapped["MessageType"]) == ("Blue", "id-Blue", "button")
        assert tapped["OriginalRepliedMessageSid"] == sent["sid"]
        assert (chosen["ListTitle"], chosen["ListId"], chosen["Body"]) == ("Wed", "wed", "Wed")

    run(body)


@pytest.mark.parametrize(
    "resource",
    [
        {},
        {"language": "en", "types": {"twilio/carousel": {"body": "x"}}},
        content([]),
        content(["a" * 21]),
        content(["a"], body="b" * 1025),
        content(["a"], body="Hi {{1}}"),
        content([str(number) for number in range(11)]),
        picker([{"item": "a" * 25, "id": "1"}]),
        picker([{"item": "a", "id": ""}]),
        picker([{"item": "a", "id": "1"}, {"item": "b", "id": "1"}]),
        picker([{"item": "a", "id": "1"}], button=""),
    ],
)
def test_a_content_beyond_its_limits_is_refused(resource: Any) -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        status, answer = await make(it, resource)
        assert (status, answer["code"]) == (400, 20001)

    run(body)


@pytest.mark.parametrize("titles", [["1", "2", "3", "4"], ["Buy", "Buy"]])
def test_a_content_that_whatsapp_would_have_to_approve_is_not_sent(titles: list[str]) -> None:
    async def body(it: World) -> None:
        await line(it, SENDER)
        await does(it, "text", {"text": "hi"}, SENDER)
        _, made = await make(it, content(titles))
        assert (await sends(it, SENDER, ContentSid=made["sid"]))[1]["code"] == 63021

    run(body)


# Templates

UPDATE, GONE_ON, PAUSED = "HX" + "a" * 32, "HX" + "b" * 32, "HX" + "c" * 32
TEMPLATES = [
    {"sid": UPDATE, "text": "Your order {{1}} arrives {{2}}."},
    {"sid": GONE_ON, "text": "Shall we go on?", "buttons": ["Go on"]},
    {"sid": PAUSED, "text": "On sale", "status": "paused"},
]


def test_a_template_arrives_outside_of_the_window_and_its_button_comes_back() -> None:
    async def body(it: World) -> None:
        await line(it, SENDER, templates=TEMPLATES)
        variables = '{"1": "7781", "2": "on Monday"}'
        assert (await sends(it, SENDER, ContentSid=UPDATE, ContentVariables=variables))[0] == 201
        await sends(it, SENDER, ContentSid=GONE_ON)
        assert [message["text"] for message in await shown(it, SENDER)] == ["Your order 7781 arrives on Monday.", "Shall we go on?"]
        await does(it, "select", {"title": "Go on"}, SENDER)
        (tapped,) = it.platform.received
        assert form(tapped)["ButtonText"] == "Go on"

    run(body)


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"ContentSid": UPDATE}, 21656),
        ({"ContentSid": UPDATE, "ContentVariables": '{"1": "7781"}'}, 21656),
        ({"ContentSid": UPDATE, "ContentVariables": '{"1": "7781", "2": ""}'}, 21656),
        ({"ContentSid": UPDATE, "ContentVariables": '{"1": "7781", "2": "a\\nb"}'}, 21656),
        ({"ContentSid": UPDATE, "ContentVariables": '{"1": "7781", "2": 5}'}, 21656),
        ({"ContentSid": UPDATE, "ContentVariables": "7781"}, 21656),
        ({"ContentSid": GONE_ON, "ContentVariables": '{"1": "x"}'}, 21656),
        ({"ContentVariables": '{"1": "x"}', "Body": "x"}, 21654),
    ],
)
def test_variables_have_to_fit_the_template(fields: dict[str, str], code: int) -> None:
    async def body(it: World) -> None:
        await line(it, SENDER, templates=TEMPLATES)
        assert (await sends(it, SENDER, **fields))[1]["code"] == code

    run(body)


def test_a_paused_template_fails_later_and_its_approval_can_be_asked_for() -> None:
    async def body(it: World) -> None:
        await line(it, SENDER, templates=TEMPLATES)
        assert (await sends(it, SENDER, ContentSid=PAUSED))[0] == 201
        (call,) = await it.platform.until(1)
        assert form(call)["ErrorCode"] == "63041"
        answers = [
            await it.call("GET", f"/twilio/v1/Content/{sid}/ApprovalRequests", headers=LOG_IN) for sid in (UPDATE, PAUSED, "HX" + "0" * 32)
        ]
        assert [answer["whatsapp"]["status"] for _, answer in answers[:2]] == ["approved", "paused"]
        assert (answers[2][0], answers[2][1]["code"]) == (404, 20404)

    run(body)


def test_by_sms_a_template_is_its_words() -> None:
    async def body(it: World) -> None:
        await line(it, templates=TEMPLATES)
        await sends(it, ContentSid=GONE_ON)
        (message,) = await shown(it)
        assert (message["type"], message["text"], message["segments"]["count"]) == ("text", "Shall we go on?", 1)

    run(body)
