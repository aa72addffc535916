"""Proof of origin: Vonage's worked tokens and signatures, its own SDK beside ours, and what is refused."""

from __future__ import annotations

import copy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import jwt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from vonage_http_client.auth import Auth
from vonage_jwt import verify_signature

from channels_app.providers.base import CallbackRequest
from channels_app.providers.vonage import Vonage, VonageConfig
from channels_app.providers.vonage.config import SignatureMethod
from channels_app.providers.vonage.verify import signature
from connector_platform.core.errors import SignatureInvalid
from tests.providers.contract.cases import NOW
from tests.providers.vonage.case import (
    APPLICATION_ID,
    CONFIG,
    PRIVATE_KEY,
    SIGNATURE_SECRET,
    SMS_CONFIG,
    form,
    make_config,
    message,
    post,
    sign,
    token,
)

# Worked vectors, computed apart from this code.
SECRET = "vonage-docs-signature-secret"
BODY = (
    b'{"channel":"sms","message_uuid":"aaaaaaaa-bbbb-cccc-dddd-0123456789ab","to":"3197010200300","from":"31612345678",'
    b'"timestamp":"2026-10-26T08:00:00Z","message_type":"text","text":"Hi"}'
)
TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9.eyJpYXQiOjE3OTMwMDE2MDAsImp0aSI6ImM1YmE4ZjI0LTFhMTQtNGMxMC1iZmRmLTNmYmU4Y2U1MTFiNSIsImlzcyI6Il"
    "ZvbmFnZSIsInBheWxvYWRfaGFzaCI6ImJkMzlkZTUwOGQwNmEzMmIxY2VmMGFiMGNmMmQzYzYwMmY5Y2ZmODlmMDQ0M2NlYjRkYjFhMThhMmRjMDdkMGMiLCJhcGlfa2V5"
    "IjoiYTFiMmMzZDQiLCJhcHBsaWNhdGlvbl9pZCI6ImFhYWFhYWFhLWJiYmItY2NjYy1kZGRkLTAxMjM0NTY3ODlhYiJ9.rxNz7RUt3PrDwfGthQTf8Efs7hwuQAcJmZWQW"
    "tIHvnc"
)
PARAMETERS = {
    "message-timestamp": "2026-10-26 08:00:00",
    "messageId": "0C000000217B7F02",
    "msisdn": "31612345678",
    "nonce": "aa11",
    "text": "a=b & c",
    "timestamp": "1793001600",
    "to": "3197010200300",
    "type": "text",
}
SIGNATURES: dict[SignatureMethod, str] = {
    "sha256": "55b636fd2c40e2e3984ec7b59be0b7e7194ee5445c8a502376feef3bcc0b47c5",
    "md5hash": "af41b4efd54d1efd9dbb99ec433243ce",
}
HMACS: tuple[SignatureMethod, ...] = ("md5", "sha1", "sha256", "sha512")


def problem_with(request: CallbackRequest, config: VonageConfig = CONFIG, at: timedelta = timedelta(0)) -> SignatureInvalid | None:
    try:
        Vonage().verify(request, config, now=NOW + at)
    except SignatureInvalid as error:
        return error
    return None


def bearer(body: bytes, value: str) -> CallbackRequest:
    return replace(post(body), headers={"content-type": "application/json", "authorization": f"Bearer {value}"})


# Tokens of the Messages API


def test_the_worked_token() -> None:
    config = make_config(signature_secret=SECRET, api_key="a1b2c3d4")
    assert problem_with(bearer(BODY, TOKEN), config) is None
    assert verify_signature(TOKEN, SECRET)
    assert problem_with(bearer(BODY + b" ", TOKEN), config) is not None
    assert verify_signature(TOKEN, SECRET), "the SDK does not look at the body"
    assert problem_with(bearer(BODY, TOKEN[:-1]), config) is not None
    assert problem_with(bearer(BODY, TOKEN), make_config(signature_secret=SECRET + "x", api_key="a1b2c3d4")) is not None


def test_the_scheme_may_be_written_in_any_case() -> None:
    request = bearer(BODY, token(BODY))
    assert problem_with(replace(request, headers={"authorization": f"bearer {token(BODY)}"})) is None
    assert problem_with(replace(request, headers={"authorization": token(BODY)})) is not None
    assert problem_with(replace(request, headers={"authorization": f"Basic {token(BODY)}"})) is not None


@pytest.mark.parametrize(
    ("claims", "problem"),
    [
        ({"payload_hash": None}, "the body is not the one that was signed"),
        ({"payload_hash": 7}, "the body is not the one that was signed"),
        ({"payload_hash": "é"}, "the body is not the one that was signed"),
        ({"api_key": "another-key"}, "another account"),
        ({"api_key": None}, "another account"),
        ({"application_id": "bbbbbbbb-bbbb-cccc-dddd-0123456789ab"}, "another application"),
        ({"iss": "Somebody"}, "not issued by Vonage"),
        ({"iat": None}, "does not say when"),
        ({"iat": "1793001600"}, "does not say when"),
        ({"iat": True}, "does not say when"),
        ({"iat": 10**300}, "does not say when"),
    ],
)
def test_a_token_that_is_signed_but_says_something_else_is_refused(claims: dict[str, Any], problem: str) -> None:
    error = problem_with(bearer(BODY, token(BODY, **claims)))
    assert error is not None
    assert problem in error.message


def test_a_token_without_an_application_is_the_accounts() -> None:
    assert problem_with(bearer(BODY, token(BODY, application_id=None))) is None


