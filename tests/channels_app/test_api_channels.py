"""Channels over the API: made, changed, their secrets kept, their errors in sentences."""

from __future__ import annotations

import pytest
from django_scopes import scopes_disabled

from channels_app.models import Channel
from tests.channels_app import rows
from tests.channels_app.tenants import Tenants

SMS_MASKED = {"kind": "basic", "username": "demo", "password": "set, ends in …a7b8"}


@pytest.fixture(autouse=True)
def every_brand() -> object:
    """Tests look at rows of every brand; the API opens its own scope inside."""
    with scopes_disabled():
        yield


def sms_body(tenants: Tenants, **changes: object) -> dict[str, object]:
    app = rows.liveperson_app(tenants.acme)
    return {
        "brand": str(tenants.acme.id),
        "name": "SMS",
        "provider": "sms_gateway",
        "liveperson_app": str(app.id),
        "config": rows.sms_config(),
        **changes,
    }


def errors_of(answer: object) -> dict[str, str]:
    return {item["pointer"]: item["detail"] for item in answer.data["errors"]}  # type: ignore[attr-defined]


def test_a_channel_is_made_with_its_address_and_callback_url(tenants: Tenants) -> None:
    answer = tenants.platform("POST", "channels/", sms_body(tenants))

    assert answer.status_code == 201
    row = Channel.objects.get()
    assert answer.data["id"] == str(row.id)
    assert answer.data["address"] == row.address == "+15550100"
    assert answer.data["callback_url"] == f"http://localhost:8000/callbacks/sms_gateway/{row.id}"
    assert (answer.data["state"], answer.data["state_reason"]) == ("active", "")


def test_secrets_are_answered_as_masks_only(tenants: Tenants) -> None:
    answer = tenants.platform("POST", "channels/", sms_body(tenants))

    assert answer.data["config"]["outbound"]["auth"] == SMS_MASKED
    assert answer.data["config"]["inbound"]["auth"]["secret"] == "set, ends in …e5f6"
    for call in (answer, tenants.platform("GET", "channels/"), tenants.platform("GET", f"channels/{answer.data['id']}/")):
        assert rows.SMS_INBOUND not in call.content.decode()
        assert rows.SMS_OUTBOUND not in call.content.decode()


def test_what_is_left_away_is_not_stored_and_follows_the_defaults(tenants: Tenants) -> None:
    answer = tenants.platform("POST", "channels/", sms_body(tenants))

    assert Channel.objects.get().config == rows.sms_config()
    assert answer.data["config"]["inbound"]["ack_body"] == "Accepted"


def test_a_body_read_and_put_back_keeps_every_secret(tenants: Tenants) -> None:
    made = tenants.platform("POST", "channels/", sms_body(tenants)).data

    answer = tenants.platform("PUT", f"channels/{made['id']}/", {**made, "name": "Renamed"})

    assert answer.status_code == 200
    config = Channel.objects.get().config
    assert config["inbound"]["auth"]["secret"] == rows.SMS_INBOUND
    assert config["outbound"]["auth"]["password"] == rows.SMS_OUTBOUND
    assert answer.data["name"] == "Renamed"


def test_a_patch_changes_one_value_and_keeps_the_rest(tenants: Tenants) -> None:
    made = tenants.platform("POST", "channels/", sms_body(tenants)).data

    answer = tenants.platform("PATCH", f"channels/{made['id']}/", {"config": {"outbound": {"timeout_s": 5}}})

    assert answer.status_code == 200
    expected = rows.sms_config()
    expected["outbound"]["timeout_s"] = 5
    assert Channel.objects.get().config == expected


def test_another_kind_of_credentials_takes_nothing_over_from_the_old_kind(tenants: Tenants) -> None:
    made = tenants.platform("POST", "channels/", sms_body(tenants)).data

    refused = tenants.platform("PATCH", f"channels/{made['id']}/", {"config": {"outbound": {"auth": {"kind": "bearer"}}}})
    taken = tenants.platform(
        "PATCH", f"channels/{made['id']}/", {"config": {"outbound": {"auth": {"kind": "bearer", "token": "new-token"}}}}
    )

    assert (refused.status_code, errors_of(refused)) == (400, {"/config/outbound/auth/token": "This field is needed."})
    assert taken.status_code == 200
    assert Channel.objects.get().config["outbound"]["auth"] == {"kind": "bearer", "token": "new-token"}


def test_a_mask_of_another_channel_is_not_taken_for_a_secret(tenants: Tenants) -> None:
    config = rows.sms_config()
    config["outbound"]["auth"]["password"] = "set, ends in …9999"

    answer = tenants.platform("POST", "channels/", sms_body(tenants, config=config))

    assert answer.status_code == 400
    assert list(errors_of(answer)) == ["/config/outbound/auth/password"]
    assert not Channel.objects.exists()


