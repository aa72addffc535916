"""LivePerson's webhooks: whose they are, what of them concerns us, and that the rest leaves nothing."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from channels_app.models import LivePersonApp
from channels_app.selectors import configs
from connector_platform.database import hot_pool, run
from tests.webhooks_app.far_side import ALREADY_OPEN, lp_id
from tests.webhooks_app.world import (
    CLIENT_SECRET,
    PERSON,
    World,
    accept_change,
    brand,
    deadlocks,
    ended,
    event_change,
    everything_in_the_database,
    liveperson_app,
    lp_headers,
    meta_body,
    meta_headers,
    page,
    said,
    send,
    state_change,
    text_change,
    typing_change,
    webhook_body,
)
from webhooks_app.sweeper import ORPHAN_S, bind_orphans, drop_orphans

Entry = Callable[..., Any]


def path(world: World, *, shared: bool = False) -> str:
    return "/webhooks/liveperson" if shared else f"/webhooks/liveperson/{world.app.id}"


@pytest.mark.parametrize("shared", [False, True], ids=["own_address", "shared_address"])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
@pytest.mark.parametrize("hexadecimal", [False, True], ids=["base64", "hex"])
def test_all_four_forms_of_the_signature_are_accepted(world: World, entry: Entry, shared: bool, algorithm: str, hexadecimal: bool) -> None:
    conversation = world.open_conversation()
    body = webhook_body(text_change(conversation, 1, "café 😀"))
    answered = send(entry, path(world, shared=shared), body, lp_headers(body, world.app, algorithm=algorithm, hexadecimal=hexadecimal))
    assert answered.status == 200
    assert world.event(direction="o").content["text"] == "café 😀"


def test_the_previous_secret_is_accepted_while_it_is_there(world: World, entry: Entry) -> None:
    # given
    world.app.previous_client_secret, world.app.client_secret = CLIENT_SECRET, "the-new-secret"
    world.app.save()
    body = webhook_body(text_change("X", 1, "hi"))
    # when / then
    assert send(entry, path(world), body, lp_headers(body, world.app)).status == 200
    assert send(entry, path(world), body, lp_headers(body, world.app, secret="the-new-secret")).status == 200
    world.app.previous_client_secret = None
    world.app.save()
    assert send(entry, path(world), body, lp_headers(body, world.app)).status == 401


@pytest.mark.parametrize("wrong", ["signature", "none", "account", "client", "body"])
@pytest.mark.parametrize("shared", [False, True], ids=["own_address", "shared_address"])
def test_what_liveperson_did_not_sign_for_this_app_is_refused(world: World, entry: Entry, wrong: str, shared: bool) -> None:
    conversation = world.open_conversation()
    body = webhook_body(text_change(conversation, 1, "forged"))
    headers = lp_headers(body, world.app)
    match wrong:
        case "signature":
            headers = lp_headers(body, world.app, secret="guess")
        case "none":
            del headers["X-Liveperson-Signature"]
        case "account":
            headers["X-Liveperson-Account-Id"] = "7654321"
        case "client":
            headers["X-Liveperson-Client-Id"] = "somebody"
        case "body":
            body += b" "
    # an account or client that nobody has leads nowhere at the shared address
    assert send(entry, path(world, shared=shared), body, headers).status == (404 if shared and wrong in ("account", "client") else 401)
    assert "forged" not in everything_in_the_database()


def test_an_unknown_install_is_answered_404(world: World, entry: Entry) -> None:
    body = webhook_body(text_change("X", 1, "hi"))
    stranger = LivePersonApp(account_id="999", client_id="nobody")
    assert send(entry, f"/webhooks/liveperson/{world.brand.id}", body, lp_headers(body, world.app)).status == 404
    assert send(entry, "/webhooks/liveperson", body, lp_headers(body, stranger)).status == 404


@pytest.mark.parametrize("body", [b"{", b"\xff", b"[" * 4000, b"{}", b""])
def test_an_unreadable_webhook_is_kept_and_answered_200_lest_liveperson_stops_everything(world: World, entry: Entry, body: bytes) -> None:
    assert {send(entry, path(world), body, lp_headers(body, world.app)).status for _ in range(2)} == {200}
    (kept,) = world.unreadable()
    assert (kept.liveperson_app_id, kept.times, bytes(kept.raw)) == (world.app.id, 2, body)


def test_a_change_that_cannot_be_read_is_kept_and_the_others_are_stored(world: World, entry: Entry) -> None:
    conversation = world.open_conversation()
    broken = {"event": {"type": "AcceptStatusEvent", "status": "READ"}, "conversationId": conversation}
    body = webhook_body(text_change(conversation, 1, "one"), broken, text_change(conversation, 2, "two"))
    assert send(entry, path(world), body, lp_headers(body, world.app)).status == 200
    assert [one.content["text"] for one in world.events(direction="o")] == ["one", "two"]
    (kept,) = world.unreadable()
    assert b"AcceptStatusEvent" in bytes(kept.raw)
    assert b"one" not in bytes(kept.raw)


def test_a_repeated_webhook_is_stored_once_and_answered_200(world: World, entry: Entry) -> None:
    conversation = world.open_conversation()
    body = webhook_body(
        text_change(conversation, 1, "hi"), accept_change(conversation, 2, [0]), state_change(conversation, world.lp_consumer_id())
    )
    assert {send(entry, path(world), body, lp_headers(body, world.app)).status for _ in range(4)} == {200}
    assert sorted(one.kind for one in world.events(direction="o")) == ["conversation_change", "receipt", "text"]


def test_eight_deliveries_of_one_webhook_at_once_are_one_event(world: World) -> None:
    conversation = world.open_conversation()
    changes = [text_change(conversation, number, f"t{number}") for number in range(1, 21)]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda _: world.notify(*changes).stored, range(8)))
    assert sum(results) == 20
    assert len(world.events(direction="o")) == 20


def test_other_connectors_conversations_leave_nothing(world: World) -> None:
    world.open_conversation()
    result = world.notify(
        text_change("foreign", 1, "a foreign secret"),
        state_change("foreign", "f" * 64),
        text_change("foreign", 2, "a foreign question", role="CONSUMER", originator="f" * 64),
        typing_change("foreign"),
    )
    assert (result.foreign, result.stored, result.held) == (4, 0, 0)
    found = everything_in_the_database()
    assert "a foreign" not in found
    assert "o:" + str(world.app.id) + ":foreign" not in found


@pytest.mark.parametrize("audience", ["AGENTS_AND_MANAGERS", "SOMETHING_NEW", "", 1])
def test_private_words_are_nowhere_in_the_database(world: World, audience: Any) -> None:
    conversation = world.open_conversation()
    assert world.notify(text_change(conversation, 1, "ask him for the number", audience=audience)).private == 1
    assert world.notify(text_change("opened elsewhere", 1, "ask him for the number", audience=audience)).stored == 0
    assert "ask him" not in everything_in_the_database()
    # its number is known all the same: the next message need not wait for it
    world.notify(text_change(conversation, 2, "hello"))
    world.notify(text_change(conversation, 0, "first", role="CONSUMER"))
    world.work()
    assert world.far.phone() == ["hello"]


@pytest.mark.parametrize("metadata", ["role", "none"])
def test_our_consumers_own_words_are_remembered_and_never_sent_back(world: World, metadata: str) -> None:
    """The oldest samples have no originatorMetadata: then the originator's id tells."""
    conversation = world.open_conversation()
    who = {"role": "CONSUMER" if metadata == "role" else None, "originator": world.lp_consumer_id()}
    result = world.notify(text_change(conversation, 7, "hello again", **who))
    world.work()
    assert (result.echo, result.stored) == (1, 0)
    assert world.far.calls == []
    assert (conversation, 7) in run("SELECT dialog_id, sequence FROM webhooks_app_consumermessage")
    assert "hello again" not in everything_in_the_database()


