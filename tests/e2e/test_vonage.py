"""Vonage through every part: words and pictures both ways, choices, reports, the stop word, the close, and secrets that are nowhere to be read."""

from __future__ import annotations

import base64
import re
from typing import Any

import psycopg
import pytest

from stack.channels.vonage import VONAGE_NUMBER
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
        for number, title, words in (("q-1", "Sí 📦", "sí, por favor"), ("q-2", "No", "no"))
    ],
}


def test_words_travel_both_ways_and_long_ones_in_parts(live: LiveStack) -> None:
    # given a consumer who asks
    consumer, agent = meet(live, "vonage", "31612346001", "¿Dónde está mi pedido? 📦 <7781>")

    # when the agent answers, also at length
    long = " ".join(f"word{number}" for number in range(300))
    agent.does("text", text="Grüezi")
    agent.does("text", text=long)

    # then all of it arrives in order, and the agent sees that it did
    wait_until(lambda: " ".join(consumer.received()) == f"Grüezi {long}", 60, "every word should arrive")
    assert all(len(text) <= 1000 for text in consumer.received())
    agent.learns("Grüezi", "accept")
    agent.learns(long, "accept")
    assert agent.status_of(long)["read"] is None, "SMS tells nobody who has read what"


def test_pictures_travel_both_ways(live: LiveStack) -> None:
    # given a picture of the consumer, which Vonage gives out for a token only
    consumer, agent = meet(live, "vonage", "31612346002", "it arrived like this")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="broken")
    picture = wait_until(
        lambda: next((message for message in agent.conversation()["messages"] if message["type"] == "file"), None), 60, "a file should come"
    )
    assert (picture["role"], picture["text"]) == ("CONSUMER", "broken")

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
    consumer, agent = meet(live, "vonage", "31612346003", "hello")
    agent.does("text", text="Again?", quickReplies=QUESTION)
    consumer.sees("Again?\n1) Sí 📦\n2) No")
    agent.learns("Again?", "accept")
    consumer.does("text", text="1")
    agent.hears("hello", "sí, por favor")
    clicked = next(message for message in agent.conversation()["messages"] if message["text"] == "sí, por favor")
    assert "q-1" in str(clicked), "the agent's side hears which choice it was"


def test_a_failure_is_shown_with_its_reason(live: LiveStack) -> None:
    consumer, agent = meet(live, "vonage", "31612346004", "hello")
    live.control.request("PUT", "phones/vonage/31612346004/profile", json={"blocked": True})
    agent.does("text", text="are you still there?")
    (state, detail) = wait_until(lambda: _outcome(live, "are you still there?"), 60, "the message should fail")
    assert state == "dead"
    assert "opted out with STOP" in detail
    assert consumer.received() == []


def test_what_vonage_refuses_for_now_goes_out_later(live: LiveStack) -> None:
    consumer, agent = meet(live, "vonage", "31612346005", "hello")
    live.control.request("PUT", "faults", json={"rules": [{"target": "vonage.send", "status": 429, "retry_after_s": 1, "times": 1}]})
    agent.does("text", text="in a moment")
    consumer.sees("in a moment")
    agent.learns("in a moment", "accept")


def test_the_brands_own_stop_word_is_obeyed_until_start(live: LiveStack) -> None:
    consumer, agent = meet(live, "vonage", "31612346006", "hello")
    consumer.does("text", text="arret")
    wait_until(lambda: "[the consumer wants no more messages]" in agent.heard(), 60, "the agent should read of it")
    agent.does("text", text="are you sure?")
    wait_until(lambda: _outcome(live, "are you sure?"), 60, "the message should have an outcome")
    assert consumer.received() == []
    consumer.does("text", text="START")
    wait_until(lambda: "[the consumer wants messages again]" in agent.heard(), 60, "the agent should read of it")
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack) -> None:
    consumer, agent = meet(live, "vonage", "31612346007", "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")
    Agent(live, consumer.conversation()["conversationId"]).hears("after")


def test_the_sms_api_carries_words_both_ways(live: LiveStack) -> None:
    # given a number that still uses Vonage's older API
    account = {"api": "sms", "signature_method": "md5hash"} | {
        name: live.keys.derive(f"old vonage {name}") for name in ("api_key", "api_secret", "signature_secret")
    }
    channel = live.api.ensure(
        "channels/",
        {"brand": live.demo.brand["id"], "name": "Vonage SMS API", "provider": "vonage"},
        {"liveperson_app": live.demo.liveperson_app["id"], "config": {**account, "sender": "15550111"}},
    )
    urls = {"inbound_url": f"{channel['callback_url']}/inbound", "status_url": f"{channel['callback_url']}/status"}
    live.control.request("PUT", "lines/vonage/15550111", json={**account, **urls, "webhook_format": "POST", "country": "US"})

    # when both write, the agent also beyond one SMS and beyond the GSM alphabet
    consumer, agent = meet(live, "vonage", "31612346009", "¿a=b & c?", line="15550111")
    long = "ça va 📦 " * 20
    agent.does("text", text=long)

    # then no letter is lost, and the report on the last SMS counts
    consumer.sees(long.strip())
    agent.learns(long, "accept")
    consumer.does("text", text="y" * 200)
    agent.hears("¿a=b & c?", "(1/2) " + "y" * 153, "(2/2) " + "y" * 47)


def test_the_operator_tests_the_connection(live: LiveStack) -> None:
    tested = live.api.request("POST", f"channels/{live.demo.vonage['id']}/test/")
    assert f"Connected to application “{live.demo.vonage['name']}” for {VONAGE_NUMBER}." in str(tested)


def _outcome(live: LiveStack, text: str) -> tuple[str, str] | None:
    """State and detail of the agent's message, once it failed."""
    with psycopg.connect(live.backing.database_url) as connection:
        return connection.execute(
            "SELECT state, detail FROM webhooks_app_event WHERE content->>'text' = %s AND state = 'dead'", [text]
        ).fetchone()


def test_no_secret_is_in_any_log_attempt_or_event(live: LiveStack) -> None:
    written = live.logs() + str(live.api.request("GET", "events/")["results"])
    with psycopg.connect(live.backing.database_url) as connection:
        written += str(connection.execute("SELECT attempt::text FROM webhooks_app_attempt AS attempt").fetchall())
        written += str(connection.execute("SELECT convert_from(raw, 'UTF8'), content::text FROM webhooks_app_event").fetchall())
    assert "/v1/messages" in written
    private = live.keys.demo_key_pair()[0].splitlines()[1]
    for secret in (private, *(live.keys.derive(f"vonage {name}") for name in ("api_key", "api_secret", "signature_secret"))):
        assert secret not in written
    assert not re.search(r"Bearer ey", written)
