"""What LivePerson does by itself and on an agent's word: automatic messages, closing, delays, due times, and other connectors' consumers."""

from __future__ import annotations

import json
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError

from tests.sandbox.liveperson_world import ACCOUNT, APP, Connector, World, run

AUTO = {"Client-Properties": '{"type":".ClientProperties","features":["AUTO_MESSAGES"]}'}
TEXTS = {
    "FIRST_MESSAGE": "We are with you soon",
    "AGENT_JOINED": "You talk to an agent",
    "TRANSFER": "One moment",
    "TTR_CHANGE": "Hurrying",
}


async def act(world: World, cid: str, action: str, body: Any = None) -> dict[str, Any]:
    status, answer = await world.call("POST", f"/control/conversations/{cid}/agent/{action}", body)
    assert status == 200, answer
    return answer["conversation"]


def said_by_controller(world: World) -> list[tuple[str, str]]:
    told = [item.change for item in world.endpoint.received if item.change.get("originatorMetadata", {}).get("role") == "CONTROLLER"]
    return [(change["event"]["message"], change["metadata"][0]["messageType"]) for change in told]


def test_automatic_messages_follow_their_triggers() -> None:
    async def body(world: World) -> None:
        await world.control(
            "PUT", f"/accounts/{ACCOUNT}/automatic-messages", {"texts": TEXTS, "by_skill": {"8": {"TRANSFER": "To skill 8"}}}
        )
        connector = await Connector.of(world)
        connector.headers |= AUTO
        cid = await connector.opened()
        await connector.say(cid, "hello")
        await world.until(lambda: len(said_by_controller(world)) == 1)
        await act(world, cid, "join")
        await world.until(lambda: len(said_by_controller(world)) == 2)
        await act(world, cid, "transfer", {"skillId": "8"})
        await world.until(lambda: len(said_by_controller(world)) == 3)
        await act(world, cid, "ttr", {"ttrType": "URGENT"})
        await world.until(lambda: len(said_by_controller(world)) == 4)
        assert said_by_controller(world) == [
            ("We are with you soon", "FIRST_MESSAGE"),
            ("You talk to an agent", "AGENT_JOINED"),
            ("To skill 8", "TRANSFER"),
            ("Hurrying", "TTR_CHANGE"),
        ]
        roles = [person["role"] for person in world.endpoint.received[-2].change["result"]["conversationDetails"]["participants"]]
        assert roles == ["CONSUMER", "CONTROLLER"]

    run(body)


def test_no_automatic_messages_without_the_feature_or_after_the_window() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", f"/accounts/{ACCOUNT}/automatic-messages", {"texts": TEXTS})
        plain, late = await Connector.of(world, "plain"), await Connector.of(world, "late")
        late.headers |= AUTO
        for connector, window_s in ((plain, 10), (late, 0.000001)):
            await world.control("PUT", "/options", {"auto_message_window_s": window_s})
            cid = await connector.opened()
            world.state.conversations[cid].started_ms -= 5
            await connector.say(cid, "hello")
            await act(world, cid, "text", {"text": "yes?"})
            found = world.state.conversations[cid]
            await world.until(lambda found=found: found.automatic is not None)
            assert found.automatic is False
        await world.endpoint.until(8)
        assert said_by_controller(world) == []

    run(body)


def test_silence_closes_a_conversation() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", "/options", {"auto_close_s": 0.05})
        connector = await Connector.of(world)
        cid = await connector.opened()
        await connector.say(cid, "hello")
        await world.until(lambda: world.state.conversations[cid].stage == "CLOSE")
        last = (await world.endpoint.until(3))[-1].change["result"]
        assert (last["conversationDetails"]["closeReason"], last["effectiveTTR"]) == ("SYSTEM", -1)
        assert last["conversationDetails"]["dialogs"][0]["closedBy"] == "SYSTEM"

    run(body)


def test_delay_due_times_and_ttr_are_told_and_due_times_end_with_the_answer() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        await connector.say(cid, "hello")
        await act(world, cid, "delay", {"type": "NIGHT", "tillWhen": 1_900_000_000_000})
        await act(world, cid, "due", {"manualETTR": 1_900_000_000_001})
        await act(world, cid, "ttr", {"ttrType": "URGENT", "value": 500})
        got = [item.change["result"] for item in await world.endpoint.until(5) if "result" in item.change]
        assert got[1]["conversationDetails"]["delay"] == {"type": "NIGHT", "tillWhen": 1_900_000_000_000}
        assert (got[2]["effectiveTTR"], got[2]["conversationDetails"]["manualETTR"]) == (1_900_000_000_001, 1_900_000_000_001)
        assert got[3]["conversationDetails"]["ttr"] == {"ttrType": "URGENT", "value": 500}
        await act(world, cid, "text", {"text": "answer"})
        view = world.state.conversations[cid]
        assert (view.manual_ettr_ms, view.effective_ttr_ms) == (None, -1)
        assert (await world.call("POST", f"/control/conversations/{cid}/agent/ttr", {"ttrType": "SOON"}))[0] == 400
        assert (await world.call("POST", f"/control/conversations/{cid}/agent/delay", {"type": "LUNCH"}))[0] == 400

    run(body)


