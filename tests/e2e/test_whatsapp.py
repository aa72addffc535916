"""WhatsApp through every part: words, pictures both ways, buttons and lists, marks, the window and its templates, failures, wishes, the close."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from typing import Any

import psycopg
import pytest

from stack.channels.whatsapp import WHATSAPP_ACCOUNT_ID, WHATSAPP_CATALOGUE_ID, WHATSAPP_NUMBER_ID
from stack.parts import session
from tests.e2e.people import Agent, Consumer, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def button(title: str, words: str, **metadata: Any) -> dict[str, Any]:
    click = {"actions": [{"type": "publishText", "text": words}], **({"metadata": [metadata]} if metadata else {})}
    return {"type": "button", "title": title, "click": click}


def posts(live: LiveStack, field: str, **value: Any) -> int:
    """What Meta would post of the demo's number; the platform's status."""
    metadata = {"display_phone_number": "15550101", "phone_number_id": WHATSAPP_NUMBER_ID}
    change = {"field": field, "value": {"messaging_product": "whatsapp", "metadata": metadata, **value}}
    body = json.dumps({"object": "whatsapp_business_account", "entry": [{"id": WHATSAPP_ACCOUNT_ID, "changes": [change]}]}).encode()
    digest = hmac.new(live.keys.derive("whatsapp app_secret").encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={digest}"}
    with session() as local:
        return local.post(live.demo.whatsapp_app["callback_url"], data=body, headers=headers, timeout=30).status_code


def ended(live: LiveStack, text: str) -> tuple[str, str, str]:
    """State, outcome and detail of the agent's message ``text``, once it is over."""

    def row() -> Any:
        with psycopg.connect(live.backing.database_url) as connection:
            return connection.execute(
                """SELECT state, outcome, detail FROM webhooks_app_event
                   WHERE content->>'text' = %s AND direction = 'o' AND state IN ('dead', 'done') AND outcome <> 'sent'""",
                [text],
            ).fetchone()

    found: tuple[str, str, str] = wait_until(row, 60, f"{text!r} should have failed")
    return found


def nacked(live: LiveStack, agent: Agent, text: str) -> None:
    """Wait until LivePerson was told that the consumer did not get ``text``."""

    def told() -> bool:
        sequence = next(message["sequence"] for message in agent.conversation()["messages"] if message["text"] == text)
        entries = live.control.request("GET", "ledger", params={"kind": "liveperson.status"})["effects"]
        mine = [
            entry
            for entry in entries
            if entry.get("conversation") == agent.conversation_id or entry.get("conversationId") == agent.conversation_id
        ]
        return any(entry["status"] == "NACK" and sequence in entry["sequenceList"] for entry in mine)

    wait_until(told, 60, f"LivePerson should hear that {text!r} did not arrive")


def test_words_travel_both_ways_and_marks_with_them(live: LiveStack) -> None:
    # given a person with a name
    live.control.request("PUT", "phones/whatsapp/US.15550110001/profile", json={"first_name": "Nina", "last_name": "Peeters"})
    consumer, agent = meet(live, "whatsapp", "US.15550110001", "¿Dónde está mi pedido? 📦")
    sdes = {sde["type"]: sde for sde in consumer.conversation()["consumer"]["sdes"]}
    assert "Nina" in str(sdes["personal"])

    # when the agent reads, types and answers, also at length
    agent.does("read")
    wait_until(lambda: consumer.phone()["messages"][0]["status"] == "read", 20, "the phone should show that the agent read")
    agent.does("typing", on=True)
    wait_until(lambda: consumer.phone()["typing"], 20, "the phone should show that the agent types")
    long = " ".join(f"word{number}" for number in range(1000))
    agent.does("text", text="*On* its_way")
    agent.does("text", text=long)

    # then all of it arrives in order, and the agent sees that it was delivered and read
    wait_until(lambda: " ".join(consumer.received()) == f"*On* its_way {long}", 60, "every word should arrive")
    assert len(consumer.received()) == 3
    agent.learns("*On* its_way", "accept")
    consumer.does("read")
    agent.learns("*On* its_way", "read")
    agent.learns(long, "read")


