"""What each failure on the way to the consumer leads to."""

from __future__ import annotations

from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import OptedOut, OutcomeUnknown, PersonThrottled, ServerFault, Throttled, Unreachable
from connector_platform.database import run
from tests.webhooks_app.deliveries import Killed, agent_says, die, out, receive_gateway_message, waits_s
from tests.webhooks_app.far_side import answer
from tests.webhooks_app.world import (
    PAGE_TOKEN,
    World,
    ended,
    everything_in_the_database,
    typing_change,
)
from webhooks_app import lanes
from webhooks_app.delivery import engine
from webhooks_app.services.replay import replay
from webhooks_app.sweeper import unpark

LONG = " ".join(f"word{number}" for number in range(700))


def graph_error(code: int, status: int = 400, message: str = "(#1) words of Meta") -> HttpResponse:
    return answer({"error": {"message": message, "type": "OAuthException", "code": code}}, status)


@pytest.mark.parametrize("failure", [ServerFault("down"), Unreachable("refused"), answer({}, 503), graph_error(2, 500)])
def test_a_fault_is_tried_again_soon_with_the_same_words(world: World, failure: Any) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", failure)
    agent_says(world, conversation, 0, "hello")
    world.work()
    assert (out(world, 0).state, out(world, 0).tries) == ("waiting", 1)
    assert 0.8 < waits_s("o") < 1.2
    world.work_on()
    assert [call.body for call in world.far.of("send_text")] == [world.far.calls[0].body] * 2
    assert ended(out(world, 0)) == ("done", "sent")


