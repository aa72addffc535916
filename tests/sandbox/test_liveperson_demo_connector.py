"""Each call that LivePerson's demo connector makes, in the form in which it makes it.

Source: https://github.com/LivePersonInc/lp-demo-app-connector-api (server/services)
"""

from __future__ import annotations

import json
from typing import Any

from tests.sandbox.liveperson_world import World, run

BRAND = "le79768200"  # account ids that begin with "le" are asked of another Domain API host, in the same way
ADMIN = {"username": "admin@brand.example", "password": "secret"}
MANIFEST = {
    "client_name": "Demo connector",
    "description": "shows the Connector API",
    "grant_types": ["client_credentials"],
    "scope": "msg.consumer",
    "logo_uri": "",
    "capabilities": {"webhooks": {"retry": {"retention_time": 60}}},
}
SERVICES = {"agentVep", "sentinel", "idp", "asyncMessagingEnt", "accountConfigReadWrite", "msgHist", "swift"}


class Demo:
    """The demo's calls; ``data`` in the tests' words is what its HTTP client hands to its callbacks."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.headers: dict[str, str] = {}

    async def call(self, method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        body = None if data is None else json.dumps(data)
        sent = {"content-type": "application/json", **self.headers, **headers}
        async with self.world.http.request(method, self.world.base + path, data=body, headers=sent) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None, {k.lower(): v for k, v in response.headers.items()}

    async def send(self, kind: str, body: dict[str, Any]) -> Any:
        data = {"kind": "req", "id": "1,", "type": kind, "body": body}
        status, answer, _ = await self.call("POST", f"/api/account/{BRAND}/messaging/consumer/conversation/send?v=3", data)
        assert (status, answer["reqId"]) == (200, "1,"), answer
        return answer["body"]


def test_every_call_of_the_demo_connector() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", f"/accounts/{BRAND}/agents/{ADMIN['username']}", {"password": ADMIN["password"], "admin": True})
        demo = Demo(world)
        _, found, _ = await demo.call("GET", f"/api/account/{BRAND}/service/baseURI.json?version=1.0")
        assert set(found["baseURIs"][0]) == {"service", "account", "baseURI"}
        assert {entry["service"] for entry in found["baseURIs"]} >= SERVICES

        status, login, _ = await demo.call("POST", f"/api/account/{BRAND}/login", ADMIN)
        assert (status, login["config"]["isAdmin"], login["config"]["loginName"]) == (200, True, ADMIN["username"])
        assert {"userId"} <= set(login["config"]) and {"bearer", "sessionTTl"} <= set(login)
        assert login["csdsCollectionResponse"]["baseURIs"] == found["baseURIs"]
        demo.headers = {"authorization": f"Bearer {login['bearer']}"}

        await installs(demo)
        _, apps, _ = await demo.call("GET", f"/api/account/{BRAND}/configuration/app-install/installations?v=1.0")
        (app,) = apps
        grants = f"/api/account/{BRAND}/configuration/provision/featureGrants?v=1.0&excludeLegacy=true&jsonProvider=gson"
        _, features, _ = await demo.call("GET", grants)
        data = features["appDataList"][0]["accountList"]["accountList"][0]["itemsCollection"]["data"]
        assert next(item["value"]["value"] for item in data if item["compoundFeatureID"] == "Common.Async_Messaging") == "true"

        await tokens(demo, app["client_id"], app["client_secret"])
        await conversation(demo, world)

    run(body, installed=False)


async def installs(demo: Demo) -> None:
    """List, create, change and remove: a change names the revision that the GET before it answered."""
    path = f"/api/account/{BRAND}/configuration/app-install/installations"
    assert (await demo.call("GET", f"{path}?v=1.0"))[1] == []
    status, made, _ = await demo.call("POST", f"{path}?v=1.0", MANIFEST)
    assert (status, made["client_id"], made["enabled"], made["deleted"]) == (201, made["id"], True, False)
    one = f"{path}/{made['id']}?v=1.0"
    _, got, headers = await demo.call("GET", one)
    assert got == made
    hook = {"endpoint": demo.world.endpoint.url + "/notifications/event", "max_retries": 0}
    types = ["ms.MessagingEventNotification.ContentEvent", "cqm.ExConversationChangeNotification"]
    changed = {**MANIFEST, "capabilities": {"webhooks": {"retry": {"retention_time": 60}, **dict.fromkeys(types, hook)}}}
    match = {"If-Match": headers["ac-revision"], "X-HTTP-Method-Override": "PUT"}
    status, put, _ = await demo.call("PUT", one, changed, **match)
    assert (status, put["client_secret"], put["capabilities"]) == (200, made["client_secret"], changed["capabilities"])
    assert (await demo.call("PUT", one, changed, **match))[0] == 412
    assert (await demo.call("PUT", one, changed))[0] == 428
    second = (await demo.call("POST", f"{path}?v=1.0", MANIFEST))[1]["id"]
    assert (await demo.call("DELETE", f"{path}/{second}?v=1.0"))[0] == 204
    assert (await demo.call("GET", f"{path}/{second}?v=1.0"))[0] == 404
    wrong = {"capabilities": {"webhooks": {"ms.MessagingEventNotification.AccpetStatusEvent": hook}}}
    assert (await demo.call("POST", f"{path}?v=1.0", wrong))[0] == 400
    assert (await demo.call("GET", f"{path}?v=1.0", authorization="Bearer invented"))[0] == 401


async def tokens(demo: Demo, client_id: str, secret: str) -> None:
    demo.headers = {}
    query = f"v=1.0&grant_type=client_credentials&client_id={client_id}&client_secret={secret}"
    content_type = {"content-type": "application/x-www-form-urlencoded"}
    status, app_jwt, _ = await demo.call("POST", f"/sentinel/api/account/{BRAND}/app/token?{query}", **content_type)
    assert (status, app_jwt["token_type"]) == (200, "Bearer")
    demo.headers = {"authorization": app_jwt["access_token"]}
    status, jws, _ = await demo.call("POST", f"/api/account/{BRAND}/consumer?v=1.0", {"ext_consumer_id": "demo-1"})
    assert status == 201
    features = ["AUTO_MESSAGES", "RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG"]
    demo.headers |= {
        "x-lp-on-behalf": jws["token"],
        "Client-Properties": json.dumps({"type": ".ClientProperties", "features": features}),
    }


async def conversation(demo: Demo, world: World) -> None:
    profile = {
        "firstName": "Ada",
        "lastName": "L",
        "avatarUrl": "http://avatar.example/a.png",
        "role": "",
        "backgndImgUri": "http://avatar.example/b.png",
        "description": "d",
        "privateData": {
            "mobileNum": "1750345346",
            "mail": "a@b.example",
            "pushNotificationData": {"serviceName": "", "certName": "", "token": ""},
        },
    }
    context = {"visitorId": "", "sessionId": "", "interactionContextId": 2, "type": "SharkContext", "lang": "en-US", "features": []}
    wanted = {
        "ttrDefName": None,
        "campaignInfo": {"campaignId": 99999, "engagementId": 888888},
        "conversationContext": context,
        "channelType": "MESSAGING",
        "brandId": BRAND,
        "skillId": "-1",
    }
    batch = [
        {"kind": "req", "id": "2,", "type": "userprofile.SetUserProfile", "body": profile},
        {"kind": "req", "id": "1,", "type": "cm.ConsumerRequestConversation", "body": wanted},
    ]
    _, opened, _ = await demo.call("POST", f"/api/account/{BRAND}/messaging/consumer/conversation?v=3", batch)
    cid = opened[1]["body"]["conversationId"]

    async def publish(event: dict[str, Any]) -> int:
        return int((await demo.send("ms.PublishEvent", {"dialogId": cid, "conversationId": cid, "event": event}))["sequence"])

    assert await publish({"type": "ContentEvent", "contentType": "text/plain", "message": "hello"}) == 0
    for chat_state in ("COMPOSING", "PAUSE", "ACTIVE", "GONE"):
        assert await publish({"type": "ChatStateEvent", "chatState": chat_state}) == 0
    link = await demo.send("ms.GenerateURLForUploadFile", {"fileSize": "3", "fileType": "PNG"})
    query = "&".join(f"{name}={value}" for name, value in link["queryParams"].items())
    origin = {"Origin": "http://localhost:8282", "Access-Control-Request-Method": "PUT"}
    async with world.http.options(f"{world.base}{link['relativePath']}?{query}", headers=origin) as preflight:
        assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    async with world.http.put(f"{world.base}{link['relativePath']}?{query}", data=b"jpg", headers=origin) as response:
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (201, "*")
    file = {"caption": "a.jpg", "relativePath": link["relativePath"], "fileType": "JPEG", "preview": "data:image/png;base64,AA=="}
    assert await publish({"type": "ContentEvent", "contentType": "hosted/file", "message": file}) == 1
    await world.call("POST", f"/control/conversations/{cid}/agent/text", {"text": "good day"})
    await world.call("POST", f"/control/conversations/{cid}/agent/rich", {"content": {"type": "vertical", "elements": []}})
    assert await publish({"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [2]}) == 4
    assert await publish({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [2, 3]}) == 5
    back = await demo.send("ms.GenerateURLForDownloadFile", {"relativePath": link["relativePath"]})
    async with world.http.get(world.base + back["relativePath"], params=back["queryParams"], headers=origin) as response:
        assert (await response.read(), response.headers["Access-Control-Allow-Origin"]) == (b"jpg", "*")

    history = (
        f"/messaging_history/api/account/{BRAND}/conversations/conversation/search?offset=0&limit=100&sort=start%3Adesc&NC=true&__d=2013"
    )
    content = ["campaign", "messageRecords", "agentParticipants", "consumerParticipants", "messageStatuses"]
    _, found, _ = await demo.call("POST", history, {"conversationId": cid, "contentToRetrieve": content})
    (record,) = found["conversationHistoryRecords"]
    assert record["info"]["status"] == "OPEN"
    told = [(item["type"], item["sentBy"], item["seq"]) for item in record["messageRecords"]]
    assert told == [("TEXT_PLAIN", "Consumer", 0), ("HOSTED_FILE", "Consumer", 1), ("TEXT_PLAIN", "Agent", 2), ("RICH_CONTENT", "Agent", 3)]
    assert record["messageRecords"][1]["messageData"]["file"] == file
    assert {(item["seq"], item["messageDeliveryStatus"]) for item in record["messageStatuses"]} >= {(2, "ACCEPT"), (2, "READ"), (3, "READ")}
    assert (await demo.call("POST", history, {"conversationId": "none"}))[1]["conversationHistoryRecords"] == []

    dialog = {"dialogId": cid, "state": "CLOSE", "closedCause": "Closed by consumer"}
    change = {"field": "DialogChange", "type": "UPDATE", "dialog": dialog}
    answer = await demo.send("cm.UpdateConversationField", {"conversationId": cid, "conversationField": change})
    assert answer == {"msg": "OK Conversation resolved successfully"}
    received = await world.endpoint.until(6)
    assert {item.path for item in received} == {"/notifications/event"}
    _, opened, _ = await demo.call("POST", f"/api/account/{BRAND}/messaging/consumer/conversation?v=3", batch)
    close = {"field": "ConversationStateField", "conversationState": "CLOSE"}
    await demo.send("cm.UpdateConversationField", {"conversationId": opened[1]["body"]["conversationId"], "conversationField": close})
