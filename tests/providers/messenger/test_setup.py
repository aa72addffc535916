"""Connecting a page to the app, and what Test connection says of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.messenger.inbound import SUBSCRIBED_FIELDS
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault
from tests.providers._meta.case import error_response, json_response
from tests.providers.contract.cases import drive
from tests.providers.messenger.case import APP_CONFIG, APP_SECRET, CALLBACK_URL, CASE, CONFIG, PAGE_ID

PLAIN_APP = APP_CONFIG.model_copy(update={"send_appsecret_proof": False})
TOKEN = CONFIG.page_access_token.get_secret_value()
GRAPH = "https://graph.facebook.com/v25.0"
PAGE_HEADERS = {"Authorization": f"Bearer {TOKEN}"}
APP_HEADERS = {"Authorization": f"Bearer {APP_CONFIG.app_id}|{APP_SECRET}"}


def check(**answers: Any) -> str:
    """What the check says where Meta answers ``answers`` (by the end of the path) and the obliging vendor's otherwise."""
    return checked(**answers)[0]


def checked(**answers: Any) -> tuple[str, list[HttpCall]]:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        end = call.url.partition("?")[0].rpartition("/")[2]
        if end not in answers:
            return CASE.answer(call, number)
        given = answers[end]
        return given if isinstance(given, HttpResponse) else json_response(given)

    return drive(CASE.provider, CASE.provider.check(CONFIG, CASE.context(app=PLAIN_APP)), answer)


def token(**data: Any) -> dict[str, Any]:
    return {"data": {"is_valid": True, "scopes": ["pages_messaging"], **data}}


def subscribed(*names: str, app_id: Any = APP_CONFIG.app_id) -> dict[str, Any]:
    return {"data": [{"id": "1", "subscribed_fields": ["feed"]}, {"id": app_id, "subscribed_fields": list(names)}]}


def webhook(callback_url: str, **more: Any) -> dict[str, Any]:
    return {"data": [{"object": "user", "callback_url": "https://a.example.com"}, {"object": "page", "callback_url": callback_url, **more}]}


def test_the_check_asks_for_the_page_its_subscription_the_webhook_and_the_token() -> None:
    sentence, calls = checked()
    assert sentence == f"Connected to page Example Shop ({PAGE_ID}). The token has no end."
    assert [(call.method, call.url, call.headers, call.effect) for call in calls] == [
        ("GET", f"{GRAPH}/me?fields=id,name", PAGE_HEADERS, False),
        ("GET", f"{GRAPH}/{PAGE_ID}/subscribed_apps?fields=id,subscribed_fields", PAGE_HEADERS, False),
        ("GET", f"{GRAPH}/{APP_CONFIG.app_id}/subscriptions", APP_HEADERS, False),
        ("GET", f"{GRAPH}/debug_token?input_token={TOKEN}", APP_HEADERS, False),
    ]


def test_a_page_without_a_name_is_connected_too() -> None:
    assert check(me={"id": PAGE_ID}).startswith(f"Connected to page without a name ({PAGE_ID}).")


def test_a_token_of_another_page_is_a_configuration_error() -> None:
    with pytest.raises(ConfigurationError, match="belongs to 42"):
        check(me={"id": "42", "name": "Somebody"})


@pytest.mark.parametrize("page", [{}, [], None, {"id": 7}])
def test_an_answer_that_names_nobody_is_metas_fault(page: Any) -> None:
    with pytest.raises(ServerFault):
        check(me=page)


@pytest.mark.parametrize("answer", [{"data": []}, {}, [], subscribed("feed"), subscribed("messages", app_id="99"), {"data": [7]}])
def test_an_app_that_is_not_told_of_messages_is_a_configuration_error(answer: Any) -> None:
    with pytest.raises(ConfigurationError, match="register the webhook"):
        check(subscribed_apps=answer)


def test_what_is_missing_of_the_subscription_is_named() -> None:
    names = [name for name in SUBSCRIBED_FIELDS if name not in ("message_reads", "message_edits")]
    words = "Meta does not tell us of message_reads, message_edits: register the webhook again, and tick them under Webhooks at Meta."
    assert words in check(subscribed_apps=subscribed(*names, app_id=int(APP_CONFIG.app_id)))
    assert words in check(subscriptions=webhook(CALLBACK_URL, fields=names))
    assert words in check(subscriptions=webhook(CALLBACK_URL, fields=[{"name": name, "version": "v25.0"} for name in names]))


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (webhook("https://other.example.com/callback"), "Meta calls https://other.example.com/callback, not"),
        (webhook(CALLBACK_URL, active=False), "no active webhook for page"),
        ({"data": []}, "no active webhook for page"),
        (None, "no active webhook for page"),
    ],
)
def test_another_callback_address_is_a_configuration_error(answer: Any, words: str) -> None:
    with pytest.raises(ConfigurationError, match=words):
        check(subscriptions=answer)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"expires_at": 0, "data_access_expires_at": 0}, "The token has no end."),
        ({"expires_at": 1793088000}, "The token ends on 2026-10-27, in 1 day."),
        ({"expires_at": 0, "data_access_expires_at": 1800000000}, "The token ends on 2027-01-15, in 81 days."),
        ({"expires_at": 1800000000, "data_access_expires_at": 1796000000}, "The token ends on 2026-11-30, in 34 days."),
        ({"expires_at": "soon"}, "The token has no end."),
    ],
)
def test_the_tokens_end_is_told(data: dict[str, Any], words: str) -> None:
    assert check(debug_token=token(**data)).endswith(f" {words}")


