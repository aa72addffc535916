"""Registering, removing and checking the webhook: what is read, what is written, and that nothing else of it is lost."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest

from channels_app.providers.vonage import Vonage, VonageConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault
from tests.providers.contract.cases import drive
from tests.providers.vonage.case import APPLICATION_ID, CASE, CONFIG, NUMBER, SMS_CONFIG, reply

OURS = "https://connect.example.com/webhooks/callback"


class Account:
    """What Vonage has on file: one application and one number; PUT and update replace, as Vonage's do."""

    def __init__(self, webhooks: dict[str, Any], **number: str) -> None:
        self.application: dict[str, Any] = {
            "id": APPLICATION_ID,
            "name": "Acme",
            "keys": {"public_key": "-----BEGIN PUBLIC KEY-----"},
            "privacy": {"improve_ai": False},
            "capabilities": {
                "voice": {"webhooks": {"answer_url": {"address": "https://acme.example.com/voice"}}},
                "messages": {"webhooks": webhooks, "version": "v1", "authenticate_inbound_media": True},
            },
        }
        self.number = {
            "country": "NL",
            "msisdn": NUMBER,
            "type": "mobile-lvn",
            "voiceCallbackType": "tel",
            "voiceCallbackValue": "3120",
            **number,
        }
        self.calls: list[HttpCall] = []

    def answer(self, call: HttpCall, number: int) -> HttpResponse:
        self.calls.append(call)
        assert call.headers["Authorization"].startswith("Basic ")
        assert not call.effect
        match call.method, urlsplit(call.url).path:
            case "GET", "/account/numbers":
                assert dict(parse_qsl(urlsplit(call.url).query)) == {"pattern": NUMBER, "search_pattern": "1", "size": "100"}
                other = {"country": "NL", "msisdn": f"{NUMBER}1"}
                return reply(200, {"count": 2, "numbers": [other, self.number]})
            case "POST", "/number/update":
                self.number = dict(parse_qsl(call.body.decode()))
                return reply(200, {"error-code": "200", "error-code-label": "success"})
            case "PUT", _:
                self.application = {"id": APPLICATION_ID, **json.loads(call.body)}
                return reply(200, self.application)
        return reply(200, self.application)

    def run(self, name: str, config: VonageConfig = CONFIG) -> str:
        sentence, _ = drive(Vonage(), getattr(Vonage(), name)(config, CASE.context()), self.answer)
        assert sentence.endswith(".")
        return str(sentence)


def hooks(base: str) -> dict[str, Any]:
    return {name: {"address": f"{base}/{name[:-4]}", "http_method": "POST"} for name in ("inbound_url", "status_url")}


def test_registering_writes_both_addresses_and_links_the_number_and_leaves_the_rest() -> None:
    account = Account(hooks("https://old.example.com"))
    assert "but its webhooks are other addresses" in account.run("check")
    assert "not linked" in account.run("check")
    assert account.run("register_webhook") == f"Vonage calls this channel for the application, and {NUMBER} is linked to it."
    messages = account.application["capabilities"].pop("messages")
    assert messages == {"webhooks": hooks(OURS), "version": "v1", "authenticate_inbound_media": True}
    assert account.application["capabilities"] == {"voice": {"webhooks": {"answer_url": {"address": "https://acme.example.com/voice"}}}}
    assert account.application["privacy"] == {"improve_ai": False}
    assert account.number == {
        "country": "NL",
        "msisdn": NUMBER,
        "app_id": APPLICATION_ID,
        "voiceCallbackType": "tel",
        "voiceCallbackValue": "3120",
    }
    account.application["capabilities"]["messages"] = messages
    assert account.run("check") == f"Connected to application “Acme” for {NUMBER}."
    assert account.run("register_webhook") == account.run("register_webhook")


def test_removing_takes_only_our_own_addresses_away() -> None:
    account = Account({**hooks(OURS), "status_url": {"address": "https://other.example.com/status", "http_method": "POST"}})
    account.run("remove_webhook")
    assert account.application["capabilities"]["messages"]["webhooks"] == {
        "status_url": {"address": "https://other.example.com/status", "http_method": "POST"}
    }


def test_the_sms_api_has_the_address_with_the_number() -> None:
    account = Account({}, moHttpUrl="https://old.example.com", app_id="another")
    assert "but its inbound webhook is another address" in account.run("check", SMS_CONFIG)
    account.run("register_webhook", SMS_CONFIG)
    assert account.number["moHttpUrl"] == f"{OURS}/inbound"
    assert account.number["app_id"] == "another"
    assert account.run("check", SMS_CONFIG) == f"Connected to {NUMBER}."
    account.run("remove_webhook", SMS_CONFIG)
    assert "moHttpUrl" not in account.number
    account.number["moHttpUrl"] = "https://other.example.com"
    account.run("remove_webhook", SMS_CONFIG)
    assert account.number["moHttpUrl"] == "https://other.example.com"
    assert {urlsplit(call.url).netloc for call in account.calls} == {"rest.nexmo.com"}


def test_a_number_of_another_account_is_the_operators_to_correct() -> None:
    for body in ({}, {"count": 0}, {"numbers": [{"msisdn": f"{NUMBER}9"}]}):
        with pytest.raises(ConfigurationError):
            drive(Vonage(), Vonage().check(CONFIG, CASE.context()), lambda *_, body=body: reply(200, body))


@pytest.mark.parametrize(("status", "error"), [(401, CredentialsRejected), (404, ConfigurationError), (500, ServerFault)])
def test_refusals_of_the_set_up_are_told(status: int, error: type[Exception]) -> None:
    for name in ("check", "register_webhook", "remove_webhook"):
        with pytest.raises(error):
            drive(Vonage(), getattr(Vonage(), name)(CONFIG, CASE.context()), lambda *_: reply(status, {}))