def test_events_of_a_role_that_is_not_known_are_forwarded(world: World) -> None:
    conversation = world.open_conversation()
    for number, role in enumerate(["ASSIGNED_AGENT", "AGENT", "MANAGER", "CONTROLLER", "A_NEW_ROLE", None]):
        world.notify(text_change(conversation, number, f"from {role}", role=role))
    world.work()
    assert len(world.far.phone()) == 6


def test_ids_longer_than_any_of_liveperson_are_left_aside(world: World) -> None:
    conversation = world.open_conversation()
    long = "x" * 100
    result = world.notify(
        text_change(long, 1, "a"), text_change(conversation, 2, "b", dialog_id=long), text_change(conversation, 0, "hello")
    )
    assert result.stored == 1
    world.work()
    assert world.far.phone() == ["hello"]


# A conversation that is not recorded yet.


def begin_opening(world: World) -> None:
    """LivePerson is being asked for a conversation, whose id nobody knows yet."""
    world.far.script("create_conversation", ALREADY_OPEN)
    world.consumer_says("hello")
    world.work()
    assert [one.state for one in world.conversations()] == ["opening"]


def test_what_is_said_in_a_conversation_that_is_being_opened_is_kept_and_goes_out_once_it_is_ours(world: World) -> None:
    # given
    begin_opening(world)
    # when: the automatic greeting overtakes the answer of the create
    assert world.notify(text_change("conversation-1", 0, "Welcome!", role="CONTROLLER")).held == 1
    assert (world.work(), world.lane(direction="o").state) == (0, "orphan")
    world.work_on()
    # then
    assert world.far.created == ["conversation-1"]
    assert world.far.phone() == ["Welcome!"]
    assert ended(world.event(direction="o")) == ("done", "sent")


