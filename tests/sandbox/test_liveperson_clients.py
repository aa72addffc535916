"""Connectors as others write them: each speaks a dialect that LivePerson's own material shows somewhere."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
import requests

from tests.sandbox.liveperson_world import ACCOUNT, APP, SECRET, Connector, World, run

SERVICES = ("sentinel", "idp", "asyncMessagingEnt", "swift")
FORM, JSON = "application/x-www-form-urlencoded", "application/json"
PATH = f"/api/account/{ACCOUNT}/messaging/consumer/conversation"


@dataclass
class Client:
    """A connector on blocking HTTP: ``requests`` alone, and what it learned from the answers."""

    base: str
    session: requests.Session = field(default_factory=requests.Session)
    hosts: dict[str, str] = field(default_factory=dict)

    def find(self, *, suffix: str = ".json") -> None:
        for service in SERVICES:
            url = f"{self.base}/api/account/{ACCOUNT}/service/{service}/baseURI{suffix}"
            self.hosts[service] = "http://" + self.session.get(url, params={"version": "1.0"}, timeout=20).json()["baseURI"]

    def post(self, service: str, path: str, **options: Any) -> Any:
        answer = self.session.post(self.hosts[service] + path, timeout=20, **options)
        assert answer.ok, (path, answer.status_code, answer.text)
        return answer.json()

    def sign_in(self, app_jwt: str, external_id: Any = "dialect-1") -> None:
        """Ask for the consumer's token, and send both from now on."""
        jws = self.post(
            "idp", f"/api/account/{ACCOUNT}/consumer?v=1.0", json={"ext_consumer_id": external_id}, headers={"Authorization": app_jwt}
        )
        self.session.headers.update({"Authorization": app_jwt, "X-LP-ON-BEHALF": jws["token"]})


def play(client: Callable[[Client], Any], world: World) -> Any:
    return asyncio.to_thread(client, Client(world.base))


SENTINEL = f"/sentinel/api/account/{ACCOUNT}/app/token"
KEYS = {"client_id": APP, "client_secret": SECRET}
GRANT = {"grant_type": "client_credentials"}


@pytest.mark.parametrize(
    "request_",
    [
        {"params": {"v": "1.0", **GRANT}, "data": KEYS},
        {"params": {"v": "1.0"}, "data": {**GRANT, **KEYS}},
        {"params": {"v": "1.0", **GRANT, **KEYS}},
        {"params": {"v": "1.0", **GRANT, **KEYS}, "headers": {"Content-Type": FORM}},
        {"params": {"v": "1.0", **GRANT, **KEYS}, "headers": {"Content-Type": JSON}},
        {"data": {"v": "1.0", **GRANT, **KEYS}},
        {"params": {"v": "1.0", **GRANT}, "json": KEYS},
    ],
)
def test_sentinel_takes_its_parameters_in_query_form_or_json(request_: dict[str, Any]) -> None:
    def client(it: Client) -> Any:
        it.find()
        return it.post("sentinel", SENTINEL, **request_)

    async def body(world: World) -> None:
        answer = await play(client, world)
        assert set(answer) == {"access_token", "token_type"}
        app = world.state.tokens.read_app_jwt(answer["access_token"], world.state.accounts.get(ACCOUNT))
        assert app.client_id == APP

    run(body)


def test_a_connector_in_python_with_requests() -> None:
    def client(it: Client) -> str:
        it.find()
        it.sign_in(it.post("sentinel", SENTINEL, params={"v": "1.0", **GRANT}, data=KEYS)["access_token"])
        it.session.headers["Client-Properties"] = json.dumps({"type": ".ClientProperties", "features": ["RICH_CONTENT"]})
        sdes = [
            {"type": "ctmrinfo", "info": {"socialId": "1", "balance": 1.5, "registrationDate": {"day": 1, "month": 2, "year": 2020}}},
            {"type": "personal", "personal": {"firstname": "Ada", "gender": 1, "age": {"age": 36}}},
        ]
        batch = [
            {"kind": "req", "id": 1, "type": "userprofile.SetUserProfile", "body": {"authenticatedData": {"lp_sdes": sdes}}},
            {"kind": "req", "id": 2, "type": "cm.ConsumerRequestConversation", "body": {"brandId": ACCOUNT}},
        ]
        opened = it.post("asyncMessagingEnt", PATH, params={"v": 3}, json=batch)
        assert [(item["code"], item["reqId"]) for item in opened] == [("OK", "1"), ("OK", "2")]
        cid = str(opened[1]["body"]["conversationId"])
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "grüße 😀"}
        said = {"kind": "req", "id": 3, "type": "ms.PublishEvent", "body": {"dialogId": cid, "event": event}}
        assert it.post("asyncMessagingEnt", f"{PATH}/send", params={"v": 3}, json=said) == {
            "reqId": "3",
            "code": "OK",
            "body": {"sequence": 0},
        }
        return cid

    async def body(world: World) -> None:
        cid = await play(client, world)
        view = await world.control("GET", f"/conversations/{cid}")
        assert (view["messages"][0]["text"], view["consumer"]["sdes"][1]["personal"]["gender"]) == ("grüße 😀", 1)

    run(body)