def test_a_suggested_agent_is_in_the_dialog_but_has_not_joined() -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened()
        await act(world, cid, "join")
        view = await act(world, cid, "suggest", {"agentId": "agent-9"})
        assert (view["agentId"], view["suggestedId"]) == (None, "agent-9")
        details = (await world.endpoint.until(3))[-1].change["result"]["conversationDetails"]
        assert [person["role"] for person in details["participants"]] == ["CONSUMER"]
        assert details["dialogs"][0]["participantsDetails"][-1] == {"id": "agent-9", "role": "ASSIGNED_AGENT", "state": "SUGGESTED"}
        assert (await act(world, cid, "join", {"agentId": "agent-9"}))["agentId"] == "agent-9"

    run(body)


def test_consumers_of_other_connectors_are_told_to_every_app() -> None:
    async def body(world: World) -> None:
        opened = {"ext_consumer_id": "web-1", "skillId": "7", "text": "from the site", "profile": {"firstName": "Bo"}}
        status, answer = await world.call("POST", f"/control/accounts/{ACCOUNT}/conversations", opened)
        cid = answer["conversation"]["conversationId"]
        assert (status, answer["conversation"]["consumer"]["profile"]) == (200, {"firstName": "Bo"})
        assert [item.says for item in await world.endpoint.until(2)] == ["OPEN", "from the site"]
        assert (await world.call("POST", f"/control/accounts/{ACCOUNT}/conversations", opened))[0] == 409
        await world.call("POST", f"/control/conversations/{cid}/consumer/typing", {"on": True})
        await world.call("POST", f"/control/conversations/{cid}/consumer/text", {"text": "again"})
        await world.call("POST", f"/control/conversations/{cid}/consumer/end")
        assert [item.says for item in (await world.endpoint.until(5))[2:]] == ["COMPOSING", "again", "CLOSE"]
        assert (await world.call("POST", f"/control/conversations/{cid}/consumer/text", {"text": "late"}))[0] == 409
        assert (await world.call("POST", f"/control/conversations/{cid}/consumer/dance"))[0] == 404
        assert world.ledger("liveperson.message") == []

    run(body)


def test_changes_can_travel_together_and_subscription_ids_be_left_out() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", "/options", {"multi_change": True, "subscription_id": False})
        connector = await Connector.of(world)
        cid = await connector.opened()
        for text in ("a", "b", "c"):
            await connector.say(cid, text)
        await world.until(lambda: len(world.ledger("webhook.delivered")) == 4)
        bodies = [json.loads(item.raw)["body"] for item in world.endpoint.received]
        assert "subscriptionId" not in bodies[0]
        texts = [[change.get("event", {}).get("message") for change in body["changes"]] for body in bodies]
        assert texts == [[None], ["a", "b", "c"]]
        assert [entry["sequence"] for entry in world.ledger("webhook.delivered")] == [None, 0, 1, 2]

    run(body)


def test_requests_over_the_limit_are_answered_429() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", "/options", {"requests_per_s": 0.01})
        connector = await Connector.of(world)
        assert (await connector.create())[0] == 200
        status, answer = await connector.create()
        assert (status, answer) == (429, {"code": "TOO_MANY_REQUESTS", "body": {"msg": "Too many requests"}})
        other = await Connector.of(world, account=ACCOUNT, app=APP)
        await world.control("PUT", "/options", {"requests_per_s": None})
        assert (await other.create())[0] == 400

    run(body)


def test_options_are_shown_and_wrong_ones_refused() -> None:
    async def body(world: World) -> None:
        before = await world.control("GET", "/options")
        assert (before["ring_expiration_s"], before["webhook_timeout_s"], before["slow_app_answer_s"]) == (72.0, 5.0, None)
        for wrong in ({"colour": 1}, {"multi_change": 1}, {"ring_expiration_s": 0}, {"dialog_order": "up"}, {"missing_app_jwt_code": 1}):
            assert (await world.call("PUT", "/control/options", wrong))[0] == 400
        assert await world.control("GET", "/options") == before

    run(body)