def test_an_orphan_that_was_written_while_its_conversation_was_recorded_is_found_by_the_sweeper(world: World) -> None:
    # given: the notification was taken for an orphan although the conversation has just been recorded
    begin_opening(world)
    world.notify(text_change("conversation-1", 1, "Welcome!"))
    run("UPDATE channels_app_conversation SET state = 'open', stage = 'OPEN', liveperson_id = 'conversation-1'")
    # when
    assert bind_orphans() == 1
    world.work()
    # then
    assert world.far.phone() == ["Welcome!"]


def test_what_never_becomes_ours_is_dropped_with_its_words(world: World) -> None:
    # given
    begin_opening(world)
    world.notify(text_change("foreign", 1, "a foreign secret"))
    assert drop_orphans() == 0
    # when
    run("UPDATE webhooks_app_lane SET due_at = due_at - make_interval(secs => %s) WHERE state = 'orphan'", [ORPHAN_S + 1])
    assert drop_orphans() == 1
    # then
    assert "a foreign secret" not in everything_in_the_database()
    # and the same conversation is an orphan again the next time
    world.notify(text_change("foreign", 2, "another foreign secret"))
    assert world.lane(direction="o").state == "orphan"
    world.work_on()
    run("UPDATE webhooks_app_lane SET due_at = due_at - make_interval(secs => %s) WHERE state = 'orphan'", [ORPHAN_S + 1])
    drop_orphans()
    assert "a foreign" not in everything_in_the_database()


def test_an_opening_that_failed_long_ago_does_not_make_other_conversations_orphans(world: World) -> None:
    begin_opening(world)
    run("UPDATE channels_app_conversation SET updated_at = now() - interval '1 hour'")
    assert world.notify(text_change("foreign", 1, "a foreign secret")).foreign == 1
    assert "a foreign" not in everything_in_the_database()


def test_a_conversation_that_an_agent_opened_is_adopted_by_its_participant(world: World) -> None:
    # given: a closed conversation of a known consumer
    first = world.open_conversation()
    consumer = world.lp_consumer_id()
    world.notify(state_change(first, consumer, stage="CLOSE"))
    world.work()
    # when: an agent resumes, and writes before any worker has looked
    world.notify(state_change("resumed", consumer, at_ms=1793001700000))
    world.notify(text_change("resumed", 0, "one more thing"))
    world.work()
    # then
    assert [(one.liveperson_id, one.state) for one in world.conversations()] == [(first, "closed"), ("resumed", "open")]
    assert world.far.phone() == ["one more thing"]
    # and the consumer's answer goes there
    world.consumer_says("what?")
    world.work()
    assert world.far.created == [first]
    assert b'"resumed"' in world.far.of("send_text")[-1].body


@pytest.mark.parametrize("opening", [False, True])
def test_the_state_and_the_first_words_of_an_adopted_conversation_may_come_in_one_webhook(world: World, opening: bool) -> None:
    # given
    first = world.open_conversation()
    consumer = world.lp_consumer_id()
    world.notify(state_change(first, consumer, stage="CLOSE"))
    world.work()
    if opening:
        world.far.script("create_conversation", ALREADY_OPEN)
        world.consumer_says("hello?")
        world.work()
    # when
    assert world.notify(state_change("resumed", consumer, at_ms=1793001700000), text_change("resumed", 0, "one more thing")).stored == 2
    world.work_on(times=2)
    # then
    assert world.far.phone() == ["one more thing"]
    assert world.conversations()[-1].liveperson_id == "resumed"


def test_a_close_of_a_conversation_that_was_never_ours_is_not_adopted(world: World) -> None:
    world.open_conversation()
    assert world.notify(state_change("old", world.lp_consumer_id(), stage="CLOSE")).foreign == 1


# Two brands on one LivePerson account.


def test_each_of_two_brands_on_one_account_answers_its_own_consumers_only(world: World) -> None:
    # given: the same person writes to both brands; LivePerson notifies both installs of everything
    theirs = liveperson_app(brand("zeta"), client_id="client-zeta")
    other = page(theirs, world.meta, "108800000000099")
    mine = world.open_conversation()
    body = meta_body(said("hi zeta", "z1", to=other.address))
    from connector_platform import wsgi

    send(wsgi.application, world.callback_path(other), body, meta_headers(body))
    world.work()
    foreign = world.far.created[-1]
    world.far.calls.clear()
    # when
    for app in (world.app, theirs):
        for conversation, text in ((mine, "from acme"), (foreign, "from zeta")):
            world.notify(text_change(conversation, 0, text), app=app)
    world.work()
    # then
    calls = {call.url.split("/")[-2]: call for call in world.far.of("send_text")}
    assert len(world.far.of("send_text")) == 2
    assert b"from acme" in calls[world.channel.address].body
    assert b"from zeta" in calls[other.address].body
    assert {one.brand_id for one in world.events(direction="o", dialog_id=mine)} == {world.brand.id}
    assert {one.brand_id for one in world.events(direction="o", dialog_id=foreign)} == {other.brand_id}


