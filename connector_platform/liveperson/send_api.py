"""What the calls to the Send API have in common: the request objects and the call that carries them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from connector_platform.core.calls import HttpCall
from connector_platform.liveperson.app import LivePersonAppConfig
from connector_platform.liveperson.domains import Service, service_url
from connector_platform.liveperson.errors import Purpose
from connector_platform.liveperson.headers import send_api_headers
from connector_platform.liveperson.json_body import well_formed
from connector_platform.liveperson.tokens import Tokens

MAX_REQUEST_ID_CHARS = 64
Metadata = Sequence[Mapping[str, Any]]


def request_object(request_type: str, body: Mapping[str, Any], *, request_id: str, metadata: Metadata | None = None) -> dict[str, Any]:
    """One request object. ``metadata`` goes beside the body, not into it. ``request_id`` comes back as ``reqId``.

    Raises:
        ValueError: ``request_id`` is empty or longer than 64 characters.
    """
    if not 1 <= len(request_id) <= MAX_REQUEST_ID_CHARS:
        raise ValueError("a request id has 1 to 64 characters")
    request: dict[str, Any] = {"kind": "req", "id": request_id, "type": request_type, "body": dict(body)}
    if metadata:
        request["metadata"] = [dict(item) for item in metadata]
    return request


def conversation_call(
    app: LivePersonAppConfig, domains: Mapping[str, str], tokens: Tokens, requests: Sequence[Mapping[str, Any]]
) -> HttpCall:
    """The call that opens a conversation: an array of request objects.

    Source: https://developers.liveperson.com/connector-api-send-api-conversation.html (archived copy, checked 2026-11).
    """
    return _call(app, domains, tokens, "conversation", list(requests), Purpose.CREATE, True)


def send_call(
    app: LivePersonAppConfig,
    domains: Mapping[str, str],
    tokens: Tokens,
    request: Mapping[str, Any],
    *,
    purpose: Purpose,
    effect: bool,
    timeout_s: float | None = None,
) -> HttpCall:
    """The call that sends one request object into a conversation. The conversation's id is in the object, not in the URL.

    Source: https://developers.liveperson.com/connector-api-send-api-send.html (archived copy, checked 2026-11).
    """
    call = _call(app, domains, tokens, "conversation/send", dict(request), purpose, effect)
    return call if timeout_s is None else replace(call, timeout_s=timeout_s)


def _call(
    app: LivePersonAppConfig, domains: Mapping[str, str], tokens: Tokens, path: str, payload: Any, purpose: Purpose, effect: bool
) -> HttpCall:
    return HttpCall.json(
        "POST",
        f"{service_url(domains, Service.ASYNC_MESSAGING)}/api/account/{app.account_id}/messaging/consumer/{path}?v=3",
        well_formed(payload),
        headers=send_api_headers(app, tokens),
        purpose=purpose,
        effect=effect,
    )
