"""The Channels API's webhooks and the test of a connection; and that what the REST API needed is still a whole configuration."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from channels_app.providers.bird import Bird, BirdConfig
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, CredentialsRejected, ServerFault
from tests.providers.bird.case import (
    BIRD_CONFIG,
    CHANNEL_ID,
    CHANNELS_CASE,
    SIGNING_KEY,
    WEBHOOK_URL,
    WORKSPACE_ID,
    bird_data,
    json_response,
    make_config,
    webhook,
)
from tests.providers.contract.cases import drive

WEBHOOKS = f"https://api.bird.com/workspaces/{WORKSPACE_ID}/webhook-subscriptions"
BOTH = [webhook("sms.inbound"), webhook("sms.outbound")]
OTHERS = [
    webhook("sms.inbound", url="https://other.example.com"),
    webhook("whatsapp.inbound"),
    webhook("sms.inbound", service="conversations"),
    webhook("sms.inbound", eventFilters=[{"key": "channelId", "value": WORKSPACE_ID}]),
    webhook("sms.outbound", eventFilters=[{"key": "channelId", "value": CHANNEL_ID}, {"key": "messageStatus", "value": "delivered"}]),
    None,
]

Answer = Callable[[HttpCall, int], HttpResponse]


def having(*rows: Any) -> Answer:
    """Bird with these webhooks."""
    return lambda call, number: json_response({"results": list(rows)}) if call.method == "GET" else CHANNELS_CASE.answer(call, number)


def checked(*rows: Any, **channel: Any) -> str:
    """What the check says of a workspace with these webhooks and this channel."""

    def answer(call: HttpCall, number: int) -> HttpResponse:
        if call.purpose == "read_channel":
            return json_response({"id": CHANNEL_ID, "platformId": "sms-messagebird", "name": "Acme SMS", "status": "active", **channel})
        return having(*rows)(call, number)

    return drive(Bird(), Bird().check(BIRD_CONFIG, CHANNELS_CASE.context()), answer)[0]


def registered(answer: Answer) -> list[HttpCall]:
    return drive(Bird(), Bird().register_webhook(BIRD_CONFIG, CHANNELS_CASE.context()), answer)[1]


# The test of a connection


def test_the_check_names_the_channel() -> None:
    sentence, calls = drive(Bird(), Bird().check(BIRD_CONFIG, CHANNELS_CASE.context()), CHANNELS_CASE.answer)
    assert sentence == "Connected to Bird; the channel “Acme SMS” is active."
    assert [call.url for call in calls] == [
        f"https://api.bird.com/workspaces/{WORKSPACE_ID}/channels/{CHANNEL_ID}",
        f"{WEBHOOKS}?limit=100",
    ]
    assert not any(call.effect for call in calls)


@pytest.mark.parametrize(
    ("rows", "missing"),
    [
        ([], "sms.inbound and sms.outbound"),
        (OTHERS, "sms.inbound and sms.outbound"),
        ([BOTH[0]], "sms.outbound"),
        ([BOTH[0], webhook("sms.outbound", status="inactive")], "sms.outbound"),
    ],
)
def test_the_check_tells_which_webhook_is_missing(rows: list[Any], missing: str) -> None:
    assert f"Bird does not call this channel for {missing}: use “Register webhook”" in checked(*rows)


def test_a_webhook_without_a_filter_covers_every_channel() -> None:
    assert checked(webhook("sms.inbound", eventFilters=None), webhook("sms.outbound", eventFilters=[])).endswith("is active.")


@pytest.mark.parametrize(
    ("channel", "error"),
    [
        ({"platformId": "whatsapp"}, ConfigurationError),
        ({"status": "inactive"}, ConfigurationError),
        ({"id": WORKSPACE_ID}, ServerFault),
    ],
)
def test_a_channel_that_cannot_send_sms_is_told(channel: dict[str, Any], error: type[Exception]) -> None:
    with pytest.raises(error):
        checked(*BOTH, **channel)


def test_a_key_that_may_not_see_webhooks_still_connects() -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        return HttpResponse(status=403) if call.purpose == "find_webhooks" else CHANNELS_CASE.answer(call, number)

    sentence, _ = drive(Bird(), Bird().check(BIRD_CONFIG, CHANNELS_CASE.context()), answer)
    assert "is active. The access key may not see the webhooks" in sentence


# Webhooks


def test_both_webhooks_are_made_for_this_channel_with_its_key() -> None:
    first, *calls = registered(having(*OTHERS))
    assert (first.method, first.url) == ("GET", f"{WEBHOOKS}?limit=100")
    assert [(call.method, call.url, call.effect) for call in calls] == [("POST", WEBHOOKS, False)] * 2
    assert [json.loads(call.body) for call in calls] == [
        {
            "service": "channels",
            "event": event,
            "url": WEBHOOK_URL,
            "signingKey": SIGNING_KEY,
            "eventFilters": [{"key": "channelId", "value": CHANNEL_ID}],
        }
        for event in ("sms.inbound", "sms.outbound")
    ]


def test_asked_again_nothing_changes() -> None:
    assert [call.method for call in registered(having(*BOTH))] == ["GET"]


def test_a_webhook_that_bird_switched_off_is_made_anew() -> None:
    calls = registered(having(webhook("sms.inbound", status="inactive"), BOTH[1]))
    assert [(call.method, call.url) for call in calls[1:]] == [("DELETE", f"{WEBHOOKS}/id-of-sms.inbound"), ("POST", WEBHOOKS)]


def test_every_page_of_webhooks_is_read() -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        return json_response({"results": [BOTH[number]], **({"nextPageToken": "a b"} if number == 0 else {})})

    assert [call.url for call in registered(answer)] == [f"{WEBHOOKS}?limit=100", f"{WEBHOOKS}?limit=100&pageToken=a+b"]


def test_a_list_without_an_end_is_not_read_for_ever() -> None:
    answer: Answer = lambda call, number: json_response({"results": BOTH, "nextPageToken": "again"})  # noqa: E731
    assert len(registered(answer)) == 20


def test_only_ours_are_removed() -> None:
    _, calls = drive(Bird(), Bird().remove_webhook(BIRD_CONFIG, CHANNELS_CASE.context()), having(*OTHERS, *BOTH))
    assert [call.url for call in calls if call.method == "DELETE"] == [f"{WEBHOOKS}/id-of-sms.inbound", f"{WEBHOOKS}/id-of-sms.outbound"]


def test_a_webhook_that_is_gone_is_no_fault() -> None:
    def answer(call: HttpCall, number: int) -> HttpResponse:
        return HttpResponse(status=404) if call.method == "DELETE" else json_response({"results": BOTH})

    sentence, _ = drive(Bird(), Bird().remove_webhook(BIRD_CONFIG, CHANNELS_CASE.context()), answer)
    assert sentence == "Bird calls this channel no more."


@pytest.mark.parametrize(
    ("response", "error", "words"),
    [
        (json_response({"code": "InvalidPayload", "message": "url"}, status=422), ConfigurationError, "PUBLIC_URL has to be https"),
        (HttpResponse(status=422), ConfigurationError, "PUBLIC_URL has to be https"),
        (HttpResponse(status=403), CredentialsRejected, "the access key may not do this"),
        (HttpResponse(status=404), ConfigurationError, "no such workspace or channel"),
    ],
)
def test_a_webhook_that_bird_refuses_is_told_with_the_remedy(response: HttpResponse, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        registered(lambda call, number: response if call.method == "POST" else json_response({"results": []}))


@pytest.mark.parametrize("response", [HttpResponse(status=200, body=b"[]"), HttpResponse(status=200)])
def test_an_answer_that_says_nothing_is_a_fault_of_the_server(response: HttpResponse) -> None:
    with pytest.raises(ServerFault):
        registered(lambda *_: response)


def test_the_rest_api_has_no_webhooks() -> None:
    for steps in (
        Bird().register_webhook(make_config(), CHANNELS_CASE.context()),
        Bird().remove_webhook(make_config(), CHANNELS_CASE.context()),
    ):
        with pytest.raises(ConfigurationError, match="by hand"):
            drive(Bird(), steps, CHANNELS_CASE.answer)


# Configurations


def test_a_configuration_stored_before_there_were_two_is_the_rest_apis() -> None:
    stored = {"access_key": "canary-access-key-0001", "signing_key": SIGNING_KEY, "sender": "31970001234", "mms_enabled": True}
    config = BirdConfig.model_validate(stored)
    assert (config.api, Bird().address(config)) == ("legacy", "+31970001234")


def test_ids_are_written_one_way() -> None:
    config = BirdConfig.model_validate(bird_data(channel_id=CHANNEL_ID.upper().replace("-", "")))
    assert Bird().address(config) == CHANNEL_ID
