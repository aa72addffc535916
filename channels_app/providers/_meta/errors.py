"""What Meta's error codes mean. The code (and subcode) decides; the HTTP status only where the code is unknown.

Source: https://developers.facebook.com/docs/messenger-platform/error-codes and
https://developers.facebook.com/docs/graph-api/guides/error-handling (checked 2026-07).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from channels_app.providers._meta import wire
from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable, raise_for_status
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    OutcomeUnknown,
    PersonThrottled,
    ServerFault,
    Throttled,
    WindowClosed,
)

RECONNECT = "Generate a new access token at Meta and store it in the channel."
WAIT = "Nothing to do; the platform waits and tries again. Lower the channel's rate if it keeps happening."
LATER = "Nothing to do; the platform tries again."
WINDOW = "Wait for the person to write again; Human agent extends the window to 7 days for people's answers."
PROGRAM = "Report it with the trace id: the platform built a request that Meta does not take."
SEND_LINK = "Nothing to do: the person was sent a link to the file. Send a smaller file, or one of another type."

_PROOF, _OTHER_APP = "appsecret_proof", "input_token"
"""Meta has no codes of its own for a missing proof, and for a token of another app: what to look for in its sentence."""

GRAPH: tuple[Row, ...] = (
    Row("1", ServerFault, "Meta failed for a reason it does not give", LATER),
    Row("1/99", ServerFault, "Meta failed for a reason it does not give", LATER),
    Row("2", ServerFault, "a temporary failure at Meta", LATER),
    Row("1200", ServerFault, "a temporary failure at Meta", LATER),
    Row("4", Throttled, "the app's rate limit is reached", WAIT),
    Row("17", Throttled, "the user's rate limit is reached", WAIT),
    Row("32", Throttled, "the page's rate limit is reached", WAIT),
    Row("613", Throttled, "a rate limit of this call is reached", WAIT),
    Row("102", CredentialsRejected, "the session of the token has ended", RECONNECT),
    Row("190", CredentialsRejected, "the access token is not valid", RECONNECT),
    Row("190/458", CredentialsRejected, "the person behind the token removed the app", RECONNECT),
    Row("190/459", CredentialsRejected, "the person behind the token must log in at facebook.com first", RECONNECT),
    Row("190/460", CredentialsRejected, "the person behind the token changed the password", RECONNECT),
    Row("190/463", CredentialsRejected, "the access token has expired", RECONNECT),
    Row("190/464", CredentialsRejected, "the account behind the token is not confirmed", RECONNECT),
    Row("190/467", CredentialsRejected, "the access token was revoked", RECONNECT),
    Row("190/492", CredentialsRejected, "the person behind the token has no role on the page any more", RECONNECT),
    Row(
        f"100/{_PROOF}",
        ConfigurationError,
        "Meta wants an app secret proof, or another one",
        "Switch on Send app secret proof in the Meta app here, and check its app secret.",
    ),
    Row(
        f"100/{_OTHER_APP}",
        ConfigurationError,
        "the access token was generated for another Meta app",
        "Compare the channel's provider app with the app that the token was generated for.",
    ),
    Row("100", ContentRejected, "Meta does not take a value of the request", PROGRAM),
    Row("2500", ContentRejected, "Meta does not understand the request", PROGRAM),
    Row(
        "368",
        ContentRejected,
        "Meta blocked the account or the content under its policies for a while",
        "See Account or Page quality at Meta.",
    ),
)
"""What any call to the Graph API may be answered."""

COMMON: tuple[Row, ...] = (
    *GRAPH,
    # Seen in the field: the answer complains about invalid JSON while the person has the message. A retry would show it twice.
    Row("1/1357046", OutcomeUnknown, "Meta reports a failure, but the message may be out", "Look into the account's inbox."),
    Row("2/2018344", ContentRejected, "Meta blocked the file under its terms of service", "Send another file."),
    Row("613/1893016", PersonThrottled, "too many messages to this person in a short time", WAIT),
    Row(
        "10/1893063",
        CredentialsRejected,
        "Meta restricted the account from messaging for a while",
        "See Account or Page quality at Meta, then resume the channel.",
    ),
    Row("36000", ContentRejected, "the picture is too large", SEND_LINK),
    Row("100/1893061", ContentRejected, "a message tag that Meta removed", PROGRAM),
    Row("10/2018278", WindowClosed, "the person's last message is too long ago", WINDOW),
    Row("10/2018065", WindowClosed, "the person's last message is too long ago", WINDOW),
    Row("100/2018047", ContentRejected, "Meta could not fetch the file", SEND_LINK),
    Row("100/2018008", ContentRejected, "Meta could not fetch the file", SEND_LINK),
)
"""What is the same on every channel of the Send API."""

_PERMISSIONS = re.compile("2[0-9][0-9]")
_TRACE = re.compile(r"[A-Za-z0-9_\-]{1,64}")


def send_api_message_id(response: HttpResponse) -> str:
    """The id of the message that was sent over the Send API; ``""`` where the answer names none."""
    return wire.text(response.json(), "message_id")


def interpret(
    rows: ErrorTable,
    call: HttpCall,
    response: HttpResponse,
    *,
    message_id: Callable[[HttpResponse], str] = send_api_message_id,
    waits_s: Mapping[str, float] = MappingProxyType({}),
) -> None:
    """Return if ``response`` is a success; a message without an id in the answer is none.

    ``rows`` are the channel's. ``waits_s``: how long to wait after a code where Meta itself does not say.
    Meta's own sentence is not repeated in the error: it quotes tokens ("Malformed access token EAA...") and telephone numbers.

    Raises:
        DeliveryError: by code and subcode, else by ``is_transient``, else by HTTP status. OutcomeUnknown: a 2xx that proves nothing.
    """
    body = response.json()
    fields = body if isinstance(body, dict) else {}
    error = fields.get("error")
    if isinstance(error, dict):
        _raise_for_error(rows, error, response, waits_s)
    if not response.is_success:
        _raise_for_status(response, code="")
    if error is not None or (call.effect and not message_id(response)):
        raise OutcomeUnknown("Meta answered without a message id; the person may have the message", provider_code=str(response.status))


def find(rows: ErrorTable, code: str) -> Row | None:
    """The row of ``code``; of 200 to 299, which are one family to Meta (a missing permission), the first stands for all that have none."""
    return rows.find(code, *(["200"] if _PERMISSIONS.fullmatch(code) else ()))


def _raise_for_error(
    rows: ErrorTable,
    error: dict[str, Any],
    response: HttpResponse,
    waits_s: Mapping[str, float],
) -> None:
    code, subcode = wire.digits(error, "code"), wire.digits(error, "error_subcode")
    if not subcode:
        subcode = next((words for words in (_PROOF, _OTHER_APP) if words in str(error.get("message"))), "")
    exact = rows.find(f"{code}/{subcode}")
    provider_code = f"{code}/{subcode}" if subcode else code
    trace = _trace(error.get("fbtrace_id"))
    row = exact or find(rows, code)
    if row is not None and exact is None and error.get("is_transient") is True and not row.error.retryable:
        row = None
    if row is not None:
        words = f"Meta: {row.meaning} (code {provider_code}{trace}). {row.remedy}".rstrip()
        if issubclass(row.error, Throttled):
            wait = wait_s(response) or waits_s.get(code)
            raise row.error(words, provider_code=provider_code, retry_after_s=wait)
        raise row.error(words, provider_code=provider_code)
    if error.get("is_transient") is True:
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


def _trace(value: object) -> str:
    return f", trace {value}" if isinstance(value, str) and _TRACE.fullmatch(value) else ""
