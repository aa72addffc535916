"""Twilio through every part, by SMS and on WhatsApp: words, pictures, choices and taps, receipts, failures, STOP, a close."""

from __future__ import annotations

import base64
from typing import Any

import psycopg
import pytest

from stack.channels.twilio import TWILIO_ACCOUNT, TWILIO_NUMBER, TWILIO_WHATSAPP
from stack.parts import session
from tests.e2e.people import Agent, Consumer, meet
from tests.e2e.test_conversation import PNG
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

METADATA = [{"type": "ExternalId", "id": "colour-blue"}]


def question(*titles: str) -> dict[str, Any]:
    """Quick replies; the one called Blue reports a click of its own."""
    replies = []
    for title in titles:
        click: dict[str, Any] = {"actions": [{"type": "publishText", "text": f"{title.lower()}, please"}]}
        replies.append({"type": "button", "title": title, "click": {**click, "metadata": METADATA} if title == "Blue" else click})
    return {"type": "quickReplies", "itemsPerRow": 8, "replies": replies}


def by_sms(live: LiveStack, person: str, words: str) -> tuple[Consumer, Agent]:
    return meet(live, "twilio", person, words, TWILIO_NUMBER)


def on_whatsapp(live: LiveStack, person: str, words: str) -> tuple[Consumer, Agent]:
    return meet(live, "twilio", f"whatsapp:{person}", words, TWILIO_WHATSAPP)


def message_of(agent: Agent, text: str) -> dict[str, Any]:
    """What the consumer said last in these words; waits for it."""

    def last() -> dict[str, Any] | None:
        said = [message for message in agent.conversation()["messages"] if message["role"] == "CONSUMER" and message["text"] == text]
        return said[-1] if said else None

    return wait_until(last, 60, f"{text!r} should be said; heard {agent.heard()}")


def outcome_of(live: LiveStack, text: str) -> tuple[str, str]:
    """How the agent's message ``text`` ended and why; waits for it to have failed."""

    def ended() -> tuple[str, str] | None:
        with psycopg.connect(live.backing.database_url) as connection:
            row = connection.execute(
                "SELECT outcome, detail FROM webhooks_app_event WHERE content->>'text' = %s AND direction = 'o' AND state = 'dead'", [text]
            ).fetchone()
        return (row[0], row[1]) if row else None

    return wait_until(ended, 60, f"{text!r} should have failed")


@pytest.mark.parametrize(("meeting", "person"), [(by_sms, "+31612350001"), (on_whatsapp, "+31612350002")])
def test_words_travel_both_ways_in_order_with_delivery_shown(live: LiveStack, meeting: Any, person: str) -> None:
    consumer, agent = meeting(live, person, "Où est ma commande ? 📦 1+1=2 & more")
    consumer.does("text", text="second\nwith a line")
    agent.hears("Où est ma commande ? 📦 1+1=2 & more", "second\nwith a line")
    long = " ".join(f"word{number}" for number in range(400))
    agent.does("text", text="Grüezi")
    agent.does("text", text=long)
    wait_until(lambda: " ".join(consumer.received()) == f"Grüezi {long}", 60, "every word should arrive")
    assert len(consumer.received()) == 3
    agent.learns(long, "accept")


def test_read_is_shown_on_whatsapp_and_never_invented_in_sms(live: LiveStack) -> None:
    consumer, agent = on_whatsapp(live, "+31612350003", "hello")
    agent.does("text", text="hi")
    consumer.sees("hi")
    consumer.does("read")
    agent.learns("hi", "read")
    sms_consumer, sms_agent = by_sms(live, "+31612350003", "hello")
    sms_agent.does("text", text="hi by SMS")
    sms_agent.learns("hi by SMS", "accept")
    assert sms_consumer.received() == ["hi by SMS"]
    assert sms_agent.status_of("hi by SMS")["read"] is None


