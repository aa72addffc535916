"""Killing every part with SIGKILL while messages are on their way: nothing is lost, nothing changes places, doubles are marked."""

from __future__ import annotations

import threading
import time
from collections import Counter, defaultdict
from typing import Any

import psycopg
import pytest

from stack import demo
from tests.e2e.conftest import SHORT
from tests.e2e.people import Agent, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

CONVERSATIONS = 50
MESSAGES = 10
ANSWERS = 5


def effects(live: LiveStack, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live.control.request("GET", "ledger", params={"kind": kind})["effects"]
    return found


def write_all(live: LiveStack) -> list[threading.Thread]:
    """50 people who write 10 messages each, all at once."""
    failures: list[BaseException] = []

    def write(person: int) -> None:
        try:
            for number in range(MESSAGES):
                body = {"text": f"c{person}-{number}"}
                live.control.request("POST", f"phones/messenger/2450000000{person:04d}/text", json=body)
                time.sleep(0.2 + (person % 7) * 0.05)
        except BaseException as error:
            failures.append(error)
            raise

    threads = [threading.Thread(target=write, args=(person,)) for person in range(CONVERSATIONS)]
    for thread in threads:
        thread.start()
    return threads


def kill_everything_in_turn(live: LiveStack) -> None:
    for part in (live.workers[0], live.web, live.redis, live.postgres):
        part.kill9()
        time.sleep(0.7)
        part.restart()
        time.sleep(1.2)


def assert_once_in_order_or_marked(said: dict[str, list[str]], expected: dict[str, list[str]], marked: Counter[str]) -> None:
    for person, words in expected.items():
        assert list(dict.fromkeys(said[person])) == words, f"{person}: lost or out of order: {said[person]}"
        for text, times in Counter(said[person]).items():
            assert times == 1 or (times == 2 and marked[text] > 0), f"{text!r} arrived {times} times and is not marked"


def doubles(live: LiveStack, direction: str) -> Counter[str]:
    with psycopg.connect(live.backing.database_url) as connection:
        rows = connection.execute(
            "SELECT content->>'text' FROM webhooks_app_event WHERE possibly_doubled AND direction = %s", [direction]
        ).fetchall()
    return Counter(row[0] for row in rows)


def test_every_message_arrives_exactly_once_and_in_order_or_is_marked() -> None:
    with LiveStack(workers=2, settings=SHORT, sandbox_options=("--time-scale", "0.05")) as live:
        # given slow far sides
        live.control.request(
            "PUT",
            "faults",
            json={"rules": [{"target": target, "latency_ms": [0, 150]} for target in ("liveperson.send", "messenger.send")]},
        )

        # when every part is killed while 500 messages are on their way to the agents
        threads = write_all(live)
        kill_everything_in_turn(live)
        for thread in threads:
            thread.join()

        # then the agents have all of them
        expected = {f"2450000000{person:04d}": [f"c{person}-{number}" for number in range(MESSAGES)] for person in range(CONVERSATIONS)}
        wanted = CONVERSATIONS * MESSAGES
        wait_until(
            lambda: len({entry["text"] for entry in effects(live, "liveperson.message")}) == wanted,
            120,
            "every message should reach LivePerson",
        )
        conversations = live.control.request("GET", "conversations")["conversations"]
        assert len(conversations) == CONVERSATIONS, "one conversation for each person"
        said: dict[str, list[str]] = {}
        people: dict[str, str] = {}
        for conversation in conversations:
            person = next(sde["info"]["socialId"] for sde in conversation["consumer"]["sdes"] if sde["type"] == "ctmrinfo")
            people[conversation["conversationId"]] = person
            said[person] = [message["text"] for message in conversation["messages"] if message["role"] == "CONSUMER"]
        assert_once_in_order_or_marked(said, expected, doubles(live, "i"))

        # when everything is killed again while 250 answers are on their way back
        killer = threading.Thread(target=kill_everything_in_turn, args=(live,))
        killer.start()
        answers = {person: [f"a-{person}-{number}" for number in range(ANSWERS)] for person in expected}
        for number in range(ANSWERS):
            for conversation_id, person in people.items():
                live.control.request("POST", f"conversations/{conversation_id}/agent/text", json={"text": answers[person][number]})
        killer.join()

        # then the phones show all of them
        wait_until(
            lambda: len({entry["text"] for entry in effects(live, "phone.message")}) == CONVERSATIONS * ANSWERS,
            120,
            "every answer should arrive",
        )
        arrived: dict[str, list[str]] = defaultdict(list)
        for entry in effects(live, "phone.message"):
            arrived[entry["consumer"]].append(entry["text"])
        assert_once_in_order_or_marked(arrived, answers, doubles(live, "o"))

        # and nothing is left behind
        with psycopg.connect(live.backing.database_url) as connection:
            left = connection.execute("SELECT state, count(*) FROM webhooks_app_event WHERE kind = 'text' GROUP BY state").fetchall()
        assert dict(left) == {"done": wanted + CONVERSATIONS * ANSWERS}


def test_when_livepersons_side_forgets_everything_the_next_words_open_a_new_conversation() -> None:
    with LiveStack(settings=SHORT, sandbox_options=("--time-scale", "0.05")) as live:
        # given people in the middle of conversations
        people = [meet(live, "messenger", "24500000000004001", "before"), meet(live, "sms_gateway", "+31612344001", "before")]

        # when the sandbox starts anew and is told of the connector and its lines again
        live.sandbox.kill9()
        live.sandbox.restart()
        live.sandbox.wait_ready()
        demo.register(live.demo, live.keys, live.control)

        # then what they write next reaches the agents, and the answers come back
        for consumer, before in people:
            consumer.does("text", text="after")
            agent = Agent(live, consumer.conversation()["conversationId"])
            assert agent.conversation_id != before.conversation_id
            agent.hears("after")
            agent.does("text", text="welcome back")
            consumer.sees("welcome back")
