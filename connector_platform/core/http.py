"""The one HTTP client: sockets are opened here and nowhere else.

Pooled and hardened: public addresses only (but for the origins that the installation allows), no redirects, time and size caps.
"""

from __future__ import annotations

import http.client
import io
import math
import socket
import threading
from collections.abc import Iterable
from http.cookiejar import DefaultCookiePolicy
from typing import Any
from urllib.parse import urlsplit

import requests
import urllib3
from requests.adapters import HTTPAdapter
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import MaxRetryError

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.clock import monotonic_s
from connector_platform.core.errors import ConfigurationError, OutcomeUnknown, Unreachable

MAX_RESPONSE_BYTES = 4 * 1024 * 1024
"""Answers of chat APIs are a few kilobytes; what is longer is cut off here."""

USER_AGENT = "connector-platform/1"
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


class _Connection(HTTPConnection):
    """Notes when something is sent: what fails before was certainly not received."""

    response_class = _Response

    def send(self, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _call.was_sent = True
        super().send(data)


class _SecureConnection(_Connection, HTTPSConnection):
    """The same over TLS."""


class _Pool(HTTPConnectionPool):
    ConnectionCls = _Connection


class _SecurePool(HTTPSConnectionPool):
    ConnectionCls = _SecureConnection


class HttpClient:
    """Makes calls. One per process: sessions hold the connection pools and are shared by its threads.

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
        config = Config(
            ip_filter_enable=True,
            ip_filter_allow_loopback_ips=False,
            never_redirect=True,
            default_timeout=(connect_timeout_s, timeout_s),
            user_agent_override=USER_AGENT,
        )
        self._public = HTTPSession(config)
        self._private = requests.Session()
        self._private.mount("http://", HTTPAdapter(pool_connections=20, pool_maxsize=pool_size))
        self._private.mount("https://", HTTPAdapter(pool_connections=20, pool_maxsize=pool_size))
        self._private.headers["User-Agent"] = USER_AGENT
        for adapter in self._public.adapters.values():
            if isinstance(adapter, HTTPAdapter):
                adapter.init_poolmanager(connections=100, maxsize=pool_size)
        for session in (self._public, self._private):
            session.trust_env = False
            # All brands' calls share the sessions: a cookie that one brand's log-in was given must not travel with another's call.
            session.cookies.set_policy(DefaultCookiePolicy(allowed_domains=[]))
            for adapter in session.adapters.values():
                assert isinstance(adapter, HTTPAdapter)
                adapter.poolmanager.pool_classes_by_scheme = {"http": _Pool, "https": _SecurePool}

    def execute(self, call: HttpCall) -> HttpResponse:
        """The far side's answer, whatever its status.

        Raises:
            Unreachable: the request was certainly not received.
            OutcomeUnknown: it was (or may have been) received, but no answer came. A call without effect raises Unreachable instead.
            ConfigurationError: an address that may not be called, or no URL.
        """
        try:
            host = urlsplit(call.url).hostname or ""
            session = self._private if _origin(call.url) in self._allowed else self._public
        except ValueError as error:
            raise ConfigurationError(f"{_NO_ADDRESS}; correct the URL") from error
        timeout_s = call.timeout_s or self._timeout_s
        _call.deadline_s, _call.was_sent = monotonic_s() + self._connect_timeout_s + timeout_s, False
        try:
            with session.request(
                call.method,
                call.url,
                data=call.body or None,
                headers=dict(call.headers),
                timeout=(self._connect_timeout_s, timeout_s),
                allow_redirects=False,
                stream=True,
            ) as response:
                body = response.raw.read(MAX_RESPONSE_BYTES, decode_content=True)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return HttpResponse(status=response.status_code, headers=headers, body=body)
        except InvalidIPAddress as error:
            raise ConfigurationError(
                f"{host} resolves to a private address, which outgoing calls must not reach; "
                "if it is yours, allow its origin in HTTP_ALLOWED_ORIGINS"
            ) from error
        except (requests.exceptions.InvalidURL, requests.exceptions.InvalidSchema, requests.exceptions.MissingSchema) as error:
            raise ConfigurationError(f"{host or 'an empty host'}: {_NO_ADDRESS}; correct the URL") from error
        except (requests.RequestException, urllib3.exceptions.HTTPError, http.client.HTTPException, OSError, ValueError) as error:
            if isinstance(error, ValueError) and not _call.was_sent:
                raise ConfigurationError(
                    f"the call to {host} cannot be made: its address or a header holds a letter or a line break that HTTP does not allow"
                ) from error
            if not _call.was_sent or not call.effect:
                raise Unreachable(f"{host} could not be reached ({_reason(error)})") from error
            raise OutcomeUnknown(f"{host} took the request but its answer never came ({_reason(error)})") from error


def _origin(url: str) -> str:
    parts = urlsplit(url)
    port = parts.port or (443 if parts.scheme == "https" else 80)
    return f"{parts.scheme}://{parts.hostname}:{port}"


def _cause(error: BaseException) -> BaseException:
    """The urllib3 error inside a requests error."""
    inner = error.args[0] if error.args and isinstance(error.args[0], BaseException) else error
    if isinstance(inner, MaxRetryError) and inner.reason is not None:
        return inner.reason
    return inner


def _reason(error: BaseException) -> str:
    """A word for the operator, free of URLs (which may hold secrets)."""
    cause = _cause(error)
    return type(cause).__name__
