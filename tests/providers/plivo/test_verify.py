"""Proof of origin: worked signatures, Plivo's own SDK beside ours, and what is refused."""

from __future__ import annotations

from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from plivo.utils import validate_signature, validate_v3_signature

from channels_app.providers.base import CallbackRequest
from channels_app.providers.plivo import Plivo, PlivoConfig
from channels_app.providers.plivo.verify import signature
from connector_platform.core.errors import SignatureInvalid
from tests.providers.contract.cases import NOW
from tests.providers.plivo.case import AUTH_TOKEN, CONFIG, FORM, NONCE, NONCE_HEADER, SIGNATURE_HEADER, make_config, message, post, sign

# Worked vectors, computed apart from this code.
TOKEN = "plivo-docs-token"
URL = "https://connect.example.com/hooks/plivo/9d/receive"
PARAMETERS = {"From": "31612345678", "MessageUUID": "abc-1", "Text": "Hi & bo", "To": "3197010200300", "Type": "sms"}
VECTORS = {"x=a&mid=7": "lEwlPf+DwKjF7p901zTHZk2NCsms2qlePvpA8FadtBU=", "": "IGb34PNku0GSCsrT6jnHUyaEZB0RaEEkpD+usSfshwg="}


def request_to(query: str, body: bytes, *, method: str = "POST", url: str = URL) -> CallbackRequest:
    return CallbackRequest(method=method, public_url=url, query_string=query, headers={"content-type": FORM}, body=body)


def with_headers(request: CallbackRequest, **headers: str) -> CallbackRequest:
    return replace(request, headers={**request.headers, **{name.replace("_", "-"): value for name, value in headers.items()}})


def is_taken(request: CallbackRequest, config: PlivoConfig = CONFIG) -> bool:
    try:
        Plivo().verify(request, config, now=NOW)
    except SignatureInvalid:
        return False
    return True


@pytest.mark.parametrize("query", list(VECTORS))
def test_the_worked_signatures(query: str) -> None:
    request = request_to(query, urlencode(PARAMETERS).encode())
    assert signature(request, NONCE, TOKEN) == VECTORS[query]
    signed = with_headers(request, **{SIGNATURE_HEADER: VECTORS[query], NONCE_HEADER: NONCE})
    config = make_config(auth_token=TOKEN)
    assert is_taken(signed, config)
    assert not is_taken(replace(signed, query_string=query + "&y=1"), config)
    assert not is_taken(replace(signed, public_url=URL + "/"), config)
    assert not is_taken(replace(signed, public_url=URL.replace("https", "http")), config)
    assert not is_taken(replace(signed, body=urlencode({**PARAMETERS, "Text": "Hi & by"}).encode()), config)
    assert not is_taken(with_headers(signed, **{NONCE_HEADER: NONCE + "0"}), config)
    assert not is_taken(signed, make_config(auth_token=TOKEN + "0"))


V2_CONFIG = make_config(signature_version="v2")

NAMES = st.text(st.sampled_from("abXYZ019_é"), min_size=1, max_size=6)
VALUES = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r\n\t"), max_size=12)
PAIRS = st.lists(st.tuples(NAMES, VALUES), max_size=6)
# The SDK cannot read other letters in a query.
ASCII_PAIRS = st.lists(st.tuples(st.sampled_from("abXZ0_"), st.text(st.sampled_from("aZ0 &=+%/."), max_size=8)), max_size=4)


@settings(deadline=None)
@given(query=ASCII_PAIRS, body=PAIRS, method=st.sampled_from(["POST", "GET"]))
def test_signatures_are_those_of_plivos_own_sdk(query: list[tuple[str, str]], body: list[tuple[str, str]], method: str) -> None:
    """What our signature says is what the vendor's validator wants, also with repeated names and none at all."""
    request = request_to(urlencode(query), urlencode(body).encode() if method == "POST" else b"", method=method)
    parameters = parse_qs(request.body.decode(), keep_blank_values=True) if method == "POST" else {}
    uri = f"{URL}?{request.query_string}" if request.query_string else URL
    ours = signature(request, NONCE, AUTH_TOKEN)
    assert validate_v3_signature(method, uri, NONCE, AUTH_TOKEN, f"other,{ours}", parameters)
    assert is_taken(with_headers(request, **{SIGNATURE_HEADER: ours, NONCE_HEADER: NONCE}))


def test_one_of_several_signatures_is_enough_and_so_is_the_main_accounts() -> None:
    request = sign(post(message(Text="hi")))
    right = request.headers[SIGNATURE_HEADER]
    assert is_taken(with_headers(request, **{SIGNATURE_HEADER: f"AAAA, {right}"}))
    assert is_taken(with_headers(request, **{SIGNATURE_HEADER: "AAAA", "x-plivo-signature-ma-v3": right}))
    assert not is_taken(with_headers(request, **{SIGNATURE_HEADER: ",".join(f"A{number}" for number in range(30)) + f",{right}"}))


def test_version_two_is_enough_only_where_the_operator_says_so() -> None:
    """It covers neither the words nor who wrote them."""
    request = request_to("x=a", urlencode(PARAMETERS).encode())
    ours = signature(request, NONCE, AUTH_TOKEN, version="v2")
    assert validate_signature(f"{URL}?x=a", NONCE, ours, AUTH_TOKEN), "Plivo's own SDK agrees"
    for name in ("x-plivo-signature-v2", "x-plivo-signature-ma-v2"):
        signed = with_headers(request, **{name: ours, "x-plivo-signature-v2-nonce": NONCE})
        assert not is_taken(signed)
        assert is_taken(signed, V2_CONFIG)
        assert not is_taken(replace(signed, public_url=URL + "/"), V2_CONFIG)
        assert not is_taken(with_headers(signed, **{"x-plivo-signature-v2-nonce": NONCE + "0"}), V2_CONFIG)
        assert not is_taken(signed, make_config(signature_version="v2", auth_token=AUTH_TOKEN + "0"))


def test_where_version_three_comes_it_is_checked() -> None:
    request = sign(post(message(Text="hi")))
    assert is_taken(request, V2_CONFIG)
    headers = {"x-plivo-signature-v2": signature(request, NONCE, AUTH_TOKEN, version="v2"), "x-plivo-signature-v2-nonce": NONCE}
    changed = replace(with_headers(request, **headers), body=urlencode(message(Text="bye")).encode())
    assert not is_taken(changed, V2_CONFIG)
    assert not is_taken(post(message(Text="hi")), V2_CONFIG)


@pytest.mark.parametrize("nonce", ["", "0" * 201, "\x00", "é", "\ud83d"])
def test_a_nonce_that_was_not_signed_is_refused(nonce: str) -> None:
    request = sign(post(message(Text="hi")))
    assert is_taken(request)
    assert not is_taken(with_headers(request, **{NONCE_HEADER: nonce}))


def test_a_callback_with_too_many_parameters_is_refused() -> None:
    assert not is_taken(with_headers(post({str(number): "" for number in range(201)}), **{SIGNATURE_HEADER: "A", NONCE_HEADER: "1"}))