def test_a_connector_in_java_with_numbers_for_ids_and_bearer() -> None:
    typed = {"Content-Type": "application/json;charset=UTF-8", "Accept": "*/*"}

    def client(it: Client) -> str:
        it.find(suffix="")
        it.sign_in("Bearer " + it.post("sentinel", SENTINEL, data={"v": "1.0", **GRANT, **KEYS})["access_token"])
        profile = {"firstName": "Ada", "lastName": None, "authenticatedData": None, "privateData": {"mobileNum": "+15550100"}}
        wanted = {
            "brandId": int(ACCOUNT),
            "channelType": "MESSAGING",
            "skillId": 1001,
            "ttrDefName": "NORMAL",
            "campaignInfo": {"campaignId": 99999, "engagementId": 888888},
            "conversationContext": None,
        }
        first = {"type": "ContentEvent", "contentType": "text/plain", "message": "first"}
        batch = [
            {"kind": "req", "id": 1, "type": "userprofile.SetUserProfile", "body": profile, "metadata": None},
            {"kind": "req", "id": 2, "type": "cm.ConsumerRequestConversation", "body": wanted, "metadata": None},
            {"kind": "req", "id": 3, "type": "ms.PublishEvent", "body": {"dialogId": "", "event": first}, "metadata": None},
        ]
        opened = it.post("asyncMessagingEnt", PATH + "?v=3", data=json.dumps(batch).encode(), headers=typed)
        assert opened[2] == {"code": "OK", "body": {"sequence": 0}, "reqId": "3"}
        cid = str(opened[1]["body"]["conversationId"])

        def send(kind: str, body: dict[str, Any]) -> Any:
            data = json.dumps({"kind": "req", "id": 4, "type": kind, "body": body}).encode()
            return it.post("asyncMessagingEnt", PATH + "/send?v=3", data=data, headers=typed)["body"]

        link = send("ms.GenerateURLForUploadFile", {"fileSize": 3, "fileType": "PNG"})
        url = it.hosts["swift"] + link["relativePath"]
        assert it.session.put(url, params=link["queryParams"], data=b"png", timeout=20).status_code == 201
        file = {"relativePath": link["relativePath"], "fileType": "PNG", "caption": None, "preview": None}
        event = {"type": "ContentEvent", "contentType": "hosted/file", "message": file}
        assert send("ms.PublishEvent", {"dialogId": cid, "conversationId": cid, "event": event}) == {"sequence": 1}
        close = [{"field": "ConversationStateField", "conversationState": "CLOSE"}]
        assert send("cm.UpdateConversationField", {"conversationId": cid, "conversationField": close})["msg"].startswith("OK")
        return cid

    async def body(world: World) -> None:
        await world.control("PUT", "/options", {"accept_bearer": True})
        view = await world.control("GET", f"/conversations/{await play(client, world)}")
        assert (view["skillId"], view["stage"], view["consumer"]["sdes"]) == ("1001", "CLOSE", [])
        assert [message["text"] for message in view["messages"]] == ["first", ""]
        told = [item.change for item in await world.endpoint.until(4)]
        assert [change["event"]["type"] if "event" in change else "change" for change in told] == [
            "change",
            "ContentEvent",
            "ContentEvent",
            "change",
        ]
        assert told[0]["result"]["conversationDetails"]["skillId"] == "1001"
        assert (await world.call("GET", "/control/ledger?kind=liveperson.refused"))[1] == {"effects": []}

    run(body)


