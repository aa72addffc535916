"""Towards LivePerson: in order, once, whatever the far side does."""

from __future__ import annotations

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from channels_app.providers.messenger import Messenger
from channels_app.selectors import configs
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import OutcomeUnknown, Unreachable
from connector_platform.core.events import InboundEvent, OptIn, OptOut, ParsedCallback
from connector_platform.database import run
from tests.webhooks_app.far_side import ALREADY_OPEN, CLOSED, answer, published, refused, unauthorized
from tests.webhooks_app.world import (
    PAGE,
    PAGE_TOKEN,
    PERSON,
    World,
    element,
    ended,
    everything_in_the_database,
    sms,
    state_change,
    text_change,
)
from webhooks_app import lanes
from webhooks_app.receive import store
from webhooks_app.retry import LIVEPERSON_WAITS_S, wait_s

LONG = " ".join(f"word{number}" for number in range(1000))


def waits_s(world: World) -> float:
    return float(run("SELECT extract(epoch FROM due_at - now()) FROM webhooks_app_lane WHERE direction = 'i'")[0][0])


def age(world: World, seconds: float) -> None:
    """Everything that is known of the events happened ``seconds`` earlier."""
    run(
        "UPDATE webhooks_app_event SET received_at = received_at - make_interval(secs => %s), started_at = started_at - make_interval(secs => %s)",
        [seconds, seconds],
    )


def echo(world: World, conversation: str, sequence: int, text: str) -> None:
    assert world.notify(text_change(conversation, sequence, text, role="CONSUMER", originator=world.lp_consumer_id())).echo == 1


def test_a_first_message_opens_a_conversation_and_is_sent_into_it(world: World) -> None:
    # when
    world.consumer_says("hello")
    world.work()
    # then
    assert [str(call.purpose) for call in world.far.calls] == [
        "fetch_domains",
        "fetch_app_jwt",
        "profile",
        "fetch_consumer_jws",
        "create_conversation",
        "send_text",
    ]
    assert world.far.texts() == ["hello"]
    (conversation,) = world.conversations()
    assert (conversation.state, conversation.liveperson_id, conversation.brand_id) == ("open", "conversation-1", world.brand.id)
    event = world.event()
    assert (ended(event), event.conversation_id, event.possibly_doubled) == (("done", "sent"), conversation.id, False)
    assert world.lane().state == "idle"


def test_messages_arrive_in_order_and_each_is_one_call(world: World) -> None:
    for number in range(30):
        world.consumer_says(f"t{number}")
    world.work()
    assert world.far.texts() == [f"t{number}" for number in range(30)]
    assert len(world.far.created) == 1


def test_every_call_is_an_attempt_with_its_outcome(world: World) -> None:
    world.far.script("send_text", answer({}, 503))
    world.consumer_says("hello")
    world.work()
    world.work_on()
    tries = [(one.purpose, one.number, one.http_status, one.outcome) for one in world.attempts(purpose="send_text")]
    assert tries == [("send_text", 1, 503, "server_fault"), ("send_text", 2, 200, "sent")]


def test_nobodys_name_is_asked_for_twice_and_a_refusal_is_no_obstacle(world: World) -> None:
    world.far.script("profile", answer({"error": {"code": 100, "message": "no"}}, 400))
    world.consumer_says("hello")
    world.work()
    world.consumer_says("again")
    world.work()
    assert world.far.texts() == ["hello", "again"]
    assert len(world.far.of("profile")) == 1