def test_what_pydantic_refuses_is_said_in_sentences_at_its_place(tenants: Tenants) -> None:
    config = rows.sms_config()
    config["outbound"] = {"url": "ftp://x", "timeout_s": "soon", "bogus": 1, "auth": {"kind": "basic"}}
    config["inbound"] = {"auth": {"kind": "zzz"}}

    answer = tenants.platform("POST", "channels/", sms_body(tenants, config=config))

    assert answer.status_code == 400
    assert answer["Content-Type"] == "application/problem+json"
    assert errors_of(answer) == {
        "/config/inbound/auth": "“kind” must be one of 'hmac', 'basic', 'bearer', 'header', 'query', 'none'.",
        "/config/outbound/auth/password": "This field is needed.",
        "/config/outbound/auth/username": "This field is needed.",
        "/config/outbound/bogus": "There is no field with this name.",
        "/config/outbound/timeout_s": "A number is needed here.",
        "/config/outbound/url": "A URL that starts with https:// or http:// and a host is needed.",
    }
    assert not Channel.objects.exists()


def test_a_refused_secret_is_not_quoted(tenants: Tenants) -> None:
    config = rows.sms_config()
    config["inbound"]["auth"]["secret"] = "tooshor"

    answer = tenants.platform("POST", "channels/", sms_body(tenants, config=config))

    assert errors_of(answer) == {"/config/inbound/auth/secret": "A secret needs at least 8 characters."}
    assert "tooshor" not in answer.content.decode()


def test_an_address_belongs_to_one_channel(tenants: Tenants) -> None:
    body = sms_body(tenants)
    tenants.platform("POST", "channels/", body)

    answer = tenants.platform("POST", "channels/", {**body, "name": "Second"})

    assert answer.status_code == 409
    assert answer.data["detail"] == "Another channel has this address already; one address belongs to one channel."
    assert Channel.objects.count() == 1


def test_active_mends_a_broken_channel(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme), state="broken", state_reason="the token expired")

    answer = tenants.as_acme("PATCH", f"channels/{row.id}/", {"state": "active"})

    assert (answer.status_code, answer.data["state"], answer.data["state_reason"]) == (200, "active", "")


def test_broken_cannot_be_set_but_may_be_sent_back(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))

    refused = tenants.platform("PATCH", f"channels/{row.id}/", {"state": "broken"})
    Channel.objects.update(state="broken", state_reason="expired")
    kept = tenants.platform("PATCH", f"channels/{row.id}/", {"state": "broken", "name": "New"})

    assert (refused.status_code, list(errors_of(refused))) == (400, ["/state"])
    assert (kept.status_code, kept.data["state"], kept.data["state_reason"]) == (200, "broken", "expired")


def test_a_change_does_not_undo_a_state_that_was_set_meanwhile(tenants: Tenants) -> None:
    from channels_app.services.channels import update_channel

    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    Channel.objects.update(state="broken", state_reason="expired")

    update_channel(row, name="New")

    assert Channel.objects.values_list("name", "state", "state_reason").get() == ("New", "broken", "expired")


@pytest.mark.parametrize(
    ("provider", "with_app", "pointer"),
    [("messenger", False, "/provider_app"), ("sms_gateway", True, "/provider_app"), ("nope", False, "/provider")],
)
def test_the_provider_says_whether_an_app_is_needed(tenants: Tenants, provider: str, with_app: bool, pointer: str) -> None:
    config = rows.messenger_config() if provider == "messenger" else rows.sms_config()
    app = str(rows.provider_app().id) if with_app else None

    answer = tenants.platform("POST", "channels/", sms_body(tenants, provider=provider, config=config, provider_app=app))

    assert (answer.status_code, list(errors_of(answer))) == (400, [pointer])


def test_provider_and_brand_stay(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))

    for change in ({"provider": "messenger"}, {"brand": str(tenants.globex.id)}):
        answer = tenants.platform("PATCH", f"channels/{row.id}/", change)
        assert (answer.status_code, list(errors_of(answer))) == (400, [f"/{next(iter(change))}"])


def test_a_channel_with_conversations_is_not_deleted_and_says_why(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    rows.conversation(row)

    answer = tenants.platform("DELETE", f"channels/{row.id}/")

    assert answer.status_code == 409
    assert answer.data["code"] == "in_use"
    assert answer.data["detail"] == "SMS +15550100 cannot be deleted: 1 consumer and 1 conversation still need it."
    assert Channel.objects.exists()


def test_an_unused_channel_is_deleted(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))

    assert tenants.platform("DELETE", f"channels/{row.id}/").status_code == 204
    assert not Channel.objects.exists()


def test_a_config_that_its_provider_no_longer_understands_shows_no_value(tenants: Tenants) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    row.config = {"old_secret": "swordfish-swordfish", "port": 1}
    row.save()

    answer = tenants.platform("GET", f"channels/{row.id}/")

    assert (answer.status_code, answer.data["config"]) == (200, {"old_secret": "set", "port": 1})


def test_a_list_takes_the_same_queries_however_long_it_is(tenants: Tenants, django_assert_num_queries: object) -> None:
    app, vendor = rows.liveperson_app(tenants.acme), rows.provider_app()
    for number in range(5):
        rows.messenger_channel(app, vendor, page_id=f"10000000000000{number}")
    tenants.platform("GET", "channels/")  # the key's last use is written

    with django_assert_num_queries(4):  # type: ignore[operator]  the key, its last use, the total, the page
        answer = tenants.platform("GET", "channels/")

    assert answer.data["count"] == 5
    assert [row["address"] for row in answer.data["results"]] == [f"10000000000000{number}" for number in (4, 3, 2, 1, 0)]
