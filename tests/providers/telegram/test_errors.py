"""Which row of the table an answer finds."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels_app.providers.telegram.errors import DOWNLOAD, interpret
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    PersonThrottled,
    RecipientGone,
    ServerFault,
)
from tests.providers.telegram.case import refusal, result

SEND = HttpCall(method="POST", url="https://api.telegram.org/bot1:x/sendMessage", purpose="send_text")
ASK = HttpCall(method="POST", url="https://api.telegram.org/bot1:x/getMe", purpose="check", effect=False)
FETCH = HttpCall(method="GET", url="https://api.telegram.org/file/bot1:x/photos/file_1.jpg", purpose=DOWNLOAD, effect=False)


def raised(response: HttpResponse, call: HttpCall = SEND) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        interpret(call, response)
    return caught.value


@pytest.mark.parametrize(
    ("response", "error", "code"),
    [
        (refusal(403, "Forbidden: bot was blocked by the user"), RecipientGone, "403/bot was blocked by the user"),
        (refusal(403, "FORBIDDEN: BOT WAS BLOCKED BY THE USER"), RecipientGone, "403/bot was blocked by the user"),
        (refusal(403, "Forbidden: something new"), RecipientGone, "403"),
        (refusal(403, "Forbidden: BUSINESS_PEER_INVALID"), CredentialsRejected, "403/business_"),
        (refusal(400, "Bad Request: chat not found", status=403), RecipientGone, "400/chat not found"),
        (refusal(400, "Bad Request: something new"), ContentRejected, "400"),
        (refusal(400, "Bad Request: wrong file identifier/HTTP URL specified"), ContentRejected, "400/wrong file identifier"),
        (refusal(401, "Unauthorized"), CredentialsRejected, "401"),
        (refusal(404, "Not Found"), CredentialsRejected, "404"),
        (refusal(418, "I'm a teapot"), ContentRejected, "418"),
        (refusal(502, "Bad Gateway"), ServerFault, "502"),
        (HttpResponse(status=502, body=b"<html>"), ServerFault, "502"),
        (HttpResponse(status=200, body=b"<html>"), OutcomeUnknown, "200"),
        (HttpResponse(status=200, body=b'{"ok":false}'), OutcomeUnknown, "200"),
    ],
)
def test_the_body_decides_before_the_status(response: HttpResponse, error: type[DeliveryError], code: str) -> None:
    caught = raised(response)
    assert (type(caught), caught.provider_code) == (error, code)


@pytest.mark.parametrize(
    ("parameters", "headers", "expected"),
    [
        ({"retry_after": 30}, {}, 30.0),
        ({"retry_after": 30}, {"retry-after": "5"}, 30.0),
        ({}, {"retry-after": "5"}, 5.0),
        ({"retry_after": "soon"}, {}, None),
        ({"retry_after": -1}, {}, None),
        ({"retry_after": 10**9}, {}, 86400.0),
    ],
)
def test_the_waiting_time_is_in_the_body(parameters: dict[str, Any], headers: dict[str, str], expected: float | None) -> None:
    response = refusal(429, "Too Many Requests: retry after 30", **parameters)
    caught = raised(HttpResponse(status=429, headers=headers, body=response.body))
    assert (type(caught), caught.retry_after_s) == (PersonThrottled, expected)


@pytest.mark.parametrize("sent", [True, {}, {"message_id": 0}, {"message_id": "1"}, {"message_id": None}])
def test_a_success_without_a_message_number_is_an_unknown_outcome(sent: Any) -> None:
    assert type(raised(result(sent))) is OutcomeUnknown


def test_a_question_needs_no_message_number() -> None:
    interpret(ASK, result({"id": 1}))
    interpret(ASK, result(True))
    assert type(raised(HttpResponse(status=200, body=b"[]"), ASK)) is ServerFault


def test_a_file_is_no_json_and_one_that_is_gone_breaks_no_channel() -> None:
    interpret(FETCH, HttpResponse(status=200, body=b'{"ok":false}'))
    gone = {"ok": False, "error_code": 404, "description": "Not Found"}
    assert type(raised(HttpResponse(status=404, body=json.dumps(gone).encode()), FETCH)) is ContentRejected
    assert type(raised(HttpResponse(status=503), FETCH)) is ServerFault
