from __future__ import annotations

import dataclasses
import json
from typing import Any

import pytest

from connector_platform.core.calls import HttpResponse
from connector_platform.core.errors import ContentRejected, OutcomeUnknown, ServerFault
from connector_platform.core.events import Profile
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.conversation import Routing, create_conversation
from connector_platform.liveperson.errors import ConversationAlreadyOpen
from connector_platform.liveperson.sdes import Consumer
from tests.liveperson.support import APP, CONVERSATION, CREATE_URL, DOMAINS, SEND_API_HEADERS, TOKENS, answer, play

PROFILE_OK = {"code": "OK", "body": {"msg": "OK User Profile set successfully"}, "reqId": "p-1"}
PROFILE_BAD = {"code": "BAD_REQUEST", "body": {"msg": "Bad Request"}, "reqId": "p-1"}
CREATED = {"code": "OK", "body": {"conversationId": CONVERSATION}, "reqId": "c-1"}
ALREADY_OPEN = {
    "code": "BAD_REQUEST",
    "body": {"msg": "Consumer request conversation failed: User c0ffee already has open conversation. Can't open another one."},
    "reqId": "c-1",
}


def create(response: HttpResponse, app: LivePersonAppConfig = APP, **options: Any) -> Any:
    consumer = Consumer(profile=Profile(first_name="Ada"), external_id="4711")
    steps = create_conversation(app, DOMAINS, TOKENS, consumer, profile_request_id="p-1", conversation_request_id="c-1", **options)
    return play(steps, response)


def conversation_body(app: LivePersonAppConfig = APP, **options: Any) -> Any:
    _, [call] = create(answer(200, [PROFILE_OK, CREATED]), app, **options)
    return json.loads(call.body)[1]["body"]


@pytest.mark.parametrize("status", [200, 201, 202])
def test_profile_goes_first_and_the_conversation_second_in_one_call(status: int) -> None:
    created, [call] = create(answer(status, [PROFILE_OK, CREATED]))
    assert (call.method, call.url, call.effect) == ("POST", CREATE_URL, True)
    assert dict(call.headers) == SEND_API_HEADERS
    assert json.loads(call.body) == [
        {
            "kind": "req",
            "id": "p-1",
            "type": "userprofile.SetUserProfile",
            "body": {
                "firstName": "Ada",
                "authenticatedData": {
                    "lp_sdes": [
                        {"type": "ctmrinfo", "info": {"socialId": "4711"}},
                        {"type": "personal", "personal": {"firstname": "Ada", "language": "en-US"}},
                    ]
                },
            },
        },
        {
            "kind": "req",
            "id": "c-1",
            "type": "cm.ConsumerRequestConversation",
            "body": {"brandId": "70012345", "channelType": "MESSAGING", "skillId": "-1", "ttrDefName": "NORMAL"},
        },
    ]
    assert (created.conversation_id, created.profile_set) == (CONVERSATION, True)


def test_campaign_routing_brings_the_shark_context() -> None:
    routing = Routing(campaign_id="91", engagement_id="92", interaction_context_id="2", visitor_id="v", session_id="s")
    assert conversation_body(routing=routing, context_name="Telegram") == {
        "brandId": "70012345",
        "channelType": "MESSAGING",
        "skillId": "-1",
        "ttrDefName": "NORMAL",
        "campaignInfo": {"campaignId": "91", "engagementId": "92"},
        "conversationContext": {"type": "SharkContext", "interactionContextId": "2", "visitorId": "v", "sessionId": "s", "lang": "en-US"},
    }


def test_the_apps_own_campaign_skill_and_ttr_are_the_default() -> None:
    app = dataclasses.replace(APP, campaign_id="91", engagement_id="92", skill_id="44", ttr="", language="")
    assert conversation_body(app) == {
        "brandId": "70012345",
        "channelType": "MESSAGING",
        "skillId": "44",
        "campaignInfo": {"campaignId": "91", "engagementId": "92"},
        "conversationContext": {"type": "SharkContext"},
    }


def test_a_routing_replaces_the_apps_defaults_as_a_whole() -> None:
    app = dataclasses.replace(APP, campaign_id="91", engagement_id="92", skill_id="44")
    body = conversation_body(app, routing=Routing(skill_id="45"))
    assert body["skillId"] == "45" and "campaignInfo" not in body


def test_without_a_campaign_the_source_can_be_named() -> None:
    assert conversation_body(context_name="Telegram")["conversationContext"] == {
        "type": "CustomContext",
        "name": "Telegram",
        "lang": "en-US",
    }


@pytest.mark.parametrize("status", [200, 400])
def test_a_refused_profile_does_not_lose_the_conversation(status: int) -> None:
    created, _ = create(answer(status, [PROFILE_BAD, CREATED]))
    assert (created.conversation_id, created.profile_set) == (CONVERSATION, False)


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize(("profile", "profile_set"), [(PROFILE_OK, True), (PROFILE_BAD, False)])
def test_a_second_create_says_that_one_is_open_and_whether_the_profile_was_set(status: int, profile: Any, profile_set: bool) -> None:
    with pytest.raises(ConversationAlreadyOpen) as caught:
        create(answer(status, [profile, ALREADY_OPEN]))
    assert caught.value.profile_set is profile_set
    assert caught.value.retryable is False
    assert "c0ffee" not in caught.value.message


def test_a_refused_conversation_is_told_with_livepersons_words_and_without_the_consumers() -> None:
    refused = {"code": "BAD_REQUEST", "body": {"msg": "Skill 4711 of Ada\n is unknown"}, "reqId": "c-1"}
    with pytest.raises(ContentRejected) as caught:
        create(answer(400, [PROFILE_OK, refused]))
    assert caught.value.message == "LivePerson refused the request: Skill *** of *** is unknown"
    assert caught.value.provider_code == "BAD_REQUEST"


def test_an_element_that_reports_a_fault_is_tried_again() -> None:
    with pytest.raises(ServerFault):
        create(answer(200, [PROFILE_OK, {"code": "INTERNAL_SERVER_ERROR", "reqId": "c-1"}]))


@pytest.mark.parametrize(
    "body", [b"", b"OK", b"[]", b"{}", b'[{"code":"OK","body":{"msg":"OK User Profile set successfully"}}]', b"[" * 100_000]
)
def test_a_success_without_a_conversation_id_leaves_the_outcome_unknown(body: bytes) -> None:
    with pytest.raises(OutcomeUnknown):
        create(answer(200, body=body))
