"""What is Infobip's own: a subscription made, used and removed, and a STOP that the operator obeys. The conversation is in ``test_sms_channels``."""

from __future__ import annotations

import pytest

from stack.channels.infobip import INFOBIP_NUMBER, channels
from tests.e2e.people import PATIENCE_S, meet
from tests.e2e.test_plivo import unheard
from tests.e2e.test_sms_channels import NO_MORE, outcome
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

# The header is the sandbox's choice: Infobip's pages do not name it.
PROOFS = {
    "basic": {"kind": "basic", "username": "infobip", "password": "a-password-of-ours"},
    "hmac": {"kind": "hmac", "header": "X-Infobip-Signature", "secret": "a-secret-of-ours", "algorithm": "sha512"},
    "url_token": {"kind": "url_token", "token": "a-token-of-ours-0001"},
}


@pytest.mark.parametrize(("kind", "digit"), [("basic", 1), ("hmac", 2), ("url_token", 3)])
def test_a_subscription_is_made_brings_everything_and_is_removed(live: LiveStack, kind: str, digit: int) -> None:
    # given a number that tells nobody anything
    number, api_key = f"1555013{digit}", live.keys.derive(f"infobip subscription {kind}")
    proof = PROOFS[kind]
    config = {"base_url": "https://demo.api.infobip.com", "api_key": api_key, "sender": number, "proof": proof, "mms_enabled": True}
    channel = live.api.ensure(
        "channels/",
        {"brand": live.demo.brand["id"], "name": f"Infobip with {kind}", "provider": "infobip"},
        {"liveperson_app": live.demo.liveperson_app["id"], "config": config},
    )
    live.control.request("PUT", f"lines/infobip/+{number}", json={"name": "Acme", "api_key": api_key, "mms": True})

    def check() -> str:
        return str(live.api.request("POST", f"channels/{channel['id']}/test/"))

    assert "No webhook is registered" in check()

    # when the operator has the webhook registered
    assert "now reports" in str(live.api.request("POST", f"channels/{channel['id']}/webhook/"))

    # then messages, pictures and reports come, each with the proof
    assert "webhook" not in check()
    consumer, agent = meet(live, "infobip", f"+3161235400{digit}", "hello", line=f"+{number}")
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="look")
    wait_until(lambda: any(message["type"] == "file" for message in agent.conversation()["messages"]), PATIENCE_S, "a file should come")
    agent.does("text", text="thank you")
    consumer.sees("thank you")
    agent.learns("thank you", "accept")

    # when it is removed, then Infobip has nobody to tell
    before = len(unheard(live, "infobip"))
    assert "nothing" in str(live.api.request("DELETE", f"channels/{channel['id']}/webhook/"))
    assert "No webhook is registered" in check()
    consumer.does("text", text="anybody there?")
    wait_until(lambda: len(unheard(live, "infobip")) == before + 1, PATIENCE_S, "Infobip should have nobody to tell")


def test_who_stopped_at_the_operator_is_known_from_the_report(live: LiveStack) -> None:
    # given a number on which nothing is delivered by itself
    line = channels(live.keys, live.sandbox_url)[0].line(live.demo.infobip, {})
    live.control.request("PUT", f"lines/infobip/{INFOBIP_NUMBER}", json={**line, "auto_delivered": False})
    consumer, agent = meet(live, "infobip", "+31612354010", "hello")
    agent.does("text", text=f"are you there? {consumer.id}")
    wait_until(consumer.received, PATIENCE_S, "the message should leave")

    # when the operator reports that the person had stopped this number
    consumer.does("delivered", status="UNDELIVERABLE_REJECTED_OPERATOR")

    # then the agent reads of it, and the next message does not leave
    agent.hears("hello", NO_MORE)
    assert "opted out at the operator" in outcome(live, "are you there?", consumer)[2]
    agent.does("text", text=f"hello? {consumer.id}")
    assert outcome(live, "hello?", consumer)[:2] == ("dead", "recipient_gone")
