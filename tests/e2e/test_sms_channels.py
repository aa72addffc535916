"""The SMS vendors through every part: on each the same whole conversation, and then what is the vendor's own."""

from __future__ import annotations

import base64
import itertools
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg
import pytest

from stack.channels import bird, infobip, plivo, vonage
from stack.parts import session
from tests.e2e.people import Agent, Consumer, meet
from tests.e2e.test_conversation import PNG
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

NO_MORE, AGAIN = "[the consumer wants no more messages]", "[the consumer wants messages again]"
NOT_DELIVERED = "[not delivered: the consumer opted out of messages on this channel]"


def button(title: str, words: str, choice_id: str) -> dict[str, Any]:
    click = {"metadata": [{"type": "ExternalId", "id": choice_id}], "actions": [{"type": "publishText", "text": words}]}
    return {"type": "button", "title": title, "click": click}


VISIT = {
    "type": "vertical",
    "elements": [
        {"type": "text", "text": "When shall we come?"},
        button("Today", "today, please", "choice-today"),
        button("Later", "later this week", "choice-later"),
    ],
}
MORE = {"type": "quickReplies", "itemsPerRow": 8, "replies": [button("Sí 📦", "sí, por favor", "q-1"), button("No", "no", "q-2")]}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """One vendor: who texts there, what one message may hold, its words for things, and which secrets must not leak.

    ``key`` is the demo's name of the channel where the vendor has several, and ``line`` the number that is not its first.
    ``blocked``: outcome (where it is known) and words of a message to somebody whom the vendor does not let us reach; ``takes_blocked``:
    it takes that message and tells afterwards.
    """

    slug: str
    people: str
    fits: Callable[[dict[str, Any]], bool]
    blocked: tuple[str, str]
    connected: str
    called: str
    secrets: tuple[str, ...]
    stop_word: str = "Stop"
    takes_blocked: bool = False
    key: str = ""
    line: str = ""

    @property
    def name(self) -> str:
        return self.key or self.slug


CHANNELS = (
    Sms(
        slug="bird",
        people="+31612360",
        fits=lambda message: message["segments"]["count"] <= 9,
        blocked=("failed_at_vendor", "opted out"),
        connected="Connected to Bird; ",
        called="/bird/messages",
        secrets=("access_key", "signing_key"),
        takes_blocked=True,
    ),
    Sms(
        slug="bird",
        key="bird_channels",
        line=bird.BIRD_CHANNELS_NUMBER,
        people="+31612361",
        fits=lambda message: message["segments"]["count"] <= 9,
        blocked=("failed_at_vendor", "opted out"),
        connected="Connected to Bird; the channel “{name}” is active.",
        called=f"/bird/workspaces/{bird.BIRD_WORKSPACE_ID}/channels/",
        secrets=("access_key", "signing_key"),
        takes_blocked=True,
    ),
    Sms(
        slug="infobip",
        people="+31612350",
        fits=lambda message: message["segments"]["count"] <= 10,
        blocked=("recipient_gone", "blocklist"),
        connected="Connected to Infobip; ",
        called="/infobip/sms/3/messages",
        secrets=("api_key", "inbound"),
    ),
    Sms(
        slug="plivo",
        people="15550121",
        fits=lambda message: len(message["text"]) <= 1600,
        blocked=("", "opted out with STOP"),
        connected=f"Connected to {{name}} for {plivo.PLIVO_NUMBER}.",
        called="/Message/",
        secrets=("auth_token",),
    ),
    Sms(
        slug="sms_gateway",
        key="sms",
        people="+31612370",
        fits=lambda message: message["segments"]["count"] <= 10,
        blocked=("recipient_gone", "opted out at the gateway"),
        connected="The gateway answered HTTP 200 at the check URL.",
        called="/sms/",
        secrets=("inbound", "outbound"),
        stop_word="unsubscribe",
    ),
    Sms(
        slug="vonage",
        people="31612346",
        fits=lambda message: len(message["text"]) <= 1000,
        blocked=("", "opted out with STOP"),
        connected=f"Connected to application “{{name}}” for {vonage.VONAGE_NUMBER}.",
        called="/v1/messages",
        secrets=("api_key", "api_secret", "signature_secret"),
        stop_word="arret",
    ),
)
_PEOPLE = itertools.count(1)


@pytest.fixture(params=CHANNELS, ids=lambda sms: sms.name)
def sms(request: pytest.FixtureRequest) -> Sms:
    found: Sms = request.param
    return found


def begin(live: LiveStack, sms: Sms, first_words: str) -> tuple[Consumer, Agent]:
    """A person who has not written before, and the agent."""
    return meet(live, sms.slug, f"{sms.people}{next(_PEOPLE):03}", first_words, sms.line)


def of(name: str) -> Sms:
    return next(sms for sms in CHANNELS if sms.name == name)


