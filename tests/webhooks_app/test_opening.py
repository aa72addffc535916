"""Which conversation a consumer's message goes into, and where a new one is routed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.webhooks_app.far_side import ALREADY_OPEN, CLOSED, answer
from tests.webhooks_app.world import World, ended, text_change

pytestmark = pytest.mark.django_db(transaction=True)

SESSION = {"sessionId": "s-1", "visitorId": "v-1", "pageId": "1"}
OFFER = {"campaignId": 880524023, "engagementId": 880524123, "contextId": "7", "status": "expose"}


def request_of(world: World) -> dict[str, Any]:
    """The body of the conversation's request."""
    (call,) = world.far.of("create_conversation")
    found: dict[str, Any] = json.loads(call.body)[1]["body"]
    return found


def sdes_of(world: World) -> dict[str, Any]:
    (call,) = world.far.of("create_conversation")
    found = json.loads(call.body)[0]["body"]["authenticatedData"]["lp_sdes"]
    return {sde["type"]: sde.get("info", sde.get("personal")) for sde in found}


def test_the_campaign_that_monitoring_names_is_asked_for(world: World) -> None:
    # given
    world.decide(engagement={"enabled": True, "entry_points": ["sec://Sport"]}, skill_id="42")
    world.far.script("fetch_engagement", answer({**SESSION, "engagementDetails": [OFFER]}, 201))
    # when
    world.consumer_says("hello")
    world.work()
    # then
    (asked,) = world.far.of("fetch_engagement")
    assert json.loads(asked.body)["entryPoints"] == ["sec://Sport"]
    assert json.loads(asked.body)["consumerId"] == world.consumer().ext_consumer_id
    body = request_of(world)
    assert body["campaignInfo"] == {"campaignId": "880524023", "engagementId": "880524123"}
    assert body["conversationContext"] == {"type": "SharkContext", "interactionContextId": "7", "visitorId": "v-1", "sessionId": "s-1"}
    assert body["skillId"] == "42"
    assert (world.consumer().liveperson_visitor_id, world.consumer().liveperson_session_id) == ("v-1", "s-1")


@pytest.mark.parametrize("reply", [answer(SESSION, 201), answer({}, 500), answer({}, 404), answer([], 200)])
def test_without_a_campaign_the_apps_own_routing_is_used(world: World, reply: Any) -> None:
    world.decide(engagement={"enabled": True})
    world.far.script("fetch_engagement", reply)
    world.consumer_says("hello")
    world.work()
    assert "campaignInfo" not in request_of(world)
    assert world.far.texts() == ["hello"]


def test_a_channel_may_have_a_skill_of_its_own(world: World) -> None:
    world.decide(skill_id="42")
    world.consumer_says("hello")
    world.work()
    assert request_of(world)["skillId"] == "42"
    assert world.far.of("fetch_engagement") == []


def test_agents_see_what_the_operator_maps(world: World) -> None:
    world.decide(attributes={"ctmrinfo.customerId": "fb-{id}", "ctmrinfo.ctype": "{provider}", "personal.firstname": "{first_name}"})
    world.consumer_says("hello")
    world.work()
    assert sdes_of(world) == {
        "ctmrinfo": {"customerId": f"fb-{world.consumer().external_id}", "ctype": "Facebook Messenger"},
        "personal": {"firstname": "Ada"},
    }


def test_a_second_create_adopts_the_conversation_that_monitoring_names(world: World) -> None:
    # given a consumer who has a conversation that we know nothing of
    world.far.script("create_conversation", ALREADY_OPEN)
    details = {"campaignId": -1, "engagementId": -1, "status": "conversation", "conversationId": "opened-elsewhere"}
    world.far.script("fetch_engagement", answer({**SESSION, "engagementDetails": [details]}))
    # when
    world.consumer_says("hello")
    world.work()
    # then the message goes there at once
    (call,) = world.far.of("send_text")
    assert json.loads(call.body)["body"]["conversationId"] == "opened-elsewhere"
    assert ended(world.event(direction="i")) == ("done", "sent")
    # and the agent's answer comes out
    world.notify(text_change("opened-elsewhere", 0, "hi"))
    world.work_on()
    assert world.far.phone() == ["hi"]


def test_a_conversation_that_is_open_is_not_asked_for_twice(world: World) -> None:
    world.decide(engagement={"enabled": True})
    details = {"status": "conversation", "conversationId": "opened-elsewhere"}
    world.far.script("fetch_engagement", answer({**SESSION, "engagementDetails": [details]}))
    world.consumer_says("hello")
    world.work()
    assert world.far.of("create_conversation") == []
    assert world.far.texts() == ["hello"]


def test_a_message_is_not_lost_where_agents_close_each_new_conversation_at_once(world: World) -> None:
    # given a conversation that is closed, and so is the next as soon as it is there
    world.open_conversation()
    world.far.script("send_text", CLOSED, CLOSED)
    # when
    world.consumer_says("is anybody there?")
    world.work()
    assert world.event(direction="i", state="waiting").outcome == "conversation_gone"
    world.work_on()
    # then it is in the one after that
    assert ended(world.events(direction="i")[-1]) == ("done", "sent")
    (_, _, call) = world.far.of("send_text")
    assert json.loads(call.body)["body"]["conversationId"] == world.far.created[-1]
    assert len(world.far.created) == 3


def test_a_vendor_that_tells_no_name_is_not_asked_for_it_with_every_conversation(world: World) -> None:
    world.far.script("profile", answer({"error": {"code": 100, "error_subcode": 33, "message": "no", "type": "GraphMethodException"}}, 400))
    world.open_conversation()
    world.far.script("send_text", CLOSED)
    world.consumer_says("again")
    world.work()
    assert len(world.far.created) == 2
    assert world.far.of("profile") == []
