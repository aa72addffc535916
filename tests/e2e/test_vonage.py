"""Vonage's senders beside SMS through every part: words, pictures, choices and taps, receipts, marks, failures, STOP, templates, a close."""

from __future__ import annotations

import base64

import pytest

from stack.channels.vonage import VONAGE_RCS, VONAGE_WHATSAPP
from tests.e2e.people import Agent, Consumer, meet
from tests.e2e.test_conversation import PNG
from tests.e2e.test_twilio import METADATA, message_of, outcome_of, question
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

WHATSAPP, RCS = f"whatsapp:{VONAGE_WHATSAPP}", f"rcs:{VONAGE_RCS}"
BOTH = pytest.mark.parametrize(("line", "tens"), [(WHATSAPP, "1"), (RCS, "2")], ids=["whatsapp", "rcs"])
PICTURE = {"data_base64": base64.b64encode(PNG).decode(), "fileType": "PNG", "caption": "the shoe"}
SHOE = {
    "type": "vertical",
    "elements": [
        {"type": "image", "url": "https://cdn.example.com/shoes.jpg"},
        {"type": "text", "text": "Trail shoe"},
        {"type": "text", "text": "Size 42"},
        {
            "type": "button",
            "title": "Reserve",
            "click": {"metadata": METADATA, "actions": [{"type": "publishText", "text": "blue, please"}]},
        },
    ],
}


def by(live: LiveStack, line: str, person: str, words: str) -> tuple[Consumer, Agent]:
    return meet(live, "vonage", person, words, line)


@BOTH
def test_words_and_pictures_travel_both_ways_and_reading_is_shown(live: LiveStack, line: str, tens: str) -> None:
    consumer, agent = by(live, line, f"3161236{tens}001", "Où est ma commande ? 📦 1+1=2 & more")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="broken")
    assert message_of(agent, "broken")["type"] == "file"
    agent.does("text", text="Grüezi")
    agent.learns("Grüezi", "accept")
    consumer.does("read")
    agent.learns("Grüezi", "read")
    agent.does("file", **PICTURE)
    wait_until(lambda: "the shoe" in consumer.received(), 60, "the picture should arrive")
    assert "image" in [message["type"] for message in consumer.phone()["messages"] if message["direction"] == "in"]


@BOTH
def test_a_place_is_a_place(live: LiveStack, line: str, tens: str) -> None:
    consumer, agent = by(live, line, f"3161236{tens}002", "I am here")
    consumer.does("location", latitude=52.3791, longitude=4.9003, title="Centraal")
    wait_until(lambda: any("Centraal" in heard and "52.3791" in heard for heard in agent.heard()), 60, "the place should be named")


@BOTH
@pytest.mark.parametrize("form", ["quick_replies", "card"])
def test_a_tap_reports_its_click(live: LiveStack, line: str, tens: str, form: str) -> None:
    # given choices under a text, or a card
    consumer, agent = by(live, line, f"3161236{tens}00{'3' if form == 'card' else '4'}", "which colours are there?")
    if form == "card":
        agent.does("rich", content=SHOE)
        wait_until(lambda: "Trail shoe" in str(consumer.phone()), 60, "the card should arrive")
    else:
        agent.does("text", text="Which one?", quickReplies=question("Red", "Blue"))
        consumer.sees("Which one?")

    # when the consumer taps
    consumer.does("select", title="Reserve" if form == "card" else "Blue")

    # then the agent reads the words, and LivePerson has the click with its metadata
    assert message_of(agent, "blue, please")["metadata"] == METADATA
    clicks = live.control.request("GET", "ledger", params={"kind": "liveperson.status"})["effects"]
    assert [click["metadata"] for click in clicks if click["status"] == "ACTION" and click["conversationId"] == agent.conversation_id] == [
        METADATA
    ]


def test_on_whatsapp_the_consumer_sees_reading_and_typing_and_the_agent_a_name(live: LiveStack) -> None:
    profile = {"first_name": "Noor", "last_name": "Bakker", "to": WHATSAPP}
    live.control.request("PUT", "phones/vonage/31612361005/profile", json=profile)
    consumer, agent = by(live, WHATSAPP, "31612361005", "hello")
    assert "Noor Bakker" in str(consumer.conversation()["consumer"])
    agent.does("read")
    wait_until(lambda: consumer.phone()["messages"][0]["status"] == "read", 60, "the blue ticks should be shown")
    agent.does("typing", on=True)
    wait_until(lambda: consumer.phone()["typing"], 60, "the dots should be shown")


