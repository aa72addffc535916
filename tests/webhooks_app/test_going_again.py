"""What the vendor had taken and then could not deliver: what goes out anew, how often, and what is told when."""

from __future__ import annotations

import json
import uuid
from typing import Any

import pytest

from channels_app.models import Channel
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.database import run
from tests.webhooks_app.deliveries import age
from tests.webhooks_app.whatsapp_number import NOOR, calls_back, sent, taken, waits_s, writes
from tests.webhooks_app.world import World, ended, state_change, text_change

MEDIA = 131053


def reported(world: World, number: Channel, message_id: str, code: int | None) -> None:
    """A status comes for the message: failed with this code, else delivered."""
    failed = {"status": "failed", "errors": [{"code": code, "title": "words of Meta"}]} if code else {"status": "delivered"}
    calls_back(number, statuses=[{"id": message_id, "timestamp": "1793001600", "recipient_id": NOOR, **failed}])
    world.work()


def says(world: World, number: Channel, *texts: str, takes: int | tuple[Any, ...] = 1) -> str:
    """The person writes, the agent answers, and Meta takes so many messages, or answers so; the conversation."""
    noor = writes(world, number, NOOR)
    world.far.script("send_text", *(takes if isinstance(takes, tuple) else [taken(f"wamid.{count}") for count in range(1, takes + 1)]))
    for sequence, text in enumerate(texts):
        world.notify(text_change(noor, sequence, text))
    world.work()
    return noor


def message(world: World, sequence: int = 0) -> Any:
    return world.event(direction="o", kind="text", sequence=sequence)


def test_it_goes_out_twice_more_then_the_agent_reads_why(world: World, number: Channel) -> None:
    noor = says(world, number, "one", takes=3)
    # when it fails for a reason that passes, it waits a while and goes out anew; LivePerson hears nothing
    for count, wait in ((1, 10), (2, 60)):
        reported(world, number, f"wamid.{count}", MEDIA)
        assert (message(world).state, message(world).outcome) == ("waiting", "again")
        assert wait - 1 < waits_s(noor) <= wait * 1.1
        world.work_on()
        assert sent(world) == [(NOOR, "one")] * (count + 1)
        assert world.far.statuses() == []
    # until it failed for the third time
    reported(world, number, "wamid.3", MEDIA)
    assert ended(message(world)) == ("dead", "failed_at_vendor")
    assert world.far.statuses() == [("NACK", (0,))]
    assert any("could not fetch the file" in text for text in world.far.texts())
    assert len(sent(world)) == 3


def test_what_arrives_the_second_time_is_delivered(world: World, number: Channel) -> None:
    says(world, number, "one", takes=2)
    reported(world, number, "wamid.1", 131000)
    world.work_on()
    reported(world, number, "wamid.2", None)
    assert world.far.statuses() == [("ACCEPT", (0,))]
    assert ended(message(world)) == ("done", "sent")


def test_it_goes_before_what_the_agent_wrote_after_it(world: World, number: Channel) -> None:
    noor = says(world, number, "one", takes=3)
    reported(world, number, "wamid.1", MEDIA)
    world.notify(text_change(noor, 1, "two"))
    world.work()
    assert sent(world) == [(NOOR, "one")], "the second waits behind the first"
    world.work_on()
    assert sent(world)[1:] == [(NOOR, "one"), (NOOR, "two")]


def test_a_report_on_a_sending_that_was_replaced_changes_nothing(world: World, number: Channel) -> None:
    says(world, number, "one", takes=2)
    reported(world, number, "wamid.1", MEDIA)
    world.work_on()
    # given a receipt of the first sending that was cut off behind its effect, and is worked on a second time
    run("UPDATE webhooks_app_event SET state = 'waiting' WHERE direction = 'i' AND outcome = 'sent_again'")
    run("UPDATE webhooks_app_lane SET state = 'ready', due_at = now(), tail = tail + 1 WHERE direction = 'i'")
    world.work()
    assert ended(message(world)) == ("done", "sent")
    assert len(sent(world)) == 2
    assert world.far.statuses() == []


