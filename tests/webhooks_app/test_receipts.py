"""Receipts of the channels reach LivePerson with its own numbers, once, also when they overtake the message."""

from __future__ import annotations

import contextlib
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.events import Receipt, ReceiptKind
from connector_platform.database import run
from tests.webhooks_app.far_side import CLOSED, answer
from tests.webhooks_app.world import World, element, ended, now_ms, sms, state_change, text_change
from webhooks_app import lanes
from webhooks_app.delivery import receipts
from webhooks_app.delivery.people import person_by_id
from webhooks_app.delivery.receipts import covered
from webhooks_app.sweeper import HELD_DAYS, give_up_held, match_held_receipts

LONG = " ".join(f"word{number}" for number in range(700))


def sent(world: World, conversation: str, sequence: int, *ids: str, text: str = "hi") -> None:
    """An agent's message that the vendor took under these ids, one a part."""
    world.far.script("send_text", *[answer({"recipient_id": "1", "message_id": message_id}) for message_id in ids])
    world.notify(text_change(conversation, sequence, text))
    world.work()
    assert world.event(direction="o", sequence=sequence).state == "done"


def delivery(*ids: str, watermark: int | None = None) -> dict[str, Any]:
    fields: dict[str, Any] = {"mids": list(ids)} if ids else {}
    return element(delivery={**fields, **({"watermark": watermark} if watermark else {})})


def read(watermark: int) -> dict[str, Any]:
    return element(read={"watermark": watermark})


def test_a_delivery_by_id_is_accepted_at_liveperson_once(world: World) -> None:
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1")
    for _ in range(2):
        world.consumer_does(delivery("m_1"))
        world.consumer_does(delivery("m_1", watermark=now_ms()))
        world.work()
    assert world.far.statuses() == [("ACCEPT", (0,))]


def test_a_watermark_covers_everything_that_was_sent_before_it(world: World) -> None:
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1")
    sent(world, conversation, 1, "m_2")
    between = now_ms()
    time.sleep(0.01)
    sent(world, conversation, 2, "m_3")
    world.consumer_does(read(between))
    world.work()
    assert world.far.statuses() == [("READ", (0, 1))]
    world.consumer_does(read(now_ms()))
    world.work()
    assert world.far.statuses() == [("READ", (0, 1)), ("READ", (2,))]


def test_a_cumulative_receipt_covers_what_was_sent_before_the_message_it_names(world: World) -> None:
    # given three messages to one person, and one to another
    conversation = world.open_conversation()
    for sequence, message_id in enumerate(("m_1", "m_2", "m_3")):
        sent(world, conversation, sequence, message_id)
    other = world.open_conversation(person="245002")
    world.far.script("send_text", answer({"recipient_id": "2", "message_id": "m_other"}))
    world.notify(text_change(other, 0, "hi"))
    world.work()
    person, channel_id = person_by_id(world.consumer().id), world.consumer().channel_id

    def sequences(*ids: str, is_cumulative: bool) -> list[tuple[int, ...]]:
        receipt = Receipt(kind=ReceiptKind.READ, message_ids=ids, is_cumulative=is_cumulative)
        return [part.sequences for part in covered(person, channel_id, receipt)]

    # then it covers its message and those before; of another person's message, or one that is not known, it says nothing
    assert sequences("m_2", is_cumulative=True) == [(0, 1)]
    assert sequences("m_2", is_cumulative=False) == [(1,)]
    assert sequences("m_other", is_cumulative=True) == []
    assert sequences("m_unknown", is_cumulative=True) == []


def test_a_receipt_of_one_person_says_nothing_of_anothers_messages(world: World) -> None:
    mine = world.open_conversation()
    sent(world, mine, 0, "m_1")
    world.open_conversation(person="245002")
    world.consumer_does(element(read={"watermark": now_ms()}, person="245002"))
    world.work()
    assert world.far.statuses() == []