def test_the_demo_connector_of_2018() -> None:
    """No Client-Properties, a batch of three whose message names no dialog yet, and every notification looked up by its ``dialogId``."""

    def client(it: Client) -> str:
        answer = it.session.get(f"{it.base}/api/account/{ACCOUNT}/service/baseURI.json?version=1.0", timeout=20).json()
        it.hosts = {entry["service"]: "http://" + entry["baseURI"] for entry in answer["baseURIs"]}
        query = f"?v=1.0&grant_type=client_credentials&client_id={APP}&client_secret={SECRET}"
        it.sign_in(it.post("sentinel", SENTINEL + query, headers={"content-type": FORM})["access_token"], "ramdom_id0.25")
        private = {
            "mobileNum": "1750345346",
            "mail": "test@email.example",
            "pushNotificationData": {"serviceName": "S", "certName": "C", "token": "T"},
        }
        profile = {"firstName": "WEB UI USER", "lastName": "Test", "role": "consumer", "description": "d", "privateData": private}
        wanted = {
            "ttrDefName": "CUSTOM",
            "campaignInfo": {"campaignId": "99999", "engagementId": "888888"},
            "channelType": "MESSAGING",
            "brandId": ACCOUNT,
            "skillId": "-1",
        }
        event = {"type": "ContentEvent", "contentType": "text/plain", "message": "HI There !"}
        batch = [
            {"kind": "req", "id": "2,", "type": "userprofile.SetUserProfile", "body": profile},
            {"kind": "req", "id": "1,", "type": "cm.ConsumerRequestConversation", "body": wanted},
            {"kind": "req", "id": "3", "type": "ms.PublishEvent", "body": {"event": event}},
        ]
        opened = it.post("asyncMessagingEnt", PATH + "?v=3", json=batch)
        assert [item["reqId"] for item in opened] == ["2,", "1,", "3"]
        cid = str(opened[1]["body"]["conversationId"])
        said = {"kind": "req", "id": "3", "type": "ms.PublishEvent", "body": {"dialogId": cid, "event": {**event, "message": "again"}}}
        assert it.post("asyncMessagingEnt", PATH + "/send?v=3", json=said)["body"] == {"sequence": 1}
        close = {"field": "ConversationStateField", "conversationState": "CLOSE"}
        body = {"conversationId": cid, "conversationField": close}
        it.post(
            "asyncMessagingEnt", PATH + "/send?v=3", json={"kind": "req", "id": "1,", "type": "cm.UpdateConversationField", "body": body}
        )
        return cid

    async def body(world: World) -> None:
        cid = await play(client, world)
        view = await world.control("GET", f"/conversations/{cid}")
        assert (view["stage"], view["closeReason"], view["features"]) == ("CLOSE", "CONSUMER", [])
        told = [item.change for item in await world.endpoint.until(4)]
        assert [change["dialogId"] if "dialogId" in change else change["result"]["convId"] for change in told] == [cid] * 4

    run(body)


def test_a_bearer_is_refused_unless_it_is_switched_on() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        connector.headers["Authorization"] = f"bearer  {connector.headers['Authorization']}"
        assert (await connector.create())[1]["body"]["errorCode"] == 40102
        await world.control("PUT", "/options", {"accept_bearer": True})
        assert (await connector.create())[0] == 200

    run(body)


def message(text: Any = "first", **body: Any) -> dict[str, Any]:
    event = {"type": "ContentEvent", "contentType": "text/plain", "message": text}
    return {"kind": "req", "id": "3", "type": "ms.PublishEvent", "body": {"dialogId": "", "event": event, **body}}


def batch(*more: dict[str, Any]) -> list[dict[str, Any]]:
    profile = {"kind": "req", "id": "1", "type": "userprofile.SetUserProfile", "body": {}}
    return [profile, {"kind": "req", "id": "2", "type": "cm.ConsumerRequestConversation", "body": {"brandId": ACCOUNT}}, *more]


def test_the_first_message_travels_with_the_create_once() -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        status, answer = await connector.post_conversation(batch({**message(), "metadata": [{"type": "ExternalId", "id": "x"}]}))
        assert (status, answer[2]) == (200, {"code": "OK", "body": {"sequence": 0}, "reqId": "3"})
        assert [item.says for item in await world.endpoint.until(2)] == ["OPEN", "first"]
        (effect,) = world.ledger("liveperson.message")
        assert effect["metadata"] == [{"type": "ExternalId", "id": "x"}]
        status, again = await connector.post_conversation(batch(message("again")))
        assert (status, [item["code"] for item in again]) == (400, ["OK", "BAD_REQUEST", "BAD_REQUEST"])
        assert len(world.ledger("liveperson.message")) == 1

    run(body)


@pytest.mark.parametrize(
    ("third", "reason"),
    [
        (message(dialogId="x"), "element 2: dialogId must be empty"),
        (message(event={"type": "ChatStateEvent", "chatState": "ACTIVE"}), "element 2: event must be a ContentEvent of text/plain"),
        (message(""), "event.message must be a non-empty string"),
        ({**message(), "type": "cm.UpdateConversationField"}, "element 2 must be ms.PublishEvent"),
    ],
)
def test_a_wrong_first_message_opens_nothing(third: dict[str, Any], reason: str) -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        expected = [{"code": "BAD_REQUEST", "body": {"msg": f"Bad Request: {reason}"}, "reqId": "3"}]
        assert await connector.post_conversation(batch(third)) == (400, expected)
        assert world.state.conversations == {}

    run(body)


@pytest.mark.parametrize("path", ["/conversation", "/conversation/c-1/send", "/conversation/c-1/close"])
def test_the_former_paths_are_refused_with_the_new_ones(path: str) -> None:
    async def body(world: World) -> None:
        connector = await Connector.of(world)
        former = f"/api/account/{ACCOUNT}{path}"
        status, answer = await world.call("POST", former, {}, headers=connector.headers)
        reason = f"{former} is of a former Send API; version 3 is /api/account/{{account}}/messaging/consumer/conversation[/send]?v=3"
        assert (status, answer) == (404, {"code": "NOT_FOUND", "body": {"msg": f"Not Found: {reason}"}})
        assert [entry["reason"] for entry in world.ledger("liveperson.refused")] == [reason]

    run(body)
