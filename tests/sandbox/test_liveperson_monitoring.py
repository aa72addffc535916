"""The Monitoring API's engagement call, and campaigns as control sets them."""

from __future__ import annotations

from typing import Any

from tests.sandbox.liveperson_world import ACCOUNT, APP, Connector, World, run

CAMPAIGNS = [
    {"campaignId": 1, "engagementId": 11, "entryPoints": ["sec://Sport"]},
    {"campaignId": 2, "engagementId": 22, "engagementRevision": 21, "connectorId": 33, "entryPoints": ["sec://Food"]},
]
WHO = {"consumerId": "ext-1", "identities": [{"iss": "https://brand.example", "acr": "loa1", "sub": "ext-1"}]}


async def ask(world: World, body: dict[str, Any] | None = None, query: str = "v=1.0", app: str = APP) -> tuple[int, Any]:
    return await world.call("POST", f"/api/account/{ACCOUNT}/app/{app}/engagement?{query}", {**WHO, **(body or {})})


def test_an_engagement_is_offered_and_the_conversation_shown() -> None:
    async def body(world: World) -> None:
        assert await world.control("PUT", f"/accounts/{ACCOUNT}/campaigns", {"campaigns": CAMPAIGNS})
        status, offered = await ask(world, {"entryPoints": ["sec://Food", "lang://English"]})
        (details,) = offered["engagementDetails"]
        expected = {"campaignId": 2, "engagementId": 22, "engagementRevision": 21, "contextId": "1", "connectorId": 33, "status": "expose"}
        assert (status, details) == (201, expected)
        session = f"v=1.1&vid={offered['visitorId']}&sid={offered['sessionId']}"
        status, again = await ask(world, {"entryPoints": ["sec://Sport"]}, session)
        assert (status, again["sessionId"], again["engagementDetails"][0]["campaignId"]) == (200, offered["sessionId"], 1)

        connector = await Connector.of(world)
        cid = await connector.opened(campaignInfo={"campaignId": 2, "engagementId": 22})
        status, open_ = await ask(world)
        (details,) = open_["engagementDetails"]
        assert (status, details["status"], details["conversationId"], details["campaignId"]) == (200, "conversation", cid, 2)

    run(body)


def test_nothing_is_offered_off_hours_or_without_a_fitting_entry_point() -> None:
    async def body(world: World) -> None:
        await world.control("PUT", f"/accounts/{ACCOUNT}/campaigns", {"campaigns": [{**CAMPAIGNS[0], "available": False}, CAMPAIGNS[1]]})
        status, answer = await ask(world, {"entryPoints": ["sec://Sport"]})
        assert (status, set(answer)) == (201, {"sessionId", "visitorId", "pageId"})

    run(body)


def test_refusals_and_the_documented_500() -> None:
    async def body(world: World) -> None:
        assert (await ask(world, app="none"))[0] == 404
        assert (await ask(world, query="v=2"))[0] == 400
        assert (await ask(world, {"entryPoints": "sec://Sport"}))[0] == 400
        assert (await ask(world, {"identities": ["x"]}))[0] == 400
        await world.control("PUT", "/faults", {"rules": [{"target": "liveperson.monitoring", "status": 500}]})
        status, answer = await ask(world)
        assert (status, set(answer), answer["internalCode"]) == (500, {"time", "message", "internalCode"}, 20)
        assert (await world.call("PUT", f"/control/accounts/{ACCOUNT}/campaigns", {"campaigns": [{"campaignId": 1}]}))[0] == 400

    run(body)
