"""CONVERSATION and SEND: what is answered, what takes effect, and what is refused for which reason."""

from __future__ import annotations

import time
from typing import Any

import pytest
from aiohttp import ServerDisconnectedError

from tests.sandbox.liveperson_world import ACCOUNT, APP, Connector, World, run

PROFILE = {
    "firstName": "John",
    "authenticatedData": {
        "lp_sdes": [{"type": "ctmrinfo", "info": {"socialId": "1"}}, {"type": "personal", "personal": {"gender": "MALE"}}]
    },
}
TEXT = {"type": "ContentEvent", "contentType": "text/plain", "message": "hi"}


def refused(world: World) -> list[str]:
    return [entry["reason"] for entry in world.ledger("liveperson.refused")]


def error(code: int, title: str, details: str) -> dict[str, Any]:
    body = {"title": title, "details": details, "errorCode": code}
    return {"kind": "resp", "code": code // 100, "type": ".ReqBody$ErrorResp", "body": body}


def test_create_answers_one_element_per_request_and_stores_what_was_told() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        connector.headers["Client-Properties"] = '{"type": ".ClientProperties", "features": ["RICH_CONTENT"]}'
        status, answer = await connector.create(PROFILE, skillId="9", campaignInfo={"campaignId": "1", "engagementId": 2})
        conversation_id = answer[1]["body"]["conversationId"]
        assert status == 200
        assert answer == [
            {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "1"},
            {"code": "OK", "body": {"conversationId": conversation_id}, "reqId": "2"},
        ]
        view = await world.control("GET", f"/conversations/{conversation_id}")
        assert view["consumer"] == {
            "id": connector.consumer_id,
            "extConsumerId": "ext-1",
            "profile": {"firstName": "John"},
            "sdes": PROFILE["authenticatedData"]["lp_sdes"],
        }
        assert (view["skillId"], view["campaignInfo"]) == ("9", {"campaignId": "1", "engagementId": 2})
        assert view["clientProperties"]["features"] == ["RICH_CONTENT"]
        (effect,) = world.ledger("liveperson.conversation")
        assert (effect["conversationId"], effect["extConsumerId"]) == (conversation_id, "ext-1")

    run(body)


def test_second_create_is_refused_with_both_elements_and_its_profile_applied() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        await connector.opened()
        status, answer = await connector.create({"firstName": "Late"})
        reason = f"User {connector.consumer_id} already has open conversation. Can't open another one."
        assert status == 400
        assert answer == [
            {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "1"},
            {"code": "BAD_REQUEST", "body": {"msg": f"Consumer request conversation failed: {reason}"}, "reqId": "2"},
        ]
        (view,) = (await world.control("GET", "/conversations"))["conversations"]
        assert view["consumer"]["profile"] == {"firstName": "Late"}
        assert refused(world) == [reason]

    run(body)


def test_authorization_errors_in_order() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        jwt, jws = connector.headers["Authorization"], connector.headers["X-LP-ON-BEHALF"]
        tokens, now = world.state.tokens, int(time.time())
        claims = {"aud": ACCOUNT, "azp": APP, "scope": "msg.consumer", "iss": "Sentinel", "exp": now + 60, "iat": now}
        invalid = "AppJWT is expired or invalid: "
        cases: list[tuple[dict[str, str], int, dict[str, Any]]] = [
            ({}, 401, error(40105, "AppJWT is missing", "AUTHORIZATION header is not present")),
            (
                {"Authorization": tokens.sign({**claims, "iss": "Other"})},
                400,
                error(40001, "Missing parameter", "Brand Id is missing: AppJWT was issued by 'Other', not 'Sentinel'"),
            ),
            (
                {"Authorization": tokens.sign({name: value for name, value in claims.items() if name != "azp"})},
                400,
                error(40001, "Missing parameter", "Brand Id is missing: AppJWT lacks ['azp']"),
            ),
            ({"Authorization": tokens.sign({**claims, "exp": now})}, 401, error(40102, "Invalid AppJWT", invalid + "it has expired")),
            (
                {"Authorization": tokens.sign({**claims, "aud": "1"})},
                401,
                error(40102, "Invalid AppJWT", invalid + "it was issued for account 1, not for the one in the path"),
            ),
            (
                {"Authorization": f"Bearer {jwt}"},
                401,
                error(40102, "Invalid AppJWT", invalid + "the header must hold the raw token, without 'Bearer '"),
            ),
            ({"Authorization": jwt}, 401, error(40104, "ConsumerJWS is missing", "X_ON_BEHALF_HEADER is not present")),
            (
                {"Authorization": jwt, "X-LP-ON-BEHALF": tokens.consumer_jws("1", "ext-1")},
                401,
                error(40103, "Invalid ConsumerJWS", "ConsumerJWS is invalid: it was issued for account 1, not for the one in the path"),
            ),
            (
                {"Authorization": jwt, "X-LP-ON-BEHALF": jwt},
                401,
                error(40103, "Invalid ConsumerJWS", "ConsumerJWS is invalid: it is not a ConsumerJWS"),
            ),
        ]
        for headers, status, answer in cases:
            assert await connector.send("ms.PublishEvent", {}, headers=headers) == (status, answer)
        tampered = {"Authorization": jwt, "X-LP-ON-BEHALF": jws[:-4] + ("AAAA" if jws[-4:] != "AAAA" else "BBBB")}
        assert (await connector.send("ms.PublishEvent", {}, headers=tampered))[1]["body"]["errorCode"] == 40103
        connector.account = ""
        assert await connector.send("ms.PublishEvent", {}) == (400, error(40001, "Missing parameter", "Brand Id is missing"))
        assert len(refused(world)) == len(cases) + 2
        assert world.ledger("liveperson.conversation") == []

    run(body)


def test_missing_app_jwt_can_be_switched_to_the_code_of_the_published_sample() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", "/options", {"missing_app_jwt_code": 40104})
        connector = await Connector.of(world)
        status, answer = await connector.send("ms.PublishEvent", {}, headers={})
        assert (status, answer["body"]["errorCode"]) == (401, 40104)

    run(body)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"brandId": "1"}, "brandId must be the account of the path, '5313846'"),
        ({"channelType": "SMS"}, "channelType must be MESSAGING"),
        ({"ttrDefName": "SOON"}, "ttrDefName must be null or one of URGENT, PRIORITIZED, NORMAL, CUSTOM"),
        ({"skillId": [7]}, 'skillId must be a string, "-1" for unassigned'),
        ({"campaignInfo": {"campaignId": "1"}}, "campaignInfo.engagementId must be a string or a number"),
        ({"conversationContext": {}}, "conversationContext must be an object with a type, such as SharkContext"),
    ],
)
def test_create_names_the_wrong_field(fields: dict[str, Any], reason: str) -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        status, answer = await connector.create({"firstName": "X"}, **fields)
        assert (status, answer) == (400, [{"code": "BAD_REQUEST", "body": {"msg": f"Bad Request: {reason}"}, "reqId": "2"}])
        assert refused(world) == [reason]
        assert world.state.conversations == {}
        assert world.endpoint.received == []

    run(body)


