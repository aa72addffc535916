"""Consumers' files: where the credentials go, and where they never go."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, CredentialsRejected, DeliveryError, ServerFault, UnsupportedContent
from connector_platform.core.events import File, FileKind
from tests.providers.contract.cases import drive
from tests.providers.twilio.case import ACCOUNT, CASE, SMS

PATH = f"/2010-04-01/Accounts/{ACCOUNT}/Messages/MM{'1' * 32}/Media/ME{'2' * 32}"
STORAGE = "https://media.twiliocdn.com/abc?Signature=x"
JPEG = b"\xff\xd8\xff"


def fetch(url: str, vendor: Callable[[HttpCall], HttpResponse], **context: Any) -> tuple[bytes, list[HttpCall]]:
    steps = CASE.provider.fetch_file(File(kind=FileKind.IMAGE, url=url), SMS, CASE.context(**context))
    return drive(CASE.provider, steps, lambda call, number: vendor(call))


def stored(call: HttpCall) -> HttpResponse:
    """Twilio, which answers with the address of its storage."""
    if call.url == STORAGE:
        return HttpResponse(status=200, body=JPEG)
    return HttpResponse(status=307, headers={"location": STORAGE})


def test_the_credentials_stay_with_twilio() -> None:
    # when
    data, (asked, followed) = fetch("https://api.twilio.com" + PATH, stored)
    # then
    assert data == JPEG
    assert asked.url == "https://api.twilio.com" + PATH
    assert asked.headers["Authorization"].startswith("Basic ")
    assert (followed.url, dict(followed.headers)) == (STORAGE, {})
    assert not any(call.effect for call in (asked, followed))


def test_bytes_that_come_at_once_are_the_file() -> None:
    data, calls = fetch("https://api.twilio.com" + PATH, lambda call: HttpResponse(status=200, body=JPEG))
    assert (data, len(calls)) == (JPEG, 1)


@pytest.mark.parametrize(
    "host", ["https://evil.example", "https://api.twilio.com.evil.example", "https://api.twilio.com@evil.example", "http://169.254.169.254"]
)
def test_whoever_names_another_host_is_not_shown_the_credentials(host: str) -> None:
    _, calls = fetch(host + PATH, stored)
    assert calls[0].url == "https://api.twilio.com" + PATH


@pytest.mark.parametrize(
    "url", ["https://evil.example/a.png", "https://api.twilio.com/a.png", "https://api.twilio.com" + PATH.replace(ACCOUNT, "AC" + "f" * 32)]
)
def test_what_is_no_file_of_this_account_is_asked_for_without_them(url: str) -> None:
    _, (call,) = fetch(url, lambda call: HttpResponse(status=200, body=JPEG))
    assert (call.url, dict(call.headers)) == (url, {})


def test_another_base_is_asked_instead() -> None:
    _, calls = fetch("https://api.twilio.com" + PATH, stored, api_base="http://127.0.0.1:8800/twilio")
    assert calls[0].url == "http://127.0.0.1:8800/twilio" + PATH


def test_a_second_redirect_is_not_followed() -> None:
    with pytest.raises(DeliveryError):
        fetch("https://api.twilio.com" + PATH, lambda call: HttpResponse(status=307, headers={"location": STORAGE}))


@pytest.mark.parametrize(
    ("response", "error"),
    [
        (HttpResponse(status=404), ContentRejected),
        (HttpResponse(status=410), ContentRejected),
        (HttpResponse(status=401), CredentialsRejected),
        (HttpResponse(status=500), ServerFault),
        (HttpResponse(status=307), ContentRejected),
        (HttpResponse(status=307, headers={"location": "https://["}), ContentRejected),
    ],
)
def test_what_an_answer_without_the_file_means(response: HttpResponse, error: type[DeliveryError]) -> None:
    with pytest.raises(error):
        fetch("https://api.twilio.com" + PATH, lambda call: response)


@pytest.mark.parametrize("url", ["", "ftp://x/y", "https://["])
def test_what_has_no_address_cannot_be_fetched(url: str) -> None:
    with pytest.raises(UnsupportedContent):
        fetch(url, stored)
