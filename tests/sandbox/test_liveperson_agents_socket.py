"""Agents over the websocket: logging in, rings, subscriptions, and what is refused."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp import WSServerHandshakeError

from tests.sandbox.agent_client import CONVERSATIONS, RINGS, Agent, agent, login
from tests.sandbox.liveperson_world import ACCOUNT, Connector, World, run


@pytest.mark.parametrize(
    ("form", "status", "reason"),
    [
        ({"username": "ann", "password": "no"}, 401, "unknown username or wrong password"),
        ({"username": "agent", "password": "pw"}, 401, "unknown username or wrong password"),
        ({"username": "ann"}, 400, "appKey is missing"),
        ({"username": "ann", "appKey": "k", "secret": "s", "accessToken": "t"}, 400, "accessTokenSecret is missing"),
        ({"jwt": "dummy"}, 400, "assertion is missing"),
        ({"assertion": "<x/>"}, 400, "the assertion names no subject (NameID)"),
    ],
)
def test_logins_that_are_refused(form: dict[str, Any], status: int, reason: str) -> None:
    async def body(world: World) -> None:
        await world.control("PUT", f"/accounts/{ACCOUNT}/agents/ann", {"password": "pw"})
        got, answer = await world.call("POST", f"/api/account/{ACCOUNT}/login?v=1.3", form)
        assert (got, answer["error"]["message"]) == (status, reason)
        assert isinstance(answer["error"]["internalCode"], int)

    run(body)


def test_login_takes_a_form_too_and_refresh_needs_cookie_and_csrf() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", f"/accounts/{ACCOUNT}/agents/ann", {"password": "pw", "userId": "77", "pid": "p-1"})
        path = f"{world.base}/api/account/{ACCOUNT}"
        async with world.http.post(f"{path}/login", data={"username": "ann", "password": "pw"}) as response:
            answer, cookie = await response.json(), response.cookies["session"].value
        assert (answer["config"]["userId"], answer["config"]["userPid"], answer["config"]["isAdmin"]) == ("77", "p-1", False)
        world.http.cookie_jar.clear()
        for cookies, csrf, status in (
            ({}, answer["csrf"], 401),
            ({"session": cookie}, "no", 401),
            ({"session": cookie}, answer["csrf"], 200),
        ):
            async with world.http.post(f"{path}/refresh?v=1.3", json={"csrf": csrf}, cookies=cookies) as response:
                assert response.status == status
        assert (await world.call("POST", "/api/account/none/login", {}))[0] == 401

    run(body)


def test_an_unknown_bearer_or_version_is_refused_at_the_handshake() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", f"/accounts/{ACCOUNT}/agents/ann", {"password": "pw"})
        _, answer = await login(world, "ann")
        for bearer, query, status in (("invented", "v=2.1", 401), (answer["bearer"], "v=3", 400)):
            with pytest.raises(WSServerHandshakeError) as refused:
                await world.http.ws_connect(f"{world.base}/ws_api/account/{ACCOUNT}/messaging/brand/{bearer}?{query}")
            assert refused.value.status == status

    run(body)


def test_rings_go_to_online_agents_of_the_skill_and_on_to_the_next() -> None:
    async def body(world: World) -> None:
        async with (
            agent(world, "ann", skills=["7"]) as ann,
            agent(world, "bob", skills=["7"]) as bob,
            agent(world, "cy", skills=["8"]) as cy,
        ):
            for each in (ann, cy):
                await each.online()
            cid = await (await Connector.of(world)).opened(skillId="7")
            ring = await ann.ring(cid)
            await bob.online()
            assert await ann.get(".ams.routing.UpdateRingState", {"ringId": ring["ringId"], "ringState": "REJECTED"})
            assert (await ann.ring(cid, "REJECTED"))["ringId"] == ring["ringId"]
            second = await bob.ring(cid)
            assert (await bob.ask(".ams.routing.UpdateRingState", {"ringId": ring["ringId"], "ringState": "ACCEPTED"}))["code"] == 400
            await bob.get(".ams.routing.UpdateRingState", {"ringId": second["ringId"], "ringState": "ACCEPTED"})
            assert (await bob.ring(cid, "ACCEPTED"))["ringId"] == second["ringId"]
            assert world.state.conversations[cid].agent_id == bob.pid
            assert not [item for item in cy.told if item["type"] == RINGS]

    run(body)


def test_a_ring_expires_and_comes_again_and_ends_when_someone_else_joins() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", "/options", {"ring_expiration_s": 0.05})
        async with agent(world, "ann") as ann:
            await ann.online()
            cid = await (await Connector.of(world)).opened(skillId="7")
            first = await ann.ring(cid, "EXPIRED")
            await world.control("PUT", "/options", {"ring_expiration_s": 60})
            await ann.ring(cid, but=(first["ringId"],))
            await world.call("POST", f"/control/conversations/{cid}/agent/join")
            await ann.ring(cid, "CANCELLED")

    run(body)


def test_an_agent_with_auto_accept_has_it_at_once() -> None:
    async def body(world: World) -> None:
        async with agent(world, "ann", autoAccept=True) as ann:
            await ann.online()
            cid = await (await Connector.of(world)).opened(skillId="7")
            ring = await ann.ring(cid, "AUTO_ACCEPT")
            assert (world.state.conversations[cid].agent_id, ring["ringState"]) == (ann.pid, "AUTO_ACCEPT")
            told = await ann.until(RINGS)
            assert (told["result"]["taskCompleted"], told["result"]["assignedAgentId"]) == (True, ann.old_id)
            assert (await ann.ask(".ams.routing.UpdateRingState", {"ringId": ring["ringId"], "ringState": "ACCEPTED"}))["code"] == 400
        assert [entry["state"] for entry in world.ledger("agent.ring")] == ["AUTO_ACCEPT"]
        await world.endpoint.until(2)
        people = world.endpoint.received[-1].change["result"]["conversationDetails"]["dialogs"][0]["participantsDetails"]
        assert people[1] == {"id": ann.pid, "role": "ASSIGNED_AGENT", "state": "ACTIVE"}

    run(body)


def test_who_goes_away_or_leaves_gets_no_rings() -> None:
    async def body(world: World) -> None:
        async with agent(world, "ann") as ann, agent(world, "bob") as bob:
            for each in (ann, bob):
                await each.online()
                await each.get(".ams.routing.SubscribeAgentsState")
            await bob.get(".ams.routing.SetAgentState", {"availability": "AWAY"})
            state = await bob.until(".ams.routing.AgentStateNotification", lambda change: change["result"]["availability"] == "AWAY")
            assert state["result"] == {"channels": ["MESSAGING"], "availability": "AWAY", "description": "", "agentUserId": bob.old_id}
            cid = await (await Connector.of(world)).opened()
            await ann.ring(cid)
            await ann.socket.close()
            await world.until(lambda: [entry["state"] for entry in world.ledger("agent.ring")] == ["WAITING", "CANCELLED"])
            await bob.get(".ams.routing.SetAgentState", {"availability": "ONLINE"})
            await bob.ring(cid)
        shown = (await world.control("GET", f"/accounts/{ACCOUNT}/agents"))["agents"]
        assert [(each["username"], each["connected"]) for each in shown] == [("agent", False), ("ann", False), ("bob", False)]

    run(body)


def test_subscriptions_by_agent_tell_existing_entering_and_leaving_conversations() -> None:
    async def body(world: World) -> None:
        connector, other = await Connector.of(world), await Connector.of(world, "other")
        async with agent(world, "ann") as ann:
            mine, theirs = await connector.opened(), await other.opened()
            await world.call("POST", f"/control/conversations/{mine}/agent/join", {"agentId": ann.pid})
            await connector.say(mine, "hello")
            body = {"convState": ["OPEN"], "stage": ["OPEN"], "agentIds": [ann.old_id]}
            subscription = (await ann.get(".ams.aam.SubscribeExConversations", body))["subscriptionId"]
            result = (await ann.until(CONVERSATIONS))["result"]
            details = result["conversationDetails"]
            assert details["participants"] == {"CONSUMER": [connector.consumer_id], "ASSIGNED_AGENT": [ann.old_id]}
            assert details["participantsPId"] == {"CONSUMER": [connector.consumer_id], "ASSIGNED_AGENT": [ann.pid]}
            assert [each["id"] for each in details["dialogs"][0]["participantsDetails"]] == [connector.consumer_id, ann.old_id]
            assert result["lastContentEventNotification"]["event"]["message"] == "hello"
            await world.call("POST", f"/control/conversations/{theirs}/agent/join", {"agentId": ann.pid})
            await ann.until(CONVERSATIONS, lambda change: change["result"]["convId"] == theirs)
            await world.call("POST", f"/control/conversations/{theirs}/agent/queue")
            gone = await ann.until(CONVERSATIONS, lambda change: change["type"] == "DELETE")
            assert gone["result"]["convId"] == theirs
            count = len(ann.told)
            await ann.get(".ams.aam.UnsubscribeExConversations", {"subscriptionId": subscription})
            await connector.close(mine)
            await ann.get(".GetClock")
            assert len(ann.told) == count

    run(body)


def test_events_are_told_one_by_one_with_both_ids_and_can_be_asked_for() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        async with agent(world, "ann") as ann, agent(world, "eve") as eve:
            cid = await connector.opened(profile={"firstName": "Ada", "authenticatedData": {"lp_sdes": []}})
            await connector.say(cid, "one")
            await world.call("POST", f"/control/conversations/{cid}/agent/join", {"agentId": ann.pid})
            event = {"type": "ContentEvent", "contentType": "text/plain", "message": "two"}
            assert await ann.get(".ams.ms.PublishEvent", {"dialogId": cid, "event": event}) == {"sequence": 1}
            (told,) = [item["body"] for item in ann.told if item["type"] == ".ams.ms.OnlineEventDistribution"]
            assert (told["originatorId"], told["originatorPId"], told["sequence"], told["dialogId"]) == (ann.old_id, ann.pid, 1, cid)
            answer = await ann.ask(".ams.ms.QueryMessages", {"dialogId": cid, "newerThanSequence": 0})
            assert answer["type"] == ".ams.ms.QueryMessages$Response"
            assert [(each["event"]["message"], each["originatorPId"]) for each in answer["body"]] == [
                ("one", connector.consumer_id),
                ("two", ann.pid),
            ]
            assert len(await ann.get(".ams.ms.QueryMessages", {"dialogId": cid, "newerThanSequence": 1})) == 1
            profile = await ann.ask(".ams.userprofile.GetUserProfile", connector.consumer_id)
            assert (profile["type"], profile["body"]["firstName"]) == (".ams.userprofile.GetUserProfile$Response", "Ada")
            assert await ann.get(".ams.ms.token.GenerateDownloadToken")
            assert eve.told == []

    run(body)


def test_fields_of_one_request_take_effect_together_or_not_at_all() -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened(skillId="7")
        async with agent(world, "ann") as ann, agent(world, "bob") as bob:

            async def update(*fields: dict[str, Any], who: Agent = ann) -> dict[str, Any]:
                return await who.ask(".ams.cm.UpdateConversationField", {"conversationId": cid, "conversationField": list(fields)})

            change = {"field": "ParticipantsChange", "role": "ASSIGNED_AGENT"}
            assert (await update({**change, "type": "ADD", "userId": ann.old_id}))["body"] == "OK Agent added successfully"
            assert (await update({**change, "type": "ADD", "userId": bob.old_id}))["code"] == 400
            assert (await update({"field": "Skill", "type": "UPDATE", "skill": "9"}, who=bob))["code"] == 400
            refused = await update({**change, "type": "REMOVE"}, {"field": "Skill", "type": "UPDATE", "skill": ""})
            found = world.state.conversations[cid]
            assert (refused["code"], found.agent_id, found.skill_id) == (400, ann.pid, "7")
            moved = await update({**change, "type": "REMOVE"}, {**change, "type": "SUGGEST", "userId": bob.old_id})
            assert (moved["body"], found.agent_id, found.suggested_id) == ("OK Agent removed successfully", None, bob.pid)
            await update({**change, "type": "ADD", "userId": bob.old_id})
            assert (await update({"field": "TTRField", "ttrType": "URGENT", "value": 60}))["code"] == 200
            assert (await update({"field": "ManualETTR", "time": 1_900_000_000_000}))["code"] == 200
            assert (found.ttr_s, found.effective_ttr_ms) == (60, 1_900_000_000_000)
            assert (await update({"field": "DialogChange", "type": "UPDATE", "dialog": {"dialogId": cid, "state": "CLOSE"}}))["code"] == 200
            assert (found.stage, found.close_reason) == ("CLOSE", "AGENT")
            assert (await update({**change, "type": "ADD"}))["body"] == "Bad Request, Conversation is close"

    run(body)


@pytest.mark.parametrize("body_", [None, [], "x", 1, {}, {"dialogId": []}, {"event": {}}, {"availability": 1}, {"conversationField": [1]}])
def test_any_body_of_any_type_is_answered(body_: Any) -> None:
    async def body(world: World) -> None:
        async with agent(world, "ann") as ann:
            kinds = ["ams.Unknown", ".GetClock", ".ams.cm.AgentRequestConversation", ".ams.ms.PublishEvent", ".ams.ms.QueryMessages"]
            kinds += [".ams.cm.UpdateConversationField", ".ams.userprofile.GetUserProfile", ".ams.ms.GenerateURLForUploadFile"]
            kinds += [".ams.ms.GenerateURLForDownloadFile", ".ams.aam.SubscribeExConversations", ".ams.aam.UnsubscribeExConversations"]
            kinds += [".ams.routing.SetAgentState", ".ams.routing.UpdateRingState", ".ams.routing.UpdateRoutingTaskSubscription"]
            for kind in kinds:
                assert (await ann.ask(kind, body_))["code"] in (200, 400)
            await ann.socket.send_str("{")
            assert (await ann.ask(".GetClock"))["code"] == 200

    run(body)


def test_an_agent_that_is_replaced_or_removed_must_log_in_anew() -> None:
    async def body(world: World) -> None:
        async with agent(world, "ann") as ann:
            await world.control("PUT", f"/accounts/{ACCOUNT}/agents/ann", {"password": "new"})
            await world.until(lambda: ann.socket.closed)
            assert ann.socket.close_code == 4401
        assert (await login(world, "ann"))[0] == 401
        assert (await login(world, "ann", "new"))[0] == 200
        await world.control("DELETE", f"/accounts/{ACCOUNT}/agents/ann")
        assert (await login(world, "ann", "new"))[0] == 401
        status, answer = await world.call("PUT", f"/control/accounts/{ACCOUNT}/agents/bob", {"password": "x", "kind": "cat"})
        assert (status, answer["error"]) == (400, "kind must be one of human, bot")

    run(body)
