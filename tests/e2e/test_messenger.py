"""Messenger through every part: pictures, a tap with its metadata, what brought people, ratings, the window's end, the connection."""

from __future__ import annotations

import hashlib
import hmac
import itertools
import json
import re
from typing import Any

import psycopg
import pytest

from stack.channels.messenger import PAGE_ID, channels
from stack.parts import session
from tests.e2e.people import Consumer, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PATIENCE_S = 60


def happens(live: LiveStack, person: str, **event: Any) -> None:
    """Meta tells of something that the phone of the sandbox cannot do."""
    data = {"sender": {"id": person}, "recipient": {"id": PAGE_ID}, "timestamp": 1793001599412, **event}
    body = json.dumps({"object": "page", "entry": [{"id": PAGE_ID, "time": 1793001600000, "messaging": [data]}]}).encode()
    signature = hmac.new(live.keys.derive("messenger app_secret").encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    with session() as local:
        assert local.post(live.demo.messenger_app["callback_url"], data=body, headers=headers, timeout=30).status_code == 200


def outcome_of(live: LiveStack, text: str) -> tuple[str, str] | None:
    """State and outcome of the agent's message, once it has them."""
    with psycopg.connect(live.backing.database_url) as connection:
        return connection.execute(
            """SELECT state, outcome FROM webhooks_app_event WHERE direction = 'o' AND content->>'text' = %s
               AND state IN ('done', 'dead', 'unknown')""",
            [text],
        ).fetchone()


def test_a_consumers_picture_reaches_the_agent_as_a_file(live: LiveStack) -> None:
    consumer, agent = meet(live, "messenger", "24500000000003001", "it arrived like this")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg")
    wait_until(lambda: any(message["type"] == "file" for message in agent.conversation()["messages"]), PATIENCE_S, "a picture should come")


def test_a_tap_on_a_card_reports_the_cards_own_metadata(live: LiveStack) -> None:
    # given two cards whose buttons say the same words
    def card(name: str) -> dict[str, Any]:
        click = {"actions": [{"type": "publishText", "text": "I take it"}], "metadata": [{"type": "ExternalId", "id": name}]}
        button = {"type": "button", "title": "Take", "click": click}
        return {"type": "vertical", "elements": [{"type": "text", "text": name}, {"type": "text", "text": "In stock"}, button]}

    consumer, agent = meet(live, "messenger", "24500000000003002", "what do you have?")
    agent.does("rich", content={"type": "carousel", "elements": [card("Lamp"), card("Chair")]})
    wait_until(lambda: consumer.received() == ["Lamp\nChair"], PATIENCE_S, "the cards should arrive")

    # when the consumer taps the second
    consumer.does("select", payload=consumer.phone()["messages"][-1]["cards"][1]["buttons"][0]["payload"])

    # then LivePerson hears of the click and the words, both with that card's metadata
    agent.hears("what do you have?", "I take it")
    metadata = [{"type": "ExternalId", "id": "Chair"}]
    said = next(message for message in agent.conversation()["messages"] if message["text"] == "I take it")
    assert said["metadata"] == metadata
    statuses = live.control.request("GET", "ledger", params={"kind": "liveperson.status"})["effects"]
    assert [entry["status"] for entry in statuses if entry["metadata"] == metadata] == ["ACTION"]


def test_what_brought_somebody_is_told_before_their_words(live: LiveStack) -> None:
    person = "24500000000003003"
    consumer, agent = meet(live, "messenger", person, "hello")
    referral = {"source": "ADS", "type": "OPEN_THREAD", "ad_id": "604", "ads_context_data": {"ad_title": "New lamps"}}
    stopped = {"type": "notification_messages", "notification_messages_status": "STOP_NOTIFICATIONS", "title": "Offers"}
    happens(live, person, message={"mid": "m_ad", "text": "still there?", "referral": referral})
    happens(live, person, postback={"mid": "m_tap", "title": "Start", "payload": "GO", "referral": {"ref": "leaflet"}})
    happens(live, person, optin=stopped)
    agent.hears(
        "hello",
        "[came through the link “ad 604, New lamps”]",
        "still there?",
        "[came through the link “leaflet”]",
        "Start",
        "[the consumer wants no more marketing messages]",
    )

    # and who wants no marketing is answered all the same
    agent.does("text", text="it is")
    consumer.sees("it is")


def test_the_ad_that_brought_somebody_is_an_attribute_of_the_operators_choice(live: LiveStack) -> None:
    # given an operator who shows agents what brought people
    options = {"attributes": {"ctmrinfo.socialId": "{id}", "ctmrinfo.companyBranch": "{reference}"}}
    channel = f"channels/{live.demo.messenger['id']}/"
    live.api.request("PATCH", channel, json={"options": options})
    numbers = itertools.count(3100)

    def is_shown() -> bool:
        person = f"2450000000000{next(numbers)}"
        happens(live, person, message={"mid": f"m_{person}", "text": "this one?", "referral": {"source": "ADS", "ad_id": "604"}})
        sdes = {sde["type"]: sde for sde in Consumer(live, "messenger", person).conversation()["consumer"]["sdes"]}
        return bool(sdes["ctmrinfo"]["info"].get("companyBranch") == "604")

    # then people who come by an ad bring its id, as soon as the workers know of the choice
    wait_until(is_shown, PATIENCE_S, "the ad should be shown")
    live.api.request("PATCH", channel, json={"options": {}})


def test_metas_feedback_form_rates_the_conversation_that_was_closed(live: LiveStack) -> None:
    person = "24500000000003004"
    _, agent = meet(live, "messenger", person, "thanks, that was all")
    agent.does("close")
    wait_until(lambda: _closed(live, agent.conversation_id), PATIENCE_S, "the close should be known")
    happens(live, person, messaging_feedback={"feedback_screens": [{"screen_id": 0, "questions": {"q": {"type": "csat", "payload": "4"}}}]})
    csat = wait_until(lambda: agent.conversation().get("csat"), PATIENCE_S, "the rating should reach LivePerson")
    assert "4" in str(csat)


def _closed(live: LiveStack, conversation_id: str) -> bool:
    with psycopg.connect(live.backing.database_url) as connection:
        row = connection.execute("SELECT state FROM channels_app_conversation WHERE liveperson_id = %s", [conversation_id]).fetchone()
    return row is not None and row[0] == "closed"


def test_a_late_answer_is_refused_and_the_channel_stays_on(live: LiveStack) -> None:
    consumer, agent = meet(live, "messenger", "24500000000003005", "hello")
    consumer.does("age", hours=25)
    agent.does("text", text="sorry for the delay")
    wait_until(lambda: outcome_of(live, "sorry for the delay") == ("dead", "window_closed"), PATIENCE_S, "it should have failed")
    assert consumer.received() == []
    wait_until(lambda: any("too long ago" in reason for reason in agent.reasons()), PATIENCE_S, "the agent should read why")
    consumer.does("text", text="anybody?")
    agent.hears("hello", "anybody?")
    agent.does("text", text="here I am")
    consumer.sees("here I am")


def test_a_file_that_meta_cannot_fetch_goes_out_as_a_link(live: LiveStack) -> None:
    # given a Meta that refuses the next message as it does a file that it could not fetch
    consumer, agent = meet(live, "messenger", "24500000000003006", "show me")
    refusal = {"error": {"message": "(#100) Upload attachment failure.", "type": "OAuthException", "code": 100, "error_subcode": 2018047}}
    rule = {"target": "messenger.send", "status": 400, "body": json.dumps(refusal), "times": 1}
    live.control.request("PUT", "faults", json={"rules": [rule]})

    # when the agent sends a picture
    png = "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=="
    agent.does("file", data_base64=png, fileType="PNG", caption="the shoe")

    # then its address arrives instead, and the caption
    wait_until(lambda: len(consumer.received()) == 2, PATIENCE_S, "link and caption should arrive")
    link, caption = consumer.received()
    assert re.fullmatch(r"https?://\S+/files/\S+\.png", link)
    assert caption == "the shoe"


def test_registering_the_webhook_connects_a_page_from_nothing(live: LiveStack) -> None:
    # given a Meta app that has no webhook and is not subscribed to the page
    channel = live.demo.messenger
    (demo,) = channels(live.keys, live.sandbox_url)
    nothing = {"app_fields": [], "subscribed_fields": [], "handshake": False}
    live.control.request("PUT", f"lines/messenger/{PAGE_ID}", json={**demo.line(channel, live.demo.messenger_app), **nothing})
    before = live.api.request("POST", f"channels/{channel['id']}/test/")
    assert (before["ok"], before["code"]) == (False, "configuration_error"), before

    # when the operator registers the webhook, and Meta calls it with its challenge
    assert live.api.request("POST", f"channels/{channel['id']}/webhook/")["ok"]

    # then nothing is missing, and people reach agents
    after = live.api.request("POST", f"channels/{channel['id']}/test/")
    assert after == {
        "ok": True,
        "code": "ok",
        "message": f"Connected to page {channel['name']} ({PAGE_ID}). The token has no end.",
        "was_asked": True,
    }
    meet(live, "messenger", "24500000000003007", "is this thing on?")
