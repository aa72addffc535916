"""The one HTTP client: sockets are opened here and nowhere else.

Pooled and hardened: public addresses only (but for the origins that the installation allows), no redirects, time and size caps.
"""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

import requests
from requests.adapters import HTTPAdapter
from requests_hardened import Config, HTTPSession
from requests_hardened.ip_filter import InvalidIPAddress
from urllib3.exceptions import ConnectTimeoutError, MaxRetryError, NameResolutionError, NewConnectionError, SSLError

from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, OutcomeUnknown, Unreachable

MAX_RESPONSE_BYTES = 4 * 1024 * 1024
"""Answers of chat APIs are a few kilobytes; what is longer is cut off here."""

USER_AGENT = "connector-platform/1"


class HttpClient:
    """Makes calls. One per process: sessions hold the connection pools and are shared by its threads.

    Args:
        allowed_origins: ``scheme://host:port`` of the far sides that may be private or loopback.
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

    def execute(self, call: HttpCall) -> HttpResponse:
        """The far side's answer, whatever its status.

        Raises:
            Unreachable: the request was certainly not received.
            OutcomeUnknown: it was (or may have been) received, but no answer came. A call without effect raises Unreachable instead.
            ConfigurationError: an address that may not be called, or no URL.
        """
        host = urlsplit(call.url).hostname or ""
        session = self._private if _origin(call.url) in self._allowed else self._public
        try:
            with session.request(
                call.method,
                call.url,
                data=call.body or None,
                headers=dict(call.headers),
                timeout=(self._connect_timeout_s, call.timeout_s or self._timeout_s),
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
            raise ConfigurationError(f"{host or 'an empty host'} is no address that can be called; correct the URL") from error
        except (requests.RequestException, OSError, ValueError) as error:
            if _was_never_sent(error) or not call.effect:
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


def _was_never_sent(error: BaseException) -> bool:
    if isinstance(error, requests.exceptions.ConnectTimeout | requests.exceptions.SSLError):
        return True
    cause = _cause(error)
    return (
        isinstance(cause, NewConnectionError | ConnectTimeoutError | NameResolutionError | SSLError)
        or str(cause) == "Failed to resolve domain"
    )


def _reason(error: BaseException) -> str:
    """A word for the operator, free of URLs (which may hold secrets)."""
    cause = _cause(error)
    return type(cause).__name__
