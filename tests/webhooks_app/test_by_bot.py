"""Who wrote what goes to the consumer: carried from LivePerson's notification to the provider, which may not send a bot's words late."""

from __future__ import annotations

from typing import Any

import pytest

from channels_app.providers.base import SendContext, Sent
from channels_app.providers.registry import PROVIDERS
from connector_platform.core.calls import Steps
from connector_platform.core.events import RichContent, Text
from connector_platform.database import run
from tests.webhooks_app.world import World, event_change, state_change, text_change

pytestmark = pytest.mark.django_db(transaction=True)

BOT = {"metadata": [{"type": "BotResponse", "intents": [{"id": "i-1", "name": "greeting", "confidenceScore": 0.9}]}]}
CARD = {"type": "RichContentEvent", "content": {"type": "vertical", "elements": [{"type": "text", "text": "A card"}]}}


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, bool]]:
    """What the provider was given: the words, and whether a bot is known to have written them."""
    found: list[tuple[str, bool]] = []

    def send(content: Any, config: Any, context: SendContext) -> Steps[Sent]:
        words = content.text if isinstance(content, Text | RichContent) else ""
        found.append((words, context.by_bot))
        yield from ()
        return Sent(parts=((f"m_{len(found)}",),))

    monkeypatch.setattr(PROVIDERS["messenger"], "send", send)
    return found


def test_a_bots_message_is_known_as_such_and_an_agents_is_not(world: World, sent: list[tuple[str, bool]]) -> None:
    conversation = world.open_conversation()
    # One webhook with several changes and webhooks with one are written down by different statements.
    world.notify(
        text_change(conversation, 0, "bot") | BOT, text_change(conversation, 1, "agent"), event_change(conversation, 2, CARD) | BOT
    )
    world.notify(text_change(conversation, 3, "automatic", role="CONTROLLER"))
    world.notify(text_change(conversation, 4, "manager", role="MANAGER"))
    world.work()
    assert sent == [("bot", True), ("agent", False), ("", True), ("automatic", True), ("manager", False)]
    assert [one.by_bot for one in world.events(direction="o")] == [True, False, True, True, False]


def test_what_consumers_do_is_nobodys_bot(world: World) -> None:
    world.open_conversation()
    assert [one.by_bot for one in world.events(direction="i")] == [False]


def test_a_retry_and_another_worker_still_know_it(world: World, sent: list[tuple[str, bool]]) -> None:
    conversation = world.open_conversation()
    world.notify(text_change(conversation, 0, "bot") | BOT)
    run("UPDATE webhooks_app_event SET state = 'sending', tries = 1 WHERE direction = 'o'")
    world.work(world.new_engine())
    assert sent == [("bot", True)]


def test_the_platforms_own_words_are_no_persons(world: World, sent: list[tuple[str, bool]]) -> None:
    world.decide(texts={"agent_joined": "An agent is here", "survey_rating": "How was it?"}, survey={"enabled": True})
    conversation, consumer = world.open_conversation(), world.lp_consumer_id()
    world.notify(state_change(conversation, consumer, agents=["a-1"]))
    world.work_on()
    world.notify(state_change(conversation, consumer, at_ms=1793001600001, stage="CLOSE", close_reason="AGENT"))
    world.work_on()
    assert sent == [("An agent is here", True), ("How was it?", True)]
