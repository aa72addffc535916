"""A consumer's message reaches an agent, and the answer comes back: through every part, on every channel of the demo brand."""

from __future__ import annotations

import base64
import re

import pytest

from stack.parts import session
from tests.e2e.people import Agent, Consumer, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


@pytest.mark.parametrize(("provider", "person"), [("messenger", "24500000000001001"), ("sms_gateway", "+31612340001")])
def test_words_travel_both_ways_in_order_with_delivery_shown(live: LiveStack, provider: str, person: str) -> None:
    # given a consumer who writes three times
    consumer, agent = meet(live, provider, person, "first 😀")
    consumer.does("text", text="second")
    consumer.does("text", text="third\nwith a line")
    agent.hears("first 😀", "second", "third\nwith a line")

    # when the agent answers twice
    agent.does("text", text="Grüezi")
    agent.does("text", text="How can I help?")

    # then both arrive in order, once, and the agent sees that they did
    consumer.sees("Grüezi", "How can I help?")
    agent.learns("How can I help?", "accept")
    assert agent.status_of("How can I help?")["read"] is None, "nobody has read it"


def test_the_agent_sees_who_writes(live: LiveStack) -> None:
    # given a consumer whose name only Meta knows
    live.control.request("PUT", "phones/messenger/24500000000001002/profile", json={"first_name": "Nina", "last_name": "Peeters"})

    # when the consumer writes
    consumer, _ = meet(live, "messenger", "24500000000001002", "hello")

    # then name, social id and campaign are with the conversation
    seen = consumer.conversation()
    sdes = {sde["type"]: sde for sde in seen["consumer"]["sdes"]}
    assert sdes["personal"]["personal"]["firstname"] == "Nina"
    assert sdes["personal"]["personal"]["lastname"] == "Peeters"
    assert sdes["ctmrinfo"]["info"]["socialId"] == "24500000000001002"
    assert str(seen["campaignInfo"]["campaignId"]) == "1001"
    assert seen["skillId"] == "101"


def test_read_and_typing_cross_where_the_channel_has_them(live: LiveStack) -> None:
    consumer, agent = meet(live, "messenger", "24500000000001003", "are you there?")

    # when the agent reads and types
    agent.does("read")
    agent.does("typing", on=True)

    # then the phone shows both
    wait_until(lambda: consumer.phone()["typing"], 20, "the phone should show that the agent types")
    wait_until(lambda: consumer.phone()["messages"][0]["status"] == "read", 20, "the phone should show that the agent read")

    # when the agent answers and the consumer reads it
    agent.does("text", text="yes")
    consumer.sees("yes")
    consumer.does("read")

    # then the agent sees that
    agent.learns("yes", "read")


def test_a_channel_without_read_receipts_never_invents_one(live: LiveStack) -> None:
    consumer, agent = meet(live, "sms_gateway", "+31612340004", "hello")
    agent.does("text", text="hi")
    consumer.sees("hi")
    agent.learns("hi", "accept")
    assert agent.status_of("hi")["read"] is None
    assert live.control.request("GET", "ledger", params={"kind": "phone.refused"})["effects"] == []


def test_private_notes_stay_with_the_agents(live: LiveStack) -> None:
    consumer, agent = meet(live, "messenger", "24500000000001005", "hello")
    agent.does("private", text="the customer is difficult")
    agent.does("text", text="how may I help?")
    consumer.sees("how may I help?")
    events = live.api.request("GET", "events/")["results"]
    assert "difficult" not in str(events)


def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack) -> None:
    # given a conversation that the agent closed
    consumer, agent = meet(live, "messenger", "24500000000001006", "before")
    agent.does("close")

    # when the consumer writes again
    consumer.does("text", text="after")

    # then it is in a new conversation, and the answer reaches the phone
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 30, "a new conversation should be opened")
    second = Agent(live, consumer.conversation()["conversationId"])
    second.hears("after")
    second.does("text", text="welcome back")
    consumer.sees("welcome back")
    assert agent.heard() == ["before"]


def test_long_words_are_split_and_none_is_lost(live: LiveStack) -> None:
    text = " ".join(f"word{number}" for number in range(1200))
    consumer = Consumer(live, "messenger", "24500000000001007")
    consumer.does("text", text=text[:1999])
    agent = Agent(live, consumer.conversation()["conversationId"])
    agent.hears(text[:1999])
    agent.does("text", text=text[:4500])
    wait_until(lambda: " ".join(consumer.received()) == text[:4500].strip(), 30, "every word should arrive")
    assert all(len(part) <= 2000 for part in consumer.received())
    assert len(consumer.received()) > 1


def test_no_secret_is_in_any_log_or_attempt(live: LiveStack) -> None:
    meet(live, "sms_gateway", "+31612340008", "hello")
    secrets = [
        live.keys.derive(name)
        for name in ("liveperson client_secret", "messenger app_secret", "messenger access_token", "sms outbound", "sms inbound")
    ]
    written = live.logs() + str(live.api.request("GET", "events/")["results"])
    assert [secret for secret in secrets if secret in written] == []
    assert "eyJhbGciOi" not in written, "a token was logged"


@pytest.mark.parametrize(("provider", "person"), [("messenger", "24500000000001010"), ("sms_gateway", "+31612340010")])
def test_an_agents_picture_reaches_the_phone_on_an_address_of_ours(live: LiveStack, provider: str, person: str) -> None:
    # given a conversation
    consumer, agent = meet(live, provider, person, "show me")

    # when the agent sends a picture
    agent.does("file", data_base64=base64.b64encode(PNG).decode(), fileType="PNG", caption="the shoe")

    # then the phone has it, as a picture or as a link, on an address that gives the very bytes
    def address() -> str | None:
        found = re.search(
            rf"{re.escape(live.web_url)}/files/\S+?\.png", str(consumer.phone()["messages"]).replace("localhost", "127.0.0.1")
        )
        return found[0] if found else None

    url = wait_until(address, 30, f"the picture should arrive: {consumer.phone()['messages']}")
    with session() as browser:
        answer = browser.get(url, timeout=10)
        assert (answer.status_code, answer.content, answer.headers["Content-Type"]) == (200, PNG, "image/png")
        assert browser.get(url.replace("/files/", "/files/x"), timeout=10).status_code == 404
    agent.does("text", text="nice?")
    wait_until(lambda: "nice?" in str(consumer.received()), 30, "what follows the picture should arrive")
