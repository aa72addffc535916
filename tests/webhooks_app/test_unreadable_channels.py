"""A channel whose stored configuration another version wrote: nothing is lost, nobody else is held, and it says what to do."""

from __future__ import annotations

from typing import Any

import pytest
from django_scopes import scopes_disabled

from channels_app.models import Channel, ProviderApp
from channels_app.selectors import configs
from connector_platform.database import run
from tests.webhooks_app.far_side import FarSide
from tests.webhooks_app.world import World, ended, said, sms, text_change
from webhooks_app.services import checks
from webhooks_app.sweeper import unpark

WORDS = "what is stored does not fit this version (future)"


def write(channel: Channel, **stored: Any) -> None:
    """As another version would."""
    with scopes_disabled():
        Channel.objects.filter(pk=channel.pk).update(**stored)
    configs.forget()


@pytest.fixture(params=["config", "options"])
def stored(request: pytest.FixtureRequest, world: World) -> dict[str, Any]:
    """Of the world's channel: what only another version can read."""
    return {request.param: {**getattr(world.channel, request.param), "future": "canary-0001"}}


def test_a_channel_with_callbacks_of_its_own_asks_the_vendor_to_come_back(world: World) -> None:
    channel = sms(world.app)
    good = channel.config
    write(channel, config={**good, "future": 1})
    answer = world.gateway_posts(channel, "/receive", {"from": "+31612340001", "to": "+15550100", "text": "hi", "id": "1"})
    assert answer.status == 503
    assert WORDS in answer.body.decode()
    assert run("SELECT count(*) FROM webhooks_app_event") == [(0,)]
    # and it takes them once it can be read
    write(channel, config=good)
    assert world.gateway_posts(channel, "/receive", {"from": "+31612340001", "to": "+15550100", "text": "hi", "id": "1"}).status == 200


def test_behind_a_provider_app_callbacks_are_kept_and_delivered_later(world: World, stored: dict[str, Any]) -> None:
    good = {name: getattr(world.channel, name) for name in stored}
    write(world.channel, **stored)
    assert world.consumer_does(said("hello", "m-1")).status == 200
    world.work()
    assert world.far.texts() == []
    event = world.event(direction="i")
    assert (event.state, event.outcome) == ("waiting", "channel_active")
    assert WORDS in event.detail and "canary" not in event.detail
    # when it can be read again, nobody has to do anything more
    write(world.channel, **good)
    unpark()
    world.work()
    assert world.far.texts() == ["hello"]


def test_a_provider_app_that_cannot_be_read_asks_the_vendor_to_come_back_and_its_channels_wait(world: World) -> None:
    conversation = world.open_conversation()
    good = world.meta.config
    with scopes_disabled():
        ProviderApp.objects.filter(pk=world.meta.pk).update(config={**good, "future": "canary-0001"})
    configs.forget()
    answer = world.consumer_does(said("hello", "m-2"))
    assert answer.status == 503 and b"does not fit this version (future)" in answer.body and b"canary" not in answer.body
    world.notify(text_change(conversation, 0, "an answer"))
    world.work()
    assert world.far.phone() == []
    # when it can be read again
    with scopes_disabled():
        ProviderApp.objects.filter(pk=world.meta.pk).update(config=good)
    configs.forget()
    unpark()
    world.work()
    assert world.far.phone() == ["an answer"]
    assert world.consumer_does(said("hello", "m-2")).status == 200


def test_answers_wait_too(world: World, stored: dict[str, Any]) -> None:
    conversation = world.open_conversation()
    good = {name: getattr(world.channel, name) for name in stored}
    write(world.channel, **stored)
    world.notify(text_change(conversation, 0, "an answer"))
    world.work()
    assert world.far.phone() == []
    write(world.channel, **good)
    unpark()
    world.work()
    assert world.far.phone() == ["an answer"]
    assert ended(world.event(direction="o")) == ("done", "sent")


def test_the_connection_test_says_what_to_do(world: World, stored: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checks, "_client", FarSide)
    write(world.channel, **stored)
    result = checks.check_channel(world.channel.id)
    assert (result.ok, result.code, result.was_asked) == (False, "channel_unreadable", False)
    assert "correct it and save it" in result.message