@pytest.mark.parametrize("person", ["BR.H5530001112223334", "15550110002"])
def test_who_hides_the_number_or_has_nothing_else_is_answered_too(live: LiveStack, person: str) -> None:
    consumer, agent = meet(live, "whatsapp", person, "oi")
    agent.does("text", text="olá")
    consumer.sees("olá")
    agent.learns("olá", "accept")


def test_pictures_cross_both_ways(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110003", "it arrived like this")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="broken")
    picture = wait_until(
        lambda: next((message for message in agent.conversation()["messages"] if message["type"] == "file"), None), 60, "a file should come"
    )
    assert (picture["role"], picture["text"]) == ("CONSUMER", "broken")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", media_type="audio")
    line = wait_until(lambda: next((text for text in agent.heard() if text.startswith("[audio]")), ""), 60, "the agent should read of it")
    assert "this LivePerson account takes JPG, PNG, GIF" in line

    agent.does("file", data_base64=base64.b64encode(PNG).decode(), fileType="PNG", caption="the shoe")

    def shown() -> Any:
        return next((message for message in consumer.phone()["messages"] if message["direction"] == "in"), None)

    message = wait_until(shown, 60, "the agent's picture should arrive")
    assert (message["type"], message["text"]) == ("image", "the shoe")
    with session() as browser:
        assert browser.get(message["url"].replace("localhost", "127.0.0.1"), timeout=10).content == PNG


def test_a_tap_reaches_the_agent_with_its_metadata(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110004", "I want a mug")
    card = {
        "type": "vertical",
        "elements": [
            {"type": "image", "url": f"{live.sandbox_url}/static/sample.jpg"},
            {"type": "text", "text": "Which one?"},
            button("Blue", "the blue one", type="ExternalId", id="blue-1"),
            button("Red", "the red one", type="ExternalId", id="red-1"),
        ],
    }
    agent.does("rich", content=card)
    consumer.sees("Which one?")
    assert consumer.phone()["messages"][-1]["cards"][0]["image_url"].endswith("/static/sample.jpg")
    consumer.does("select", title="Red")
    agent.hears("I want a mug", "the red one")
    reported = [
        entry
        for entry in live.control.request("GET", "ledger", params={"kind": "liveperson.status"})["effects"]
        if entry["status"] == "ACTION"
    ]
    assert [entry["metadata"] for entry in reported] == [[{"type": "ExternalId", "id": "red-1"}]]


def test_more_choices_are_a_list(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110005", "when?")
    replies = [button(f"Slot {number} o'clock", f"at {number}") for number in range(9, 15)]
    agent.does("text", text="Choose a time", quickReplies={"type": "quickReplies", "itemsPerRow": 8, "replies": replies})
    consumer.sees("Choose a time")
    assert {shown["kind"] for shown in consumer.phone()["messages"][-1]["cards"][0]["buttons"]} == {"list_reply"}
    consumer.does("select", title="Slot 12 o'clock")
    agent.hears("when?", "at 12")


def products(*ids: str) -> dict[str, Any]:
    """What an agent sends beside a product's words."""
    if len(ids) == 1:
        return {"type": "WhatsAppSingleProduct", "catalogId": WHATSAPP_CATALOGUE_ID, "productRetailerId": ids[0]}
    return {
        "type": "WhatsAppMultipleProduct",
        "catalogId": WHATSAPP_CATALOGUE_ID,
        "sections": [{"title": "On sale", "productIds": list(ids)}],
    }


def test_products_are_shown_and_what_is_ordered_reaches_the_agent(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110013", "which shoes do you have?")
    words = {tag: {"type": "text", "text": text, "tag": tag} for tag, text in (("header", "Our shoes"), ("body", "Made by hand"))}
    one = {"type": "vertical", "tag": "generic", "elements": [words["body"]]}
    agent.does("rich", content=one, metadata=[products("trail-blue")])
    agent.does("rich", content={**one, "elements": [words["header"], words["body"]]}, metadata=[products("trail-blue", "trail-red")])
    wait_until(lambda: len(consumer.received()) == 2, 60, "both should arrive")
    single, several = (message["cards"][0] for message in consumer.phone()["messages"][-2:])
    assert (single["title"], single["subtitle"], single["menu"]) == ("Trail shoe, blue", "89.50 EUR\nMade by hand", "View")
    assert (several["title"], [row["title"] for row in several["buttons"]]) == ("Our shoes", ["Trail shoe, blue", "Trail shoe, red"])
    consumer.does("select", title="Trail shoe, red")
    agent.hears("which shoes do you have?", f"[ordered 1 × trail-red at 85 EUR from catalogue {WHATSAPP_CATALOGUE_ID}]")


def test_the_numbers_limit_is_waited_out_and_the_message_arrives_once(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110014", "hello")
    live.control.request("PUT", "faults", json={"rules": [{"target": "whatsapp.send", "status": 429, "retry_after_s": 1, "times": 1}]})
    agent.does("text", text="in a moment")
    consumer.sees("in a moment")


def test_a_burst_to_one_person_waits_for_meta_while_others_are_answered(live: LiveStack) -> None:
    # given an agent who writes more to one person than WhatsApp takes at once
    consumer, agent = meet(live, "whatsapp", "US.15550110015", "tell me everything")
    other, other_agent = meet(live, "whatsapp", "US.15550110016", "hello")
    burst = [f"line {number}" for number in range(46)]
    for line in burst:
        agent.does("text", text=line)
    with psycopg.connect(live.backing.database_url) as connection:
        count = "SELECT count(*) FROM webhooks_app_attempt WHERE provider_code = '131056'"
        wait_until(lambda: connection.execute(count).fetchone() != (0,), 60, "Meta should refuse the last for now")

    # when another person is answered meanwhile, then that goes out at once
    other_agent.does("text", text="hello to you")
    other.sees("hello to you")

    # and the burst arrives whole, in its order
    consumer.sees(*burst)


def test_after_a_day_only_templates_go_out(live: LiveStack) -> None:
    # given a person who wrote more than a day ago
    consumer, agent = meet(live, "whatsapp", "US.15550110006", "hello")
    consumer.does("age", hours=25)
    with psycopg.connect(live.backing.database_url, autocommit=True) as connection:
        connection.execute(
            "UPDATE channels_app_consumer SET last_inbound_at = now() - interval '25 hours' WHERE external_id = 'US.15550110006'"
        )

    # when the agent writes, it is refused with the words that help; LivePerson hears of it
    agent.does("text", text="still there, late?")
    state, outcome, detail = ended(live, "still there, late?")
    assert (state, outcome) == ("dead", "window_closed")
    assert "“#template order_update order | day” (news of an order)" in detail
    nacked(live, agent, "still there, late?")
    wait_until(
        lambda: any("“#template order_update order | day”" in reason for reason in agent.reasons()),
        60,
        "the agent should read what could go",
    )

    # and the template arrives, by command and by a bot's metadata
    agent.does("text", text="#template order_update 7781 | on Monday")
    consumer.sees("Your order 7781 arrives on Monday.")
    content = {"type": "vertical", "elements": [{"type": "text", "text": "news"}]}
    agent.does("rich", content=content, metadata=[{"type": "ExternalId", "id": "#template still_there"}])
    consumer.sees("Your order 7781 arrives on Monday.", "Hello, we have news for you. Shall we go on?")

    # and a tap on it opens the window again
    consumer.does("select", title="Go on")
    agent.hears("hello", "Go on")
    agent.does("text", text="welcome back")
    wait_until(lambda: consumer.received()[-1:] == ["welcome back"], 60, "the window should be open")


def test_what_whatsapp_cannot_deliver_is_told_with_its_reason(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110007", "hello")
    consumer.does("age", hours=25)
    agent.does("text", text="late, as only Meta knows")
    assert ended(live, "late, as only Meta knows")[:2] == ("dead", "failed_at_vendor")
    assert "more than 24 hours have passed" in ended(live, "late, as only Meta knows")[2]
    nacked(live, agent, "late, as only Meta knows")
    live.control.request("PUT", "phones/whatsapp/US.15550110007/profile", json={"blocked": True})
    agent.does("text", text="to nobody")
    assert "cannot be reached" in ended(live, "to nobody")[2]
    assert consumer.received() == []


def test_stop_stops_everything_and_start_allows_it_again(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110008", "hello")
    consumer.does("text", text="stop")
    agent.hears("hello", "[the consumer wants no more messages]")
    agent.does("text", text="please stay")
    assert ended(live, "please stay")[:2] == ("dead", "recipient_gone")
    consumer.does("text", text="START")
    agent.hears("hello", "[the consumer wants no more messages]", "[the consumer wants messages again]")
    agent.does("text", text="good")
    consumer.sees("good")


def test_who_wants_no_advertisements_is_still_answered(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110009", "hello")
    wish = {"wa_id": "15550110009", "user_id": "US.15550110009", "category": "marketing_messages", "value": "stop", "timestamp": 1793001960}
    assert posts(live, "user_preferences", user_preferences=[wish]) == 200
    agent.hears("hello", "[the consumer wants no more marketing messages]")
    agent.does("text", text="an answer")
    consumer.sees("an answer")


def test_the_agent_reads_which_ad_brought_the_person(live: LiveStack) -> None:
    consumer = Consumer(live, "whatsapp", "US.15550110010")
    message = {
        "from": "15550110010",
        "from_user_id": "US.15550110010",
        "id": "wamid.from-an-ad",
        "timestamp": "1793001800",
        "type": "text",
        "text": {"body": "I saw your ad"},
        "referral": {"source_type": "ad", "source_id": "120226305854810726", "headline": "Summer sale", "source_url": "https://fb.me/a"},
    }
    for _ in range(2):  # Meta repeats itself
        assert posts(live, "messages", messages=[message]) == 200
    agent = Agent(live, consumer.conversation()["conversationId"])
    agent.hears("[came through the link “Summer sale”]", "I saw your ad")
    with psycopg.connect(live.backing.database_url) as connection:
        row = connection.execute("SELECT profile FROM channels_app_consumer WHERE external_id = 'US.15550110010'").fetchone()
    assert row is not None
    assert (row[0]["reference"], row[0]["phone"]) == ("120226305854810726", "+15550110010")


def test_after_the_agents_close_the_next_words_open_a_new_conversation(live: LiveStack) -> None:
    consumer, agent = meet(live, "whatsapp", "US.15550110011", "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 30, "a new conversation should be opened")
    second = Agent(live, consumer.conversation()["conversationId"])
    second.hears("after")
    second.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_the_check_names_number_and_subscription(live: LiveStack) -> None:
    checked = live.api.request("POST", f"channels/{live.demo.whatsapp['id']}/test/", json={})
    assert checked["ok"] is True, checked
    assert checked["message"] == "Connected to Demo Brand on WhatsApp +15550101. The token has no end."


def test_no_secret_is_in_a_log_attempt_or_event(live: LiveStack) -> None:
    meet(live, "whatsapp", "US.15550110012", "hello")
    with psycopg.connect(live.backing.database_url) as connection:
        attempts = connection.execute("SELECT attempt::text FROM webhooks_app_attempt AS attempt").fetchall()
        events = connection.execute("SELECT convert_from(raw, 'UTF8'), content::text FROM webhooks_app_event").fetchall()
    written = live.logs() + str(live.api.request("GET", "events/")["results"]) + str(attempts) + str(events)
    assert f"/v25.0/{WHATSAPP_NUMBER_ID}/messages" in written
    names = ("whatsapp access_token", "whatsapp app_secret", "whatsapp verify_token")
    assert [name for name in names if live.keys.derive(name) in written] == []
