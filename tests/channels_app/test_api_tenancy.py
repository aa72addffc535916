"""One brand's key and the other brand's rows: they do not exist, in any endpoint, in any way of asking."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from django.urls import get_resolver
from django_scopes import scope, scopes_disabled
from django_scopes.exceptions import ScopeError

from channels_app.api.base import TenantViewSet
from channels_app.models import Brand, Channel, Conversation, LivePersonApp, ProviderApp
from tests.channels_app import rows
from tests.channels_app.tenants import Tenants
from webhooks_app.models import Event


@pytest.fixture(autouse=True)
def every_brand() -> Iterator[None]:
    with scopes_disabled():
        yield


@dataclass
class Foreign:
    """Globex's rows."""

    app: LivePersonApp
    vendor: ProviderApp
    channel: Channel
    talk: Conversation
    event: Event


@pytest.fixture
def foreign(tenants: Tenants) -> Foreign:
    app = rows.liveperson_app(tenants.globex)
    channel = rows.sms_channel(app, sender="+15550177")
    talk = rows.conversation(channel)
    return Foreign(app, rows.provider_app(tenants.globex), channel, talk, rows.event(rows.lane(channel), talk))


def paths(tenants: Tenants, foreign: Foreign) -> dict[str, str]:
    return {
        "brands/": str(tenants.globex.id),
        "liveperson-apps/": str(foreign.app.id),
        "provider-apps/": str(foreign.vendor.id),
        "channels/": str(foreign.channel.id),
        "conversations/": str(foreign.talk.id),
        "events/": str(foreign.event.public_id),
    }


def test_lists_hold_the_own_brand_only(tenants: Tenants, foreign: Foreign) -> None:
    own = rows.sms_channel(rows.liveperson_app(tenants.acme))

    for path, foreign_id in paths(tenants, foreign).items():
        assert foreign_id in [row["id"] for row in tenants.platform("GET", path).data["results"]]
        assert foreign_id not in [row["id"] for row in tenants.as_acme("GET", path).data["results"]]
        assert foreign_id not in [row["id"] for row in tenants.as_acme("GET", path, brand=str(tenants.globex.id)).data["results"]]
    assert [row["id"] for row in tenants.as_acme("GET", "channels/").data["results"]] == [str(own.id)]


def test_a_foreign_row_answers_exactly_as_one_that_is_not_there(tenants: Tenants, foreign: Foreign) -> None:
    nowhere = "00000000-0000-4000-8000-000000000000"
    for path, foreign_id in paths(tenants, foreign).items():
        for method in ("GET", "PATCH", "PUT", "DELETE"):
            there, not_there = (tenants.as_acme(method, f"{path}{row_id}/", {}) for row_id in (foreign_id, nowhere))
            assert there.status_code == not_there.status_code, (method, path)
            assert there.content == not_there.content, (method, path)
            assert there.status_code in (404, 405), (method, path)
    for path in (f"channels/{foreign.channel.id}/test/", f"events/{foreign.event.public_id}/replay/"):
        assert tenants.as_acme("POST", path, {}).status_code == 404
    assert tenants.as_acme("GET", f"conversations/{foreign.talk.id}/events/").status_code == 404


def test_nothing_of_a_foreign_brand_was_changed(tenants: Tenants, foreign: Foreign) -> None:
    tenants.as_acme("PATCH", f"channels/{foreign.channel.id}/", {"name": "Stolen"})
    tenants.as_acme("POST", f"events/{foreign.event.public_id}/replay/", {})
    tenants.as_acme("DELETE", f"provider-apps/{foreign.vendor.id}/")

    assert Channel.objects.get(pk=foreign.channel.pk).name != "Stolen"
    assert Event.objects.get(pk=foreign.event.pk).state == "dead"
    assert ProviderApp.objects.filter(pk=foreign.vendor.pk).exists()


@pytest.mark.parametrize("field", ["brand", "liveperson_app", "provider_app"])
def test_a_body_that_names_a_foreign_row_is_told_that_it_does_not_exist(tenants: Tenants, foreign: Foreign, field: str) -> None:
    app = rows.liveperson_app(tenants.acme)
    body = {
        "brand": str(tenants.acme.id),
        "name": "Mine",
        "provider": "messenger",
        "liveperson_app": str(app.id),
        "provider_app": str(rows.provider_app(tenants.acme).id),
        "config": rows.messenger_config(),
    }
    names = {"brand": tenants.globex.id, "liveperson_app": foreign.app.id, "provider_app": foreign.vendor.id}

    answers = [
        tenants.as_acme("POST", "channels/", {**body, field: str(value)})
        for value in (names[field], "00000000-0000-4000-8000-000000000000")
    ]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert answers[0].content == answers[1].content
    assert answers[0].data["errors"] == [{"pointer": f"/{field}", "code": "does_not_exist", "detail": "This row does not exist."}]
    assert Channel.objects.count() == 1


def test_the_platform_cannot_join_rows_of_two_brands_either(tenants: Tenants, foreign: Foreign) -> None:
    body = {
        "brand": str(tenants.acme.id),
        "name": "Mixed",
        "provider": "sms_gateway",
        "liveperson_app": str(foreign.app.id),
        "config": rows.sms_config(),
    }

    answer = tenants.platform("POST", "channels/", body)

    assert (answer.status_code, answer.data["errors"][0]["pointer"]) == (400, "/liveperson_app")
    assert Channel.objects.count() == 1


