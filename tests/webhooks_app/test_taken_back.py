"""What a person took back is told to the agent, and its words are forgotten here."""

from __future__ import annotations

import json

import pytest

from tests.webhooks_app.world import World, element, everything_in_the_database, said
from webhooks_app.delivery.people import forget_words
from webhooks_app.services.replay import replay

pytestmark = pytest.mark.django_db(transaction=True)


def test_what_was_taken_back_is_told_and_its_words_are_nowhere_in_the_database(world: World) -> None:
    # given a message with a picture that was edited, and another one
    picture = {"type": "image", "payload": {"url": "https://cdn.example.com/secret-picture.png"}}
    world.consumer_does(element(message={"mid": "m-1", "text": "secret words", "attachments": [picture]}))
    world.consumer_does(element(message_edit={"mid": "m-1", "text": "secret edit", "num_edit": 1}))
    world.consumer_does(said("other words", "m-2"))
    world.work_on(times=3)
    before = everything_in_the_database()
    assert all(words in before for words in ("secret words", "secret-picture", "secret edit", "other words"))

    # when it is taken back
    world.consumer_does(element(message={"mid": "m-1", "is_deleted": True}))
    world.work()

    # then the agent is told, and only the other one is still known here
    told = [json.loads(call.body)["body"]["event"]["message"] for call in world.far.of("send_text")]
    assert told[-1] == "[took back a message]"
    after = everything_in_the_database()
    assert not any(words in after for words in ("secret words", "secret-picture", "secret edit"))
    assert "other words" in after


def test_what_was_taken_back_is_not_said_by_a_replay(world: World) -> None:
    world.open_conversation()
    world.consumer_says("secret words", mid="m-1")
    world.work()
    event = world.event(source_id="m-1")
    world.consumer_does(element(message={"mid": "m-1", "is_deleted": True}))
    world.work()
    world.far.calls.clear()
    event.state = "dead"
    event.save(update_fields=["state"])
    replay(event.public_id)
    world.work()
    assert world.far.calls == []


def test_nobody_takes_back_what_was_said_on_another_channel(world: World) -> None:
    world.consumer_does(said("other words", "m-1"))
    world.work()
    other = world.event(source_id="m-1")
    forget_words(world.app.id, "m-1")
    assert world.event(pk=other.pk).content == {"type": "text", "text": "other words"}
