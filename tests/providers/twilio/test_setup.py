"""The credential check and the callback address, at each kind of sender."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from channels_app.providers.twilio import TwilioConfig
from channels_app.providers.twilio.api import RETRIES
from connector_platform.core.calls import HttpCall, HttpResponse, Steps
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, DeliveryError, ServerFault
from tests.providers.contract.cases import drive
from tests.providers.twilio.case import (
    ACCOUNT,
    CASE,
    CONFIG,
    NUMBER,
    POOL,
    SERVICE,
    SMS,
    WHATSAPP_SENDER,
    answer,
    answered,
    fields_of,
    make_config,
)

HERE = "https://connect.example.com/webhooks/callback"
WANTED = HERE + RETRIES
SHORT_CODE = make_config(sender="3020")
SENDERS = [(SMS, NUMBER), (SHORT_CODE, "3020"), (POOL, "messaging service Pool"), (CONFIG, WHATSAPP_SENDER)]
Vendor = Callable[[HttpCall, int], HttpResponse]


def run(steps: Steps[str], vendor: Vendor = answer) -> tuple[str, list[HttpCall]]:
    return drive(CASE.provider, steps, vendor)


def calling(url: str) -> Vendor:
    """Twilio, where every sender has this callback address."""

    def vendor(call: HttpCall, number: int) -> HttpResponse:
        response = answer(call, number)
        body = response.json()
        for row in (*body.get("incoming_phone_numbers", ()), *body.get("short_codes", ())):
            row["sms_url"] = url
        for row in body.get("senders", ()):
            row["webhook"] = {"callback_url": url, "status_callback_url": "https://brand.example/status"}
        if "inbound_request_url" in body:
            body |= {"inbound_request_url": url, "use_inbound_webhook_on_number": False}
        return answered(body)

    return vendor


@pytest.mark.parametrize(("config", "title"), SENDERS)
def test_the_check_names_account_and_sender_and_compares_the_address(config: TwilioConfig, title: str) -> None:
    for url, fault in (
        (WANTED, ""),
        (HERE, ""),
        ("https://demo.twilio.com/reply", ", but its messages go to another address: register the webhook"),
        (HERE + "/other", ", but its messages go to another address: register the webhook"),
        ("", ", but its messages go nowhere: register the webhook"),
    ):
        sentence, calls = run(CASE.provider.check(config, CASE.context()), calling(url))
        assert sentence == f"Connected to account Acme, {title}{fault}."
        assert [call.method for call in calls] == ["GET", "GET"]


def test_a_service_that_leaves_the_address_to_its_numbers_does_not_call_us() -> None:
    def vendor(call: HttpCall, number: int) -> HttpResponse:
        body = calling(HERE)(call, number).json()
        return answered({**body, "use_inbound_webhook_on_number": True})

    sentence, _ = run(CASE.provider.check(POOL, CASE.context()), vendor)
    assert "nowhere" in sentence


def test_the_token_that_signs_is_checked_also_where_a_key_makes_the_calls() -> None:
    _, calls = run(CASE.provider.check(CONFIG, CASE.context()))
    assert calls[0].headers != calls[1].headers
    assert calls[0].url == f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}.json"


@pytest.mark.parametrize(
    ("account", "error"),
    [
        ({"sid": ACCOUNT, "status": "suspended"}, CredentialsRejected),
        ({"sid": ACCOUNT}, CredentialsRejected),
        ({"sid": "AC" + "f" * 32, "status": "active"}, ServerFault),
        ([], ServerFault),
    ],
)
def test_an_account_that_is_not_active_fails_the_check(account: Any, error: type[DeliveryError]) -> None:
    with pytest.raises(error):
        run(CASE.provider.check(SMS, CASE.context()), lambda *_: answered(account))


@pytest.mark.parametrize("config", [SMS, SHORT_CODE, CONFIG])
def test_a_sender_of_somebody_else_is_named(config: TwilioConfig) -> None:
    def vendor(call: HttpCall, number: int) -> HttpResponse:
        return answer(call, number) if call.url.endswith(f"{ACCOUNT}.json") else answered({"incoming_phone_numbers": [], "senders": []})

    with pytest.raises(ConfigurationError) as caught:
        run(CASE.provider.check(config, CASE.context()), vendor)
    assert config.sender in caught.value.message


WRITTEN: list[tuple[TwilioConfig, str, dict[str, Any], dict[str, Any]]] = [
    (
        SMS,
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/IncomingPhoneNumbers/PN{'2' * 32}.json",
        {"SmsUrl": WANTED, "SmsMethod": "POST"},
        {"SmsUrl": "", "SmsMethod": "POST"},
    ),
    (
        SHORT_CODE,
        f"https://api.twilio.com/2010-04-01/Accounts/{ACCOUNT}/SMS/ShortCodes/SC{'2' * 32}.json",
        {"SmsUrl": WANTED, "SmsMethod": "POST"},
        {"SmsUrl": "", "SmsMethod": "POST"},
    ),
    (
        POOL,
        f"https://messaging.twilio.com/v1/Services/{SERVICE}",
        {"InboundRequestUrl": WANTED, "InboundMethod": "POST", "UseInboundWebhookOnNumber": "false"},
        {"InboundRequestUrl": "", "InboundMethod": "POST"},
    ),
    (
        CONFIG,
        f"https://messaging.twilio.com/v2/Channels/Senders/XE{'2' * 32}",
        {"webhook": {"callback_url": WANTED, "callback_method": "POST", "status_callback_url": "https://brand.example/status"}},
        {"webhook": {"callback_url": "", "callback_method": "POST", "status_callback_url": "https://brand.example/status"}},
    ),
]


def written(call: HttpCall) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call.body) if call.headers["Content-Type"] == "application/json" else fields_of(call)
    return found


@pytest.mark.parametrize(("config", "url", "fields", "_removed"), WRITTEN)
def test_the_webhook_is_registered_once(config: TwilioConfig, url: str, fields: dict[str, Any], _removed: Any) -> None:
    sentence, (_, call) = run(CASE.provider.register_webhook(config, CASE.context()), calling("https://demo.twilio.com/reply"))
    assert (call.method, call.url, written(call)) == ("POST", url, fields)
    assert "now calls here" in sentence
    sentence, calls = run(CASE.provider.register_webhook(config, CASE.context()), calling(WANTED))
    assert "already" in sentence
    assert not any(call.effect or call.method == "POST" for call in calls)


@pytest.mark.parametrize(("config", "url", "_registered", "fields"), WRITTEN)
def test_only_our_own_address_is_removed(config: TwilioConfig, url: str, _registered: Any, fields: dict[str, Any]) -> None:
    sentence, (_, call) = run(CASE.provider.remove_webhook(config, CASE.context()), calling(WANTED))
    assert (call.method, call.url, written(call)) == ("POST", url, fields)
    assert "no longer" in sentence
    sentence, calls = run(CASE.provider.remove_webhook(config, CASE.context()), calling("https://brand.example/own"))
    assert [call.method for call in calls] == ["GET"]
    assert "nothing was changed" in sentence


def test_a_whatsapp_sender_is_found_on_a_later_page() -> None:
    def vendor(call: HttpCall, number: int) -> HttpResponse:
        if "PageToken=next" in call.url:
            return answer(call, number)
        return answered({"senders": [], "meta": {"next_page_url": "https://evil.example/v2/Channels/Senders?PageToken=next&Page=1"}})

    _, calls = run(CASE.provider.register_webhook(CONFIG, CASE.context()), vendor)
    assert [call.url.partition("?")[0] for call in calls[:2]] == ["https://messaging.twilio.com/v2/Channels/Senders"] * 2


def test_pages_without_end_come_to_an_end() -> None:
    endless = answered({"senders": [], "meta": {"next_page_url": "https://messaging.twilio.com/v2/Channels/Senders?PageToken=x"}})
    with pytest.raises(ConfigurationError):
        run(CASE.provider.register_webhook(CONFIG, CASE.context()), lambda *_: endless)