def test_an_invalid_token_is_refused_with_metas_code() -> None:
    error = {"code": 190, "message": f"Error validating {TOKEN}"}
    with pytest.raises(CredentialsRejected) as caught:
        check(debug_token={"data": {"is_valid": False, "error": error}})
    assert caught.value.provider_code == "190"
    assert TOKEN not in str(caught.value)


def test_a_token_without_a_permission_is_refused() -> None:
    with pytest.raises(CredentialsRejected, match="lacks pages_messaging"):
        check(debug_token=token(scopes=["pages_show_list"]))


def test_a_refusal_by_meta_passes_through() -> None:
    with pytest.raises(CredentialsRejected):
        check(subscribed_apps=error_response("200", status=403))


# The webhook


def test_registering_subscribes_the_app_to_the_page() -> None:
    context = CASE.context(app=PLAIN_APP)
    sentence, (*reads, call) = drive(CASE.provider, CASE.provider.register_webhook(CONFIG, context), CASE.answer)
    assert [(read.method, read.url.partition("?")[0], read.effect) for read in reads] == [
        ("GET", f"{GRAPH}/{APP_CONFIG.app_id}/subscriptions", False),
        ("GET", f"{GRAPH}/{PAGE_ID}/subscribed_apps", False),
    ]
    assert sentence == f"Meta tells the app of page {PAGE_ID}: {', '.join(SUBSCRIBED_FIELDS)}."
    assert (call.method, call.url, call.effect) == ("POST", f"{GRAPH}/{PAGE_ID}/subscribed_apps", False)
    assert json.loads(call.body) == {"subscribed_fields": ",".join(SUBSCRIBED_FIELDS)}
    assert call.headers == {"Content-Type": "application/json", **PAGE_HEADERS}


def test_registering_keeps_what_another_channel_of_the_app_asked_for() -> None:
    rows = [{"id": APP_CONFIG.app_id, "subscribed_fields": ["feed", 7]}, {"id": "7", "subscribed_fields": ["mention"]}]
    mine_and_anothers = {"data": rows}

    def answer(call: HttpCall, number: int) -> HttpResponse:
        return (
            CASE.answer(call, number)
            if "/subscriptions" in call.url
            else json_response({"success": True} if call.method == "POST" else mine_and_anothers)
        )

    _, (*_, call) = drive(CASE.provider, CASE.provider.register_webhook(CONFIG, CASE.context()), answer)
    assert json.loads(call.body) == {"subscribed_fields": ",".join(["feed", *SUBSCRIBED_FIELDS])}


@pytest.mark.parametrize(
    ("there", "fields"),
    [
        ({"data": []}, list(SUBSCRIBED_FIELDS)),
        ({"data": [{"object": "user", "callback_url": "https://a.example.com"}]}, list(SUBSCRIBED_FIELDS)),
        (webhook("https://gone.example.com", active=False), list(SUBSCRIBED_FIELDS)),
        (webhook(CALLBACK_URL, fields=["feed", "messages"]), list(dict.fromkeys(["feed", "messages", *SUBSCRIBED_FIELDS]))),
    ],
)
def test_registering_has_meta_call_the_apps_address(there: Any, fields: list[str]) -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        is_asked = call.url.endswith("/subscriptions") and call.method == "GET"
        return json_response(there) if is_asked else CASE.answer(call, number)

    _, calls = drive(CASE.provider, CASE.provider.register_webhook(CONFIG, CASE.context(app=PLAIN_APP)), answer)
    (call,) = [call for call in calls if call.url == f"{GRAPH}/{APP_CONFIG.app_id}/subscriptions" and call.method == "POST"]
    assert json.loads(call.body) == {
        "object": "page",
        "callback_url": CALLBACK_URL,
        "verify_token": APP_CONFIG.verify_token.get_secret_value(),
        "fields": ",".join(fields),
    }
    assert call.headers == {"Content-Type": "application/json", **APP_HEADERS}
    assert call.effect is False


def test_registering_takes_no_other_systems_webhook_away() -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        assert call.method == "GET"
        return json_response(webhook("https://other.example.com/callback"))

    with pytest.raises(ConfigurationError, match=r"Meta calls https://other\.example\.com/callback, not"):
        drive(CASE.provider, CASE.provider.register_webhook(CONFIG, CASE.context(app=PLAIN_APP)), answer)


@pytest.mark.parametrize("answer", [{}, {"success": False}, None, []])
def test_an_address_that_meta_does_not_confirm_has_failed(answer: Any) -> None:
    def answers(call: HttpCall, number: int) -> HttpResponse:
        return json_response(answer if call.method == "POST" else {"data": []})

    with pytest.raises(ServerFault, match="calls the address"):
        drive(CASE.provider, CASE.provider.register_webhook(CONFIG, CASE.context(app=PLAIN_APP)), answers)


def test_removing_unsubscribes_this_page_only() -> None:
    context = CASE.context(app=PLAIN_APP)
    sentence, (call,) = drive(CASE.provider, CASE.provider.remove_webhook(CONFIG, context), CASE.answer)
    assert sentence == f"Meta tells the app of page {PAGE_ID} no more."
    assert (call.method, call.url, call.headers, call.effect) == ("DELETE", f"{GRAPH}/{PAGE_ID}/subscribed_apps", PAGE_HEADERS, False)


@pytest.mark.parametrize("answer", [{"success": False}, {}, None, [], {"success": "true"}])
def test_registering_that_meta_does_not_confirm_has_failed(answer: Any) -> None:
    for steps in (
        CASE.provider.register_webhook(CONFIG, CASE.context()),
        CASE.provider.remove_webhook(CONFIG, CASE.context()),
    ):
        with pytest.raises(ServerFault):
            drive(CASE.provider, steps, lambda *_: json_response(answer))
