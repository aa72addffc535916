"""What Plivo's answers mean: by HTTP status, then by a part of the sentence in the body.

Source: https://www.plivo.com/docs/messaging/api/response (known) and plivo-python 4.63.0 (read 2026-11).
"""

from __future__ import annotations

from channels_app.providers.base import ErrorMeaning, raise_for_status
from channels_app.providers.plivo.calls import DOWNLOAD, DOWNLOAD_STORED, SEND
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OutcomeUnknown,
    RecipientGone,
    ServerFault,
    Throttled,
)

_LOG_IN = "Copy Auth ID and Auth Token again from Plivo's console, and set the channel to active."
_CREDIT = "Top up the account in Plivo's console, and set the channel to active."
_ACCOUNT = "Ask Plivo's support what the account lacks, then set the channel to active."
_PROGRAM = "Report it: the platform built a request that Plivo does not take."
_LATER = "Nothing to do; the platform tries again."


def _row(code: str, error: type[DeliveryError], meaning: str, remedy: str) -> ErrorMeaning:
    return ErrorMeaning(code=code, error=error, meaning=meaning, remedy=remedy)


ERRORS: tuple[ErrorMeaning, ...] = (
    _row("400/insufficient credit", CredentialsRejected, "the account has no credit", _CREDIT),
    _row("400/powerpack", ConfigurationError, "Plivo does not know this powerpack, or it has no numbers", "Correct the powerpack's UUID."),
    _row("400", ContentRejected, "Plivo does not take a value of the message", "Is the number right? Else report it."),
    _row("401", CredentialsRejected, "Plivo does not take Auth ID and Auth Token", _LOG_IN),
    _row("402", CredentialsRejected, "the account has no credit", _CREDIT),
    _row("403", CredentialsRejected, "the account may not do this", _ACCOUNT),
    _row("404", ContentRejected, "Plivo does not know what the request names", _PROGRAM),
    _row("405", ContentRejected, "Plivo does not take such a request", _PROGRAM),
    _row("429", Throttled, "too many requests in a short time", "Nothing to do; the platform waits. Ask Plivo for a higher rate."),
    _row("500", ServerFault, "a failure at Plivo", _LATER),
    _row("invalid_number", RecipientGone, "the recipient's number is not valid", "Nothing to do. Is the number right?"),
    _row("no_id", OutcomeUnknown, "Plivo answered without a message id", "See in Plivo's console, under Logs, what was sent."),
)

_GENERAL = {row.code: row for row in ERRORS if "/" not in row.code}
_DESCRIBED = [row for row in ERRORS if "/" in row.code]


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success; to a message that means an id of Plivo's, to a download possibly the file's other address.

    Plivo's own sentences are not repeated in the error: they may quote what was sent.

    Raises:
        DeliveryError: see ``ERRORS``. OutcomeUnknown: a 2xx without an id.
    """
    if call.purpose in (DOWNLOAD, DOWNLOAD_STORED):
        if not (call.purpose == DOWNLOAD and response.status in (301, 302, 303, 307, 308)):
            raise_for_status(response)
    elif not response.is_success:
        _raise_for_refusal(response)
    elif call.purpose == SEND and not message_uuid(response):
        raise _error(_GENERAL["invalid_number" if wire.items(response.json(), "invalid_number") else "no_id"], response)


def message_uuid(response: HttpResponse) -> str:
    """The id of the message that Plivo took; empty where the answer has none."""
    found = wire.items(response.json(), "message_uuid")
    return wire.identifier({"id": found[0]}, "id") if found else ""


def _raise_for_refusal(response: HttpResponse) -> None:
    words = wire.text(response.json(), "error").lower()
    status = "500" if response.status >= 500 else str(response.status)
    if response.status == 503 and response.retry_after_s is not None:
        raise_for_status(response)
    row = next((row for row in _DESCRIBED if _fits(row, status, words)), None) or _GENERAL.get(status)
    if row is None:
        raise_for_status(response)
    else:
        raise _error(row, response)


def _fits(row: ErrorMeaning, status: str, words: str) -> bool:
    code, _, part = row.code.partition("/")
    return code == status and part in words


def _error(row: ErrorMeaning, response: HttpResponse) -> DeliveryError:
    return row.error(row.meaning, provider_code=row.code, retry_after_s=response.retry_after_s if row.error is Throttled else None)