def is_blocked(live: LiveStack, consumer: Consumer) -> None:
    """The vendor lets us reach ``consumer`` no more."""
    to = {"to": consumer.line} if consumer.line else {}
    live.control.request("PUT", f"phones/{consumer.provider}/{consumer.id}/profile", json={"blocked": True, **to})


def outcome(live: LiveStack, text: str, consumer: Consumer) -> tuple[str, str, str]:
    """State, outcome and detail of the agent's message ``text``; waits for its end."""

    def ended() -> tuple[str, str, str] | None:
        with psycopg.connect(live.backing.database_url) as connection:
            return connection.execute(
                "SELECT state, outcome, detail FROM webhooks_app_event WHERE content->>'text' = %s AND direction = 'o' "
                "AND state IN ('dead', 'unknown')",
                [f"{text} {consumer.id}"],
            ).fetchone()

    return wait_until(ended, 60, f"{text!r} should have an end")


# The conversation that every SMS channel can have


def test_words_travel_both_ways_and_delivery_is_shown(live: LiveStack, sms: Sms) -> None:
    # given a consumer who texts twice
    consumer, agent = begin(live, sms, "¿Dónde está mi pedido? 📦 <7781> & more")
    consumer.does("text", text="It is 7781\nthank you")
    agent.hears("¿Dónde está mi pedido? 📦 <7781> & more", "It is 7781\nthank you")

    # when the agent answers, also at length
    long = " ".join(f"word{number}" for number in range(300))
    agent.does("text", text="Grüezi")
    agent.does("text", text=long)

    # then all of it arrives in order, in messages that the vendor takes, and the agent sees that it did
    wait_until(lambda: " ".join(consumer.received()) == f"Grüezi {long}", 60, "every word should arrive")
    assert len(consumer.received()) > 2
    assert all(sms.fits(message) for message in consumer.phone()["messages"])
    agent.learns("Grüezi", "accept")
    agent.learns(long, "accept")
    assert agent.status_of(long)["read"] is None, "SMS tells nobody who has read what"


def test_pictures_cross_both_ways_as_mms(live: LiveStack, sms: Sms) -> None:
    # given a consumer's picture, which the vendor gives out to the account only
    consumer, agent = begin(live, sms, "look")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="it arrived like this")

    # then the agent has its words and the picture itself
    def picture_of(messages: list[dict[str, Any]], **parts: str) -> dict[str, Any] | None:
        return next((message for message in messages if parts.items() <= message.items()), None)

    wait_until(lambda: picture_of(agent.conversation()["messages"], type="file", role="CONSUMER"), 60, "a file should come")
    assert "it arrived like this" in agent.heard()

    # when the agent sends one
    agent.does("file", data_base64=base64.b64encode(PNG).decode(), fileType="PNG", caption="a new one is on its way")

    # then the phone has it as a picture, on an address that gives the very bytes
    shown = wait_until(lambda: picture_of(consumer.phone()["messages"], type="image", direction="in"), 60, "the picture should arrive")
    assert shown["text"] == "a new one is on its way"
    with session() as browser:
        assert browser.get(shown["url"].replace("localhost", "127.0.0.1"), timeout=10).content == PNG


def test_the_number_of_a_choice_is_the_choice(live: LiveStack, sms: Sms) -> None:
    # given a card and quick replies, which SMS can only number
    consumer, agent = begin(live, sms, "my heating is broken")
    agent.does("rich", content=VISIT)
    consumer.sees("When shall we come?\n1) Today\n2) Later")

    # when the consumer answers each with a number
    consumer.does("text", text="2")
    agent.hears("my heating is broken", "later this week")
    agent.does("text", text="Anything else?", quickReplies=MORE)
    consumer.sees("When shall we come?\n1) Today\n2) Later", "Anything else?\n1) Sí 📦\n2) No")
    consumer.does("text", text="1")

    # then the agent reads what it says, and LivePerson hears of the click with the button's own metadata
    agent.hears("my heating is broken", "later this week", "sí, por favor")
    clicks = [message.get("metadata") for message in agent.conversation()["messages"] if message["role"] == "CONSUMER"]
    assert clicks[1:] == [[{"type": "ExternalId", "id": "choice-later"}], [{"type": "ExternalId", "id": "q-1"}]]


def test_a_failure_is_shown_with_its_reason(live: LiveStack, sms: Sms) -> None:
    # given a consumer whom the vendor does not let us reach
    consumer, agent = begin(live, sms, "hello")
    is_blocked(live, consumer)

    # when the agent writes
    agent.does("text", text=f"are you there? {consumer.id}")

    # then the reason is known
    state, code, detail = outcome(live, "are you there?", consumer)
    expected_code, words = sms.blocked
    assert (state, code if expected_code else "") == ("dead", expected_code)
    assert words in detail
    assert bool(consumer.received()) is sms.takes_blocked


