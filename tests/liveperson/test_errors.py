from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    ConversationGone,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    ServerFault,
    Throttled,
)
from connector_platform.liveperson.errors import (
    ERRORS,
    AppTokenRejected,
    ConsumerTokenRejected,
    ConversationAlreadyOpen,
    NotReadyYet,
    Purpose,
    TokenKind,
    TokensRejected,
    interpret,
)
from tests.liveperson.support import SEND_URL, answer, ok

CALL = HttpCall.json(
    "POST",
    SEND_URL,
    {"body": {"event": {"message": "my pin is 1234"}, "note": "no"}},
    headers={"Authorization": "tok"},
    purpose=Purpose.TEXT,
)
BOTH = frozenset(TokenKind)


def meaning(response: HttpResponse, call: HttpCall = CALL) -> DeliveryError:
    with pytest.raises(DeliveryError) as caught:
        interpret(call, response)
    return caught.value


def authorization(status: int, code: Any) -> HttpResponse:
    body = {"title": "AppJWT is missing", "details": "AUTHORIZATION header is not present", "errorCode": code}
    return answer(status, {"kind": "resp", "code": status, "type": ".ReqBody$ErrorResp", "body": body})


def refused(message: str, status: int = 400, code: Any = "BAD_REQUEST") -> HttpResponse:
    return answer(status, {"reqId": "r-1", "code": code, "body": {"msg": message}})


CASES: dict[str, tuple[HttpResponse, type[DeliveryError]]] = {
    "40001": (authorization(400, 40001), AppTokenRejected),
    "40102": (authorization(401, 40102), AppTokenRejected),
    "40103": (authorization(401, 40103), ConsumerTokenRejected),
    "40104": (authorization(401, 40104), TokensRejected),
    "40105": (authorization(401, "40105"), TokensRejected),
    "401": (answer(401, body=b"<html>"), TokensRejected),
    "403": (answer(403), CredentialsRejected),
    "404": (answer(404, body=b"no such page"), ConfigurationError),
    "conversation_closed": (refused("Bad Request, Conversation is close"), ConversationGone),
    "conversation_open": (refused("User c0ffee already has open conversation."), ConversationAlreadyOpen),
    "not_found": (refused("Bad Request, conversation not found"), NotReadyYet),
    "BAD_REQUEST": (refused("Bad Request"), ContentRejected),
    "429": (answer(429), Throttled),
    "451": (answer(451), ContentRejected),
    "5xx": (answer(503), ServerFault),
    "unreadable": (answer(200, body=b""), OutcomeUnknown),
}


@pytest.mark.parametrize("code", CASES)
def test_every_row_of_the_table_is_what_interpret_does(code: str) -> None:
    response, error = CASES[code]
    caught = meaning(response)
    assert type(caught) is error
    [row] = [row for row in ERRORS if row.code == code]
    assert row.error is error and row.meaning and row.remedy
    assert caught.provider_code == ("503" if code == "5xx" else code)


def test_the_table_has_no_row_without_a_case() -> None:
    assert [row.code for row in ERRORS] == list(CASES)


@pytest.mark.parametrize(
    ("code", "refresh"),
    [
        (40001, {TokenKind.APP_JWT}),
        (40102, {TokenKind.APP_JWT}),
        (40103, {TokenKind.CONSUMER_JWS}),
        (40104, BOTH),
        (40105, BOTH),
        (40199, BOTH),
    ],
)
def test_rejected_tokens_say_which_to_fetch(code: int, refresh: frozenset[TokenKind]) -> None:
    caught = meaning(authorization(401, code))
    assert isinstance(caught, TokensRejected)
    assert caught.refresh == refresh
    assert caught.retryable is False


@pytest.mark.parametrize("status", [200, 400, 404])
@pytest.mark.parametrize("message", ["Bad Request, Conversation is close", "CONVERSATION IS CLOSED"])
def test_a_closed_conversation_is_told_by_the_element_whatever_the_status(status: int, message: str) -> None:
    assert isinstance(meaning(refused(message, status)), ConversationGone)


