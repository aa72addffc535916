"""Credentials that end by themselves are exchanged in time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django_scopes import scopes_disabled

from channels_app.models import Channel
from channels_app.selectors import configs
from channels_app.services.channels import create_channel, update_channel
from channels_app.services.provider_apps import create_provider_app
from connector_platform.core.calls import HttpCall, HttpResponse
from tests.webhooks_app.far_side import answer
from tests.webhooks_app.world import PAGE_TOKEN, World
from webhooks_app.services import checks

ACCOUNT = "17841400000000091"
OLD, FRESH = "IGAAold000000000000001", "IGAAfresh0000000000001"


class Meta:
    """The far side of a renewal."""

    def __init__(self, response: HttpResponse, page_token: HttpResponse) -> None:
        self.response = response
        self.page_token = page_token
        self.calls: list[HttpCall] = []

    def execute(self, call: HttpCall) -> HttpResponse:
        if "/debug_token?" in call.url:
            return self.page_token
        self.calls.append(call)
        return self.response


@pytest.fixture
def channel(world: World) -> Iterator[Channel]:
    secrets = {"app_id": "1517776481860111", "app_secret": "instagram-docs-app-secret", "verify_token": "phrase"}
    with scopes_disabled():
        app = create_provider_app(provider="instagram", name="Meta", config=secrets, brand=world.brand)
        yield create_channel(
            brand=world.brand,
            provider="instagram",
            name="Acme on Instagram",
            liveperson_app=world.app,
            provider_app=app,
            config={"account_id": ACCOUNT, "access_token": OLD, "human_agent_enabled": True},
        )


def at(monkeypatch: pytest.MonkeyPatch, response: HttpResponse, page_token: HttpResponse | None = None) -> Meta:
    meta = Meta(response, page_token or answer({"data": {"is_valid": True, "expires_at": 0}}))
    monkeypatch.setattr(checks, "_client", lambda: meta)
    return meta


def stored(channel: Channel) -> Any:
    configs.forget()
    found = configs.channel(channel.pk)
    assert found is not None
    return found.config


def test_a_fresh_token_replaces_the_old_one_and_nothing_else(channel: Channel, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    meta = at(monkeypatch, answer({"access_token": FRESH, "expires_in": 5184000}))
    call_command("renew_credentials")
    assert [call.headers["Authorization"] for call in meta.calls] == [f"Bearer {OLD}"], "channels without an end are left alone"
    config = stored(channel)
    assert (config.access_token.get_secret_value(), config.account_id, config.human_agent_enabled) == (FRESH, ACCOUNT, True)
    said = capsys.readouterr().out
    assert "Acme on Instagram: Renewed." in said
    assert FRESH not in said


def test_a_refusal_is_told_and_the_old_token_stays(channel: Channel, monkeypatch: pytest.MonkeyPatch, capsys: Any) -> None:
    at(monkeypatch, answer({"error": {"message": f"Malformed {OLD}", "code": 190, "error_subcode": 463}}, 400))
    with pytest.raises(CommandError, match="1 of 2 were not renewed"):
        call_command("renew_credentials")
    assert stored(channel).access_token.get_secret_value() == OLD
    said = capsys.readouterr().out
    assert "the access token has expired" in said
    assert OLD not in said


def test_what_an_operator_stored_meanwhile_stays(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = at(monkeypatch, answer({"access_token": FRESH}))
    execute = meta.execute

    def operator_is_faster(call: HttpCall) -> HttpResponse:
        update_channel(channel, config={"access_token": "IGAAoperators000000001"}, merge=True)
        return execute(call)

    monkeypatch.setattr(meta, "execute", operator_is_faster)
    call_command("renew_credentials")
    assert stored(channel).access_token.get_secret_value() == "IGAAoperators000000001"


def test_a_pages_token_that_ends_soon_is_told_in_time_and_goes_on(
    channel: Channel, world: World, monkeypatch: pytest.MonkeyPatch, capsys: Any
) -> None:
    ends = int(time.time()) + 9 * 86400
    at(monkeypatch, answer({"access_token": FRESH}), answer({"data": {"is_valid": True, "expires_at": 0, "data_access_expires_at": ends}}))
    with pytest.raises(CommandError, match="1 of 2 were not renewed"):
        call_command("renew_credentials")
    said = capsys.readouterr().out
    assert f"{world.channel.name}: The access token ends on {datetime.fromtimestamp(ends, UTC):%Y-%m-%d} and cannot be exchanged" in said
    assert PAGE_TOKEN not in said
    with scopes_disabled():
        assert Channel.objects.get(pk=world.channel.pk).state == "active"