def test_what_the_vendor_refuses_for_now_goes_out_later(live: LiveStack, sms: Sms) -> None:
    consumer, agent = begin(live, sms, "hello")
    live.control.request("PUT", "faults", json={"rules": [{"target": f"{sms.slug}.send", "status": 429, "retry_after_s": 1, "times": 1}]})
    agent.does("text", text="in a moment")
    consumer.sees("in a moment")
    agent.learns("in a moment", "accept")


def test_after_stop_nothing_is_sent_until_start(live: LiveStack, sms: Sms) -> None:
    # given a consumer who wants no more
    consumer, agent = begin(live, sms, "hello")
    consumer.does("text", text=sms.stop_word)
    agent.hears("hello", NO_MORE)

    # when the agent writes all the same, then it does not go out
    agent.does("text", text=f"just one thing {consumer.id}")
    assert outcome(live, "just one thing", consumer)[0] == "dead"
    wait_until(lambda: agent.reasons() == [NOT_DELIVERED], 60, f"the agent should read why, reads {agent.reasons()}")
    assert consumer.received() == []

    # when the consumer wants messages again, then they do
    consumer.does("text", text="START")
    agent.hears("hello", NO_MORE, AGAIN)
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_after_a_close_the_next_words_open_a_new_conversation(live: LiveStack, sms: Sms) -> None:
    consumer, agent = begin(live, sms, "before")
    agent.does("close")
    consumer.does("text", text="after")
    wait_until(lambda: consumer.conversation()["conversationId"] != agent.conversation_id, 60, "a new conversation should be opened")
    Agent(live, consumer.conversation()["conversationId"]).hears("after")


def test_the_operator_tests_the_connection(live: LiveStack, sms: Sms) -> None:
    channel = getattr(live.demo, sms.name)
    tested = live.api.request("POST", f"channels/{channel['id']}/test/")
    assert sms.connected.format(name=channel["name"]) in str(tested)


# What is the vendor's own


@pytest.mark.parametrize(
    ("name", "demo", "status"),
    [
        ("bird", bird.channels, "failed"),
        ("bird_channels", bird.channels, "failed"),
        ("infobip", infobip.channels, "EXPIRED_EXPIRED"),
    ],
)
def test_what_the_network_could_not_deliver_is_told_with_its_reason(
    live: LiveStack, name: str, demo: Callable[..., Any], status: str
) -> None:
    # given a line on which nothing is delivered by itself
    sms, channel = of(name), next(channel for channel in demo(live.keys, live.sandbox_url) if channel.key == name)
    line = {**channel.line(getattr(live.demo, name), {}), "auto_delivered": False}
    live.control.request("PUT", f"lines/{sms.slug}/{channel.address}", json=line)
    consumer, agent = begin(live, sms, "hello")

    # when the network reports that a message did not arrive
    text = f"can you hear me? {consumer.id}"
    agent.does("text", text=text)
    consumer.sees(text)
    consumer.does("delivered", status=status)

    # then the reason is known, and LivePerson told
    state, code, detail = outcome(live, "can you hear me?", consumer)
    assert (state, code) == ("dead", "failed_at_vendor")
    assert "switched off or out of reach" in detail
    wait_until(lambda: agent.status_of(text).get("nack"), 60, "LivePerson should be told")


def test_a_message_to_another_number_is_not_this_channels(live: LiveStack) -> None:
    # given a subscription at Infobip that covers more numbers than this channel's
    consumer, agent = begin(live, of("infobip"), "for you")
    other = {"messageId": "other-1", "from": consumer.id.removeprefix("+"), "to": "15559999", "text": "for somebody else"}
    log_in = ("infobip", live.keys.derive("infobip inbound"))
    with session() as local:
        url = live.demo.infobip["callback_url"]
        assert local.post(url, json={"results": [other]}, auth=("infobip", "wrong"), timeout=30).status_code == 401
        assert local.post(url, json={"results": [other]}, auth=log_in, timeout=30).status_code == 200
    consumer.does("text", text="and this")
    agent.hears("for you", "and this")


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
    agent.hears("¿a=b & c?", "y" * 200)


# Secrets, after all that was said above


def test_no_secret_is_in_any_log_attempt_or_event(live: LiveStack, sms: Sms) -> None:
    written = live.logs() + str(live.api.request("GET", "events/")["results"])
    with psycopg.connect(live.backing.database_url) as connection:
        written += str(connection.execute("SELECT attempt::text FROM webhooks_app_attempt AS attempt").fetchall())
        written += str(connection.execute("SELECT convert_from(raw, 'UTF8'), content::text FROM webhooks_app_event").fetchall())
    assert sms.called in written
    for secret in (live.keys.derive(f"{sms.name} {name}") for name in sms.secrets):
        assert secret not in written
        assert base64.b64encode(secret.encode()).decode()[:-4] not in written
    assert live.keys.demo_key_pair()[0].splitlines()[1] not in written
    assert not re.search(r"Bearer ey", written)
