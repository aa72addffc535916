"""Connecting an account to the app, and what Test connection says of it, for both log-ins."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.instagram import InstagramConfig
from channels_app.providers.instagram.inbound import SUBSCRIBED_FIELDS
from channels_app.providers.instagram.setup import PAGE_FIELDS
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault
from tests.providers._meta.case import json_response
from tests.providers.contract.cases import drive
from tests.providers.instagram.case import ACCOUNT_ID, APP_CONFIG, APP_SECRET, CALLBACK_URL, CASE, CONFIG, PAGE_CONFIG, PAGE_ID

PLAIN_APP = APP_CONFIG.model_copy(update={"send_appsecret_proof": False})
INSTAGRAM = "https://graph.instagram.com/v25.0"
FACEBOOK = "https://graph.facebook.com/v25.0"
PAGE_TOKEN = PAGE_CONFIG.access_token.get_secret_value()
OWN = {"Authorization": f"Bearer {CONFIG.access_token.get_secret_value()}"}
PAGE = {"Authorization": f"Bearer {PAGE_TOKEN}"}
APP = {"Authorization": f"Bearer {APP_CONFIG.app_id}|{APP_SECRET}"}


def checked(config: InstagramConfig, **answers: Any) -> tuple[str, list[HttpCall]]:
    """What the check says where Meta answers ``answers`` (by the end of the path) and the obliging vendor's otherwise."""

    def answer(call: HttpCall, number: int) -> HttpResponse:
        end = call.url.partition("?")[0].rpartition("/")[2]
        return json_response(answers[end]) if end in answers else CASE.answer(call, number)

    return drive(CASE.provider, CASE.provider.check(config, CASE.context(app=PLAIN_APP)), answer)


def test_with_instagram_login_the_account_and_its_subscription_are_asked_for() -> None:
    sentence, calls = checked(CONFIG)
    assert sentence == f"Connected to @example.shop ({ACCOUNT_ID}). Its token lives 60 days; see to it that renew_credentials runs."
    assert [(call.method, call.url, call.headers, call.effect) for call in calls] == [
        ("GET", f"{INSTAGRAM}/me?fields=user_id,username", OWN, False),
        ("GET", f"{INSTAGRAM}/{ACCOUNT_ID}/subscribed_apps?fields=id,subscribed_fields", OWN, False),
    ]


def test_through_a_page_the_webhook_and_the_token_are_looked_at_too() -> None:
    sentence, calls = checked(PAGE_CONFIG)
    assert sentence == f"Connected to @example.shop ({ACCOUNT_ID}). The token has no end."
    assert [(call.method, call.url, call.headers, call.effect) for call in calls] == [
        ("GET", f"{FACEBOOK}/me?fields=id,name,instagram_business_account{{id,username}}", PAGE, False),
        ("GET", f"{FACEBOOK}/{PAGE_ID}/subscribed_apps?fields=id,subscribed_fields", PAGE, False),
        ("GET", f"{FACEBOOK}/{APP_CONFIG.app_id}/subscriptions", APP, False),
        ("GET", f"{FACEBOOK}/debug_token?input_token={PAGE_TOKEN}", APP, False),
    ]


def test_the_account_may_stand_in_a_list() -> None:
    sentence, _ = checked(CONFIG, me={"data": [{"user_id": ACCOUNT_ID, "username": "example.shop"}]})
    assert sentence.startswith(f"Connected to @example.shop ({ACCOUNT_ID}).")


@pytest.mark.parametrize("account", [{}, [], None, {"data": [7]}, {"id": "99"}])
def test_an_answer_that_names_nobody_is_metas_fault(account: Any) -> None:
    with pytest.raises(ServerFault):
        checked(CONFIG, me=account)


@pytest.mark.parametrize(
    ("config", "me", "words"),
    [
        (CONFIG, {"user_id": "17841400000000117", "username": "other"}, "belongs to account 17841400000000117"),
        (PAGE_CONFIG, {"id": "42", "name": "Other"}, "belongs to 42, not to page"),
        (PAGE_CONFIG, {"id": PAGE_ID, "name": "Example Shop"}, "no Instagram account is linked"),
        (PAGE_CONFIG, {"id": PAGE_ID, "instagram_business_account": {"id": "17841400000000117"}}, "belongs to account 17841400000000117"),
    ],
)
def test_a_token_of_somebody_else_is_a_configuration_error(config: InstagramConfig, me: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        checked(config, me=me)


@pytest.mark.parametrize("config", [CONFIG, PAGE_CONFIG])
@pytest.mark.parametrize("answer", [{"data": []}, None, {"data": [{"id": APP_CONFIG.app_id, "subscribed_fields": ["comments"]}]}])
def test_an_app_that_is_not_told_of_messages_is_a_configuration_error(config: InstagramConfig, answer: Any) -> None:
    with pytest.raises(ConfigurationError, match="register the webhook"):
        checked(config, subscribed_apps=answer)


def test_what_is_missing_is_named() -> None:
    fields = [name for name in SUBSCRIBED_FIELDS if name != "messaging_seen"]
    words = "Meta does not tell us of messaging_seen: register the webhook again, and tick them under Webhooks at Meta."
    assert words in checked(CONFIG, subscribed_apps={"data": [{"id": "5", "subscribed_fields": fields}]})[0]
    webhook = {"object": "instagram", "callback_url": CALLBACK_URL, "fields": [{"name": name, "version": "v25.0"} for name in fields]}
    assert words in checked(PAGE_CONFIG, subscriptions={"data": [webhook]})[0]


def test_another_callback_address_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match=r"Meta calls https://other\.example\.com, not"):
        checked(PAGE_CONFIG, subscriptions={"data": [{"object": "instagram", "callback_url": "https://other.example.com"}]})
    with pytest.raises(ConfigurationError, match="no active webhook for instagram"):
        checked(PAGE_CONFIG, subscriptions={"data": [{"object": "page", "callback_url": CALLBACK_URL}]})


