"""What the operator asks of the vendor: to register or remove the callback URL. From the channel's page and over the API."""

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
from tests.channels_app import rows
from tests.channels_app.conftest import tenants
from tests.channels_app.tenants import Tenants
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
    assert [name in page for name in ("Test connection", "Register callback URL", "Remove callback URL")] == [True] * 3

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

    assert ("Test connection" in page, "Register callback URL" in page) == (True, False)
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