def test_a_message_of_several_parts_is_delivered_when_its_last_part_is(world: World) -> None:
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1", "m_2", "m_3", text=LONG)
    for message_id in ("m_1", "m_3"):
        world.consumer_does(delivery(message_id))
        world.work()
        assert world.far.statuses() == []
    world.consumer_does(delivery("m_2"))
    world.work()
    assert world.far.statuses() == [("ACCEPT", (0,))]


def test_read_is_never_made_up_from_delivered(world: World) -> None:
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1")
    world.consumer_does(delivery("m_1", watermark=now_ms()))
    world.consumer_says("I answer without reading")
    world.work()
    assert {status for status, _ in world.far.statuses()} == {"ACCEPT"}


def test_receipts_of_a_survey_name_its_dialog(world: World) -> None:
    conversation = world.open_conversation()
    world.far.script("send_text", answer({"message_id": "m_1"}))
    world.notify(text_change(conversation, 0, "how was it?", dialog_id="survey-1", role="AGENT"))
    world.work()
    world.consumer_does(delivery("m_1"))
    world.work()
    assert b'"dialogId":"survey-1"' in world.far.of("send_accept_status")[0].body


def test_a_receipt_after_the_conversation_was_closed_is_no_failure(world: World) -> None:
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1")
    world.notify(state_change(conversation, world.lp_consumer_id(), stage="CLOSE"))
    world.far.script("send_accept_status", CLOSED)
    world.consumer_does(delivery("m_1"))
    world.work()
    assert ended(world.event(kind="receipt")) == ("done", "sent")


def test_a_receipt_that_liveperson_could_not_take_is_tried_again(world: World) -> None:
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1")
    world.far.script("send_accept_status", answer({}, 503))
    world.consumer_does(delivery("m_1"))
    world.work()
    world.work_on()
    assert world.far.statuses() == [("ACCEPT", (0,))] * 2
    assert ended(world.event(kind="receipt")) == ("done", "sent")


