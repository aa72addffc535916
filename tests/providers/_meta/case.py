"""What Meta's messaging channels share on the wire, for their cases."""

from __future__ import annotations

import json
from typing import Any

from channels_app.providers.base import CallbackRequest
from connector_platform.core.calls import HttpCall, HttpResponse


def post(body: bytes) -> CallbackRequest:
    """An unsigned callback with ``body``."""
    return CallbackRequest(method="POST", headers={"content-type": "application/json"}, body=body)


def challenge(token: str) -> CallbackRequest:
    """Meta's set-up challenge with this verify token, already percent-encoded."""
    return CallbackRequest(method="GET", query_string=f"hub.mode=subscribe&hub.verify_token={token}&hub.challenge=1158201444", headers={})


def json_response(body: Any, *, status: int = 200, headers: dict[str, str] | None = None) -> HttpResponse:
    """An answer with a JSON body."""
    return HttpResponse(status=status, headers={"content-type": "application/json", **(headers or {})}, body=json.dumps(body).encode())


def error_response(code: str, *, status: int = 400, **more: Any) -> HttpResponse:
    """Meta's error body for ``code`` or ``code/subcode``; a subcode in letters stands in the sentence."""
    number, _, subcode = code.partition("/")
    error: dict[str, Any] = {"message": "(#1) Words of Meta", "type": "OAuthException", "code": int(number), "fbtrace_id": "AbCdEf_123"}
    if subcode.isdigit():
        error["error_subcode"] = int(subcode)
    elif subcode:
        error["message"] += f" {subcode}"
    return json_response({"error": {**error, **more}}, status=status)


def sent_text(call: HttpCall) -> str:
    text = json.loads(call.body).get("message", {}).get("text", "") if call.body else ""
    return str(text)
