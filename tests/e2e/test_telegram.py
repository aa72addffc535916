"""Telegram through every part: words, a picture, a tap, typing, the block, and a token that is nowhere to be read."""

from __future__ import annotations

import base64
from typing import Any

import psycopg
import pytest

from stack.channels.telegram import BOT_ID, bot_token
from stack.parts import session
from tests.e2e.people import Agent, Consumer, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")
METADATA = [{"type": "ExternalId", "id": "shoe-42"}]


def card(name: str, picture: str, says: str, metadata: list[Any] | None = None) -> dict[str, Any]:
    """A card whose button says ``says``, and a link."""
    click = {"actions": [{"type": "publishText", "text": says}], **({"metadata": metadata} if metadata else {})}
    return {
        "type": "vertical",
        "elements": [
            {"type": "image", "url": picture, "tooltip": name},
            {"type": "text", "text": name},
            {"type": "button", "title": "Reserve", "click": click},
            {"type": "button", "title": "Shop", "click": {"actions": [{"type": "link", "uri": "https://www.example.com/shoes"}]}},
        ],
    }


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


@pytest.mark.parametrize(
    ("person", "file_type", "name"), [("7012340010", "PNG", "image"), ("7012340011", "PDF", "file")], ids=["picture", "document"]
)
def test_an_agents_file_is_uploaded_where_telegram_could_not_fetch_it(live: LiveStack, person: str, file_type: str, name: str) -> None:
    # given an installation on this machine's own address
    consumer, agent = meet(live, "telegram", person, "show me")

    # when the agent sends a file
    data = PNG if file_type == "PNG" else b"%PDF-1.4 demo"
    agent.does("file", data_base64=base64.b64encode(data).decode(), fileType=file_type, caption="the shoe")
    agent.does("text", text="nice?")

    # then the phone has its very bytes from Telegram, with the caption, and then the words
    consumer.sees("the shoe", "nice?")
    message = consumer.phone()["messages"][-2]
    assert (message["type"], "/telegram/uploads/" in message["url"]) == (name, True)
    with session() as browser:
        assert browser.get(message["url"], timeout=10).content == data
    agent.learns("nice?", "accept")


def test_a_tap_on_a_card_reaches_the_agent_with_its_metadata(live: LiveStack) -> None:
    # given two cards whose buttons look alike
    consumer, agent = meet(live, "telegram", "7012340012", "which shoes?")
    picture = f"{live.sandbox_url}/static/sample.jpg"
    cards = [card("Trail", picture, "the trail shoe"), card("Road", picture, "the road shoe", METADATA)]
    agent.does("rich", content={"type": "carousel", "padding": 10, "elements": cards})

    # when the person taps the second
    def shown() -> list[dict[str, Any]]:
        return [found for message in consumer.phone()["messages"] for found in message.get("cards", [])]

    wait_until(lambda: len(shown()) == 2, 60, "both cards should arrive")
    assert [(one["subtitle"], one["image_url"], [button["title"] for button in one["buttons"]]) for one in shown()] == [
        ("Trail", picture, ["Reserve", "Shop"]),
        ("Road", picture, ["Reserve", "Shop"]),
    ]
    consumer.does("select", payload=shown()[1]["buttons"][0]["payload"])

    # then the agent reads what it says and LivePerson has the click of exactly that button
    agent.hears("which shoes?", "the road shoe")
    assert agent.conversation()["messages"][-1]["metadata"] == METADATA
    clicks = live.control.request("GET", "ledger", params={"kind": "liveperson.status"})["effects"]
    assert [entry["metadata"] for entry in clicks if entry["status"] == "ACTION"] == [METADATA]
    # and the button on the phone waits no longer
    answered = live.control.request("GET", "ledger", params={"kind": "phone.tap_answered"})["effects"]
    assert [entry["text"] for entry in answered if entry["consumer"] == consumer.id] == ["Reserve"]
    assert "waiting" not in str(shown())


def test_a_card_whose_picture_telegram_refuses_arrives_in_words(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340013", "which shoes?")
    refusal = '{"ok":false,"error_code":400,"description":"Bad Request: failed to get HTTP URL content"}'
    live.control.request("PUT", "faults", json={"rules": [{"target": "telegram.send", "status": 400, "body": refusal, "times": 1}]})
    agent.does("rich", content=card("Trail", "https://cdn.example.com/gone.png", "the trail shoe"))
    consumer.does("text", text="?")
    wait_until(lambda: any(message.get("cards") for message in consumer.phone()["messages"]), 60, "the card should arrive")
    (found,) = (one for message in consumer.phone()["messages"] for one in message.get("cards", []))
    assert (found["subtitle"], found["image_url"]) == ("Trail\nhttps://cdn.example.com/gone.png", "")
    consumer.does("select", title="Reserve")
    agent.hears("which shoes?", "?", "the trail shoe")


def test_a_place_keeps_its_name(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340014", "here I am")
    consumer.does("location", latitude=52.3791, longitude=4.9003, title="Station", address="Square 1")
    wait_until(lambda: "[location] Station, Square 1" in agent.heard()[-1], 60, "the agent should read the place's name")
    agent.does("rich", content={"type": "map", "la": 52.37, "lo": 4.89, "tooltip": "Our shop"})
    place = wait_until(
        lambda: next((m for m in consumer.phone()["messages"] if (m["type"], m["direction"]) == ("location", "in")), None), 60, "no place"
    )
    assert (place["latitude"], place["title"]) == (52.37, "Our shop, 52.37, 4.89")


def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340015", "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")
    second = Agent(live, consumer.conversation()["conversationId"])
    second.hears("after")
    second.does("text", text="welcome back")
    consumer.sees("welcome back")


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
    assert [entry for entry in refused if entry.get("consumer") == consumer.id] == [], "Telegram was not even asked"

    # and who takes the block back is written to again
    live.control.request("PUT", "phones/telegram/7012340007/profile", json={"blocked": False})
    wait_until(lambda: agent.heard()[-1] == "[the consumer wants messages again]", 60, "the agent should read that the block is gone")
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_what_telegram_refuses_for_good_fails_and_holds_nothing_up(live: LiveStack) -> None:
    consumer, agent = meet(live, "telegram", "7012340016", "hello")
    refusal = '{"ok":false,"error_code":403,"description":"Forbidden: user is deactivated"}'
    live.control.request("PUT", "faults", json={"rules": [{"target": "telegram.send", "status": 403, "body": refusal, "times": 1}]})
    agent.does("text", text="are you gone?")
    agent.does("text", text="hm")
    consumer.sees("hm")
    assert _outcomes(live, "are you gone?") == [("dead",)]


def _outcomes(live: LiveStack, text: str) -> list[Any]:
    with psycopg.connect(live.backing.database_url) as connection:
        return connection.execute(
            "SELECT state FROM webhooks_app_event WHERE content->>'text' = %s AND state NOT IN ('waiting', 'sending')", [text]
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
