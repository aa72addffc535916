"""The control API's agent side."""

from __future__ import annotations

import asyncio
import base64
from typing import Any

import pytest

from tests.sandbox.liveperson_world import APP, Connector, World, run


async def act(world: World, conversation_id: str, action: str, body: Any = None) -> tuple[int, Any]:
    return await world.call("POST", f"/control/conversations/{conversation_id}/agent/{action}", body)


def test_text_joins_first_and_answers_the_conversation_after_it() -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened()
        status, answer = await act(world, cid, "text", {"text": "hello"})
        assert (status, answer["sequence"]) == (200, 0)
        view = answer["conversation"]
        assert view == await world.control("GET", f"/conversations/{cid}")
        assert view["agentId"] is not None
        (message,) = view["messages"]
        assert (message["type"], message["text"], message["role"], message["audience"]) == ("text", "hello", "ASSIGNED_AGENT", "ALL")
        assert message["status"] == {"accept": None, "read": None}
        (effect,) = world.ledger("agent.message")
        assert (effect["conversationId"], effect["sequence"], effect["text"]) == (cid, 0, "hello")
        assert [item.says for item in await world.endpoint.until(3)] == ["OPEN", "OPEN", "hello"]

    run(body)


def test_a_bot_writes_as_assigned_agent_and_is_known_by_its_metadata() -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened()
        _, answer = await act(world, cid, "text", {"text": "beep", "bot": True, "metadata": [{"type": "ExternalId", "id": "m-1"}]})
        bot_id = answer["conversation"]["agentId"]
        _, answer = await act(world, cid, "rich", {"content": {"type": "vertical", "elements": []}, "bot": True})
        await act(world, cid, "join")
        _, answer = await act(world, cid, "text", {"text": "hello", "bot": False})
        assert answer["conversation"]["agentId"] != bot_id
        bot = {"type": "BotResponse", "externalConversationId": cid}
        sent = [item.change for item in await world.endpoint.until(6) if "event" in item.change]
        assert [change["originatorMetadata"]["role"] for change in sent] == ["ASSIGNED_AGENT"] * 3
        assert [change["originatorId"] == bot_id for change in sent] == [True, True, False]
        assert [change.get("metadata") for change in sent] == [[bot, {"type": "ExternalId", "id": "m-1"}], [bot], None]

    run(body)


def test_file_is_stored_and_downloadable_by_the_connector() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        data = base64.b64encode(b"%PDF").decode()
        status, answer = await act(world, cid, "file", {"data_base64": data, "fileType": "PDF", "caption": "terms.pdf"})
        event = answer["conversation"]["messages"][0]["event"]
        assert (status, event["contentType"], event["message"]["caption"]) == (200, "hosted/file", "terms.pdf")
        _, link = await connector.send("ms.GenerateURLForDownloadFile", {"relativePath": event["message"]["relativePath"]})
        query = link["body"]["queryParams"]
        async with world.http.get(world.base + link["body"]["relativePath"], params=query) as response:
            assert (response.status, await response.read()) == (200, b"%PDF")

    run(body)


def test_read_and_accept_report_what_was_not_reported_yet() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        await connector.say(cid, "a")
        await connector.say(cid, "b")
        assert (await act(world, cid, "accept"))[1]["sequenceList"] == [0, 1]
        assert (await act(world, cid, "read", {"sequenceList": [1]}))[1]["sequenceList"] == [1]
        assert (await act(world, cid, "read"))[1]["sequenceList"] == [0]
        assert (await act(world, cid, "read"))[1]["sequenceList"] == []
        status, answer = await act(world, cid, "read", {"sequenceList": [7]})
        assert (status, answer) == (400, {"error": "[7] are not sequences of the consumer's messages"})

    run(body)


