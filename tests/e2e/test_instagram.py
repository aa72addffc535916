"""Instagram through every part: words, pictures both ways, a tap with its metadata, receipts, stories, what was taken back, the window's end."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import Any

import psycopg
import pytest

from stack import parts
from stack.channels.instagram import INSTAGRAM_ID
from stack.parts import session
from tests.e2e.people import Agent, Consumer, meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PATIENCE_S = 60
PNG = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==")


def card(name: str, metadata_id: str) -> dict[str, Any]:
    """A card whose button says the same words on every card, and reports which card it stands on."""
    click = {"actions": [{"type": "publishText", "text": "I take it"}], "metadata": [{"type": "ExternalId", "id": metadata_id}]}
    button = {"type": "button", "title": "Take", "click": click}
    return {"type": "vertical", "elements": [{"type": "text", "text": name}, {"type": "text", "text": "In stock"}, button]}


def happens(live: LiveStack, person: str, **event: Any) -> None:
    """Instagram tells of something that the phone of the sandbox cannot do."""
    data = {"sender": {"id": person}, "recipient": {"id": INSTAGRAM_ID}, "timestamp": 1793001699120, **event}
    body = json.dumps({"object": "instagram", "entry": [{"id": INSTAGRAM_ID, "time": 1793001700000, "messaging": [data]}]}).encode()
    signature = hmac.new(live.keys.derive("instagram app_secret").encode(), body, hashlib.sha256).hexdigest()
    headers = {"Content-Type": "application/json", "X-Hub-Signature-256": f"sha256={signature}"}
    with session() as local:
        assert local.post(live.demo.instagram_app["callback_url"], data=body, headers=headers, timeout=30).status_code == 200


def ledger(live: LiveStack, kind: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = live.control.request("GET", "ledger", params={"kind": kind})["effects"]
    return found


def outcome_of(live: LiveStack, text: str) -> tuple[str, str] | None:
    """State and outcome of the agent's message, once it has them."""
    with psycopg.connect(live.backing.database_url) as connection:
        return connection.execute(
            """SELECT state, outcome FROM webhooks_app_event WHERE direction = 'o' AND content->>'text' = %s
               AND state IN ('done', 'dead', 'unknown')""",
            [text],
        ).fetchone()


def test_words_travel_both_ways_and_long_ones_in_parts_of_a_thousand_bytes(live: LiveStack) -> None:
    # given a consumer whose user name only Meta knows
    consumer, agent = meet(live, "instagram", "908800000000001001", "¿Dónde está mi pedido? 📦")
    sdes = {sde["type"]: sde for sde in consumer.conversation()["consumer"]["sdes"]}
    assert "@person.001001" in str(sdes["personal"])

    # when the agent answers, also at length
    long = " ".join(f"слово{number}" for number in range(200))
    agent.does("text", text="Ya viene")
    agent.does("text", text=long)

    # then all of it arrives in order, in pieces that Instagram takes
    wait_until(lambda: " ".join(consumer.received()) == f"Ya viene {long}", PATIENCE_S, "every word should arrive")
    assert all(len(part.encode()) <= 1000 for part in consumer.received())
    agent.learns("Ya viene", "accept")
    assert agent.status_of("Ya viene")["read"] is None, "nobody has read it"

    # when the consumer looks at it, of which Instagram names the last message only
    consumer.does("read")

    # then everything before it is read, too
    agent.learns(long, "read")
    agent.learns("Ya viene", "read")


def test_pictures_travel_both_ways(live: LiveStack) -> None:
    consumer, agent = meet(live, "instagram", "908800000000001002", "it arrived like this")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg")
    wait_until(lambda: any(message["type"] == "file" for message in agent.conversation()["messages"]), PATIENCE_S, "a picture should come")

    agent.does("file", data_base64=base64.b64encode(PNG).decode(), fileType="PNG", caption="the new one")
    consumer.sees("", "the new one")
    picture = next(message for message in consumer.phone()["messages"] if message["type"] == "image" and message["direction"] == "in")
    assert re.search(r"/files/\S+\.png", picture["url"])
    with session() as browser:
        assert browser.get(picture["url"].replace("localhost", "127.0.0.1"), timeout=10).content == PNG


