"""What is Plivo's own: its webhook made and removed, a powerpack, and a STOP that Plivo obeys. The conversation is in ``test_sms_channels``."""

from __future__ import annotations

from typing import Any

import pytest

from stack.channels.plivo import PLIVO_NUMBER, channels
from tests.e2e.people import PATIENCE_S, Consumer, meet
from tests.e2e.test_sms_channels import AGAIN, NO_MORE, outcome
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

NUMBER, POWERPACK = "15550121", "86bbb125-97bb-4d72-89fd-81d5c515b015"


def unheard(live: LiveStack, provider: str) -> list[Any]:
    """What the vendor had nobody to tell of."""
    entries = live.control.request("GET", "ledger", params={"kind": "callback.unsubscribed"})["effects"]
    return [entry for entry in entries if entry.get("provider") == provider]


def test_a_powerpack_is_linked_answers_and_is_let_go(live: LiveStack) -> None:
    # given a powerpack without an application
    account = {"auth_id": "MADEMO00000000000121", "auth_token": live.keys.derive("plivo powerpack token")}
    channel = live.api.ensure(
        "channels/",
        {"brand": live.demo.brand["id"], "name": "A powerpack at Plivo", "provider": "plivo"},
        {"liveperson_app": live.demo.liveperson_app["id"], "config": {**account, "powerpack_uuid": POWERPACK}},
    )
    live.control.request("PUT", f"lines/plivo/{NUMBER}", json={**account, "name": "Acme", "powerpack_uuid": POWERPACK})

    def check() -> str:
        return str(live.api.request("POST", f"channels/{channel['id']}/test/"))

    assert "no application receives its messages" in check()

    # when the operator has the webhook registered
    told = live.api.request("POST", f"channels/{channel['id']}/webhook/")

    # then Plivo calls this channel, and the agent's answer leaves from the powerpack
    assert "Plivo calls this channel for the powerpack" in str(told)
    assert "register the webhook" not in check()
    consumer, agent = meet(live, "plivo", "15550122001", "hello pack", line=NUMBER)
    agent.does("text", text="hello from the pack")
    consumer.sees("hello from the pack")
    agent.learns("hello from the pack", "accept")

    # when it is removed, then Plivo has nobody to tell
    before = len(unheard(live, "plivo"))
    assert "no more" in str(live.api.request("DELETE", f"channels/{channel['id']}/webhook/"))
    assert "another address" in check()
    consumer.does("text", text="anybody there?")
    wait_until(lambda: len(unheard(live, "plivo")) == before + 1, PATIENCE_S, "Plivo should have nobody to tell")
    agent.hears("hello pack")


def test_who_stopped_at_plivo_is_known_from_the_report(live: LiveStack) -> None:
    # given a consumer who had sent STOP to Plivo before
    consumer, agent = meet(live, "plivo", "15550122002", "hello")
    live.control.request("PUT", f"phones/plivo/{consumer.id}/profile", json={"blocked": True})

    # when the agent writes, then Plivo takes the message and reports that it will not be delivered
    agent.does("text", text=f"are you there? {consumer.id}")
    agent.hears("hello", NO_MORE)
    assert "opted out with STOP" in outcome(live, "are you there?", consumer)[2]

    # when the agent writes again, then it does not leave
    agent.does("text", text=f"hello? {consumer.id}")
    assert outcome(live, "hello?", consumer)[:2] == ("dead", "recipient_gone")

    # when the consumer wants messages again, then they go out
    live.control.request("PUT", f"phones/plivo/{consumer.id}/profile", json={"blocked": False})
    consumer.does("text", text="START")
    agent.hears("hello", NO_MORE, AGAIN)
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_what_the_carrier_could_not_deliver_is_told_with_reason_and_remedy(live: LiveStack) -> None:
    # given a number on which nothing is delivered by itself
    line = channels(live.keys, live.sandbox_url)[0].line(live.demo.plivo, {})
    live.control.request("PUT", f"lines/plivo/{PLIVO_NUMBER}", json={**line, "auto_delivered": False})
    consumer, agent = meet(live, "plivo", "15550122003", "hello")
    text = f"can you hear me? {'word ' * 40}{consumer.id}"
    agent.does("text", text=text)
    wait_until(consumer.received, PATIENCE_S, "the message should leave")

    # when Plivo reports on each part that it did not arrive
    consumer.does("delivered", status="undelivered", code="30")

    # then the reason is known once, and LivePerson told
    state, code, detail = outcome(live, text.removesuffix(f" {consumer.id}"), consumer)
    assert (state, code) == ("dead", "failed_at_vendor")
    assert detail == (
        "the carrier took it for spam, by its sender or its words (undelivered, error 30). "
        "Register brand and campaign (10DLC) at Plivo, or use a short code."
    )
    wait_until(lambda: agent.status_of(text).get("nack"), PATIENCE_S, "LivePerson should be told")


def test_an_mms_keeps_its_words(live: LiveStack) -> None:
    consumer = Consumer(live, "plivo", "15550122004")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="words beside a picture")
    messages = consumer.conversation()["conversationId"]
    wait_until(
        lambda: {message["type"] for message in live.control.request("GET", f"conversations/{messages}")["messages"]} >= {"text", "file"},
        PATIENCE_S,
        "both should come",
    )