def test_create_demands_version_json_order_and_both_elements() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        profile = {"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": {}}
        request = {"kind": "req", "id": "2", "type": "cm.ConsumerRequestConversation", "body": {"brandId": ACCOUNT}}
        assert (await connector.post_conversation([profile, request], query=""))[0] == 400
        assert (await connector.post_conversation([request, profile]))[0] == 400
        assert (await connector.post_conversation([profile]))[0] == 400
        assert (await connector.post_conversation(profile))[0] == 400
        properties = {**connector.headers, "Client-Properties": "RICH_CONTENT"}
        assert (await connector.post_conversation([profile, request], headers=properties))[0] == 400
        plain = {**connector.headers, "Content-Type": "text/plain"}
        assert (await connector.post_conversation(None, data=b"[]", headers=plain))[0] == 400
        json_type = {**connector.headers, "Content-Type": "application/json"}
        assert (await connector.post_conversation(None, data=b"[\xff", headers=json_type))[0] == 400
        assert refused(world) == [
            "query parameter v must be 3",
            "element 0 must be userprofile.SetUserProfile",
            "the body must be an array of userprofile.SetUserProfile and cm.ConsumerRequestConversation",
            "the body must be an array of userprofile.SetUserProfile and cm.ConsumerRequestConversation",
            "the Client-Properties header is not JSON",
            "Content-Type must be application/json, not text/plain",
            "the body is not JSON: 'utf-8' codec can't decode byte 0xff in position 1: invalid start byte",
        ]
        assert world.state.conversations == {}

    run(body)