def test_a_tap_on_a_card_reports_the_cards_own_metadata(live: LiveStack) -> None:
    # given a carousel of cards whose buttons say the same words
    consumer, agent = meet(live, "instagram", "908800000000001003", "what do you have?")
    agent.does("rich", content={"type": "carousel", "elements": [card("Lamp", "lamp-1"), card("Chair", "chair-2")]})
    wait_until(lambda: consumer.received() == ["Lamp\nChair"], PATIENCE_S, "the cards should arrive")
    cards = consumer.phone()["messages"][-1]["cards"]

    # when the consumer taps the second
    consumer.does("select", payload=cards[1]["buttons"][0]["payload"])

    # then the agent hears the words, with the metadata of that card, and the click before them
    agent.hears("what do you have?", "I take it")
    said = next(message for message in agent.conversation()["messages"] if message["text"] == "I take it")
    assert said["metadata"] == [{"type": "ExternalId", "id": "chair-2"}]
    clicks = [entry for entry in ledger(live, "liveperson.status") if entry["status"] == "ACTION" and "chair-2" in str(entry["metadata"])]
    assert len(clicks) == 1


def test_a_quick_reply_stands_below_a_question_that_names_the_choices(live: LiveStack) -> None:
    replies = {
        "type": "quickReplies",
        "itemsPerRow": 8,
        "replies": [
            {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": words}]}}
            for title, words in (("Red", "red, please"), ("Blue", "blue, please"))
        ],
    }
    consumer, agent = meet(live, "instagram", "908800000000001004", "hello")
    agent.does("text", text="Which colour?", quickReplies=replies)
    consumer.sees("Which colour?\nRed / Blue")
    consumer.does("select", title="Blue")
    agent.hears("hello", "blue, please")


def test_stories_hearts_ads_and_what_was_taken_back_are_told(live: LiveStack) -> None:
    person = "908800000000001005"
    story = f"{live.sandbox_url}/static/sample.jpg"
    _, agent = meet(live, "instagram", person, "hello")
    happens(live, person, message={"mid": "aWdf_story", "text": "love it", "reply_to": {"story": {"id": "1", "url": story}}})
    happens(live, person, message={"mid": "aWdf_mention", "attachments": [{"type": "story_mention", "payload": {"url": story}}]})
    happens(live, person, message={"mid": "aWdf_heart", "attachments": [{"type": "like_heart"}]})
    happens(live, person, message={"mid": "aWdf_ad", "text": "this one?", "referral": {"ad_id": "120", "source": "ADS"}})
    happens(live, person, message={"mid": "aWdf_story", "is_deleted": True})
    agent.hears(
        "hello",
        f"[replied to your story: {story}]",
        "love it",
        f"[mentioned you in a story: {story}]",
        "❤️",
        "[came through the link “ad 120”]",
        "this one?",
        "[took back a message]",
    )


def test_who_wants_no_marketing_messages_is_answered_all_the_same(live: LiveStack) -> None:
    person = "908800000000001012"
    consumer, agent = meet(live, "instagram", person, "hello")
    stopped = {"type": "notification_messages", "notification_messages_status": "STOP NOTIFICATIONS", "title": "Offers"}
    happens(live, person, optin=stopped)
    agent.hears("hello", "[the consumer wants no more marketing messages]")
    agent.does("text", text="noted")
    consumer.sees("noted")


def test_typing_and_seen_are_shown(live: LiveStack) -> None:
    consumer, agent = meet(live, "instagram", "908800000000001006", "are you there?")
    agent.does("read")
    agent.does("typing", on=True)
    wait_until(lambda: consumer.phone()["typing"], 20, "the phone should show that the agent types")
    wait_until(lambda: consumer.phone()["messages"][0]["status"] == "read", 20, "the phone should show that the agent read")


def test_a_late_answer_is_refused_and_the_channel_stays_on(live: LiveStack) -> None:
    # given a window that closed at Instagram
    consumer, agent = meet(live, "instagram", "908800000000001007", "hello")
    consumer.does("age", hours=25)

    # when the agent answers
    agent.does("text", text="sorry for the delay")

    # then the message has failed for good, although Instagram says so with HTTP 403
    wait_until(lambda: outcome_of(live, "sorry for the delay") == ("dead", "window_closed"), PATIENCE_S, "it should have failed")
    assert consumer.received() == []

    # and a new message of the consumer's opens the window again
    consumer.does("text", text="anybody?")
    agent.hears("hello", "anybody?")
    agent.does("text", text="here I am")
    consumer.sees("here I am")


def test_who_blocked_the_account_gets_nothing_and_no_retry(live: LiveStack) -> None:
    consumer, agent = meet(live, "instagram", "908800000000001008", "hello")
    live.control.request("PUT", "phones/instagram/908800000000001008/profile", json={"blocked": True})
    agent.does("text", text="are you still there?")
    wait_until(lambda: outcome_of(live, "are you still there?") == ("dead", "recipient_gone"), PATIENCE_S, "it should have failed")
    assert consumer.received() == []


def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack) -> None:
    consumer, agent = meet(live, "instagram", "908800000000001009", "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, PATIENCE_S, "a new one should be opened")
    second = Agent(live, consumer.conversation()["conversationId"])
    second.hears("after")
    second.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_the_connection_says_what_is_missing(live: LiveStack) -> None:
    for slug, name, missing in (
        ("instagram", f"Connected to @demo.brand ({INSTAGRAM_ID}).", "message_edit"),
        ("messenger", "Connected to page Demo Brand on Messenger", "message_edits"),
    ):
        channel = getattr(live.demo, slug)
        answer = live.api.request("POST", f"channels/{channel['id']}/test/")
        assert answer["ok"], answer
        assert answer["message"].startswith(name)
        assert re.search(rf"does not tell us of [a-z_, ]*\b{missing}\b", answer["message"])


def test_a_renewed_token_is_stored_and_used(live: LiveStack) -> None:
    consumer, agent = meet(live, "instagram", "908800000000001011", "hello")
    said = parts.manage(["renew_credentials"], live.env)
    assert "Demo Brand on Instagram: Renewed." in said
    wait_until(lambda: live.api.request("POST", f"channels/{live.demo.instagram['id']}/test/")["ok"], PATIENCE_S, "it should be taken")
    agent.does("text", text="with the new one")
    consumer.sees("with the new one")
    assert live.keys.derive("instagram access_token") not in said


def test_no_secret_is_in_any_log_attempt_or_event(live: LiveStack) -> None:
    written = live.logs() + str(live.api.request("GET", "events/")["results"])
    with psycopg.connect(live.backing.database_url) as connection:
        written += str(connection.execute("SELECT attempt::text FROM webhooks_app_attempt AS attempt").fetchall())
    names = ("meta_secret", "app_secret", "verify_token", "access_token")
    assert [name for name in names if live.keys.derive(f"instagram {name}") in written] == []
    assert "/instagram/v25.0/" in written


def test_consumers_of_two_channels_do_not_meet(live: LiveStack) -> None:
    """The same id on Messenger is somebody else."""
    person = "908800000000001010"
    _, instagram = meet(live, "instagram", person, "from instagram")
    Consumer(live, "messenger", person).does("text", text="from messenger")
    conversations = live.control.request("GET", "conversations")["conversations"]
    assert instagram.heard() == ["from instagram"]

    def both() -> bool:
        found = [c for c in live.control.request("GET", "conversations")["conversations"] if person in str(c["consumer"])]
        return len(found) == 2

    wait_until(both, PATIENCE_S, f"two conversations should be open, there were {len(conversations)}")
    assert instagram.heard() == ["from instagram"]
