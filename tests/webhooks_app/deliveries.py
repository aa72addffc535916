"""What the tests of deliveries do alike."""

from __future__ import annotations

from typing import Any

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.database import run
from tests.webhooks_app.world import World, sms, text_change

LONG = " ".join(f"word{number}" for number in range(1000))


def waits_s(direction: str) -> float:
    """How long the lane of this direction waits from now on; seconds."""
    return float(run("SELECT extract(epoch FROM due_at - now()) FROM webhooks_app_lane WHERE direction = %s", [direction])[0][0])


def age(world: World, seconds: float) -> None:
    """Everything that is known of the events happened ``seconds`` earlier."""
    run(
        "UPDATE webhooks_app_event SET received_at = received_at - make_interval(secs => %s), started_at = started_at - make_interval(secs => %s)",
        [seconds, seconds],
    )


def echo(world: World, conversation: str, sequence: int, text: str) -> None:
    assert world.notify(text_change(conversation, sequence, text, role="CONSUMER", originator=world.lp_consumer_id())).echo == 1


class Killed(BaseException):
    """The process dies here."""


def die(call: HttpCall) -> HttpResponse:
    raise Killed


def agent_says(world: World, conversation: str, sequence: int, text: str) -> None:
    world.notify(text_change(conversation, sequence, text))


def out(world: World, sequence: int) -> Any:
    return world.event(direction="o", sequence=sequence)


def receive_gateway_message(world: World, **outbound: Any) -> tuple[Any, str]:
    """An SMS channel and the conversation of a person who wrote to it."""
    channel = sms(world.app, **outbound)
    world.gateway_posts(channel, "/receive", {"from": "+31612345678", "text": "hello", "id": "s1"})
    world.work()
    world.far.calls.clear()
    return channel, world.far.created[-1]
