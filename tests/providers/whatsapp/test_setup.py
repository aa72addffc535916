"""Connecting a number: what the check says, and the subscription of its business account."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest

from channels_app.providers.whatsapp import WhatsAppConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, DeliveryError, ServerFault
from tests.providers._meta.case import json_response
from tests.providers.contract.cases import drive
from tests.providers.whatsapp.case import APP_ID, APP_SECRET, CASE, CONFIG, PHONE_NUMBER_ID, TOKEN, WABA_ID, error_response
from tests.providers.whatsapp.test_outbound import PLAIN_APP

BASE = "https://graph.facebook.com/v25.0"
CALLBACK = CASE.context().callback_url
BARE = CONFIG.model_copy(update={"templates": []})


def app(**more: Any) -> dict[str, Any]:
    return {"data": [{"whatsapp_business_api_data": {"id": "99"}}, {"whatsapp_business_api_data": {"id": APP_ID}, **more}]}


def checked(answers: Mapping[str, Any] | None = None, *, config: WhatsAppConfig = BARE) -> tuple[str, list[HttpCall]]:
    """What the check says where Meta answers as usual but for ``answers``, by the last part of the address."""

    def answer(call: HttpCall, number: int) -> HttpResponse:
        last = call.url.partition("?")[0].rpartition("/")[2]
        return json_response(answers[last]) if answers and last in answers else CASE.answer(call, number)

    return drive(CASE.provider, CASE.provider.check(config, CASE.context(app=PLAIN_APP)), answer)


def test_a_sound_channel_is_named() -> None:
    sentence, calls = checked(config=CONFIG)
    assert sentence == "Connected to Example Shop +31 20 123 4567. The token has no end."
    assert [call.url for call in calls] == [
        f"{BASE}/{PHONE_NUMBER_ID}?fields=id,display_phone_number,verified_name,quality_rating,status",
        f"{BASE}/{WABA_ID}/subscribed_apps",
        f"{BASE}/debug_token?input_token={TOKEN}",
        f"{BASE}/{WABA_ID}/message_templates?fields=name,language,status&limit=500",
    ]
    assert calls[2].headers == {"Authorization": f"Bearer {APP_ID}|{APP_SECRET}"}, "the token is asked for as the app"
    assert len(checked()[1]) == 3, "templates are asked for only where there are some"


@pytest.mark.parametrize(
    ("answers", "says"),
    [
        ({"subscribed_apps": {"data": []}}, "the app is not subscribed"),
        ({"subscribed_apps": app(override_callback_uri="https://other.example.com/cb")}, "another address"),
        ({PHONE_NUMBER_ID: {"id": PHONE_NUMBER_ID, "status": "PENDING"}}, "the number is PENDING"),
        ({PHONE_NUMBER_ID: {"id": PHONE_NUMBER_ID, "status": "CONNECTED", "quality_rating": "RED"}}, "quality RED"),
    ],
)
def test_the_check_says_what_is_wrong(answers: Mapping[str, Any], says: str) -> None:
    sentence, _ = checked(answers)
    assert sentence.startswith("Connected to ")
    assert says in sentence


@pytest.mark.parametrize("address", ["", CALLBACK, f"{CALLBACK}/"])
def test_our_own_address_or_the_apps_is_right(address: str) -> None:
    assert ", but" not in checked({"subscribed_apps": app(override_callback_uri=address)})[0]


def test_templates_that_cannot_be_sent_are_named() -> None:
    rows = [{"name": "reopen", "language": "nl", "status": "PAUSED"}, {"name": "order_update", "language": "en_US", "status": "APPROVED"}]
    sentence, _ = checked({"message_templates": {"data": rows}}, config=CONFIG)
    assert ", but template reopen (nl) is PAUSED, template order_update (nl) is not there. " in sentence


# The token


def facts(**data: Any) -> dict[str, Any]:
    scopes = ["whatsapp_business_management", "whatsapp_business_messaging", "public_profile"]
    return {"debug_token": {"data": {"is_valid": True, "scopes": scopes, **data}}}


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ({"expires_at": 0, "data_access_expires_at": 0}, "The token has no end."),
        ({}, "The token has no end."),
        (
            {"expires_at": 1793088000},
            "The token ends on 2026-10-27, in 1 day. Business settings → System users at Meta gives one without an end.",
        ),
        (
            {"expires_at": 0, "data_access_expires_at": 1800000000},
            "The token ends on 2027-01-15, in 81 days. Business settings → System users at Meta gives one without an end.",
        ),
    ],
)
def test_the_tokens_end_is_told_ahead(data: dict[str, Any], words: str) -> None:
    assert checked(facts(**data))[0].endswith(f"4567. {words}")


def test_a_token_that_meta_calls_invalid_is_refused_with_its_code() -> None:
    error = {"code": 190, "subcode": 463, "message": f"Error validating access token {TOKEN}"}
    with pytest.raises(CredentialsRejected) as caught:
        checked(facts(is_valid=False, error=error))
    assert (caught.value.provider_code, TOKEN in caught.value.message) == ("190", False)


def test_a_token_without_a_permission_is_refused_and_the_permission_named() -> None:
    with pytest.raises(CredentialsRejected, match="lacks whatsapp_business_messaging;"):
        checked(facts(scopes=["whatsapp_business_management"]))


def test_a_token_of_another_app_is_a_mistake_of_the_configuration() -> None:
    error = {"message": "(#100) The App_id in the input_token did not match the Viewing App", "type": "OAuthException", "code": 100}

    def answer(call: HttpCall, number: int) -> HttpResponse:
        return json_response({"error": error}, status=400) if "debug_token" in call.url else CASE.answer(call, number)

    with pytest.raises(ConfigurationError, match="another Meta app"):
        drive(CASE.provider, CASE.provider.check(CONFIG, CASE.context(app=PLAIN_APP)), answer)


def test_a_wrong_app_secret_is_not_taken_for_a_wrong_token() -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        return error_response("190", status=400) if "debug_token" in call.url else CASE.answer(call, number)

    with pytest.raises(ConfigurationError, match="the app's ID and secret"):
        drive(CASE.provider, CASE.provider.check(CONFIG, CASE.context(app=PLAIN_APP)), answer)


def test_without_the_app_nobody_can_be_asked_of_the_token() -> None:
    sentence, calls = drive(CASE.provider, CASE.provider.check(BARE, CASE.context(app=None)), CASE.answer)
    assert not any("debug_token" in call.url for call in calls)
    assert "token" not in sentence


@pytest.mark.parametrize("body", [{}, {"id": "7"}, [], {"id": None}])
def test_an_answer_about_nobody_is_no_success(body: Any) -> None:
    with pytest.raises(ServerFault):
        checked({PHONE_NUMBER_ID: body})


def test_a_number_that_the_token_may_not_see_is_a_mistake_of_the_configuration() -> None:
    with pytest.raises(ConfigurationError):
        drive(CASE.provider, CASE.provider.check(CONFIG, CASE.context()), lambda *_: error_response("100/33"))


# The subscription


def test_registering_gives_the_business_account_our_address() -> None:
    sentence, (call,) = drive(CASE.provider, CASE.provider.register_webhook(CONFIG, CASE.context(app=PLAIN_APP)), CASE.answer)
    assert (call.method, call.url, call.effect) == ("POST", f"{BASE}/{WABA_ID}/subscribed_apps", False)
    assert call.headers["Authorization"] == f"Bearer {TOKEN}"
    assert json.loads(call.body) == {"override_callback_uri": CALLBACK, "verify_token": "canary verify token"}
    assert sentence == f"Meta sends what is written to all numbers of business account {WABA_ID} here."


def test_removing_ends_the_subscription_and_says_of_what() -> None:
    sentence, (call,) = drive(CASE.provider, CASE.provider.remove_webhook(CONFIG, CASE.context(app=PLAIN_APP)), CASE.answer)
    assert (call.method, call.url, call.effect, call.body) == ("DELETE", f"{BASE}/{WABA_ID}/subscribed_apps", False, b"")
    assert f"any number of business account {WABA_ID}" in sentence


def test_a_channel_without_its_app_cannot_be_registered() -> None:
    with pytest.raises(ConfigurationError, match="provider app"):
        drive(CASE.provider, CASE.provider.register_webhook(CONFIG, CASE.context(app=None)), CASE.answer)


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        (json_response({"success": False}), ServerFault),
        (json_response({}), ServerFault),
        (error_response("2200"), ConfigurationError),
        (HttpResponse(status=502), ServerFault),
    ],
)
def test_what_is_not_done_is_said(response: HttpResponse, expected: type[DeliveryError]) -> None:
    for steps in (CASE.provider.register_webhook(CONFIG, CASE.context()), CASE.provider.remove_webhook(CONFIG, CASE.context())):
        with pytest.raises(expected):
            drive(CASE.provider, steps, lambda *_: response)
