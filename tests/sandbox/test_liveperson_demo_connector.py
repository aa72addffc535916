"""Each call that LivePerson's demo connector makes, in the form in which it makes it: the Domain API by http, all else by https at the hosts
that it names; and of each answer what the demo's code reads.

Source: https://github.com/LivePersonInc/lp-demo-app-connector-api (server/services)
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from pathlib import Path
from typing import Any

from tests.sandbox.liveperson_world import World, run, tls, trusting

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
CONVERSATION = f"/api/account/{BRAND}/messaging/consumer/conversation"
SERVICES = {"agentVep", "sentinel", "idp", "asyncMessagingEnt", "accountConfigReadWrite", "msgHist", "swift"}


class Demo:
    """The demo's calls; what they answer is what its HTTP client hands to its callbacks."""

    def __init__(self, world: World, certificate: Path) -> None:
        self.world = world
        self.trusts = trusting(certificate)
        self.hosts: dict[str, str] = {}  # service -> baseURI, as the Domain API named them
        self.headers: dict[str, str] = {}

    async def call(self, service: str, method: str, path: str, data: Any = None, **headers: str) -> tuple[int, Any, dict[str, str]]:
        body = None if data is None else json.dumps(data)
        sent = {"content-type": "application/json", **self.headers, **headers}
        url = f"https://{self.hosts[service]}{path}"
        async with self.world.http.request(method, url, data=body, headers=sent, ssl=self.trusts) as response:
            text = await response.text()
            return response.status, json.loads(text) if text else None, {k.lower(): v for k, v in response.headers.items()}

    async def domains(self) -> Any:
        """The list of hosts, by plain http."""
        status, found = await self.world.call("GET", f"/api/account/{BRAND}/service/baseURI.json?version=1.0")
        assert status == 200
        self.hosts = {entry["service"]: entry["baseURI"] for entry in found["baseURIs"]}
        return found["baseURIs"]

    async def send(self, kind: str, body: dict[str, Any]) -> Any:
        data = {"kind": "req", "id": "1,", "type": kind, "body": body}
        status, answer, _ = await self.call("asyncMessagingEnt", "POST", f"{CONVERSATION}/send?v=3", data)
        assert (status, answer["reqId"]) == (200, "1,"), answer
        return answer["body"]


def test_every_call_of_the_demo_connector(tmp_path: Path) -> None:
    async def body(world: World) -> None:
        await world.control("PUT", f"/accounts/{BRAND}/agents/{ADMIN['username']}", {"password": ADMIN["password"], "admin": True})
        async with tls(world, tmp_path) as certificate:
            demo = Demo(world, certificate)
            found = await demo.domains()
            assert all(set(entry) == {"service", "account", "baseURI"} and entry["account"] == BRAND for entry in found)
            assert set(demo.hosts) >= SERVICES and set(demo.hosts.values()) == {world.state.tls_host}
            await login(demo)
            await installs(demo)
            (app,) = (
                await demo.call("accountConfigReadWrite", "GET", f"/api/account/{BRAND}/configuration/app-install/installations?v=1.0")
            )[1]
            await features(demo)
            await tokens(demo, app["client_id"], app["client_secret"])
            await conversation(demo, app["client_secret"])

    run(body, installed=False)


async def login(demo: Demo) -> None:
    status, found, _ = await demo.call("agentVep", "POST", f"/api/account/{BRAND}/login", ADMIN)
    assert (status, found["config"]["isAdmin"], found["config"]["isLPA"]) == (200, True, False)
    assert (found["config"]["loginName"], found["config"]["userId"].isdigit()) == (ADMIN["username"], True)
    assert int(found["sessionTTl"]) > 0 and found["bearer"]
    named = {entry["service"]: entry["baseURI"] for entry in found["csdsCollectionResponse"]["baseURIs"]}
    assert named == demo.hosts
    refused, answer, _ = await demo.call("agentVep", "POST", f"/api/account/{BRAND}/login", {**ADMIN, "password": "wrong"})
    assert refused == 401 and "bearer" not in answer
    demo.headers = {"authorization": f"Bearer {found['bearer']}"}


async def features(demo: Demo) -> None:
    for query in ("v=1.0&excludeLegacy=true&jsonProvider=gson", "v1.0&excludeLegacy=true&jsonProvider=gson"):  # the demo has both
        path = f"/api/account/{BRAND}/configuration/provision/featureGrants?{query}"
        _, found, _ = await demo.call("accountConfigReadWrite", "GET", path)
        data = found["appDataList"][0]["accountList"]["accountList"][0]["itemsCollection"]["data"]
        assert next(item["value"]["value"] for item in data if item["compoundFeatureID"] == "Common.Async_Messaging") == "true"


