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
from connector_platform.database import run
from tests.webhooks_app.far_side import answer
from tests.webhooks_app.whatsapp_number import whatsapp_number
from tests.webhooks_app.world import PAGE_TOKEN, World
from webhooks_app import renewals
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


# By itself.


def renewed() -> None:
    """What the sweeper does every few minutes, to its end."""
    renewing = renewals.Renewals()
    renewing.look()
    thread = renewing._thread
    assert thread is not None
    thread.join()


def days_ago(channel: Channel, days: float) -> None:
    """The channel was made, and its vendor asked where it was, so long ago."""
    run(
        """UPDATE channels_app_channel SET created_at = now() - make_interval(secs => %(s)s),
               credentials_asked_at = CASE WHEN credentials_asked_at IS NOT NULL THEN now() - make_interval(secs => %(s)s) END
           WHERE id = %(id)s""",
        {"s": days * 86400, "id": channel.pk},
    )


def problem_of(channel: Channel) -> str:
    with scopes_disabled():
        return Channel.objects.get(pk=channel.pk).credentials_problem


def test_a_week_after_they_were_entered_credentials_are_renewed_by_themselves(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = at(monkeypatch, answer({"access_token": FRESH, "expires_in": 5184000}))
    for days, calls in ((6.9, 0), (7.1, 1)):
        days_ago(channel, days)
        renewed()
        assert len(meta.calls) == calls
    assert stored(channel).access_token.get_secret_value() == FRESH
    # and then not for another week
    renewed()
    assert len(meta.calls) == 1
    days_ago(channel, 7.1)
    renewed()
    assert len(meta.calls) == 2


def test_a_refusal_stands_at_the_channel_and_is_asked_about_daily(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = at(monkeypatch, answer({"error": {"message": f"Malformed {OLD}", "code": 190, "error_subcode": 463}}, 400))
    days_ago(channel, 8)
    renewed()
    assert "the access token has expired" in problem_of(channel)
    assert OLD not in problem_of(channel)
    # a day later it works again
    renewed()
    assert len(meta.calls) == 1
    days_ago(channel, 1.1)
    meta.response = answer({"access_token": FRESH, "expires_in": 5184000})
    renewed()
    assert (len(meta.calls), problem_of(channel)) == (2, "")


def test_other_credentials_end_the_problem_and_another_name_does_not(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    at(monkeypatch, answer({"error": {"message": "no", "code": 190}}, 400))
    days_ago(channel, 8)
    renewed()
    for config, is_there in ((None, True), ({"access_token": OLD}, True), ({"access_token": "IGAAoperators000000001"}, False)):
        with scopes_disabled():
            update_channel(Channel.objects.get(pk=channel.pk), name="Renamed", config=config, merge=True)
        assert bool(problem_of(channel)) is is_there


def test_one_vendor_that_fails_badly_keeps_no_other_channel_waiting(
    channel: Channel, world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def renew(channel_id: Any) -> None:
        asked.append(channel_id)
        raise RuntimeError

    monkeypatch.setattr(renewals, "renew_credentials", renew)
    days_ago(channel, 8)
    days_ago(world.channel, 9)
    renewed()
    assert asked == [world.channel.pk, channel.pk], "longest due first"
    # and is asked again the next day, not the next time
    renewed()
    assert len(asked) == 2
    assert "RuntimeError" in problem_of(channel)
    days_ago(channel, 1.1)
    renewed()
    assert asked[2:] == [channel.pk]


def test_broken_channels_and_vendors_without_an_end_are_not_asked(channel: Channel, world: World) -> None:
    run("UPDATE channels_app_channel SET created_at = now() - interval '30 days'")
    assert set(renewals.due()) == {channel.pk, world.channel.pk}
    with scopes_disabled():
        Channel.objects.filter(pk=channel.pk).update(state="broken")
    assert renewals.due() == [world.channel.pk]


def test_looking_often_asks_once(channel: Channel, monkeypatch: pytest.MonkeyPatch) -> None:
    meta = at(monkeypatch, answer({"access_token": FRESH}))
    days_ago(channel, 8)
    renewing = renewals.Renewals()
    renewing.look()
    thread = renewing._thread
    assert thread is not None
    thread.join()
    days_ago(channel, 8)
    renewing.look()
    renewing.stop()
    assert (len(meta.calls), renewing._thread) == (1, thread)


def test_a_whatsapp_token_that_ends_soon_is_told_in_time(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    number = whatsapp_number(world)
    ends = int(time.time()) + 9 * 86400
    at(monkeypatch, answer({}), answer({"data": {"is_valid": True, "expires_at": ends}}))
    days_ago(number, 8)
    renewed()
    assert f"ends on {datetime.fromtimestamp(ends, UTC):%Y-%m-%d} and cannot be exchanged" in problem_of(number)
