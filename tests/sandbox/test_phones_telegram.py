"""Telegram: the updates that it posts, what the Bot API refuses, files, taps and the block."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import FormData, web
from aiohttp.test_utils import TestServer

from tests.sandbox.phones_world import World, run

BOT = "6123456789"
TOKEN = f"{BOT}:AAdocs-Bot_Token-with_35_characters"
SECRET = "docs-Secret_Token-42"
NINA = "7012345678"


async def line(it: World, **settings: Any) -> tuple[int, Any]:
    body = {"name": "Acme Care", "bot_token": TOKEN, "secret_token": SECRET, "callback_url": it.platform.url + "/callbacks", **settings}
    return await it.call("PUT", f"/control/lines/telegram/{BOT}", body)


async def does(it: World, action: str, body: Any = None) -> Any:
    return await it.does(action, {"wait": True, **(body or {})}, who=NINA, provider="telegram")


async def bot(it: World, method: str, body: Any = None, token: str = TOKEN) -> tuple[int, Any]:
    return await it.call("POST", f"/telegram/bot{token}/{method}", body or {})


async def result(it: World, method: str, body: Any = None) -> Any:
    status, answer = await bot(it, method, body)
    assert (status, answer["ok"]) == (200, True), answer
    return answer["result"]


async def shown(it: World) -> Any:
    return (await it.transcript(NINA, "telegram"))["messages"]


def updates(it: World) -> list[dict[str, Any]]:
    return [json.loads(call.raw) for call in it.platform.received]


def test_a_text_is_one_update_with_the_secret_in_the_header() -> None:
    async def body(it: World) -> None:
        await line(it)
        await it.call("PUT", f"/control/phones/telegram/{NINA}/profile", {"first_name": "Nina", "last_name": "P"})
        await does(it, "text", {"text": "Où ? 📦 <7781>"})
        (call,) = it.platform.received
        assert (call.method, call.headers["X-Telegram-Bot-Api-Secret-Token"]) == ("POST", SECRET)
        (update,) = updates(it)
        message = update.pop("message")
        assert list(update) == ["update_id"]
        assert message["chat"] == {"id": 7012345678, "first_name": "Nina", "last_name": "P", "type": "private"}
        assert message["from"]["is_bot"] is False
        assert message["text"] == "Où ? 📦 <7781>"

    run(body)


def test_a_start_is_marked_as_a_command() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "/start order-7781"})
        assert updates(it)[0]["message"]["entities"] == [{"type": "bot_command", "offset": 0, "length": 6}]

    run(body)


def test_an_update_that_is_not_taken_is_repeated_as_it_was() -> None:
    async def body(it: World) -> None:
        await line(it)
        it.platform.answers = [500, 403]
        await does(it, "text", {"text": "hello"})
        assert [call.raw for call in it.platform.received] == [it.platform.received[0].raw] * 3

    run(body)


def test_a_message_arrives_on_the_phone_and_is_named_by_number() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        sent = await result(it, "sendMessage", {"chat_id": int(NINA), "text": "*not* bold_"})
        assert isinstance(sent["message_id"], int)
        assert sent["chat"]["id"] == int(NINA)
        assert [message["text"] for message in await shown(it)] == ["hello", "*not* bold_"]

    run(body)


def button(text: str = "Yes", **action: str) -> dict[str, Any]:
    return {"reply_markup": {"inline_keyboard": [[{"text": text, **action}]]}}


REFUSALS: list[tuple[str, dict[str, Any], int, str]] = [
    ("sendMessage", {"text": "a" * 4097}, 400, "message is too long"),
    ("sendMessage", {"text": "🙂" * 2049}, 400, "message is too long"),
    ("sendMessage", {"text": " "}, 400, "message text is empty"),
    ("sendMessage", {"text": "a_b", "parse_mode": "Markdown"}, 400, "can't parse entities"),
    ("sendMessage", {"text": "hi", **button(callback_data="é" * 33)}, 400, "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "hi", **button(callback_data="")}, 400, "BUTTON_DATA_INVALID"),
    ("sendMessage", {"text": "hi", **button(url="http://localhost/x")}, 400, "BUTTON_URL_INVALID"),
    ("sendMessage", {"text": "hi", **button(url="https://a.example/x y")}, 400, "BUTTON_URL_INVALID"),
    ("sendMessage", {"text": "hi", **button()}, 400, "exactly one"),
    ("sendMessage", {"text": "hi", "reply_markup": {"inline_keyboard": [[{"text": "x", "callback_data": "x"}]] * 101}}, 400, "too long"),
    ("sendMessage", {"text": "hi", "chat_id": 1}, 400, "chat not found"),
    ("sendPhoto", {"photo": "not an address"}, 400, "wrong file identifier"),
    ("sendPhoto", {"photo": "ftp://cdn.example.com/a.png"}, 400, "wrong file identifier"),
    ("sendDocument", {"document": "https://cdn.example.com/a.docx"}, 400, "wrong type of the web page content"),
    ("sendVenue", {"latitude": 1, "longitude": 2, "title": "Station"}, 400, "address must be non-empty"),
    ("sendVenue", {"latitude": 1, "longitude": 2, "address": "Square 1"}, 400, "title must be non-empty"),
    ("sendLocation", {"latitude": 90.5, "longitude": 2}, 400, "wrong latitude specified"),
    ("sendLocation", {"latitude": 1}, 400, "longitude is empty"),
    ("sendPhoto", {"photo": "https://cdn.example.com/a.png", "caption": "a" * 1025}, 400, "caption is too long"),
    ("sendChatAction", {"action": "dancing"}, 400, "wrong parameter action"),
    ("answerCallbackQuery", {"callback_query_id": "1"}, 400, "query is too old"),
    ("getFile", {"file_id": "nobody's"}, 400, "invalid file_id"),
    ("sendTelepathy", {}, 404, "Not Found"),
]


@pytest.mark.parametrize(("method", "params", "code", "words"), REFUSALS)
def test_the_bot_api_refuses_what_telegram_would(method: str, params: dict[str, Any], code: int, words: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        status, answer = await bot(it, method, {"chat_id": int(NINA), **params})
        assert (status, answer["ok"], answer["error_code"]) == (code, False, code)
        assert words in answer["description"]
        assert len(await shown(it)) == 1

    run(body)


def test_tokens_are_told_apart() -> None:
    async def body(it: World) -> None:
        await line(it)
        assert (await result(it, "getMe"))["username"] == "sandbox_bot"
        assert (await bot(it, "getMe", token=f"{BOT}:{'x' * 35}"))[1]["error_code"] == 401
        assert (await bot(it, "getMe", token="rubbish"))[1]["error_code"] == 404
        status, answer = await line(it, bot_token="1:" + "x" * 35)
        assert status == 400 and BOT in answer["error"]
        assert TOKEN not in json.dumps((await it.call("GET", "/control/lines"))[1])

    run(body)


async def waiting(it: World) -> list[str]:
    """The titles of the buttons that show a waiting sign."""
    cards = [card for message in await shown(it) for card in message.get("cards", [])]
    return [button["title"] for card in cards for button in card["buttons"] if button.get("waiting")]


async def asks(it: World) -> Any:
    """The bot asks something with two buttons that look alike and differ in what is behind them."""
    rows = [[{"text": "Buy", "callback_data": f"pick:{number}"}] for number in (1, 2)]
    return await result(it, "sendMessage", {"chat_id": int(NINA), "text": "Which?", "reply_markup": {"inline_keyboard": rows}})


def test_the_answer_to_an_update_is_a_call_that_telegram_makes() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        await asks(it)

        def answered(update: dict[str, Any]) -> web.Response:
            assert update["callback_query"]["data"] == "pick:2"
            method = {"method": "answerCallbackQuery", "callback_query_id": update["callback_query"]["id"], "text": "Buy"}
            return web.json_response(method)

        it.platform.says = answered
        await it.does("select", {"payload": "pick:2"}, who=NINA, provider="telegram")
        await it.until(lambda: it.ledger("phone.tap_answered"))
        assert [entry["text"] for entry in it.ledger("phone.tap_answered")] == ["Buy"]
        assert await waiting(it) == []

    run(body)


@pytest.mark.parametrize(
    "answer",
    [
        {"method": "answerCallbackQuery", "callback_query_id": "nobody's"},
        {"method": "sendTelepathy"},
        {"method": "sendMessage", "chat_id": 1, "text": "hi"},
    ],
)
def test_what_telegram_cannot_run_is_told_to_nobody_but_the_ledger(answer: dict[str, Any]) -> None:
    async def body(it: World) -> None:
        await line(it)
        it.platform.says = lambda update: web.json_response(answer)
        await does(it, "text", {"text": "hello"})
        (refused,) = it.ledger("phone.refused")
        assert refused["method"] == answer["method"]
        assert [message["status"] for message in await shown(it)] == ["delivered"]

    run(body)


@pytest.mark.parametrize("answer", [web.Response(text="OK"), web.json_response(["method"]), web.json_response({"ok": True})])
def test_an_answer_without_a_method_is_just_an_answer(answer: web.Response) -> None:
    async def body(it: World) -> None:
        await line(it)
        it.platform.says = lambda update: web.Response(body=answer.body, content_type=answer.content_type)
        await does(it, "text", {"text": "hello"})
        assert it.ledger("phone.refused") == []
        assert [message["status"] for message in await shown(it)] == ["delivered"]

    run(body)


def test_a_tap_is_a_query_that_wants_an_answer() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        keyboard = {"inline_keyboard": [[{"text": "Yes", "callback_data": "text:yes"}], [{"text": "Track", "url": "https://a.example/t"}]]}
        sent = await result(it, "sendMessage", {"chat_id": int(NINA), "text": "Well?", "reply_markup": keyboard})
        await does(it, "select", {"title": "Yes"})
        query = updates(it)[-1]["callback_query"]
        assert (query["data"], query["from"]["id"]) == ("text:yes", int(NINA))
        assert query["message"] == sent
        assert (sent["from"]["is_bot"], sent["reply_markup"]) == (True, keyboard)
        assert await waiting(it) == ["Yes"]
        too_long = {"callback_query_id": query["id"], "text": "a" * 201}
        assert await result(it, "answerCallbackQuery", {"callback_query_id": query["id"]}) is True
        assert await waiting(it) == []
        assert (await bot(it, "answerCallbackQuery", too_long))[0] == 400
        status, refusal = await it.call("POST", f"/control/phones/telegram/{NINA}/select", {"title": "Track"})
        assert status == 409 and "https://a.example/t" in refusal["error"]

    run(body)


def test_a_picture_is_fetched_by_its_handle() -> None:
    async def picture(request: web.Request) -> web.Response:
        return web.Response(body=b"\xff\xd8bytes", content_type="image/jpeg")

    async def body(it: World) -> None:
        await line(it)
        app = web.Application()
        app.router.add_get("/p.jpg", picture)
        async with TestServer(app) as server:
            await does(it, "file", {"url": str(server.make_url("/p.jpg")), "text": "roto"})
            message = updates(it)[0]["message"]
            assert (len(message["photo"]), message["caption"]) == (2, "roto")
            assert "p.jpg" not in json.dumps(message)
            path = (await result(it, "getFile", {"file_id": message["photo"][-1]["file_id"]}))["file_path"]
            async with it.http.get(f"{it.base}/telegram/file/bot{TOKEN}/{path}") as got:
                assert (got.status, got.content_type, await got.read()) == (200, "application/octet-stream", b"\xff\xd8bytes")
            async with it.http.get(f"{it.base}/telegram/file/bot{BOT}:{'x' * 35}/{path}") as got:
                assert got.status == 401

    run(body)


def test_other_things_have_telegrams_form() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "location", {"latitude": 52.3791, "longitude": 4.9003})
        for media_type in ("file", "audio", "video"):
            await does(it, "file", {"url": "http://127.0.0.1/x", "media_type": media_type})
        place, *files = (update["message"] for update in updates(it))
        assert place["location"] == {"latitude": 52.3791, "longitude": 4.9003}
        assert [next(kind for kind in ("document", "voice", "video") if kind in file) for file in files] == ["document", "voice", "video"]

    run(body)


@pytest.mark.parametrize(
    ("words", "venue"),
    [
        ({}, None),
        ({"title": "Station", "address": "Square 1"}, {"title": "Station", "address": "Square 1"}),
        ({"title": "Station"}, {"title": "Station", "address": "52.3791, 4.9003"}),
    ],
)
def test_a_place_with_a_name_is_a_venue_beside_its_location(words: dict[str, str], venue: dict[str, str] | None) -> None:
    async def body(it: World) -> None:
        await line(it)
        pin = {"latitude": 52.3791, "longitude": 4.9003}
        await does(it, "location", {**pin, **words})
        message = updates(it)[0]["message"]
        assert message["location"] == pin
        assert message.get("venue") == (venue and {"location": pin, **venue})

    run(body)


def test_the_brands_places_are_shown_with_their_names() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "where?"})
        pin = {"latitude": 52.3791, "longitude": 4.9003}
        sent = await result(it, "sendVenue", {"chat_id": int(NINA), **pin, "title": "Station", "address": "Square 1"})
        assert sent["venue"] == {"location": pin, "title": "Station", "address": "Square 1"}
        plain = await result(it, "sendLocation", {"chat_id": int(NINA), **pin, **button(callback_data="x")})
        assert ("venue" in plain, plain["location"]) == (False, pin)
        _, venue, place, buttons = await shown(it)
        assert (venue["type"], venue["title"], venue["latitude"]) == ("location", "Station, Square 1", 52.3791)
        assert (place["type"], buttons["cards"][0]["buttons"][0]["title"]) == ("location", "Yes")

    run(body)


PNG = b"\x89PNG\r\n\x1a\nbytes"


async def upload(it: World, method: str, field: str, data: bytes, name: str = "a b.png", **fields: str) -> tuple[int, Any]:
    form = FormData({"chat_id": NINA, **fields})
    form.add_field(field, data, filename=name, content_type="image/png")
    async with it.http.post(f"{it.base}/telegram/bot{TOKEN}/{method}", data=form) as response:
        return response.status, await response.json()


def test_an_uploaded_picture_is_shown_with_its_buttons() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        markup = json.dumps(button(callback_data="x")["reply_markup"])
        status, answer = await upload(it, "sendPhoto", "photo", PNG, caption="look", reply_markup=markup)
        assert (status, answer["result"]["caption"]) == (200, "look")
        card = (await shown(it))[-1]["cards"][0]
        assert (card["subtitle"], card["buttons"][0]["title"]) == ("look", "Yes")
        async with it.http.get(card["image_url"]) as got:
            assert (got.status, got.content_type, await got.read()) == (200, "image/png", PNG)

    run(body)


@pytest.mark.parametrize("method", ["sendDocument", "sendVideo", "sendAudio"])
def test_an_uploaded_file_is_a_file_that_runs_nothing(method: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        field = method.removeprefix("send").lower()
        status, answer = await upload(it, method, field, b"<script>", name="plan.html")
        assert (status, list(answer["result"])[-1]) == (200, field)
        message = (await shown(it))[-1]
        assert (message["type"], message["url"].rpartition("/")[2]) == ("file", "plan.html")
        async with it.http.get(message["url"]) as got:
            assert (got.content_type, await got.read()) == ("application/octet-stream", b"<script>")

    run(body)


@pytest.mark.parametrize(
    ("data", "code", "words"),
    [(b"no picture", 400, "IMAGE_PROCESS_FAILED"), (b"", 400, "non-empty")],
)
def test_what_is_no_picture_is_no_photo(data: bytes, code: int, words: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        status, answer = await upload(it, "sendPhoto", "photo", data)
        assert (status, words in answer["description"]) == (code, True)
        assert len(await shown(it)) == 1

    run(body)


def test_blocking_is_told_and_refuses_what_follows() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        for blocked in (True, False):
            await it.call("PUT", f"/control/phones/telegram/{NINA}/profile", {"blocked": blocked})
            status, answer = await bot(it, "sendMessage", {"chat_id": int(NINA), "text": "hi"})
            assert status == (403 if blocked else 200)
            assert answer.get("description", "") == ("Forbidden: bot was blocked by the user" if blocked else "")
        await it.platform.until(3)
        changes = [update["my_chat_member"] for update in updates(it)[1:]]
        assert [change["new_chat_member"]["status"] for change in changes] == ["kicked", "member"]
        assert all(change["new_chat_member"]["user"]["id"] == int(BOT) for change in changes)

    run(body)


def test_typing_shows_until_a_message_comes() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        assert await result(it, "sendChatAction", {"chat_id": int(NINA), "action": "typing"}) is True
        assert (await it.transcript(NINA, "telegram"))["typing"] is True
        await result(it, "sendPhoto", {"chat_id": int(NINA), "photo": "https://cdn.example.com/a.png", "caption": "look"})
        phone = await it.transcript(NINA, "telegram")
        assert phone["typing"] is False
        assert (phone["messages"][-1]["type"], phone["messages"][-1]["url"]) == ("image", "https://cdn.example.com/a.png")

    run(body)


def test_faults_speak_telegrams_language() -> None:
    async def body(it: World) -> None:
        await line(it)
        await does(it, "text", {"text": "hello"})
        for status in (429, 500):
            it.fault("telegram.send", status=status, times=1)
            got, answer = await bot(it, "sendMessage", {"chat_id": int(NINA), "text": "hi"})
            assert (got, answer["error_code"]) == (status, status)
            assert answer.get("parameters") == ({"retry_after": 1} if status == 429 else None)

    run(body)


def test_people_and_messages_are_numbers() -> None:
    async def body(it: World) -> None:
        await line(it)
        assert (await it.call("POST", "/control/phones/telegram/nina/text", {"text": "hi"}))[0] == 400
        assert (await it.call("POST", f"/control/phones/telegram/{NINA}/text", {"text": "hi", "id": "m_1"}))[0] == 400

    run(body)