def test_throttling_waits_as_long_as_the_vendor_asks(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", HttpResponse(status=429, headers={"retry-after": "42"}))
    agent_says(world, conversation, 0, "hello")
    world.work()
    assert 40 < waits_s("o") <= 46


def test_a_limit_of_the_whole_channel_holds_what_goes_to_others_without_a_call(world: World) -> None:
    # given two people, and a limit that the first message meets
    first, second = world.open_conversation(), world.open_conversation(person="24500000000000032")
    limit = Throttled("too much", retry_after_s=30)
    world.far.script("send_text", limit)
    agent_says(world, first, 0, "one")
    world.work()
    # when something goes to the other one
    agent_says(world, second, 0, "two")
    world.notify(typing_change(second))
    world.work()
    # then no call is made for it, typing is let go, and the try does not count
    assert len(world.far.of("send_text", "typing_on")) == 1
    held = world.event(direction="o", kind="text", tries=0)
    assert (held.state, held.outcome) == ("waiting", "throttled")
    assert 25 < float(run("SELECT extract(epoch FROM max(due_at) - now()) FROM webhooks_app_lane WHERE direction = 'o'")[0][0]) <= 33
    # and once the wait is over both go out
    world.engine = world.new_engine()
    world.work_on()
    assert sorted(world.far.phone()[1:]) == ["one", "two"]


def test_a_persons_own_limit_holds_nobody_else(world: World) -> None:
    first, second = world.open_conversation(), world.open_conversation(person="24500000000000032")
    world.far.script("send_text", PersonThrottled("too much", retry_after_s=30))
    agent_says(world, first, 0, "one")
    world.work()
    agent_says(world, second, 0, "two")
    world.work()
    assert world.far.phone() == ["one", "two"]


def test_the_hold_ends_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = world.open_conversation(), world.open_conversation(person="24500000000000032")
    world.far.script("send_text", Throttled("too much", retry_after_s=30))
    agent_says(world, first, 0, "one")
    world.work()
    agent_says(world, second, 0, "two")
    world.work()
    before = engine.monotonic_s()
    monkeypatch.setattr(engine, "monotonic_s", lambda: before + 34)
    world.work_on()
    assert sorted(world.far.phone()) == ["one", "one", "two"]


def test_whom_the_vendor_knows_to_have_opted_out_is_sent_nothing_until_they_want_it_again(world: World) -> None:
    # given a vendor that refuses because the person told it to
    conversation = world.open_conversation()
    world.far.script("send_text", OptedOut("the person sent STOP", provider_code="21610"))
    agent_says(world, conversation, 0, "one")
    agent_says(world, conversation, 1, "two")
    # when
    world.work()
    # then the second is not even tried
    assert len(world.far.of("send_text")) - len(world.far.texts()) == 1
    assert [ended(out(world, number)) for number in (0, 1)] == [("dead", "recipient_gone")] * 2
    assert world.consumer().opted_out_at is not None


def test_refused_credentials_park_the_channel_and_keep_the_queue_while_consumers_still_reach_agents(world: World) -> None:
    # given
    conversation = world.open_conversation()
    world.far.script("send_text", graph_error(190, 401, f"Invalid OAuth access token {PAGE_TOKEN}"))
    agent_says(world, conversation, 0, "one")
    agent_says(world, conversation, 1, "two")
    # when
    world.work()
    world.channel.refresh_from_db()
    # then
    assert (world.channel.state, world.lane(direction="o").state) == ("broken", "parked")
    assert world.channel.state_reason
    assert PAGE_TOKEN not in everything_in_the_database()
    assert unpark() == 0
    world.consumer_says("still here")
    world.work()
    assert world.far.texts() == ["still here"]
    # when: mended
    world.channel.state, world.channel.state_reason = "active", ""
    world.channel.save()
    assert unpark() == 1
    world.work()
    # then
    assert world.far.phone() == ["one", "one", "two"]


def test_what_waited_in_a_broken_channel_for_longer_than_anything_is_tried_is_tried_when_it_works_again(world: World) -> None:
    # given a message that met refused credentials two days ago
    conversation = world.open_conversation()
    world.far.script("send_text", graph_error(190, 401))
    agent_says(world, conversation, 0, "one")
    world.work()
    run("UPDATE webhooks_app_event SET received_at = received_at - interval '2 days', started_at = started_at - interval '2 days'")
    # when the channel is mended
    world.channel.state = "active"
    world.channel.save()
    unpark()
    world.work()
    # then
    assert world.far.phone() == ["one", "one"]
    assert ended(out(world, 0)) == ("done", "sent")


@pytest.mark.parametrize("words", ["\0", "\ud800 \0"])
def test_words_of_a_vendor_that_cannot_be_written_down_do_not_send_anything_again(world: World, words: str) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", graph_error(551, 400, words), graph_error(190, 401, words))
    agent_says(world, conversation, 0, "one")
    agent_says(world, conversation, 1, "two")
    world.work()
    world.crash()
    world.work()
    assert out(world, 0).state == "dead"
    assert world.far.phone()[:2] == ["one", "two"]
    world.channel.refresh_from_db()
    assert world.channel.state == "broken"


@pytest.mark.parametrize("message_id", ["m\0x", "\ud800", "x" * 5000])
def test_an_id_that_cannot_be_written_down_does_not_send_the_message_again(world: World, message_id: str) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", answer({"recipient_id": "1", "message_id": message_id}))
    agent_says(world, conversation, 0, "once")
    world.work()
    world.crash()
    world.work()
    assert world.far.phone() == ["once"]
    assert ended(out(world, 0)) == ("done", "sent")


def test_a_person_who_is_gone_is_told_to_the_agent_and_the_lane_goes_on(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", graph_error(551))
    agent_says(world, conversation, 0, "one")
    agent_says(world, conversation, 1, "two")
    world.work()
    assert ended(out(world, 0)) == ("dead", "recipient_gone")
    assert world.far.phone() == ["one", "two"]
    assert world.far.statuses() == [("NACK", (0,))]


def test_a_closed_window_is_known_without_a_call(world: World) -> None:
    conversation = world.open_conversation()
    run("UPDATE channels_app_consumer SET last_inbound_at = now() - interval '25 hours'")
    agent_says(world, conversation, 0, "too late")
    world.work()
    assert world.far.phone() == []
    assert (ended(out(world, 0)), world.far.statuses()) == (("dead", "window_closed"), [("NACK", (0,))])


def test_a_lost_answer_is_not_repeated_where_the_vendor_does_not_deduplicate(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", OutcomeUnknown("cut off"))
    agent_says(world, conversation, 0, "one")
    agent_says(world, conversation, 1, "two")
    world.work()
    assert ended(out(world, 0)) == ("unknown", "outcome_unknown")
    assert world.far.phone() == ["one", "two"]


def test_a_lost_answer_is_repeated_with_the_same_id_where_the_vendor_deduplicates(world: World) -> None:
    _, conversation = receive_gateway_message(world, dedupes_on_id=True)
    world.far.script("send_text", OutcomeUnknown("cut off"))
    agent_says(world, conversation, 0, "one")
    world.work()
    world.work_on()
    assert [call.body for call in world.far.of("send_text")] == [world.far.calls[0].body] * 2
    assert ended(out(world, 0)) == ("done", "sent")


def test_after_a_crash_during_the_call_the_message_is_sent_again_and_says_so(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", die)
    agent_says(world, conversation, 0, "one")
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    world.work(world.new_engine())
    assert world.far.phone() == ["one", "one"]
    assert (out(world, 0).state, out(world, 0).possibly_doubled) == ("done", True)


def test_after_a_crash_between_two_parts_the_first_is_not_repeated(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", answer({"message_id": "m_1"}), die)
    agent_says(world, conversation, 0, LONG)
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    world.work(world.new_engine())
    first, second, again, *rest = world.far.phone()
    assert second == again
    assert " ".join([first, second, *rest]) == LONG
    assert ("m_1", 0) in run("SELECT provider_message_id, part FROM webhooks_app_deliveredmessage")


def test_a_replay_of_a_message_that_died_at_its_second_part_does_not_repeat_the_first(world: World) -> None:
    # given
    conversation = world.open_conversation()
    world.far.script("send_text", answer({"message_id": "m_1"}), graph_error(100))
    agent_says(world, conversation, 0, LONG)
    world.work()
    assert out(world, 0).state == "dead"
    # when
    replay(out(world, 0).public_id)
    world.work()
    # then
    assert out(world, 0).state == "done"
    first, second, again, *rest = world.far.phone()
    assert second == again
    assert " ".join([first, second, *rest]) == LONG


def test_a_worker_that_is_told_to_stop_gives_the_lane_back_after_the_event_under_way(world: World) -> None:
    conversation = world.open_conversation()

    def stop(call: HttpCall) -> HttpResponse:
        world.engine.stop()
        return world.far.agree(call)

    world.far.script("send_text", stop)
    for sequence in range(5):
        agent_says(world, conversation, sequence, f"t{sequence}")
    (claim,) = lanes.claim(world.engine.worker, 1)
    world.engine.drain(claim)
    assert world.far.phone() == ["t0"]
    assert world.lane(direction="o").state == "ready"
    world.work(world.new_engine())
    assert world.far.phone() == [f"t{sequence}" for sequence in range(5)]
