"""The one HTTP client: sockets are opened here and nowhere else.

Pooled and hardened: public addresses only (but for the origins that the installation allows), no redirects, time and size caps. urllib3's pools
without a session around them: that would cost more than the call itself (``make bench``).
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import threading
from collections.abc import Iterable
from typing import Any
from urllib.parse import urlsplit

import certifi
import urllib3
from requests_hardened.ip_filter import InvalidIPAddress, filter_host
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.util import Timeout

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import ConfigurationError, OutcomeUnknown, Unreachable

MAX_RESPONSE_BYTES = 4 * 1024 * 1024
"""Answers of chat APIs are a few kilobytes; what is longer is cut off here."""

USER_AGENT = "connector-platform/1"
_HEADERS = {"User-Agent": USER_AGENT, "Accept": "*/*", "Accept-Encoding": "gzip, deflate"}
_NO_ADDRESS = "this is no address that can be called"


class _Call(threading.local):
    """What is known of the call that this thread makes: when its answer has to be complete, and whether any of it left this machine."""

    deadline_s: float = math.inf
    was_sent: bool = False


_call = _Call()


class _Timed(io.RawIOBase):
    """A socket's bytes until a deadline. The socket's own timeout begins anew with every byte, so an answer that drips would never end."""

    def __init__(self, sock: socket.socket, deadline_s: float) -> None:
        self._sock = sock
        self._raw = sock.makefile("rb", buffering=0)
        self._deadline_s = deadline_s
        self._timeout_s = sock.gettimeout()

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        left_s = self._deadline_s - monotonic_s()
        if left_s <= 0:
            raise TimeoutError("timed out")
        self._sock.settimeout(left_s if self._timeout_s is None else min(left_s, self._timeout_s))
        return self._raw.readinto(buffer)

    def close(self) -> None:
        self._raw.close()
        super().close()


class _Response(http.client.HTTPResponse):
    """An answer that has to be complete, head and body, by the call's deadline."""

    def __init__(self, sock: socket.socket, *args: Any, **kwargs: Any) -> None:
        super().__init__(sock, *args, **kwargs)
        self.fp.close()
        self.fp = io.BufferedReader(_Timed(sock, _call.deadline_s))


class _PrivateAddress(Exception):
    """The host resolves to an address that outgoing calls must not reach."""


class _Connection(HTTPConnection):
    """Notes when something is sent: what fails before was certainly not received."""

    response_class = _Response

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _call.was_sent = True
        super().send(data)


class _PublicConnection(_Connection):
    """Goes to public addresses only: the very address that was looked at is connected to, so no second look-up can give another one."""

    def _new_conn(self) -> socket.socket:
        name = self._dns_host
        try:
            self._dns_host = filter_host(name.strip("[]"), self.port, allow_loopback=False).strip("[]")
            return super()._new_conn()
        except InvalidIPAddress as error:
            raise _PrivateAddress from error
        finally:
            self._dns_host = name  # certificates are made out to the name


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _PublicSecureConnection(_PublicConnection, HTTPSConnection):
    """The same over TLS."""


def _pools(pool_size: int, plain: type[HTTPConnection], secure: type[HTTPSConnection]) -> urllib3.PoolManager:
    """Kept-alive connections of these kinds, ``pool_size`` for each host."""
    pools = urllib3.PoolManager(num_pools=100, maxsize=pool_size, ca_certs=certifi.where(), cert_reqs="CERT_REQUIRED")
    pools.pool_classes_by_scheme = {
        "http": type("_Pool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
        "https": type("_SecurePool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
    }
    return pools


class HttpClient:
    """Makes calls. One per process: its connections are shared by the threads, and nothing else is (no cookies, no credentials).

    Args:
        allowed_origins: ``scheme://host:port`` of the far sides that may be private or loopback.
        timeout_s: until the answer is complete, from when the call begins and beside ``connect_timeout_s``.
        pool_size: connections kept per host; as many as there are threads.
    """

    def __init__(
        self, *, allowed_origins: Iterable[str] = (), connect_timeout_s: float = 5, timeout_s: float = 15, pool_size: int = 48
    ) -> None:
        self._allowed = frozenset(_origin(origin) for origin in allowed_origins)
        self._timeout_s = timeout_s
        self._connect_timeout_s = connect_timeout_s
        self._public = _pools(pool_size, _PublicConnection, _PublicSecureConnection)
        self._private = _pools(pool_size, _Connection, _SecureConnection)

    def execute(self, call: HttpCall) -> HttpResponse:
        """The far side's answer, whatever its status.

        Raises:
            Unreachable: the request was certainly not received.
            OutcomeUnknown: it was (or may have been) received, but no answer came. A call without effect raises Unreachable instead.
            ConfigurationError: an address that may not be called, or no URL.
        """
        try:
            parts = urlsplit(call.url)
            host = parts.hostname or ""
            pools = self._private if _origin(call.url) in self._allowed else self._public
        except ValueError as error:
            raise ConfigurationError(f"{_NO_ADDRESS}; correct the URL") from error
        if parts.scheme not in ("http", "https"):
            raise ConfigurationError(f"{host or 'an empty host'}: {_NO_ADDRESS}; correct the URL")
        timeout_s = call.timeout_s or self._timeout_s
        _call.deadline_s, _call.was_sent = monotonic_s() + self._connect_timeout_s + timeout_s, False
        try:
            response = pools.urlopen(
                call.method,
                call.url,
                body=call.body or None,
                headers={**_HEADERS, **call.headers},
                timeout=Timeout(connect=self._connect_timeout_s, read=timeout_s),
                retries=False,
                redirect=False,
                preload_content=False,
            )
            try:
                body = response.read(MAX_RESPONSE_BYTES, decode_content=True)
            finally:
                response.close()  # what was not read to its end cannot be used again
            return HttpResponse(
                status=response.status, headers={name.lower(): value for name, value in response.headers.items()}, body=body
            )
        except _PrivateAddress as error:
            raise ConfigurationError(
                f"{host} resolves to a private address, which outgoing calls must not reach; "
                "if it is yours, allow its origin in HTTP_ALLOWED_ORIGINS"
            ) from error
        except urllib3.exceptions.LocationValueError as error:
            raise ConfigurationError(f"{host or 'an empty host'}: {_NO_ADDRESS}; correct the URL") from error
        except (urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            if isinstance(error, ValueError) and not _call.was_sent:
                raise ConfigurationError(
                    f"the call to {host} cannot be made: its address or a header holds a letter or a line break that HTTP does not allow"
                ) from error
            # Only the error's kind: its words may hold the URL, and that a secret.
            reason = type(error).__name__
            if not _call.was_sent or not call.effect:
                raise Unreachable(f"{host} could not be reached ({reason})") from error
            raise OutcomeUnknown(f"{host} took the request but its answer never came ({reason})") from error


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"