def test_typing_is_shown_on_whatsapp_with_what_was_read_and_never_in_sms(live: LiveStack) -> None:
    # given an agent who has read
    consumer, agent = on_whatsapp(live, "+31612350019", "hello")
    agent.does("read")
    # when the agent types
    agent.does("typing", on=True)
    # then the phone shows the dots, and with them that the words were read
    wait_until(lambda: consumer.phone()["typing"], 60, "the phone should show that the agent types")
    assert consumer.phone()["messages"][0]["status"] == "read"
    # until the answer is there
    agent.does("text", text="here it is, 19")
    consumer.sees("here it is, 19")
    assert consumer.phone()["typing"] is False
    # and by SMS nothing is asked of Twilio
    sms_consumer, sms_agent = by_sms(live, "+31612350019", "hello")
    sms_agent.does("typing", on=True)
    sms_agent.does("text", text="here it is by SMS, 19")
    sms_consumer.sees("here it is by SMS, 19")
    refused = live.control.request("GET", "ledger", params={"kind": "phone.refused"})["effects"]
    assert "Invalid Parameter" not in str(refused)


def test_the_agent_sees_who_writes_on_whatsapp(live: LiveStack) -> None:
    profile = {"first_name": "Noor", "last_name": "Bakker", "to": TWILIO_WHATSAPP}
    live.control.request("PUT", "phones/twilio/whatsapp:+31612350004/profile", json=profile)
    consumer, _ = on_whatsapp(live, "+31612350004", "hello")
    assert "Noor Bakker" in str(consumer.conversation()["consumer"])


@pytest.mark.parametrize(("meeting", "person"), [(by_sms, "+31612350005"), (on_whatsapp, "+31612350006")])
def test_a_picture_reaches_the_agent_without_the_credentials_leaving_twilio(live: LiveStack, meeting: Any, person: str) -> None:
    consumer, agent = meeting(live, person, "it arrived like this")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="broken")
    assert message_of(agent, "broken")["type"] == "file"
    refused = live.control.request("GET", "ledger", params={"kind": "phone.refused"})["effects"]
    assert "credentials were shown to the storage" not in str(refused)


def test_an_agents_picture_is_a_picture_on_whatsapp_and_a_link_in_an_sms(live: LiveStack) -> None:
    picture = {"data_base64": base64.b64encode(PNG).decode(), "fileType": "PNG", "caption": "the shoe"}
    consumer, agent = on_whatsapp(live, "+31612350007", "show me")
    agent.does("file", **picture)
    wait_until(lambda: consumer.received() == ["the shoe"], 60, "the picture should arrive")
    assert consumer.phone()["messages"][-1]["type"] == "image"
    consumer, agent = by_sms(live, "+31612350007", "show me")
    agent.does("file", **picture)
    wait_until(lambda: "the shoe\nhttp" in str(consumer.received()).replace("\\n", "\n"), 60, "the link should arrive")


def test_an_agents_pdf_is_a_file_with_its_words_on_whatsapp(live: LiveStack) -> None:
    consumer, agent = on_whatsapp(live, "+31612350022", "send me the bill")
    agent.does("file", data_base64=base64.b64encode(b"%PDF-1.4 a bill").decode(), fileType="PDF", caption="your bill")
    consumer.sees("your bill")
    message = consumer.phone()["messages"][-1]
    assert (message["type"], message["url"][-4:]) == ("file", ".pdf")


def test_a_place_is_a_place(live: LiveStack) -> None:
    consumer, agent = on_whatsapp(live, "+31612350008", "I am here")
    consumer.does("location", latitude=52.3791, longitude=4.9003, title="Centraal")
    wait_until(lambda: any("Centraal" in heard and "52.3791" in heard for heard in agent.heard()), 60, "the place should be named")


