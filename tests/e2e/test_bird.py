"""Bird through every part: words, pictures both ways, a numbered menu and its answer, receipts, opt-out here and there, close."""

from __future__ import annotations

import base64
import re
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest

from sandbox.phones.bird import signature
from stack.channels.bird import BIRD_NUMBER
from stack.parts import session
from tests.e2e.people import Agent, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
CLICK = [{"type": "ExternalId", "id": "choice-later"}]
QUESTION: dict[str, Any] = {
    "type": "vertical",
    "elements": [
        {"type": "text", "text": "When shall we come?"},
        *[
            {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words}], "metadata": metadata}}
            for title, words, metadata in (("Today", "today, please", []), ("Later", "later this week", CLICK))
        ],
    ],
}


def outcome(live: LiveStack, text: str) -> tuple[str, str, str] | None:
    """State, outcome and detail of the agent's message ``text``, once it has an end."""
    with psycopg.connect(live.backing.database_url) as connection:
        found = connection.execute(
            "SELECT state, outcome, detail FROM webhooks_app_event WHERE content->>'text' = %s AND direction = 'o'", [text]
        ).fetchone()
    return found if found and found[0] in ("dead", "unknown") else None


def test_words_travel_both_ways_and_delivery_is_shown(live: LiveStack) -> None:
    # given a consumer who texts twice
    consumer, agent = meet(live, "bird", "+31612360001", "Where is my order? 📦")
    consumer.does("text", text="It is 7781\nthank you")
    agent.hears("Where is my order? 📦", "It is 7781\nthank you")

    # when the agent answers, also at length
    long = " ".join(f"word{number}" for number in range(200))
    agent.does("text", text="Grüezi")
    agent.does("text", text=long)

    # then all of it arrives in order, and the agent sees that it did
    wait_until(lambda: " ".join(consumer.received()) == f"Grüezi {long}", 60, "every word should arrive")
    assert all(message["segments"]["count"] <= 9 for message in consumer.phone()["messages"])
    agent.learns("Grüezi", "accept")
    agent.learns(long, "accept")
    assert agent.status_of("Grüezi")["read"] is None, "SMS knows no read"


def test_pictures_cross_both_ways_as_mms(live: LiveStack) -> None:
    # given a consumer who sends a picture with words
    consumer, agent = meet(live, "bird", "+31612360002", "look")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="it arrived like this")

    # then the agent has the words and the picture itself, which lies behind the key at Bird
    wait_until(
        lambda: [message["type"] for message in agent.conversation()["messages"]] == ["text", "text", "file"], 60, "a file should come"
    )

    # when the agent sends one
    agent.does("file", data_base64=base64.b64encode(PNG).decode(), fileType="PNG", caption="a new one is on its way")

    # then the phone has it as a picture, on an address that gives the very bytes
    def picture() -> dict[str, Any] | None:
        return next(
            (message for message in consumer.phone()["messages"] if message["type"] == "image" and message["direction"] == "in"), None
        )

    shown = wait_until(picture, 60, "the picture should arrive")
    assert shown["text"] == "a new one is on its way"
    with session() as browser:
        assert browser.get(shown["url"].replace("localhost", "127.0.0.1"), timeout=10).content == PNG


def test_the_number_of_a_choice_is_the_choice(live: LiveStack) -> None:
    # given a question with two buttons, which SMS can only number
    consumer, agent = meet(live, "bird", "+31612360003", "my heating is broken")
    agent.does("rich", content=QUESTION)
    consumer.sees("When shall we come?\n1) Today\n2) Later")

    # when the consumer answers the second
    consumer.does("text", text="2")

    # then the agent reads what it says, and LivePerson hears of the click with the button's own metadata
    agent.hears("my heating is broken", "later this week")
    said = [message for message in agent.conversation()["messages"] if message["text"] == "later this week"]
    assert said[0]["metadata"] == CLICK