async def installs(demo: Demo) -> None:
    """List, create, change and remove: a change names the revision that the GET before it answered."""
    path = f"/api/account/{BRAND}/configuration/app-install/installations"
    assert (await demo.call("accountConfigReadWrite", "GET", f"{path}?v=1.0"))[1] == []
    status, made, _ = await demo.call("accountConfigReadWrite", "POST", f"{path}?v=1.0", MANIFEST)
    assert (status, made["client_id"], made["enabled"], made["deleted"]) == (201, made["id"], True, False)
    one = f"{path}/{made['id']}?v=1.0"
    _, got, headers = await demo.call("accountConfigReadWrite", "GET", one)
    assert got == made
    listed = (await demo.call("accountConfigReadWrite", "GET", f"{path}?v=1.0"))[1]
    assert [found for found in listed if made["client_id"] in (found["client_id"], found["id"])] == [made]
    hook = {"endpoint": demo.world.endpoint.url + "/notifications/event", "max_retries": 0}
    types = ["ms.MessagingEventNotification.ContentEvent", "cqm.ExConversationChangeNotification"]
    changed = {**MANIFEST, "capabilities": {"webhooks": {"retry": {"retention_time": 60}, **dict.fromkeys(types, hook)}}}
    match = {"If-Match": headers["ac-revision"], "X-HTTP-Method-Override": "PUT"}
    status, put, _ = await demo.call("accountConfigReadWrite", "PUT", one, changed, **match)
    assert (status, put["client_secret"], put["capabilities"]) == (200, made["client_secret"], changed["capabilities"])
    assert (await demo.call("accountConfigReadWrite", "PUT", one, changed, **match))[0] == 412
    assert (await demo.call("accountConfigReadWrite", "PUT", one, changed))[0] == 428
    second = (await demo.call("accountConfigReadWrite", "POST", f"{path}?v=1.0", MANIFEST))[1]["id"]
    assert (await demo.call("accountConfigReadWrite", "DELETE", f"{path}/{second}?v=1.0"))[0] == 204
    assert (await demo.call("accountConfigReadWrite", "GET", f"{path}/{second}?v=1.0"))[0] == 404
    wrong = {"capabilities": {"webhooks": {"ms.MessagingEventNotification.AccpetStatusEvent": hook}}}
    assert (await demo.call("accountConfigReadWrite", "POST", f"{path}?v=1.0", wrong))[0] == 400
    assert (await demo.call("accountConfigReadWrite", "GET", f"{path}?v=1.0", authorization="Bearer invented"))[0] == 401


async def tokens(demo: Demo, client_id: str, secret: str) -> None:
    demo.headers = {}
    query = f"v=1.0&grant_type=client_credentials&client_id={client_id}&client_secret={secret}"
    content_type = {"content-type": "application/x-www-form-urlencoded"}
    status, app_jwt, _ = await demo.call("sentinel", "POST", f"/sentinel/api/account/{BRAND}/app/token?{query}", **content_type)
    assert (status, app_jwt["token_type"]) == (200, "Bearer")
    demo.headers = {"authorization": app_jwt["access_token"]}
    status, jws, _ = await demo.call("idp", "POST", f"/api/account/{BRAND}/consumer?v=1.0", {"ext_consumer_id": "demo-1"})
    assert status == 201
    features = ["AUTO_MESSAGES", "RICH_CONTENT", "QUICK_REPLIES", "MULTI_DIALOG"]
    demo.headers |= {
        "x-lp-on-behalf": jws["token"],
        "Client-Properties": json.dumps({"type": ".ClientProperties", "features": features}),
    }


