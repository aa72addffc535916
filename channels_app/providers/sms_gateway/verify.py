"""Whether a callback comes from the gateway: its address, and whatever proof the configuration asks for."""

from __future__ import annotations

import base64
import binascii
import hmac
import ipaddress
from datetime import datetime, timedelta

from channels_app.providers.base import CallbackRequest
from channels_app.providers.sms_gateway.config import (
    BasicAuth,
    BearerAuth,
    HeaderAuth,
    HmacAuth,
    InboundConfig,
    QueryAuth,
)
from connector_platform.core.errors import SignatureInvalid

TOLERANCE = timedelta(minutes=5)


def verify(request: CallbackRequest, config: InboundConfig, *, now: datetime) -> None:
    """Return if ``request`` comes from an allowed address and carries the configured proof.

    Raises:
        SignatureInvalid: it does not, or its signed timestamp is more than five minutes off ``now``.
    """
    _check_address(request.remote_address, config.allowed_ips)
    auth = config.auth
    if isinstance(auth, HmacAuth):
        _check_hmac(request, auth, now)
    elif isinstance(auth, BasicAuth):
        expected = f"{auth.username}:{auth.password.get_secret_value()}".encode()
        _check_equal(_basic_credentials(request), expected, "the user name or the password is wrong")
    elif isinstance(auth, BearerAuth):
        _check_equal(_authorization(request, "bearer"), auth.token.get_secret_value().encode(), "the bearer token is wrong")
    elif isinstance(auth, HeaderAuth):
        _check_equal(_header(request, auth.header), auth.value.get_secret_value().encode(), f"the header {auth.header} is wrong")
    elif isinstance(auth, QueryAuth):
        given = request.query.get(auth.name, "").encode("utf-8", "replace")
        _check_equal(given, auth.value.get_secret_value().encode(), f"the parameter {auth.name} is wrong")


def _check_address(remote_address: str, allowed: list[str]) -> None:
    if not allowed:
        return
    try:
        address = ipaddress.ip_address(remote_address)
    except ValueError as err:
        raise SignatureInvalid("the caller's address is not known") from err
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    # A network of the other IP version never contains it.
    if not any(address in ipaddress.ip_network(network) for network in allowed):
        raise SignatureInvalid("the caller's address is not in allowed_ips")


def _check_hmac(request: CallbackRequest, auth: HmacAuth, now: datetime) -> None:
    signed = request.body
    if auth.timestamp_header:
        timestamp = _header(request, auth.timestamp_header).strip()
        # bytes.isdigit takes ASCII digits only; 12 of them reach the year 33658, far inside what a float of seconds holds.
        if not timestamp.isdigit() or len(timestamp) > 12:
            raise SignatureInvalid("the timestamp is missing or not a number of seconds")
        if abs(now.timestamp() - int(timestamp)) > TOLERANCE.total_seconds():
            raise SignatureInvalid("the timestamp is more than five minutes off")
        signed = timestamp + b"." + signed
    digest = hmac.digest(auth.secret.get_secret_value().encode(), signed, auth.algorithm)
    given = _header(request, auth.header).strip()
    prefix = auth.prefix.encode()
    if not given.startswith(prefix):
        raise SignatureInvalid("the signature is missing or lacks its prefix")
    given = given[len(prefix) :].strip()
    if auth.encoding == "hex":
        _check_equal(given.lower(), digest.hex().encode(), "the signature is wrong")
    else:
        _check_equal(given, base64.b64encode(digest), "the signature is wrong")


def _check_equal(given: bytes, expected: bytes, problem: str) -> None:
    if not hmac.compare_digest(given, expected):
        raise SignatureInvalid(problem)


def _header(request: CallbackRequest, name: str) -> bytes:
    return request.headers.get(name.lower(), "").encode("utf-8", "replace")


def _authorization(request: CallbackRequest, scheme: str) -> bytes:
    given_scheme, _, credentials = _header(request, "authorization").strip().partition(b" ")
    return credentials.strip() if given_scheme.lower() == scheme.encode() else b""


def _basic_credentials(request: CallbackRequest) -> bytes:
    try:
        return base64.b64decode(_authorization(request, "basic"), validate=True)
    except (binascii.Error, ValueError):
        return b""


def callback_token(config: InboundConfig) -> dict[str, str]:
    """The parameter that a callback URL must carry for ``verify`` to accept the call; empty where the proof is elsewhere."""
    if isinstance(config.auth, QueryAuth):
        return {config.auth.name: config.auth.value.get_secret_value()}
    return {}