def test_sequences_count_content_and_accept_status_but_not_chat_states() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        assert await connector.say(cid, "one", id=3) == (200, {"reqId": "3", "code": "OK", "body": {"sequence": 0}})
        assert await connector.publish(cid, {"type": "ChatStateEvent", "chatState": "COMPOSING"}) == (
            200,
            {"reqId": "7", "code": "OK", "body": {"sequence": 0}},
        )
        reply = await world.control("POST", f"/conversations/{cid}/agent/text", {"text": "answer"})
        assert reply["sequence"] == 1
        read = {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [1]}
        assert (await connector.publish(cid, read))[1]["body"] == {"sequence": 2}
        assert (await connector.say(cid, "two"))[1]["body"] == {"sequence": 3}
        view = await world.control("GET", f"/conversations/{cid}")
        assert [(m["sequence"], m["role"], m["text"]) for m in view["messages"]] == [
            (0, "CONSUMER", "one"),
            (1, "ASSIGNED_AGENT", "answer"),
            (3, "CONSUMER", "two"),
        ]
        marks = view["messages"][1]["status"]
        assert marks["accept"] == marks["read"] != None  # noqa: E711 - read implies accepted
        assert view["consumerTyping"] is True  # a message does not end it
        assert [entry["text"] for entry in world.ledger("liveperson.message")] == ["one", "two"]
        assert [entry["chatState"] for entry in world.ledger("liveperson.chatstate")] == ["COMPOSING"]
        assert [entry["sequenceList"] for entry in world.ledger("liveperson.status")] == [[1]]

    run(body)


def test_metadata_beside_the_body_is_kept_and_inside_it_refused() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        metadata = [{"type": "ExternalId", "id": "Yes-1234"}]
        assert (await connector.say(cid, "yep", metadata=metadata))[0] == 200
        assert world.ledger("liveperson.message")[0]["metadata"] == metadata
        status, answer = await connector.send("ms.PublishEvent", {"dialogId": cid, "event": TEXT, "metadata": metadata})
        assert (status, answer["body"]["msg"]) == (400, "Bad Request: the request: metadata belongs beside body, not in it")

    run(body)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        ({"type": "ContentEvent", "contentType": "text/plain", "message": ""}, "event.message must be a non-empty string"),
        (
            {"type": "ContentEvent", "contentType": "text/html", "message": "x"},
            "event.contentType must be text/plain or hosted/file, not 'text/html'",
        ),
        (
            {"type": "RichContentEvent", "content": {}},
            "event.type must be ContentEvent, ChatStateEvent or AcceptStatusEvent, not 'RichContentEvent'",
        ),
        ({"type": "ChatStateEvent", "chatState": "TYPING"}, "event.chatState must be one of ACTIVE, INACTIVE, GONE, COMPOSING, PAUSE"),
        (
            {"type": "AcceptStatusEvent", "status": "SEEN", "sequenceList": [0]},
            "event.status must be one of ACCEPT, READ, ACCESS, NACK, ACTION",
        ),
        (
            {"type": "AcceptStatusEvent", "status": "READ", "sequenceList": ["0"]},
            "event.sequenceList must be a non-empty array of whole numbers",
        ),
        ({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [9]}, "event.sequenceList: the dialog has no sequences [9]"),
        (
            {"type": "ContentEvent", "contentType": "hosted/file", "message": {"relativePath": "/v1/x", "fileType": "PNG", "caption": ""}},
            "event.message.relativePath: no file was uploaded there",
        ),
        (
            {"type": "ContentEvent", "contentType": "hosted/file", "message": {"relativePath": "/v1/x", "fileType": "EXE"}},
            "event.message.fileType must be one of IMG, JPG, JPEG, PNG, GIF",
        ),
    ],
)
def test_send_names_what_is_wrong_with_an_event(event: dict[str, Any], reason: str) -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        assert await connector.publish(cid, event) == (
            400,
            {"code": "BAD_REQUEST", "body": {"msg": f"Bad Request: {reason}"}, "reqId": "7"},
        )
        assert refused(world) == [reason]
        assert world.state.conversations[cid].main.next_sequence == 0

    run(body)