async def conversation(demo: Demo, secret: str) -> None:
    world = demo.world
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
    _, opened, _ = await demo.call("asyncMessagingEnt", "POST", f"{CONVERSATION}?v=3", batch)
    cid = opened[1]["body"]["conversationId"]

    async def publish(event: dict[str, Any]) -> int:
        return int((await demo.send("ms.PublishEvent", {"dialogId": cid, "conversationId": cid, "event": event}))["sequence"])

    assert await publish({"type": "ContentEvent", "contentType": "text/plain", "message": "hello"}) == 0
    for chat_state in ("COMPOSING", "PAUSE", "ACTIVE", "GONE"):
        assert await publish({"type": "ChatStateEvent", "chatState": chat_state}) == 0
    link = await demo.send("ms.GenerateURLForUploadFile", {"fileSize": "3", "fileType": "PNG"})
    query = "&".join(f"{name}={value}" for name, value in link["queryParams"].items())
    origin = {"Origin": "http://localhost:8282", "Access-Control-Request-Method": "PUT"}
    swift = f"https://{demo.hosts['swift']}"
    async with world.http.options(f"{swift}{link['relativePath']}?{query}", headers=origin, ssl=demo.trusts) as preflight:
        assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    async with world.http.put(f"{swift}{link['relativePath']}?{query}", data=b"jpg", headers=origin, ssl=demo.trusts) as response:
        assert (response.status, response.headers["Access-Control-Allow-Origin"]) == (201, "*")
    file = {"caption": "a.jpg", "relativePath": link["relativePath"], "fileType": "JPEG", "preview": "data:image/png;base64,AA=="}
    assert await publish({"type": "ContentEvent", "contentType": "hosted/file", "message": file}) == 1
    await world.call("POST", f"/control/conversations/{cid}/agent/text", {"text": "good day"})
    await world.call("POST", f"/control/conversations/{cid}/agent/rich", {"content": {"type": "vertical", "elements": []}})
    assert await publish({"type": "AcceptStatusEvent", "status": "ACCEPT", "sequenceList": [2]}) == 4
    assert await publish({"type": "AcceptStatusEvent", "status": "READ", "sequenceList": [2, 3]}) == 5
    back = await demo.send("ms.GenerateURLForDownloadFile", {"relativePath": link["relativePath"]})
    get = swift + back["relativePath"]
    async with world.http.get(get, params=back["queryParams"], headers=origin, ssl=demo.trusts) as response:
        assert (await response.read(), response.headers["Access-Control-Allow-Origin"]) == (b"jpg", "*")

    history = (
        f"/messaging_history/api/account/{BRAND}/conversations/conversation/search?offset=0&limit=100&sort=start%3Adesc&NC=true&__d=2013"
    )
    content = ["campaign", "messageRecords", "agentParticipants", "agentParticipantsLeave", "agentParticipantsActive"]
    content += ["consumerParticipants", "transfers", "messageScores", "messageStatuses"]
    _, found, _ = await demo.call("msgHist", "POST", history, {"conversationId": cid, "contentToRetrieve": content})
    (record,) = found["conversationHistoryRecords"]
    assert record["info"]["status"] == "OPEN" and set(content) <= set(record)
    assert all(type(item["timeL"]) is int and item["messageData"] for item in record["messageRecords"])
    told = [(item["type"], item["sentBy"], item["seq"]) for item in record["messageRecords"]]
    assert told == [("TEXT_PLAIN", "Consumer", 0), ("HOSTED_FILE", "Consumer", 1), ("TEXT_PLAIN", "Agent", 2), ("RICH_CONTENT", "Agent", 3)]
    assert record["messageRecords"][1]["messageData"]["file"] == file
    assert {(item["seq"], item["messageDeliveryStatus"]) for item in record["messageStatuses"]} >= {(2, "ACCEPT"), (2, "READ"), (3, "READ")}
    assert (await demo.call("msgHist", "POST", history, {"conversationId": "none"}))[1]["conversationHistoryRecords"] == []

    dialog = {"dialogId": cid, "state": "CLOSE", "closedCause": "Closed by consumer"}
    change = {"field": "DialogChange", "type": "UPDATE", "dialog": dialog}
    answer = await demo.send("cm.UpdateConversationField", {"conversationId": cid, "conversationField": change})
    assert answer == {"msg": "OK Conversation resolved successfully"}
    received = await world.endpoint.until(6)
    assert {item.path for item in received} == {"/notifications/event"}
    for item in received:
        # The demo looks a notification up by one of two fields, and checks the signature of its own JSON.stringify of the body.
        told = item.change
        assert (told["conversationId"] if "conversationId" in told else told["result"]["convId"]) == cid
        stringified = json.dumps(json.loads(item.raw), separators=(",", ":"), ensure_ascii=False).encode()
        digest = hmac.new(secret.encode(), stringified, hashlib.sha1).digest()
        assert item.headers["X-Liveperson-Signature"] == "sha1=" + base64.b64encode(digest).decode()
    assert {item.change["originatorMetadata"]["role"] for item in received if "event" in item.change} == {"CONSUMER", "ASSIGNED_AGENT"}
    _, opened, _ = await demo.call("asyncMessagingEnt", "POST", f"{CONVERSATION}?v=3", batch)
    close = {"field": "ConversationStateField", "conversationState": "CLOSE"}
    await demo.send("cm.UpdateConversationField", {"conversationId": opened[1]["body"]["conversationId"], "conversationField": close})
