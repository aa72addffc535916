"""What is Bird's own, over both of its APIs; the conversation itself is in ``test_sms_channels``."""

from __future__ import annotations

import json
from urllib.parse import urlencode

import pytest

from sandbox.phones.bird import signature
from sandbox.phones.bird_channels import signed
from stack.channels import bird
from stack.parts import session
from tests.e2e.test_sms_channels import NO_MORE, begin, is_blocked, of, outcome
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize("name", ["bird", "bird_channels"])
def test_who_opted_out_at_bird_is_known_from_the_report(live: LiveStack, name: str) -> None:
    # given a consumer who had sent STOP to Bird itself
    consumer, agent = begin(live, of(name), "hello")
    is_blocked(live, consumer)

    # when the agent writes, then Bird takes the message and reports that it will not be delivered
    agent.does("text", text="are you there?")
    wait_until(lambda: NO_MORE in agent.heard(), 60, "the agent should read of it")

    # when the agent writes again, then it does not go out
    agent.does("text", text=f"hello? {consumer.id}")
    state, code, _ = outcome(live, "hello?", consumer)
    assert (state, code) == ("dead", "recipient_gone")


def test_only_what_is_signed_for_this_address_is_taken(live: LiveStack) -> None:
    # given messages to this number at Bird and to another one of the account
    consumer, agent = begin(live, of("bird"), "for you")
    url, key = f"{live.demo.bird['callback_url']}/receive", live.keys.derive("bird signing_key")
    mine, other = (
        urlencode({"id": f"own-{number}", "originator": consumer.id.removeprefix("+"), "recipient": number, "body": words}).encode()
        for number, words in ((bird.BIRD_NUMBER, "and this"), ("15559999999", "for somebody else"))
    )

    # when they come with a token for another address, with the right one, and with one of another key
    with session() as local:
        for signed, status in (("https://elsewhere.example/receive", 401), (url, 200)):
            for body in (other, mine):
                headers = {"Content-Type": "application/x-www-form-urlencoded", **signature(key, signed, body)}
                assert local.post(url, data=body, headers=headers, timeout=30).status_code == status
        assert local.post(url, data=mine, headers=signature("x" * 32, url, mine), timeout=30).status_code == 401

    # then only this number's reaches the agent, once
    agent.hears("for you", "and this")
    assert consumer.received() == []


def test_only_what_bird_signed_for_this_channel_is_taken(live: LiveStack) -> None:
    # given messages to this channel and to another one of the workspace, as a webhook without a filter tells of them
    consumer, agent = begin(live, of("bird_channels"), "for you")
    url, key = live.demo.bird_channels["callback_url"], live.keys.derive("bird_channels signing_key")

    def told(channel_id: str, words: str) -> bytes:
        contact = {"identifierKey": "phonenumber", "identifierValue": consumer.id}
        body = {"type": "text", "text": {"text": words}}
        payload = {"id": f"own-{channel_id}", "channelId": channel_id, "sender": {"contact": contact}, "body": body}
        return json.dumps({"service": "channels", "event": "sms.inbound", "payload": payload}).encode()

    # when they come signed for another address, for the right one, and with another key
    mine, other = told(bird.BIRD_CHANNEL_ID, "and this"), told(bird.BIRD_WORKSPACE_ID, "for somebody else")
    with session() as local:
        for secret, address, status in ((key, "https://elsewhere.example", 401), (key, url, 200), ("x" * 32, url, 401)):
            for body in (other, mine):
                headers = {"Content-Type": "application/json", **signed(secret, address, body)}
                assert local.post(url, data=body, headers=headers, timeout=30).status_code == status

    # then only this channel's reaches the agent, once
    agent.hears("for you", "and this")


def test_bird_is_told_where_to_call_and_where_no_more(live: LiveStack) -> None:
    # given a channel at the Channels API that Bird calls
    channel = live.demo.bird_channels
    consumer, agent = begin(live, of("bird_channels"), "hello")

    # when the operator removes its webhooks, then the test of the connection says so
    live.api.request("DELETE", f"channels/{channel['id']}/webhook/")
    assert "Bird does not call this channel for sms.inbound and sms.outbound" in str(
        live.api.request("POST", f"channels/{channel['id']}/test/")
    )

    # when they are registered, twice, then what the consumer writes arrives again, once
    for _ in range(2):
        live.api.request("POST", f"channels/{channel['id']}/webhook/")
    consumer.does("text", text="me again")
    agent.hears("hello", "me again")
