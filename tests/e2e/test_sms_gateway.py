"""A gateway of the brand's choice, through every part: what is not in the conversation that all SMS channels play."""

from __future__ import annotations

import base64
import json
import re
from typing import Any

import pytest

from stack.channels import sms_gateway
from stack.parts import session
from tests.e2e.people import meet
from tests.e2e.test_conversation import PNG
from tests.support.stack import LiveStack, wait_until

pytestmark = pytest.mark.e2e

PATIENCE_S = 60


def test_a_number_that_the_gateway_does_not_know_is_told_to_the_agent(live: LiveStack) -> None:
    consumer, agent = meet(live, "sms_gateway", "+31612349002", "hello")
    refusal = {"target": "sms_gateway.send", "times": 1, "status": 400, "body": json.dumps({"code": "13", "error": "unknown subscriber"})}
    live.control.request("PUT", "faults", json={"rules": [refusal]})
    agent.does("text", text="are you there?")
    wait_until(lambda: agent.reasons() == ["[not delivered: the gateway knows no such number]"], PATIENCE_S, "the agent should read why")
    assert consumer.received() == []
    agent.does("text", text="and now?")
    consumer.sees("and now?")


def test_what_the_gateway_refuses_for_now_goes_out_later_in_order(live: LiveStack) -> None:
    consumer, agent = meet(live, "sms_gateway", "+31612349003", "hello")
    live.control.request("PUT", "faults", json={"rules": [{"target": "sms_gateway.send", "times": 2, "status": 429, "retry_after_s": 1}]})
    agent.does("text", text="first")
    agent.does("text", text="second")
    consumer.sees("first", "second")


NUMBER = "31620"


@pytest.fixture
def by_get(live: LiveStack) -> str:
    """The number of a channel whose gateway puts everything into addresses, has words of its own, and takes no files."""
    outbound = sms_gateway.config(live.keys, live.sandbox_url, NUMBER)["outbound"]
    config = {
        "sender": NUMBER,
        "inbound": {
            "auth": {"kind": "bearer", "token": live.keys.derive("sms by get")},
            "fields": {"sender": ["msisdn"], "text": ["message"], "message_id": ["msgid"], "media": ["pic#"], "media_type": ["pictype#"]}
            | {"concat_reference": ["ref"], "concat_part": ["part"], "concat_total": ["of"]},
            "stop_keywords": ["ARRÊT", "STOPPEN"],
            "start_keywords": ["ENCORE"],
        },
        "status": {"values": {"delivered": ["ok"], "failed": ["nok"], "sent": []}},
        "outbound": {
            **{"method": "GET", "content_type": "none", "number_format": "digits", "auth": outbound["auth"], "media": "link"},
            "url": outbound["url"] + "?to={{to}}&text={{text}}&ref={{id}}&dlr={{status_url}}",
            "success": {"status": [200], "body_regex": '"accepted"'},
            "message_id": {"regex": '"id": ?"([^"]+)"'},
        },
    }
    channel = live.api.ensure(
        "channels/",
        {"brand": live.demo.brand["id"], "name": "SMS by GET", "provider": "sms_gateway"},
        {"liveperson_app": live.demo.liveperson_app["id"], "config": config},
    )
    line = {
        **sms_gateway.line(live.keys, channel),
        **{"inbound_auth": config["inbound"]["auth"], "inbound_method": "GET", "inbound_format": "query", "number_format": "digits"},
        "fields": {"from": "msisdn", "text": "message", "id": "msgid", "media": "pic", "media_type": "pictype"}
        | {"reference": "ref", "part": "part", "total": "of"},
        "status_words": {"delivered": "ok", "failed": "nok"},
        "in_pieces": True,
    }
    live.control.request("PUT", f"lines/sms_gateway/{NUMBER}", json=line)
    return NUMBER


