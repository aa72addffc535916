"""App installs as manifests: what is kept, what is refused, and settings per event type on the wire."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.liveperson.accounts import CONVERSATION_CHANGE, MESSAGING, AppInstall
from sandbox.liveperson.manifests import from_manifest, to_manifest
from tests.sandbox.liveperson_world import ACCOUNT, APP, SECRET, Connector, World, run

CONTENT = f"{MESSAGING}.ContentEvent"


def manifest(url: str = "https://c.example/lp", **webhooks: Any) -> dict[str, Any]:
    hooks = {
        CONTENT: {"endpoint": url, "max_retries": 2, "headers": [{"header_name": "X-A", "header_value": "b"}]},
        CONVERSATION_CHANGE: {"endpoint": url},
        **webhooks,
    }
    engagement = {"design_engagement": False, "consumer_identity": ["auth"]}
    return {"client_name": "Mine", "description": "d", "enabled": True, "capabilities": {"webhooks": hooks, "engagement": engagement}}


def test_a_manifest_comes_back_as_it_was_with_ids_and_secret() -> None:
    given = manifest(retry={"retention_time": 60})
    shown = to_manifest(from_manifest(ACCOUNT, APP, SECRET, given))
    assert {name: shown[name] for name in given} == given
    assert (shown["id"], shown["client_id"], shown["client_secret"], shown["deleted"]) == (APP, APP, SECRET, False)


def test_what_a_manifest_does_not_say_stays() -> None:
    before = AppInstall(ACCOUNT, APP, SECRET, {}, token_lifetime_s=5, skills={"7": "Sales"})
    after = from_manifest(ACCOUNT, APP, SECRET, manifest(), before)
    assert (after.token_lifetime_s, after.skills, after.retention_time_s) == (5, {"7": "Sales"}, None)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        ([], "the manifest must be a JSON object"),
        ({"client_name": "x" * 129}, "client_name must be a string of at most 128 characters"),
        ({"logo_uri": "x" * 1025}, "logo_uri must be a string of at most 1024 characters"),
        (manifest(url="ftp://c.example"), f"the endpoint of {CONTENT} must be an http or https URL, not 'ftp://c.example'"),
        (manifest(retry={"retention_time": 1}), "retention_time must be a whole number from 2 to 259200"),
        (manifest(retry={"retention_time": "60"}), "retry.retention_time must be a whole number of seconds"),
        (manifest(**{CONTENT: {"endpoint": "https://c.example", "max_retries": 6}}), "max_retries must be a whole number from 0 to 5"),
        ({"capabilities": {"webhooks": [1]}}, "capabilities.webhooks must be an object of event type: settings"),
    ],
)
def test_rules_of_manifests(data: Any, reason: str) -> None:
    with pytest.raises(ValueError) as refused:
        from_manifest(ACCOUNT, APP, SECRET, data)
    assert str(refused.value) == reason


def test_retries_and_headers_are_those_of_the_event_type() -> None:
    async def body(world: World) -> None:
        world.state.accounts.put(from_manifest(ACCOUNT, APP, SECRET, manifest(world.endpoint.url + "/x")))
        world.endpoint.answers = [503, 503, 503]
        connector = await Connector.of(world)
        cid = await connector.opened()
        await world.until(lambda: world.ledger("webhook.dropped"))
        await connector.say(cid, "hello")
        got = await world.endpoint.until(4)
        assert [item.says for item in got] == ["OPEN", "hello", "hello", "hello"]
        assert ["X-A" in item.headers for item in got] == [False, True, True, True]
        assert [(entry["type"], entry["attempts"]) for entry in world.ledger("webhook.dropped")] == [(CONVERSATION_CHANGE, 1)]

    run(body)
