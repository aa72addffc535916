"""Twilio's signatures: worked examples, Twilio's own SDK as a second opinion, and everything that looks nearly right."""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st
from twilio.request_validator import RequestValidator, get_signature_algorithm

from channels_app.providers.base import CallbackRequest
from channels_app.providers.twilio import Twilio, TwilioConfig
from channels_app.providers.twilio.api import RETRIES
from channels_app.providers.twilio.verify import SETTINGS_HEADER, SIGNATURE_HEADER, signature
from connector_platform.core.errors import SignatureInvalid
from tests.providers.twilio.case import FIXTURES, FORM, NUMBER, TOKEN, URL, form, make_config, sign

NOW = datetime(2026, 11, 1, tzinfo=UTC)
DOCS_TOKEN = "twilio-docs-auth-token"
DOCS = make_config(auth_token=DOCS_TOKEN, sender=NUMBER)
RECEIVE = "https://connect.example.com/hooks/twilio/3f1c/receive"
STATUS = "https://connect.example.com/hooks/twilio/3f1c/status"
STATUS_QUERY = "mid=0192f6a0-77aa-7c1e-9b1f-5d2f7c3e9a10"

WORKED = {
    "message__sms_text": "TfYxzIz6WYn6tEpkGbbeeURDJcY=",
    "message__sms_blank_fields": "PorHub8Yu8m0kkSJ9gDMY4QxR6A=",
    "message__mms_two_media": "eIQ5TOEHcL0afHgcqbanuK3WNgc=",
    "opt_out__sms_advanced_stop": "GumirSNVv/zHNgEwXjYqrI6Y0qA=",
    "message__service_text": "lJJzB6E7DPNofPTOW7V/jyKPjPo=",
    "message__whatsapp_text": "8xEjBXBWtzpc+fK4vgSX0J7/ODg=",
    "message__whatsapp_button": "fTGwo+nIfd3nhcGp/gZtO/7JxZE=",
    "message__whatsapp_list": "w939y8Lep4/jlnpZw4gqeI+291E=",
    "message__whatsapp_location": "iU9wiZq3EFG1g0xLGPPtDXuXWso=",
    "status__sms_delivered": "j/vL35SsGCjdgb7GnCUg9Gfbwjk=",
    "status__sms_undelivered": "HNN5PFRwTweHX4ujYE1+YlyY0Uo=",
    "status__whatsapp_read": "1VbFb8t9TJcSWcNRqoj0rcIs8mA=",
}


def verify(request: CallbackRequest, config: TwilioConfig) -> None:
    Twilio().verify(request, config, now=NOW)


def refused(request: CallbackRequest, config: TwilioConfig) -> None:
    with pytest.raises(SignatureInvalid):
        verify(request, config)


def call(body: bytes, given: str, *, url: str = RECEIVE, query: str = "", content_type: str = FORM, **headers: str) -> CallbackRequest:
    return CallbackRequest(
        method="POST",
        public_url=url,
        query_string=query,
        headers={"content-type": content_type, SIGNATURE_HEADER: given, **headers},
        body=body,
    )


# Worked examples


@pytest.mark.parametrize("name", sorted(WORKED))
def test_a_worked_signature_passes(name: str) -> None:
    body = (FIXTURES / f"{name}.txt").read_bytes()
    url, query = (STATUS, STATUS_QUERY) if name.startswith("status") else (RECEIVE, "")
    request = call(body, WORKED[name], url=url, query=query)
    verify(request, DOCS)
    refused(replace(request, public_url=url + "/"), DOCS)
    refused(replace(request, query_string=query + "x"), DOCS)
    refused(request, make_config(auth_token="another-auth-token"))


def test_the_worked_examples_with_blanks_accents_and_queries() -> None:
    fields = {
        "MessageSid": "SM00000000000000000000000000000001",
        "From": "+31612345678",
        "To": "+3197010200300",
        "Body": "Hé & ho",
        "NumMedia": "0",
        "FromCity": "",
    }
    verify(call(urlencode(fields).encode(), "O5zzbUrxlqtUXtbmd0RflCLWd7I="), DOCS)
    status = urlencode({"MessageSid": "SM00000000000000000000000000000001", "MessageStatus": "delivered"}).encode()
    verify(call(status, "OMLJXF8SPT35i6lwfBNRWQtJ73c=", url=STATUS, query="mid=0192f6a0&x=1"), DOCS)


EVENTS = "https://connect.example.com/hooks/twilio/3f1c/events"
HASH = "bodySHA256=015abd7f5cc57a2dd94b7590f04ad8084273905ee33ec5cebeae62276a97f862"
JSON = "application/json"


def test_a_json_body_is_signed_by_its_hash_in_the_address() -> None:
    right = call(b'{"a":1}', "rijSDI7cZ7I7QzBMMaHy76wkOFI=", url=EVENTS, query=HASH, content_type=JSON)
    verify(right, DOCS)
    refused(replace(right, body=b'{"a":2}'), DOCS)
    refused(replace(right, query_string=HASH.replace("015", "115")), DOCS)
    refused(replace(right, query_string=f"{HASH}&{HASH}"), DOCS)


