"""Each row of the error table, and what decides where there is none."""

from __future__ import annotations

import json

import pytest

from channels_app.providers.twilio.errors import CREATE_CONTENT, ERRORS, SHOW_TYPING, code_of, interpret, reason
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OptedOut,
    RecipientGone,
    ServerFault,
    Throttled,
    WindowClosed,
)
from tests.providers.twilio.case import answered, refusal

CALL = HttpCall(method="POST", url="https://api.twilio.com/x", purpose="send_text")


def raised(response: HttpResponse, call: HttpCall = CALL) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        interpret(call, response)
    return caught.value


@pytest.mark.parametrize(
    ("code", "status", "error"),
    [
        (20003, 401, CredentialsRejected),
        (20404, 404, ConfigurationError),
        (21606, 400, ConfigurationError),
        (21211, 400, RecipientGone),
        (21610, 400, OptedOut),
        (30003, 400, ServerFault),
        (30004, 400, RecipientGone),
        (30005, 400, RecipientGone),
        (30006, 400, RecipientGone),
        (30007, 400, ContentRejected),
        (30008, 400, ServerFault),
        (63016, 400, WindowClosed),
        (21611, 400, Throttled),
        (63018, 500, Throttled),
    ],
)
def test_the_code_decides_and_not_the_status(code: int, status: int, error: type[DeliveryError]) -> None:
    found = raised(refusal(code, status))
    assert type(found) is error
    assert found.provider_code == str(code)
    assert "Words of Twilio" not in found.message


def test_every_row_tells_the_operator_what_to_do() -> None:
    assert [row.code for row in ERRORS if not row.remedy.endswith(".")] == []
    assert [row.code for row in ERRORS if not row.code.isdigit()] == []


def test_the_wait_that_twilio_asks_for() -> None:
    found = raised(HttpResponse(status=429, headers={"retry-after": "7"}, body=json.dumps({"code": 20429}).encode()))
    assert (type(found), found.retry_after_s) == (Throttled, 7.0)
    assert raised(HttpResponse(status=429, headers={"retry-after": "3"})).retry_after_s == 3.0
    assert raised(refusal(20429, 429)).retry_after_s is None


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, ContentRejected), (401, CredentialsRejected), (403, CredentialsRejected), (500, ServerFault), (429, Throttled)],
)
def test_an_unknown_code_means_what_the_status_means(status: int, error: type[DeliveryError]) -> None:
    found = raised(refusal(29999, status))
    assert (type(found), found.provider_code) == (error, "29999")


@pytest.mark.parametrize("purpose", [CREATE_CONTENT, SHOW_TYPING])
@pytest.mark.parametrize("status", [400, 401, 403, 404, 409])
def test_what_is_wrong_with_buttons_or_typing_does_not_stop_the_channel(status: int, purpose: str) -> None:
    call = HttpCall(method="POST", url="https://content.twilio.com/v1/Content", purpose=purpose, effect=False)
    assert type(raised(refusal(20003, status), call)) is ContentRejected
    assert type(raised(answered({}, 500), call)) is ServerFault


@pytest.mark.parametrize(
    ("given", "code"),
    [(21610, "21610"), ("21610", "21610"), (True, ""), (None, ""), ("", ""), ("2161a", ""), (-5, ""), ("٢١٦١٠", ""), (10**400, "")],
)
def test_codes_are_digits(given: object, code: str) -> None:
    assert code_of(given) == code


def test_reasons_are_words() -> None:
    assert reason("30006") == "this is a landline, or its network takes no messages (code 30006)"
    assert "39999" in reason("39999")
    assert reason("") == "Twilio gives no reason"
