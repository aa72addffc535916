"""A gateway of the brand's choice, through every part: what is not in the conversations that all channels play."""

from __future__ import annotations

import json

import pytest

from tests.e2e.people import meet
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PATIENCE_S = 60


def test_after_stop_nothing_is_sent_until_start(live: LiveStack) -> None:
    # given a person who wants no more
    consumer, agent = meet(live, "sms_gateway", "+31612349001", "hello")
    consumer.does("text", text="STOP")
    agent.hears("hello", "[the consumer wants no more messages]")

    # when the agent writes all the same
    agent.does("text", text="one more thing")

    # then nothing is sent, and the agent reads why
    wait_until(lambda: any("opted out" in reason for reason in agent.reasons()), PATIENCE_S, "the agent should read why")
    assert consumer.received() == []

    # until the person wants messages again
    consumer.does("text", text="START")
    wait_until(lambda: len(agent.heard()) == 3, PATIENCE_S, "the agent should read of it")
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_a_number_that_the_gateway_does_not_know_is_told_to_the_agent(live: LiveStack) -> None:
    consumer, agent = meet(live, "sms_gateway", "+31612349002", "hello")
    refusal = {"target": "sms_gateway.send", "times": 1, "status": 400, "body": json.dumps({"code": "13", "error": "unknown subscriber"})}
    live.control.request("PUT", "faults", json={"rules": [refusal]})
    agent.does("text", text="are you there?")
    wait_until(agent.reasons, PATIENCE_S, "the agent should read why")
    assert consumer.received() == []
    agent.does("text", text="and now?")
    consumer.sees("and now?")


def test_what_the_gateway_refuses_for_now_goes_out_later_in_order(live: LiveStack) -> None:
    consumer, agent = meet(live, "sms_gateway", "+31612349003", "hello")
    live.control.request("PUT", "faults", json={"rules": [{"target": "sms_gateway.send", "times": 2, "status": 429, "retry_after_s": 1}]})
    agent.does("text", text="first")
    agent.does("text", text="second")
    consumer.sees("first", "second")