def test_a_json_body_without_its_hash_is_refused() -> None:
    """The signature of a bare address says nothing about a body."""
    bare = signature(EVENTS, [], DOCS_TOKEN)
    refused(call(b'{"a":1}', bare, url=EVENTS, content_type=JSON), DOCS)
    refused(call(b"Body=hello", bare, url=EVENTS), DOCS)
    verify(call(b"", bare, url=EVENTS), DOCS)


# Twilio's SDK


@given(
    fields=st.dictionaries(st.text(min_size=1, max_size=8), st.text(max_size=12), min_size=1, max_size=6),
    query=st.text(st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="#"), max_size=12),
)
def test_what_the_sdk_signs_passes(fields: dict[str, str], query: str) -> None:
    url = URL + (f"?{query}" if query else "")
    signed = RequestValidator(TOKEN).compute_signature(url, fields)
    verify(replace(form(fields, query=query), headers={"content-type": FORM, SIGNATURE_HEADER: signed}), make_config())


@given(
    pairs=st.lists(st.tuples(st.sampled_from("ABab"), st.text(max_size=4)), min_size=1, max_size=6),
    port=st.sampled_from(["", ":443", ":8443"]),
)
def test_the_sdk_takes_what_we_sign_also_with_several_values_of_a_name(pairs: list[tuple[str, str]], port: str) -> None:
    class Several(dict[str, Any]):
        def getlist(self, name: str) -> list[str]:
            return [value for key, value in pairs if key == name]

    url = f"https://connect.example.com{port}/callbacks/x"
    assert RequestValidator(TOKEN).validate(url, Several(pairs), signature(url, pairs, TOKEN))


def test_the_sdk_agrees_on_json_and_on_shared_keys() -> None:
    body = '{"a":"é"}'
    query = "bodySHA256=" + hashlib.sha256(body.encode()).hexdigest()
    signed = RequestValidator(TOKEN).compute_signature(f"{URL}?{query}", {})
    assert RequestValidator(TOKEN).validate(f"{URL}?{query}", body, signed)
    verify(call(body.encode(), signed, url=URL, query=query, content_type=JSON), make_config())

    secret, settings = "a-shared-key-of-the-account", "key=webhooks_sharedkey_1,algorithm=HMAC_SHA256"
    algorithm = get_signature_algorithm(settings)
    signed = RequestValidator(secret).compute_signature(URL, {"Body": "hello"}, algorithm)
    verify(call(b"Body=hello", signed, url=URL, **{SETTINGS_HEADER: settings}), make_config(signing_secret=secret))


# Keys, ports, proxies


def test_both_secrets_count_while_the_token_is_rotated() -> None:
    config = make_config(signing_secret="the-secondary-auth-token")
    for secret in (TOKEN, "the-secondary-auth-token"):
        verify(sign(form({"Body": "hello"}), secret), config)
    refused(sign(form({"Body": "hello"}), "some-other-auth-token"), config)


def test_an_empty_second_secret_signs_nothing() -> None:
    signed = base64.b64encode(hmac.new(b"", f"{URL}Bodyhello".encode(), hashlib.sha1).digest()).decode()
    refused(call(b"Body=hello", signed, url=URL), make_config())


@pytest.mark.parametrize("settings", ["key=k,algorithm=MD5", "algorithm=", "key=k,algorithm=HMAC_SHA256", "\u2603"])
def test_a_shared_keys_signature_does_not_pass_by_the_auth_token(settings: str) -> None:
    for algorithm in ("sha1", "sha256"):
        signed = signature(URL, [("Body", "hello")], TOKEN, algorithm)
        refused(call(b"Body=hello", signed, url=URL, **{SETTINGS_HEADER: settings}), make_config())


@pytest.mark.parametrize(
    ("ours", "signed"),
    [
        ("https://connect.example.com/x", "https://connect.example.com:443/x"),
        ("https://connect.example.com:8443/x", "https://connect.example.com/x"),
        ("https://connect.example.com:8443/x", "https://connect.example.com:8443/x"),
        ("http://connect.example.com/x", "http://connect.example.com:80/x"),
        ("https://connect.example.com/x", "https://connect.example.com/x" + RETRIES),
    ],
)
def test_the_address_counts_with_and_without_its_port(ours: str, signed: str) -> None:
    verify(call(b"Body=hello", signature(signed, [("Body", "hello")], TOKEN), url=ours), make_config())


def test_the_address_is_not_taken_from_the_callback() -> None:
    evil = "https://evil.example/x"
    headers = {"host": "evil.example", "x-forwarded-host": "evil.example"}
    refused(call(b"Body=hello", signature(evil, [("Body", "hello")], TOKEN), url=URL, **headers), make_config())


def test_a_callback_with_a_flood_of_parameters_is_refused() -> None:
    refused(sign(form([(f"p{number}", "") for number in range(2000)])), make_config())
