"""Proof of origin: each kind accepts its own and nothing else, whatever the bytes."""

from __future__ import annotations

import base64
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels_app.providers.base import CallbackRequest
from channels_app.providers.sms_gateway import SmsGateway
from channels_app.providers.sms_gateway.config import SmsGatewayConfig
from connector_platform.core.errors import SignatureInvalid
from tests.providers.sms_gateway.case import make_config

NOW = datetime.fromtimestamp(1793001600, UTC)
BODY = b"sender=%2B31612345678&text=Caf%C3%A9"
# Worked vectors over BODY with this secret, computed apart from this code.
SECRET = "gateway-docs-secret"
HEX = "5e88fc3efd28a91b61653803fc130ef45ac699090bf4088cc588306c77d3fe7a"
BASE64 = "Xoj8Pv0oqRthZTgD/BMO9FrGmQkL9AiMxYgwbHfT/no="
TIMESTAMPED_HEX = "c9ac12310f3faddb185a4e385556e7e673bda5044400bcd7bb8dbfcdcda9d79d"

HEX_AUTH = {"kind": "hmac", "header": "X-Gateway-Signature", "prefix": "sha256=", "secret": SECRET}
BASE64_AUTH = {"kind": "hmac", "header": "X-Sig", "encoding": "base64", "secret": SECRET}
TIMESTAMPED_AUTH = {"kind": "hmac", "header": "X-Sig", "secret": SECRET, "timestamp_header": "X-Time"}
TOKEN = "0123456789abcdef-token"


def config_with(auth: dict[str, Any], **inbound: Any) -> SmsGatewayConfig:
    return make_config(inbound={"auth": auth, **inbound})


def request_with(headers: dict[str, str] | None = None, *, body: bytes = BODY, query: str = "", address: str = "") -> CallbackRequest:
    return CallbackRequest(method="POST", path="/receive", query_string=query, headers=headers or {}, body=body, remote_address=address)


def accepts(request: CallbackRequest, config: SmsGatewayConfig, now: datetime = NOW) -> bool:
    try:
        SmsGateway().verify(request, config, now=now)
    except SignatureInvalid:
        return False
    return True


@pytest.mark.parametrize(
    ("auth", "headers"),
    [
        (HEX_AUTH, {"x-gateway-signature": f"sha256={HEX}"}),
        (HEX_AUTH, {"x-gateway-signature": f"sha256={HEX.upper()}"}),
        (BASE64_AUTH, {"x-sig": BASE64}),
        (TIMESTAMPED_AUTH, {"x-sig": TIMESTAMPED_HEX, "x-time": "1793001600"}),
    ],
)
def test_worked_hmac_vectors(auth: dict[str, Any], headers: dict[str, str]) -> None:
    config = config_with(auth)
    assert accepts(request_with(headers), config)
    assert not accepts(request_with(headers, body=BODY + b"!"), config)
    assert not accepts(request_with({name: value[:-1] + "x" for name, value in headers.items()}), config)
    assert not accepts(request_with({}), config)


def test_a_signature_without_its_prefix_is_refused() -> None:
    assert not accepts(request_with({"x-gateway-signature": HEX}), config_with(HEX_AUTH))


@pytest.mark.parametrize(("seconds", "accepted"), [(300, True), (-300, True), (301, False), (-301, False)])
def test_a_signed_timestamp_may_be_five_minutes_off(seconds: int, accepted: bool) -> None:
    request = request_with({"x-sig": TIMESTAMPED_HEX, "x-time": "1793001600"})
    assert accepts(request, config_with(TIMESTAMPED_AUTH), NOW + timedelta(seconds=seconds)) is accepted


@pytest.mark.parametrize("timestamp", ["", "soon", "-1", "1e9", "²", "9" * 5000, "1793001600.0", "٣", "1793001601"])
def test_a_timestamp_that_was_not_signed_is_refused(timestamp: str) -> None:
    assert not accepts(request_with({"x-sig": TIMESTAMPED_HEX, "x-time": timestamp}), config_with(TIMESTAMPED_AUTH))


def basic(pair: str) -> str:
    return base64.b64encode(pair.encode()).decode()


@pytest.mark.parametrize(
    ("auth", "good", "bad"),
    [
        (
            {"kind": "basic", "username": "gw", "password": "pass:wörd-1"},
            {"authorization": "basic " + basic("gw:pass:wörd-1")},
            {"authorization": "Basic " + basic("gw:pass:wörd-2")},
        ),
        ({"kind": "bearer", "token": TOKEN}, {"authorization": f"Bearer {TOKEN}"}, {"authorization": TOKEN}),
        ({"kind": "header", "header": "X-Key", "value": TOKEN}, {"x-key": TOKEN}, {"x-key": TOKEN + "é"}),
    ],
)
def test_fixed_credentials(auth: dict[str, Any], good: dict[str, str], bad: dict[str, str]) -> None:
    assert accepts(request_with(good), config_with(auth))
    assert not accepts(request_with(bad), config_with(auth))
    assert not accepts(request_with(), config_with(auth))


@pytest.mark.parametrize(
    ("query", "accepted"),
    [
        (f"token={TOKEN}", True),
        (f"from=1&token={TOKEN}", True),
        ("token=", False),
        ("", False),
        (f"Token={TOKEN}", False),
        ("token=%ff", False),
    ],
)
def test_a_token_in_the_url(query: str, accepted: bool) -> None:
    assert accepts(request_with(query=query), config_with({"kind": "query", "value": TOKEN})) is accepted


@pytest.mark.parametrize(
    ("address", "accepted"),
    [
        ("203.0.113.7", True),
        ("::ffff:203.0.113.7", True),
        ("2001:db8::1", True),
        ("203.0.114.1", False),
        ("2001:db9::1", False),
        ("", False),
        ("203.0.113.7, 10.0.0.1", False),
        ("\x00", False),
    ],
)
def test_allowed_addresses(address: str, accepted: bool) -> None:
    config = config_with({"kind": "none"}, allowed_ips=["203.0.113.0/24", "2001:db8::/32"])
    assert accepts(request_with(address=address), config) is accepted


def test_an_allowed_address_does_not_replace_the_proof() -> None:
    config = config_with(HEX_AUTH, allowed_ips=["203.0.113.7"])
    signed = request_with({"x-gateway-signature": f"sha256={HEX}"}, address="203.0.113.7")
    assert accepts(signed, config)
    assert not accepts(replace(signed, headers={}), config)
    assert not accepts(replace(signed, remote_address="203.0.113.8"), config)


AUTHS = [
    HEX_AUTH,
    BASE64_AUTH,
    TIMESTAMPED_AUTH,
    {"kind": "basic", "username": "gw", "password": TOKEN},
    {"kind": "bearer", "token": TOKEN},
    {"kind": "header", "header": "X-Sig", "value": TOKEN},
    {"kind": "query", "value": TOKEN},
]


@settings(deadline=None)
@given(st.sampled_from([config_with(auth) for auth in AUTHS]), st.text(), st.text(), st.text(), st.binary())
def test_junk_is_refused_and_never_a_traceback(config: SmsGatewayConfig, value: str, scheme: str, query: str, body: bytes) -> None:
    headers = {"x-sig": value, "x-gateway-signature": "sha256=" + value, "x-time": "1793001600", "authorization": f"{scheme} {value}"}
    assert not accepts(request_with(headers, body=body, query=query, address=value), config)
    assert not accepts(request_with({**headers, "authorization": f"Basic {value}"}, body=body, query="token=" + query), config)