def test_a_click_is_kept_with_the_message_it_was_made_on() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened()
        await act(world, cid, "rich", {"content": {"type": "button", "title": "Buy"}})
        metadata = [{"type": "ExternalId", "id": "buy-1"}]
        click = {"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [0]}
        await connector.publish(cid, click, metadata=metadata)
        await connector.publish(cid, click)
        view = await world.control("GET", f"/conversations/{cid}")
        (message,) = view["messages"]
        assert [each["metadata"] for each in message["clicks"]] == [metadata, None]
        assert message["status"]["action"] == message["clicks"][0]["at_ms"]
        assert view["dialogs"] == [{"dialogId": cid, "dialogType": "MAIN", "state": "OPEN", "closedBy": None, "closedCause": None}]

    run(body)


def test_queue_transfer_and_join_change_the_assignment() -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened()
        assert (await act(world, cid, "queue"))[0] == 400
        assert (await act(world, cid, "join", {"agentId": "agent-7"}))[1]["conversation"]["agentId"] == "agent-7"
        assert (await act(world, cid, "queue"))[1]["conversation"]["agentId"] is None
        await act(world, cid, "join")
        moved = (await act(world, cid, "transfer", {"skillId": "9"}))[1]["conversation"]
        assert (moved["agentId"], moved["skillId"]) == (None, "9")

    run(body)


def test_resume_opens_a_new_conversation_with_the_agent_in_it() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        cid = await connector.opened(skillId="5")
        assert (await act(world, cid, "resume"))[0] == 409
        await act(world, cid, "join", {"agentId": "agent-7"})
        await act(world, cid, "close")
        assert await act(world, cid, "text", {"text": "late"}) == (409, {"error": f"the conversation {cid} is closed"})
        status, answer = await act(world, cid, "resume")
        resumed = answer["conversation"]
        assert (status, resumed["agentId"], resumed["skillId"]) == (200, "agent-7", "5")
        assert resumed["conversationId"] != cid
        assert resumed["consumer"]["id"] == connector.consumer_id
        await world.endpoint.until(4)
        details = next(item.change["result"] for item in world.endpoint.received if resumed["conversationId"].encode() in item.raw)
        assert [person["role"] for person in details["conversationDetails"]["participants"]] == ["CONSUMER", "ASSIGNED_AGENT"]

    run(body)


@pytest.mark.parametrize(
    ("action", "body_", "error"),
    [
        ("text", {}, "text must be a string"),
        ("text", {"text": "a", "bot": 1}, "bot must be true or false"),
        ("text", {"text": ""}, "text must be a non-empty string"),
        ("text", [], "the body must be a JSON object"),
        ("rich", {"content": {}}, "content must be an object with a type, such as vertical"),
        ("typing", {"on": 1}, "on must be true or false"),
        ("transfer", {"skillId": 5}, "skillId must be a string"),
        ("file", {"data_base64": "%", "fileType": "PNG"}, "data_base64 is not base64: Only base64 data is allowed"),
        ("file", {"data_base64": "AAAA", "fileType": "png"}, "fileType must be an upper-case word such as PNG or PDF"),
    ],
)
def test_bad_bodies_are_refused_with_a_sentence_and_without_effect(action: str, body_: Any, error: str) -> None:
    async def body(world: World) -> None:
        cid = await (await Connector.of(world)).opened()
        assert await act(world, cid, action, body_) == (400, {"error": error})
        assert world.state.conversations[cid].main.messages == {}

    run(body)


def test_unknown_conversations_and_actions_are_404() -> None:
    async def body(world: World) -> None:
        assert await act(world, "none", "text", {"text": "x"}) == (404, {"error": "there is no conversation 'none'"})
        assert (await world.call("GET", "/control/conversations/none"))[0] == 404
        cid = await (await Connector.of(world)).opened()
        assert (await act(world, cid, "dance"))[0] == 404

    run(body)


def test_the_list_is_selected_by_account_state_and_either_consumer_id() -> None:
    async def body(world: World) -> None:
        await world.install(account="other", app=APP)
        one, two = await Connector.of(world, "one"), await Connector.of(world, "two", account="other")
        first, second = await one.opened(), await two.opened()
        await two.close(second)

        async def ids(query: str) -> list[str]:
            return [view["conversationId"] for view in (await world.control("GET", f"/conversations{query}"))["conversations"]]

        assert await ids("") == [first, second]
        assert await ids("?account=other") == [second]
        assert await ids("?state=OPEN") == [first]
        assert await ids("?consumer=two") == await ids(f"?consumer={two.consumer_id}") == [second]
        assert (await world.call("GET", "/control/conversations?colour=red"))[0] == 400

    run(body)


def test_pages_are_told_of_every_change() -> None:
    async def body(world: World) -> None:
        async with world.kernel.bus.listen() as feed:
            connector = await Connector.of(world)
            cid = await connector.opened()
            await connector.publish(cid, {"type": "ChatStateEvent", "chatState": "COMPOSING"})
            first, second = await asyncio.wait_for(feed.get(), 20), await asyncio.wait_for(feed.get(), 20)
        assert [topic for topic, _ in (first, second)] == ["conversation", "conversation"]
        assert [view["consumerTyping"] for _, view in (first, second)] == [False, True]
        assert second[1] == await world.control("GET", f"/conversations/{cid}")

    run(body)
