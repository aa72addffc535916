"""What the operator asks of the vendor: to register or remove the callback URL, and after a save whether it works."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled

from channels_app.models import Channel
from channels_app.providers.registry import PROVIDERS
from channels_app.selectors import configs
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.database import DatabaseUnavailable
from tests.channels_app import rows
from tests.channels_app.conftest import tenants
from tests.channels_app.tenants import Tenants
from tests.channels_app.test_admin import errors, inputs
from tests.webhooks_app.far_side import FarSide, answer
from tests.webhooks_app.pigeons import LOFT_KEY, Pigeon, pigeon_channel
from webhooks_app.services import checks

__all__ = ["tenants"]

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def every_brand(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setitem(PROVIDERS, "pigeon", Pigeon())
    with scopes_disabled():
        yield


@pytest.fixture
def far_side(monkeypatch: pytest.MonkeyPatch) -> FarSide:
    vendor = FarSide()
    monkeypatch.setattr(checks, "_client", lambda: vendor)
    return vendor


@pytest.fixture
def channel(tenants: Tenants) -> Channel:
    return pigeon_channel(rows.liveperson_app(tenants.acme))


def press(client: Client, row: Channel, button: str) -> list[tuple[str, str]]:
    """What the page says after the button: level and sentence."""
    page = client.post(reverse(f"admin:channels_app_channel_{button}", args=[row.pk]), follow=True)
    assert page.status_code == 200
    return [(message.level_tag, str(message)) for message in page.context["messages"]]


def test_the_page_registers_and_removes_and_says_what_the_vendor_said(admin_client: Client, channel: Channel, far_side: FarSide) -> None:
    page = admin_client.get(reverse("admin:channels_app_channel_change", args=[channel.pk])).content.decode()
    assert not far_side.calls
    assert [name in page for name in ("Test connection", "Register webhook", "Remove webhook")] == [True] * 3

    registered = press(admin_client, channel, "register_webhook")
    removed = press(admin_client, channel, "remove_webhook")

    assert registered == [("success", f"North now flies to {channel.callback_url}.")]
    assert removed == [("success", "North flies no more.")]
    assert [(call.method, call.url) for call in far_side.calls] == [
        ("PUT", "https://pigeons.example/north/webhook"),
        ("DELETE", "https://pigeons.example/north/webhook"),
    ]
    assert json.loads(far_side.calls[0].body) == {"url": channel.callback_url, "key": LOFT_KEY}


def test_a_refused_registration_is_an_error_and_changes_nothing(admin_client: Client, channel: Channel, far_side: FarSide) -> None:
    far_side.script("register_webhook", answer({"error": LOFT_KEY}, 401))

    assert press(admin_client, channel, "register_webhook") == [("error", "The far side answered HTTP 401.")]
    channel.refresh_from_db()
    assert channel.state == "active"


def test_a_vendor_without_an_api_for_it_has_no_buttons_and_no_addresses(tenants: Tenants, admin_client: Client, far_side: FarSide) -> None:
    row = rows.sms_channel(rows.liveperson_app(tenants.acme))
    page = admin_client.get(reverse("admin:channels_app_channel_change", args=[row.pk])).content.decode()

    assert ("Test connection" in page, "Register webhook" in page) == (True, False)
    for button in ("register_webhook", "remove_webhook"):
        assert admin_client.post(reverse(f"admin:channels_app_channel_{button}", args=[row.pk])).status_code == 404
    for method in ("POST", "DELETE"):
        told = tenants.as_acme(method, f"channels/{row.pk}/webhook/")
        assert (told.status_code, told.data["code"]) == (409, "entered_by_hand")
        assert row.callback_url in told.data["detail"]
    assert not far_side.calls


def test_buttons_are_pressed_by_post_only(admin_client: Client, channel: Channel, far_side: FarSide) -> None:
    for button in ("test", "register_webhook", "remove_webhook"):
        assert admin_client.get(reverse(f"admin:channels_app_channel_{button}", args=[channel.pk])).status_code == 405
    assert not far_side.calls


def test_the_api_registers_and_removes(tenants: Tenants, channel: Channel, far_side: FarSide) -> None:
    registered = tenants.as_acme("POST", f"channels/{channel.pk}/webhook/")
    removed = tenants.as_acme("DELETE", f"channels/{channel.pk}/webhook/")

    ok = {"ok": True, "code": "ok", "was_asked": True}
    assert (registered.status_code, registered.data) == (200, {**ok, "message": f"North now flies to {channel.callback_url}."})
    assert (removed.status_code, removed.data) == (200, {**ok, "message": "North flies no more."})
    assert [call.purpose for call in far_side.calls] == ["register_webhook", "remove_webhook"]


def test_a_refusal_over_the_api_holds_no_secret(tenants: Tenants, channel: Channel, far_side: FarSide) -> None:
    far_side.script("register_webhook", answer({"error": LOFT_KEY}, 401))

    told = tenants.as_acme("POST", f"channels/{channel.pk}/webhook/")

    assert (told.status_code, told.data["ok"], told.data["code"]) == (200, False, "credentials_rejected")
    assert LOFT_KEY not in told.content.decode()


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_another_brands_channel_is_not_there(tenants: Tenants, channel: Channel, far_side: FarSide, method: str) -> None:
    assert tenants.as_globex(method, f"channels/{channel.pk}/webhook/").status_code == 404
    assert not far_side.calls


def test_making_and_changing_a_channel_over_the_api_calls_nobody(tenants: Tenants, channel: Channel, far_side: FarSide) -> None:
    changed = tenants.as_acme("PATCH", f"channels/{channel.pk}/", {"config": {"loft": "south"}})

    assert (changed.status_code, changed.data["address"]) == (200, "south")
    assert not far_side.calls


def test_a_channel_type_says_whether_it_registers(tenants: Tenants) -> None:
    found: dict[str, Any] = {row["slug"]: row["registers_webhook"] for row in tenants.as_acme("GET", "channel-types/").data}

    assert (found["pigeon"], found["sms_gateway"]) == (True, False)


def test_all_calls_of_a_button_together_take_no_longer_than_one_may(
    tenants: Tenants, channel: Channel, far_side: FarSide, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.HTTP_TIMEOUT_S = 15.0
    clock = iter((100.0, 101.0, 116.0))
    monkeypatch.setattr(checks, "monotonic_s", lambda: next(clock))

    told = tenants.as_acme("POST", f"channels/{channel.pk}/test/")

    assert [(call.purpose, call.timeout_s) for call in far_side.calls] == [("check_loft", 14.0)]
    assert (told.data["ok"], told.data["code"]) == (False, "unreachable")
    assert told.data["message"] == "The far side took longer than 15 s."


def save(client: Client, row: Any, model: str, /, **changes: str) -> Any:
    path = reverse(f"admin:channels_app_{model}_change", args=[row.pk])
    return client.post(path, {**inputs(client.get(path)), **changes}, follow=True)


def said(page: Any) -> list[tuple[str, str]]:
    return [(message.level_tag, str(message)) for message in page.context["messages"]][1:]  # the first is Django's: it was saved


@pytest.mark.parametrize(
    ("status", "expected"),
    [(200, ("success", "Connected to south.")), (401, ("warning", "The far side answered HTTP 401."))],
)
def test_a_saved_channel_is_tested_and_stays_saved(
    admin_client: Client, channel: Channel, far_side: FarSide, status: int, expected: tuple[str, str]
) -> None:
    seen: list[str] = []

    def vendor(call: HttpCall) -> HttpResponse:
        # what another connection reads: the row is committed before the vendor is asked
        found = configs.channel(channel.pk)
        assert found is not None
        seen.append(found.address)
        return answer({}, status)

    far_side.script("check_loft", vendor)
    page = save(admin_client, channel, "channel", config__loft="south")

    assert said(page) == [expected]
    assert seen == ["south"]
    channel.refresh_from_db()
    assert (channel.address, channel.state) == ("south", "active")


def test_a_new_channel_is_tested(tenants: Tenants, admin_client: Client, far_side: FarSide) -> None:
    path = "/admin/channels_app/channel/add/?provider=pigeon"
    filled = {"name": "Loft", "brand": str(tenants.acme.pk), "liveperson_app": str(rows.liveperson_app(tenants.acme).pk)}

    page = admin_client.post(
        path, {**inputs(admin_client.get(path)), **filled, "config__loft": "east", "config__key": LOFT_KEY}, follow=True
    )

    assert said(page) == [("success", "Connected to east.")]
    assert [call.purpose for call in far_side.calls] == ["check_loft", "check_key"]  # nothing is registered by itself


def test_what_was_not_saved_is_not_tested(admin_client: Client, channel: Channel, far_side: FarSide) -> None:
    page = save(admin_client, channel, "channel", config__loft="")

    assert errors(page) == {"config__loft": ["This must not be empty."]}
    assert not far_side.calls


def test_where_nobody_is_asked_it_is_no_success(tenants: Tenants, admin_client: Client, far_side: FarSide) -> None:
    page = save(admin_client, rows.sms_channel(rows.liveperson_app(tenants.acme)), "channel", name="Renamed")

    assert [level for level, _ in said(page)] == ["info"]
    assert said(page)[0][1].startswith("The configuration is complete.")


def test_a_fault_of_the_check_does_not_hide_that_it_was_saved(
    admin_client: Client, channel: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_: Any) -> None:
        raise DatabaseUnavailable("PostgreSQL cannot be reached")

    monkeypatch.setattr(configs, "channel", away)
    page = save(admin_client, channel, "channel", name="Renamed")

    assert said(page) == [("warning", "PostgreSQL cannot be reached")]
    channel.refresh_from_db()
    assert channel.name == "Renamed"


def test_a_saved_liveperson_app_is_tested_too(tenants: Tenants, admin_client: Client, far_side: FarSide) -> None:
    app = rows.liveperson_app(tenants.acme)
    far_side.script("fetch_app_jwt", answer({"error": rows.CLIENT_SECRET}, 401))

    page = save(admin_client, app, "livepersonapp", name="Renamed")

    assert [level for level, _ in said(page)] == ["warning"]
    assert "LivePerson refused the app install" in said(page)[0][1]
    assert rows.CLIENT_SECRET not in page.content.decode()
    app.refresh_from_db()
    assert (app.name, app.problem) == ("Renamed", "")
