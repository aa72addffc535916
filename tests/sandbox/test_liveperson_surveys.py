"""Post-conversation surveys: who gets one, what is asked, how it ends."""

from __future__ import annotations

from typing import Any

import pytest

from tests.sandbox.liveperson_world import ACCOUNT, Connector, World, run

FEATURES = {"Client-Properties": '{"type":".ClientProperties","features":["RICH_CONTENT","QUICK_REPLIES","MULTI_DIALOG"]}'}
SURVEY = {
    "questions": [
        {"text": "How was it?", "kind": "csat"},
        {"text": "Solved?", "kind": "fcr"},
        {"text": "Anything else?", "kind": "text"},
    ],
    "welcome": "One moment please",
    "thanks": "Thank you",
}


async def conversation(world: World, *, features: bool = True, survey: dict[str, Any] | None = SURVEY) -> tuple[Connector, str]:
    """A connector with an open conversation of skill 7 that an agent has joined."""
    if survey is not None:
        await world.control("PUT", f"/accounts/{ACCOUNT}/surveys/7", survey)
    connector = await Connector.of(world)
    connector.headers |= FEATURES if features else {}
    cid = await connector.opened(skillId="7")
    await world.call("POST", f"/control/conversations/{cid}/agent/join")
    return connector, cid


def end(cid: str) -> dict[str, Any]:
    return {"field": "DialogChange", "type": "UPDATE", "dialog": {"dialogId": cid, "state": "CLOSE", "closedCause": "Closed by consumer"}}


def survey_events(world: World, cid: str) -> list[dict[str, Any]]:
    return [item.change for item in world.endpoint.received if item.change.get("dialogId", cid) != cid]


