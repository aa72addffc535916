"""A tap, or a number typed in answer to a menu, is reported as LivePerson wants it: the click with its metadata, then the words with the same."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.webhooks_app.world import World, element, ended, event_change

pytestmark = pytest.mark.django_db(transaction=True)

METADATA = [{"type": "ExternalId", "id": "Yes-1234"}]


def button(title: str, text: str, metadata: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    click: dict[str, Any] = {"actions": [{"type": "publishText", "text": text}]}
    return {"type": "button", "title": title, "click": {**click, "metadata": metadata} if metadata else click}


def offer(world: World, conversation_id: str, sequence: int, *buttons: dict[str, Any]) -> dict[str, Any]:
    """The agent asks; Messenger shows quick replies. What LivePerson was told before is forgotten."""
    event = {
        "type": "ContentEvent",
        "contentType": "text/plain",
        "message": "Shall we send it?",
        "quickReplies": {"type": "quickReplies", "itemsPerRow": 8, "replies": list(buttons)},
    }
    world.notify(event_change(conversation_id, sequence, event))
    world.work()
    (call,) = [call for call in world.far.calls if call.purpose not in ("send_accept_status",)]
    world.far.calls.clear()
    body: dict[str, Any] = json.loads(call.body)
    return body


def bodies(world: World) -> list[dict[str, Any]]:
    return [json.loads(call.body) for call in world.far.calls]


def test_a_tap_is_reported_in_two_calls_with_the_metadata_of_what_was_tapped(world: World) -> None:
    # given two choices on the phone
    conversation_id = world.open_conversation()
    shown = offer(world, conversation_id, 0, button("Yes", "yep", METADATA), button("No", "nope"))
    yes, no = shown["message"]["quick_replies"]

    # when the consumer taps the first
    world.consumer_does(element(message={"mid": "tap-1", "text": "Yes", "quick_reply": {"payload": yes["payload"]}}))
    world.work()

    # then LivePerson is told of the click, and of the words that it publishes
    click, words = bodies(world)
    assert click["body"]["event"] == {"type": "AcceptStatusEvent", "status": "ACTION", "sequenceList": [0]}
    assert click["body"]["dialogId"] == conversation_id
    assert click["metadata"] == METADATA
    assert words["body"]["event"] == {"type": "ContentEvent", "contentType": "text/plain", "message": "yep"}
    assert words["metadata"] == METADATA

    # and a choice without metadata is just its words
    world.far.calls.clear()
    world.consumer_does(element(message={"mid": "tap-2", "text": "No", "quick_reply": {"payload": no["payload"]}}))
    world.work()
    (words,) = bodies(world)
    assert (words["body"]["event"]["message"], words.get("metadata")) == ("nope", None)


def test_words_typed_instead_of_tapped_are_plain_words(world: World) -> None:
    conversation_id = world.open_conversation()
    offer(world, conversation_id, 0, button("Yes", "yep", METADATA))
    world.consumer_says("Yes")
    world.work()
    (words,) = bodies(world)
    assert (words["body"]["event"]["message"], words.get("metadata")) == ("Yes", None)


def test_a_number_answers_the_newest_numbered_menu(world: World) -> None:
    # given a card whose fourth button Messenger cannot show, so that the choices are numbered lines
    conversation_id = world.open_conversation()
    card = {
        "type": "vertical",
        "elements": [{"type": "text", "text": "Choose"}, *[button(f"Size {n}", f"size {n}", METADATA) for n in range(1, 6)]],
    }
    world.notify(event_change(conversation_id, 0, {"type": "RichContentEvent", "content": card}))
    world.work()
    assert "2" in world.far.phone()[-1]
    world.far.calls.clear()

    # when the consumer answers with a number
    world.consumer_says("2")
    world.work()

    # then it is the choice
    click, words = bodies(world)
    assert click["body"]["event"]["status"] == "ACTION"
    assert words["body"]["event"]["message"] == "size 2"

    # and what could not be shown as it was meant is on record
    event = world.event(sequence=0)
    assert event.losses
    assert {"path", "kind", "reason"} <= set(event.losses[0])


def test_a_tap_from_a_conversation_that_is_over_is_words_in_the_new_one(world: World) -> None:
    conversation_id = world.open_conversation()
    shown = offer(world, conversation_id, 0, button("Yes", "yep", METADATA))
    world.far.script("send_accept_status", *[_closed()] * 1)
    world.consumer_does(
        element(message={"mid": "tap-1", "text": "Yes", "quick_reply": {"payload": shown["message"]["quick_replies"][0]["payload"]}})
    )
    world.work()
    assert ended(world.events(direction="i")[-1]) == ("done", "sent")
    (create,) = world.far.of("create_conversation")
    assert create
    (words,) = world.far.of("send_text")
    assert json.loads(words.body)["body"]["event"]["message"] == "yep"


def _closed() -> Any:
    from tests.webhooks_app.far_side import answer

    return answer({"code": "BAD_REQUEST", "reqId": "1", "body": {"msg": "Bad Request, Conversation is close"}}, 400)