def test_a_bulk_replay_takes_the_own_brand_only(tenants: Tenants, foreign: Foreign) -> None:
    answer = tenants.as_acme("POST", "events/replay/", {"channel": str(foreign.channel.id)})
    everything = tenants.as_acme("POST", "events/replay/", {})

    assert (answer.status_code, answer.data["errors"][0]["detail"]) == (400, "This row does not exist.")
    assert everything.data == {"replayed": 0, "remaining": 0}
    assert Event.objects.get(pk=foreign.event.pk).state == "dead"


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "brands/"), ("GET", "api-keys/"), ("POST", "api-keys/"), ("GET", "unreadable-bodies/")]
)
def test_what_is_the_platforms_takes_its_key(tenants: Tenants, method: str, path: str) -> None:
    answer = tenants.as_acme(method, path, {"name": "x", "slug": "x"})

    assert (answer.status_code, answer["Content-Type"]) == (403, "application/problem+json")
    assert Brand.objects.count() == 2


def test_a_brands_key_makes_provider_apps_for_its_own_brand(tenants: Tenants) -> None:
    body = {"provider": "messenger", "name": "Own", "config": rows.MESSENGER_APP}

    made = tenants.as_acme("POST", "provider-apps/", body)
    for_all = tenants.as_acme("POST", "provider-apps/", {**body, "brand": None})

    assert (made.status_code, made.data["brand"]) == (201, str(tenants.acme.id))
    assert (for_all.status_code, for_all.data["errors"][0]["pointer"]) == (400, "/brand")


def test_the_installations_provider_app_is_not_seen_and_not_used_by_a_brands_key(tenants: Tenants) -> None:
    shared, app = rows.provider_app(), rows.liveperson_app(tenants.acme)
    body = {
        "brand": str(tenants.acme.id),
        "name": "Page",
        "provider": "messenger",
        "liveperson_app": str(app.id),
        "provider_app": str(shared.id),
        "config": rows.messenger_config("100000000000099"),
    }

    assert tenants.as_acme("GET", f"provider-apps/{shared.id}/").status_code == 404
    assert tenants.as_acme("POST", "channels/", body).status_code == 400
    assert tenants.platform("POST", "channels/", body).status_code == 201


def test_a_brand_cannot_move_its_channel_to_another_page_of_a_shared_app(tenants: Tenants) -> None:
    shared = rows.provider_app()
    row = rows.messenger_channel(rows.liveperson_app(tenants.acme), shared)

    moved = tenants.as_acme("PATCH", f"channels/{row.id}/", {"config": {"page_id": "100000000000042"}})
    kept = tenants.as_acme("PATCH", f"channels/{row.id}/", {"provider_app": str(shared.id), "config": {"human_agent_enabled": True}})

    assert (moved.status_code, moved.data["errors"][0]["code"]) == (400, "shared_address")
    assert kept.status_code == 200
    assert Channel.objects.get().address == "100000000000001"
    assert tenants.platform("PATCH", f"channels/{row.id}/", {"config": {"page_id": "100000000000042"}}).status_code == 200


@pytest.mark.parametrize("header", ["", "Bearer wrong", "Basic abc", "Bearer "])
def test_without_a_known_key_there_is_nothing(tenants: Tenants, client: object, header: str) -> None:
    answer = client.get("/api/v1/channels/", headers={"Authorization": header})  # type: ignore[attr-defined]

    assert (answer.status_code, answer["Content-Type"], answer["WWW-Authenticate"]) == (401, "application/problem+json", "Bearer")


def test_a_revoked_key_is_refused(tenants: Tenants) -> None:
    made = tenants.platform("POST", "api-keys/", {"name": "CI", "brand": str(tenants.acme.id)}).data
    from tests.channels_app.tenants import Caller

    caller = Caller(made["key"])
    before = caller("GET", "channels/").status_code
    revoked = tenants.platform("DELETE", f"api-keys/{made['id']}/").status_code

    assert (before, revoked, caller("GET", "channels/").status_code) == (200, 204, 401)
    assert "key" not in tenants.platform("GET", f"api-keys/{made['id']}/").data


def test_every_endpoint_stands_on_the_one_base_that_opens_the_scope() -> None:
    def views(patterns: list[object]) -> Iterator[type]:
        for pattern in patterns:
            if hasattr(pattern, "url_patterns"):
                yield from views(pattern.url_patterns)
            elif (view := getattr(pattern.callback, "cls", None)) is not None:
                yield view

    api = [pattern for pattern in get_resolver().url_patterns if str(pattern.pattern) == "api/v1/"]
    unscoped = {view.__name__ for view in views(api) if not issubclass(view, TenantViewSet)}

    assert unscoped == {"ChannelTypeViewSet", "SpectacularAPIView", "SpectacularSwaggerView"}


def test_without_a_scope_no_tenants_row_can_be_read(tenants: Tenants) -> None:
    rows.sms_channel(rows.liveperson_app(tenants.acme))
    with scope(), pytest.raises(ScopeError):
        Channel.objects.count()
