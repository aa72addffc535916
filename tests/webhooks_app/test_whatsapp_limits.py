"""Meta's rate limits through the engine: who waits, how long, and that nothing is lost, doubled or overtaken meanwhile."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.models import Channel
from connector_platform.database import run
from tests.webhooks_app.whatsapp_number import JAN, NOOR, limited, sent, taken, waits_s, writes
from tests.webhooks_app.world import World, accept_change, ended, text_change

CHANNEL_LIMITS = [(130429, 403), (80007, 400), (131048, 400), (131064, 400), (613, 429), (4, 400)]


def test_the_limit_of_a_pair_holds_up_its_person_only_and_nothing_is_overtaken(world: World, number: Channel) -> None:
    # given two people, and a limit that the first message meets
    noor, jan = writes(world, number, NOOR), writes(world, number, JAN)
    world.far.script("send_text", limited(131056, 403), taken("wamid.1"), taken("wamid.2"), taken("wamid.3"))
    world.notify(text_change(noor, 0, "one"))
    world.work()
    # when more is written, to both
    world.notify(text_change(noor, 1, "two"))
    world.notify(text_change(jan, 0, "for Jan"))
    world.work()
    # then Jan has his, and Noor's wait behind the first
    assert sent(world) == [(NOOR, "one"), (JAN, "for Jan")]
    assert (first_of(world, noor).outcome, first_of(world, noor).tries) == ("throttled", 1)
    # and after the wait they follow in their order
    world.work_on()
    assert sent(world)[2:] == [(NOOR, "one"), (NOOR, "two")]
    all_arrived(world, number)


@pytest.mark.parametrize(("code", "status"), CHANNEL_LIMITS)
def test_a_limit_of_the_number_holds_what_goes_to_anybody(world: World, number: Channel, code: int, status: int) -> None:
    noor, jan = writes(world, number, NOOR), writes(world, number, JAN)
    world.far.script("send_text", limited(code, status, **{"retry-after": "30"}), taken("wamid.1"), taken("wamid.2"))
    world.notify(text_change(noor, 0, "one"))
    world.work()
    world.notify(text_change(jan, 0, "for Jan"))
    world.work()
    assert sent(world) == [(NOOR, "one")]
    assert (first_of(world, jan).outcome, first_of(world, jan).tries) == ("throttled", 0)
    assert 25 < waits_s(jan) <= 33
    world.engine = world.new_engine()
    world.work_on()
    assert sorted(sent(world)[1:]) == [(NOOR, "one"), (JAN, "for Jan")]
    all_arrived(world, number)


def first_of(world: World, conversation: str) -> Any:
    return world.event(direction="o", kind="text", sequence=0, conversation__liveperson_id=conversation)


def all_arrived(world: World, number: Channel) -> None:
    assert {ended(event) for event in world.events(direction="o", kind="text")} == {("done", "sent")}
    number.refresh_from_db()
    assert number.state == "active", "a limit breaks no channel, whatever its HTTP status"


def test_to_one_person_six_seconds_are_waited_and_longer_ever_after(world: World, number: Channel) -> None:
    noor = writes(world, number, NOOR)
    world.far.script("send_text", *[limited(131056, 403)] * 5)
    world.notify(text_change(noor, 0, "one"))
    world.work()
    waits = [waits_s(noor)]
    for _ in range(4):
        world.work_on()
        waits.append(waits_s(noor))
    assert [round(wait) for wait in waits[:3]] == [6, 6, 6]
    assert 7.5 < waits[3] < 9
    assert 14.5 < waits[4] < 17


@pytest.mark.parametrize("code", [130429, 131048, 80007])
def test_other_limits_begin_with_a_second_where_meta_says_nothing(world: World, number: Channel, code: int) -> None:
    noor = writes(world, number, NOOR)
    world.far.script("send_text", limited(code, 403), limited(code, 403))
    world.notify(text_change(noor, 0, "one"))
    world.work()
    assert 0.8 < waits_s(noor) < 1.2
    world.engine = world.new_engine()
    world.work_on()
    assert 1.8 < waits_s(noor) < 2.3


USAGE = json.dumps({"102200000000033": [{"type": "whatsapp", "estimated_time_to_regain_access": 5}]})


@pytest.mark.parametrize(
    ("code", "headers", "seconds"),
    [
        (80007, {"x-business-use-case-usage": USAGE}, 300),
        (131048, {"retry-after": "600"}, 600),
        (130429, {"retry-after": "3"}, 3),
        (131056, {"retry-after": "30"}, 30),
    ],
)
def test_metas_own_wait_is_kept(world: World, number: Channel, code: int, headers: dict[str, str], seconds: int) -> None:
    noor = writes(world, number, NOOR)
    world.far.script("send_text", limited(code, 403, **headers))
    world.notify(text_change(noor, 0, "one"))
    world.work()
    assert seconds - 2 < waits_s(noor) <= seconds * 1.1


def test_a_long_text_goes_on_where_the_limit_cut_it(world: World, number: Channel) -> None:
    noor = writes(world, number, NOOR)
    world.far.script("send_text", taken("wamid.1"), limited(131056, 403), taken("wamid.2"), taken("wamid.3"))
    world.notify(text_change(noor, 0, " ".join(f"word{number:04}" for number in range(1000))))
    world.work()
    assert round(waits_s(noor)) == 6
    world.work_on()
    pieces = [text for _, text in sent(world)]
    assert (len(pieces), pieces[1]) == (4, pieces[2])
    rows: Any = run("SELECT provider_message_id FROM webhooks_app_deliveredmessage ORDER BY part")
    assert [row[0] for row in rows] == ["wamid.1", "wamid.2", "wamid.3"]


def test_a_limit_on_marks_is_let_go(world: World, number: Channel) -> None:
    noor = writes(world, number, NOOR)
    world.far.script("mark_read", limited(130429, 403))
    world.notify(accept_change(noor, 0, [101]))
    world.work()
    assert len(world.far.of("mark_read")) == 1
    assert world.event(direction="o", kind="receipt").state == "skipped"
