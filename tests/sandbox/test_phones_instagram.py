"""Instagram's phone: Meta's callbacks to the byte, what its Send API takes, and every refusal in Meta's form."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.phones import meta
from sandbox.phones.meta_graph import appsecret_proof
from tests.sandbox.phones_world import World, run

ACCOUNT, OTHER_ACCOUNT, PAGE = "17841400000000091", "17841400000000117", "108800000000017"
IGSID = "908800000000000412"
SECRET = "instagram-docs-app-secret"
TOKEN = f"IGAA-{ACCOUNT}"
TEXT = {"text": "hello"}
BUTTON = {"type": "postback", "title": "Yes", "payload": "yes-1"}
PNG = "https://example.com/a.png"


async def account(it: World, address: str = ACCOUNT, **settings: Any) -> tuple[int, Any]:
    """Register an account; the handshake is skipped unless asked for."""
    body = {
        "name": "Acme",
        "callback_url": it.platform.url + "/callbacks",
        "app_id": "7001",
        "app_secret": SECRET,
        "verify_token": "docs-verify",
        "access_token": f"IGAA-{address}",
        "handshake": False,
        **settings,
    }
    return await it.call("PUT", f"/control/lines/instagram/{address}", body)


async def does(it: World, action: str, **body: Any) -> Any:
    return await it.does(action, {**body, "wait": True}, who=IGSID, provider="instagram")


async def talking(it: World, **settings: Any) -> None:
    """An account to which the person has written; what was received until then is forgotten."""
    assert (await account(it, **settings))[0] == 200
    await does(it, "text", text="hi")
    it.platform.received.clear()


async def graph(it: World, method: str, path: str, body: Any = None, *, token: str = TOKEN) -> tuple[int, Any]:
    return await it.call(method, f"/instagram/v25.0/{path}", body, headers={"Authorization": f"Bearer {token}"})


async def sends(it: World, message: Any, *, node: str = ACCOUNT, token: str = TOKEN, **more: Any) -> tuple[int, Any]:
    """The brand sends ``message`` to the person."""
    body = {"recipient": {"id": IGSID}, "messaging_type": "RESPONSE", "message": message, **more}
    return await graph(it, "POST", f"{node}/messages", body, token=token)


def template(**payload: Any) -> dict[str, Any]:
    return {"attachment": {"type": "template", "payload": payload}}


def media(kind: str, url: str) -> dict[str, Any]:
    return {"attachment": {"type": kind, "payload": {"url": url}}}


def replies(*titles: str) -> dict[str, Any]:
    return {"quick_replies": [{"content_type": "text", "title": title, "payload": title.lower()} for title in titles]}


# What Meta calls


def test_a_worked_signature() -> None:
    assert (
        meta.sign(b'{"object":"instagram","entry":[]}', SECRET) == "sha256=d5c208cbf0dffd7cc1c24e6b9eb12db596ff3111b4fa63349de3c47883b71133"
    )


def test_registration_shakes_hands_and_shows_no_secret() -> None:
    async def body(it: World) -> None:
        status, answer = await account(it, handshake=True)
        assert (status, answer["handshake"], answer["line"]["login"]) == (200, "ok", "instagram")
        _, lines = await it.call("GET", "/control/lines")
        assert SECRET not in json.dumps(lines) and TOKEN not in json.dumps(lines)
        assert (await account(it, login="facebook"))[0] == 400
        assert (await account(it, page_id=PAGE))[0] == 400
        assert (await account(it, OTHER_ACCOUNT, app_secret="another"))[0] == 400

    run(body)


def test_words_pictures_and_receipts_have_instagrams_form() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await does(it, "text", text="¿a/b? 📦", id="aWdf_1")
        await does(it, "file", url=PNG)
        (text, picture) = it.platform.received
        assert json.loads(text.raw)["object"] == "instagram"
        assert text.headers["X-Hub-Signature-256"] == meta.sign(text.raw, SECRET)
        assert rb'"text":"\u00bfa\/b? \ud83d\udce6"' in text.raw
        assert (text.events[0]["sender"], text.events[0]["recipient"]) == ({"id": IGSID}, {"id": ACCOUNT})
        assert picture.events[0]["message"]["attachments"] == [{"type": "image", "payload": {"url": PNG}}]

    run(body)


def test_our_own_messages_come_back_as_echoes_and_a_seen_names_the_last_of_them() -> None:
    async def body(it: World) -> None:
        await talking(it)
        ids = [(await sends(it, {"text": text}))[1]["message_id"] for text in ("one", "two")]
        echoes = await it.platform.until(2)
        assert [(call.events[0]["sender"]["id"], call.events[0]["message"]["is_echo"]) for call in echoes] == [(ACCOUNT, True)] * 2
        await does(it, "read")
        (seen,) = (await it.platform.until(3))[-1].events
        assert (seen["read"], seen["sender"]) == ({"mid": ids[-1]}, {"id": IGSID})
        status, answer = await it.call("POST", f"/control/phones/instagram/{IGSID}/delivered", {})
        assert (status, answer) == (409, {"error": "Instagram has no delivered receipts"})

    run(body)


def test_a_page_that_stands_for_the_account_sends_under_its_own_id() -> None:
    async def body(it: World) -> None:
        await talking(it, login="facebook", page_id=PAGE, access_token="EAA-page")
        assert (await sends(it, TEXT, node=PAGE, token="EAA-page"))[0] == 200
        status, answer = await sends(it, TEXT, node=ACCOUNT, token="EAA-page")
        assert (status, answer["error"]["error_subcode"]) == (400, 33)
        _, me = await graph(it, "GET", "me?fields=id,name,instagram_business_account{id,username}", token="EAA-page")
        assert me == {"id": PAGE, "name": "Acme", "instagram_business_account": {"id": ACCOUNT, "username": "sandbox.shop"}}

    run(body)


# What the Send API takes


def test_quick_replies_and_buttons_are_tapped() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await sends(it, {"text": "Which?", **replies("Red", "Blue")})
        await does(it, "select", title="Blue")
        await sends(it, template(template_type="button", text="Sure?", buttons=[BUTTON]))
        answer = await does(it, "select", title="Yes")
        events = [call.events[0] for call in it.platform.received if not call.events[0].get("message", {}).get("is_echo")]
        assert events[0]["message"]["quick_reply"] == {"payload": "blue"}
        assert events[1]["postback"] == {"mid": answer["id"], "title": "Yes", "payload": "yes-1"}

    run(body)


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ({"text": "é" * 500}, ("text", "é" * 500)),
        ({"attachment": {"type": "like_heart"}}, ("text", "❤️")),
        (media("image", "https://example.com/a.JPG?x=1"), ("image", "")),
        (media("file", "https://example.com/invoice.pdf"), ("file", "")),
        ({"attachments": [{"type": "image", "payload": {"url": PNG}}] * 10}, ("template", "")),
        (template(template_type="generic", elements=[{"title": "A", "subtitle": "B"}]), ("template", "A")),
    ],
)
def test_what_instagram_takes_lands_on_the_phone(message: Any, shown: tuple[str, str]) -> None:
    async def body(it: World) -> None:
        await talking(it)
        assert (await sends(it, message))[0] == 200
        last = (await it.transcript(IGSID, "instagram"))["messages"][-1]
        assert (last["direction"], (last["type"], last["text"])) == ("in", shown)

    run(body)


@pytest.mark.parametrize(
    ("message", "words", "subcode"),
    [
        ({"text": "é" * 501}, "Length of param message[text] must be less than or equal to 1000", None),
        ({"text": " "}, "must be a non-empty", None),
        ({}, "Message cannot be empty", 2018084),
        ({"text": "?", **replies(*[f"Choice {number}" for number in range(14)])}, "less than or equal to 13", None),
        ({"text": "?", **replies("A title that is too long")}, "less than or equal to 20", None),
        ({**media("image", PNG), **replies("Red")}, "Quick replies need a text", None),
        ({"text": "?", "quick_replies": [{"content_type": "user_email"}]}, "must be one of text; got 'user_email'", None),
        (
            template(template_type="generic", image_aspect_ratio="square", elements=[{"title": "A", "subtitle": "B"}]),
            "Unexpected key",
            None,
        ),
        (template(template_type="generic", elements=[{"title": "A", "subtitle": "B"}] * 11), "less than or equal to 10", None),
        (template(template_type="generic", elements=[{"title": "A" * 81, "subtitle": "B"}]), "less than or equal to 80", None),
        (template(template_type="button", text="b" * 641, buttons=[BUTTON]), "less than or equal to 640", None),
        (template(template_type="button", text="b", buttons=[BUTTON] * 4), "less than or equal to 3", None),
        (
            template(template_type="button", text="b", buttons=[{"type": "phone_number", "title": "Call", "payload": "+31"}]),
            "must be one of web_url, postback",
            None,
        ),
        (media("file", "https://example.com/prices.xlsx"), "unsupported type: xlsx", 2534068),
        (media("image", "https://example.com/a.webp"), "unsupported type: webp", 2534068),
        (media("audio", "https://example.com/a.mp3"), "unsupported type: mp3", 2534068),
        ({"attachments": [{"type": "image", "payload": {"url": PNG}}] * 11}, "less than or equal to 10", None),
        ({"attachments": [{"type": "video", "payload": {"url": "https://example.com/a.mp4"}}]}, "takes pictures only", None),
        ({"text": "a", "attachments": [{"type": "image", "payload": {"url": PNG}}]}, "cannot have both", None),
    ],
)
def test_what_it_does_not_take_is_refused_and_does_not_land(message: Any, words: str, subcode: int | None) -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await sends(it, message)
        assert (status, answer["error"]["code"], answer["error"].get("error_subcode")) == (400, 100, subcode)
        assert words in answer["error"]["message"]
        assert it.ledger("phone.message") == []
        assert it.ledger("phone.refused")[0]["subcode"] == subcode

    run(body)


def test_the_windows_end_is_a_403_in_instagrams_words() -> None:
    async def body(it: World) -> None:
        await talking(it)
        await does(it, "age", hours=25)
        status, answer = await sends(it, TEXT)
        assert (status, answer["error"]["type"], answer["error"]["code"], answer["error"]["error_subcode"]) == (
            403,
            "IGApiException",
            10,
            2534022,
        )
        assert (await sends(it, TEXT, messaging_type="MESSAGE_TAG", tag="HUMAN_AGENT"))[1]["error"]["code"] == 200
        await account(it, human_agent=True)
        assert (await sends(it, TEXT, messaging_type="MESSAGE_TAG", tag="HUMAN_AGENT"))[0] == 200

    run(body)


def test_strangers_and_blocked_people_get_nothing() -> None:
    async def body(it: World) -> None:
        await account(it)
        status, answer = await sends(it, TEXT)
        assert (status, answer["error"]["code"], answer["error"]["error_subcode"]) == (400, 100, 2534014)
        await does(it, "text", text="hi")
        await it.call("PUT", f"/control/phones/instagram/{IGSID}/profile", {"blocked": True})
        assert (await sends(it, TEXT))[1]["error"]["code"] == 551

    run(body)


# Who asks, and what else there is


def test_a_profile_may_be_known_once_the_person_wrote() -> None:
    async def body(it: World) -> None:
        await account(it)
        path = f"{IGSID}?fields=name,username,profile_pic"
        assert (await graph(it, "GET", path))[1]["error"]["error_subcode"] == 33
        await it.call("PUT", f"/control/phones/instagram/{IGSID}/profile", {"first_name": "Ana", "last_name": "Vries"})
        assert (await graph(it, "GET", path))[1]["error"]["code"] == 230
        await does(it, "text", text="hi")
        _, person = await graph(it, "GET", path)
        assert (person["name"], person["username"], person["id"]) == ("Ana Vries", "ana.vries", IGSID)
        await it.call("PUT", f"/control/phones/instagram/{IGSID}/profile", {"first_name": "", "last_name": ""})
        _, nameless = await graph(it, "GET", path)
        assert (nameless["name"], nameless["username"]) == (None, "person.000412")
        assert (await graph(it, "GET", f"{IGSID}?fields=age"))[1]["error"]["code"] == 100

    run(body)


def test_the_account_its_subscription_and_the_apps_webhook_are_told() -> None:
    async def body(it: World) -> None:
        await account(it)
        assert (await graph(it, "GET", "me?fields=user_id,username"))[1]["user_id"] == ACCOUNT
        apps = f"{ACCOUNT}/subscribed_apps"
        assert (await graph(it, "GET", apps))[1]["data"][0]["subscribed_fields"] == ["messages", "messaging_postbacks", "messaging_seen"]
        assert await graph(it, "DELETE", apps) == (200, {"success": True})
        await does(it, "text", text="nobody hears")
        assert it.platform.received == []
        assert await graph(it, "POST", apps, {"subscribed_fields": "messages,message_edit"}) == (200, {"success": True})
        assert (await graph(it, "POST", apps, {"subscribed_fields": "message_deliveries"}))[0] == 400
        _, webhooks = await graph(it, "GET", "7001/subscriptions", token=f"7001|{SECRET}")
        assert (webhooks["data"][0]["object"], webhooks["data"][0]["callback_url"]) == ("instagram", it.platform.url + "/callbacks")
        assert (await graph(it, "GET", "7001/subscriptions"))[0] == 400
        assert (await graph(it, "GET", "me", token="guess"))[1]["error"]["code"] == 190

    run(body)


def test_a_token_is_renewed_and_the_old_one_stays_good() -> None:
    async def body(it: World) -> None:
        await talking(it)
        status, answer = await graph(it, "GET", "refresh_access_token?grant_type=ig_refresh_token")
        assert (status, answer["token_type"], answer["expires_in"]) == (200, "bearer", 5_184_000)
        for token in (TOKEN, answer["access_token"]):
            assert (await sends(it, TEXT, token=token))[0] == 200
        assert (await graph(it, "GET", "refresh_access_token"))[0] == 400
        assert (await graph(it, "GET", "refresh_access_token?grant_type=ig_refresh_token", token="guess"))[1]["error"]["code"] == 190
        await account(it, OTHER_ACCOUNT, login="facebook", page_id=PAGE, access_token="EAA-page", app_id="7002")
        status, answer = await graph(it, "GET", "refresh_access_token?grant_type=ig_refresh_token", token="EAA-page")
        assert (status, answer["error"]["code"]) == (400, 190)

    run(body)


def test_an_app_that_wants_a_proof_gets_it() -> None:
    async def body(it: World) -> None:
        await talking(it, require_proof=True)
        status, answer = await sends(it, TEXT)
        assert status == 400 and "appsecret_proof" in answer["error"]["message"]
        path = f"{ACCOUNT}/messages?appsecret_proof={appsecret_proof(SECRET, TOKEN)}"
        body = {"recipient": {"id": IGSID}, "messaging_type": "RESPONSE", "message": TEXT}
        assert (await graph(it, "POST", path, body))[0] == 200

    run(body)


def test_a_person_cannot_do_what_instagrams_app_cannot() -> None:
    async def body(it: World) -> None:
        await talking(it)
        path = f"/control/phones/instagram/{IGSID}"
        assert (await it.call("POST", f"{path}/file", {"url": PNG, "text": "look"}))[0] == 409
        assert (await it.call("POST", f"{path}/location", {"latitude": 1, "longitude": 2}))[0] == 409
        assert (await it.call("POST", f"{path}/typing"))[0] == 409
        assert len((await it.transcript(IGSID, "instagram"))["messages"]) == 1

    run(body)
