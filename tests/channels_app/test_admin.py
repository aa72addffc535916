"""The operators' pages: forms made from configuration models, secrets that never reach the page, deletion with a reason."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from django.core.exceptions import ValidationError
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from channels_app.admin.config_form import ConfigLayout
from channels_app.models import ApiKey, Channel, Consumer, LivePersonApp, ProviderApp
from channels_app.models.api_key import hash_key
from channels_app.models.liveperson_app import FEATURES
from channels_app.providers.registry import PROVIDERS
from channels_app.services.errors import Conflict, Invalid, Problem
from connector_platform.core.clock import now
from tests.channels_app import rows
from tests.channels_app.tenants import Tenants


@pytest.fixture(autouse=True)
def every_brand() -> Iterator[None]:
    with scopes_disabled():
        yield


def inputs(page: Any) -> dict[str, Any]:
    """What a browser would send back of the page's form."""
    form = page.context["adminform"].form
    data: dict[str, Any] = {}
    for name, field in form.fields.items():
        value = form.get_initial_for_field(field, name)
        if value is None or value is False or getattr(field.widget, "input_type", "") == "password":
            continue
        data[name] = getattr(value, "pk", None) or field.prepare_value(value) if not isinstance(value, list) else field.prepare_value(value)
    return {name: "on" if value is True else value for name, value in data.items()}


def errors(page: Any) -> dict[str, list[str]]:
    return {name: list(found) for name, found in page.context["adminform"].form.errors.items()}


def sms_form(tenants: Tenants, admin_client: Client, **changes: str) -> dict[str, Any]:
    page = admin_client.get("/admin/channels_app/channel/add/?provider=sms_gateway")
    return {
        **inputs(page),
        "name": "SMS",
        "brand": str(tenants.acme.id),
        "liveperson_app": str(rows.liveperson_app(tenants.acme).id),
        "config__sender": "+15550100",
        "config__inbound__auth__kind": "hmac",
        "config__inbound__auth__hmac__header": "X-Signature",
        "config__inbound__auth__hmac__secret": rows.SMS_INBOUND,
        "config__outbound__url": "https://sms.example.com/send",
        **changes,
    }


ADD_SMS = "/admin/channels_app/channel/add/?provider=sms_gateway"


def test_the_provider_is_chosen_first(tenants: Tenants, admin_client: Client) -> None:
    page = admin_client.get("/admin/channels_app/channel/add/")
    apps = admin_client.get("/admin/channels_app/providerapp/add/")

    assert [slug in page.content.decode() for slug in ("?provider=messenger", "?provider=sms_gateway")] == [True, True]
    assert [slug in apps.content.decode() for slug in ("?provider=messenger", "?provider=sms_gateway")] == [True, False]


@pytest.mark.parametrize("slug", sorted(PROVIDERS))
def test_every_configuration_model_makes_a_form(tenants: Tenants, admin_client: Client, slug: str) -> None:
    page = admin_client.get(f"/admin/channels_app/channel/add/?provider={slug}")

    assert page.status_code == 200
    for name, field in PROVIDERS[slug].config_model.model_fields.items():
        assert field.title, f"{name} has no title"
        assert field.title in page.content.decode()


def test_only_what_was_changed_is_stored(tenants: Tenants, admin_client: Client) -> None:
    answer = admin_client.post(ADD_SMS, sms_form(tenants, admin_client))

    row = Channel.objects.get()
    assert (answer.status_code, answer["Location"]) == (302, f"/admin/channels_app/channel/{row.id}/change/")
    assert (row.address, row.provider, row.brand) == ("+15550100", "sms_gateway", tenants.acme)
    assert row.config == {
        "sender": "+15550100",
        "inbound": {"auth": {"kind": "hmac", "header": "X-Signature", "secret": rows.SMS_INBOUND}},
        "outbound": {"url": "https://sms.example.com/send"},
    }


def test_a_preset_chosen_in_the_form_fills_in_what_was_left_alone(tenants: Tenants, admin_client: Client) -> None:
    changes = {
        "config__preset": "jasmin",
        "config__outbound__auth__kind": "template",
        "config__outbound__auth__template__username": "demo",
        "config__outbound__auth__template__password": rows.SMS_OUTBOUND,
        "config__outbound__url": "https://jasmin.example.com/send",
    }

    answer = admin_client.post(ADD_SMS, sms_form(tenants, admin_client, **changes))

    assert answer.status_code == 302, errors(answer)
    config = PROVIDERS["sms_gateway"].config_model.model_validate(Channel.objects.get().config)
    assert config.inbound.ack_body == "ACK/Jasmin"  # type: ignore[attr-defined]