@pytest.mark.parametrize(("action", "settings"), [("queue", {}), ("transfer", {"skillId": "8"}), ("suggest", {"agentId": "agent-9"})])
def test_an_answer_is_due_anew_when_the_agent_leaves(action: str, settings: dict[str, Any]) -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened(ttrDefName="URGENT")
        opened = world.state.conversations[cid].effective_ttr_ms
        assert 0 <= opened - 300_000 - world.state.conversations[cid].started_ms < 1000
        await act(world, cid, "text", {"text": "answered"})
        assert world.state.conversations[cid].effective_ttr_ms == -1
        await act(world, cid, action, settings)
        told = (await world.endpoint.until(4))[-1].change["result"]
        assert 0 <= told["conversationDetails"]["metaDataLastUpdateTs"] + 300_000 - told["effectiveTTR"] + 1000 < 2000
        await act(world, cid, "close")
        assert (await world.endpoint.until(5))[-1].change["result"]["effectiveTTR"] == -1

    run(body)


def test_a_create_whose_answer_is_lost_leaves_the_conversation_open() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        await world.control("PUT", "/faults", {"rules": [{"target": "liveperson.conversation", "times": 1, "lose_reply": True}]})
        with pytest.raises(ServerDisconnectedError):
            await connector.create({"firstName": "Lost"})
        (told,) = [item.change["result"] for item in await world.endpoint.until(1)]
        status, answer = await connector.create({"firstName": "Again"})
        assert (status, [item["code"] for item in answer]) == (400, ["OK", "BAD_REQUEST"])
        seen = {"consumerId": "ext-1"}
        _, engaged = await world.call("POST", f"/api/account/{ACCOUNT}/app/{APP}/engagement?v=1.0", seen)
        (details,) = engaged["engagementDetails"]
        assert (details["status"], details["conversationId"]) == ("conversation", told["convId"])
        assert await connector.say(told["convId"], "hello") == (200, {"reqId": "7", "code": "OK", "body": {"sequence": 0}})
        assert len(world.state.conversations) == 1

    run(body)


def test_who_closes_is_told_with_the_conversation_and_its_dialog() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        for closes, by, cause in (
            ("agent/close", "AGENT", None),
            ("agent/close-all", "AGENT", None),
            ("agent/auto-close", "SYSTEM", None),
            ("consumer/end", "CONSUMER", "Closed by consumer"),
            ("consumer/close", "CONSUMER", None),
        ):
            cid = await connector.opened()
            await act(world, cid, "join")
            assert (await world.call("POST", f"/control/conversations/{cid}/{closes}"))[0] == 200
            await world.until(lambda cid=cid: len([item for item in world.endpoint.received if cid.encode() in item.raw]) == 3)
            result = world.endpoint.received[-1].change["result"]
            details = result["conversationDetails"]
            (dialog,) = details["dialogs"]
            assert (details["state"], details["stage"], details["closeReason"], result["effectiveTTR"]) == ("CLOSE", "CLOSE", by, -1)
            assert (dialog["state"], dialog["closedBy"], dialog.get("closedCause")) == ("CLOSE", by, cause)
            assert details["endTs"] == dialog["endTs"] == dialog["metaDataLastUpdateTs"] == details["metaDataLastUpdateTs"]
            assert [person["role"] for person in details["participants"]] == ["CONSUMER", "ASSIGNED_AGENT"]
            assert [person["state"] for person in dialog["participantsDetails"]] == ["ACTIVE", "ACTIVE"]

    run(body)


def test_a_secure_form_is_an_invitation_that_only_has_a_title() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        view = await act(world, cid, "form", {"title": "Your card", "formId": "form-1"})
        (message,) = view["messages"]
        assert (message["type"], message["text"]) == ("form", "Your card")
        told = (await world.endpoint.until(3))[-1].change["event"]
        assert (told["type"], told["contentType"]) == ("ContentEvent", "forms/secure-invitation")
        assert (told["message"]["title"], told["message"]["formId"], set(told["message"])) == (
            "Your card",
            "form-1",
            {"formId", "invitationId", "title"},
        )
        submitted = {"type": "ContentEvent", "contentType": "forms/secure-submission", "message": {"invitationId": "x"}}
        assert (await connector.publish(cid, submitted))[0] == 400
        assert (await world.call("POST", f"/control/conversations/{cid}/agent/form", {"title": ""}))[0] == 400

    run(body)


def test_what_happens_together_is_told_in_its_order() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        await connector.say(cid, "hello")
        for action, settings in (
            ("join", {}),
            ("accept", {}),
            ("read", {}),
            ("typing", {"on": True}),
            ("text", {"text": "good day"}),
            ("typing", {"on": False}),
        ):
            await act(world, cid, action, settings)
        await connector.publish(cid, {"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [3]})
        await connector.publish(cid, {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [3]})
        await connector.close(cid)
        told = [(item.says, item.change.get("sequence")) for item in await world.endpoint.until(11)]
        assert told == [
            ("OPEN", None),
            ("hello", 0),
            ("OPEN", None),
            ("ACCEPT", 1),
            ("READ", 2),
            ("COMPOSING", None),
            ("good day", 3),
            ("ACTIVE", None),
            ("ACCEPT", 4),
            ("READ", 5),
            ("CLOSE", None),
        ]

    run(body)