def test_a_channel_that_tells_no_deliveries_has_delivered_what_it_took(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    from dataclasses import replace

    from channels_app.providers.messenger import Messenger

    monkeypatch.setattr(Messenger, "capabilities", replace(Messenger.capabilities, delivered_receipts=False))
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1")
    assert world.far.statuses() == [("ACCEPT", (0,))]


# Receipts that overtake the message's own answer.


def test_a_receipt_that_overtakes_the_answer_is_held_and_matched(world: World) -> None:
    # given: the vendor tells the delivery before it answers the call
    conversation = world.open_conversation()

    def overtake(call: HttpCall) -> HttpResponse:
        world.consumer_does(delivery("m_1"))
        world.work(world.new_engine())
        assert world.event(kind="receipt").state == "held"
        return answer({"recipient_id": "1", "message_id": "m_1"})

    world.far.script("send_text", overtake)
    # when
    world.notify(text_change(conversation, 0, "hi"))
    world.work()
    # then
    assert world.far.statuses() == [("ACCEPT", (0,))]
    assert ended(world.event(kind="receipt")) == ("done", "sent")


@pytest.mark.parametrize("kind", ["delivered", "read"])
def test_a_watermark_that_overtakes_the_answer_is_kept(world: World, kind: str) -> None:
    conversation = world.open_conversation()

    def overtake(call: HttpCall) -> HttpResponse:
        time.sleep(0.01)
        world.consumer_does(delivery("m_1", watermark=now_ms()) if kind == "delivered" else read(now_ms()))
        world.work(world.new_engine())
        return answer({"recipient_id": "1", "message_id": "m_1"})

    world.far.script("send_text", overtake)
    world.notify(text_change(conversation, 0, "hi"))
    world.work()
    assert world.far.statuses() == [("ACCEPT" if kind == "delivered" else "READ", (0,))]


def test_a_watermark_and_the_record_of_its_message_meet_whichever_is_first(world: World) -> None:
    """Both in the same moment, many times over: the delivery is told every time."""
    conversation = world.open_conversation()
    engines = world.new_engine("a"), world.new_engine("b")
    rounds = 40
    for number in range(rounds):
        called = threading.Event()

        def overtake(call: HttpCall, called: threading.Event = called, number: int = number) -> HttpResponse:
            called.set()
            time.sleep(0.004 * (number % 5) / 4)
            return answer({"recipient_id": "1", "message_id": f"m_{number}"})

        world.far.script("send_text", overtake)
        world.notify(text_change(conversation, number, "hi"))
        thread = threading.Thread(target=world.work, args=(engines[0],))
        thread.start()
        assert called.wait(30)
        time.sleep(0.002)
        world.consumer_does(delivery(watermark=now_ms()))
        world.work(engines[1])
        thread.join(30)
        world.work()
    found = sorted(number for status, numbers in world.far.statuses() for number in numbers if status == "ACCEPT")
    assert found == list(range(rounds))


def test_a_receipt_held_in_the_moment_in_which_its_message_was_recorded_is_found_by_the_sweeper(world: World) -> None:
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1")
    world.consumer_does(delivery("m_1"))
    run("UPDATE webhooks_app_event SET state = 'held', awaits = 'm_1' WHERE kind = 'receipt'")
    run("UPDATE webhooks_app_lane SET state = 'idle'")
    assert match_held_receipts() == 1
    world.work()
    assert world.far.statuses() == [("ACCEPT", (0,))]
    assert match_held_receipts() == 0


def test_a_receipt_whose_message_is_recorded_while_it_is_looked_for_is_matched(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a message that is recorded just after a receipt looked for it
    conversation = world.open_conversation()
    sent(world, conversation, 0, "m_1")
    looks: list[Any] = []

    def look(*arguments: Any) -> Any:
        looks.append(arguments)
        return [] if len(looks) == 1 else covered(*arguments)

    covered = receipts.covered
    monkeypatch.setattr(receipts, "covered", look)

    # when
    world.consumer_does(delivery("m_1"))
    world.work()

    # then it is no repetition of an earlier receipt
    assert world.far.statuses() == [("ACCEPT", (0,))]
    assert ended(world.event(kind="receipt")) == ("done", "sent")


def test_a_receipt_of_a_message_that_is_not_ours_is_given_up_in_the_end(world: World) -> None:
    world.open_conversation()
    world.consumer_does(delivery("somebody_elses"))
    world.work()
    assert (world.event(kind="receipt").state, give_up_held()) == ("held", 0)
    world.consumer_says("it holds nothing up")
    world.work()
    assert world.far.texts() == ["it holds nothing up"]
    run("UPDATE webhooks_app_event SET received_at = received_at - make_interval(days => %s)", [HELD_DAYS + 1])
    assert give_up_held() == 1
    assert ended(world.event(kind="receipt")) == ("skipped", "no_such_message")


# An SMS gateway names no person in its reports, and numbers each part.


@pytest.fixture
def gateway(world: World) -> tuple[Any, str]:
    channel = sms(world.app)
    world.gateway_posts(channel, "/receive", {"from": "+31612345678", "text": "hello", "id": "s1"})
    world.work()
    world.far.calls.clear()
    return channel, world.far.created[-1]


def report(world: World, channel: Any, message_id: str, status: str) -> None:
    assert world.gateway_posts(channel, "/status", {"id": message_id, "status": status}).status == 200
    world.work()


def test_a_delivery_report_without_a_person_finds_its_message(world: World, gateway: tuple[Any, str]) -> None:
    channel, conversation = gateway
    sent(world, conversation, 0)
    message_id = run("SELECT provider_message_id FROM webhooks_app_deliveredmessage ORDER BY id LIMIT 1")[0][0]
    report(world, channel, message_id, "DELIVRD")
    assert world.far.statuses() == [("ACCEPT", (0,))]


def test_our_own_id_of_a_message_will_do_in_a_report(world: World, gateway: tuple[Any, str]) -> None:
    channel, conversation = gateway
    sent(world, conversation, 0)
    report(world, channel, str(world.event(direction="o").public_id), "DELIVRD")
    assert world.far.statuses() == [("ACCEPT", (0,))]


def test_an_early_report_without_a_person_is_held_and_matched(world: World, gateway: tuple[Any, str]) -> None:
    channel, conversation = gateway

    def overtake(call: HttpCall) -> HttpResponse:
        world.gateway_posts(channel, "/status", {"id": "gw-7", "status": "DELIVRD"})
        world.work(world.new_engine())
        return answer({"id": "gw-7"})

    world.far.script("send_text", overtake)
    world.notify(text_change(conversation, 0, "hi"))
    world.work()
    assert world.far.statuses() == [("ACCEPT", (0,))]


def test_a_report_of_failure_is_told_to_the_agent_and_shown_on_the_message(world: World, gateway: tuple[Any, str]) -> None:
    channel, conversation = gateway
    world.far.script("send_text", answer({"id": "gw-7"}))
    sent(world, conversation, 0)
    report(world, channel, "gw-7", "UNDELIV")
    assert world.far.statuses() == [("NACK", (0,))]
    assert ended(world.event(direction="o")) == ("dead", "failed_at_vendor")


def two_parts(world: World, gateway: tuple[Any, str]) -> tuple[Any, str]:
    """The gateway took a message of two SMS under gw-1 and gw-2; each has our own id as well."""
    channel, conversation = gateway
    channel.config = {**channel.config, "outbound": {**channel.config["outbound"], "split": "us"}}
    channel.save()
    world.far.script("send_text", answer({"id": "gw-1"}), answer({"id": "gw-2"}))
    world.notify(text_change(conversation, 0, " ".join("word" for _ in range(50))))
    world.work()
    assert run("SELECT count(DISTINCT part), count(*) FROM webhooks_app_deliveredmessage") == [(2, 4)]
    return channel, conversation


@pytest.mark.parametrize("ids", ["theirs", "ours", "both"])
def test_two_sms_of_one_message_are_delivered_when_both_are_by_whichever_id(world: World, gateway: tuple[Any, str], ids: str) -> None:
    channel, _ = two_parts(world, gateway)
    ours = str(world.event(direction="o").public_id)
    first, second = {"theirs": ("gw-1", "gw-2"), "ours": (ours, f"{ours}-2"), "both": ("gw-1", f"{ours}-2")}[ids]
    report(world, channel, first, "DELIVRD")
    assert world.far.statuses() == []
    report(world, channel, second, "DELIVRD")
    assert world.far.statuses() == [("ACCEPT", (0,))]


def test_reports_on_both_parts_at_once_are_told_all_the_same(
    world: World, gateway: tuple[Any, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each has a lane of its own: neither worker may see the other's part as open for ever."""
    channel, _ = two_parts(world, gateway)
    covered, meeting = receipts.covered, threading.Barrier(2)

    def slowly(*arguments: Any) -> Any:
        found = covered(*arguments)
        with contextlib.suppress(threading.BrokenBarrierError):
            meeting.wait(1)
        return found

    monkeypatch.setattr(receipts, "covered", slowly)
    # when
    for message_id in ("gw-1", "gw-2"):
        world.gateway_posts(channel, "/status", {"id": message_id, "status": "DELIVRD"})
    claims = lanes.claim(world.engine.worker, 20)
    assert len(claims) == 2
    with ThreadPoolExecutor(2) as workers:
        list(workers.map(world.engine.drain, claims))
    world.work()
    # then
    assert world.far.statuses() == [("ACCEPT", (0,))]


@pytest.mark.parametrize("order", [("DELIVRD", "UNDELIV"), ("UNDELIV", "DELIVRD")])
def test_one_part_that_failed_fails_the_message_and_it_is_never_called_delivered(
    world: World, gateway: tuple[Any, str], order: tuple[str, str]
) -> None:
    # given: a message of two parts
    channel, _ = two_parts(world, gateway)
    # when
    report(world, channel, "gw-1", order[0])
    report(world, channel, "gw-2", order[1])
    # then
    assert world.far.statuses() == [("NACK", (0,))]
    assert world.event(direction="o").state == "dead"