def test_errors_stand_at_their_fields_in_one_sentence(tenants: Tenants, admin_client: Client) -> None:
    changes = {
        "config__inbound__auth__hmac__secret": "short",
        "config__outbound__url": "nonsense",
        "config__outbound__errors": '[{"class": "retry"}]',
        "config__outbound__timeout_s": "soon",
    }

    page = admin_client.post(ADD_SMS, sms_form(tenants, admin_client, **changes))

    assert page.status_code == 200
    assert errors(page) == {
        "config__inbound__auth__hmac__secret": ["A secret needs at least 8 characters."],
        "config__outbound__url": ["A URL that starts with https:// or http:// and a host is needed."],
        "config__outbound__errors": ["0: An error rule needs a condition: status, body_regex or json_path."],
        "config__outbound__timeout_s": ["Enter a number."],
    }
    assert not Channel.objects.exists()


def test_an_empty_form_says_what_is_needed_and_where(tenants: Tenants, admin_client: Client) -> None:
    page = admin_client.post(ADD_SMS, {"name": "SMS"})

    found = errors(page)
    for name in ("brand", "liveperson_app", "config__sender", "config__inbound__auth__kind", "config__outbound__url"):
        assert found[name] in (["This field is needed."], ["This field is required."]), name


def test_a_section_that_does_not_add_up_is_named(tenants: Tenants, admin_client: Client) -> None:
    page = admin_client.post(ADD_SMS, sms_form(tenants, admin_client, config__inbound__auth__kind="none"))

    assert errors(page) == {
        "__all__": ["Incoming messages: Auth kind “none” needs allowed_ips: otherwise anybody could write in the consumers' names."]
    }


def test_secrets_never_reach_a_page_and_stay_when_left_empty(tenants: Tenants, admin_client: Client) -> None:
    app = rows.liveperson_app(tenants.acme)
    row, vendor = rows.sms_channel(app), rows.provider_app()
    secrets = (rows.SMS_INBOUND, rows.SMS_OUTBOUND, rows.CLIENT_SECRET, rows.APP_SECRET, rows.MESSENGER_APP["verify_token"])

    for path in (f"channel/{row.id}", f"liveperson_app/{app.id}".replace("_", ""), f"providerapp/{vendor.id}"):
        page = admin_client.get(f"/admin/channels_app/{path}/change/")
        text = page.content.decode()
        assert page.status_code == 200
        assert not [secret for secret in secrets if secret in text]
        assert "set, ends in …" in text
        answer = admin_client.post(f"/admin/channels_app/{path}/change/", {**inputs(page), "name": "Renamed"})
        assert answer.status_code == 302, errors(answer)

    row.refresh_from_db(), app.refresh_from_db(), vendor.refresh_from_db()
    assert (row.name, app.name, vendor.name) == ("Renamed", "Renamed", "Renamed")
    assert row.config["inbound"]["auth"]["secret"] == rows.SMS_INBOUND
    assert row.config["outbound"]["auth"]["password"] == rows.SMS_OUTBOUND
    assert app.client_secret == rows.CLIENT_SECRET
    assert vendor.config == rows.MESSENGER_APP


def test_a_new_secret_replaces_the_old_one(tenants: Tenants, admin_client: Client) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    path = f"/admin/channels_app/channel/{row.id}/change/"

    admin_client.post(path, {**inputs(admin_client.get(path)), "config__outbound__auth__basic__password": "fresh-password"})

    row.refresh_from_db()
    assert row.config["outbound"]["auth"]["password"] == "fresh-password"
    assert row.config["inbound"]["auth"]["secret"] == rows.SMS_INBOUND


def test_a_broken_channel_is_mended_by_setting_it_active(tenants: Tenants, admin_client: Client) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme), state="broken", state_reason="the token expired")
    path = f"/admin/channels_app/channel/{row.id}/change/"
    page = admin_client.get(path)
    assert "the token expired" in page.content.decode()

    admin_client.post(path, {**inputs(page), "name": "Renamed"})
    row.refresh_from_db()
    assert (row.state, row.state_reason) == ("broken", "the token expired")

    admin_client.post(path, {**inputs(admin_client.get(path)), "state": "active"})
    row.refresh_from_db()
    assert (row.state, row.state_reason) == ("active", "")


def test_rows_of_two_brands_are_not_joined(tenants: Tenants, admin_client: Client) -> None:
    foreign = rows.liveperson_app(tenants.globex)

    page = admin_client.post(ADD_SMS, sms_form(tenants, admin_client, liveperson_app=str(foreign.id)))

    assert errors(page) == {"liveperson_app": ["This LivePerson app belongs to another brand; choose one of Acme."]}
    assert not Channel.objects.exists()


