"""Messenger's Graph API: what lands on the phone, and every refusal in Meta's form."""

from __future__ import annotations

import json
from typing import Any

import aiohttp
import pytest

from sandbox.phones.meta_graph import appsecret_proof
from tests.sandbox.phones_world import APP_SECRET, OTHER_PAGE, PAGE, PSID, World, run

BUTTON = {"type": "postback", "title": "Yes", "payload": "yes-1"}
TEXT = {"text": "hello"}


async def talking(it: World, **settings: Any) -> None:
    """A page to which the consumer has written."""
    await it.page(**settings)
    await it.does("text", {"text": "hi", "wait": True})


def generic(*elements: Any) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": list(elements)}}}


def buttons(text: str, *of: Any) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": {"template_type": "button", "text": text, "buttons": list(of)}}}


def replies(*of: Any) -> dict[str, Any]:
    return {"text": "Please choose:", "quick_replies": list(of)}


def reply(title: str = "Yes", payload: str = "y") -> dict[str, Any]:
    return {"content_type": "text", "title": title, "payload": payload}


def test_a_text_lands_on_the_phone_and_in_the_ledger() -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await it.sends({"text": "x" * 2000})
        assert status == 200 and answer.keys() == {"recipient_id", "message_id"} and answer["recipient_id"] == PSID
        (entry,) = it.ledger("phone.message")
        assert {key: entry[key] for key in ("provider", "address", "consumer", "id", "text", "type")} == {
            "provider": "messenger", "address": PAGE, "consumer": PSID, "id": answer["message_id"], "text": "x" * 2000, "type": "text",
        }  # fmt: skip
        last = (await it.transcript())["messages"][-1]
        assert (last["direction"], last["status"], last["id"]) == ("in", "sent", answer["message_id"])

    run(body)


def test_the_call_may_come_as_form_and_to_me() -> None:
    async def body(it: World) -> None:
        await talking(it)
        form = {
            "recipient": json.dumps({"id": PSID}),
            "messaging_type": "RESPONSE",
            "message": json.dumps(TEXT),
            "access_token": f"EAA-{PAGE}",
        }
        async with it.http.post(f"{it.base}/graph/v26.0/me/messages", data=form) as response:
            assert response.status == 200

    run(body)


def test_quick_replies_are_tapped_once_and_vanish() -> None:
    async def body(it: World) -> None:
        await talking(it)
        assert (await it.sends(replies(reply("Talk to a person", "lp|talk"), reply("No", "no"))))[0] == 200
        shown = (await it.transcript())["messages"][-1]
        assert shown["type"] == "quick_replies"
        assert shown["options"] == [{"title": "Talk to a person", "payload": "lp|talk"}, {"title": "No", "payload": "no"}]
        await it.does("select", {"payload": "lp|talk", "wait": True})
        message = it.platform.received[-1].events[0]["message"]
        assert (message["text"], message["quick_reply"]) == ("Talk to a person", {"payload": "lp|talk"})
        status, answer = await it.call("POST", f"/control/phones/messenger/{PSID}/select", {"title": "No"})
        assert (status, answer) == (409, {"error": 'nothing on the phone to tap that says "No"'})

    run(body)


def test_of_two_cards_whose_buttons_are_called_the_same_the_tapped_one_answers() -> None:
    async def body(it: World) -> None:
        await it.page()
        await it.does("text", {"text": "hi", "wait": True})
        cards = [
            {"title": name, "subtitle": "In stock", "buttons": [{"type": "postback", "title": "Reserve", "payload": f"lp|{name}"}]}
            for name in ("Trail", "Road")
        ]
        await it.sends({"attachment": {"type": "template", "payload": {"template_type": "generic", "elements": cards}}})
        await it.does("select", {"title": "Reserve", "payload": "lp|Road", "wait": True})
        assert it.platform.received[-1].events[0]["postback"]["payload"] == "lp|Road"

    run(body)


