"""The Channels API's signature: a worked example, the vendor's own arithmetic beside ours, and every way in which it can be wrong."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from messagebird import signed_request

from channels_app.providers.base import CallbackRequest
from channels_app.providers.bird import Bird, BirdConfig
from channels_app.providers.bird.channels_api.verify import SIGNATURE_HEADER, TIMESTAMP_HEADER
from channels_app.providers.bird.verify import called_url
from connector_platform.core.errors import SignatureInvalid
from tests.providers.bird.case import BIRD_CONFIG, SIGNING_KEY, bird_data, inbound, post, receive, sign, sign_json
from tests.providers.contract.cases import NOW

# The key is the example of Bird's pages; the signature was made with OpenSSL:
# { printf '%s\n%s\n' "$timestamp" "$url"; openssl dgst -sha256 -binary <body; } | openssl dgst -sha256 -hmac "$key" -binary | base64
VECTOR_KEY = "KeV+/HGoIQrxuE5YPCRR6AuQOJveldYNNhbVi1i22qk="
VECTOR_AT = datetime(2026, 10, 26, 8, 0, tzinfo=UTC)
VECTOR = CallbackRequest(
    method="POST",
    public_url="https://connect.example.com/hooks/bird/5a",
    headers={TIMESTAMP_HEADER: "1793001600", SIGNATURE_HEADER: "pRQVZecPQKcfaoV0cdB64bhV5PkLXtGks+cC2Ymt37E="},
    body=b'{"service":"channels","event":"sms.inbound","payload":{"id":"m-1"}}',
)


def is_ours(request: CallbackRequest, config: BirdConfig = BIRD_CONFIG, *, at: datetime = NOW) -> bool:
    try:
        Bird().verify(request, config, now=at)
    except SignatureInvalid:
        return False
    return True


def is_theirs(request: CallbackRequest, monkeypatch: pytest.MonkeyPatch, *, key: str = SIGNING_KEY) -> bool:
    """What the vendor's SDK says, whose scheme has the sorted parameters where the Channels API has the whole address."""
    monkeypatch.setattr(signed_request, "urlencode", lambda parameters, doseq: called_url(request))
    headers = request.headers
    with pytest.deprecated_call():
        theirs = signed_request.SignedRequest(headers[SIGNATURE_HEADER], headers[TIMESTAMP_HEADER], request.body.decode("latin-1"), {})
        return bool(theirs.verify(key))


MESSAGE = sign(post(inbound({"type": "text", "text": {"text": "Café 📦"}}), escaped=False))


def test_the_worked_example(monkeypatch: pytest.MonkeyPatch) -> None:
    config = BirdConfig.model_validate(bird_data(signing_key=VECTOR_KEY))
    assert is_ours(VECTOR, config, at=VECTOR_AT)
    assert is_theirs(VECTOR, monkeypatch, key=VECTOR_KEY)


@pytest.mark.parametrize("query", ["", "a=b&a=%20c"])
def test_ours_and_the_vendors_arithmetic_agree(query: str, monkeypatch: pytest.MonkeyPatch) -> None:
    request = sign(replace(MESSAGE, query_string=query))
    assert is_ours(request) and is_theirs(request, monkeypatch)
    other = replace(request, body=request.body + b" ")
    assert not is_ours(other) and not is_theirs(other, monkeypatch)


@pytest.mark.parametrize(
    "changed",
    [
        replace(MESSAGE, body=MESSAGE.body + b"!"),
        replace(MESSAGE, body=b""),
        replace(MESSAGE, public_url=MESSAGE.public_url + "/"),
        replace(MESSAGE, public_url=MESSAGE.public_url.replace("https", "http")),
        replace(MESSAGE, query_string="more=1"),
        replace(MESSAGE, headers={**MESSAGE.headers, TIMESTAMP_HEADER: "1793001601"}),
        replace(MESSAGE, headers={SIGNATURE_HEADER: MESSAGE.headers[SIGNATURE_HEADER]}),
        replace(MESSAGE, headers={TIMESTAMP_HEADER: MESSAGE.headers[TIMESTAMP_HEADER]}),
        sign_json(MESSAGE, key="another key, also of 32 letters ."),
    ],
    ids=["body", "no body", "slash", "scheme", "query", "other time", "no time", "no signature", "other key"],
)
def test_a_signature_is_of_no_other_request(changed: CallbackRequest) -> None:
    assert is_ours(MESSAGE)
    assert not is_ours(changed)


@pytest.mark.parametrize(("hours", "passes"), [(-25, False), (-23, True), (0, True), (8, True), (23, True), (25, False)])
def test_a_callback_that_bird_repeats_with_its_first_time_is_taken_for_a_day(hours: int, passes: bool) -> None:
    assert is_ours(MESSAGE, at=NOW + timedelta(hours=hours)) is passes


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1.5", "1793001600 ", "١٧٩٣٠٠١٦٠٠", "9" * 13, "1793001600,1793001600"])
def test_a_time_that_is_none_is_refused(timestamp: str) -> None:
    assert not is_ours(replace(MESSAGE, headers={**MESSAGE.headers, TIMESTAMP_HEADER: timestamp}))


def test_the_proof_of_one_api_is_none_for_the_other() -> None:
    form = sign(receive({"id": "mb-1", "originator": "31612345678", "recipient": "31970001234", "body": "Hi"}))
    assert not is_ours(form)
    assert not is_ours(replace(MESSAGE, headers={**MESSAGE.headers, **form.headers, SIGNATURE_HEADER: "x"}))


@settings(max_examples=60, deadline=None)
@given(value=st.text(max_size=60), raw=st.binary(max_size=40))
def test_any_signature_is_refused_without_a_traceback(value: str, raw: bytes) -> None:
    for forged in (value, base64.b64encode(raw).decode(), MESSAGE.headers[SIGNATURE_HEADER] + value + "x"):
        assert not is_ours(replace(MESSAGE, headers={**MESSAGE.headers, SIGNATURE_HEADER: forged}))
