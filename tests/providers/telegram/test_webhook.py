"""The webhook: what Telegram is told, what is left alone, what "Test connection" says of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault
from tests.providers.contract.cases import drive
from tests.providers.telegram.case import CASE, CONFIG, SECRET, TOKEN, answer, refusal, result

OURS = CASE.context().callback_url
UPDATES = ["message", "edited_message", "callback_query", "my_chat_member", "message_reaction"]


def asked(what: str, *, webhook: Any = None, answer_of: HttpResponse | None = None) -> tuple[str, list[tuple[str, Any]]]:
    """What the operator is told, and the calls, at a Telegram that has ``webhook``; ``answer_of`` is its answer to any change."""

    def far_side(call: HttpCall, number: int) -> HttpResponse:
        if call.url.endswith("/getWebhookInfo"):
            return result(webhook)
        return answer(call, number) if call.url.endswith("/getMe") else answer_of or result(True)

    steps = getattr(CASE.provider, what)(CONFIG, CASE.context())
    said, calls = drive(CASE.provider, steps, far_side)
    assert not any(call.effect for call in calls)
    assert all(secret not in said for secret in CASE.secrets)
    prefix = f"https://api.telegram.org/bot{TOKEN}/"
    return said, [(call.url.removeprefix(prefix), json.loads(call.body)) for call in calls]


def test_registering_tells_the_address_the_secret_and_what_is_wanted_and_drops_nothing() -> None:
    said, calls = asked("register_webhook")
    fields = {"url": OURS, "secret_token": SECRET, "allowed_updates": UPDATES, "max_connections": 40, "drop_pending_updates": False}
    assert calls == [("setWebhook", fields)]
    assert said == f"Telegram sends this bot's updates to {OURS}."


def test_everything_that_becomes_an_event_is_asked_for() -> None:
    handled = {name.partition(".")[0] for name, what in CASE.provider.event_types.items() if not what.startswith("ignored")}
    assert handled == set(UPDATES)


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (refusal(400, "Bad Request: bad webhook: An HTTPS URL must be provided for webhook"), ConfigurationError, "https"),
        (refusal(401, "Unauthorized"), CredentialsRejected, "token"),
    ],
)
def test_a_refused_webhook_tells_the_operator_what_to_do(response: HttpResponse, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        asked("register_webhook", answer_of=response)


def test_removing_keeps_what_waits() -> None:
    said, calls = asked("remove_webhook", webhook={"url": OURS})
    assert calls == [("getWebhookInfo", {}), ("deleteWebhook", {"drop_pending_updates": False})]
    assert said.startswith("Telegram sends this bot's updates here no more")


@pytest.mark.parametrize(("url", "words"), [("", "no webhook"), ("https://elsewhere.example.com/hook", "left as it is")])
def test_removing_leaves_alone_what_is_not_ours(url: str, words: str) -> None:
    said, calls = asked("remove_webhook", webhook={"url": url})
    assert [method for method, _ in calls] == ["getWebhookInfo"]
    assert words in said


@pytest.mark.parametrize(
    ("webhook", "expected"),
    [
        ({"url": OURS, "allowed_updates": UPDATES}, "Connected to @acme_care_bot."),
        ({"url": OURS, "allowed_updates": UPDATES, "pending_update_count": 2}, "Connected to @acme_care_bot."),
        ({"url": ""}, "no webhook is set"),
        (None, "no webhook is set"),
        ({"url": "https://elsewhere.example.com/hook"}, "its webhook is another address"),
        ({"url": OURS, "allowed_updates": UPDATES[:1]}, "leaves out callback_query, edited_message, message_reaction, my_chat_member"),
        ({"url": OURS}, "leaves out message_reaction"),
        (
            {
                "url": OURS,
                "allowed_updates": UPDATES,
                "pending_update_count": 7,
                "last_error_date": 1793001540,
                "last_error_message": f"Wrong response from the webhook: 403 Forbidden {SECRET}",
            },
            "updates wait there (7): a callback was answered HTTP 403 at 2026-10-26 07:59 UTC.",
        ),
        (
            {
                "url": OURS,
                "allowed_updates": UPDATES,
                "pending_update_count": 1,
                "last_error_date": 1793001540,
                "last_error_message": "Connection refused",
            },
            "updates wait there (1): a callback failed at 2026-10-26 07:59 UTC.",
        ),
    ],
)
def test_the_check_names_the_bot_and_what_is_wrong_with_the_webhook(webhook: Any, expected: str) -> None:
    said, _ = asked("check", webhook=webhook)
    assert said.startswith("Connected to @acme_care_bot")
    assert expected in said


def test_an_answer_that_names_nobody_is_telegrams_fault() -> None:
    with pytest.raises(ServerFault):
        drive(CASE.provider, CASE.provider.check(CONFIG, CASE.context()), lambda *_: result({"id": 1}))
