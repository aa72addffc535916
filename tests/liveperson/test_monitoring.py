"""The Monitoring API's engagement call: what is asked, and what its answers mean."""

from __future__ import annotations

import dataclasses
import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from connector_platform.core.errors import ConfigurationError, ContentRejected, ServerFault
from connector_platform.core.events import Profile
from connector_platform.liveperson.conversation import Routing
from connector_platform.liveperson.monitoring import Engaged, fetch_engagement
from connector_platform.liveperson.sdes import Consumer
from tests.liveperson.support import APP, DOMAINS, answer, play

WITH_MONITORING = {**DOMAINS, "smt": "https://smt.example"}
SESSION = {"sessionId": "s-1", "visitorId": "v-1", "pageId": "1"}
OFFER = {"campaignId": 880524023, "engagementId": 880524123, "engagementRevision": 21, "contextId": "1", "status": "expose"}


def steps(**changes: Any) -> Any:
    known = Consumer(profile=Profile(first_name="Ada"), external_id="4711")
    return fetch_engagement(APP, WITH_MONITORING, **{"ext_consumer_id": "consumer-1", "consumer": known, **changes})


def test_the_question_names_the_person_and_the_entry_points() -> None:
    engaged, [call] = play(steps(entry_points=("sec://Sport",)), answer(201, {**SESSION, "engagementDetails": [OFFER]}))
    url = urlsplit(call.url)
    assert (call.method, url.netloc, url.path) == ("POST", "smt.example", f"/api/account/{APP.account_id}/app/{APP.client_id}/engagement")
    assert parse_qs(url.query) == {"v": ["1.1"], "obh": ["true"]}
    body = json.loads(call.body)
    assert (body["consumerId"], body["entryPoints"]) == ("consumer-1", ["sec://Sport"])
    assert body["identities"][0]["sub"] == "consumer-1"
    assert body["engagementAttributes"][0] == {"type": "ctmrinfo", "info": {"socialId": "4711"}}
    assert "Authorization" not in call.headers
    assert call.effect is False
    assert engaged == Engaged(
        visitor_id="v-1",
        session_id="s-1",
        routing=Routing(campaign_id="880524023", engagement_id="880524123", interaction_context_id="1", visitor_id="v-1", session_id="s-1"),
    )


def test_a_known_visitor_is_named_again() -> None:
    _, [call] = play(steps(visitor_id="v-1", session_id="s-1"), answer(200, SESSION))
    assert parse_qs(urlsplit(call.url).query) == {"v": ["1.1"], "obh": ["true"], "vid": ["v-1"], "sid": ["s-1"]}


def test_no_campaign_fits() -> None:
    engaged, _ = play(steps(), answer(201, SESSION))
    assert engaged == Engaged(visitor_id="v-1", session_id="s-1")


def test_an_open_conversation_is_named_and_is_no_offer() -> None:
    details = {"campaignId": -1, "engagementId": -1, "status": "conversation", "conversationId": "c-9"}
    engaged, _ = play(steps(), answer(200, {**SESSION, "engagementDetails": [details]}))
    assert engaged == Engaged(visitor_id="v-1", session_id="s-1", conversation_id="c-9")


@pytest.mark.parametrize(
    ("status", "payload", "error"),
    [
        (500, {"message": "Loading account", "internalCode": 20}, ServerFault),
        (503, {}, ServerFault),
        (404, {}, ConfigurationError),
        (400, {}, ContentRejected),
        (200, [], ServerFault),
    ],
)
def test_refusals(status: int, payload: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        play(steps(), answer(status, payload))


def test_an_account_without_monitoring_is_the_operators_matter() -> None:
    with pytest.raises(ConfigurationError, match="smt"):
        play(fetch_engagement(APP, {"idp": "https://idp.example"}, ext_consumer_id="c", consumer=Consumer()))


@pytest.mark.parametrize("junk", [{"engagementDetails": 5}, {"engagementDetails": [None, {"campaignId": True}]}, {"visitorId": "v" * 999}])
def test_junk_is_no_offer(junk: dict[str, Any]) -> None:
    engaged, _ = play(steps(), answer(201, {**SESSION, **junk}))
    assert dataclasses.replace(engaged, visitor_id="", session_id="") == Engaged()