def test_requests_over_5000_characters_are_refused_but_a_preview_does_not_count() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        assert (await connector.say(cid, "x" * 4500))[0] == 200
        assert await connector.say(cid, "x" * 5000) == (400, {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}, "reqId": "7"})
        path = world.state.files.new_path(ACCOUNT, connector.consumer_id, "PNG")
        world.state.files.put(path, b"png", "image/png")
        message = {"caption": "", "relativePath": path, "fileType": "JPEG", "preview": "data:image/png;base64," + "A" * 20_000}
        hosted = {"type": "ContentEvent", "contentType": "hosted/file", "message": message}
        assert (await connector.publish(cid, hosted))[0] == 200
        message["preview"] += "A" * 20_000
        assert (await connector.publish(cid, hosted))[0] == 400

    run(body)


@pytest.mark.parametrize("depth", [200, 2000])
def test_a_body_that_is_nested_too_deeply_is_a_bad_request(depth: int) -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        raw = '{"kind":"req","id":"1","type":"ms.PublishEvent","body":{"dialogId":' + "[" * depth + "]" * depth + "}}"
        headers = {**connector.headers, "Content-Type": "application/json"}
        path = f"/api/account/{ACCOUNT}/messaging/consumer/conversation/send?v=3"
        status, answer = await world.call("POST", path, data=raw.encode(), headers=headers)
        assert (status, answer["code"]) == (400, "BAD_REQUEST")

    run(body)


def test_another_consumers_conversation_is_an_invalid_jws() -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened()
        other = await Connector.of(world, "ext-2")
        expected = error(40103, "Invalid ConsumerJWS", "ConsumerJWS is invalid: the conversation belongs to another consumer")
        assert await other.say(cid, "hi") == (401, expected)
        assert await other.close(cid) == (401, expected)
        status, answer = await other.say("no-such", "hi")
        assert (status, answer["body"]["msg"]) == (400, "Bad Request: conversationId: there is no conversation 'no-such'")

    run(body)


@pytest.mark.parametrize("as_array", [False, True])
@pytest.mark.parametrize(
    ("field", "cause"),
    [
        ({"field": "ConversationStateField", "conversationState": "CLOSE"}, None),
        ({"field": "Stage", "conversationState": "CLOSE"}, None),
        (
            {"field": "DialogChange", "type": "UPDATE", "dialog": {"state": "CLOSE", "closedCause": "Closed by consumer"}},
            "Closed by consumer",
        ),
    ],
)
def test_consumer_closes_and_may_open_again(field: dict[str, Any], cause: str | None, as_array: bool) -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        change = {**field, "dialog": {**field["dialog"], "dialogId": cid}} if "dialog" in field else field
        expected = {"reqId": "7", "code": "OK", "body": {"msg": "OK Conversation resolved successfully"}}
        assert await connector.update(cid, [change] if as_array else change) == (200, expected)
        conversation = world.state.conversations[cid]
        assert (conversation.state, conversation.stage, conversation.close_reason) == ("CLOSE", "CLOSE", "CONSUMER")
        assert (conversation.main.closed_by, conversation.main.closed_cause) == ("CONSUMER", cause)
        closed = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request, Conversation is close"}, "reqId": "7"}
        assert await connector.say(cid, "late") == (400, closed)
        assert await connector.update(cid, change) == (400, closed)
        assert len(world.ledger("liveperson.close")) == 1
        assert await connector.opened() != cid

    run(body)


