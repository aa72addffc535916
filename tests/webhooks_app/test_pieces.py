"""Long texts that come piece by piece: one message for the agent, in one call, whatever happens in between."""

from __future__ import annotations

from typing import Any

import pytest

from channels_app.models import Channel
from channels_app.providers._sms.inbound import MAX_PIECES
from connector_platform.core.calls import HttpResponse
from connector_platform.core.errors import ServerFault
from connector_platform.database import run
from tests.webhooks_app.deliveries import Killed, die
from tests.webhooks_app.world import World, ended, sms
from webhooks_app.delivery import pieces
from webhooks_app.delivery.engine import LOOK_AHEAD

pytestmark = pytest.mark.django_db(transaction=True)

ANA, BEN = "+31612345678", "+31612345679"


@pytest.fixture
def channel(world: World) -> Channel:
    row = sms(world.app)
    row.config["inbound"]["fields"] = {"concat_reference": ["ref"], "concat_part": ["part"], "concat_total": ["total"]}
    row.save()
    return row


def comes(world: World, channel: Channel, text: str, part: int = 0, total: int = 3, *, ref: str = "a", person: str = ANA) -> None:
    """The gateway posts a whole message, or a piece of one."""
    fields: dict[str, Any] = {"ref": ref, "part": part, "total": total} if part else {}
    body = {"from": person, "text": text, "id": f"{person}-{ref}-{part}-{text}", **fields}
    assert world.gateway_posts(channel, "/receive", body).status == 200


def waited(seconds: float) -> None:
    """So much time goes by for all that has come so far."""
    run("UPDATE webhooks_app_event SET received_at = received_at - make_interval(secs => %s)", [seconds])


def test_pieces_reach_the_agent_as_one_message_in_their_own_order(world: World, channel: Channel) -> None:
    # given
    comes(world, channel, "over the ", 2)
    comes(world, channel, "lazy dog ", 3)
    world.work()
    assert world.far.calls == []
    assert world.lane(direction="i").state == "gap"
    # when the missing one comes
    comes(world, channel, "The fox jumps ", 1)
    world.work()
    # then
    assert world.far.texts() == ["The fox jumps over the lazy dog"]
    assert [ended(event) for event in world.events(direction="i")] == [("done", "sent"), ("done", "joined"), ("done", "joined")]
    assert world.lane(direction="i").state == "idle"


def test_as_many_pieces_as_a_vendor_may_name_are_joined_behind_a_queue(world: World, channel: Channel) -> None:
    said = [f"hello {number}" for number in range(LOOK_AHEAD - 1)]
    for words in said:
        comes(world, channel, words)
    for number in range(MAX_PIECES, 0, -1):
        comes(world, channel, f"<{number}>", number, MAX_PIECES)
    world.work()
    assert world.far.texts() == [*said, "".join(f"<{number}>" for number in range(1, MAX_PIECES + 1))]


def test_the_wait_ends_after_a_minute_and_each_piece_says_which_it_is(world: World, channel: Channel) -> None:
    comes(world, channel, "The fox jumps", 1)
    comes(world, channel, "lazy dog", 3)
    comes(world, channel, "hello?")
    world.work()
    assert world.far.texts() == []
    waited(pieces.WAIT_S)
    world.work_on()
    assert world.far.texts() == ["(1/3) The fox jumps", "(3/3) lazy dog", "hello?"]
    # and one that comes too late waits for nobody's sake but its own
    comes(world, channel, "over the", 2)
    waited(pieces.WAIT_S)
    world.work_on()
    assert world.far.texts()[-1] == "(2/3) over the"


def test_what_comes_behind_a_piece_keeps_its_place(world: World, channel: Channel) -> None:
    comes(world, channel, "first half, ", 1, 2)
    comes(world, channel, "whole")
    world.work()
    assert world.far.texts() == []
    comes(world, channel, "second half", 2, 2)
    world.work()
    assert world.far.texts() == ["first half, second half", "whole"]


def test_pieces_of_other_texts_and_of_other_people_are_not_mixed_in(world: World, channel: Channel) -> None:
    for text, ref, person in (("a1 ", "a", ANA), ("b1 ", "b", ANA), ("c1 ", "a", BEN)):
        comes(world, channel, text, 1, 2, ref=ref, person=person)
    for text, ref, person in (("b2", "b", ANA), ("c2", "a", BEN), ("a2", "a", ANA)):
        comes(world, channel, text, 2, 2, ref=ref, person=person)
    world.work_on()
    assert sorted(world.far.texts()) == ["a1 a2", "b1 b2", "c1 c2"]


def test_a_reference_that_is_used_again_later_belongs_to_another_text(world: World, channel: Channel) -> None:
    comes(world, channel, "lost its end", 1, 2)
    waited(pieces.WAIT_S + 1)
    comes(world, channel, "an end alone", 2, 2)
    world.work_on()
    assert world.far.texts() == ["(1/2) lost its end"]
    waited(pieces.WAIT_S)
    world.work_on()
    assert world.far.texts() == ["(1/2) lost its end", "(2/2) an end alone"]


def test_a_retry_joins_what_was_joined_before(world: World, channel: Channel) -> None:
    # given LivePerson out of order
    world.far.script("send_text", ServerFault("down"))
    comes(world, channel, "one ", 1, 2)
    comes(world, channel, "two", 2, 2)
    world.work()
    assert [event.state for event in world.events(direction="i")] == ["waiting", "waiting"]
    # when it works again, long after
    waited(pieces.WAIT_S * 10)
    world.work_on()
    # then
    assert world.far.texts()[-1] == "one two"
    assert {event.state for event in world.events(direction="i")} == {"done"}


def test_a_worker_that_dies_before_it_records_the_whole_does_not_say_its_pieces_again(
    world: World, channel: Channel, settings: Any
) -> None:
    # given
    settings.RECONCILE_WAIT_S = 0
    comes(world, channel, "one ", 1, 2)
    comes(world, channel, "two", 2, 2)

    world.far.script("send_text", die)
    with pytest.raises(Killed):
        world.work()
    # when another worker takes over
    world.crash()
    for _ in range(6):
        waited(pieces.WAIT_S)
        world.work_on(world.new_engine())
    # then the whole is what is said again, and nothing in pieces
    assert set(world.far.texts()) == {"one two"}
    assert {event.state for event in world.events(direction="i")} == {"done"}


def test_what_liveperson_refuses_ends_with_all_its_pieces(world: World, channel: Channel) -> None:
    world.far.script("send_text", HttpResponse(status=400))
    comes(world, channel, "one ", 1, 2)
    comes(world, channel, "two", 2, 2)
    comes(world, channel, "next")
    world.work()
    assert [event.state for event in world.events(direction="i")] == ["dead", "dead", "done"]
    assert world.far.texts()[-1] == "next"
