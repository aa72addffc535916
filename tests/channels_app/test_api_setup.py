"""Brands, LivePerson apps, provider apps, API keys, channel types over the API."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.core.management import call_command
from django.test import Client
from django_scopes import scopes_disabled

from channels_app.models import ApiKey, Brand, LivePersonApp, ProviderApp
from channels_app.models.api_key import hash_key
from channels_app.providers.registry import PROVIDERS
from tests.channels_app import rows
from tests.channels_app.tenants import Tenants


@pytest.fixture(autouse=True)
def every_brand() -> Iterator[None]:
    with scopes_disabled():
        yield


def app_body(tenants: Tenants, **changes: object) -> dict[str, object]:
    return {
        "brand": str(tenants.acme.id),
        "name": "Connector",
        "account_id": "12345678",
        "client_id": "client-1",
        "client_secret": rows.CLIENT_SECRET,
        **changes,
    }


def test_a_brand_is_made_changed_and_deleted(tenants: Tenants) -> None:
    made = tenants.platform("POST", "brands/", {"name": "Initech", "slug": "initech"})
    changed = tenants.platform("PATCH", f"brands/{made.data['id']}/", {"is_active": False})
    gone = tenants.platform("DELETE", f"brands/{made.data['id']}/")

    assert (made.status_code, changed.status_code, gone.status_code) == (201, 200, 204)
    assert changed.data["is_active"] is False
    assert not Brand.objects.filter(slug="initech").exists()


def test_a_slug_is_one_brands(tenants: Tenants) -> None:
    answer = tenants.platform("POST", "brands/", {"name": "Again", "slug": "acme"})

    assert (answer.status_code, answer.data["detail"]) == (409, "Another brand has this slug already.")


def test_a_brand_in_use_is_not_deleted_and_says_why(tenants: Tenants) -> None:
    rows.sms_channel(rows.liveperson_app(tenants.acme))

    answer = tenants.platform("DELETE", f"brands/{tenants.acme.id}/")

    assert (answer.status_code, answer.data["code"]) == (409, "in_use")
    assert answer.data["detail"] == "Acme cannot be deleted: 1 channel and 1 LivePerson app still need it."


def test_a_liveperson_app_shows_where_webhooks_go_and_hides_its_secret(tenants: Tenants) -> None:
    answer = tenants.as_acme("POST", "liveperson-apps/", app_body(tenants))

    assert answer.status_code == 201
    assert answer.data["webhook_url"] == f"http://localhost:8000/webhooks/liveperson/{answer.data['id']}"
    assert (answer.data["client_secret"], answer.data["previous_client_secret"]) == ("set, ends in …4f2a", "")
    assert rows.CLIENT_SECRET not in answer.content.decode()
    assert LivePersonApp.objects.get().client_secret == rows.CLIENT_SECRET


def test_a_liveperson_app_put_back_as_it_was_read_keeps_its_secrets(tenants: Tenants) -> None:
    made = tenants.platform("POST", "liveperson-apps/", app_body(tenants, previous_client_secret="previous-secret-7777")).data

    put = tenants.platform("PUT", f"liveperson-apps/{made['id']}/", {**made, "name": "Renamed"})
    row = LivePersonApp.objects.get()
    assert (put.status_code, row.name, row.client_secret, row.previous_client_secret) == (
        200,
        "Renamed",
        rows.CLIENT_SECRET,
        "previous-secret-7777",
    )

    tenants.platform("PATCH", f"liveperson-apps/{made['id']}/", {"client_secret": "new-secret-1111", "previous_client_secret": ""})
    row.refresh_from_db()
    assert (row.client_secret, row.previous_client_secret) == ("new-secret-1111", None)


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"campaign_id": "1"}, "/"),
        ({"features": ["FLYING"]}, "/features/0"),
        ({"domain_api": "ftp://x"}, "/domain_api"),
        ({"domain_api": "http://api.example.com"}, "/domain_api"),
        ({"account_id": "a b"}, "/account_id"),
        ({"features": []}, "/features"),
        ({"file_types": ["PDF", "EXE"]}, "/file_types/1"),
        ({"file_types": []}, "/file_types"),
        ({"acount_id": "1"}, "/acount_id"),
        ({"client_secret": "set, ends in …4f2a"}, "/client_secret"),
        ({"client_secret": ""}, "/client_secret"),
        ({"sequence_gap_wait_s": 1e9}, "/sequence_gap_wait_s"),
    ],
)
def test_a_liveperson_app_that_cannot_work_is_refused_at_its_place(tenants: Tenants, change: dict[str, object], pointer: str) -> None:
    answer = tenants.platform("POST", "liveperson-apps/", app_body(tenants, **change))

    assert (answer.status_code, [item["pointer"] for item in answer.data["errors"]]) == (400, [pointer])
    assert not LivePersonApp.objects.exists()


def test_the_file_types_of_an_account_are_set_and_those_of_every_account_are_preset(tenants: Tenants) -> None:
    made = tenants.as_acme("POST", "liveperson-apps/", app_body(tenants))
    patched = tenants.as_acme("PATCH", f"liveperson-apps/{made.data['id']}/", {"file_types": ["JPG", "PDF"]})

    assert made.data["file_types"] == ["JPG", "PNG", "GIF"]
    assert (patched.status_code, patched.data["file_types"]) == (200, ["JPG", "PDF"])
    assert LivePersonApp.objects.get().file_types == ["JPG", "PDF"]


def test_an_install_is_one_apps(tenants: Tenants) -> None:
    tenants.platform("POST", "liveperson-apps/", app_body(tenants))

    answer = tenants.platform("POST", "liveperson-apps/", app_body(tenants, brand=str(tenants.globex.id)))

    assert (answer.status_code, answer.data["code"]) == (409, "conflict")


def test_a_provider_app_keeps_what_is_left_away(tenants: Tenants) -> None:
    made = tenants.platform("POST", "provider-apps/", {"provider": "messenger", "name": "Meta", "config": rows.MESSENGER_APP})
    patched = tenants.platform("PATCH", f"provider-apps/{made.data['id']}/", {"config": {"send_appsecret_proof": True}})
    put = tenants.platform("PUT", f"provider-apps/{made.data['id']}/", {**patched.data, "config": {"app_id": "99"}})

    assert (made.status_code, patched.status_code, put.status_code) == (201, 200, 200)
    assert made.data["callback_url"] == f"http://localhost:8000/callbacks/messenger/apps/{made.data['id']}"
    # A PUT replaces, but a secret that is left away is kept: a client that reads cannot know it.
    assert ProviderApp.objects.get().config == {**rows.MESSENGER_APP, "app_id": "99"}
    assert put.data["config"] == {
        "app_id": "99",
        "app_secret": "set, ends in …a1b2",
        "verify_token": "set, ends in …9z8y",
        "send_appsecret_proof": False,
    }


def test_a_provider_without_apps_has_none(tenants: Tenants) -> None:
    answer = tenants.platform("POST", "provider-apps/", {"provider": "sms_gateway", "name": "x", "config": {}})

    assert (answer.status_code, answer.data["errors"][0]["pointer"]) == (400, "/provider")


def test_a_key_is_told_once_and_only_its_hash_is_stored(tenants: Tenants) -> None:
    made = tenants.platform("POST", "api-keys/", {"name": "CI"})

    key = made.data["key"]
    row = ApiKey.objects.get(pk=made.data["id"])
    assert made.status_code == 201
    assert (row.key_hash, row.last_four, row.brand) == (hash_key(key), key[-4:], None)
    assert key not in tenants.platform("GET", "api-keys/").content.decode()


def test_channel_types_hold_everything_that_a_form_needs(tenants: Tenants) -> None:
    listed = tenants.as_acme("GET", "channel-types/")
    one = tenants.as_acme("GET", "channel-types/messenger/")

    assert [row["slug"] for row in listed.data] == list(PROVIDERS)
    assert set(one.data["config_schema"]["properties"]) == set(PROVIDERS["messenger"].config_model.model_fields)
    assert one.data["app_config_schema"]["properties"]["app_secret"]["writeOnly"] is True
    assert {"provider_code": "190", "code": "credentials_rejected"}.items() <= next(
        row for row in one.data["errors"] if row["provider_code"] == "190"
    ).items()
    assert tenants.as_acme("GET", "channel-types/nope/").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"), [(b"{", 400), (b"[" * 100_000, 400), (b'"' + b"x" * 300_000 + b'"', 413), (b"\xff", 400), (b"[]", 400)]
)
def test_a_body_that_cannot_be_read_is_a_problem_and_no_crash(tenants: Tenants, client: object, body: bytes, status: int) -> None:
    key = rows.api_key(None)[1]

    answer = client.post("/api/v1/brands/", body, content_type="application/json", headers={"Authorization": f"Bearer {key}"})  # type: ignore[attr-defined]

    assert (answer.status_code, answer["Content-Type"]) == (status, "application/problem+json")


def test_an_address_that_leads_nowhere_is_a_problem(client: object) -> None:
    for method in ("get", "post"):
        answer = getattr(client, method)("/api/v1/nowhere/at/all/")
        assert (answer.status_code, answer["Content-Type"], answer.json()["code"]) == (404, "application/problem+json", "not_found")


@pytest.mark.parametrize("cursor", ["cD1hYmM=", "cD0tOTk5OTk5OTk5OTk5OTk5OTk5OTk5"])
def test_a_tampered_cursor_is_not_found(tenants: Tenants, cursor: str) -> None:
    assert tenants.platform("GET", "events/", cursor=cursor).status_code == 404
    assert tenants.platform("GET", "conversations/", cursor=cursor).status_code == 404


def test_the_schema_is_valid_and_names_every_configuration(tmp_path: object) -> None:
    target = tmp_path / "schema.yaml"  # type: ignore[operator]

    call_command("spectacular", "--validate", "--fail-on-warn", "--file", str(target))

    text = target.read_text()
    for provider in PROVIDERS.values():
        assert f"    {provider.config_model.__name__}Request:" in text


def test_the_docs_page_needs_no_other_host(client: object, db: None) -> None:
    page = client.get("/api/v1/docs/")  # type: ignore[attr-defined]

    assert page.status_code == 200
    assert "cdn." not in page.content.decode()
    assert "/static/drf_spectacular_sidecar/" in page.content.decode()


def test_a_bad_slug_is_said_once(tenants: Tenants) -> None:
    answer = tenants.platform("POST", "brands/", {"name": "Initech", "slug": "no slug", "nmae": "x"})

    assert answer.status_code == 400
    assert sorted((item["pointer"], item["code"]) for item in answer.data["errors"]) == [("/nmae", "extra_forbidden"), ("/slug", "invalid")]


def test_plain_http_is_for_allowed_origins(tenants: Tenants, settings: Any) -> None:
    settings.HTTP_ALLOWED_ORIGINS = ["http://127.0.0.1:8800"]

    answers = [
        tenants.platform("POST", "liveperson-apps/", app_body(tenants, domain_api=url, client_id=url[-4:])).status_code
        for url in ("http://127.0.0.1:8800", "http://127.0.0.1:8801")
    ]

    assert answers == [201, 400]


@pytest.mark.parametrize("debug", [True, False])
def test_an_address_without_its_last_slash_says_so(tenants: Tenants, client: Client, settings: Any, debug: bool) -> None:
    settings.DEBUG = debug

    posted = client.post("/api/v1/brands", {}, content_type="application/json")
    read = client.get("/api/v1/brands?page=2")
    lost = client.post("/api/v1/nothing", {}, content_type="application/json")

    assert (posted.status_code, posted["Content-Type"]) == (404, "application/problem+json")
    assert posted.json()["detail"] == "Addresses of this API end in a slash: send this to /api/v1/brands/ instead."
    assert (read.status_code, read["Location"]) == (301, "/api/v1/brands/?page=2")
    assert (lost.status_code, lost.json()["detail"]) == (404, "There is nothing at this address.")


def test_the_schema_announces_that_unknown_fields_are_refused(db: None, client: Client) -> None:
    schema = client.get("/api/v1/schema/?format=json").json()
    parts = schema["components"]["schemas"]
    bodies = {
        content["schema"]["$ref"].rsplit("/", 1)[1]
        for operations in schema["paths"].values()
        for operation in operations.values()
        for content in operation.get("requestBody", {}).get("content", {}).values()
    }

    assert {"BrandRequest", "PatchedChannelRequest", "NewApiKeyRequest", "ReplayRequest", "ReplayManyRequest"} <= bodies
    assert [name for name in sorted(bodies) if parts[name].get("additionalProperties") is not False] == []
    assert [name for name, part in parts.items() if name.endswith(("ConfigRequest", "ConfigPatch")) and part["additionalProperties"]] == []
    assert "additionalProperties" not in parts["Channel"]


def test_what_is_only_answered_may_come_back_and_the_schema_says_so(tenants: Tenants, client: Client) -> None:
    announced = client.get("/api/v1/schema/?format=json").json()["components"]["schemas"]["BrandRequest"]["properties"]
    answered = tenants.platform("GET", f"brands/{tenants.acme.id}/").data

    again = tenants.platform("PUT", f"brands/{tenants.acme.id}/", {**answered, "created_at": "2020-01-01T00:00:00Z"})

    assert set(answered) == set(announced)
    assert [name for name, part in announced.items() if part.get("readOnly")] == ["id", "created_at", "updated_at"]
    assert (again.status_code, again.data["created_at"]) == (200, answered["created_at"])
