"""Telegram through every part: words, a picture, a tap, typing, the block, and a token that is nowhere to be read."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from stack.demo import BOT_ID, bot_token
from stack.parts import session
from tests.e2e.people import Agent, Consumer, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

QUESTION: dict[str, Any] = {
    "type": "quickReplies",
    "itemsPerRow": 8,
    "replies": [
        {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words}]}}
        for title, words in (("Sí 📦", "sí, por favor"), ("No", "no"))
    ],
}


def test_words_travel_both_ways_and_long_ones_in_parts(live: LiveStack) -> None:
    # given a consumer who came by a link and asks
    consumer = Consumer(live, "telegram", "7012340001")
    consumer.does("text", text="/start order-7781")
    consumer.does("text", text="¿Dónde está mi pedido? 📦 <7781>")
    agent = Agent(live, consumer.conversation()["conversationId"])
    agent.hears("[came through the link “order-7781”]", "¿Dónde está mi pedido? 📦 <7781>")

    # when the agent answers, also at length
    long = " ".join(f"word{number}" for number in range(700))
    agent.does("text", text="*On* its_way <b>")
    agent.does("text", text=long)

    # then all of it arrives in order, nothing is formatted, and the agent sees that it was taken
    wait_until(lambda: " ".join(consumer.received()) == f"*On* its_way <b> {long}", 60, "every word should arrive")
    assert len(consumer.received()) == 3
    agent.learns("*On* its_way <b>", "accept")
    assert agent.status_of("*On* its_way <b>")["read"] is None, "Telegram tells nobody who has read what"


def test_a_picture_reaches_the_agent_as_a_file(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340002", "it arrived like this")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="broken")
    picture = wait_until(
        lambda: next((message for message in agent.conversation()["messages"] if message["type"] == "file"), None), 60, "a file should come"
    )
    assert (picture["role"], picture["text"]) == ("CONSUMER", "broken")


def test_what_cannot_be_shown_is_told(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340003", "listen")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", media_type="audio")
    wait_until(lambda: "voice message" in agent.heard()[-1], 60, "the agent should read of a voice message")


def test_a_tapped_reply_reaches_the_agent_as_its_words(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340004", "hello")
    agent.does("text", text="Again?", quickReplies=QUESTION)
    consumer.sees("Again?")
    consumer.does("select", title="Sí 📦")
    agent.hears("hello", "sí, por favor")


def test_a_tap_is_answered_in_the_answer_to_its_callback(live: LiveStack) -> None:
    person = {"id": 7012340005, "is_bot": False, "first_name": "Nina"}
    chat = {"id": 7012340005, "first_name": "Nina", "type": "private"}
    query = {"id": "4382", "from": person, "message": {"message_id": 1, "chat": chat, "date": 0}, "data": "text:yes"}
    secret = {"X-Telegram-Bot-Api-Secret-Token": live.keys.derive("telegram secret_token")}
    url = live.demo.telegram["callback_url"]
    with session() as local:
        refused = local.post(url, json={"update_id": 1, "callback_query": query}, headers={**secret, next(iter(secret)): "x"}, timeout=30)
        answer = local.post(url, json={"update_id": 1, "callback_query": query}, headers=secret, timeout=30)
    assert refused.status_code == 403
    assert answer.json() == {"method": "answerCallbackQuery", "callback_query_id": "4382"}


def test_typing_is_shown(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340006", "are you there?")
    agent.does("typing", on=True)
    wait_until(lambda: consumer.phone()["typing"], 20, "the phone should show that the agent types")


def test_who_blocks_the_bot_is_written_to_no_more(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340007", "hello")
    live.control.request("PUT", "phones/telegram/7012340007/profile", json={"blocked": True})
    wait_until(lambda: "[the consumer wants no more messages]" in agent.heard(), 60, "the agent should read of the block")
    agent.does("text", text="are you still there?")
    wait_until(lambda: _outcomes(live, "are you still there?"), 60, "the message should have an outcome")
    assert consumer.received() == []
    refused = live.control.request("GET", "ledger", params={"kind": "phone.refused"})["effects"]
    assert [entry for entry in refused if entry["provider"] == "telegram"] == [], "Telegram was not even asked"


def _outcomes(live: LiveStack, text: str) -> list[Any]:
    with psycopg.connect(live.backing.database_url) as connection:
        return connection.execute(
            "SELECT state FROM webhooks_app_event WHERE content->>'text' = %s AND state NOT IN ('pending', 'running')", [text]
        ).fetchall()


def test_the_token_is_in_no_log_attempt_or_event(live: LiveStack) -> None:
    written = live.logs() + str(live.api.request("GET", "events/")["results"])
    with psycopg.connect(live.backing.database_url) as connection:
        attempts = connection.execute("SELECT attempt::text FROM webhooks_app_attempt AS attempt").fetchall()
        events = connection.execute("SELECT convert_from(raw, 'UTF8'), content::text FROM webhooks_app_event").fetchall()
    assert any("/bot***/sendMessage" in row for (row,) in attempts)
    assert any("/bot***/getFile" in row for (row,) in attempts)
    written += str(attempts) + str(events)
    for secret in (bot_token(live.keys), bot_token(live.keys).removeprefix(f"{BOT_ID}:"), live.keys.derive("telegram secret_token")):
        assert secret not in written
