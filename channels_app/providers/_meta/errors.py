"""What Meta's error codes mean. The code (and subcode) decides; the HTTP status only where the code is unknown.

Source: https://developers.facebook.com/docs/messenger-platform/error-codes and
https://developers.facebook.com/docs/graph-api/guides/error-handling (checked 2026-07).
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Collection, Mapping
from types import MappingProxyType
from typing import Any

from channels_app.providers._meta import wire
from channels_app.providers.base import ErrorMeaning, raise_for_status
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    OutcomeUnknown,
    ServerFault,
    Throttled,
)

RECONNECT = "Generate a new access token at Meta and store it in the channel."
WAIT = "Nothing to do; the platform waits and tries again. Lower the channel's rate if it keeps happening."
LATER = "Nothing to do; the platform tries again."
WINDOW = "Wait for the person to write again; Human agent extends the window to 7 days for people's answers."
PROGRAM = "Report it with the trace id: the platform built a request that Meta does not take."
SEND_LINK = "Nothing to do: the person was sent a link to the file. Send a smaller file, or one of another type."

_PROOF, _OTHER_APP = "appsecret_proof", "input_token"
"""Meta has no codes of its own for a missing proof, and for a token of another app: what to look for in its sentence."""

GRAPH: tuple[ErrorMeaning, ...] = (
    ErrorMeaning(code="1", error=ServerFault, meaning="Meta failed for a reason it does not give", remedy=LATER),
    ErrorMeaning(code="1/99", error=ServerFault, meaning="Meta failed for a reason it does not give", remedy=LATER),
    ErrorMeaning(code="2", error=ServerFault, meaning="a temporary failure at Meta", remedy=LATER),
    ErrorMeaning(code="1200", error=ServerFault, meaning="a temporary failure at Meta", remedy=LATER),
    ErrorMeaning(code="4", error=Throttled, meaning="the app's rate limit is reached", remedy=WAIT),
    ErrorMeaning(code="17", error=Throttled, meaning="the user's rate limit is reached", remedy=WAIT),
    ErrorMeaning(code="32", error=Throttled, meaning="the page's rate limit is reached", remedy=WAIT),
    ErrorMeaning(code="613", error=Throttled, meaning="a rate limit of this call is reached", remedy=WAIT),
    ErrorMeaning(code="102", error=CredentialsRejected, meaning="the session of the token has ended", remedy=RECONNECT),
    ErrorMeaning(code="190", error=CredentialsRejected, meaning="the access token is not valid", remedy=RECONNECT),
    ErrorMeaning(code="190/458", error=CredentialsRejected, meaning="the person behind the token removed the app", remedy=RECONNECT),
    ErrorMeaning(
        code="190/459",
        error=CredentialsRejected,
        meaning="the person behind the token must log in at facebook.com first",
        remedy=RECONNECT,
    ),
    ErrorMeaning(code="190/460", error=CredentialsRejected, meaning="the person behind the token changed the password", remedy=RECONNECT),
    ErrorMeaning(code="190/463", error=CredentialsRejected, meaning="the access token has expired", remedy=RECONNECT),
    ErrorMeaning(code="190/464", error=CredentialsRejected, meaning="the account behind the token is not confirmed", remedy=RECONNECT),
    ErrorMeaning(code="190/467", error=CredentialsRejected, meaning="the access token was revoked", remedy=RECONNECT),
    ErrorMeaning(
        code="190/492", error=CredentialsRejected, meaning="the person behind the token has no role on the page any more", remedy=RECONNECT
    ),
    ErrorMeaning(
        code=f"100/{_PROOF}",
        error=ConfigurationError,
        meaning="Meta wants an app secret proof, or another one",
        remedy="Switch on Send app secret proof in the Meta app here, and check its app secret.",
    ),
    ErrorMeaning(
        code=f"100/{_OTHER_APP}",
        error=ConfigurationError,
        meaning="the access token was generated for another Meta app",
        remedy="Compare the channel's provider app with the app that the token was generated for.",
    ),
    ErrorMeaning(code="100", error=ContentRejected, meaning="Meta does not take a value of the request", remedy=PROGRAM),
    ErrorMeaning(code="2500", error=ContentRejected, meaning="Meta does not understand the request", remedy=PROGRAM),
    ErrorMeaning(
        code="368",
        error=ContentRejected,
        meaning="Meta blocked the account or the content under its policies for a while",
        remedy="See Account or Page quality at Meta.",
    ),
)
"""What any call to the Graph API may be answered."""

COMMON: tuple[ErrorMeaning, ...] = (
    *GRAPH,
    # Seen in the field: the answer complains about invalid JSON while the person has the message. A retry would show it twice.
    ErrorMeaning(
        code="1/1357046",
        error=OutcomeUnknown,
        meaning="Meta reports a failure, but the message may be out",
        remedy="Look into the account's inbox.",
    ),
    ErrorMeaning(
        code="2/2018344", error=ContentRejected, meaning="Meta blocked the file under its terms of service", remedy="Send another file."
    ),
    ErrorMeaning(code="613/1893016", error=Throttled, meaning="too many messages to this person in a short time", remedy=WAIT),
    ErrorMeaning(
        code="10/1893063",
        error=CredentialsRejected,
        meaning="Meta restricted the account from messaging for a while",
        remedy="See Account or Page quality at Meta, then resume the channel.",
    ),
    ErrorMeaning(code="36000", error=ContentRejected, meaning="the picture is too large", remedy=SEND_LINK),
    ErrorMeaning(code="100/1893061", error=ContentRejected, meaning="a message tag that Meta removed", remedy=PROGRAM),
)
"""What is the same on every channel of the Send API."""

_TRACE = re.compile(r"[A-Za-z0-9_\-]{1,64}")


def send_api_message_id(response: HttpResponse) -> str:
    """The id of the message that was sent over the Send API; ``""`` where the answer names none."""
    return wire.text(response.json(), "message_id")


def interpret(
    rows: Mapping[str, ErrorMeaning],
    call: HttpCall,
    response: HttpResponse,
    *,
    message_id: Callable[[HttpResponse], str] = send_api_message_id,
    waits_s: Mapping[str, float] = MappingProxyType({}),
    channel_limits: Collection[str] = (),
) -> None:
    """Return if ``response`` is a success; a message without an id in the answer is none.

    ``rows`` are the channel's, by code. ``waits_s``: how long to wait after a code where Meta itself does not say.
    ``channel_limits``: the codes of limits that are not one person's.
    Meta's own sentence is not repeated in the error: it quotes tokens ("Malformed access token EAA...") and telephone numbers.

    Raises:
        DeliveryError: by code and subcode, else by ``is_transient``, else by HTTP status. OutcomeUnknown: a 2xx that proves nothing.
    """
    body = response.json()
    fields = body if isinstance(body, dict) else {}
    error = fields.get("error")
    if isinstance(error, dict):
        _raise_for_error(rows, error, response, waits_s, channel_limits)
    if not response.is_success:
        _raise_for_status(response, code="")
    if error is not None or (call.effect and not message_id(response)):
        raise OutcomeUnknown("Meta answered without a message id; the person may have the message", provider_code=str(response.status))


def _raise_for_error(
    rows: Mapping[str, ErrorMeaning],
    error: dict[str, Any],
    response: HttpResponse,
    waits_s: Mapping[str, float],
    channel_limits: Collection[str],
) -> None:
    code, subcode = wire.digits(error, "code"), wire.digits(error, "error_subcode")
    if not subcode:
        subcode = next((words for words in (_PROOF, _OTHER_APP) if words in str(error.get("message"))), "")
    exact = rows.get(f"{code}/{subcode}")
    general = rows.get(code)
    provider_code = f"{code}/{subcode}" if subcode else code
    trace = _trace(error.get("fbtrace_id"))
    row = exact or general
    if row is not None and exact is None and error.get("is_transient") is True and not row.error.retryable:
        row = None
    if row is not None:
        words = f"Meta: {row.meaning} (code {provider_code}{trace}). {row.remedy}".rstrip()
        if issubclass(row.error, Throttled):
            wait = wait_s(response) or waits_s.get(code)
            raise row.error(words, provider_code=provider_code, retry_after_s=wait, whole_channel=code in channel_limits)
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
