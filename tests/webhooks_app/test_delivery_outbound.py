"""Towards the consumer: agents' words in the order of their numbers, and what each failure leads to."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.registry import PROVIDERS
from channels_app.selectors import configs
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import OutcomeUnknown, ServerFault, Throttled, Unreachable
from connector_platform.database import run
from tests.webhooks_app.far_side import PNG, answer, refused
from tests.webhooks_app.world import (
    PAGE_TOKEN,
    PERSON,
    World,
    accept_change,
    ended,
    event_change,
    everything_in_the_database,
    sms,
    state_change,
    text_change,
    typing_change,
)
from webhooks_app import lanes
from webhooks_app.delivery import engine
from webhooks_app.services.replay import replay
from webhooks_app.sweeper import unpark

LONG = " ".join(f"word{number}" for number in range(700))
CARD = {"type": "RichContentEvent", "content": {"type": "vertical", "elements": [{"type": "text", "text": "A card"}]}}


def graph_error(code: int, status: int = 400, message: str = "(#1) words of Meta") -> HttpResponse:
    return answer({"error": {"message": message, "type": "OAuthException", "code": code}}, status)


def agent_says(world: World, conversation: str, sequence: int, text: str) -> None:
    world.notify(text_change(conversation, sequence, text))


def waits_s(world: World) -> float:
    return float(run("SELECT extract(epoch FROM due_at - now()) FROM webhooks_app_lane WHERE direction = 'o'")[0][0])


def out(world: World, sequence: int) -> Any:
    return world.event(direction="o", sequence=sequence)


def receive_gateway_message(world: World, **outbound: Any) -> tuple[Any, str]:
    """An SMS channel and the conversation of a person who wrote to it."""
    channel = sms(world.app, **outbound)
    world.gateway_posts(channel, "/receive", {"from": "+31612345678", "text": "hello", "id": "s1"})
    world.work()
    world.far.calls.clear()
    return channel, world.far.created[-1]


def test_an_agents_text_goes_to_the_person_once(world: World) -> None:
    conversation = world.open_conversation()
    agent_says(world, conversation, 0, "How can I help?")
    world.work()
    (call,) = world.far.calls
    assert json.loads(call.body)["recipient"] == {"id": PERSON}
    assert world.far.phone() == ["How can I help?"]
    assert ended(out(world, 0)) == ("done", "sent")
    assert run("SELECT provider_message_id, sequence, part FROM webhooks_app_deliveredmessage") == [("m_out_102", 0, 0)]


FILE = {
    "type": "ContentEvent",
    "contentType": "hosted/file",
    "message": {"relativePath": "/a/b.png", "fileType": "PNG", "caption": "the plan"},
}


def test_structured_content_is_shown_in_some_form(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(event_change(conversation, 0, CARD))
    world.work()
    assert ended(world.event(direction="o")) == ("done", "sent")


def test_an_agents_file_is_shown_from_a_signed_address_of_ours_that_ends(world: World, client: Client, settings: Any) -> None:
    # given a file of an agent
    conversation = world.open_conversation()
    world.notify(event_change(conversation, 0, FILE))
    world.work()
    # then it is fetched from LivePerson at once, and Messenger is given an address of ours
    assert [call.purpose for call in world.far.calls][:2] == ["fetch_file_url", "fetch_file"]
    url = json.loads(world.far.calls[2].body)["message"]["attachment"]["payload"]["url"]
    assert url.startswith(f"{settings.PUBLIC_URL}/files/")
    assert "temp_url_sig" not in url
    # and whoever has the address gets the bytes, as a picture that cannot run anything
    path = url.removeprefix(settings.PUBLIC_URL)
    shown = client.get(path)
    assert (shown.status_code, shown.content, shown["Content-Type"]) == (200, PNG, "image/png")
    assert "sandbox" in shown["Content-Security-Policy"]
    # but nobody else, and nobody for ever
    assert client.get(path.replace("/files/", "/files/0")).status_code == 404
    settings.FILE_DAYS = -1
    assert client.get(path).status_code == 404


@pytest.mark.parametrize(
    ("mime_type", "served"),
    [
        ("application/pdf", "application/pdf"),
        ("audio/mpeg", "audio/mpeg"),
        ("text/html", "application/octet-stream"),
        ("", "application/octet-stream"),
    ],
)
def test_a_file_is_a_download_under_its_own_type_where_a_browser_would_run_nothing(
    world: World, client: Client, settings: Any, mime_type: str, served: str
) -> None:
    conversation = world.open_conversation()
    world.notify(event_change(conversation, 0, FILE))
    world.work()
    url = json.loads(world.far.calls[2].body)["message"]["attachment"]["payload"]["url"]
    run("UPDATE webhooks_app_hostedfile SET mime_type = %s", [mime_type])
    for method in (client.get, client.head):
        answer = method(url.removeprefix(settings.PUBLIC_URL))
        assert (answer.status_code, answer["Content-Type"]) == (200, served)
        assert answer["Content-Disposition"].startswith("attachment;")
        assert answer["X-Content-Type-Options"] == "nosniff"


def test_an_agents_file_that_cannot_be_had_is_announced_in_words_and_holds_nothing_up(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("fetch_file_url", refused("no such file"))
    world.notify(event_change(conversation, 0, FILE))
    agent_says(world, conversation, 1, "did you get it?")
    world.work()
    assert world.far.phone() == ["[The agent sent a file that cannot be shown here] the plan", "did you get it?"]


def test_livepersons_refusal_of_a_file_is_no_fault_of_the_channel(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("fetch_file_url", answer({"title": "forbidden"}, 403))
    world.notify(event_change(conversation, 0, FILE))
    world.work()
    assert configs.channel(world.channel.id).state == "active"  # type: ignore[union-attr]
    assert len(world.far.phone()) == 1


# The order of numbers.


def test_numbers_that_come_in_the_wrong_order_are_put_right(world: World) -> None:
    conversation = world.open_conversation()
    for sequence in (3, 1, 2, 0):
        agent_says(world, conversation, sequence, f"t{sequence}")
    world.work()
    assert world.far.phone() == ["t0", "t1", "t2", "t3"]


def test_a_number_waits_for_the_one_before_it_and_goes_as_soon_as_that_is_there(world: World, settings: Any) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 60
    conversation = world.open_conversation()
    agent_says(world, conversation, 1, "second")
    world.work()
    assert (world.far.phone(), world.lane(direction="o").state) == ([], "gap")
    assert 50 < waits_s(world) <= 60
    agent_says(world, conversation, 0, "first")
    world.work()
    assert world.far.phone() == ["first", "second"]


def test_a_number_that_never_comes_holds_up_what_follows_once_only(world: World, settings: Any) -> None:
    # given
    settings.SEQUENCE_GAP_WAIT_S = 60
    conversation = world.open_conversation()
    agent_says(world, conversation, 5, "five")
    world.work()
    assert world.far.phone() == []
    # when
    run("UPDATE webhooks_app_event SET received_at = received_at - interval '61 seconds' WHERE direction = 'o'")
    world.work_on()
    assert world.far.phone() == ["five"]
    agent_says(world, conversation, 6, "six")
    world.work()
    # then
    assert world.far.phone() == ["five", "six"]
    # and the missing one, late, is not lost
    agent_says(world, conversation, 2, "two")
    world.work()
    assert world.far.phone() == ["five", "six", "two"]


@pytest.mark.parametrize("filler", ["echo", "private", "accept", "agent_receipt", "own_send", "unknown_event"])
def test_every_use_of_a_number_fills_the_gap(world: World, settings: Any, filler: str) -> None:
    # given: number 1 is no message to the consumer
    settings.SEQUENCE_GAP_WAIT_S = 60
    conversation = world.open_conversation()
    agent_says(world, conversation, 0, "zero")
    agent_says(world, conversation, 2, "two")
    world.work()
    assert world.far.phone() == ["zero"]
    # when
    consumer = {"role": "CONSUMER", "originator": world.lp_consumer_id()}
    match filler:
        case "echo":
            world.notify(text_change(conversation, 1, "mine", **consumer))
        case "private":
            world.notify(text_change(conversation, 1, "private", audience="AGENTS_AND_MANAGERS"))
        case "accept":
            world.notify(accept_change(conversation, 1, [0], "ACCEPT", **consumer))
        case "agent_receipt":
            world.notify(accept_change(conversation, 1, [0], "READ"))
        case "unknown_event":
            world.notify(event_change(conversation, 1, {"type": "HologramEvent"}))
        case "own_send":
            world.far._sequence = 0
            world.consumer_says("mine")
    world.work()
    # then: at once
    assert world.far.phone() == ["zero", "two"]


def test_two_dialogs_count_for_themselves(world: World, settings: Any) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 60
    conversation = world.open_conversation()
    agent_says(world, conversation, 0, "main")
    world.notify(text_change(conversation, 0, "survey question", dialog_id="PwT_YK91Sum3vu5H6T3YnA", role="AGENT"))
    world.work()
    assert world.far.phone() == ["main", "survey question"]


def test_the_apps_own_wait_wins_over_the_installations(world: World, settings: Any) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 60
    world.app.sequence_gap_wait_s = 0
    world.app.save()
    conversation = world.open_conversation()
    agent_says(world, conversation, 7, "no waiting")
    world.work()
    assert world.far.phone() == ["no waiting"]


def test_a_retry_keeps_its_place_before_higher_numbers(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", answer({"error": {"code": 2}}, 500))
    agent_says(world, conversation, 0, "zero")
    world.work()
    agent_says(world, conversation, 1, "one")
    world.work_on()
    assert world.far.phone() == ["zero", "zero", "one"]


# What each failure leads to.


@pytest.mark.parametrize("failure", [ServerFault("down"), Unreachable("refused"), answer({}, 503), graph_error(2, 500)])
def test_a_fault_is_tried_again_soon_with_the_same_words(world: World, failure: Any) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", failure)
    agent_says(world, conversation, 0, "hello")
    world.work()
    assert (out(world, 0).state, out(world, 0).tries) == ("waiting", 1)
    assert 0.8 < waits_s(world) < 1.2
    world.work_on()
    assert [call.body for call in world.far.of("send_text")] == [world.far.calls[0].body] * 2
    assert ended(out(world, 0)) == ("done", "sent")


def test_throttling_waits_as_long_as_the_vendor_asks(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", HttpResponse(status=429, headers={"retry-after": "42"}))
    agent_says(world, conversation, 0, "hello")
    world.work()
    assert 40 < waits_s(world) <= 46


def test_a_limit_of_the_whole_channel_holds_what_goes_to_others_without_a_call(world: World) -> None:
    # given two people, and a limit that the first message meets
    first, second = world.open_conversation(), world.open_conversation(person="24500000000000032")
    limit = Throttled("too much", retry_after_s=30, whole_channel=True)
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
    world.far.script("send_text", Throttled("too much", retry_after_s=30))
    agent_says(world, first, 0, "one")
    world.work()
    agent_says(world, second, 0, "two")
    world.work()
    assert world.far.phone() == ["one", "two"]


def test_the_hold_ends_by_itself(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = world.open_conversation(), world.open_conversation(person="24500000000000032")
    world.far.script("send_text", Throttled("too much", retry_after_s=30, whole_channel=True))
    agent_says(world, first, 0, "one")
    world.work()
    agent_says(world, second, 0, "two")
    world.work()
    before = engine.monotonic_s()
    monkeypatch.setattr(engine, "monotonic_s", lambda: before + 34)
    world.work_on()
    assert sorted(world.far.phone()) == ["one", "one", "two"]


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


class Killed(BaseException):
    """The process dies here."""


def die(call: HttpCall) -> HttpResponse:
    raise Killed


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


# Typing and read marks.


def test_typing_is_shown_while_it_is_fresh_and_never_tried_again(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(typing_change(conversation))
    world.work()
    assert len(world.far.of("typing_on")) == 1
    world.far.script("typing_on", ServerFault("down"))
    world.notify(typing_change(conversation))
    world.work()
    world.notify(typing_change(conversation))
    run("UPDATE webhooks_app_event SET received_at = now() - interval '11 seconds' WHERE state = 'waiting'")
    world.work()
    assert [ended(one) for one in world.events(kind="chat_state")] == [("done", "sent"), ("skipped", "server_fault"), ("skipped", "stale")]
    assert len(world.far.of("typing_on")) == 2


def test_an_agents_read_mark_is_shown_and_accepts_are_not(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(accept_change(conversation, 0, [1], "ACCEPT"), accept_change(conversation, 1, [1], "READ"))
    world.work()
    assert len(world.far.of("mark_seen")) == 1
    assert [ended(one) for one in world.events(kind="receipt")] == [("skipped", "not_shown"), ("done", "sent")]


def test_a_mark_knows_what_the_person_did_last(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    settings.SEQUENCE_GAP_WAIT_S = 0
    conversation = world.open_conversation()
    newest = world.consumer_says("one more")
    world.work()
    contexts: list[SendContext] = []

    def send(content: Any, config: Any, context: SendContext) -> Steps[Sent]:
        contexts.append(context)
        yield from ()
        return Sent(parts=(("m_out",),))

    monkeypatch.setattr(PROVIDERS["messenger"], "send", send)
    world.notify(typing_change(conversation))
    world.work()
    world.notify(text_change(conversation, 40, "an answer"))
    world.work()
    assert [context.recent_source_ids[:1] for context in contexts] == [(newest,), ()]
    assert len(contexts[0].recent_source_ids) > 1


# Changes of the conversation.


def test_a_closed_conversation_is_recorded_and_the_next_message_opens_another(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="CLOSE"))
    world.work()
    assert world.conversations()[0].state == "closed"
    world.consumer_says("hello again")
    world.work()
    assert world.far.created == [conversation, "conversation-2"]


def test_during_a_survey_the_conversation_stays_open_and_answers_go_to_the_survey(world: World) -> None:
    conversation = world.open_conversation()
    survey = {"dialogId": "survey-1", "dialogType": "POST_SURVEY", "state": "OPEN"}
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="OPEN", state="CLOSE", dialogs=[survey]))
    world.work()
    world.consumer_says("5 stars")
    world.work()
    assert world.conversations()[0].state == "open"
    assert json.loads(world.far.of("send_text")[0].body)["body"]["dialogId"] == "survey-1"


def test_an_older_state_does_not_overwrite_a_newer_one(world: World) -> None:
    conversation = world.open_conversation()
    consumer = world.lp_consumer_id()
    world.notify(state_change(conversation, consumer, stage="CLOSE", at_ms=2000))
    world.notify(state_change(conversation, consumer, stage="OPEN", at_ms=1000))
    world.work()
    assert (world.conversations()[0].state, world.conversations()[0].stage) == ("closed", "CLOSE")


def test_what_an_agent_says_as_the_conversation_closes_still_goes_out(world: World) -> None:
    conversation = world.open_conversation()
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="CLOSE"))
    agent_says(world, conversation, 0, "Goodbye!")
    world.work()
    assert world.far.phone() == ["Goodbye!"]


def test_secrets_that_a_gateway_quotes_are_in_no_attempt_in_any_form(world: World) -> None:
    # given: it quotes the whole request, headers and all
    _, conversation = receive_gateway_message(world)

    def quote(call: HttpCall) -> HttpResponse:
        return HttpResponse(status=400, body=json.dumps({"headers": dict(call.headers), "url": call.url}).encode())

    world.far.script("send_text", quote)
    agent_says(world, conversation, 0, "hello")
    world.work()
    # then
    (attempt,) = world.attempts(http_status=400)
    assert "headers" in attempt.response_excerpt
    assert "canary-gateway-password" not in attempt.response_excerpt
    import base64

    basic = base64.b64encode(b"demo:canary-gateway-password").decode()
    assert basic not in attempt.response_excerpt
    assert basic[8:] not in everything_in_the_database()


# What agents are told of a message that did not arrive.

REFUSAL = {"error": {"code": 10, "error_subcode": 2018278, "message": "outside of allowed window", "type": "OAuthException"}}


def test_the_agent_reads_why_a_message_did_not_arrive(world: World) -> None:
    # given
    conversation = world.open_conversation()
    world.far.script("send_text", answer(REFUSAL, 400))
    # when
    agent_says(world, conversation, 0, "are you still there?")
    world.work_on(times=2)
    # then LivePerson marks it, and the agent reads the reason as a line of the conversation
    assert world.far.statuses() == [("NACK", (0,))]
    (line,) = [text for text in world.far.texts() if text.startswith("[not delivered: ")]
    assert "window" in line
    # and that was nothing that the consumer wrote
    assert world.consumer().last_inbound_at == world.events(kind="text", direction="i")[0].occurred_at


def test_nobody_is_told_where_the_operator_wants_none_or_nobody_is_there(world: World) -> None:
    # given an operator who wants no such lines
    world.decide(tell_failures=False)
    conversation = world.open_conversation()
    world.far.script("send_text", answer(REFUSAL, 400))
    agent_says(world, conversation, 0, "hello?")
    world.work_on(times=2)
    assert world.far.texts() == []
    # and a conversation that was closed meanwhile: no other is opened for the line
    world.decide(tell_failures=True)
    world.far.script("send_text", answer(REFUSAL, 400))
    agent_says(world, conversation, 1, "hello??")
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="CLOSE"))
    world.work_on(times=3)
    assert len(world.far.created) == 1
    assert world.event(kind="unsupported").outcome == "conversation_closed"