def test_an_address_that_is_taken_is_said_in_the_form(tenants: Tenants, admin_client: Client) -> None:
    rows.sms_channel(rows.liveperson_app(tenants.globex))

    page = admin_client.post(ADD_SMS, sms_form(tenants, admin_client))

    assert errors(page) == {"__all__": ["Another channel has this address already; one address belongs to one channel."]}


def test_a_messenger_channel_and_its_app_are_made(tenants: Tenants, admin_client: Client) -> None:
    app = rows.liveperson_app(tenants.acme)
    admin_client.post(
        "/admin/channels_app/providerapp/add/?provider=messenger",
        {"name": "Meta", "config__app_id": "123", "config__app_secret": rows.APP_SECRET, "config__verify_token": "phrase-1234"},
    )
    vendor = ProviderApp.objects.get()
    assert vendor.config == {"app_id": "123", "app_secret": rows.APP_SECRET, "verify_token": "phrase-1234"}

    page = admin_client.get("/admin/channels_app/channel/add/?provider=messenger")
    answer = admin_client.post(
        "/admin/channels_app/channel/add/?provider=messenger",
        {
            **inputs(page),
            "name": "Page",
            "brand": str(tenants.acme.id),
            "provider_app": str(vendor.id),
            "liveperson_app": str(app.id),
            "config__page_id": "100000000000001",
            "config__page_access_token": rows.PAGE_TOKEN,
        },
    )

    assert answer.status_code == 302, errors(answer)
    assert Channel.objects.get().config == rows.messenger_config()


def test_a_row_in_use_is_not_deleted_and_says_why(tenants: Tenants, admin_client: Client) -> None:
    app = rows.liveperson_app(tenants.acme)
    rows.sms_channel(app)

    answer = admin_client.post(f"/admin/channels_app/livepersonapp/{app.id}/delete/", {"post": "yes"}, follow=True)

    assert "cannot be deleted: 1 channel still need" in answer.content.decode()
    assert LivePersonApp.objects.filter(pk=app.pk).exists()


def test_a_key_is_shown_once(tenants: Tenants, admin_client: Client) -> None:
    page = admin_client.post("/admin/channels_app/apikey/add/", {"name": "CI", "brand": str(tenants.acme.id)}, follow=True)

    key = re.search(r"cpk_[\w-]{43}", page.content.decode())
    row = ApiKey.objects.get(name="CI")
    assert key is not None
    assert (row.key_hash, row.brand) == (hash_key(key.group()), tenants.acme)
    again = admin_client.get(reverse("admin:channels_app_apikey_change", args=[row.pk]))
    assert key.group() not in again.content.decode()


def test_only_superusers_get_in(tenants: Tenants, client: Client, django_user_model: Any) -> None:
    client.force_login(django_user_model.objects.create_user("staff", password="x" * 12, is_staff=True))

    assert client.get("/admin/channels_app/channel/").status_code == 403


def test_the_channel_list_takes_the_same_queries_however_long_it_is(
    tenants: Tenants, admin_client: Client, django_assert_max_num_queries: Any
) -> None:
    app = rows.liveperson_app(tenants.acme)
    for number in range(20):
        rows.sms_channel(app, sender=f"+1555010{number}")
    with django_assert_max_num_queries(9):
        assert admin_client.get("/admin/channels_app/channel/").status_code == 200


@pytest.mark.parametrize("slug", sorted(PROVIDERS))
def test_an_untouched_form_changes_nothing(slug: str) -> None:
    layout = ConfigLayout(PROVIDERS[slug].config_model)

    assert all(entry.form_field.label for entry in layout.entries.values())
    assert len({entry.name for entry in layout.entries.values()}) == len(layout.entries)


ADD_LIVEPERSON = "/admin/channels_app/livepersonapp/add/"


def liveperson_form(tenants: Tenants, admin_client: Client, **changes: Any) -> dict[str, Any]:
    filled = {"brand": str(tenants.acme.id), "name": "Connector", "account_id": "le-1_x", "client_id": "c1"}
    return {**inputs(admin_client.get(ADD_LIVEPERSON)), **filled, "new_client_secret": rows.CLIENT_SECRET, **changes}


def test_a_liveperson_app_is_made_with_the_needed_fields_only(tenants: Tenants, admin_client: Client) -> None:
    answer = admin_client.post(ADD_LIVEPERSON, liveperson_form(tenants, admin_client))

    assert answer.status_code == 302, errors(answer)
    row = LivePersonApp.objects.get()
    assert (row.features, row.file_types) == (list(FEATURES), ["JPG", "PNG", "GIF"])


