"""Telegram's webhooks: what setWebhook takes and refuses, what waits meanwhile, what getWebhookInfo tells of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sandbox.kernel import now_ms
from tests.sandbox.phones_world import World, run
from tests.sandbox.test_phones_telegram import NINA, bot, does, line, result, updates


async def webhook(it: World, method: str = "setWebhook", **fields: Any) -> tuple[int, Any]:
    return await bot(it, method, fields)


async def info(it: World) -> Any:
    return await result(it, "getWebhookInfo")


def test_updates_come_as_set_webhook_says_and_to_where() -> None:
    async def body(it: World) -> None:
        await line(it, callback_url="", secret_token="")
        url = it.platform.url + "/hook"
        answer = await webhook(it, url=url, secret_token="abc", allowed_updates=["message"], max_connections=500)
        assert answer == (200, {"ok": True, "result": True, "description": "Webhook was set"})
        assert (await webhook(it, url=url, secret_token="abc", max_connections=100))[1]["description"] == "Webhook is already set"
        await does(it, "text", {"text": "heard"})
        await it.call("PUT", f"/control/phones/telegram/{NINA}/profile", {"blocked": True})
        (call,) = it.platform.received
        assert (call.path, call.headers["X-Telegram-Bot-Api-Secret-Token"]) == ("/hook", "abc")
        shown = {"url": url, "has_custom_certificate": False, "pending_update_count": 0, "max_connections": 100}
        assert await info(it) == {**shown, "allowed_updates": ["message"]}
        assert it.ledger("callback.unsubscribed")[-1]["field"] == "my_chat_member"

    run(body)


def test_the_kinds_of_updates_are_remembered_and_an_empty_list_is_the_default() -> None:
    async def body(it: World) -> None:
        await line(it, callback_url="")
        url = it.platform.url + "/hook"
        await webhook(it, url=url, allowed_updates=["message", "telepathy"])
        await webhook(it, url=url)
        assert (await info(it))["allowed_updates"] == ["message"]
        await webhook(it, url=url, allowed_updates=json.dumps(["callback_query"]))
        assert (await info(it))["allowed_updates"] == ["callback_query"]
        await webhook(it, url=url, allowed_updates=[])
        assert "allowed_updates" not in await info(it)

    run(body)


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"url": "http://connect.example.com/hook"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "ftp://localhost/hook"}, "bad webhook: An HTTPS URL must be provided for webhook"),
        ({"url": "https://connect.example.com:8000/hook"}, "bad webhook: Webhook can be set up only on ports 80, 88, 443 or 8443"),
        ({"url": "https://connect.example.com:x/hook"}, "bad webhook: invalid webhook URL specified"),
        ({"url": "http://127.0.0.1:1/hook", "secret_token": "with blanks"}, "secret token contains unallowed characters"),
        ({"url": "http://127.0.0.1:1/hook", "allowed_updates": "[message"}, "can't parse allowed_updates JSON object"),
    ],
)
def test_what_cannot_be_a_webhook_is_refused_and_the_old_one_stays(fields: dict[str, str], words: str) -> None:
    async def body(it: World) -> None:
        await line(it)
        status, answer = await webhook(it, **fields)
        assert (status, answer["description"]) == (400, f"Bad Request: {words}")
        assert (await info(it))["url"] == it.platform.url + "/callbacks"

    run(body)


def test_what_happens_without_a_webhook_waits_for_the_next() -> None:
    async def body(it: World) -> None:
        await line(it)
        assert (await webhook(it, "deleteWebhook"))[1]["description"] == "Webhook was deleted"
        assert (await webhook(it, "deleteWebhook"))[1]["description"] == "Webhook is already deleted"
        await does(it, "text", {"text": "one"})
        await does(it, "text", {"text": "two"})
        assert (it.platform.received, await info(it)) == ([], {"url": "", "has_custom_certificate": False, "pending_update_count": 2})
        await webhook(it, url=it.platform.url + "/hook")
        await it.platform.until(2)
        assert [update["message"]["text"] for update in updates(it)] == ["one", "two"]
        assert (await info(it))["pending_update_count"] == 0

    run(body)


@pytest.mark.parametrize("method", ["setWebhook", "deleteWebhook"])
def test_what_waits_can_be_dropped(method: str) -> None:
    async def body(it: World) -> None:
        # given one update that waits for its next try, and one that waits behind it
        await line(it)
        it.platform.answers = [500] * 100
        for text in ("one", "two"):
            await it.does("text", {"text": text}, who=NINA, provider="telegram")
        await it.platform.until(1)
        assert (await info(it))["pending_update_count"] == 2
        # when
        url = it.platform.url + "/hook" if method == "setWebhook" else ""
        await webhook(it, method, url=url, drop_pending_updates=True)
        # then
        it.platform.answers = []
        assert (await info(it))["pending_update_count"] == 0
        await webhook(it, url=it.platform.url + "/hook")
        await does(it, "text", {"text": "three"})
        assert updates(it)[-1]["message"]["text"] == "three"
        assert "two" not in [update["message"]["text"] for update in updates(it)]

    run(body, time_scale=1)


@pytest.mark.parametrize(("status", "words"), [(403, "Wrong response from the webhook: 403 Forbidden"), (0, "Connection refused")])
def test_the_last_failure_is_told_until_the_webhook_is_set_anew(status: int, words: str) -> None:
    async def body(it: World) -> None:
        await line(it, **({} if status else {"callback_url": "http://127.0.0.1:1/nobody"}))
        it.platform.answers = [status] * 100
        await it.does("text", {"text": "hello"}, who=NINA, provider="telegram")
        await it.until(lambda: it.ledger("callback.failed"))
        shown = await info(it)
        assert (shown["pending_update_count"], shown["last_error_message"]) == (1, words)
        assert abs(shown["last_error_date"] - now_ms() // 1000) < 60
        it.platform.answers = []
        await webhook(it, url=it.platform.url + "/elsewhere")
        assert "last_error_message" not in await info(it)
        await it.until(lambda: it.ledger("callback.delivered"))
        assert it.platform.received[-1].path == "/elsewhere"

    run(body, time_scale=0.05)
