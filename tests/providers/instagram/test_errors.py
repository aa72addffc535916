"""What becomes of Meta's answers about an Instagram account; what is the same on every channel is tested with Messenger."""

from __future__ import annotations

from typing import Any

import pytest

from channels_app.providers.instagram import Instagram
from channels_app.providers.instagram.errors import ERRORS
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    PersonThrottled,
    RecipientGone,
    ServerFault,
    Throttled,
    WindowClosed,
)
from tests.providers._meta.case import error_response, json_response

MESSAGE = HttpCall(method="POST", url="https://graph.instagram.com/v25.0/1/messages", purpose="send_text")
TYPING = HttpCall(method="POST", url="https://graph.instagram.com/v25.0/1/messages", purpose="typing_on", effect=False)

EXPECTED: dict[str, type[DeliveryError]] = {
    **dict.fromkeys(("1", "1/99", "2", "1200"), ServerFault),
    "1/1357046": OutcomeUnknown,
    "100/appsecret_proof": ConfigurationError,
    "100/input_token": ConfigurationError,
    "613/1893016": PersonThrottled,
    **dict.fromkeys(("4", "17", "32", "613"), Throttled),
    **dict.fromkeys(("2/2018344", "368", "100", "2500", "230", "10/2534037", "36000"), ContentRejected),
    **dict.fromkeys(("100/2534068", "100/2018047", "100/2018008", "100/2018109", "100/1893061"), ContentRejected),
    **dict.fromkeys(("10/2534022", "10/2018278", "10/2018065"), WindowClosed),
    **dict.fromkeys(("10", "200", "299", "10/1893063", "102", "190"), CredentialsRejected),
    **dict.fromkeys((f"190/{subcode}" for subcode in (458, 459, 460, 463, 464, 467, 492)), CredentialsRejected),
    **dict.fromkeys(("100/2534014", "100/2018001", "551", "551/1545041", "200/1545041"), RecipientGone),
}


def raised(response: HttpResponse, call: HttpCall = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        Instagram().interpret(call, response)
    return caught.value


def test_the_table_holds_every_code_and_no_other() -> None:
    assert {row.code: row.error for row in ERRORS} == EXPECTED


@pytest.mark.parametrize("status", [200, 400, 403, 500])
@pytest.mark.parametrize("code", sorted(EXPECTED))
def test_a_code_decides_whatever_the_status(code: str, status: int) -> None:
    error = raised(error_response(code, status=status))
    assert (type(error), error.provider_code) == (EXPECTED[code], code)
    assert "trace AbCdEf_123" in error.message
    assert "Words of Meta" not in error.message


def test_a_late_customer_does_not_switch_the_channel_off() -> None:
    """The window's end comes as HTTP 403, in Instagram's own words."""
    error = {
        "message": "This message is sent outside of allowed window.",
        "type": "IGApiException",
        "code": 10,
        "error_subcode": 2534022,
        "fbtrace_id": "AbC",
    }
    found = raised(json_response({"error": error}, status=403))
    assert (type(found), found.provider_code) == (WindowClosed, "10/2534022")
    assert "Wait for the person to write again" in found.message


def test_a_rate_limit_waits_as_long_as_meta_says() -> None:
    limited = error_response("613")
    error = raised(HttpResponse(status=400, headers={"retry-after": "12"}, body=limited.body))
    assert (type(error), error.retry_after_s) == (Throttled, 12.0)


@pytest.mark.parametrize("body", [{}, {"recipient_id": "1"}, {"message_id": 7}, [], None])
def test_a_200_without_a_message_id_is_an_unknown_outcome(body: Any) -> None:
    assert type(raised(json_response(body))) is OutcomeUnknown


def test_a_200_without_a_message_id_is_enough_for_a_sender_action() -> None:
    Instagram().interpret(TYPING, json_response({"recipient_id": "1"}))