def test_csat_is_taken_after_the_close_only() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        csat = {"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": True, "status": "FILLED"}
        assert (await connector.update(cid, csat))[0] == 400
        await connector.close(cid)
        assert (await connector.update(cid, {**csat, "csatRate": 6}))[0] == 400
        assert (await connector.update(cid, {key: csat[key] for key in ("field", "csatRate", "status")}))[0] == 400
        expected = {"reqId": "7", "code": "OK", "body": {"msg": "OK CSAT updated successfully"}}
        assert await connector.update(cid, csat) == (200, expected)
        (effect,) = world.ledger("liveperson.csat")
        assert (effect["csatRate"], effect["csatResolutionConfirmation"], effect["status"]) == (5, True, "FILLED")
        last = (await world.endpoint.until(3))[-1].change["result"]["conversationDetails"]
        assert (last["stage"], last["csat"]) == ("CLOSE", csat)

    run(body)


def test_agent_only_fields_are_refused() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        assert (await connector.update(cid, {"field": "Skill", "type": "UPDATE", "skill": "1"}))[0] == 400
        assert refused(world) == ["Skill may be changed by agents only"]

    run(body)


def test_profile_alone_and_ttr() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        expected = {"reqId": "7", "code": "OK", "body": {"msg": "OK User Profile set successfully"}}
        assert await connector.send("userprofile.SetUserProfile", {"lastName": "Doe"}) == (200, expected)
        cid = await connector.opened()
        assert world.state.conversations[cid].consumer.profile == {"lastName": "Doe"}
        assert (await connector.update(cid, {"field": "TTRField", "ttrType": "URGENT", "value": 500}))[0] == 200
        assert (world.state.conversations[cid].ttr_type, world.state.conversations[cid].ttr_s) == ("URGENT", 500)

    run(body)


def test_faults_strike_before_instead_of_and_after_the_effect() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()

        await world.control("PUT", "/faults", {"rules": [{"target": "liveperson.send", "times": 1, "status": 429, "retry_after_s": 2}]})
        url = f"{world.base}/api/account/{ACCOUNT}/messaging/consumer/conversation/send?v=3"
        data = {"kind": "req", "id": "1", "type": "ms.PublishEvent", "body": {"dialogId": cid, "event": TEXT}}
        async with world.http.post(url, json=data, headers=connector.headers) as response:
            assert (response.status, response.headers["Retry-After"]) == (429, "2")
        assert world.ledger("liveperson.message") == []

        await world.control("PUT", "/faults", {"rules": [{"target": "liveperson.send", "times": 1, "lose_reply": True}]})
        with pytest.raises(ServerDisconnectedError):
            await connector.say(cid, "lost answer")
        assert [entry["text"] for entry in world.ledger("liveperson.message")] == ["lost answer"]

        await world.control("PUT", "/faults", {"rules": [{"target": "liveperson", "times": 1, "expire_tokens": True}]})
        status, answer = await connector.say(cid, "expired")
        assert (status, answer["body"]["errorCode"]) == (401, 40102)
        assert (await connector.say(cid, "still expired"))[0] == 401
        assert (await (await Connector.of(world)).say(cid, "renewed"))[0] == 200

    run(body)