def test_what_the_network_could_not_deliver_is_told_with_its_reason(live: LiveStack) -> None:
    consumer, agent = meet(live, "bird", "+31612360004", "hello")
    live.control.request(
        "PUT",
        f"lines/bird/{BIRD_NUMBER}",
        json={
            "name": live.demo.bird["name"],
            "access_key": live.keys.derive("bird access_key"),
            "signing_key": live.keys.derive("bird signing_key"),
            "receive_url": f"{live.demo.bird['callback_url']}/receive",
            "mms": True,
            "auto_delivered": False,
        },
    )
    agent.does("text", text="can you hear me?")
    consumer.sees("can you hear me?")
    consumer.does("delivered", status="failed")
    state, code, detail = wait_until(lambda: outcome(live, "can you hear me?"), 60, "the failure should be known")
    assert (state, code) == ("dead", "failed_at_vendor")
    assert "switched off or out of reach" in detail
    wait_until(lambda: agent.status_of("can you hear me?").get("nack"), 60, "LivePerson should be told")


def test_who_opted_out_at_bird_is_known_from_the_report(live: LiveStack) -> None:
    # given a consumer who had sent STOP to Bird itself
    _, agent = meet(live, "bird", "+31612360005", "hello")
    live.control.request("PUT", "phones/bird/+31612360005/profile", json={"blocked": True})

    # when the agent writes, then Bird takes the message and reports that it will not be delivered
    agent.does("text", text="are you there?")
    state, code, detail = wait_until(lambda: outcome(live, "are you there?"), 60, "the failure should be known")
    assert (state, code) == ("dead", "failed_at_vendor")
    assert "opted out" in detail
    agent.hears("hello", "[the consumer wants no more messages]")

    # when the agent writes again, then it does not go out
    agent.does("text", text="hello?")
    state, code, _ = wait_until(lambda: outcome(live, "hello?"), 60, "the message should have an end")
    assert (state, code) == ("dead", "recipient_gone")


def test_after_stop_nothing_is_sent_until_start(live: LiveStack) -> None:
    # given a consumer who wants no more
    consumer, agent = meet(live, "bird", "+31612360006", "hello")
    consumer.does("text", text="Stop")
    agent.hears("hello", "[the consumer wants no more messages]")

    # when the agent writes all the same, then it does not go out
    agent.does("text", text="just one thing")
    wait_until(lambda: outcome(live, "just one thing"), 60, "the message should have an end")
    assert consumer.received() == []

    # when the consumer wants messages again, then they do
    consumer.does("text", text="START")
    agent.hears("hello", "[the consumer wants no more messages]", "[the consumer wants messages again]")
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack) -> None:
    consumer, agent = meet(live, "bird", "+31612360007", "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")
    second = Agent(live, consumer.conversation()["conversationId"])
    second.hears("after")


def test_only_what_is_signed_for_this_address_is_taken(live: LiveStack) -> None:
    # given messages to this number and to another one of the account
    consumer, agent = meet(live, "bird", "+31612360008", "for you")
    url, key = f"{live.demo.bird['callback_url']}/receive", live.keys.derive("bird signing_key")
    mine, other = (
        urlencode({"id": f"own-{number}", "originator": "31612360008", "recipient": number, "body": words}).encode()
        for number, words in ((BIRD_NUMBER, "and this"), ("15559999999", "for somebody else"))
    )

    # when they come with the wrong token, with one for another address, and with the right one
    with session() as local:
        for signed, status in (("https://elsewhere.example/receive", 401), (url, 200)):
            for body in (other, mine):
                headers = {"Content-Type": "application/x-www-form-urlencoded", **signature(key, signed, body)}
                assert local.post(url, data=body, headers=headers, timeout=30).status_code == status
        assert local.post(url, data=mine, headers=signature("x" * 32, url, mine), timeout=30).status_code == 401

    # then only this number's reaches the agent, once
    agent.hears("for you", "and this")
    assert consumer.received() == []


def test_neither_key_nor_password_is_in_any_log_attempt_or_event(live: LiveStack) -> None:
    written = live.logs() + str(live.api.request("GET", "events/")["results"])
    with psycopg.connect(live.backing.database_url) as connection:
        attempts = str(connection.execute("SELECT attempt::text FROM webhooks_app_attempt AS attempt").fetchall())
    assert re.search(r"/bird/messages", attempts)
    for name in ("bird access_key", "bird signing_key"):
        assert live.keys.derive(name) not in written + attempts
