"""The operators' pages in a browser: what is folded, what unfolds, what a button does. Screenshots go where SCREENSHOTS says."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client
from django.urls import reverse
from django_scopes import scopes_disabled
from playwright.sync_api import Page, ViewportSize, expect

from channels_app.providers.registry import PROVIDERS
from tests.channels_app import rows
from tests.channels_app.tenants import Tenants
from tests.support.browser import chromium
from tests.webhooks_app.far_side import FarSide
from tests.webhooks_app.losses import with_losses
from tests.webhooks_app.pigeons import Pigeon, pigeon_channel
from webhooks_app.services import checks

pytestmark = pytest.mark.django_db(transaction=True)

PATIENCE_MS = 30_000
WINDOW: ViewportSize = {"width": 1280, "height": 900}


@contextmanager
def operator(live_server: Any, admin_client: Client) -> Iterator[Page]:
    """An operator's browser, logged in. Rows are made before: playwright's loop forbids Django's queries in this thread."""
    cookie = {
        "name": settings.SESSION_COOKIE_NAME,
        "value": admin_client.cookies[settings.SESSION_COOKIE_NAME].value,
        "url": live_server.url,
    }
    complaints: list[str] = []
    with chromium() as browser:
        context = browser.new_context(viewport=WINDOW, base_url=live_server.url)
        context.add_cookies([cookie])  # type: ignore[list-item]  # playwright's own TypedDict
        page = context.new_page()
        page.set_default_timeout(PATIENCE_MS)
        expect.set_options(timeout=PATIENCE_MS)
        page.on("pageerror", lambda error: complaints.append(str(error)))
        page.on("console", lambda message: complaints.append(message.text) if message.type == "error" else None)
        yield page
        context.close()
    assert complaints == []


def picture(page: Page, name: str) -> None:
    folder = os.environ.get("SCREENSHOTS")
    if folder:
        # as high as the page: else the bar at the window's bottom hides what is below it
        page.set_viewport_size({"width": 1280, "height": max(900, page.evaluate("document.documentElement.scrollHeight"))})
        page.screenshot(path=Path(folder) / f"{name}.png")
        page.set_viewport_size(WINDOW)


@pytest.fixture
def far_side(monkeypatch: pytest.MonkeyPatch) -> FarSide:
    vendor = FarSide()
    monkeypatch.setattr(checks, "_client", lambda: vendor)
    monkeypatch.setitem(PROVIDERS, "pigeon", Pigeon())
    return vendor


def test_a_channel_is_given_options_and_registered(live_server: Any, admin_client: Client, tenants: Tenants, far_side: FarSide) -> None:
    with scopes_disabled():
        row = pigeon_channel(rows.liveperson_app(tenants.acme))
    path = reverse("admin:channels_app_channel_change", args=[row.pk])

    with operator(live_server, admin_client) as page:
        page.goto(path)
        picture(page, "channel-folded")
        rating = page.locator("[name=options__texts__survey_rating]")
        expect(rating).to_be_hidden()
        for heading in ("Survey after the close", "Campaign", "What consumers are told", "Translations", "Consumer info for agents"):
            page.get_by_text(heading, exact=True).first.click()
        expect(rating).to_be_visible()
        picture(page, "channel-unfolded")

        page.locator("[name=options__close_keywords]").fill("bye\n#end")
        page.locator("[name=options__texts__survey_yes]").fill("y" * 21)
        page.locator("[name=options__translations]").fill('{"de": {"closed_by_agent": "Auf Wiedersehen!"}}')
        page.get_by_role("button", name="Save and continue editing").click()
        expect(page.get_by_text("This should have at most 20 characters.")).to_be_visible()  # its section is open by itself
        picture(page, "channel-refused")

        page.locator("[name=options__texts__survey_yes]").fill("Of course")
        page.get_by_role("button", name="Save and continue editing").click()
        expect(page.get_by_text("Connected to north.")).to_be_visible()
        expect(page.locator("[name=options__close_keywords]")).to_have_value("bye\n#end")

        page.get_by_test_id("register_webhook").click()
        expect(page.get_by_text(f"North now flies to {row.callback_url}.")).to_be_visible()
        picture(page, "channel-registered")

    with scopes_disabled():
        row.refresh_from_db()
    assert row.options == {
        "close_keywords": ["bye", "#end"],
        "texts": {"survey_yes": "Of course"},
        "translations": {"de": {"closed_by_agent": "Auf Wiedersehen!"}},
    }
    assert [call.purpose for call in far_side.calls] == ["check_loft", "check_key", "register_webhook"]


def test_losses_are_folded_in_a_conversation_and_open_on_the_events_page(live_server: Any, admin_client: Client, tenants: Tenants) -> None:
    with scopes_disabled():
        channel = rows.sms_channel(rows.liveperson_app(tenants.acme))
        talk = rows.conversation(channel)
        event = rows.event(rows.lane(channel), talk, **with_losses())
        rows.attempt(event, outcome="sent", http_status=200, provider_code="", message="")
        rows.survey(talk, step="done", csat=4, resolved=True)

    with operator(live_server, admin_client) as page:
        page.goto(reverse("admin:channels_app_conversation_change", args=[talk.pk]))
        expect(page.get_by_test_id("loss").first).to_be_hidden()
        expect(page.get_by_text("4 of 5")).to_be_visible()
        page.get_by_text("3 things could not be shown as meant").click()
        expect(page.get_by_test_id("loss")).to_have_count(3)
        expect(page.get_by_test_id("loss").nth(1)).to_contain_text("A <b>very</b> w…")
        picture(page, "conversation")

        page.get_by_role("link", name="Event", exact=True).click()
        expect(page.get_by_test_id("loss").first).to_be_visible()
        expect(page.get_by_test_id("offered")).to_contain_text("1) Blue (says “I take blue”)")
        picture(page, "event-with-losses")


def test_the_file_types_of_an_account_are_boxes(live_server: Any, admin_client: Client, tenants: Tenants) -> None:
    with scopes_disabled():
        app = rows.liveperson_app(tenants.acme)

    with operator(live_server, admin_client) as page:
        page.goto(reverse("admin:channels_app_livepersonapp_change", args=[app.pk]))
        expect(page.get_by_label("PDF")).not_to_be_checked()
        expect(page.get_by_label("JPG")).to_be_checked()
        picture(page, "liveperson-app")