# Transactions that meet.


def rounds(*writers: Callable[[int], None], count: int = 60) -> None:
    """Run the writers against each other, ``count`` times, each round started together."""
    barrier = threading.Barrier(len(writers))

    def run_all(writer: Callable[[int], None]) -> None:
        try:
            for number in range(count):
                barrier.wait(timeout=60)
                writer(number)
        except threading.BrokenBarrierError:
            pass  # another writer failed, and says why
        except BaseException:
            barrier.abort()
            raise

    with ThreadPoolExecutor(len(writers)) as pool:
        for done in [pool.submit(run_all, writer) for writer in writers]:
            done.result()


def test_the_answer_and_the_echo_of_one_message_do_not_deadlock(world: World) -> None:
    """They arrive in the same moment, and both write the message's number down."""
    # given
    conversation = world.open_conversation()
    who = {"role": "CONSUMER", "originator": world.lp_consumer_id()}
    for number in range(60):
        world.consumer_says(f"text {number}")
    before = deadlocks()
    first = world.far._sequence + 1
    app = configs.liveperson_app(world.app.id)
    assert app is not None
    # when: each echo comes while its answer is being recorded
    from connector_platform.liveperson.notifications import parse_notification

    echoes = [
        parse_notification(webhook_body(text_change(conversation, first + number, f"text {number}", **who))).notifications
        for number in range(60)
    ]
    seen = threading.Barrier(2)
    original = world.far.agree

    def agree(call: Any) -> Any:
        response = original(call)
        if call.purpose == "send_text":
            seen.wait(timeout=60)
        return response

    world.far.agree = agree  # type: ignore[method-assign]

    def echo() -> None:
        from webhooks_app.receive import store_notifications

        for notifications in echoes:
            seen.wait(timeout=60)
            store_notifications(app, notifications)

    thread = threading.Thread(target=echo)
    thread.start()
    world.work()
    thread.join(timeout=60)
    # then
    assert run("SELECT count(*) FROM webhooks_app_consumermessage WHERE event_id IS NOT NULL") == [(61,)]
    assert deadlocks() == before


def test_an_agents_message_and_the_record_of_the_one_before_do_not_deadlock(world: World) -> None:
    # given: two transactions of one conversation, each held up between its locks
    conversation = world.open_conversation()
    before = deadlocks()

    def notify(number: int) -> None:
        world.notify(text_change(conversation, 2 * number, f"a{number}"), text_change(conversation, 2 * number + 1, f"b{number}"))

    def work(number: int) -> None:
        world.work()

    def both_ways(number: int) -> None:
        with hot_pool().connection() as connection, connection.transaction():
            connection.execute("SELECT 1 FROM webhooks_app_lane WHERE key = %s FOR UPDATE", [f"o:{world.app.id}:{conversation}"])
            connection.execute("SELECT pg_sleep(0.002)")
            connection.execute("SELECT 1 FROM channels_app_dialog FOR UPDATE")

    # when
    rounds(notify, notify, work, both_ways, count=40)
    # then
    assert deadlocks() == before


def test_a_person_and_an_agent_who_write_at_once_do_not_deadlock(world: World, settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    # given: a channel that tells no deliveries, so that every agent's message makes a receipt in the person's lane
    from dataclasses import replace

    from channels_app.providers.messenger import Messenger

    monkeypatch.setattr(Messenger, "capabilities", replace(Messenger.capabilities, delivered_receipts=False))
    settings.SEQUENCE_GAP_WAIT_S = 0
    conversation = world.open_conversation()
    before = deadlocks()
    engines = [world.new_engine(f"w{number}") for number in range(3)]

    def agent(number: int) -> None:
        world.notify(text_change(conversation, 1000 + number, f"a{number}"))
        world.work(engines[0])

    def person(number: int) -> None:
        world.consumer_says(f"c{number}")
        world.work(engines[1])

    def third(number: int) -> None:
        world.work(engines[2])

    # when
    rounds(agent, person, third, count=60)
    world.work()
    # then
    assert len(world.far.phone()) == 60
    assert [status for status, _ in world.far.statuses()].count("ACCEPT") == 60
    assert deadlocks() == before


def test_how_liveperson_calls_a_consumer_is_stable(world: World) -> None:
    world.open_conversation()
    assert world.consumer().liveperson_consumer_id == lp_id(world.consumer(PERSON).ext_consumer_id)
    assert event_change("X", None, {})["dialogId"] == "X"
