"""The credential check, and what “Register webhook” does at Infobip."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.infobip import Infobip, InfobipConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault
from tests.providers.contract.cases import drive
from tests.providers.infobip.case import BASE_URL, BASIC, CASE, NUMBER, URL_TOKEN, json_response, make_config

OWN_ID = "connector-0192f1c2-0000-7000-8000-0000000000c1"
CALLBACK = "https://connect.example.com/webhooks/callback"
NONE = HttpResponse(status=404)


class Account:
    """Infobip's subscriptions: what was made is there."""

    def __init__(self) -> None:
        self.paths: dict[str, Any] = {}
        self.bodies: list[tuple[str, str, Any]] = []

    @property
    def calls(self) -> list[tuple[str, str]]:
        return [(method, path) for method, path, _ in self.bodies]

    def answer(self, call: HttpCall, number: int) -> HttpResponse:
        path = call.url.removeprefix(f"{BASE_URL}/")
        assert call.effect is False
        assert call.headers["Authorization"] == "App canary-api-key-0001"
        body = json.loads(call.body) if call.body else {}
        self.bodies.append((call.method, path, body))
        match call.method:
            case "GET" if path == "account/1/balance":
                return json_response({"balance": 47.7, "currency": "EUR"})
            case "GET":
                return json_response(self.paths[path]) if path in self.paths else NONE
            case "POST":
                own_id = body.get("subscriptionId") or body.get("profileId") or body["authId"]
                self.paths[f"{path}/{own_id}"] = body
                return json_response(body, status=201)
            case "PUT":
                self.paths[path] = {**self.paths.get(path, {}), **body}
                return json_response(body)
            case _:
                return HttpResponse(status=204) if self.paths.pop(path, None) else NONE


def run(action: str, account: Account, config: InfobipConfig, **context: Any) -> str:
    provider = Infobip()
    sentence, _ = drive(provider, getattr(provider, action)(config, CASE.context(**context)), account.answer)
    return str(sentence)


def test_registering_makes_profile_security_and_subscription() -> None:
    account = Account()
    assert run("register_webhook", account, make_config(proof=BASIC)).endswith(".")
    assert account.paths == {
        f"subscriptions/1/profiles/{OWN_ID}": {
            "profileId": OWN_ID,
            "webhook": {"contentType": "application/json", "notifyUrl": CALLBACK},
            "security": {"authId": OWN_ID},
        },
        f"subscriptions/1/security/{OWN_ID}": {
            "authId": OWN_ID,
            "type": "BASIC",
            "credentials": {"username": "infobip", "password": "canary-callback-password"},
        },
        f"subscriptions/1/subscription/SMS/{OWN_ID}": {
            "subscriptionId": OWN_ID,
            "name": f"Connector platform, SMS of {NUMBER}",
            "events": ["INBOUND_MESSAGE", "DELIVERY"],
            "resources": [NUMBER],
            "profile": {"profileId": OWN_ID},
        },
    }


def test_registering_again_brings_up_to_date_what_is_there() -> None:
    account, config = Account(), make_config(proof=BASIC, mms_enabled=True)
    run("register_webhook", account, config)
    account.bodies.clear()
    run("register_webhook", account, config, callback_url="https://moved.example.com/c")
    assert account.paths[f"subscriptions/1/profiles/{OWN_ID}"]["webhook"]["notifyUrl"] == "https://moved.example.com/c"
    assert [path for method, path in account.calls if method == "POST"] == []
    assert [path for method, path in account.calls if method == "PUT"] == [
        f"subscriptions/1/security/{OWN_ID}",
        f"subscriptions/1/profiles/{OWN_ID}",
        f"subscriptions/1/subscription/SMS/{OWN_ID}",
        f"subscriptions/1/subscription/MMS/{OWN_ID}",
    ]


def test_with_a_token_the_address_holds_it_and_there_is_no_security() -> None:
    account = Account()
    run("register_webhook", account, make_config(proof=URL_TOKEN))
    profile = account.paths[f"subscriptions/1/profiles/{OWN_ID}"]
    assert profile["webhook"]["notifyUrl"] == f"{CALLBACK}?token=canary-url-token-0001"
    assert "security" not in profile


def test_with_hmac_infobip_gets_the_secret() -> None:
    account = Account()
    run("register_webhook", account, make_config())
    assert account.paths[f"subscriptions/1/security/{OWN_ID}"] == {
        "authId": OWN_ID,
        "type": "HMAC",
        "credentials": {"secretKey": "canary-hmac-secret", "algorithm": "HMAC_SHA_256"},
    }


def test_a_log_in_that_comes_later_is_put_on_the_profile() -> None:
    account = Account()
    run("register_webhook", account, make_config(proof=URL_TOKEN))
    run("register_webhook", account, make_config(proof=BASIC))
    profile = account.paths[f"subscriptions/1/profiles/{OWN_ID}"]
    assert (profile["webhook"]["notifyUrl"], profile["security"]) == (CALLBACK, {"authId": OWN_ID})
    assert account.paths[f"subscriptions/1/security/{OWN_ID}"]["type"] == "BASIC"


def test_removing_takes_the_pictures_away_too_when_they_were_turned_off() -> None:
    account = Account()
    run("register_webhook", account, make_config(proof=BASIC, mms_enabled=True))
    run("remove_webhook", account, make_config(proof=BASIC))
    assert account.paths == {}


def test_a_subscription_of_somebody_else_is_named() -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        if call.method == "POST" and "/subscription/" in call.url:
            return HttpResponse(status=409)
        return Account().answer(call, number)

    provider = Infobip()
    with pytest.raises(ConfigurationError, match="another subscription"):
        drive(provider, provider.register_webhook(make_config(proof=BASIC), CASE.context()), answer)


def test_removing_takes_away_what_was_made_and_no_more() -> None:
    account, config = Account(), make_config(proof=BASIC, mms_enabled=True)
    account.paths["subscriptions/1/subscription/SMS/operators-own"] = {}
    run("register_webhook", account, config)
    assert run("remove_webhook", account, config).endswith(".")
    assert list(account.paths) == ["subscriptions/1/subscription/SMS/operators-own"]
    assert run("remove_webhook", account, config).endswith("."), "nothing there is no fault"


def test_the_check_tells_the_balance_and_compares_the_webhook() -> None:
    account, config = Account(), make_config(proof=BASIC)
    assert "No webhook is registered" in run("check", account, config)
    run("register_webhook", account, config)
    assert run("check", account, config) == "Connected to Infobip; the balance is 47.70 EUR."
    assert "another address" in run("check", account, config, callback_url="https://moved.example.com/c")


@pytest.mark.parametrize(("response", "error"), [(HttpResponse(status=403), CredentialsRejected), (json_response({}), ServerFault)])
def test_the_check_says_what_is_wrong(response: HttpResponse, error: type[Exception]) -> None:
    provider = Infobip()
    with pytest.raises(error):
        drive(provider, provider.check(make_config(), CASE.context()), lambda *_: response)
