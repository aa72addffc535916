"""Plivo through every part: words and pictures both ways, choices, reports, STOP, the close, and a token that is nowhere to be read."""

from __future__ import annotations

import base64
from typing import Any

import psycopg
import pytest

from stack.channels.plivo import PLIVO_NUMBER
from stack.parts import session
from tests.e2e.people import Agent, meet
from tests.e2e.test_conversation import PNG
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

QUESTION: dict[str, Any] = {
    "type": "quickReplies",
    "itemsPerRow": 8,
    "replies": [
        {
            "type": "button",
            "title": title,
            "click": {"metadata": [{"type": "ExternalId", "id": number}], "actions": [{"type": "publishText", "text": words}]},
        }
        for number, title, words in (("q-1", "Yes", "yes, please"), ("q-2", "No", "no, thanks"))
    ],
}


def test_words_travel_both_ways_and_long_ones_in_parts(live: LiveStack) -> None:
    # given a consumer who asks
    consumer, agent = meet(live, "plivo", "15550121001", "Where is my order? 📦 <7781> & more")

    # when the agent answers, also at length
    long = " ".join(f"word{number}" for number in range(300))
    agent.does("text", text="Grüezi")
    agent.does("text", text=long)

    # then all of it arrives in order, and the agent sees that it did, by the report on the last part of each
    wait_until(lambda: " ".join(consumer.received()) == f"Grüezi {long}", 60, "every word should arrive")
    assert all(len(text) <= 1600 for text in consumer.received())
    agent.learns("Grüezi", "accept")
    agent.learns(long, "accept")
    assert agent.status_of(long)["read"] is None, "SMS tells nobody who has read what"


def test_pictures_travel_both_ways(live: LiveStack) -> None:
    # given a picture of the consumer, which Plivo gives out for the log-in only, from its storage
    consumer, agent = meet(live, "plivo", "15550121002", "it arrived like this")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="broken")
    picture = wait_until(
        lambda: next((message for message in agent.conversation()["messages"] if message["type"] == "file"), None), 60, "a file should come"
    )
    assert picture["role"] == "CONSUMER"
    assert "broken" in agent.heard()

    # when the agent sends one
    agent.does("file", data_base64=base64.b64encode(PNG).decode(), fileType="PNG", caption="the shoe")

    # then it is an MMS, from an address of ours
    shown = wait_until(
        lambda: next(
            (message for message in consumer.phone()["messages"] if message["type"] == "image" and message["direction"] == "in"), None
        ),
        60,
        "the picture should arrive",
    )
    assert shown["text"] == "the shoe"
    with session() as browser:
        assert browser.get(shown["url"].replace("localhost", "127.0.0.1"), timeout=10).content == PNG


def test_a_numbered_choice_is_answered_by_its_number(live: LiveStack) -> None:
    consumer, agent = meet(live, "plivo", "15550121003", "hello")
    agent.does("text", text="Again?", quickReplies=QUESTION)
    consumer.sees("Again?\n1) Yes\n2) No")
    agent.learns("Again?", "accept")
    consumer.does("text", text="2")
    agent.hears("hello", "no, thanks")
    clicked = next(message for message in agent.conversation()["messages"] if message["text"] == "no, thanks")
    assert clicked["metadata"] == [{"id": "q-2", "type": "ExternalId"}]


def test_stop_is_obeyed_until_start(live: LiveStack) -> None:
    consumer, agent = meet(live, "plivo", "15550121004", "hello")
    consumer.does("text", text="STOP")
    wait_until(lambda: "[the consumer wants no more messages]" in agent.heard(), 60, "the agent should read of it")
    agent.does("text", text="are you sure?")
    wait_until(lambda: _outcome(live, "are you sure?"), 60, "the message should have an outcome")
    assert consumer.received() == []
    consumer.does("text", text="START")
    wait_until(lambda: "[the consumer wants messages again]" in agent.heard(), 60, "the agent should read of it")
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_a_failure_is_shown_with_its_reason(live: LiveStack) -> None:
    consumer, agent = meet(live, "plivo", "15550121005", "hello")
    live.control.request("PUT", "phones/plivo/15550121005/profile", json={"blocked": True})
    agent.does("text", text="are you still there?")
    (state, detail) = wait_until(lambda: _outcome(live, "are you still there?"), 60, "the message should fail")
    assert state == "dead"
    assert "opted out with STOP" in detail
    assert consumer.received() == []


def test_what_plivo_refuses_for_now_goes_out_later(live: LiveStack) -> None:
    consumer, agent = meet(live, "plivo", "15550121006", "hello")
    live.control.request("PUT", "faults", json={"rules": [{"target": "plivo.send", "status": 429, "retry_after_s": 1, "times": 1}]})
    agent.does("text", text="in a moment")
    consumer.sees("in a moment")
    agent.learns("in a moment", "accept")


def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack) -> None:
    consumer, agent = meet(live, "plivo", "15550121007", "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")
    Agent(live, consumer.conversation()["conversationId"]).hears("after")


def test_the_operator_tests_the_connection(live: LiveStack) -> None:
    tested = live.api.request("POST", f"channels/{live.demo.plivo['id']}/test/")
    assert f"Connected to {live.demo.plivo['name']} for {PLIVO_NUMBER}." in str(tested)


def _outcome(live: LiveStack, text: str) -> tuple[str, str] | None:
    """State and detail of the agent's message, once it failed."""
    with psycopg.connect(live.backing.database_url) as connection:
        return connection.execute(
            "SELECT state, detail FROM webhooks_app_event WHERE content->>'text' = %s AND state = 'dead'", [text]
        ).fetchone()


def test_the_token_is_in_no_log_attempt_or_event(live: LiveStack) -> None:
    written = live.logs() + str(live.api.request("GET", "events/")["results"])
    with psycopg.connect(live.backing.database_url) as connection:
        written += str(connection.execute("SELECT attempt::text FROM webhooks_app_attempt AS attempt").fetchall())
        written += str(connection.execute("SELECT convert_from(raw, 'UTF8'), content::text FROM webhooks_app_event").fetchall())
    assert "/Message/" in written
    token = live.keys.derive("plivo auth_token")
    assert token not in written
    assert base64.b64encode(token.encode()).decode()[:-4] not in written
