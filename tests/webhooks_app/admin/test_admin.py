"""The operators' pages about traffic: the timeline, replay, and what must not be shown."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from channels_app.models import Channel
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.clock import now
from tests.channels_app import rows
from tests.channels_app.tenants import Tenants
from tests.webhooks_app.far_side import FarSide, answer
from tests.webhooks_app.losses import with_losses
from webhooks_app.admin import dashboard
from webhooks_app.admin.labels import remedy
from webhooks_app.models import DeliveredMessage, Event
from webhooks_app.services import checks

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def every_brand() -> Iterator[None]:
    with scopes_disabled():
        yield


def test_a_conversation_is_a_timeline_in_order_with_attempts_and_remedies(tenants: Tenants, admin_client: Client) -> None:
    channel = rows.messenger_channel(rows.liveperson_app(tenants.acme), rows.provider_app())
    talk, inbound, outbound = rows.conversation(channel), rows.lane(channel, "i"), rows.lane(channel, "o")
    rows.event(inbound, talk, state="done", content={"type": "text", "text": "Where is my order?"})
    answer = rows.event(outbound, talk, sequence=4, content={"type": "text", "text": "On its way"}, possibly_doubled=True)
    rows.attempt(answer, provider_code="10/2018278", outcome="window_closed", message="Meta: too long ago.")
    DeliveredMessage(brand=tenants.acme, channel=channel, conversation=talk, event=answer, provider_message_id="m_1", sent_at=now()).save()

    page = admin_client.get(reverse("admin:channels_app_conversation_change", args=[talk.pk]))
    text = page.content.decode()

    assert page.status_code == 200
    order = [text.index(part) for part in ("Where is my order?", "On its way", "Meta: too long ago.", "Human agent extends the window")]
    assert order == sorted(order)
    for part in ("Possibly sent twice", "LivePerson sequence 4", "m_1 (sent)", "Dead", "Ada Example"):
        assert part in text


def test_a_timeline_takes_the_same_queries_however_long_it_is(tenants: Tenants, admin_client: Client) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    talk, lane = rows.conversation(channel), rows.lane(channel)
    path = reverse("admin:channels_app_conversation_change", args=[talk.pk])

    def queries() -> int:
        from django.db import connection
        from django.test.utils import CaptureQueriesContext

        with CaptureQueriesContext(connection) as captured:
            assert admin_client.get(path).status_code == 200
        return len(captured)

    rows.attempt(rows.event(lane, talk))
    queries()  # Django remembers the content types
    few = queries()
    for _ in range(10):
        rows.attempt(rows.event(lane, talk))
    assert queries() == few


def test_what_a_person_wrote_is_not_taken_for_markup(tenants: Tenants, admin_client: Client) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    talk = rows.conversation(channel)
    event = rows.event(rows.lane(channel), talk, content={"type": "text", "text": "<script>alert(1)</script>"}, raw=b"<img src=x>")

    for name, pk in (("channels_app_conversation", talk.pk), ("webhooks_app_event", event.pk)):
        text = admin_client.get(reverse(f"admin:{name}_change", args=[pk])).content.decode()
        assert "<script>alert(1)" not in text
        assert "<img src=x>" not in text


def test_what_the_channel_could_not_show_is_told_in_words(tenants: Tenants, admin_client: Client) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    talk = rows.conversation(channel)
    event = rows.event(rows.lane(channel), talk, **with_losses())
    rows.event(rows.lane(channel), talk)

    for name, pk in (("channels_app_conversation", talk.pk), ("webhooks_app_event", event.pk)):
        text = admin_client.get(reverse(f"admin:{name}_change", args=[pk])).content.decode()
        assert text.count('data-testid="losses"') == text.count('data-testid="offered"') == 1
        order = [
            text.index(part)
            for part in (
                "Offered 3 choices",
                "1) Blue (says “I take blue”)",
                "2) Red<",
                "Shop (opens a link)",
                "3 things could not be shown as meant",
                "Reduced",
                "The channel has no cards",
                "Shortened",
                "/content/elements/0/title",
                "A &lt;b&gt;very&lt;/b&gt; warm coat",
                "A &lt;b&gt;very&lt;/b&gt; w…",
                "Dropped",
            )
        ]
        assert order == sorted(order)


@pytest.mark.parametrize(
    ("answers", "expected"),
    [
        ({"step": "done", "csat": 2, "resolved": False}, {"Survey": "Answered", "Rating (CSAT)": "2 of 5", "Question solved (FCR)": "No"}),
        ({"step": "left", "csat": 5}, {"Survey": "Left unanswered", "Rating (CSAT)": "5 of 5"}),
    ],
)
def test_a_conversations_page_shows_its_survey(
    tenants: Tenants, admin_client: Client, answers: dict[str, Any], expected: dict[str, str]
) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    asked, none = rows.conversation(channel), rows.conversation(channel)
    rows.survey(asked, **answers)

    def facts(pk: Any) -> dict[str, str]:
        page = admin_client.get(reverse("admin:channels_app_conversation_change", args=[pk]))
        return {fact.name: fact.value for fact in page.context["facts"] if fact.value}

    assert dict(list(facts(asked.pk).items())[-len(expected) :]) == expected
    assert not {"Survey", "Rating (CSAT)"} & set(facts(none.pk))


def test_lists_and_breadcrumbs_have_the_names_of_the_side_bar(tenants: Tenants, admin_client: Client, admin_user: Any) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme), name="lower-case name")
    body = rows.unreadable(channel)
    changes = {
        reverse("admin:channels_app_channel_change", args=[channel.pk]): ["Set-up", "Channels", "lower-case name"],
        reverse("admin:webhooks_app_unreadablebody_change", args=[body.pk]): ["Traffic", "Unreadable callbacks", str(body)],
        reverse("admin:auth_user_change", args=[admin_user.pk]): ["People", "Operators", admin_user.username],
    }

    def crumbs(page: str) -> list[str]:
        return [found.strip() for found in re.findall(r'data-testid="breadcrumb">(.*?)</', page, re.DOTALL)]

    for path, expected in changes.items():
        assert crumbs(admin_client.get(path).content.decode()) == expected
        listed = admin_client.get(path.rsplit("/", 3)[0] + "/")
        assert (listed.context["title"], crumbs(listed.content.decode())) == (expected[1], expected[:2])


def test_chosen_events_are_replayed(tenants: Tenants, admin_client: Client) -> None:
    lane = rows.lane(rows.sms_channel(rows.liveperson_app(tenants.acme)))
    dead, done = rows.event(lane), rows.event(lane, state="done")

    page = admin_client.post("/admin/webhooks_app/event/", {"action": "replay_chosen", "_selected_action": [dead.pk, done.pk]}, follow=True)

    assert "1 put back at the ends of their lanes" in page.content.decode()
    assert dict(Event.objects.values_list("pk", "state")) == {dead.pk: "waiting", done.pk: "done"}


def test_one_event_is_replayed_from_its_page_by_post_only(tenants: Tenants, admin_client: Client) -> None:
    event = rows.event(rows.lane(rows.sms_channel(rows.liveperson_app(tenants.acme))))
    path = reverse("admin:webhooks_app_event_replay", args=[event.pk])

    assert admin_client.get(path).status_code == 405
    assert Event.objects.get().state == "dead"
    admin_client.post(path)
    assert Event.objects.get().state == "waiting"
    again = admin_client.post(path, follow=True)
    assert "Waiting" in again.content.decode()
    assert "this one is neither" in again.content.decode()


def test_a_channel_is_tested_from_its_page(tenants: Tenants, admin_client: Client) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    path = reverse("admin:channels_app_channel_test", args=[row.pk])

    assert admin_client.get(path).status_code == 405
    page = admin_client.post(path, follow=True)
    assert "The configuration is complete." in page.content.decode()
    assert [message.level_tag for message in page.context["messages"]] == ["info"]  # nobody was asked


def test_a_secret_in_a_callbacks_address_or_body_is_not_shown(tenants: Tenants, admin_client: Client) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    body = rows.unreadable(row, query_string=f"token={rows.SMS_INBOUND}&x=1", raw=f"pass={rows.SMS_OUTBOUND}".encode())
    event = rows.event(rows.lane(row), raw=f"token={rows.SMS_INBOUND}".encode())

    pages = [
        admin_client.get(reverse("admin:webhooks_app_unreadablebody_change", args=[body.pk])).content.decode(),
        admin_client.get(reverse("admin:webhooks_app_event_change", args=[event.pk])).content.decode(),
    ]

    assert "token=***&amp;x=1" in pages[0]
    for page in pages:
        assert rows.SMS_INBOUND not in page
        assert rows.SMS_OUTBOUND not in page


def test_an_unreadable_body_is_read_again(tenants: Tenants, admin_client: Client) -> None:
    body = rows.unreadable(rows.sms_channel(rows.liveperson_app(tenants.acme)))

    page = admin_client.post(reverse("admin:webhooks_app_unreadablebody_replay", args=[body.pk]), follow=True)

    assert "still cannot be read" in page.content.decode()


@pytest.mark.parametrize("model", ["channels_app_conversation", "webhooks_app_event", "webhooks_app_unreadablebody"])
def test_traffic_is_only_looked_at(admin_client: Client, model: str) -> None:
    assert admin_client.get(reverse(f"admin:{model}_changelist")).status_code == 200
    assert admin_client.get(reverse(f"admin:{model}_add")).status_code == 403


def test_a_remedy_is_found_by_code_and_by_the_code_without_its_subcode() -> None:
    assert remedy("messenger", "190/463").startswith("Generate a new access token")
    assert remedy("messenger", "190/999999").startswith("Generate a new access token")
    assert remedy("messenger", "nonsense") == remedy("nope", "190") == ""


@pytest.mark.parametrize(
    ("sentinel", "level", "sentence"),
    [(200, "success", "takes this client id and secret"), (401, "error", "LivePerson refused the app install")],
)
def test_a_liveperson_app_is_tested_from_its_page_and_over_the_api(
    tenants: Tenants, admin_client: Client, monkeypatch: pytest.MonkeyPatch, sentinel: int, level: str, sentence: str
) -> None:
    def client() -> FarSide:
        far_side = FarSide()
        if sentinel != 200:
            far_side.script("fetch_app_jwt", answer({"error": rows.CLIENT_SECRET}, sentinel))
        return far_side

    monkeypatch.setattr(checks, "_client", client)
    app = rows.liveperson_app(tenants.acme)
    listed = admin_client.get("/admin/channels_app/livepersonapp/").content.decode()

    page = admin_client.post(reverse("admin:channels_app_livepersonapp_test", args=[app.pk]), follow=True)
    told = tenants.as_acme("POST", f"liveperson-apps/{app.pk}/test/")
    foreign = tenants.as_globex("POST", f"liveperson-apps/{app.pk}/test/")

    assert "Not refused so far" in listed
    assert "Working" not in listed
    assert [message.level_tag for message in page.context["messages"]] == [level]
    assert sentence in page.content.decode()
    assert (told.status_code, told.data["ok"], told.data["was_asked"], foreign.status_code) == (200, level == "success", True, 404)
    assert sentence in told.data["message"]
    assert rows.CLIENT_SECRET not in page.content.decode()


def test_a_vendor_that_refuses_is_an_error(tenants: Tenants, admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    class Refusing:
        def execute(self, call: HttpCall) -> HttpResponse:
            return HttpResponse(status=401, body=b"{}")

    monkeypatch.setattr(checks, "_client", Refusing)
    row = rows.messenger_channel(rows.liveperson_app(tenants.acme), rows.provider_app())

    page = admin_client.post(reverse("admin:channels_app_channel_test", args=[row.pk]), follow=True)

    assert [message.level_tag for message in page.context["messages"]] == ["error"]


def test_conversations_and_events_are_found_by_what_operators_know(tenants: Tenants, admin_client: Client) -> None:
    channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
    talk, other = rows.conversation(channel, "+31600000001", "lp-one"), rows.conversation(channel, "+31600000002", "lp-two")
    other.consumer.profile = {"first_name": "Grace", "last_name": "Hopper"}
    other.consumer.save()
    event, _ = rows.event(rows.lane(channel), talk), rows.event(rows.lane(channel), other)
    DeliveredMessage(
        brand=tenants.acme, channel=channel, conversation=talk, event=event, provider_message_id="vendor-7", sent_at=now()
    ).save()

    def found(model: str, query: str) -> list[object]:
        page = admin_client.get(reverse(f"admin:{model}_changelist"), {"q": query})
        return [row.pk for row in page.context["cl"].result_list]

    for query in ("Ada", "Ada Example", "31600000001", "lp-one", str(talk.pk)):
        assert found("channels_app_conversation", query) == [talk.pk], query
    assert found("channels_app_conversation", "Grace Hopper") == [other.pk]
    for query in (str(event.public_id), event.source_id, "vendor-7", "lp-one", str(talk.pk)):
        assert found("webhooks_app_event", query) == [event.pk], query
    assert "Consumer&#x27;s name or id" in admin_client.get(reverse("admin:channels_app_conversation_changelist")).content.decode()


@pytest.mark.parametrize("model", ["channels_app_conversation", "webhooks_app_event", "webhooks_app_unreadablebody"])
def test_an_empty_list_does_not_offer_what_cannot_be_done(admin_client: Client, model: str) -> None:
    text = admin_client.get(reverse(f"admin:{model}_changelist")).content.decode()

    assert "Nothing has come yet" in text
    assert "Create a new item" not in text


def test_the_first_page_says_what_needs_an_operator(tenants: Tenants, admin_client: Client, django_assert_num_queries: Any) -> None:
    app = rows.liveperson_app(tenants.acme)
    channel = rows.sms_channel(app, state="broken", credentials_problem="The token ends on 2026-12-01.")
    rows.event(rows.lane(channel, state="ready"))
    app.problem = "refused"
    app.save()

    page = admin_client.get("/admin/")

    facts = {fact.name: fact.value for fact in page.context["facts"]}
    assert facts.pop("Oldest due work").startswith("Due for ")
    assert facts == {
        "Broken channels": "1",
        "Credentials that end": "1",
        "Refused LivePerson apps": "1",
        "Events: dead": "1",
        "Events: answer lost": "0",
    }
    urls = {fact.name: fact.url for fact in page.context["facts"]}
    assert {admin_client.get(url).status_code for url in urls.values()} == {200}
    assert admin_client.get(urls["Credentials that end"]).context["cl"].result_count == 1
    assert "The token ends on" in admin_client.get(f"/admin/channels_app/channel/{channel.pk}/change/").content.decode()
    with scopes_disabled():
        Channel.objects.update(credentials_problem="")
    assert admin_client.get(urls["Credentials that end"]).context["cl"].result_count == 0
    with scopes_disabled(), django_assert_num_queries(5):
        dashboard._facts()
