"""Typing and read marks towards the consumer."""

from __future__ import annotations

from typing import Any

import pytest

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.registry import PROVIDERS
from connector_platform.core.calls import Steps
from connector_platform.core.errors import ServerFault
from connector_platform.database import run
from tests.webhooks_app.world import (
    World,
    accept_change,
    ended,
    text_change,
    typing_change,
)


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