@pytest.mark.parametrize(
    ("person", "titles"), [("+31612350009", ("Red", "Blue")), ("+31612350010", ("Red", "Green", "Grey", "Blue", "Pink"))]
)
def test_a_tapped_button_or_item_reports_its_click(live: LiveStack, person: str, titles: tuple[str, ...]) -> None:
    # given a question with buttons, or with a list
    consumer, agent = on_whatsapp(live, person, "which colours are there?")
    agent.does("text", text="Which one?", quickReplies=question(*titles))
    wait_until(lambda: consumer.received() == ["Which one?"], 60, "the question should arrive")
    (card,) = consumer.phone()["messages"][-1]["cards"]
    assert [button["title"] for button in card["buttons"]] == list(titles)

    # when the consumer taps
    consumer.does("select", title="Blue")

    # then the agent reads the words, and LivePerson has the click with its metadata
    assert message_of(agent, "blue, please")["metadata"] == METADATA
    clicks = live.control.request("GET", "ledger", params={"kind": "liveperson.status"})["effects"]
    assert [click["metadata"] for click in clicks if click["status"] == "ACTION" and click["conversationId"] == agent.conversation_id] == [
        METADATA
    ]


def test_a_number_answers_a_menu_in_an_sms(live: LiveStack) -> None:
    consumer, agent = by_sms(live, "+31612350011", "which colours are there?")
    agent.does("text", text="Which one?", quickReplies=question("Red", "Blue"))
    consumer.sees("Which one?\n1) Red\n2) Blue")
    consumer.does("text", text="2")
    assert message_of(agent, "blue, please")["metadata"] == METADATA


def test_a_message_that_is_lost_on_the_way_goes_out_anew_or_ends_with_the_reason(live: LiveStack) -> None:
    live.control.request("PUT", f"lines/twilio/{TWILIO_NUMBER}", json={**line_of(live, "twilio"), "auto_delivered": False})
    consumer, agent = by_sms(live, "+31612350012", "hello")
    agent.does("text", text="are you there, 12?")
    consumer.sees("are you there, 12?")
    consumer.does("delivered", status="undelivered", error_code="30003")
    consumer.sees("are you there, 12?", "are you there, 12?")
    consumer.does("delivered", status="undelivered", error_code="30005")
    outcome, detail = outcome_of(live, "are you there, 12?")
    assert (outcome, detail) == ("failed_at_vendor", "the number does not exist, or is out of service (code 30005)")
    live.control.request("PUT", f"lines/twilio/{TWILIO_NUMBER}", json=line_of(live, "twilio"))


def test_outside_of_the_window_the_reason_is_in_words(live: LiveStack) -> None:
    consumer, agent = on_whatsapp(live, "+31612350013", "hello")
    consumer.does("age", hours=25)
    agent.does("text", text="are you there, 13?")
    outcome, detail = outcome_of(live, "are you there, 13?")
    assert outcome == "failed_at_vendor"
    assert "24 hours" in detail
    assert "#template order_update" in detail
    assert consumer.received() == []


def test_after_a_day_only_templates_go_out(live: LiveStack) -> None:
    # given a person who wrote more than a day ago
    person = "whatsapp:+31612350020"
    consumer, agent = on_whatsapp(live, person.removeprefix("whatsapp:"), "hello")
    consumer.does("age", hours=25)
    with psycopg.connect(live.backing.database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE channels_app_consumer SET last_inbound_at = now() - interval '25 hours' WHERE external_id = %s", [person]
        )

    # when the agent writes, the words say what could go
    agent.does("text", text="are you there, 20?")
    outcome, detail = outcome_of(live, "are you there, 20?")
    assert outcome == "window_closed"
    assert "“#template order_update order | day” (news of an order)" in detail
    wait_until(lambda: "#template order_update" in str(agent.reasons()), 60, "the agent should read what could go")

    # then templates arrive, by command and by a bot's metadata, and a tap opens the window again
    agent.does("text", text="#template order_update 7781 | on Monday")
    consumer.sees("Your order 7781 arrives on Monday.")
    content = {"type": "vertical", "elements": [{"type": "text", "text": "news"}]}
    agent.does("rich", content=content, metadata=[{"type": "ExternalId", "id": "#template still_there"}])
    consumer.sees("Your order 7781 arrives on Monday.", "Hello, we have news for you. Shall we go on?")
    consumer.does("select", title="Go on")
    agent.hears("hello", "Go on")
    agent.does("text", text="welcome back, 20")
    wait_until(lambda: consumer.received()[-1:] == ["welcome back, 20"], 60, "the window should be open")