@pytest.mark.parametrize(
    "message", ["Conversation 1 does not exist", "dialog doesn't exist", "unknown dialogId", "Bad Request, no such conversation"]
)
def test_not_found_is_tried_again_after_a_moment(message: str) -> None:
    caught = meaning(refused(message))
    assert isinstance(caught, NotReadyYet) and isinstance(caught, ServerFault)
    assert caught.retryable is True
    assert caught.retry_after_s == 1.0


def test_a_missing_file_is_not_a_missing_conversation() -> None:
    assert isinstance(meaning(refused("file not found", 404)), ContentRejected)


@pytest.mark.parametrize(
    ("header", "seconds"), [({}, 1.0), ({"retry-after": "0"}, 1.0), ({"retry-after": "7"}, 7.0), ({"retry-after": "soon"}, 1.0)]
)
def test_throttling_waits_at_least_a_second(header: dict[str, str], seconds: float) -> None:
    assert meaning(HttpResponse(status=429, headers=header)).retry_after_s == seconds


@pytest.mark.parametrize(
    ("code", "error"),
    [
        ("INTERNAL_SERVER_ERROR", ServerFault),
        ("REQUEST_TIMEOUT", ServerFault),
        (503, ServerFault),
        ("TOO_MANY_REQUESTS", Throttled),
        ("UNAUTHORIZED", TokensRejected),
        (401, TokensRejected),
        (400, ContentRejected),
        ("SOMETHING_NEW", ContentRejected),
    ],
)
def test_a_200_is_read_by_its_elements_code(code: Any, error: type[DeliveryError]) -> None:
    assert type(meaning(refused("something", 200, code))) is error


@pytest.mark.parametrize("status", [500, 502, 504, 599, 408])
def test_a_server_that_failed_is_tried_again(status: int) -> None:
    assert isinstance(meaning(answer(status, body=b"<html>")), ServerFault)


@pytest.mark.parametrize("status", [301, 302, 405])
def test_an_answer_from_elsewhere_is_a_configuration_error(status: int) -> None:
    assert isinstance(meaning(answer(status)), ConfigurationError)


@pytest.mark.parametrize("status", [402, 410, 413, 415, 422])
def test_any_other_refusal_is_final(status: int) -> None:
    assert isinstance(meaning(answer(status)), ContentRejected)


@pytest.mark.parametrize("code", ["OK", "ok", 200, "202"])
def test_successes_pass(code: Any) -> None:
    interpret(CALL, answer(200, {"code": code, "body": {"sequence": 1}}))
    interpret(CALL, ok())


def test_livepersons_words_are_kept_and_the_consumers_are_not() -> None:
    caught = meaning(refused('not valid: "my pin is 1234" (no)\n' + "x" * 500))
    assert caught.message.startswith('LivePerson refused the request: not valid: "***" (***) xxx')
    assert len(caught.message) < 260


def test_an_expired_upload_address_is_asked_for_anew() -> None:
    upload = HttpCall(method="PUT", url="https://swift.example/v1/a", purpose=Purpose.UPLOAD, effect=False)
    assert isinstance(meaning(answer(401), upload), ServerFault)
    assert isinstance(meaning(answer(413), upload), ContentRejected)
    interpret(upload, answer(201, body=b""))


@given(
    status=st.integers(100, 599),
    body=st.one_of(
        st.binary(max_size=60),
        st.sampled_from(
            [b"[" * 50_000, b"null", b"[null]", b'{"code":null}', b'{"code":"BAD_REQUEST","body":5}', b'[{"code":1e999}]', b'{"code":{}}']
        ),
    ),
    purpose=st.sampled_from(Purpose),
    call_body=st.one_of(st.just(b""), st.binary(max_size=20)),
)
def test_any_answer_is_a_success_or_a_delivery_error(status: int, body: bytes, purpose: Purpose, call_body: bytes) -> None:
    call = HttpCall(method="POST", url=SEND_URL, body=call_body, purpose=purpose)
    try:
        interpret(call, answer(status, body=body))
    except DeliveryError as err:
        assert err.message
    else:
        assert 200 <= status < 300