def test_buttons_of_cards_stay_and_send_postbacks_while_links_send_nothing() -> None:
    async def body(it: World) -> None:
        await talking(it)
        link = {"type": "web_url", "title": "Track", "url": "https://example.com/t"}
        card = {"title": "Blue shoe", "subtitle": "In stock", "image_url": "https://example.com/s.jpg", "buttons": [BUTTON, link]}
        await it.sends(generic(card, {"title": "Red shoe", "subtitle": "Sold out"}))
        await it.sends(buttons("Anything else?", {"type": "phone_number", "title": "Call us", "payload": "+3120555010"}))
        carousel, question = (await it.transcript())["messages"][-2:]
        assert [(shown["title"], shown["subtitle"]) for shown in carousel["cards"]] == [("Blue shoe", "In stock"), ("Red shoe", "Sold out")]
        assert (carousel["text"], question["text"]) == ("Blue shoe\nRed shoe", "Anything else?")
        answer = await it.does("select", {"title": "Yes", "wait": True})
        event = it.platform.received[-1].events[0]
        assert event["postback"] == {"title": "Yes", "payload": "yes-1", "mid": answer["id"]} and "message" not in event
        status, refused = await it.call("POST", f"/control/phones/messenger/{PSID}/select", {"title": "Track"})
        assert status == 409 and "https://example.com/t" in refused["error"]

    run(body)


def test_pictures_show_the_url_given() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await it.sends({"attachment": {"type": "image", "payload": {"url": "https://example.com/a.jpg", "is_reusable": False}}})
        last = (await it.transcript())["messages"][-1]
        assert (last["type"], last["url"], last["text"]) == ("image", "https://example.com/a.jpg", "")

    run(body)


def test_typing_shows_until_a_message_comes_and_seen_marks_what_the_consumer_wrote() -> None:
    async def body(it: World) -> None:
        await talking(it)
        for action, typing in (("typing_on", True), ("typing_off", False), ("typing_on", True)):
            assert await it.graph({"recipient": {"id": PSID}, "sender_action": action}) == (200, {"recipient_id": PSID})
            assert (await it.transcript())["typing"] is typing
        await it.sends(TEXT)
        assert (await it.transcript())["typing"] is False
        await it.graph({"recipient": {"id": PSID}, "sender_action": "mark_seen"})
        assert [message["status"] for message in (await it.transcript())["messages"]] == ["read", "sent"]

    run(body)


@pytest.mark.parametrize(
    ("message", "says"),
    [
        ({}, "Message cannot be empty"),
        ({"text": ""}, "message[text] must be a non-empty"),
        ({"text": "x" * 2001}, "Length of param message[text] must be less than or equal to 2000"),
        ({"text": "x", "atachment": {}}, 'Unexpected key "atachment" on param "message"'),
        ({"text": "x", "attachment": {"type": "image", "payload": {"url": "https://a.b/c"}}}, "cannot have both"),
        ({"quick_replies": [reply()]}, "Quick replies need a text or an attachment"),
        (replies(), "must be a non-empty array"),
        (replies(*[reply()] * 14), "Length of param message[quick_replies] must be less than or equal to 13"),
        (replies(reply(title="x" * 21)), "message[quick_replies][0][title] must be less than or equal to 20"),
        (replies(reply(payload="x" * 1001)), "message[quick_replies][0][payload] must be less than or equal to 1000"),
        (replies({"content_type": "location"}), "content_type] must be one of"),
        ({"attachment": {"type": "image", "payload": {"url": "/a.jpg"}}}, "should represent a valid URL"),
        ({"attachment": {"type": "image", "payload": {"url": "https://[a"}}}, "should represent a valid URL"),
        ({"attachment": {"type": "picture", "payload": {"url": "https://a.b/c"}}}, "must be one of image, audio, video, file, template"),
        ({"attachment": {"type": "image", "payload": {}}}, "exactly one of url, attachment_id"),
        (buttons("x" * 641, BUTTON), "less than or equal to 640"),
        (buttons("x"), "must be a non-empty array"),
        (buttons("x", *[BUTTON] * 4), "less than or equal to 3"),
        (buttons("x", {**BUTTON, "title": "x" * 21}), "[buttons][0][title] must be less than or equal to 20"),
        (buttons("x", {"type": "web_url", "title": "x", "url": "javascript:alert(1)"}), "should represent a valid URL"),
        (buttons("x", {"type": "phone_number", "title": "x", "payload": "020555"}), "must be a phone number with +"),
        (generic({"title": "x"}), "needs more than a title"),
        (generic({"title": "x" * 81, "subtitle": "y"}), "[title] must be less than or equal to 80"),
        (generic({"title": "x", "subtitle": "y" * 81}), "[subtitle] must be less than or equal to 80"),
        (generic(*[{"title": "x", "subtitle": "y"}] * 11), "less than or equal to 10"),
        (generic({"title": "x", "buttons": [BUTTON] * 4}), "less than or equal to 3"),
        ("not an object", "must be a JSON object"),
    ],
)
def test_messages_out_of_form_are_refused_and_do_not_land(message: Any, says: str) -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await it.sends(message)
        assert (status, answer["error"]["code"], answer["error"]["type"]) == (400, 100, "OAuthException")
        assert says in answer["error"]["message"] and answer["error"]["fbtrace_id"]
        assert it.ledger("phone.message") == []
        (refused,) = it.ledger("phone.refused")
        assert (refused["address"], refused["consumer"], refused["reason"]) == (PAGE, PSID, answer["error"]["message"])

    run(body)