def test_after_a_day_whatsapp_takes_a_template_and_its_button_is_heard(live: LiveStack) -> None:
    consumer, agent = by(live, WHATSAPP, "31612361006", "hello")
    consumer.does("age", hours=25)
    agent.does("text", text="are you there, 61006?")
    assert "back_in_stock" in outcome_of(live, "are you there, 61006?")[1]
    agent.does("text", text="#template back_in_stock trail shoe")
    wait_until(lambda: "The trail shoe is here again." in str(consumer.phone()), 60, "the template should arrive")
    consumer.does("select", title="Yes, keep one")
    message_of(agent, "Yes, keep one")


@BOTH
def test_a_stop_that_only_vonage_knew_of_ends_the_message_and_stops_the_next(live: LiveStack, line: str, tens: str) -> None:
    consumer, agent = by(live, line, f"3161236{tens}007", "hello")
    live.control.request("PUT", f"phones/vonage/3161236{tens}007/profile", json={"blocked": True, "to": line})
    agent.does("text", text=f"are you there, {tens}007?")
    outcome, detail = outcome_of(live, f"are you there, {tens}007?")
    assert outcome == "failed_at_vendor"
    assert "1240" in detail
    agent.hears("hello", "[the consumer wants no more messages]")
    agent.does("text", text=f"and now, {tens}007?")
    assert outcome_of(live, f"and now, {tens}007?")[0] == "recipient_gone"
    assert consumer.received() == []


@BOTH
def test_who_sends_stop_is_written_to_no_more_until_start(live: LiveStack, line: str, tens: str) -> None:
    consumer, agent = by(live, line, f"3161236{tens}008", "hello")
    consumer.does("text", text="arret")
    agent.hears("hello", "[the consumer wants no more messages]")
    agent.does("text", text=f"are you still there, {tens}008?")
    assert outcome_of(live, f"are you still there, {tens}008?")[0] == "recipient_gone"
    consumer.does("text", text="START")
    agent.hears("hello", "[the consumer wants no more messages]", "[the consumer wants messages again]")
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


@BOTH
def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack, line: str, tens: str) -> None:
    consumer, agent = by(live, line, f"3161236{tens}009", "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")
    Agent(live, consumer.conversation()["conversationId"]).hears("after")


@pytest.mark.parametrize(
    ("kind", "sender", "person"), [("viber", "12345", "31612363001"), ("messenger", "108800000000017", "24500000000063001")]
)
def test_viber_and_messenger_carry_words_pictures_and_numbered_choices(live: LiveStack, kind: str, sender: str, person: str) -> None:
    # given a sender of the brand's that is new
    line = f"{kind}:{sender}"
    private_key, public_key = live.keys.demo_key_pair()
    application = f"aaaaaaaa-bbbb-4ccc-8ddd-{sender:0>12.12}"
    account = {name: live.keys.derive(f"vonage {name}") for name in ("api_key", "api_secret", "signature_secret")}
    account["application_id"] = application
    channel = live.api.ensure(
        "channels/",
        {"brand": live.demo.brand["id"], "name": f"Vonage {kind}", "provider": "vonage"},
        {
            "liveperson_app": live.demo.liveperson_app["id"],
            "config": {**account, "private_key": private_key, "kind": kind, "sender": sender},
        },
    )
    urls = {"inbound_url": f"{channel['callback_url']}/inbound", "status_url": f"{channel['callback_url']}/status"}
    live.control.request("PUT", f"lines/vonage/{line}", json={**account, **urls, "public_key": public_key})

    # when both write and send pictures, and the agent asks
    consumer, agent = by(live, line, person, "hello")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg")
    agent.does("file", **PICTURE)
    agent.does("text", text="Which one?", quickReplies=question("Red", "Blue"))

    # then all of it arrives, and a number is the answer
    wait_until(lambda: "Which one?\n1) Red\n2) Blue" in consumer.received(), 60, "the question should arrive")
    assert "image" in [message["type"] for message in consumer.phone()["messages"] if message["direction"] == "in"]
    consumer.does("text", text="2")
    assert message_of(agent, "blue, please")["metadata"] == METADATA
    assert "file" in [message["type"] for message in agent.conversation()["messages"]]


@pytest.mark.parametrize(("name", "sender"), [("vonage_whatsapp", VONAGE_WHATSAPP), ("vonage_rcs", VONAGE_RCS)])
def test_the_credentials_and_the_callback_address_are_checked(live: LiveStack, name: str, sender: str) -> None:
    channel = getattr(live.demo, name)
    checked = live.api.request("POST", f"channels/{channel['id']}/test/")
    assert (checked["ok"], checked["message"]) == (True, f"Connected to application “{channel['name']}” for {sender}.")