@pytest.mark.parametrize("code", [131026, 131051, 130497, 131047, 999999])
def test_what_will_not_pass_is_told_at_once(world: World, number: Channel, code: int) -> None:
    says(world, number, "one")
    reported(world, number, "wamid.1", code)
    assert ended(message(world)) == ("dead", "failed_at_vendor")
    assert world.far.statuses() == [("NACK", (0,))]
    number.refresh_from_db()
    assert number.state == "active"


def test_what_is_too_old_does_not_go_out_anew(world: World, number: Channel) -> None:
    says(world, number, "one")
    age(world, 86401)
    reported(world, number, "wamid.1", MEDIA)
    assert ended(message(world)) == ("dead", "failed_at_vendor")


def test_of_several_messages_none_goes_out_anew(world: World, number: Channel) -> None:
    """The parts that arrived would arrive again."""
    says(world, number, " ".join(f"word{number:04}" for number in range(500)), takes=2)
    assert len(sent(world)) == 2
    reported(world, number, "wamid.2", MEDIA)
    assert ended(message(world)) == ("dead", "failed_at_vendor")
    assert len(sent(world)) == 2


@pytest.mark.parametrize("code", [131042, 131031, 368])
def test_a_refused_account_breaks_the_channel_and_loses_nothing(world: World, number: Channel, code: int) -> None:
    noor = says(world, number, "one", "two", takes=5)
    # given messages that were taken, and then reported as refused for the account
    reported(world, number, "wamid.1", code)
    reported(world, number, "wamid.2", code)
    world.notify(text_change(noor, 2, "three"))
    world.work()
    # then an operator reads why, and nothing more goes out
    number.refresh_from_db()
    assert number.state == "broken"
    assert f"(code {code})" in number.state_reason
    assert len(sent(world)) == 2
    assert world.far.statuses() == []
    # when the account works again, all of them go out in their order
    from channels_app.services.channels import update_channel
    from webhooks_app.sweeper import unpark

    update_channel(number, state="active")
    unpark()
    world.engine = world.new_engine()
    world.work_on()
    assert sent(world)[2:] == [(NOOR, "one"), (NOOR, "two"), (NOOR, "three")]
    assert {ended(event) for event in world.events(direction="o", kind="text")} == {("done", "sent")}


def test_a_notice_of_a_change_is_not_repeated_for_its_words(world: World, number: Channel) -> None:
    world.decide(number, texts={"closed_by_agent": "Goodbye."})
    noor = says(world, number, takes=1)
    world.notify(state_change(noor, world.lp_consumer_id(NOOR), stage="CLOSE", close_reason="AGENT"))
    world.work()
    assert sent(world) == [(NOOR, "Goodbye.")]
    reported(world, number, "wamid.1", MEDIA)
    assert ended(world.event(kind="conversation_change")) == ("dead", "failed_at_vendor")
    assert len(sent(world)) == 1


def test_an_early_report_is_matched_and_sends_it_again(world: World, number: Channel) -> None:
    def overtaken(call: HttpCall) -> HttpResponse:
        reported(world, number, "wamid.1", MEDIA)
        return taken("wamid.1")

    says(world, number, "one", takes=(overtaken, taken("wamid.2")))
    world.work_on()
    assert sent(world) == [(NOOR, "one")] * 2
    assert ended(message(world)) == ("done", "sent")


def test_another_channels_report_of_the_same_id_touches_nothing(world: World, number: Channel) -> None:
    from connector_platform.core.events import Receipt, ReceiptKind
    from webhooks_app.delivery.again import send_again

    says(world, number, "one")
    receipt = Receipt(kind=ReceiptKind.FAILED, message_ids=("wamid.1",), reason="it passes", again=2)
    assert send_again(uuid.uuid4(), receipt) is None
    assert ended(message(world)) == ("done", "sent")
    assert json.loads(world.far.of("send_text")[0].body)["to"] == NOOR
