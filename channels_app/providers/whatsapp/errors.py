"""What Meta's error codes mean, in an answer and in a status that comes later. The code decides; the HTTP status only where it is unknown.

Real answers put 131056 and 130429 behind HTTP 403, so the status alone would break the channel.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (checked 2026-07).
"""

from __future__ import annotations

import json
import re
from typing import Any

from channels_app.providers.base import ErrorMeaning, raise_for_status
from channels_app.providers.whatsapp.error_table import ERRORS
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ContentRejected,
    CredentialsRejected,
    OutcomeUnknown,
    ServerFault,
    Throttled,
)

MEDIA = "media"
"""The purpose of the call that asks where a file lies."""
DOWNLOAD = "download"
"""The purpose of the one call whose answer is a file and no JSON."""

PAIR_WAIT_S = 6.0
"""One message in six seconds may go to the same person; a burst of some 45 is borrowed from the time after it."""

_BY_CODE = {row.code: row for row in ERRORS}
_TRACE = re.compile(r"[A-Za-z0-9_\-]{1,64}")


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success; a message without an id in the answer is none.

    Meta's own sentence is not repeated in the error: it quotes tokens and telephone numbers.

    Raises:
        DeliveryError: by code and subcode, else by ``is_transient``, else by HTTP status. OutcomeUnknown: a 2xx that proves nothing.
    """
    if call.purpose == DOWNLOAD and response.is_success:
        return
    body = response.json()
    fields = body if isinstance(body, dict) else {}
    error = fields.get("error")
    if _is_gone(call, response, error):
        raise ContentRejected("WhatsApp does not have the file any more", provider_code=str(response.status))
    if isinstance(error, dict):
        _raise_for_error(error, response)
    if not response.is_success:
        _raise_for_status(response, code="")
    if error is not None or (call.effect and not message_id(response)):
        raise OutcomeUnknown("Meta answered without a message id; the person may have the message", provider_code=str(response.status))


def _is_gone(call: HttpCall, response: HttpResponse, error: Any) -> bool:
    """Whether the answer says that there is no such file (any more). Meta says so as of any object, with code 100."""
    if call.purpose not in (MEDIA, DOWNLOAD) or response.status not in (400, 404, 410):
        return False
    return not isinstance(error, dict) or _number(error.get("code")) in ("", "100")


def message_id(response: HttpResponse) -> str:
    """The id of the message that was sent; ``""`` where the answer names none. ``messages`` has been seen to be ``[null]``."""
    first = next(iter(wire.items(response.json(), "messages")), None)
    return wire.text(first, "id")[:200]


def failure_reason(errors: list[Any]) -> str:
    """Why a message failed that Meta had taken, from the ``errors`` of its status, in our words."""
    code = next((found for error in errors if (found := _number(error.get("code") if isinstance(error, dict) else None))), "")
    row = _row(code, "")
    if row is None:
        return f"WhatsApp could not deliver it (code {code})" if code else "WhatsApp could not deliver it"
    return f"WhatsApp: {row.meaning} (code {code}). {row.remedy}".rstrip()


def _row(code: str, subcode: str) -> ErrorMeaning | None:
    found = _BY_CODE.get(f"{code}/{subcode}") or _BY_CODE.get(code)
    # "200-299: API permission": one row stands for all of them.
    return found or (_BY_CODE["200"] if len(code) == 3 and code.startswith("2") else None)


def _raise_for_error(error: dict[str, Any], response: HttpResponse) -> None:
    code, subcode = _number(error.get("code")), _number(error.get("error_subcode"))
    row = _row(code, subcode)
    provider_code = f"{code}/{subcode}" if subcode else code
    trace = _trace(error.get("fbtrace_id"))
    is_transient = error.get("is_transient") is True
    if row is not None and is_transient and not row.error.retryable and row.code == code:
        row = None
    if row is not None:
        raise row.error(
            f"WhatsApp: {row.meaning} (code {provider_code}{trace}). {row.remedy}".rstrip(),
            provider_code=provider_code,
            retry_after_s=_pause_s(code, response) if issubclass(row.error, Throttled) else None,
        )
    if is_transient:
        raise ServerFault(f"Meta calls the failure temporary (code {provider_code or 'missing'}{trace})", provider_code=provider_code)
    if response.is_success:
        raise OutcomeUnknown(
            f"Meta answered HTTP {response.status} with an unknown error (code {provider_code or 'missing'}{trace})",
            provider_code=provider_code,
        )
    _raise_for_status(response, code=provider_code)


def _raise_for_status(response: HttpResponse, *, code: str) -> None:
    """The default by HTTP class, with Meta's code and Meta's waiting time put in."""
    if response.status == 429:
        raise Throttled("Meta's rate limit is reached (HTTP 429)", provider_code=code or "429", retry_after_s=wait_s(response))
    try:
        raise_for_status(response)
    except (ContentRejected, CredentialsRejected, ServerFault, Throttled) as error:
        error.provider_code = code or error.provider_code
        raise


def _pause_s(code: str, response: HttpResponse) -> float | None:
    asked = wait_s(response)
    return PAIR_WAIT_S if asked is None and code == "131056" else asked


def wait_s(response: HttpResponse) -> float | None:
    """How long Meta asks us to wait: ``Retry-After``, else the longest wait in ``X-Business-Use-Case-Usage``; None where neither says.

    Source: https://developers.facebook.com/docs/graph-api/overview/rate-limiting (checked 2026-07): "estimated_time_to_regain_access",
    in minutes.
    """
    if response.retry_after_s is not None:
        return response.retry_after_s
    try:
        usage = json.loads(response.headers.get("x-business-use-case-usage", ""))
    except (ValueError, RecursionError):
        return None
    rows = [row for rows in usage.values() if isinstance(rows, list) for row in rows] if isinstance(usage, dict) else []
    minutes = [row.get("estimated_time_to_regain_access") for row in rows if isinstance(row, dict)]
    waits = [value * 60.0 for value in minutes if isinstance(value, int) and 0 < value <= 24 * 60]
    return max(waits, default=None)


def _number(value: object) -> str:
    """``value`` as digits whether it came as a number or as text; ``""`` for anything else."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return text if text.isascii() and text.isdigit() and len(text) <= 12 else ""


def _trace(value: object) -> str:
    return f", trace {value}" if isinstance(value, str) and _TRACE.fullmatch(value) else ""
