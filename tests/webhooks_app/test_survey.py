"""The platform's own survey after the close, and what LivePerson is told of it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django_scopes import scopes_disabled

from tests.webhooks_app.far_side import answer
from tests.webhooks_app.world import PERSON, World, element, ended, sms, state_change
from webhooks_app import sweeper
from webhooks_app.models import Survey

pytestmark = pytest.mark.django_db(transaction=True)

NUMBER = "+31612345678"


def closed(world: World, *, reason: str = "AGENT", **options: Any) -> str:
    """A conversation that was closed, with the survey on; its id."""
    world.decide(survey={"enabled": True}, **options)
    conversation_id = world.open_conversation()
    world.notify(state_change(conversation_id, world.lp_consumer_id(), stage="CLOSE", close_reason=reason))
    world.work_on()
    return conversation_id


def shown(world: World) -> list[dict[str, Any]]:
    """The messages that the phone was given, as Meta got them."""
    calls = [call for call in world.far.calls if b'"recipient"' in call.body]
    return [json.loads(call.body)["message"] for call in calls if b'"message"' in call.body]


def ratings(world: World) -> list[dict[str, Any]]:
    return [json.loads(call.body)["body"]["conversationField"] for call in world.far.of("send_csat")]


def taps(world: World, title: str) -> None:
    """The consumer taps the quick reply ``title`` of the last message."""
    chip = next(chip for chip in shown(world)[-1]["quick_replies"] if chip["title"] == title)
    world._mids += 1
    world.consumer_does(element(message={"mid": f"tap-{world._mids}", "text": title, "quick_reply": {"payload": chip["payload"]}}))
    world.work_on()


def survey() -> Survey:
    with scopes_disabled():
        return Survey.objects.get()


def test_two_taps_are_a_rating(world: World) -> None:
    # given
    conversation_id = closed(world, texts={"survey_rating": "How was it?", "survey_thanks": "Thanks!"})
    assert shown(world)[-1]["text"] == "How was it?"
    assert [chip["title"] for chip in shown(world)[-1]["quick_replies"]] == ["1", "2", "3", "4", "5"]
    # when
    taps(world, "4")
    assert [chip["title"] for chip in shown(world)[-1]["quick_replies"]] == ["Yes", "No"]
    assert ratings(world) == []
    taps(world, "Yes")
    # then
    assert ratings(world) == [{"field": "CSATRate", "csatRate": 4, "csatResolutionConfirmation": True, "status": "FILLED"}]
    (call,) = world.far.of("send_csat")
    assert json.loads(call.body)["body"]["conversationId"] == conversation_id
    assert shown(world)[-1]["text"] == "Thanks!"
    assert (survey().step, survey().csat, survey().resolved) == ("done", 4, True)
    # and no conversation was opened for it
    assert len(world.far.created) == 1
    assert [ended(one) for one in world.events(direction="i")][-2:] == [("done", "survey_answer")] * 2


def test_on_sms_digits_and_numbers_are_answers(world: World) -> None:
    # given a number whose conversation was closed
    channel = sms(world.app)
    world.decide(channel, survey={"enabled": True})

    def says(text: str) -> None:
        world._mids += 1
        world.gateway_posts(channel, "/receive", {"from": NUMBER, "text": text, "id": f"s{world._mids}"})
        world.work_on()

    says("hello")
    world.notify(state_change(world.far.created[-1], world.lp_consumer_id(NUMBER), stage="CLOSE", close_reason="AGENT"))
    world.work_on()
    assert "1 is not at all" in world.far.phone()[-1]
    # when
    says(" 5 ")
    assert world.far.phone()[-1] == "Did we solve your question?\n1) Yes\n2) No"
    says("2")
    # then
    assert ratings(world) == [{"field": "CSATRate", "csatRate": 5, "csatResolutionConfirmation": False, "status": "FILLED"}]
    assert world.far.phone()[-1] == "Thank you!"


def test_what_is_no_answer_opens_a_new_conversation(world: World) -> None:
    closed(world)
    world.consumer_says("I have another question")
    world.work_on()
    assert len(world.far.created) == 2
    assert world.far.texts()[-1] == "I have another question"
    assert (survey().step, ratings(world)) == ("left", [])


def test_a_rating_alone_is_not_lost(world: World) -> None:
    closed(world)
    taps(world, "2")
    world.consumer_says("and another thing")
    world.work_on()
    assert ratings(world) == [{"field": "CSATRate", "csatRate": 2, "csatResolutionConfirmation": False, "status": "PARTIALLY_FILLED"}]
    assert len(world.far.created) == 2


def test_a_survey_that_nobody_answers_ends_and_its_rating_is_told(world: World) -> None:
    closed(world)
    taps(world, "3")
    world.passes(3601)
    sweeper.expire_surveys()
    world.work_on()
    assert survey().step == "left"
    assert [rating["status"] for rating in ratings(world)] == ["PARTIALLY_FILLED"]
    assert sweeper.expire_surveys() == 0
    # and a digit that comes later is a message
    world.consumer_says("4")
    world.work_on()
    assert len(world.far.created) == 2


@pytest.mark.parametrize("reason", ["SYSTEM", "TIMEOUT"])
def test_no_survey_follows_a_close_by_the_system(world: World, reason: str) -> None:
    closed(world, reason=reason)
    assert shown(world) == []


def test_somebody_who_opted_out_is_asked_nothing(world: World) -> None:
    channel = sms(world.app)
    world.decide(channel, survey={"enabled": True})
    for number, text in enumerate(("hello", "STOP")):
        world.gateway_posts(channel, "/receive", {"from": NUMBER, "text": text, "id": f"s{number}"})
    world.work()
    world.notify(state_change(world.far.created[-1], world.lp_consumer_id(NUMBER), stage="CLOSE", close_reason="AGENT"))
    world.work_on()
    assert world.far.phone() == []


def test_a_close_that_is_told_twice_asks_once(world: World) -> None:
    conversation_id = closed(world)
    world.notify(state_change(conversation_id, world.lp_consumer_id(), stage="CLOSE", close_reason="AGENT", at_ms=1793001600009))
    world.work_on()
    assert len(shown(world)) == 1


def test_a_rating_that_liveperson_cannot_take_now_is_told_later(world: World) -> None:
    closed(world)
    taps(world, "5")
    world.far.script("send_csat", answer({}, 503))
    taps(world, "No")
    world.work_on(times=2)
    assert [rating["csatRate"] for rating in ratings(world)] == [5, 5]
    assert survey().step == "done"


def test_another_persons_tap_is_no_answer(world: World) -> None:
    closed(world)
    chip = shown(world)[-1]["quick_replies"][0]
    other = PERSON[:-1] + "9"
    world.consumer_does(element(person=other, message={"mid": "x-1", "text": "1", "quick_reply": {"payload": chip["payload"]}}))
    world.work_on()
    assert (survey().step, survey().csat) == ("rating", None)
