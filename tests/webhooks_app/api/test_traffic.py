"""Conversations, events, replay, checks and unreadable callbacks over the API."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django_scopes import scopes_disabled

from connector_platform.core.clock import now
from tests.channels_app import rows
from tests.channels_app.tenants import Tenants
from tests.webhooks_app.losses import LOSSES, SHOWN, with_losses
from webhooks_app.models import DeliveredMessage, Event, Lane, UnreadableBody
from webhooks_app.services import checks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def every_brand() -> Iterator[None]:
    with scopes_disabled():
        yield


def test_events_are_answered_newest_first_without_raw_bodies(tenants: Tenants) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    lane, talk = rows.lane(channel), rows.conversation(channel)
    first, second = rows.event(lane, talk), rows.event(lane, talk, state="done")

    answer = tenants.as_acme("GET", "events/")

    assert [row["id"] for row in answer.data["results"]] == [str(second.public_id), str(first.public_id)]
    assert answer.data["results"][1]["content"] == {"type": "text", "text": "Hello"}
    assert answer.data["results"][1]["direction"] == "outbound"
    assert not {"raw", "progress", "profile"} & set(answer.data["results"][0])


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({"state": "dead"}, {"dead"}),
        ({"direction": "inbound"}, {"inbound"}),
        ({"direction": "outbound"}, {"dead", "other"}),
        ({"kind": "file"}, {"inbound"}),
        ({"outcome": "recipient_gone", "kind": "text"}, {"dead", "other"}),
    ],
)
def test_events_are_filtered(tenants: Tenants, query: dict[str, str], expected: set[str]) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    made = {
        "dead": rows.event(rows.lane(channel)),
        "other": rows.event(rows.lane(channel), state="done"),
        "inbound": rows.event(rows.lane(channel, "i"), state="done", kind="file"),
    }

    answer = tenants.platform("GET", "events/", **query)

    assert {row["id"] for row in answer.data["results"]} == {str(made[name].public_id) for name in expected}


def test_an_event_is_answered_with_its_attempts_and_ids(tenants: Tenants) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    talk = rows.conversation(channel)
    event = rows.event(rows.lane(channel), talk, sequence=7)
    rows.attempt(event)
    rows.attempt(event, number=2)
    DeliveredMessage(brand=tenants.acme, channel=channel, conversation=talk, event=event, provider_message_id="m1", sent_at=now()).save()

    answer = tenants.as_acme("GET", f"events/{event.public_id}/")

    assert [(row["number"], row["provider_code"]) for row in answer.data["attempts"]] == [(1, "551"), (2, "551")]
    assert [row["provider_message_id"] for row in answer.data["delivered_messages"]] == ["m1"]
    assert answer.data["liveperson_sequence"] == 7


def test_an_event_tells_what_the_channel_could_not_show_and_what_it_offered(tenants: Tenants, client: Client) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    rows.event(rows.lane(channel))
    rich = rows.event(rows.lane(channel), **with_losses())

    listed = tenants.as_acme("GET", "events/").data["results"]
    one = tenants.as_acme("GET", f"events/{rich.public_id}/").json()

    assert (listed[1]["losses"], listed[1]["shown"]) == ([], [])
    assert one["losses"] == listed[0]["losses"] == [asdict(loss) for loss in LOSSES]
    assert one["shown"] == listed[0]["shown"] == [choice.to_json() for choice in SHOWN]
    schemas = client.get("/api/v1/schema/?format=json").json()["components"]["schemas"]
    assert schemas["Loss"]["properties"]["kind"]["enum"] == ["dropped", "shortened", "reduced", "moved"]
    for name in ("Event", "EventDetail"):
        properties = schemas[name]["properties"]
        assert properties["losses"]["items"] == {"$ref": "#/components/schemas/Loss"}
        assert properties["shown"]["items"] == {"$ref": "#/components/schemas/Choice"}


def test_a_conversation_tells_what_its_survey_was_answered(tenants: Tenants) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    none, asked, answered = (rows.conversation(channel) for _ in range(3))
    rows.survey(asked)
    rows.survey(answered, step="done", csat=4, resolved=False)

    found = {row["id"]: row["survey"] for row in tenants.as_acme("GET", "conversations/").data["results"]}
    one = tenants.as_acme("GET", f"conversations/{answered.pk}/").data["survey"]

    assert found[str(none.pk)] is None
    facts = ("step", "csat", "resolved")
    assert [found[str(asked.pk)][fact] for fact in facts] == ["rating", None, None]
    assert [found[str(answered.pk)][fact] for fact in facts] == [one[fact] for fact in facts] == ["done", 4, False]
    assert tenants.as_globex("GET", f"conversations/{answered.pk}/").status_code == 404


def test_lists_take_the_same_queries_however_long_they_are(tenants: Tenants, django_assert_num_queries: Any) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    lane = rows.lane(channel)
    for _ in range(6):
        talk = rows.conversation(channel)
        rows.survey(talk)
        rows.event(lane, talk)
        rows.unreadable(channel)
    tenants.platform("GET", "channels/")  # the key's last use is written

    # The key, its last use, the page; what is numbered also counts; a conversation is looked for first.
    for path, queries in (("events/", 3), ("conversations/", 3), (f"conversations/{talk.id}/events/", 4), ("unreadable-bodies/", 4)):
        with django_assert_num_queries(queries):
            assert tenants.platform("GET", path, page_size=5).status_code == 200


def test_a_dead_event_is_put_at_the_end_of_its_lane_and_the_lane_is_woken(tenants: Tenants) -> None:
    lane = rows.lane(rows.sms_channel(rows.liveperson_app(tenants.acme)))
    event = rows.event(lane, progress=[{"status": 200, "headers": {}, "body": ""}])
    rows.event(lane, state="done")

    answer = tenants.as_acme("POST", f"events/{event.public_id}/replay/", {})

    event.refresh_from_db()
    lane.refresh_from_db()
    assert (answer.status_code, answer.data["state"], answer.data["tries"]) == (200, "waiting", 0)
    assert (event.state, event.position, event.tries, event.outcome, event.finished_at) == ("waiting", 3, 0, "", None)
    assert event.progress == [{"status": 200, "headers": {}, "body": ""}]
    assert (lane.tail, lane.state, event.possibly_doubled) == (3, "ready", False)


def test_a_restart_forgets_what_was_already_done(tenants: Tenants) -> None:
    event = rows.event(rows.lane(rows.sms_channel(rows.liveperson_app(tenants.acme))), progress=[{"status": 200}])

    tenants.as_acme("POST", f"events/{event.public_id}/replay/", {"restart": True})

    assert Event.objects.get().progress is None


@pytest.mark.parametrize("state", ["parked", "leased"])
def test_a_lane_that_is_parked_or_in_work_stays_so(tenants: Tenants, state: str) -> None:
    lane = rows.lane(rows.sms_channel(rows.liveperson_app(tenants.acme)), state=state)
    event = rows.event(lane, state="unknown")

    answer = tenants.as_acme("POST", f"events/{event.public_id}/replay/", {})

    lane.refresh_from_db()
    assert (answer.status_code, lane.state, lane.tail) == (200, state, 2)
    assert answer.data["possibly_doubled"] is True


@pytest.mark.parametrize("state", ["waiting", "sending", "held", "done", "skipped"])
def test_only_what_was_given_up_is_replayed(tenants: Tenants, state: str) -> None:
    lane = rows.lane(rows.sms_channel(rows.liveperson_app(tenants.acme)))
    event = rows.event(lane, state=state)

    answer = tenants.as_acme("POST", f"events/{event.public_id}/replay/", {})

    lane.refresh_from_db()
    assert (answer.status_code, answer.data["code"]) == (409, "not_replayable")
    assert (Event.objects.get().state, lane.tail) == (state, 1)


def test_a_bulk_replay_is_limited_counted_and_keeps_the_order(tenants: Tenants) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    lane = rows.lane(channel)
    events = [rows.event(lane) for _ in range(3)]

    first = tenants.as_acme("POST", "events/replay/", {"channel": str(channel.id), "limit": 2})
    second = tenants.as_acme("POST", "events/replay/", {"channel": str(channel.id)})

    assert (first.data, second.data) == ({"replayed": 2, "remaining": 1}, {"replayed": 1, "remaining": 0})
    assert list(Event.objects.order_by("position").values_list("public_id", flat=True)) == [event.public_id for event in events]


def test_a_bulk_replay_leaves_lost_answers_alone_unless_told(tenants: Tenants) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    rows.event(rows.lane(channel), state="unknown", outcome="outcome_unknown")
    rows.event(rows.lane(channel), received_at=now() - timedelta(days=2), outcome="window_closed")

    def replayed(**body: Any) -> int:
        return tenants.as_acme("POST", "events/replay/", body).data["replayed"]  # type: ignore[no-any-return]

    assert replayed(outcome="recipient_gone") == 0
    assert replayed(before=(now() - timedelta(days=3)).isoformat()) == 0
    assert replayed(before=(now() - timedelta(days=1)).isoformat()) == 1
    assert replayed() == 0
    assert replayed(outcome="outcome_unknown") == 1
    assert Lane.objects.filter(state="ready").count() == 2


def test_a_channel_is_tested_without_a_state_changing(tenants: Tenants) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))

    answer = tenants.as_acme("POST", f"channels/{channel.id}/test/")

    assert (answer.status_code, answer.data["ok"], answer.data["code"]) == (200, True, "ok")
    assert answer.data["message"].startswith("The configuration is complete.")


def test_a_test_that_fails_says_why_without_secrets(tenants: Tenants, monkeypatch: pytest.MonkeyPatch) -> None:
    from connector_platform.core.calls import HttpCall, HttpResponse

    class Refusing:
        def execute(self, call: HttpCall) -> HttpResponse:
            body = {"error": {"code": 190, "message": f"bad token {rows.PAGE_TOKEN}"}}
            return HttpResponse(status=401, body=json.dumps(body).encode())

    monkeypatch.setattr(checks, "_client", Refusing)
    row = rows.messenger_channel(rows.liveperson_app(tenants.acme), rows.provider_app())

    answer = tenants.as_acme("POST", f"channels/{row.id}/test/")

    assert (answer.status_code, answer.data["ok"], answer.data["code"]) == (200, False, "credentials_rejected")
    assert "the access token is not valid" in answer.data["message"]
    assert rows.PAGE_TOKEN not in answer.content.decode()
    row.refresh_from_db()
    assert row.state == "active"


def sms_callback(text: str = "Hello") -> bytes:
    return json.dumps({"from": "+31612345678", "to": "+15550100", "text": text, "id": "sms-1"}).encode()


def test_a_body_that_can_be_read_now_is_stored_once(tenants: Tenants) -> None:
    body = rows.unreadable(rows.sms_channel(rows.liveperson_app(tenants.acme)), raw=sms_callback())

    first = tenants.platform("POST", f"unreadable-bodies/{body.id}/replay/")
    again = tenants.platform("POST", f"unreadable-bodies/{body.id}/replay/")

    assert (first.status_code, first.data) == (200, {"found": 1, "stored": 1})
    assert again.data == {"found": 1, "stored": 0}
    assert Event.objects.get().content == {"type": "text", "text": "Hello"}
    assert UnreadableBody.objects.get().replayed_at is not None


def test_a_body_that_still_cannot_be_read_says_so(tenants: Tenants) -> None:
    body = rows.unreadable(rows.sms_channel(rows.liveperson_app(tenants.acme)))

    answer = tenants.platform("POST", f"unreadable-bodies/{body.id}/replay/")

    assert (answer.status_code, answer.data["code"]) == (409, "still_unreadable")
    assert UnreadableBody.objects.get().replayed_at is None
    assert not Event.objects.exists()


@pytest.mark.parametrize("is_whole", [True, False])
def test_a_liveperson_webhook_is_read_again_whole_or_in_part(tenants: Tenants, is_whole: bool) -> None:
    app = rows.liveperson_app(tenants.acme)
    talk = rows.conversation(rows.sms_channel(app), liveperson_id="lp-1")
    change = {
        "sequence": 4,
        "originatorId": "12345678.1",
        "originatorMetadata": {"id": "1", "role": "ASSIGNED_AGENT"},
        "serverTimestamp": 1700000000000,
        "event": {"type": "ContentEvent", "message": "Hi", "contentType": "text/plain"},
        "conversationId": "lp-1",
        "dialogId": "lp-1",
    }
    raw = json.dumps(
        {"kind": "notification", "body": {"changes": [change]}, "type": "ms.MessagingEventNotification"} if is_whole else change
    )
    body = UnreadableBody(
        provider="liveperson", liveperson_app=app, method="POST", raw=raw.encode(), digest="d", error="unreadable", received_at=now()
    )
    body.save()

    answer = tenants.platform("POST", f"unreadable-bodies/{body.id}/replay/")

    assert (answer.status_code, answer.data) == (200, {"found": 1, "stored": 1})
    assert (Event.objects.get().conversation, Event.objects.get().sequence) == (talk, 4)