def test_a_page_token_that_ends_or_lacks_a_permission_is_told() -> None:
    scopes = ["instagram_basic", "instagram_manage_messages"]
    sentence, _ = checked(PAGE_CONFIG, debug_token={"data": {"is_valid": True, "expires_at": 1793088000, "scopes": scopes}})
    assert sentence.endswith("The token ends on 2026-10-27, in 1 day.")
    with pytest.raises(CredentialsRejected, match="lacks instagram_manage_messages"):
        checked(PAGE_CONFIG, debug_token={"data": {"is_valid": True, "scopes": scopes[:1]}})


# The webhook


@pytest.mark.parametrize(
    ("config", "url", "headers", "fields", "name"),
    [
        (CONFIG, f"{INSTAGRAM}/{ACCOUNT_ID}/subscribed_apps", OWN, SUBSCRIBED_FIELDS, f"account {ACCOUNT_ID}"),
        (PAGE_CONFIG, f"{FACEBOOK}/{PAGE_ID}/subscribed_apps", PAGE, PAGE_FIELDS, f"page {PAGE_ID}"),
    ],
)
def test_registering_subscribes_the_app(config: InstagramConfig, url: str, headers: Any, fields: tuple[str, ...], name: str) -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        return json_response({"success": True} if call.method == "POST" else {"data": []})

    sentence, (_, call) = drive(CASE.provider, CASE.provider.register_webhook(config, CASE.context(app=PLAIN_APP)), answer)
    assert sentence == f"Meta tells the app of {name}: {', '.join(fields)}."
    assert (call.method, call.url, call.effect) == ("POST", url, False)
    assert json.loads(call.body) == {"subscribed_fields": ",".join(fields)}
    assert call.headers == {"Content-Type": "application/json", **headers}


def test_removing_unsubscribes_an_account_but_no_page_that_messenger_may_need() -> None:
    context = CASE.context(app=PLAIN_APP)
    sentence, (call,) = drive(CASE.provider, CASE.provider.remove_webhook(CONFIG, context), CASE.answer)
    assert sentence == f"Meta tells the app of account {ACCOUNT_ID} no more."
    assert (call.method, call.url, call.effect) == ("DELETE", f"{INSTAGRAM}/{ACCOUNT_ID}/subscribed_apps", False)
    with pytest.raises(ConfigurationError, match="Messenger"):
        drive(CASE.provider, CASE.provider.remove_webhook(PAGE_CONFIG, context), CASE.answer)


# The token


def renewed(config: InstagramConfig, answer: Any) -> tuple[dict[str, str], list[HttpCall]]:
    steps = CASE.provider.renew_credentials(config, CASE.context(app=PLAIN_APP))
    return drive(CASE.provider, steps, lambda *_: json_response(answer))


def test_an_accounts_token_is_exchanged_for_a_fresh_one() -> None:
    fields, (call,) = renewed(CONFIG, {"access_token": "IGAAfresh00000000001", "token_type": "bearer", "expires_in": 5183944})
    assert fields == {"access_token": "IGAAfresh00000000001", "token_ends_on": "2026-12-25"}
    assert (call.method, call.url, call.headers, call.effect) == (
        "GET",
        f"{INSTAGRAM}/refresh_access_token?grant_type=ig_refresh_token",
        OWN,
        False,
    )


@pytest.mark.parametrize("life", [None, "long", -1, 10**12, 1.5])
def test_a_life_that_cannot_be_read_leaves_the_end_open(life: Any) -> None:
    assert renewed(CONFIG, {"access_token": "IGAAfresh00000000001", "expires_in": life})[0]["token_ends_on"] == ""


def test_the_end_that_a_renewal_wrote_down_is_told() -> None:
    sentence, _ = checked(CONFIG.model_copy(update={"token_ends_on": "2026-12-25"}))
    assert sentence.endswith(" Its token ends on 2026-12-25, in 60 days; see to it that renew_credentials runs.")


@pytest.mark.parametrize("answer", [{}, None, [], {"access_token": 7}, {"access_token": ""}])
def test_an_answer_without_a_token_changes_nothing(answer: Any) -> None:
    with pytest.raises(ServerFault):
        renewed(CONFIG, answer)
