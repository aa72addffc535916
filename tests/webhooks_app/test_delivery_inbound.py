"""Towards LivePerson: in order, once, whatever is said and whatever is answered."""

from __future__ import annotations

from typing import Any

import pytest

from channels_app.providers.messenger import Messenger
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.events import InboundEvent
from connector_platform.database import run
from tests.webhooks_app.far_side import answer, published
from tests.webhooks_app.world import (
    PAGE_TOKEN,
    PERSON,
    World,
    element,
    ended,
    everything_in_the_database,
    sms,
    text_change,
)


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
    from connector_platform.core.events import ChatState, ChatStateKind
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
    from connector_platform.core.events import ChatState, ChatStateKind
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