@pytest.mark.parametrize("name", ["Ada\0Example", "\ud800", "A" * 10_000])
def test_an_odd_name_is_no_obstacle(world: World, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    from connector_platform.core.events import Profile

    def look_up(self: object, config: object, context: object) -> Any:
        yield HttpCall(method="GET", url="https://graph.facebook.com/x", purpose="profile", effect=False)
        return Profile(name=name)

    monkeypatch.setattr(Messenger, "look_up_profile", look_up)
    world.consumer_says("hello")
    world.work()
    assert world.far.texts() == ["hello"]


# Long texts.


def parts_of(world: World, text: str = LONG) -> list[str]:
    sent = world.far.texts()
    assert " ".join(sent) == text
    return sent


def test_a_long_text_is_several_messages_in_order(world: World) -> None:
    world.consumer_says(LONG)
    world.work()
    assert len(parts_of(world)) == 2
    assert all(len(call.body) <= 5000 for call in world.far.of("send_text"))
    assert run("SELECT count(*) FROM webhooks_app_consumermessage WHERE event_id IS NOT NULL") == [(2,)]


class Killed(BaseException):
    """The process dies here."""


def die(call: HttpCall) -> HttpResponse:
    raise Killed


def crash_during_second_part(world: World, *, taken: bool) -> str:
    """The worker dies while the second part is under way; what the second part was."""
    second: list[str] = []

    def strike(call: HttpCall) -> HttpResponse:
        second.append(json.loads(call.body)["body"]["event"]["message"])
        if taken:
            world.far.agree(call)
        raise Killed

    world.open_conversation()
    world.far.script("send_text", published(11), strike)
    world.consumer_says(LONG)
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    return second[0]


def test_after_a_crash_between_two_parts_the_first_is_not_repeated(world: World, settings: Any) -> None:
    # given
    settings.RECONCILE_WAIT_S = 0
    second = crash_during_second_part(world, taken=False)
    before = len(world.far.of("send_text"))
    # when
    world.work(world.new_engine())
    # then: only the second part goes out again, and says that it may be the second time
    again = world.far.texts()[before:]
    assert again == [second]
    event = world.event(state="done", possibly_doubled=True)
    assert event.content["text"] == LONG


def test_a_part_that_livepersons_echo_shows_is_not_repeated_after_a_crash(world: World) -> None:
    # given
    second = crash_during_second_part(world, taken=True)
    before = len(world.far.of("send_text"))
    echo(world, "conversation-1", 12, second)
    # when
    world.work(world.new_engine())
    # then
    assert len(world.far.of("send_text")) == before
    assert not world.events(possibly_doubled=True)
    assert run("SELECT sequence FROM webhooks_app_consumermessage WHERE event_id = %s ORDER BY 1", [world.events()[-1].id]) == [
        (11,),
        (12,),
    ]


def test_the_echo_of_an_equal_first_part_does_not_stand_for_the_second(world: World, settings: Any) -> None:
    # given: both parts say the same
    world.open_conversation()
    same = "ha" * 1500
    world.far.script("send_text", published(11), die)
    world.consumer_says(f"{same}\n\n{same}")
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    first, second = world.far.texts()
    assert first == second
    # when: the first part's echo comes after its answer
    echo(world, "conversation-1", 11, first)
    settings.RECONCILE_WAIT_S = 0
    before = len(world.far.of("send_text"))
    world.work(world.new_engine())
    # then
    assert len(world.far.of("send_text")) > before


# An answer that was never seen.


def lose_answer(world: World, *, text: str = "hello again") -> str:
    """The consumer's message is sent and its answer lost; the conversation."""
    conversation = world.open_conversation()
    world.far.script("send_text", OutcomeUnknown("cut off"))
    world.consumer_says(text)
    world.work()
    return conversation


def test_a_message_that_the_echo_shows_is_done_without_being_repeated(world: World) -> None:
    # given
    conversation = lose_answer(world)
    assert world.events()[-1].state == "sending"
    # when
    echo(world, conversation, 5, "hello again")
    world.work_on()
    # then
    event = world.events()[-1]
    assert (ended(event), event.possibly_doubled) == (("done", "sent"), False)
    assert world.far.texts() == ["hello again"]
    assert run("SELECT event_id FROM webhooks_app_consumermessage WHERE sequence = 5") == [(event.id,)]


def test_a_message_without_an_echo_waits_then_is_repeated_and_says_so(world: World, settings: Any) -> None:
    # given
    settings.RECONCILE_WAIT_S = 60
    lose_answer(world)
    # when: not yet
    world.work_on(times=3)
    assert world.far.texts() == ["hello again"]
    # when
    age(world, 61)
    world.work_on()
    # then
    assert world.far.texts() == ["hello again"] * 2
    assert (ended(world.events()[-1]), world.events()[-1].possibly_doubled) == (("done", "sent"), True)


def test_what_comes_behind_a_message_in_doubt_waits(world: World, settings: Any) -> None:
    settings.RECONCILE_WAIT_S = 60
    conversation = lose_answer(world)
    world.consumer_says("behind")
    world.work_on()
    assert world.far.texts() == ["hello again"]
    echo(world, conversation, 5, "hello again")
    world.work_on()
    assert world.far.texts() == ["hello again", "behind"]


def test_the_echo_of_an_earlier_equal_message_does_not_stand_for_this_one(world: World, settings: Any) -> None:
    # given: the same word was sent before, and its echo comes late
    settings.RECONCILE_WAIT_S = 60
    conversation = world.open_conversation()
    world.far.script("send_text", published(1))
    world.consumer_says("ok")
    world.work()
    world.far.script("send_text", OutcomeUnknown("cut off"))
    world.consumer_says("ok")
    world.work()
    # when
    echo(world, conversation, 1, "ok")
    world.work_on(times=2)
    # then
    assert world.events()[-1].state == "sending"
    echo(world, conversation, 2, "ok")
    world.work_on()
    assert ended(world.events()[-1]) == ("done", "sent")
    assert len(world.far.texts()) == 2


def test_a_crash_after_the_call_and_before_its_record_is_reconciled(world: World) -> None:
    # given: the process died after LivePerson took the message
    def take_and_die(call: HttpCall) -> HttpResponse:
        world.far.agree(call)
        raise Killed

    conversation = world.open_conversation()
    world.far.script("send_text", take_and_die)
    world.consumer_says("hello again")
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    # when
    echo(world, conversation, 5, "hello again")
    world.work(world.new_engine())
    # then
    assert world.far.texts() == ["hello again"]
    assert ended(world.events()[-1]) == ("done", "sent")


# Conversations that end, or are there already.


def test_a_message_to_a_closed_conversation_opens_a_new_one_and_goes_there(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", CLOSED)
    world.consumer_says("one more")
    world.work()
    assert world.far.created == ["conversation-1", "conversation-2"]
    assert b'"conversation-2"' in world.far.of("send_text")[-1].body
    assert [(one.liveperson_id, one.state) for one in world.conversations()] == [("conversation-1", "closed"), ("conversation-2", "open")]
    assert ended(world.events()[-1]) == ("done", "sent")


def test_a_long_text_whose_conversation_closes_in_the_middle_is_sent_whole_to_the_new_one(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", published(1), CLOSED)
    world.consumer_says(LONG)
    world.work()
    there = [json.loads(call.body)["body"]["event"]["message"] for call in world.far.of("send_text") if b'"conversation-2"' in call.body]
    assert " ".join(there) == LONG


@pytest.mark.parametrize("dies_at", [1, 2])
def test_a_crash_in_the_new_conversation_skips_nothing_there(world: World, settings: Any, dies_at: int) -> None:
    # given: the first part was taken before the old conversation closed; in the new one the worker dies at one of the parts
    settings.RECONCILE_WAIT_S = 0
    world.open_conversation()
    world.far.script("send_text", published(1), OutcomeUnknown("cut"))
    world.consumer_says(LONG)
    world.work()
    world.far.script("send_text", CLOSED, *([published(1)] if dies_at == 2 else []), die)
    world.later()
    (claim,) = lanes.claim(world.engine.worker, 1)
    with pytest.raises(Killed):
        world.engine.drain(claim)
    world.crash()
    # when
    world.work(world.new_engine())
    # then: only the part whose answer was never seen is there twice
    there = [json.loads(call.body)["body"]["event"]["message"] for call in world.far.of("send_text") if b'"conversation-2"' in call.body]
    assert len(there) == 3
    assert there[dies_at - 1] == there[dies_at]
    assert " ".join(dict.fromkeys(there)) == LONG


@pytest.mark.parametrize("content", [OptOut(marketing_only=True), OptIn(marketing_only=True)])
def test_a_wish_about_advertisements_is_told_in_a_conversation_and_holds_nothing_back(
    world: World, settings: Any, content: OptOut | OptIn
) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 0
    conversation = world.open_conversation()
    channel = configs.channel(world.channel.id)
    assert channel is not None
    wrote_at = world.consumer().last_inbound_at
    wish = InboundEvent(consumer_id=PERSON, source_id="wish-1", content=content, wire_type="wish", raw=b"{}", address=PAGE)
    alone = replace(wish, consumer_id="24500000000000099", source_id="wish-2")
    # when
    store(channel.provider, ParsedCallback(events=(wish, alone)), channel=channel, app_id=world.meta.id)
    world.work()
    # then: the agent reads of it, no conversation is opened for it, and answers still go out
    assert [b"marketing messages" in call.body for call in world.far.of("send_text")] == [True]
    assert len(world.conversations()) == 1
    world.notify(text_change(conversation, 9, "an answer"))
    world.work()
    assert ended(world.event(direction="o", sequence=9)) == ("done", "sent")
    # and the vendor's window runs on
    assert wrote_at is not None
    assert world.consumer().last_inbound_at == wrote_at


def test_when_liveperson_closed_it_while_it_was_opened_the_message_is_tried_again(world: World) -> None:
    world.far.script("send_text", CLOSED, CLOSED)
    world.consumer_says("hello")
    world.work()
    assert world.events()[-1].outcome == "conversation_gone"


def test_a_second_create_is_answered_by_adopting_the_conversation_that_the_notification_names(world: World) -> None:
    # given
    world.far.script("create_conversation", ALREADY_OPEN)
    world.consumer_says("hello")
    world.work()
    assert (world.event().state, world.event().outcome) == ("waiting", "awaiting_conversation")
    # when
    world.notify(state_change("theirs", world.lp_consumer_id()))
    world.far.script("create_conversation", ALREADY_OPEN)
    world.work_on(times=2)
    # then
    assert world.far.created == []
    assert b'"theirs"' in world.far.of("send_text")[0].body
    assert ended(world.event(direction="i")) == ("done", "sent")
    assert [one.liveperson_id for one in world.conversations()] == ["theirs"]


def test_a_create_whose_answer_was_lost_never_opens_a_second_conversation(world: World) -> None:
    def take(call: HttpCall) -> HttpResponse:
        world.far.agree(call)
        raise OutcomeUnknown("cut off")

    world.far.script("create_conversation", take, ALREADY_OPEN, ALREADY_OPEN)
    world.consumer_says("hello")
    world.work()
    world.notify(state_change("conversation-1", world.lp_consumer_id()))
    world.work_on(times=3)
    assert world.far.texts() == ["hello"]
    assert [one.liveperson_id for one in world.conversations()] == ["conversation-1"]


def test_a_conversation_that_is_not_ready_yet_is_tried_again_and_after_a_minute_given_up(world: World) -> None:
    # given a conversation that was opened this very moment
    world.far.script("send_text", refused("Conversation not found"))
    world.consumer_says("hello?")
    world.work()
    assert (world.events()[-1].state, world.events()[-1].outcome) == ("waiting", "not_ready_yet")
    # when it is still not there after a while
    run("UPDATE channels_app_conversation SET created_at = created_at - interval '2 minutes'")
    world.far.script("send_text", refused("Conversation not found"))
    world.work_on()
    # then another is opened
    assert world.far.created[-1] == "conversation-2"


def test_a_conversation_in_which_something_was_said_and_that_is_not_found_is_gone(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", refused("conversationId: there is no conversation"))
    world.consumer_says("hello?")
    world.work()
    assert world.far.created == ["conversation-1", "conversation-2"]
    assert ended(world.events(direction="i")[-1]) == ("done", "sent")


# Tokens.


def test_a_token_that_is_refused_once_is_fetched_anew_and_the_message_goes_out_at_once(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", unauthorized(40102))
    world.consumer_says("again")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_text", "fetch_app_jwt", "send_text"]
    first, second = world.far.of("send_text")
    assert first.headers["Authorization"] != second.headers["Authorization"]
    assert first.body == second.body


def test_a_token_that_is_refused_twice_is_not_fetched_a_third_time(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", unauthorized(40102), unauthorized(40102))
    world.consumer_says("again")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_text", "fetch_app_jwt", "send_text"]
    assert (world.events()[-1].state, world.events()[-1].outcome) == ("waiting", "app_token_rejected")
    world.work_on()
    assert ended(world.events()[-1]) == ("done", "sent")


def test_a_consumers_token_that_is_refused_once_is_fetched_anew(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", unauthorized(40103))
    world.consumer_says("again")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_text", "fetch_consumer_jws", "send_text"]


def test_a_conversation_that_even_a_new_token_is_refused_for_is_replaced_by_a_new_one(world: World) -> None:
    # given LivePerson, which no longer takes the conversation for this person's
    world.open_conversation()
    world.far.script("send_text", unauthorized(40103), unauthorized(40103))
    world.consumer_says("and again")
    world.work()
    # then the words are in a new conversation
    assert ended(world.events()[-1]) == ("done", "sent")
    assert len(world.far.created) == 2
    assert json.loads(world.far.of("send_text")[-1].body)["body"]["conversationId"] == world.far.created[-1]
    # and a person who is refused everywhere does not hold up the lane
    world.far.script("send_text", *[unauthorized(40103)] * 4)
    world.consumer_says("once more")
    world.work()
    assert ended(world.events()[-1]) == ("dead", "consumer_token_rejected")


def test_two_tokens_that_end_together_are_both_fetched_anew(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", unauthorized(40102), unauthorized(40103))
    world.consumer_says("again")
    world.work()
    assert [call.purpose for call in world.far.calls] == ["send_text", "fetch_app_jwt", "send_text", "fetch_consumer_jws", "send_text"]
    assert ended(world.events()[-1]) == ("done", "sent")


def test_between_two_parts_a_refused_token_repeats_no_part(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", published(1), unauthorized(40102))
    world.consumer_says(LONG)
    world.work()
    sent = world.far.texts()
    assert len(sent) == 3
    assert sent[1] == sent[2]


def test_eight_threads_without_a_token_ask_for_one_only(world: World) -> None:
    # given
    barrier = threading.Barrier(8)
    for number in range(8):
        world.consumer_says(f"t{number}", person=f"2450{number}")
    claims = lanes.claim(world.engine.worker, 8)

    def drain(claim: lanes.Claim) -> None:
        barrier.wait()
        world.engine.drain(claim)

    # when
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(drain, claims))
    world.work_on(times=5)
    # then
    assert len(world.far.of("fetch_app_jwt")) == 1
    assert sorted(world.far.texts()) == [f"t{number}" for number in range(8)]


def test_many_processes_without_a_token_ask_for_one_only(world: World) -> None:
    for round_number in range(12):
        run("DELETE FROM webhooks_app_token")
        world.far.calls.clear()
        for number in range(4):
            world.consumer_says(f"t{round_number}-{number}", person=f"2450{number}")
        claims = lanes.claim("w", 8)
        barrier = threading.Barrier(len(claims))

        def drain(claim: lanes.Claim, barrier: threading.Barrier = barrier) -> None:
            engine = world.new_engine()
            barrier.wait()
            engine.drain(claim)

        with ThreadPoolExecutor(8) as pool:
            list(pool.map(drain, claims))
        world.work_on(times=3)
        assert len(world.far.of("fetch_app_jwt")) == 1


def test_a_token_is_renewed_five_minutes_before_it_ends_and_kept_for_other_processes(world: World) -> None:
    # given
    world.far.jwt_lifetime_s = 301
    world.open_conversation()
    world.consumer_says("still good")
    world.work(world.new_engine())
    assert world.far.of("fetch_app_jwt") == []
    # when
    world.far.jwt_lifetime_s = 3600
    run("UPDATE webhooks_app_token SET renew_at = renew_at - interval '2 seconds', expires_at = expires_at - interval '2 seconds'")
    world.consumer_says("renewed")
    world.work(world.new_engine())
    # then
    assert len(world.far.of("fetch_app_jwt")) == 1


def test_while_sentinel_fails_a_token_that_still_lives_is_used(world: World) -> None:
    world.far.jwt_lifetime_s = 299
    world.open_conversation()
    world.far.script("fetch_app_jwt", answer({}, 503))
    world.consumer_says("again")
    world.work(world.new_engine())
    assert world.far.texts() == ["again"]


def test_a_token_that_is_fetched_by_somebody_who_died_is_fetched_again(world: World) -> None:
    world.consumer_says("hello")
    run(
        "INSERT INTO webhooks_app_token (key, refreshing_until) VALUES (%s, now() + interval '20 seconds')",
        [f"appjwt:{world.app.id}:{world.app.account_id}:{world.app.client_id}"],
    )
    world.work()
    assert (world.far.texts(), world.event().outcome) == ([], "token_pending")
    assert world.event().tries == 0
    run("UPDATE webhooks_app_token SET refreshing_until = now() - interval '1 second'")
    world.work_on()
    assert world.far.texts() == ["hello"]


# When it is tried again.


def test_livepersons_schedule_is_5_10_15_seconds_then_minutes(settings: Any) -> None:
    settings.RETRY_SCALE = 1
    found = [wait_s(LIVEPERSON_WAITS_S, tries) for tries in range(1, 9)]
    for wait, base in zip(found, [5, 10, 15, 120, 240, 480, 900, 900], strict=True):
        assert base <= wait <= base * 1.1
    assert wait_s(LIVEPERSON_WAITS_S, 1, 77) == 77


@pytest.mark.parametrize(
    ("failure", "outcome"),
    [
        (answer({}, 500), "server_fault"),
        (answer({}, 503), "server_fault"),
        (Unreachable("refused"), "unreachable"),
        (answer({}, 408), "server_fault"),
    ],
)
def test_a_fault_is_tried_again_on_the_schedule(world: World, settings: Any, failure: Any, outcome: str) -> None:
    settings.RETRY_SCALE = 1
    world.open_conversation()
    world.far.script("send_text", *[failure] * 4)
    world.consumer_says("again")
    world.work()
    for number, base in enumerate((5, 10, 15, 120), 1):
        event = world.events()[-1]
        assert (event.state, event.outcome, event.tries) == ("waiting", outcome, number)
        assert base * 0.9 < waits_s(world) < base * 1.2
        world.work_on()
    assert ended(world.events()[-1]) == ("done", "sent")


def test_429_waits_as_long_as_liveperson_asks(world: World) -> None:
    world.open_conversation()
    world.far.script("send_text", answer({}, 429, **{"retry-after": "37"}))
    world.consumer_says("again")
    world.work()
    assert 35 < waits_s(world) <= 37.5


@pytest.mark.parametrize("status", [400, 404, 409, 422, 451])
def test_other_4xx_are_never_tried_again_and_the_lane_goes_on(world: World, status: int) -> None:
    world.open_conversation()
    world.far.script("send_text", refused("Bad Request", status))
    world.consumer_says("bad")
    world.consumer_says("good")
    world.work()
    assert world.far.texts()[-1] == ("good" if status != 404 else world.far.texts()[-1])
    assert world.events()[1].state == "dead"
    assert len(world.far.of("send_text")) == 2


def test_a_refused_app_keeps_its_queue_and_says_why_until_it_works_again(world: World) -> None:
    world.far.script("fetch_app_jwt", answer({}, 401))
    world.consumer_says("hello")
    world.work()
    world.app.refresh_from_db()
    assert (world.event().state, world.event().outcome) == ("waiting", "credentials_rejected")
    assert "client id" in world.app.problem
    world.work_on()
    world.app.refresh_from_db()
    assert (world.far.texts(), world.app.problem) == (["hello"], "")


def test_an_event_that_could_not_be_delivered_for_too_long_is_dead_and_frees_the_lane(world: World, settings: Any) -> None:
    settings.MAX_AGE_S = 60
    world.open_conversation()
    world.far.script("send_text", answer({}, 500))
    world.consumer_says("old")
    world.work()
    age(world, 61)
    world.consumer_says("new")
    world.work_on()
    assert world.far.texts() == ["old", "new"]
    assert ended(world.events()[1]) == ("dead", "too_old")


def test_an_event_that_waited_long_without_being_tried_is_tried_once(world: World, settings: Any) -> None:
    settings.MAX_AGE_S = 60
    world.consumer_says("waited while the workers were away")
    age(world, 3600)
    world.work()
    assert len(world.far.texts()) == 1


# What must not stop a lane.


def test_an_unexpected_exception_makes_the_event_dead_and_the_lane_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.open_conversation()
    world.far.script("send_text", RuntimeError("a bug"))
    world.consumer_says("poison")
    world.consumer_says("fine")
    world.work()
    assert ended(world.events()[1]) == ("dead", "internal_error")
    assert world.far.texts()[-1] == "fine"
    assert "a bug" not in everything_in_the_database()


@pytest.mark.parametrize("sequence", [2**70, -5, "seven", None, 1.5, True])
def test_a_number_that_cannot_be_written_down_does_not_send_the_message_again(world: World, sequence: Any) -> None:
    world.open_conversation()
    world.far.script("send_text", published(sequence))
    world.consumer_says("once")
    world.consumer_says("fine")
    world.work()
    world.crash()
    world.work()
    assert world.far.texts() == ["once", "fine"]
    assert world.events()[1].state == "done"


@pytest.mark.parametrize("words", ["\0", "\ud800", "\0" * 2000])
def test_words_of_liveperson_that_cannot_be_written_down_do_not_stop_the_lane(world: World, words: str) -> None:
    world.open_conversation()
    world.far.script("send_text", answer({"code": "BAD\0REQUEST", "body": {"msg": words}}, 400))
    world.consumer_says("bad")
    world.consumer_says("fine")
    world.work()
    assert world.far.texts() == ["bad", "fine"]
    assert world.events()[1].state == "dead"


def test_an_event_that_this_version_cannot_read_is_dead_and_the_lane_goes_on(world: World) -> None:
    world.open_conversation()
    world.consumer_says("from another version")
    world.consumer_says("fine")
    run('UPDATE webhooks_app_event SET content = \'{"type": "hologram"}\' WHERE position = 2')
    world.work()
    assert world.far.texts() == ["fine"]
    assert ended(world.events(position=2)[0]) == ("dead", "unreadable_content")


def test_an_empty_message_is_skipped(world: World) -> None:
    world.consumer_says(" \n ")
    world.work()
    assert ended(world.event()) == ("skipped", "empty")
    assert not world.far.calls


# Secrets.


@pytest.mark.parametrize("purpose", ["fetch_app_jwt", "profile", "send_text", "create_conversation"])
def test_what_the_far_side_quotes_of_our_secrets_is_in_no_attempt(world: World, purpose: str) -> None:
    secrets = [PAGE_TOKEN, "rl9hacst6kqilbofup64n11ga3", "meta-app-secret-0001"]
    world.far.script(purpose, HttpResponse(status=400, body=" ".join(secrets).encode()))
    world.consumer_says("hello")
    world.work()
    assert world.attempts(purpose=purpose)
    found = everything_in_the_database()
    assert not [secret for secret in secrets if secret in found]


def test_tokens_are_not_readable_in_the_database(world: World) -> None:
    world.open_conversation()
    world.consumer_says("again")
    world.work()
    call = world.far.of("send_text")[-1]
    found = everything_in_the_database()
    assert call.headers["Authorization"] not in found
    assert call.headers["X-LP-ON-BEHALF"] not in found


# Other than messages.


def test_typing_is_passed_on_while_it_is_fresh_and_dropped_when_it_is_not(world: World) -> None:
    from connector_platform.core.events import ChatState, ChatStateKind, InboundEvent
    from webhooks_app.journal import Entry, append

    world.open_conversation()
    for number in range(2):
        event = InboundEvent(
            consumer_id=PERSON, source_id=f"typing-{number}", content=ChatState(state=ChatStateKind.COMPOSING), wire_type="typing", raw=b""
        )
        append([Entry.inbound(event, channel_id=world.channel.id, brand_id=world.brand.id)])
        if number:
            run("UPDATE webhooks_app_event SET received_at = now() - interval '11 seconds' WHERE source_id = 'typing-1'")
        world.work()
    assert len(world.far.of("send_chat_state")) == 1
    assert [ended(one) for one in world.events(kind="chat_state")] == [("done", "sent"), ("skipped", "stale")]


def test_typing_that_fails_holds_no_message_back(world: World, settings: Any) -> None:
    from connector_platform.core.events import ChatState, ChatStateKind, InboundEvent
    from webhooks_app.journal import Entry, append

    settings.RETRY_SCALE = 1
    world.open_conversation()
    world.far.script("send_chat_state", answer({}, 429))
    event = InboundEvent(
        consumer_id=PERSON, source_id="typing", content=ChatState(state=ChatStateKind.COMPOSING), wire_type="typing", raw=b""
    )
    append([Entry.inbound(event, channel_id=world.channel.id, brand_id=world.brand.id)])
    world.consumer_says("what I typed")
    world.work()
    assert world.far.texts() == ["what I typed"]


def test_a_tap_says_what_the_button_says(world: World) -> None:
    world.consumer_does(element(postback={"mid": "p1", "title": "Yes", "payload": "text:yes please"}))
    world.work()
    assert world.far.texts() == ["yes please"]


def test_a_person_who_stops_an_sms_number_is_sent_nothing_until_they_start_it_again(world: World) -> None:
    # given
    channel = sms(world.app)
    for number, text in enumerate(("hello", "STOP")):
        world.gateway_posts(channel, "/receive", {"from": "+31612345678", "text": text, "id": f"s{number}"})
    world.work()
    conversation = world.far.created[-1]
    # when
    world.notify(text_change(conversation, 0, "are you there?"))
    world.work_on()
    # then
    assert ended(world.event(direction="o")) == ("dead", "recipient_gone")
    assert world.far.phone() == []
    world.work_on()
    assert world.far.statuses() == [("NACK", (0,))]
    # when
    world.gateway_posts(channel, "/receive", {"from": "+31612345678", "text": "START", "id": "s9"})
    world.work()
    world.notify(text_change(conversation, 1, "welcome back"))
    world.work_on()
    assert world.far.phone() == ["welcome back"]


def test_only_what_the_vendor_counts_as_a_message_opens_its_window(world: World) -> None:
    # given somebody who wrote long ago
    world.open_conversation()
    run("UPDATE channels_app_consumer SET last_inbound_at = now() - interval '30 hours'")
    long_ago = world.consumer().last_inbound_at

    # when they only react to a message, then the agent reads it and the window stays as it was
    world.consumer_does(element(reaction={"mid": "m_1", "action": "react", "reaction": "love", "emoji": "❤️"}))
    world.work()
    assert world.far.texts() == ["[reacted with ❤️]"]
    assert world.consumer().last_inbound_at == long_ago

    # when they write, then it is open
    world.consumer_says("still there?")
    world.work()
    assert world.consumer().last_inbound_at > long_ago


@pytest.mark.parametrize("minutes", [-90, -7, 7, 90])
def test_clocks_that_are_minutes_apart_cost_no_tokens(world: World, minutes: int) -> None:
    """What counts is how long a token lives, not when LivePerson's clock says that it ends."""
    world.far.clock_off_s = minutes * 60
    for number in range(3):
        world.consumer_says(f"message {number}")
        world.work()
        world.work(world.new_engine(f"another process {number}"))
    assert world.far.texts() == ["message 0", "message 1", "message 2"]
    assert len(world.far.of("fetch_app_jwt")) == 1