async def answer(connector: Connector, cid: str, question: dict[str, Any], index: int) -> None:
    """Tap a reply of ``question`` as a channel would report it: the click, then its text, both with the button's metadata."""
    button = question["event"]["quickReplies"]["replies"][index]["click"]
    where = {"dialogId": question["dialogId"], "conversationId": cid}
    click = {"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [question["sequence"]]}
    said = {"type": "ContentEvent", "contentType": "text/plain", "message": button["actions"][0]["text"]}
    for event in (click, said):
        status, body = await connector.send("ms.PublishEvent", {**where, "event": event}, metadata=button["metadata"])
        assert status == 200, body


def test_a_whole_survey() -> None:
    async def body(world: World) -> None:
        connector, cid = await conversation(world)
        await connector.say(cid, "bye")
        assert (await connector.update(cid, end(cid)))[1]["body"] == {"msg": "OK Conversation resolved successfully"}
        await world.until(lambda: len(survey_events(world, cid)) == 2)
        (opened,) = [item.change["result"] for item in world.endpoint.received if b"POST_SURVEY" in item.raw]
        details = opened["conversationDetails"]
        main, survey = details["dialogs"]
        assert (details["state"], details["stage"], details["closeReason"]) == ("CLOSE", "OPEN", "CONSUMER")
        assert (main["state"], main["closedBy"], main["closedCause"]) == ("CLOSE", "CONSUMER", "Closed by consumer")
        assert (survey["dialogType"], survey["state"], len(survey["dialogId"])) == ("POST_SURVEY", "OPEN", 22)
        assert set(survey["metaData"]) == {"appInstallId"}
        assert [person["role"] for person in survey["participantsDetails"]] == ["CONSUMER", "AGENT", "READER"]

        welcome, question = survey_events(world, cid)
        assert (welcome["event"]["message"], welcome["sequence"]) == ("One moment please", 0)
        assert (question["event"]["message"], question["sequence"], question["originatorMetadata"]["role"]) == ("How was it?", 1, "AGENT")
        (metadata,) = question["metadata"]
        replies = question["event"]["quickReplies"]["replies"]
        assert (metadata["type"], metadata["provider"], len(metadata["replies"])) == ("Question", "AC", 5)
        assert replies[3]["click"]["metadata"] == [
            {"type": "Answer", "questionId": metadata["id"], "id": metadata["replies"][3], "provider": "AC"}
        ]

        await answer(connector, cid, question, 3)
        await world.until(lambda: survey_events(world, cid)[-1]["event"].get("message") == "Solved?")
        where = {"dialogId": question["dialogId"], "conversationId": cid}
        for text, then in (("what?", "Solved?"), ("yes", "Anything else?"), ("no, fine", "Thank you")):
            count = len(survey_events(world, cid))
            event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
            assert (await connector.send("ms.PublishEvent", {**where, "event": event}))[0] == 200
            await world.until(lambda count=count: len(survey_events(world, cid)) == count + 2)
            assert survey_events(world, cid)[-1]["event"]["message"] == then
        typing = {**where, "event": {"type": "ChatStateEvent", "chatState": "COMPOSING"}}
        assert (await connector.send("ms.PublishEvent", typing))[0] == 400

        await world.until(lambda: "result" in world.endpoint.received[-1].change)
        last = world.endpoint.received[-1].change["result"]["conversationDetails"]
        assert (last["stage"], last["closeReason"], last["dialogs"][1]["closedCause"]) == ("CLOSE", "CONSUMER", "Completed")
        given = [(entry["type"], entry["answer"]) for entry in world.ledger("liveperson.survey_answer")]
        assert given == [("csat", "4"), ("fcr", "Yes"), ("text", "no, fine")]
        assert len((await world.control("GET", f"/conversations/{cid}"))["surveyAnswers"]) == 3
        assert (await connector.create())[0] == 200

    run(body)


@pytest.mark.parametrize(
    ("features", "survey", "field"),
    [
        (False, SURVEY, None),
        (True, None, None),
        (True, SURVEY, {"field": "ConversationStateField", "conversationState": "CLOSE"}),
        (True, SURVEY, {"field": "Stage", "conversationState": "CLOSE"}),
    ],
)
def test_no_survey(features: bool, survey: dict[str, Any] | None, field: dict[str, Any] | None) -> None:
    async def body(world: World) -> None:
        connector, cid = await conversation(world, features=features, survey=survey)
        await connector.update(cid, field or end(cid))
        found = world.state.conversations[cid]
        assert (found.stage, len(found.dialogs)) == ("CLOSE", 1)

    run(body)


@pytest.mark.parametrize(
    ("how", "cause"),
    [("skip", "Skipped"), ("dialog", "Closed by consumer"), ("stage", None), ("timeout", "Timeout")],
)
def test_ways_out_of_a_survey(how: str, cause: str | None) -> None:
    async def body(world: World) -> None:
        connector, cid = await conversation(world, survey={**SURVEY, "timeout_s": 0.05 if how == "timeout" else 60})
        await connector.update(cid, end(cid))
        found = world.state.conversations[cid]
        assert (found.state, found.stage) == ("CLOSE", "OPEN")
        assert (await connector.create())[0] == 400
        dialog = found.dialogs[1]
        if how == "skip":
            event = {"type": "ContentEvent", "contentType": "text/plain", "message": "Skip"}
            await connector.send("ms.PublishEvent", {"dialogId": dialog.dialog_id, "conversationId": cid, "event": event})
        elif how == "dialog":
            await connector.update(cid, end(dialog.dialog_id))
        elif how == "stage":
            await connector.update(cid, {"field": "Stage", "conversationState": "CLOSE"})
        await world.until(lambda: found.stage == "CLOSE")
        assert (dialog.state, dialog.closed_cause, found.close_reason) == ("CLOSE", cause, "CONSUMER")

    run(body)


def test_the_agents_close_starts_the_survey_of_the_last_skill_and_auto_close_does_not() -> None:
    async def body(world: World) -> None:
        connector, cid = await conversation(world)
        await world.call("POST", f"/control/conversations/{cid}/agent/transfer", {"skillId": "8"})
        await world.call("POST", f"/control/conversations/{cid}/agent/close")
        assert world.state.conversations[cid].stage == "CLOSE"
        second = await connector.opened(skillId="7")
        await world.call("POST", f"/control/conversations/{second}/agent/close")
        found = world.state.conversations[second]
        assert (found.stage, [dialog.dialog_type for dialog in found.dialogs]) == ("OPEN", ["MAIN", "POST_SURVEY"])
        await world.call("POST", f"/control/conversations/{second}/agent/close-all")
        third = await connector.opened(skillId="7")
        await world.call("POST", f"/control/conversations/{third}/agent/auto-close")
        found = world.state.conversations[third]
        assert (found.stage, found.close_reason, len(found.dialogs)) == ("CLOSE", "SYSTEM", 1)

    run(body)


def test_dialogs_can_come_in_the_other_order() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", "/options", {"dialog_order": "newest_first"})
        connector, cid = await conversation(world)
        await connector.update(cid, end(cid))
        await world.until(lambda: any(b"POST_SURVEY" in item.raw for item in world.endpoint.received))
        (told,) = [item.change["result"]["conversationDetails"] for item in world.endpoint.received if b"POST_SURVEY" in item.raw]
        assert [dialog["dialogType"] for dialog in told["dialogs"]] == ["POST_SURVEY", "MAIN"]

    run(body)


@pytest.mark.parametrize(
    ("survey", "error"),
    [
        ({}, "questions must be a non-empty array"),
        ({"questions": [{"text": "x", "kind": "choices"}]}, "a question of kind text takes no replies, one of kind choices needs some"),
        ({"questions": [{"text": "x", "kind": "stars"}]}, "kind of a question must be one of csat, nps, fcr, choices, text"),
        ({"questions": [{"text": "x"}], "timeout_s": 0}, "timeout_s must be a number over 0, at most 86400"),
    ],
)
def test_a_wrong_survey_is_refused(survey: dict[str, Any], error: str) -> None:
    async def body(world: World) -> None:
        assert await world.call("PUT", f"/control/accounts/{ACCOUNT}/surveys/7", survey) == (400, {"error": error})
        assert await world.control("GET", f"/accounts/{ACCOUNT}/surveys") == {"surveys": {}}

    run(body)


def test_a_feature_is_in_force_while_every_request_declares_it() -> None:
    async def body(world: World) -> None:
        connector, cid = await conversation(world)
        found = world.state.conversations[cid]
        assert found.declares("MULTI_DIALOG")
        with_it = connector.headers
        connector.headers = {name: value for name, value in with_it.items() if name != "Client-Properties"}
        await connector.say(cid, "without")
        connector.headers = with_it
        await connector.update(cid, end(cid))
        assert (found.stage, len(found.dialogs), found.features) == ("CLOSE", 1, frozenset())
        assert found.client_properties is not None  # what was told last is still shown

    run(body)
