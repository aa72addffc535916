"""The three proofs of origin, with worked examples."""

from __future__ import annotations

import base64
from typing import Any

import pytest

from channels_app.providers.base import CallbackRequest
from channels_app.providers.infobip import Infobip
from connector_platform.core.errors import SignatureInvalid
from tests.providers.contract.cases import NOW
from tests.providers.infobip.case import BASIC, HMAC, URL_TOKEN, make_config

BODY = b'{"results":[]}'
# printf '{"results":[]}' | openssl dgst -sha256 -hmac canary-hmac-secret   (-binary | base64)
HEX = "02655373fdde6174a5ac6d77348b024b0d9bbde2b0f03cb264fdb7c5f0aacf7c"
BASE64 = "AmVTc/3eYXSlrG13NIsCSw2bveKw8DyyZP23xfCqz3w="


def callback(*, query: str = "", **headers: str) -> CallbackRequest:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return CallbackRequest(method="POST", headers=named, body=BODY, query_string=query)


def verify(request: CallbackRequest, proof: dict[str, Any]) -> None:
    Infobip().verify(request, make_config(proof=proof), now=NOW)


def basic(text: str, scheme: str = "Basic") -> str:
    return f"{scheme} {base64.b64encode(text.encode()).decode()}"


@pytest.mark.parametrize(
    ("changes", "signature"),
    [
        ({}, HEX),
        ({}, HEX.upper()),
        ({"encoding": "base64"}, BASE64),
        ({"algorithm": "sha1"}, "0bb47dedffd097c96360611127344f1d54d7deab"),
        ({"header": "X-Other"}, ""),
    ],
)
def test_a_signature_in_the_form_that_is_set(changes: dict[str, str], signature: str) -> None:
    proof = {**HMAC, **changes}
    if signature:
        verify(callback(x_infobip_signature=signature), proof)
    else:
        with pytest.raises(SignatureInvalid):
            verify(callback(x_infobip_signature=HEX), proof)


def test_base64_is_compared_letter_by_letter() -> None:
    with pytest.raises(SignatureInvalid):
        verify(callback(x_infobip_signature=BASE64.swapcase()), {**HMAC, "encoding": "base64"})


@pytest.mark.parametrize("scheme", ["Basic", "basic"])
def test_the_right_user_and_password_pass(scheme: str) -> None:
    verify(callback(authorization=basic("infobip:canary-callback-password", scheme)), BASIC)


@pytest.mark.parametrize(
    "header",
    [
        basic("infobip:canary-callback-passwore"),
        basic("infobiq:canary-callback-password"),
        basic("infobip:canary-callback-password", "Bearer"),
        basic("infobip"),
        "Basic",
        "Basic !!!",
        "Basic \u2603",
        "",
    ],
)
def test_any_other_log_in_is_refused(header: str) -> None:
    with pytest.raises(SignatureInvalid, match="user name or the password"):
        verify(callback(authorization=header), BASIC)


def test_the_token_stands_in_the_address() -> None:
    verify(callback(query="token=canary-url-token-0001"), URL_TOKEN)


@pytest.mark.parametrize("query", ["", "token=", "token=canary-url-token-0002", "Token=canary-url-token-0001", "token=%ff%00"])
def test_any_other_token_is_refused(query: str) -> None:
    with pytest.raises(SignatureInvalid, match="token in the address"):
        verify(callback(query=query), URL_TOKEN)
