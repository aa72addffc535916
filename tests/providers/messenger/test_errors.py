"""What becomes of Meta's answers: code and subcode first, then the rest."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.messenger import Messenger
from channels_app.providers.messenger.errors import ERRORS
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

MESSAGE = HttpCall(method="POST", url="https://graph.facebook.com/v25.0/1/messages", purpose="send_text")
TYPING = HttpCall(method="POST", url="https://graph.facebook.com/v25.0/1/messages", purpose="typing_on", effect=False)

EXPECTED: dict[str, type[DeliveryError]] = {
    **dict.fromkeys(("1", "1/99", "2", "1200"), ServerFault),
    "1/1357046": OutcomeUnknown,
    "100/appsecret_proof": ConfigurationError,
    "2200": ConfigurationError,
    "100/input_token": ConfigurationError,
    "613/1893016": PersonThrottled,
    **dict.fromkeys(("4", "17", "32", "613", "80006", "4/2018022"), Throttled),
    **dict.fromkeys(("4/2018354", "9/2018352", "2/2018344", "368", "100", "2500"), ContentRejected),
    **dict.fromkeys(("100/2018047", "100/2018008", "100/2018109", "10/2018300", "36000", "100/1893061"), ContentRejected),
    **dict.fromkeys(("10/2018278", "10/2018065", "10/2018108"), WindowClosed),
    **dict.fromkeys(("10", "200", "230", "299", "10/1893063", "200/2018028", "102", "190"), CredentialsRejected),
    **dict.fromkeys((f"190/{subcode}" for subcode in (458, 459, 460, 463, 464, 467, 492)), CredentialsRejected),
    **dict.fromkeys(("100/2018001", "551", "551/1545041", "200/1545041"), RecipientGone),
}


def raised(response: HttpResponse, call: HttpCall = MESSAGE) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        Messenger().interpret(call, response)
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


def test_an_unknown_subcode_falls_back_to_its_code() -> None:
    error = raised(error_response("190/999"))
    assert (type(error), error.provider_code) == (CredentialsRejected, "190/999")


def test_codes_written_as_text_count_too() -> None:
    error = raised(json_response({"error": {"code": "10", "error_subcode": "2018278"}}, status=403))
    assert type(error) is WindowClosed


@pytest.mark.parametrize(
    ("code", "expected"),
    [("100", ServerFault), ("777", ServerFault), ("4", Throttled), ("190/460", CredentialsRejected), ("1/1357046", OutcomeUnknown)],
)
def test_is_transient_turns_a_general_refusal_into_a_retry(code: str, expected: type[DeliveryError]) -> None:
    assert type(raised(error_response(code, is_transient=True))) is expected


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (400, ContentRejected),
        (401, CredentialsRejected),
        (403, CredentialsRejected),
        (404, ContentRejected),
        (429, Throttled),
        (500, ServerFault),
    ],
)
def test_an_unknown_code_falls_to_the_http_status(status: int, expected: type[DeliveryError]) -> None:
    error = raised(error_response("777/3", status=status))
    assert (type(error), error.provider_code) == (expected, "777/3")


def test_an_unknown_error_in_a_200_is_an_unknown_outcome() -> None:
    assert type(raised(error_response("777", status=200))) is OutcomeUnknown


@pytest.mark.parametrize("body", [{}, {"recipient_id": "1"}, {"message_id": 7}, [], None, {"error": "no object"}])
def test_a_200_without_a_message_id_is_an_unknown_outcome(body: Any) -> None:
    assert type(raised(json_response(body))) is OutcomeUnknown


def test_a_200_without_a_message_id_is_enough_for_a_sender_action() -> None:
    Messenger().interpret(TYPING, json_response({"recipient_id": "1"}))


def test_a_message_id_is_a_success_without_the_recipient() -> None:
    Messenger().interpret(MESSAGE, json_response({"message_id": "m_1"}))


USAGE = {"108": [{"type": "messenger", "estimated_time_to_regain_access": 3}, {"type": "pages", "estimated_time_to_regain_access": 7}]}


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({}, None),
        ({"retry-after": "12"}, 12.0),
        ({"x-business-use-case-usage": json.dumps(USAGE)}, 420.0),
        ({"x-business-use-case-usage": json.dumps(USAGE), "retry-after": "12"}, 12.0),
        ({"x-business-use-case-usage": '{"108":[{"estimated_time_to_regain_access":0}]}'}, None),
        ({"x-business-use-case-usage": '{"108":[{"estimated_time_to_regain_access":1e400}]}'}, None),
        ({"x-business-use-case-usage": '{"108":7}'}, None),
        ({"x-business-use-case-usage": '{"108":[7]}'}, None),
        ({"x-business-use-case-usage": "[]"}, None),
        ({"x-business-use-case-usage": "{"}, None),
        ({"x-app-usage": '{"call_count":100}'}, None),
    ],
)
def test_the_wait_is_what_meta_asks_for(headers: dict[str, str], expected: float | None) -> None:
    limited = error_response("80006")
    with_headers = HttpResponse(status=400, headers=headers, body=limited.body)
    assert raised(with_headers).retry_after_s == expected
    assert raised(HttpResponse(status=429, headers=headers)).retry_after_s == expected


def test_a_trace_that_is_no_trace_is_left_out() -> None:
    error = raised(error_response("100", fbtrace_id="<b>\n"))
    assert "trace" not in error.message.replace("with the trace id", "")