def test_the_file_types_of_an_account_are_chosen_from_those_that_there_are(tenants: Tenants, admin_client: Client) -> None:
    row = rows.liveperson_app(tenants.acme)
    path = f"/admin/channels_app/livepersonapp/{row.pk}/change/"

    answer = admin_client.post(path, {**inputs(admin_client.get(path)), "file_types": ["JPG", "PDF"]})
    refused = admin_client.post(path, {**inputs(admin_client.get(path)), "file_types": ["EXE"]})

    assert answer.status_code == 302, errors(answer)
    assert list(errors(refused)) == ["file_types"]
    row.refresh_from_db()
    assert row.file_types == ["JPG", "PDF"]


@pytest.mark.parametrize(
    ("change", "field", "sentence"),
    [
        ({"features": []}, "features", "Choose at least one feature."),
        ({"file_types": []}, "file_types", "Choose at least one file type"),
        ({"account_id": "a b"}, "account_id", "letters, digits, hyphens and underscores only"),
        ({"domain_api": "http://api.example.com"}, "domain_api", "must start with https://"),
        ({"campaign_id": "1"}, "__all__", "go together"),
    ],
)
def test_a_liveperson_app_that_cannot_work_is_refused_in_the_form_as_in_the_api(
    tenants: Tenants, admin_client: Client, change: dict[str, Any], field: str, sentence: str
) -> None:
    page = admin_client.post(ADD_LIVEPERSON, liveperson_form(tenants, admin_client, **change))

    assert page.status_code == 200
    assert list(errors(page)) == [field]
    assert sentence in errors(page)[field][0]
    assert not LivePersonApp.objects.exists()


@pytest.mark.parametrize(
    ("refusal", "field"),
    [
        (ValidationError({"account_id": ["No."]}), "account_id"),
        (ValidationError("No."), "__all__"),
        (Invalid.at("client_secret", "No."), "new_client_secret"),
        (Conflict("No."), "__all__"),
    ],
)
def test_whatever_saving_refuses_is_an_error_of_the_form(
    tenants: Tenants, admin_client: Client, monkeypatch: pytest.MonkeyPatch, refusal: Exception, field: str
) -> None:
    def refuse(*_: Any, **__: Any) -> None:
        raise refusal

    data = liveperson_form(tenants, admin_client)
    monkeypatch.setattr("channels_app.admin.liveperson_apps.save_row", refuse)
    page = admin_client.post(ADD_LIVEPERSON, data)

    assert (page.status_code, errors(page)) == (200, {field: ["No."]})
    assert 'value="le-1_x"' in page.content.decode()


def test_a_channels_refusal_stands_at_its_field(tenants: Tenants, admin_client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: Any) -> None:
        raise Invalid([Problem(("config", "outbound", "url"), "invalid", "No.")])

    data = sms_form(tenants, admin_client)
    monkeypatch.setattr("channels_app.admin.channels.create_channel", refuse)

    assert errors(admin_client.post(ADD_SMS, data)) == {"config__outbound__url": ["No."]}


def test_credentials_choices_have_names_of_their_own(tenants: Tenants, admin_client: Client) -> None:
    form = admin_client.get(ADD_SMS).context["adminform"].form
    outgoing = dict(form.fields["config__outbound__auth__kind"].choices)
    incoming = dict(form.fields["config__inbound__auth__kind"].choices)

    assert (outgoing["basic"], outgoing["bearer"]) == ("User name and password (basic)", "Bearer token")
    assert incoming["bearer"] == "The gateway sends Authorization: Bearer <token>"
    assert incoming["basic"] == "The gateway logs in with a user name and a password"


def test_a_login_ends_on_the_first_page(db: None, client: Client, admin_user: Any) -> None:
    admin_user.set_password("long-password-1")
    admin_user.save()

    answer = client.post("/admin/login/", {"username": admin_user.username, "password": "long-password-1"})

    assert (answer.status_code, answer["Location"]) == (302, "/admin/")


def test_the_icon_is_there(db: None, client: Client) -> None:
    icon = client.get("/favicon.ico")

    assert icon["Location"] == "/static/channels_app/favicon.svg"
    assert finders.find("channels_app/favicon.svg")
    assert "favicon.svg" in client.get("/admin/login/").content.decode()


@pytest.mark.parametrize(
    "model",
    [
        "channels_app/brand",
        "channels_app/livepersonapp",
        "channels_app/providerapp",
        "channels_app/channel",
        "channels_app/apikey",
        "auth/user",
    ],
)
def test_times_in_lists_name_their_zone(tenants: Tenants, admin_client: Client, model: str) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    rows.provider_app()
    Consumer.objects.create(brand=row.brand, channel=row, external_id="1", last_inbound_at=now())

    page = admin_client.get(f"/admin/{model}/")

    assert page.status_code == 200
    assert re.search(r"\d{4}-\d\d-\d\d \d\d:\d\d UTC", page.content.decode())
    if model == "auth/user":
        assert page.context["title"] == "Operators"
