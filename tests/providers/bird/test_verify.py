"""The signature: a worked example, the vendor's own validator beside ours, and every way in which a token can be wrong."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
import time_machine
from hypothesis import given, settings
from hypothesis import strategies as st
from messagebird.error import ValidationError
from messagebird.request_validator import RequestValidator

from channels_app.providers.base import CallbackRequest
from channels_app.providers.bird import Bird
from channels_app.providers.bird.verify import SIGNATURE_HEADER, called_url
from connector_platform.core.errors import SignatureInvalid
from tests.providers.bird.case import SIGNING_KEY, make_config, receive, report, sign, token
from tests.providers.contract.cases import NOW

VECTOR_KEY = "messagebird-docs-key"
VECTOR_AT = datetime(2026, 10, 26, 8, 0, 30, tzinfo=UTC)
VECTOR_TOKEN = (
    "eyJhbGciOiJIUzI1NiIsInR5cCI6IkpXVCJ9."
    "eyJpc3MiOiJNZXNzYWdlQmlyZCIsIm5iZiI6MTc5MzAwMTYwMCwiZXhwIjoxNzkzMDAxNjYwLCJqdGkiOiIxMTExMTExMS0yMjIyLTMzMzMtNDQ0NC01NTU1NTU1NTU1NTUi"
    "LCJ1cmxfaGFzaCI6ImQyNDA4MDNhNWQyMjcwZjYwNmZmOTZmY2VkZGNiZDBlZDY4ODUxNGMyYzc2NGFjYWFiZmI3YWQ5Njk1YmVlNzUiLCJwYXlsb2FkX2hhc2giOiJlOGM3"
    "NzI3NjU4NTIxMjEyOTA2MGNkMWQ0ZGVhNzRiODIyMmQ0YjI4MDkwNzE4ZmRiODg2NDQ0MDc4YmQ5ZGZmIn0."
    "8zAhaeEIdIJIZPF_3oYwEcVGb-5iavCcClmOIcyDqdA"
)
VECTOR = CallbackRequest(
    method="POST",
    public_url="https://connect.example.com/hooks/mb/5a/receive",
    path="/receive",
    headers={SIGNATURE_HEADER: VECTOR_TOKEN},
    body=b"originator=31612345678&recipient=3197010200300&body=Hi&id=mb-1",
)


def is_ours(request: CallbackRequest, *, key: str = SIGNING_KEY, at: datetime = NOW) -> bool:
    """What our verifier says."""
    try:
        Bird().verify(request, make_config(signing_key=key), now=at)
    except SignatureInvalid:
        return False
    return True


def is_theirs(request: CallbackRequest, *, key: str = SIGNING_KEY, at: datetime = NOW) -> bool:
    """What the vendor's validator says; it crashes where a claim is missing or is no text, which we count as a refusal."""
    with time_machine.travel(at, tick=False):
        try:
            RequestValidator(key).validate_signature(request.headers.get(SIGNATURE_HEADER, ""), called_url(request), request.body)
        except (ValidationError, KeyError, TypeError):
            return False
    return True


def signed(request: CallbackRequest, **changes: Any) -> CallbackRequest:
    """``request`` with a token that differs from the right one in ``changes``."""
    return replace(request, headers={SIGNATURE_HEADER: token(request, **changes)})


FORM = receive({"id": "mb-1", "originator": "31612345678", "recipient": "31970001234", "body": "Hi"})
REPORT = report("id=mb-out-1&status=delivered&statusDatetime=2026-10-26T08:00:00%2B00:00")


def test_the_worked_example() -> None:
    assert is_ours(VECTOR, key=VECTOR_KEY, at=VECTOR_AT)
    assert is_theirs(VECTOR, key=VECTOR_KEY, at=VECTOR_AT)


