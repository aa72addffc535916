"""Webhooks: the exact bodies, their signatures, and what becomes of those that an endpoint does not take."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest

from sandbox.liveperson.accounts import Signature
from sandbox.liveperson.notifications import sign
from tests.sandbox.liveperson_world import ACCOUNT, APP, SECRET, Connector, Received, World, run

CONSUMER = "2969e404f3be1c8cdda63f0b72d205ab5afb3fe3e3d7d72ab58245f564fdfd91"


def vector(event: dict[str, Any]) -> bytes:
    """The body of LivePerson's own signature test, with ``event`` in it.

    Source: https://github.com/LivePersonInc/lp-demo-app-connector-api (test/notifications.test.js)
    """
    conversation_id = "b8b83fe9-75f0-46f2-baaa-2930f7192cfb"
    change = {"originatorId": CONSUMER, "originatorMetadata": {"id": CONSUMER, "role": "CONSUMER"}, "event": event}
    change |= {"conversationId": conversation_id, "dialogId": conversation_id}
    body = {"kind": "notification", "body": {"changes": [change]}, "type": "ms.MessagingEventNotification"}
    return json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode()


PAUSE = vector({"type": "ChatStateEvent", "chatState": "PAUSE"})
EMOJI = vector({"type": "ContentEvent", "message": "café 😀", "contentType": "text/plain"})


@pytest.mark.parametrize(
    ("body", "size", "signature", "expected"),
    [
        (PAUSE, 440, Signature("sha1", "base64"), "sha1=e/TfS0wv1HbvEsMqcBMmFLcMslI="),
        (PAUSE, 440, Signature("sha1", "hex"), "sha1=7bf4df4b4c2fd476ef12c32a70132614b70cb252"),
        (PAUSE, 440, Signature("sha256", "base64"), "sha256=PH84lxXVcKluSQQ3Fy8oaaZe1vDHZ3JZMNEQoQjUjsU="),
        (EMOJI, 468, Signature("sha1", "base64"), "sha1=ioY3yRGJRS+S37lPvCG2x4ezApI="),
    ],
)
def test_signature_vectors(body: bytes, size: int, signature: Signature, expected: str) -> None:
    assert len(body) == size
    assert sign(body, SECRET, signature) == expected


def test_every_event_arrives_as_one_signed_post_with_one_change() -> None:
    async def body(world: World) -> None:
        await world.install(headers=[{"header_name": "X-A", "header_value": "b"}])
        connector = await Connector.of(world)
        cid = await connector.opened(skillId="558327413", ttrDefName="PRIORITIZED")
        await connector.say(cid, "café 😀")
        await connector.publish(cid, {"type": "ChatStateEvent", "chatState": "ACTIVE"})
        got = await world.endpoint.until(3)
        conversation = world.state.conversations[cid]
        started, said = conversation.started_ms, conversation.main.messages[0].at_ms
        person = {"id": connector.consumer_id, "role": "CONSUMER"}
        opened, echo, chat_state = (json.loads(item.raw) for item in got)
        assert opened == {
            "kind": "notification",
            "body": {
                "subscriptionId": opened["body"]["subscriptionId"],
                "changes": [
                    {
                        "type": "UPSERT",
                        "result": {
                            "convId": cid,
                            "effectiveTTR": started + 600_000,
                            "conversationDetails": {
                                "skillId": "558327413",
                                "participants": [person],
                                "dialogs": [
                                    {
                                        "dialogId": cid,
                                        "participantsDetails": [{**person, "state": "ACTIVE"}],
                                        "dialogType": "MAIN",
                                        "channelType": "MESSAGING",
                                        "state": "OPEN",
                                        "creationTs": started,
                                        "metaDataLastUpdateTs": started,
                                    }
                                ],
                                "brandId": ACCOUNT,
                                "state": "OPEN",
                                "stage": "OPEN",
                                "startTs": started,
                                "metaDataLastUpdateTs": started,
                                "ttr": {"ttrType": "PRIORITIZED", "value": 600},
                                "conversationHandlerDetails": {"accountId": ACCOUNT, "skillId": "558327413"},
                            },
                        },
                    }
                ],
            },
            "type": "cqm.ExConversationChangeNotification",
        }
        assert echo == {
            "kind": "notification",
            "body": {
                "changes": [
                    {
                        "sequence": 0,
                        "originatorId": connector.consumer_id,
                        "originatorMetadata": person,
                        "serverTimestamp": said,
                        "event": {"type": "ContentEvent", "message": "café 😀", "contentType": "text/plain"},
                        "conversationId": cid,
                        "dialogId": cid,
                        "messageAudience": "ALL",
                    }
                ]
            },
            "type": "ms.MessagingEventNotification",
        }
        assert chat_state["body"]["changes"] == [
            {
                "originatorId": connector.consumer_id,
                "originatorMetadata": person,
                "event": {"type": "ChatStateEvent", "chatState": "ACTIVE"},
                "conversationId": cid,
                "dialogId": cid,
            }
        ]
        assert "café 😀".encode() in got[1].raw
        for item in got:
            assert item.path == f"/{APP}"
            assert (item.headers["X-Liveperson-Account-Id"], item.headers["X-Liveperson-Client-Id"]) == (ACCOUNT, APP)
            assert item.headers["X-Liveperson-Signature"] == sign(item.raw, SECRET, Signature())
            assert (item.headers["Content-Type"], item.headers["X-A"]) == ("application/json", "b")

    run(body)


def test_agent_events_carry_role_audience_metadata_and_complete_state() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        await connector.say(cid, "hello")
        act = f"/conversations/{cid}/agent/"
        replies = {"type": "quickReplies", "replies": []}
        await world.control("POST", act + "typing", {"on": True})
        await world.control("POST", act + "text", {"text": "hi", "quickReplies": replies, "metadata": [{"type": "ExternalId", "id": "1"}]})
        await world.control("POST", act + "private", {"text": "psst"})
        await world.control("POST", act + "rich", {"content": {"type": "vertical", "elements": []}, "quickReplies": replies})
        await world.control("POST", act + "read")
        await world.control("POST", act + "transfer", {"skillId": "99"})
        await world.control("POST", act + "close")
        got = [item.change for item in (await world.endpoint.until(10))[2:]]
        agent_id = got[0]["result"]["conversationDetails"]["participants"][1]["id"]
        agent = {"originatorId": agent_id, "originatorMetadata": {"id": agent_id, "role": "ASSIGNED_AGENT"}}
        where = {"conversationId": cid, "dialogId": cid}
        times = [change.pop("serverTimestamp", None) for change in got]
        assert [time is None for time in times] == [True, True, False, False, False, False, True, True]
        text = {"type": "ContentEvent", "message": "hi", "contentType": "text/plain", "quickReplies": replies}
        private = {"type": "ContentEvent", "message": "psst", "contentType": "text/plain"}
        rich = {"type": "RichContentEvent", "content": {"type": "vertical", "elements": []}, "quickReplies": replies}
        read = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}
        metadata = [{"type": "ExternalId", "id": "1"}]
        assert got[1:6] == [
            {**agent, **where, "event": {"type": "ChatStateEvent", "chatState": "COMPOSING"}},
            {"sequence": 1, **agent, **where, "event": text, "messageAudience": "ALL", "metadata": metadata},
            {"sequence": 2, **agent, **where, "event": private, "messageAudience": "AGENTS_AND_MANAGERS"},
            {"sequence": 3, **agent, **where, "event": rich, "messageAudience": "ALL"},
            {"sequence": 4, **agent, **where, "event": read},
        ]
        joined, moved, closed = (got[n]["result"] for n in (0, 6, 7))
        states = [part["conversationDetails"] for part in (joined, moved, closed)]
        assert [len(state["participants"]) for state in states] == [2, 1, 1]
        assert [state["skillId"] for state in states] == ["-1", "99", "99"]
        assert [(state["state"], state["stage"], state.get("closeReason")) for state in states] == [
            ("OPEN", "OPEN", None),
            ("OPEN", "OPEN", None),
            ("CLOSE", "CLOSE", "AGENT"),
        ]
        assert closed["effectiveTTR"] == -1
        assert states[2]["endTs"] == states[2]["dialogs"][0]["endTs"] == states[2]["metaDataLastUpdateTs"]
        assert states[2]["dialogs"][0]["closedBy"] == "AGENT"
        updates = [state["metaDataLastUpdateTs"] for state in states]
        assert updates == sorted(set(updates))

    run(body)


def test_events_go_to_every_enabled_app_of_the_account_and_to_no_other() -> None:
    async def body(world: World) -> None:
        await world.install(app="app-2", endpoints={"cqm.ExConversationChangeNotification": world.endpoint.url + "/changes"})
        await world.install(app="app-3", enabled=False)
        await world.install(account="other", app="foreign")
        connector = await Connector.of(world)
        cid = await connector.opened()
        await connector.say(cid, "hi")
        got = await world.endpoint.until(3)
        assert sorted((item.path, item.headers["X-Liveperson-Client-Id"]) for item in got) == [
            ("/app-1", "app-1"),
            ("/app-1", "app-1"),
            ("/changes", "app-2"),
        ]

    run(body)


def test_other_signatures_and_escaped_bodies_by_configuration() -> None:
    async def body(world: World) -> None:
        await world.install(signature={"algorithm": "sha256", "encoding": "hex"})
        await world.control("PUT", "/options", {"escape_unicode": True})
        connector = await Connector.of(world)
        await connector.say(await connector.opened(), "café 😀")
        echo = (await world.endpoint.until(2))[1]
        assert b'"caf\\u00e9 \\ud83d\\ude00"' in echo.raw
        assert echo.headers["X-Liveperson-Signature"] == sign(echo.raw, SECRET, Signature("sha256", "hex"))

    run(body)


def test_half_a_surrogate_pair_is_sent_as_a_question_mark() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        await connector.say(await connector.opened(), "a\ud83d")
        assert (await world.endpoint.until(2))[1].says == "a?"

    run(body)


def says(received: list[Received], conversation_id: str) -> list[Any]:
    return [item.says for item in received if conversation_id.encode() in item.raw]


@pytest.mark.parametrize("status", [204, 202, 400, 500])
def test_what_is_not_200_or_201_is_sent_again_with_order_kept(status: int) -> None:
    async def body(world: World) -> None:
        world.endpoint.answers = [201, status, status, status]
        one, two = await Connector.of(world, "one"), await Connector.of(world, "two")
        first, second = await one.opened(), await two.opened()
        for number in range(5):
            await one.say(first, f"{number}")
            await two.say(second, f"{number}")
        got = await world.endpoint.until(12 + 3)
        for conversation_id in (first, second):
            seen = says(got, conversation_id)
            assert list(dict.fromkeys(seen)) == ["OPEN", "0", "1", "2", "3", "4"]
        assert len({item.raw for item in got}) == 12  # what is sent again is the same to the byte
        await world.until(lambda: len(world.ledger("webhook.delivered")) == 12)
        assert world.ledger("webhook.dropped") == []

    run(body)


def test_a_failed_app_stores_everything_until_the_retry() -> None:
    async def body(world: World) -> None:
        world.endpoint.answers = [500]
        connector = await Connector.of(world)
        cid = await connector.opened()
        await world.until(lambda: world.state.webhooks.status()["apps"][0]["state"] == "FAILED")
        await connector.say(cid, "stored")
        other = await (await Connector.of(world, "ext-2")).opened()
        (app,) = (await world.control("GET", "/webhooks"))["apps"]
        assert (app["state"], app["pending"], app["wait_s"]) == ("FAILED", 3, 2.0)
        assert app["conversations"] == {cid: 2, other: 1}
        assert len(world.endpoint.received) == 1
        await world.control("POST", "/webhooks/retry")
        await world.until(lambda: len(world.ledger("webhook.delivered")) == 3)
        assert {entry["attempt"] for entry in world.ledger("webhook.delivered") if entry["sequence"] is None} == {1, 2}
        assert len(world.endpoint.received) == 4

    run(body, time_scale=1000)


def test_events_older_than_the_retention_time_are_dropped() -> None:
    async def body(world: World) -> None:
        world.endpoint.answers = [500] * 100
        await world.install(retention_time=2)
        connector = await Connector.of(world)
        await connector.opened()
        await world.until(lambda: world.ledger("webhook.dropped"))
        (dropped,) = world.ledger("webhook.dropped")
        assert dropped["reason"] == "older than retention_time"
        assert world.ledger("webhook.delivered") == []

    run(body)


def test_by_number_a_failed_event_holds_back_no_other() -> None:
    async def body(world: World) -> None:
        await world.install(retention_time=None, max_retries=2)
        world.endpoint.answers = [500]
        connector = await Connector.of(world)
        await connector.say(await connector.opened(), "not held back")
        assert [item.says for item in await world.endpoint.until(2)] == ["OPEN", "not held back"]

    run(body, time_scale=1000)


@pytest.mark.parametrize(("max_retries", "attempts"), [(2, 3), (None, 1)])
def test_by_number_an_event_is_dropped_when_its_retries_are_used_up(max_retries: int | None, attempts: int) -> None:
    async def body(world: World) -> None:
        await world.install(retention_time=None, max_retries=max_retries)
        world.endpoint.answers = [500] * 10
        await (await Connector.of(world)).opened()
        await world.until(lambda: world.ledger("webhook.dropped"))
        (dropped,) = world.ledger("webhook.dropped")
        assert (dropped["attempts"], dropped["reason"]) == (attempts, f"max_retries ({max_retries or 0}) used up")
        assert [item.says for item in world.endpoint.received] == ["OPEN"] * attempts

    run(body)


def test_an_explicit_0_drops_a_failure_at_once_without_failing_the_app() -> None:
    async def body(world: World) -> None:
        await world.install(max_retries=0)
        world.endpoint.answers = [500]
        connector = await Connector.of(world)
        await connector.say(await connector.opened(), "next")
        got = await world.endpoint.until(2)
        assert [item.says for item in got] == ["OPEN", "next"]
        assert [entry["reason"] for entry in world.ledger("webhook.dropped")] == ["max_retries is 0"]

    run(body)


def test_an_endpoint_that_cannot_be_reached_is_retried_at_its_new_address() -> None:
    async def body(world: World) -> None:
        with socket.socket() as deaf:  # bound, so that nobody else has the port, and not listening
            deaf.bind(("127.0.0.1", 0))
            await world.install(endpoints=f"http://127.0.0.1:{deaf.getsockname()[1]}/nobody")
            connector = await Connector.of(world)
            cid = await connector.opened()
            await world.until(lambda: world.state.webhooks.status()["attempts"])
        (attempt,) = world.state.webhooks.status()["attempts"]
        assert attempt["status"] is None
        assert attempt["error"].startswith("ClientConnectorError")
        await world.install()
        assert says(await world.endpoint.until(1), cid) == ["OPEN"]

    run(body, time_scale=1000)


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        ({"duplicate": True}, ["OPEN", "a", "a", "b", "c"]),
        ({"swap": True}, ["OPEN", "b", "a", "c"]),
        ({"delay_ms": 1}, ["OPEN", "a", "b", "c"]),
        ({"latency_ms": [0, 2]}, ["OPEN", "a", "b", "c"]),
        ({"lose_reply": True}, ["OPEN", "a", "a", "b", "c"]),
        ({"status": 500}, ["OPEN", "a", "b", "c"]),
    ],
)
def test_faults_of_webhooks(rule: dict[str, Any], expected: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.liveperson.webhooks.SWAP_WAIT_S", 1000)

    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        await world.control("PUT", "/faults", {"rules": [{"target": "webhooks.ContentEvent", "times": 1, **rule}]})
        for text in "abc":
            await connector.say(cid, text)
        got = await world.endpoint.until(len(expected))
        assert [item.says for item in got] == expected

    run(body)


def test_a_swapped_event_that_stays_the_last_is_sent_all_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sandbox.liveperson.webhooks.SWAP_WAIT_S", 0.01)

    async def body(world: World) -> None:
        await world.control("PUT", "/faults", {"rules": [{"target": "webhooks", "swap": True}]})
        connector = await Connector.of(world)
        await connector.opened()
        assert [item.says for item in await world.endpoint.until(1)] == ["OPEN"]

    run(body)