def test_a_gateway_that_puts_everything_into_addresses(live: LiveStack, by_get: str) -> None:
    # given a consumer who writes, and sends a picture
    consumer, agent = meet(live, "sms_gateway", "+31612349011", "¿a=b & c+d?", line=by_get)
    consumer.does("file", url=f"{live.sandbox_url}/static/sample.jpg", text="")
    wait_until(lambda: "file" in kinds(agent.conversation()), PATIENCE_S, "a picture should come")

    # when the agent answers with words and with a picture
    agent.does("text", text="ça va & 1+1=2 📦")
    agent.does("file", data_base64=base64.b64encode(PNG).decode(), fileType="PNG", caption="look")

    # then the words come whole and are delivered, and the picture is an address that gives the very bytes
    wait_until(lambda: len(consumer.received()) == 2, PATIENCE_S, f"two should arrive, there are {consumer.received()}")
    words, link = consumer.received()
    assert words == "ça va & 1+1=2 📦"
    agent.learns(words, "accept")
    found = re.fullmatch(r"look\n(https?://\S+)", link)
    assert found
    with session() as browser:
        assert browser.get(found[1].replace("localhost", "127.0.0.1"), timeout=10).content == PNG


def test_a_long_message_that_comes_in_parts_is_one_message_for_the_agent(live: LiveStack, by_get: str) -> None:
    long = "¿Dónde está mi pedido? 📦 " * 12
    _, agent = meet(live, "sms_gateway", "+31612349014", long.strip(), line=by_get)
    assert agent.heard() == [long.strip()]


def test_stop_words_are_the_brands_own(live: LiveStack, by_get: str) -> None:
    consumer, agent = meet(live, "sms_gateway", "+31612349012", "STOP", line=by_get)
    consumer.does("text", text=" arrêt ")
    agent.hears("STOP", "[the consumer wants no more messages]")
    agent.does("text", text="one more thing")
    wait_until(agent.reasons, PATIENCE_S, "the agent should read why")
    consumer.does("text", text="encore")
    agent.hears("STOP", "[the consumer wants no more messages]", "[the consumer wants messages again]")
    agent.does("text", text="welcome back")
    consumer.sees("welcome back")


def test_who_opted_out_at_the_gateway_is_sent_nothing(live: LiveStack, by_get: str) -> None:
    # given a gateway that keeps a list of its own, and tells of it
    consumer, agent = meet(live, "sms_gateway", "+31612349015", "hello", line=by_get)
    found = live.api.request("GET", "channels/", params={"provider": "sms_gateway"})["results"]
    url = next(channel["callback_url"] for channel in found if channel["address"] == by_get) + "/stopped"
    bearer = {"Authorization": f"Bearer {live.keys.derive('sms by get')}"}
    with session() as local:
        assert local.post(url, data={"msisdn": "31612349015"}, timeout=30).status_code == 401
        assert local.post(url, data={"msisdn": "31612349015"}, headers=bearer, timeout=30).status_code == 200
    agent.hears("hello", "[the consumer wants no more messages]")
    agent.does("text", text="one more thing")
    wait_until(agent.reasons, PATIENCE_S, "the agent should read why")
    assert consumer.received() == []


def test_what_the_network_could_not_deliver_is_told_with_its_reason(live: LiveStack) -> None:
    # given a line on which nothing is delivered by itself
    line = sms_gateway.line(live.keys, live.demo.sms)
    live.control.request("PUT", f"lines/sms_gateway/{sms_gateway.SMS_NUMBER}", json={**line, "auto_delivered": False})
    consumer, agent = meet(live, "sms_gateway", "+31612349013", "hello")
    agent.does("text", text="can you hear me?")
    consumer.sees("can you hear me?")

    # when the gateway reports that the message expired
    consumer.does("delivered", status="EXPIRED")

    # then the agent reads that it did not arrive
    why = "[not delivered: the phone was switched off or out of reach for too long (EXPIRED)]"
    wait_until(lambda: agent.reasons() == [why], PATIENCE_S, f"the agent should read why, reads {agent.reasons()}")
    wait_until(lambda: agent.status_of("can you hear me?").get("nack"), PATIENCE_S, "LivePerson should be told")
    live.control.request("PUT", f"lines/sms_gateway/{sms_gateway.SMS_NUMBER}", json=line)


def kinds(conversation: dict[str, Any]) -> list[str]:
    return [message["type"] for message in conversation["messages"]]