@pytest.mark.parametrize(
    "changed",
    [
        replace(VECTOR, body=VECTOR.body + b"!"),
        replace(VECTOR, body=b""),
        replace(VECTOR, public_url=VECTOR.public_url + "/"),
        replace(VECTOR, public_url=VECTOR.public_url.replace("https", "http")),
        replace(VECTOR, query_string="more=1"),
    ],
    ids=["body", "no body", "slash", "scheme", "query"],
)
def test_the_worked_example_is_of_no_other_request(changed: CallbackRequest) -> None:
    assert not is_ours(changed, key=VECTOR_KEY, at=VECTOR_AT)
    assert not is_theirs(changed, key=VECTOR_KEY, at=VECTOR_AT)


@pytest.mark.parametrize("request_", [FORM, REPORT], ids=["form", "report"])
@pytest.mark.parametrize("algorithm", ["HS256", "HS384", "HS512"])
def test_each_of_the_vendors_algorithms_passes(request_: CallbackRequest, algorithm: str) -> None:
    assert is_ours(signed(request_, algorithm=algorithm))
    assert is_theirs(signed(request_, algorithm=algorithm))


@pytest.mark.parametrize(
    "changes",
    [
        {"iss": "Somebody"},
        {"iss": None},
        {"nbf": None},
        {"exp": None},
        {"exp": "soon"},
        {"url_hash": None},
        {"url_hash": 7},
        {"url_hash": ""},
        {"payload_hash": None},
        {"payload_hash": "0" * 64},
        {"payload_hash": [1]},
        {"key": "another key, also of 32 letters ."},
    ],
    ids=str,
)
def test_a_token_with_another_claim_or_key_is_refused(changes: dict[str, Any]) -> None:
    assert not is_ours(signed(FORM, **changes))
    assert not is_theirs(signed(FORM, **changes))


def test_a_body_that_is_signed_but_missing_is_refused() -> None:
    assert not is_ours(signed(REPORT, payload_hash="0" * 64))
    assert not is_theirs(signed(REPORT, payload_hash="0" * 64))


def test_no_algorithm_is_no_signature() -> None:
    claims = jwt.decode(token(FORM), options={"verify_signature": False})

    def encoded(part: Any) -> str:
        return base64.urlsafe_b64encode(json.dumps(part).encode()).decode().rstrip("=")

    for algorithm in ("none", "None", "RS256", "ES256", "HS1"):
        bare = f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{encoded(claims)}."
        for forged in (bare, bare + "AAAA"):
            assert not is_ours(replace(FORM, headers={SIGNATURE_HEADER: forged})), algorithm


@pytest.mark.parametrize(("seconds", "passes"), [(-2, False), (-1, True), (0, True), (59, True), (60, True), (61, False), (3600, False)])
def test_a_token_lives_a_minute_and_a_second_either_side(seconds: int, passes: bool) -> None:
    request, at = sign(FORM), NOW + timedelta(seconds=seconds)
    assert is_ours(request, at=at) is passes
    assert is_theirs(request, at=at) is passes


def test_letters_that_are_not_base64_are_not_skipped() -> None:
    right = token(FORM)
    for spoiled in (right + "é", right + " ", right + "\n", right.replace(".", "..", 1), right + "=", right[:20] + "!" + right[20:]):
        assert not is_ours(replace(FORM, headers={SIGNATURE_HEADER: spoiled}))


@settings(max_examples=60, deadline=None)
@given(
    claims=st.dictionaries(
        st.sampled_from(["iss", "nbf", "exp", "url_hash", "payload_hash", "iat", "aud", "sub"]),
        st.none() | st.booleans() | st.integers(-(10**30), 10**30) | st.text(max_size=9) | st.lists(st.text(max_size=3), max_size=2),
    )
)
def test_any_signed_claims_are_refused_without_a_traceback(claims: dict[str, Any]) -> None:
    forged = jwt.encode(claims | {"url_hash": "x"}, SIGNING_KEY, algorithm="HS256") if _encodes(claims) else "x.y.z"
    assert not is_ours(replace(FORM, headers={SIGNATURE_HEADER: forged}))


def _encodes(claims: dict[str, Any]) -> bool:
    try:
        jwt.encode(claims, SIGNING_KEY, algorithm="HS256")
    except TypeError:
        return False
    return True