@pytest.mark.parametrize(
    ("request_body", "code", "subcode", "status"),
    [
        ({"message": TEXT}, 100, None, 400),  # no messaging_type
        ({"message": TEXT, "messaging_type": "MESSAGE_TAG"}, 100, None, 400),
        ({"message": TEXT, "messaging_type": "RESPONSE", "tag": "HUMAN_AGENT"}, 100, None, 400),
        ({"message": TEXT, "messaging_type": "MESSAGE_TAG", "tag": "ACCOUNT_UPDATE"}, 100, 1893061, 400),
        ({"message": TEXT, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT"}, 200, 2018028, 403),
        ({"sender_action": "typing"}, 100, None, 400),
        ({"sender_action": "typing_on", "message": TEXT, "messaging_type": "RESPONSE"}, 100, None, 400),
        ({"message": TEXT, "messaging_type": "RESPONSE", "recipient": {"id": "404"}}, 100, 2018001, 400),
        ({"message": TEXT, "messaging_type": "RESPONSE", "recipient": {"user_ref": "1"}}, 100, None, 400),
        ({"message": TEXT, "messaging_type": "RESPONSE", "reply_to": {"mid": "m_unknown"}}, 100, None, 400),
    ],
)
def test_calls_out_of_form_are_refused(request_body: dict[str, Any], code: int, subcode: int | None, status: int) -> None:
    async def body(it: World) -> None:
        await talking(it)
        got, answer = await it.graph({"recipient": {"id": PSID}, **request_body})
        assert (got, answer["error"]["code"], answer["error"].get("error_subcode")) == (status, code, subcode)
        assert it.ledger("phone.message") == [] and len(it.ledger("phone.refused")) == 1

    run(body)


def test_the_window_closes_after_a_day_and_the_human_agent_tag_keeps_it_open_for_a_week() -> None:
    async def body(it: World) -> None:
        await talking(it, human_agent=True)
        tagged = {"recipient": {"id": PSID}, "messaging_type": "MESSAGE_TAG", "tag": "HUMAN_AGENT", "message": TEXT}
        await it.does("age", {"hours": 25})
        status, answer = await it.sends(TEXT)
        assert (status, answer["error"]["code"], answer["error"]["error_subcode"]) == (403, 10, 2018278)
        assert (await it.graph(tagged))[0] == 200
        await it.does("age", {"hours": 6 * 24})
        assert (await it.graph(tagged))[1]["error"]["error_subcode"] == 2018278
        await it.does("text", {"text": "again"})
        assert (await it.sends(TEXT))[0] == 200

    run(body)


def test_a_consumer_who_blocked_the_page_is_not_available() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await it.call("PUT", f"/control/phones/messenger/{PSID}/profile", {"blocked": True})
        status, answer = await it.sends(TEXT)
        assert (status, answer["error"]["code"], answer["error"]["error_subcode"]) == (400, 551, 1545041)

    run(body)


def test_tokens_are_checked_and_see_only_their_own_page() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await it.page(OTHER_PAGE)
        send = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": TEXT}
        assert (await it.call("POST", f"/graph/v25.0/{PAGE}/messages", send))[1]["error"]["code"] == 104
        assert (await it.graph(send, token="EAA-wrong"))[1]["error"]["code"] == 190
        status, answer = await it.graph(send, token=f"EAA-{OTHER_PAGE}")
        assert (status, answer["error"]["code"], answer["error"]["error_subcode"]) == (400, 100, 33)
        assert (await it.call("GET", "/graph/latest/me"))[1]["error"]["code"] == 2500
        assert it.ledger("phone.message") == []

    run(body)


def test_the_proof_is_checked_when_given_and_wanted_when_the_app_says_so() -> None:
    async def body(it: World) -> None:
        assert appsecret_proof("meta-docs-app-secret", "EAAdocsToken") == "06a02ef7e27f449850ba103e4a36f10f16e9b238d550797cb30d06654579f9ca"
        await talking(it)
        assert (await it.sends(TEXT, appsecret_proof="0" * 64))[1]["error"]["message"].startswith("Invalid appsecret_proof")
        assert (await it.sends(TEXT, appsecret_proof=appsecret_proof(APP_SECRET, f"EAA-{PAGE}")))[0] == 200
        await it.page(require_proof=True)
        assert (await it.sends(TEXT))[1]["error"]["message"] == "API calls from the server require an appsecret_proof argument"

    run(body)


def test_profile_page_and_token_can_be_asked_for() -> None:
    async def body(it: World) -> None:
        await talking(it)
        auth = {"headers": {"Authorization": f"Bearer EAA-{PAGE}"}}
        profile = f"/graph/v25.0/{PSID}?fields=first_name,last_name,profile_pic"
        assert (await it.call("GET", profile, **auth))[1]["error"]["error_subcode"] == 33
        await it.call("PUT", f"/control/phones/messenger/{PSID}/profile", {"first_name": "Ana", "last_name": "de Vries"})
        status, answer = await it.call("GET", profile, **auth)
        assert (status, answer) == (
            200,
            {"first_name": "Ana", "last_name": "de Vries", "profile_pic": f"{it.base}/static/consumer.jpg", "id": PSID},
        )
        assert await it.call("GET", "/graph/v25.0/me?fields=id,name", **auth) == (200, {"id": PAGE, "name": "Acme"})
        app_token = {"headers": {"Authorization": f"Bearer 7001|{APP_SECRET}"}}
        _, answer = await it.call("GET", f"/graph/v25.0/debug_token?input_token=EAA-{PAGE}", **app_token)
        assert (answer["data"]["is_valid"], answer["data"]["profile_id"], answer["data"]["app_id"]) == (True, PAGE, "7001")
        _, answer = await it.call("GET", "/graph/v25.0/debug_token?input_token=wrong", **app_token)
        assert answer["data"]["is_valid"] is False and answer["data"]["error"]["code"] == 190

    run(body)


def test_faults_throttle_fail_and_lose_the_answer() -> None:
    async def body(it: World) -> None:
        await talking(it)
        it.fault("messenger.send", status=429, retry_after_s=7, times=1)
        headers = {"Authorization": f"Bearer EAA-{PAGE}"}
        send = {"recipient": {"id": PSID}, "messaging_type": "RESPONSE", "message": TEXT}
        async with it.http.post(f"{it.base}/graph/v25.0/me/messages", json=send, headers=headers) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "7")
            assert (await response.json())["error"]["code"] == 613
        it.fault("messenger.send", status=500, times=1)
        status, answer = await it.sends(TEXT)
        assert (status, answer["error"]["code"], answer["error"]["is_transient"]) == (500, 2, True)
        assert it.ledger("phone.message") == []
        it.fault("messenger.send", lose_reply=True, times=1)
        with pytest.raises(aiohttp.ClientError):
            await it.sends(TEXT)
        assert len(it.ledger("phone.message")) == 1

    run(body)


def test_what_a_phone_cannot_do_is_refused_with_a_sentence() -> None:
    async def body(it: World) -> None:
        path = f"/control/phones/messenger/{PSID}"
        status, answer = await it.call("POST", f"{path}/text", {"text": "hi"})
        assert status == 404 and answer["error"].startswith("no Messenger line is registered")
        await it.page()
        status, answer = await it.call("POST", f"{path}/text", {"text": "hi", "to": "1"})
        assert status == 404 and answer["error"].startswith("Messenger has no line 1")
        assert await it.call("POST", f"{path}/typing") == (409, {"error": "Messenger does not tell a brand that the consumer is typing"})
        assert await it.call("POST", f"{path}/close") == (409, {"error": "Messenger has no way to end a conversation"})
        assert await it.call("POST", f"{path}/text", {}) == (400, {"error": "a text needs text"})
        assert (await it.call("POST", f"{path}/text", {"text": "hi", "txet": "x"}))[0] == 400
        assert (await it.call("POST", f"{path}/dance"))[0] == 404
        assert (await it.call("GET", "/control/phones/pigeon/1"))[0] == 404
        assert it.kernel.ledger.entries == [] and (await it.transcript())["messages"] == []

    run(body)


def test_the_apps_webhook_is_told_to_the_app_only() -> None:
    async def body(it: World) -> None:
        await it.page()
        path = "/graph/v25.0/7001/subscriptions"
        status, webhooks = await it.call("GET", path, headers={"Authorization": f"Bearer 7001|{APP_SECRET}"})
        assert status == 200
        (webhook,) = webhooks["data"]
        assert (webhook["object"], webhook["callback_url"], webhook["active"]) == ("page", it.platform.url + "/callbacks", True)
        assert {"name": "messages", "version": "v25.0"} in webhook["fields"]
        status, answer = await it.call("GET", path, headers={"Authorization": f"Bearer EAA-{PAGE}"})
        assert (status, answer["error"]["code"]) == (400, 15)

    run(body)


def test_an_app_without_a_webhook_is_told_nothing_until_it_sets_one() -> None:
    async def body(it: World) -> None:
        # given a page of an app that has no webhook
        await it.page(app_fields=[])
        path, app = "/graph/v25.0/7001/subscriptions", {"Authorization": f"Bearer 7001|{APP_SECRET}"}
        assert await it.call("GET", path, headers=app) == (200, {"data": []})
        await it.does("text", {"text": "anybody?", "wait": True})
        assert [entry["field"] for entry in it.ledger("callback.unsubscribed")] == ["messages"]

        # when the app sets it, and answers the challenge
        wish = {"object": "page", "callback_url": it.platform.url + "/new", "verify_token": "phrase", "fields": "messages"}
        assert await it.call("POST", path, wish, headers=app) == (200, {"success": True})
        (challenge,) = it.platform.received
        assert (challenge.method, challenge.path, challenge.query["hub.verify_token"]) == ("GET", "/new", "phrase")

        # then what it asked for is told there
        await it.does("text", {"text": "hello", "wait": True})
        assert [(one.path, one.text) for one in it.platform.received[1:]] == [("/new", "hello")]
        assert (await it.call("GET", path, headers=app))[1]["data"][0]["fields"] == [{"name": "messages", "version": "v25.0"}]

    run(body)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"object": "instagram"}, 100),
        ({"fields": ""}, 100),
        ({"fields": "messages,telepathy"}, 100),
        ({"verify_token": ""}, 100),
        ({"callback_url": "ftp://example.com"}, 100),
        ({"callback_url": "http://127.0.0.1:9/nobody"}, 2200),
    ],
)
def test_a_webhook_that_meta_would_not_take_is_refused_and_changes_nothing(change: dict[str, Any], code: int) -> None:
    async def body(it: World) -> None:
        await it.page()
        path, app = "/graph/v25.0/7001/subscriptions", {"Authorization": f"Bearer 7001|{APP_SECRET}"}
        before = await it.call("GET", path, headers=app)
        wish = {"object": "page", "callback_url": it.platform.url + "/new", "verify_token": "phrase", "fields": "messages", **change}
        status, answer = await it.call("POST", path, wish, headers=app)
        assert (status, answer["error"]["code"]) == (400, code)
        status, answer = await it.call("POST", path, wish, headers={"Authorization": f"Bearer EAA-{PAGE}"})
        assert (status, answer["error"]["code"]) == (400, 15)
        assert await it.call("GET", path, headers=app) == before

    run(body)
