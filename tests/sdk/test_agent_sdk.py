"""LivePerson's own agent SDK, unchanged, as an agent at the sandbox."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from tests.sandbox.liveperson_world import ACCOUNT, Connector, World, run, tls, trusting
from tests.sdk.bot_world import Bot, bot

VERSIONS = ["node-agent-sdk", "node-agent-sdk-older"]
PASSWORD = "correct horse"
PID = "0f1e2d3c-4b5a-4697-8899-aabbccddeeff"
CONVERSATIONS, EVENTS, RINGS = "cqm.ExConversationChangeNotification", "ms.MessagingEventNotification", "routing.RoutingTaskNotification"


async def registered(world: World, username: str = "bot", **settings: Any) -> dict[str, Any]:
    return await world.control("PUT", f"/accounts/{ACCOUNT}/agents/{username}", {"password": PASSWORD, "kind": "bot", **settings})


def with_bot(
    node_modules: Path,
    folder: Path,
    sdk: str,
    test: Callable[[World, Bot, Path], Awaitable[None]],
    *,
    auto_accept: bool = False,
    **settings: Any,
) -> None:
    """Run ``test`` with a connected bot that serves skill 7."""

    async def body(world: World) -> None:
        await registered(world, pid=PID, userId=1277882310, skills=["7"], autoAccept=auto_accept)
        async with tls(world, folder) as certificate:
            login = settings or {"username": "bot", "password": PASSWORD}
            async with bot(world, node_modules, sdk, certificate, **login) as it:
                await it.until("connected")
                await test(world, it, certificate)

    run(body)


async def online(it: Bot) -> None:
    assert await it.call("setAgentState", {"availability": "ONLINE"}) == "Agent state updated successfully"
    assert set(await it.call("subscribeExConversations", {"convState": ["OPEN"]})) == {"subscriptionId"}
    assert set(await it.call("subscribeRoutingTasks", {})) == {"subscriptionId"}


def ring_of(body: Any, cid: str, state: str) -> bool:
    return any(
        change["result"]["conversationId"] == cid and change["result"]["ringsDetails"][0]["ringState"] == state
        for change in body["changes"]
    )


async def accepted(it: Bot, cid: str) -> dict[str, Any]:
    """The details of the conversation once the bot has taken it."""
    ringing = await it.until(RINGS, lambda body: ring_of(body, cid, "WAITING"))
    (ring,) = next(change["result"] for change in ringing["changes"] if change["result"]["conversationId"] == cid)["ringsDetails"]
    assert set(ring) == {"ringId", "ringState", "ringExpiration", "ringExpirationTs", "weight"}
    assert await it.call("updateRingState", {"ringId": ring["ringId"], "ringState": "ACCEPTED"}) == "Ring state updated successfully"
    taken = await it.until(CONVERSATIONS, lambda body: {"id": PID, "role": "ASSIGNED_AGENT"} in participants(body, cid))
    return details(taken, cid)


def details(body: Any, cid: str) -> dict[str, Any]:
    return next((change["result"]["conversationDetails"] for change in body["changes"] if change["result"]["convId"] == cid), {})


def participants(body: Any, cid: str) -> list[Any]:
    return details(body, cid).get("participants", [])


@pytest.mark.parametrize("sdk", VERSIONS)
def test_a_bot_serves_a_whole_conversation(sdk: str, node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        assert await it.call("ids") == {"agentId": PID, "userId": "1277882310"}
        assert set(await it.call("getClock", {})) == {"currentTime"}
        await online(it)
        connector = await Connector.of(world)
        cid = await connector.opened(profile={"firstName": "Ada", "privateData": {"mobileNum": "+15550100"}}, skillId="7")
        await connector.say(cid, "hello")

        found = await accepted(it, cid)
        me, consumer = {"id": PID, "role": "ASSIGNED_AGENT"}, {"id": connector.consumer_id, "role": "CONSUMER"}
        assert (found["participants"], found["skillId"], found["stage"]) == ([consumer, me], "7", "OPEN")
        assert found["dialogs"][0]["participantsDetails"] == [{**consumer, "state": "ACTIVE"}, {**me, "state": "ACTIVE"}]

        profile = await it.call("getUserProfile", connector.consumer_id)
        assert {"type": "personal", "personal": {"firstname": "Ada", "contacts": [{"phone": "+15550100"}]}} in profile
        await it.call("subscribeMessagingEvents", {"dialogId": cid})
        hello = await it.message("hello")
        assert (hello["sequence"], hello["originatorId"], hello["originatorMetadata"]["role"]) == (0, connector.consumer_id, "CONSUMER")

        async def publish(event: dict[str, Any], *more: Any, **fields: Any) -> int:
            return int((await it.call("publishEvent", {"dialogId": cid, "event": event, **fields}, *more))["sequence"])

        assert await publish({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [0]}) == 1
        await publish({"type": "ChatStateEvent", "chatState": "COMPOSING"})
        assert await publish({"type": "ContentEvent", "contentType": "text/plain", "message": "good day"}) == 2
        await publish({"type": "ChatStateEvent", "chatState": "ACTIVE"})
        card = {"type": "vertical", "elements": [{"type": "text", "text": "Roses"}]}
        assert await publish({"type": "RichContentEvent", "content": card}, None, [{"type": "ExternalId", "id": "CARD"}]) == 3
        note = {"type": "ContentEvent", "contentType": "text/plain", "message": "ask for the number"}
        assert await publish(note, messageAudience="AGENTS_AND_MANAGERS") == 4

        link = await it.call("generateURLForUploadFile", {"fileSize": 4, "fileType": "PDF"})
        url, query = f"https://{world.state.tls_host}{link['relativePath']}", link["queryParams"]
        async with world.http.put(url, params=query, data=b"%PDF", ssl=trusting(certificate)) as response:
            assert response.status == 201
        message = {"caption": "terms", "relativePath": link["relativePath"], "fileType": "PDF"}
        assert await publish({"type": "ContentEvent", "contentType": "hosted/file", "message": message}) == 5
        back = await it.call("generateURLForDownloadFile", {"relativePath": link["relativePath"]})
        get = f"https://{world.state.tls_host}{back['relativePath']}"
        async with world.http.get(get, params=back["queryParams"], ssl=trusting(certificate)) as response:
            assert await response.read() == b"%PDF"

        await connector.publish(cid, {"type": "ChatStateEvent", "chatState": "COMPOSING"})
        await it.until(EVENTS, lambda body: body["changes"][0]["event"].get("chatState") == "COMPOSING" and body["dialogId"] == cid)
        mine = await it.message("good day")
        assert (mine["originatorId"], mine["originatorMetadata"]["role"]) == (PID, "ASSIGNED_AGENT")

        await world.until(lambda: len([item for item in world.endpoint.received if item.change.get("event")]) >= 9)
        told = [item.change for item in world.endpoint.received if item.change.get("event")]
        assert [(c["event"]["type"], c.get("sequence"), c["originatorMetadata"]["role"]) for c in told] == [
            ("ContentEvent", 0, "CONSUMER"),
            ("AcceptStatusEvent", 1, "ASSIGNED_AGENT"),
            ("ChatStateEvent", None, "ASSIGNED_AGENT"),
            ("ContentEvent", 2, "ASSIGNED_AGENT"),
            ("ChatStateEvent", None, "ASSIGNED_AGENT"),
            ("RichContentEvent", 3, "ASSIGNED_AGENT"),
            ("ContentEvent", 4, "ASSIGNED_AGENT"),
            ("ContentEvent", 5, "ASSIGNED_AGENT"),
            ("ChatStateEvent", None, "CONSUMER"),
        ]
        assert (told[5]["event"]["content"], told[5]["metadata"]) == (card, [{"type": "ExternalId", "id": "CARD"}])
        assert [c["messageAudience"] for c in told if c["event"]["type"] == "ContentEvent"][2] == "AGENTS_AND_MANAGERS"
        assert {c["originatorId"] for c in told} == {PID, connector.consumer_id}

        away = {"field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT"}
        skill = {"field": "Skill", "type": "UPDATE", "skill": "9"}
        answer = await it.call("updateConversationField", {"conversationId": cid, "conversationField": [away, skill]})
        assert answer == "OK Agent removed successfully"
        conversation = world.state.conversations[cid]
        assert (conversation.agent_id, conversation.skill_id) == (None, "9")
        join = [{"field": "ParticipantsChange", "type": "ADD", "role": "ASSIGNED_AGENT"}]
        assert await it.call("updateConversationField", {"conversationId": cid, "conversationField": join}) == "OK Agent added successfully"

        close = [{"field": "ConversationStateField", "conversationState": "CLOSE"}]
        answer = await it.call("updateConversationField", {"conversationId": cid, "conversationField": close})
        assert answer == "OK Conversation resolved successfully"
        gone = await it.until(CONVERSATIONS, lambda body: body["changes"][0]["type"] == "DELETE" and bool(details(body, cid)))
        assert details(gone, cid)["closeReason"] == "AGENT"

        context = {"type": "ProactiveContext", "originConversationId": cid}
        resumed = await it.call("agentRequestConversation", {"consumerId": connector.consumer_id, "conversationContext": context})
        new = resumed["conversationId"]
        told_new = await it.until(CONVERSATIONS, lambda body: me in participants(body, new))
        assert details(told_new, new)["skillId"] == "9"
        await world.until(lambda: any(new.encode() in item.raw for item in world.endpoint.received))
        assert [name for name, _ in it.seen if name in ("error", "warn", "closed")] == []

    with_bot(node_modules, tmp_path, sdk, body)


@pytest.mark.parametrize("sdk", VERSIONS)
def test_a_conversation_suggested_to_the_bot_rings_there(sdk: str, node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        await online(it)
        connector = await Connector.of(world)
        cid = await connector.opened(skillId="other")
        status, answer = await world.call("POST", f"/control/conversations/{cid}/agent/suggest", {"agentId": PID})
        assert (status, answer["conversation"]["suggestedId"], answer["conversation"]["agentId"]) == (200, PID, None)
        ringing = await it.until(RINGS, lambda body: ring_of(body, cid, "WAITING"))
        ring_id = ringing["changes"][0]["result"]["ringsDetails"][0]["ringId"]
        await it.call("updateRingState", {"ringId": ring_id, "ringState": "REJECTED"})
        await world.until(lambda: world.state.conversations[cid].suggested_id is None)
        states = [entry["state"] for entry in world.ledger("agent.ring")]
        assert states == ["WAITING", "REJECTED"]
        await world.endpoint.until(3)
        people = [item.change["result"]["conversationDetails"]["dialogs"][0]["participantsDetails"] for item in world.endpoint.received]
        assert people[1][1:] == [{"id": PID, "role": "ASSIGNED_AGENT", "state": "SUGGESTED"}]
        assert len(people[0]) == len(people[2]) == 1
        assert all(len(item.change["result"]["conversationDetails"]["participants"]) == 1 for item in world.endpoint.received)

    with_bot(node_modules, tmp_path, sdk, body)


@pytest.mark.parametrize("sdk", VERSIONS)
def test_a_bot_with_auto_accept_passes_the_conversation_to_one_agent(sdk: str, node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        ann = await registered(world, "ann")
        await online(it)
        connector = await Connector.of(world)
        cid = await connector.opened(skillId="7")

        # the bot has it without answering the ring
        await it.until(RINGS, lambda body: ring_of(body, cid, "AUTO_ACCEPT"))
        await it.until(CONVERSATIONS, lambda body: {"id": PID, "role": "ASSIGNED_AGENT"} in participants(body, cid))
        refused = await it.try_call("updateConversationField", {"conversationId": cid, "conversationField": [suggestion("1.2")]})
        assert (refused["error"]["code"], world.state.conversations[cid].agent_id) == (400, PID)

        # it leaves, and suggests the conversation to one agent
        away = {"field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT"}
        fields = {"conversationId": cid, "conversationField": [away, suggestion(ann["oldId"])]}
        assert await it.call("updateConversationField", fields) == "OK Agent removed successfully"
        moved = await it.until(CONVERSATIONS, lambda body: "SUGGESTED" in str(details(body, cid).get("dialogs")))
        people = details(moved, cid)["dialogs"][0]["participantsDetails"]
        assert [(person["role"], person["state"]) for person in people] == [("CONSUMER", "ACTIVE"), ("ASSIGNED_AGENT", "SUGGESTED")]
        assert participants(moved, cid) == [{"id": connector.consumer_id, "role": "CONSUMER"}]
        assert (world.state.conversations[cid].agent_id, world.state.conversations[cid].suggested_id) == (None, ann["pid"])
        assert [name for name, _ in it.seen if name in ("error", "warn", "closed")] == []

    with_bot(node_modules, tmp_path, sdk, body, auto_accept=True)


def suggestion(user_id: str) -> dict[str, Any]:
    return {"field": "ParticipantsChange", "type": "SUGGEST", "role": "ASSIGNED_AGENT", "userId": user_id}


@pytest.mark.parametrize("sdk", VERSIONS)
def test_the_profile_holds_every_sde_as_authenticated(sdk: str, node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        sdes = [
            {"type": "ctmrinfo", "info": {"customerId": "138766AC", "ctype": "vip"}},
            {"type": "personal", "personal": {"firstname": "Ada", "language": "en-US", "contacts": [{"email": "ada@brand.example"}]}},
        ]
        connector = await Connector.of(world)
        await connector.opened(profile={"firstName": "Ada", "lastName": "L", "authenticatedData": {"lp_sdes": sdes}}, skillId="7")
        profile = await it.call("getUserProfile", connector.consumer_id)
        for sde in sdes:
            assert any(sde.items() <= given.items() for given in profile), (sde, profile)
        refused = await it.try_call("getUserProfile", "nobody")
        assert refused["error"]["code"] == 400

    with_bot(node_modules, tmp_path, sdk, body)


@pytest.mark.parametrize("sdk", VERSIONS)
def test_a_bot_comes_back_with_the_same_bearer_and_is_told_again(sdk: str, node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        await online(it)
        connector = await Connector.of(world)
        cid = await connector.opened(skillId="7")
        await accepted(it, cid)
        await world.control("POST", f"/accounts/{ACCOUNT}/agents/bot/disconnect", {"code": 1011})
        assert await it.until("closed")
        await connector.say(cid, "are you there?")
        await it.call("reconnect", True)
        await it.until("connected", lambda body: len([name for name, _ in it.seen if name == "connected"]) == 2)
        before = len(it.changes(CONVERSATIONS))
        await online(it)
        await it.call("subscribeMessagingEvents", {"dialogId": cid})
        assert (await it.message("are you there?"))["sequence"] == 0
        await it.until(CONVERSATIONS, lambda body: len(it.changes(CONVERSATIONS)) > before and bool(participants(body, cid)))
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "yes"}
        assert await it.call("publishEvent", {"dialogId": cid, "event": event}) == {"sequence": 1}
        assert len(world.ledger("liveperson.login")) == 1

    with_bot(node_modules, tmp_path, sdk, body)


def test_a_manager_joins_beside_the_assigned_agent(node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        await it.call("subscribeAgentsState", {})
        await it.until("routing.AgentStateNotification")
        connector = await Connector.of(world)
        cid = await connector.opened(skillId="7")
        await world.call("POST", f"/control/conversations/{cid}/agent/join")
        join = [{"field": "ParticipantsChange", "type": "ADD", "role": "MANAGER"}]
        assert await it.call("updateConversationField", {"conversationId": cid, "conversationField": join}) == "OK Agent added successfully"
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "manager here"}
        await it.call("publishEvent", {"dialogId": cid, "event": event})
        await world.until(lambda: any(item.says == "manager here" for item in world.endpoint.received))
        (said,) = [item.change for item in world.endpoint.received if item.says == "manager here"]
        assert said["originatorMetadata"] == {"id": PID, "role": "MANAGER"}

    with_bot(node_modules, tmp_path, VERSIONS[0], body)


def test_refusals_reach_the_callback(node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened(skillId="7")
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "x"}
        refused = (await it.try_call("publishEvent", {"dialogId": cid, "event": event}))["error"]
        assert (refused["code"], refused["kind"]) == (400, "resp")
        away = [{"field": "ParticipantsChange", "type": "REMOVE", "role": "ASSIGNED_AGENT"}]
        refused = (await it.try_call("updateConversationField", {"conversationId": cid, "conversationField": away}))["error"]
        assert refused["body"] == "Bad Request: ParticipantsChange: there is no ASSIGNED_AGENT to remove"
        assert (await it.try_call("updateRingState", {"ringId": "none", "ringState": "ACCEPTED"}))["error"]["code"] == 400

    with_bot(node_modules, tmp_path, VERSIONS[0], body)


@pytest.mark.parametrize(
    "login",
    [
        {"username": "bot", "appKey": "k", "secret": "s", "accessToken": "t", "accessTokenSecret": "ts"},
        {"assertion": "<saml:Assertion><saml:Subject><saml:NameID>bot</saml:NameID></saml:Subject></saml:Assertion>"},
    ],
)
def test_other_forms_of_login(login: dict[str, str], node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        assert (await it.call("ids"))["agentId"] == PID

    with_bot(node_modules, tmp_path, VERSIONS[0], body, **login)


def test_a_session_is_refreshed_and_ends_when_it_is_revoked(node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World, it: Bot, certificate: Path) -> None:
        answer = await world.control("POST", f"/accounts/{ACCOUNT}/agents/bot/disconnect", {})
        assert answer == {"disconnected": 1}
        await it.until("closed")
        await it.call("reconnect")
        await it.until("connected", lambda body: len([name for name, _ in it.seen if name == "connected"]) == 2)
        await world.control("POST", f"/accounts/{ACCOUNT}/agents/bot/disconnect", {"revoke": True})
        refused = await it.until("error")
        assert refused == {"message": "session unauthorized", "code": 401}

    login = {"username": "bot", "password": PASSWORD, "refreshSessionInterval": 200}
    with_bot(node_modules, tmp_path, VERSIONS[0], body, **login)


@pytest.mark.parametrize("sdk", VERSIONS)
def test_a_wrong_password_and_an_invented_bearer_are_errors(sdk: str, node_modules: Path, tmp_path: Path) -> None:
    async def body(world: World) -> None:
        await registered(world)
        async with tls(world, tmp_path) as certificate:
            for login in ({"username": "bot", "password": "wrong"}, {"token": "invented", "userId": "1"}):
                async with bot(world, node_modules, sdk, certificate, **login) as it:
                    error = await it.until("error")
                    assert "token" not in login or "401" in error["message"]
                    await asyncio.sleep(0)
        refused = [(entry["call"], entry["status"]) for entry in world.ledger("liveperson.refused")]
        assert refused == [("login", 401), ("agent", 401)]

    run(body)