def test_a_token_of_another_algorithm_is_refused() -> None:
    claims = jwt.decode(token(BODY), options={"verify_signature": False})
    unsigned = jwt.encode(claims, None, algorithm="none")
    longer = jwt.encode(claims, SIGNATURE_SECRET, algorithm="HS384")
    asymmetric = jwt.encode(claims, PRIVATE_KEY, algorithm="RS256")
    for value in (unsigned, unsigned + "AAAA", longer, asymmetric):
        assert problem_with(bearer(BODY, value)) is not None


def test_an_unsigned_callback_is_asked_for_again() -> None:
    """Vonage: an unsigned callback is an error of its own; a 5xx makes it sign and send it again."""
    for request, config in ((post(BODY), CONFIG), (form(PARAMETERS), SMS_CONFIG)):
        error = problem_with(request, config)
        assert error is not None
        assert error.status == 503
    wrong = problem_with(bearer(BODY, token(b"other")))
    assert wrong is not None
    assert wrong.status == 401


# Signatures of the SMS API


@pytest.mark.parametrize("method", list(SIGNATURES))
def test_the_worked_signatures(method: SignatureMethod) -> None:
    assert signature(PARAMETERS, SECRET, method) == SIGNATURES[method]
    config = make_config(api="sms", signature_secret=SECRET, signature_method=method)
    signed = {**PARAMETERS, "sig": SIGNATURES[method]}
    assert problem_with(form(signed), config) is None
    assert problem_with(form({**signed, "sig": SIGNATURES[method].upper()}), config) is None
    assert problem_with(post(signed), config) is None
    assert problem_with(CallbackRequest(method="GET", query_string=urlencode(signed), headers={}), config) is None
    for change in ({"text": "a=b & d"}, {"more": "1"}, {"sig": SIGNATURES[method][:-1]}, {"sig": ""}, {"timestamp": "1793001601"}):
        assert problem_with(form({**signed, **change}), config) is not None


@pytest.mark.parametrize("method", HMACS)
@given(parameters=st.dictionaries(st.text(max_size=8), st.text(st.characters(exclude_categories=["Cs"]), max_size=12), max_size=6))
def test_signatures_are_those_of_vonages_own_sdk(method: SignatureMethod, parameters: dict[str, str]) -> None:
    auth = Auth(api_key="a1b2c3d4", signature_secret=SECRET, signature_method=method)
    given = {name: value for name, value in parameters.items() if name != "sig"} | {"timestamp": "1793001600"}
    given = {name: value for name, value in given.items() if name.isprintable() and not any("\ud800" <= char <= "\udfff" for char in name)}
    assert signature(given, SECRET, method) == auth.sign_params(copy.copy(given))


@pytest.mark.parametrize(("seconds", "is_taken"), [(299, True), (-299, True), (301, False), (-301, False)])
def test_a_signed_timestamp_may_be_five_minutes_off(seconds: int, is_taken: bool) -> None:
    request = sign(form({"msisdn": "31612345678", "messageId": "1", "text": "hi"}))
    assert (problem_with(request, SMS_CONFIG, timedelta(seconds=seconds)) is None) is is_taken


def test_a_signature_without_a_time_is_refused() -> None:
    for timestamp in ("", "soon", "²", "9" * 5000, "-1"):
        parameters = {**PARAMETERS, "timestamp": timestamp}
        signed = {**parameters, "sig": signature(parameters, SIGNATURE_SECRET, "sha256")}
        error = problem_with(form(signed), SMS_CONFIG)
        assert error is not None
        assert "does not say when" in error.message


def test_the_query_of_a_post_is_not_signed_and_not_read() -> None:
    request = sign(form({"msisdn": "31612345678", "messageId": "1", "text": "hi", "type": "text"}))
    forged = replace(request, query_string="text=forged&messageId=2")
    assert problem_with(forged, SMS_CONFIG) is None
    (event,) = Vonage().parse(forged, SMS_CONFIG).events
    assert (event.source_id, event.content) == ("1", Vonage().parse(request, SMS_CONFIG).events[0].content)


@settings(deadline=None)
@given(body=st.binary(max_size=200), query=st.text(max_size=80), kind=st.sampled_from(["application/json", "text/plain", ""]))
def test_any_bytes_are_refused_by_the_sms_api_and_nothing_else_happens(body: bytes, query: str, kind: str) -> None:
    for request in (
        CallbackRequest(method="POST", headers={"content-type": kind}, body=body, query_string=query),
        CallbackRequest(method="GET", headers={}, query_string=query),
        CallbackRequest(method="POST", headers={}, body=b'{"sig":' + body),
    ):
        assert problem_with(request, SMS_CONFIG) is not None


def test_one_api_never_takes_what_proves_the_other() -> None:
    signed = form({**PARAMETERS, "sig": signature(PARAMETERS, SIGNATURE_SECRET, "sha256")})
    assert problem_with(signed, SMS_CONFIG) is None
    assert problem_with(signed, CONFIG) is not None
    tokened = sign(post(message(text="hi")))
    assert problem_with(tokened, CONFIG) is None
    assert problem_with(tokened, make_config(api="sms", application_id=APPLICATION_ID)) is not None


@pytest.mark.parametrize(
    ("config", "request_", "status"),
    [
        (SMS_CONFIG, CallbackRequest(method="GET", headers={}), 200),
        (SMS_CONFIG, CallbackRequest(method="POST", headers={}), 200),
        (SMS_CONFIG, CallbackRequest(method="GET", query_string="msisdn=1", headers={}), None),
        (SMS_CONFIG, CallbackRequest(method="POST", headers={}, body=b"x"), None),
        (CONFIG, CallbackRequest(method="GET", headers={}), None),
    ],
)
def test_the_dashboards_probe_of_the_sms_api_is_answered(config: VonageConfig, request_: CallbackRequest, status: int | None) -> None:
    answer = Vonage().handshake(request_, config)
    assert (answer.status if answer else None) == status