def line_of(live: LiveStack, name: str) -> dict[str, Any]:
    channel = getattr(live.demo, name)
    account = {"account_sid": TWILIO_ACCOUNT, "auth_token": live.keys.derive("twilio auth_token")}
    return {**account, "name": channel["name"], "callback_url": f"{channel['callback_url']}#rc=3&rp=all"}


@pytest.mark.parametrize(("meeting", "person"), [(by_sms, "+31612350014"), (on_whatsapp, "+31612350021")])
def test_who_sends_stop_is_written_to_no_more_until_start(live: LiveStack, meeting: Any, person: str) -> None:
    consumer, agent = meeting(live, person, "hello")
    consumer.does("text", text="Stop")
    agent.hears("hello", "[the consumer wants no more messages]")
    agent.does("text", text=f"are you still there, {person}?")
    assert outcome_of(live, f"are you still there, {person}?")[0] == "recipient_gone"
    assert consumer.received() == []
    consumer.does("text", text="START")
    agent.hears("hello", "[the consumer wants no more messages]", "[the consumer wants messages again]")
    agent.does("text", text="welcome back, 14")
    consumer.sees("welcome back, 14")


def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack) -> None:
    consumer, agent = on_whatsapp(live, "+31612350015", "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")
    second = Agent(live, consumer.conversation()["conversationId"])
    second.hears("after")
    second.does("text", text="welcome back, 15")
    consumer.sees("welcome back, 15")


def test_twilio_is_asked_to_wait_and_the_message_arrives_once(live: LiveStack) -> None:
    consumer, agent = by_sms(live, "+31612350016", "hello")
    rule = {"target": "twilio.send", "status": 429, "retry_after_s": 1, "times": 1}
    live.control.request("PUT", "faults", json={"rules": [rule]})
    agent.does("text", text="in a moment")
    consumer.sees("in a moment")


@pytest.mark.parametrize(("name", "sender"), [("twilio", TWILIO_NUMBER), ("twilio_whatsapp", TWILIO_WHATSAPP)])
def test_the_credentials_and_the_callback_address_are_checked(live: LiveStack, name: str, sender: str) -> None:
    checked = live.api.request("POST", f"channels/{getattr(live.demo, name)['id']}/test/")
    assert (checked["ok"], checked["message"]) == (True, f"Connected to account Sandbox account, {sender}.")


def test_what_twilio_did_not_sign_is_refused(live: LiveStack) -> None:
    url = live.demo.twilio["callback_url"]
    with session() as local:
        refused = local.post(
            url, data={"MessageSid": "SM1", "From": "+31612350017", "Body": "hi"}, headers={"X-Twilio-Signature": "x"}, timeout=30
        )
    assert refused.status_code == 401


def test_no_secret_is_in_any_log_attempt_or_event(live: LiveStack) -> None:
    by_sms(live, "+31612350018", "hello")
    token = live.keys.derive("twilio auth_token")
    basic = base64.b64encode(f"{TWILIO_ACCOUNT}:{token}".encode()).decode()
    with psycopg.connect(live.backing.database_url) as connection:
        attempts = connection.execute("SELECT attempt::text FROM webhooks_app_attempt AS attempt").fetchall()
        events = connection.execute("SELECT convert_from(raw, 'UTF8'), content::text FROM webhooks_app_event").fetchall()
    written = live.logs() + str(live.api.request("GET", "events/")["results"]) + str(attempts) + str(events)
    assert "/2010-04-01/Accounts/" in written
    assert [secret for secret in (token, basic) if secret in written] == []
