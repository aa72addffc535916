"""What Plivo's answers mean: by HTTP status, then by a part of the sentence in the body.

Source: https://www.plivo.com/docs/messaging/api/overview, https://support.plivo.com (the sentences), plivo-python 4.63.0; read 2026-11.
"""

from __future__ import annotations

from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable, raise_for_status
from channels_app.providers.plivo.calls import DOWNLOAD, DOWNLOAD_STORED, SEND
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
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

_INVALID_NUMBER = Row("invalid_number", RecipientGone, "the recipient's number is not valid", "Nothing to do. Is the number right?")
_NO_ID = Row("no_id", OutcomeUnknown, "it answered without a message id", "See in Plivo's console, under Logs, what was sent.")

ERRORS = ErrorTable(
    "Plivo",
    Row("400/insufficient credit", CredentialsRejected, "the account has no credit", _CREDIT),
    Row(
        "400/powerpack",
        ConfigurationError,
        "it does not know this powerpack, or the powerpack has no numbers",
        "Correct the powerpack's UUID.",
    ),
    Row(
        "400/caller id is not allowed",
        ContentRejected,
        "this sender may not write to the person's country",
        "Give the channel a number of the USA or Canada to write there.",
    ),
    Row("400", ContentRejected, "it does not take a value of the message", "Is the number right? Else report it."),
    Row("401", CredentialsRejected, "it does not take Auth ID and Auth Token", _LOG_IN),
    Row("402", CredentialsRejected, "the account has no credit", _CREDIT),
    Row("403", CredentialsRejected, "the account may not do this", _ACCOUNT),
    Row("404", ContentRejected, "it does not know what the request names", _PROGRAM),
    Row("405", ContentRejected, "it does not take such a request", _PROGRAM),
    Row("429", Throttled, "too many requests in a short time", "Nothing to do; the platform waits. Ask Plivo for a higher rate."),
    Row("500", ServerFault, "a failure of its own", _LATER),
    _INVALID_NUMBER,
    _NO_ID,
)


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
        raise ERRORS.error(_INVALID_NUMBER if wire.items(response.json(), "invalid_number") else _NO_ID, response)


def message_uuid(response: HttpResponse) -> str:
    """The id of the message that Plivo took; empty where the answer has none."""
    found = wire.items(response.json(), "message_uuid")
    return wire.identifier({"id": found[0]}, "id") if found else ""


def _raise_for_refusal(response: HttpResponse) -> None:
    status = "500" if response.status >= 500 else str(response.status)
    row = ERRORS.find_described(status, wire.text(response.json(), "error"))
    if row is None or (response.status == 503 and response.retry_after_s is not None):
        raise_for_status(response)
    else:
        raise ERRORS.error(row, response)
