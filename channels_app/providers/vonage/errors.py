"""What Vonage's answers mean: the Messages API's by HTTP status and then by the code in the body, the SMS API's by the code alone.

Source: https://developer.vonage.com/en/api-errors, .../api-errors/messages and .../api-errors/sms (checked 2026-11).
"""

from __future__ import annotations

import re
from typing import Any

from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable, raise_for_status
from channels_app.providers.vonage.calls import DOWNLOAD, MARK, SEND_MESSAGE, SEND_SMS
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    OptedOut,
    OutcomeUnknown,
    RecipientGone,
    ServerFault,
    Throttled,
)

_LOG_IN = "Copy key, secret, application ID and private key again from Vonage's dashboard, and set the channel to active."
_CREDIT = "Top up the account in Vonage's dashboard, and set the channel to active."
_ACCOUNT = "Ask Vonage's support to open the account for this API, then set the channel to active."
_SENDER = "Link the number to the application in Vonage's dashboard, or correct the number; then set the channel to active."
_NUMBER = "Nothing to do. Is the number right?"
_SHORTER = "Send a shorter message."
_PROGRAM = "Report it: the platform built a request that Vonage does not take."
_LATER = "Nothing to do; the platform tries again."
_SLOWER = "Nothing to do; the platform waits. Ask Vonage for a higher rate if it happens often."
_LOOK = "See in Vonage's dashboard, under Logs, what was sent."


ERRORS = ErrorTable(
    "Vonage",
    Row("401", CredentialsRejected, "it does not take the log-in or the token", _LOG_IN),
    Row("402", CredentialsRejected, "the account has no credit", _CREDIT),
    Row("403", CredentialsRejected, "the account may not do this", _ACCOUNT),
    Row("404", ConfigurationError, "there is no such application in this account", _LOG_IN),
    Row("400", ContentRejected, "it does not take the message", _PROGRAM),
    Row("422", ContentRejected, "it does not take a value of the message", _PROGRAM),
    Row("422/1120", ConfigurationError, "the number is not a sender of this application", _SENDER),
    Row("422/1160", RecipientGone, "a trial account may not write to this number", "Add the number to the account's test numbers."),
    Row("422/1170", RecipientGone, "the recipient's number is not valid", _NUMBER),
    Row("422/1240", OptedOut, "the person has opted out", "Nothing to do. Only a START from the person takes it back."),
    Row("429", Throttled, "too many messages in a short time", _SLOWER),
    Row("500", ServerFault, "a failure of its own", _LATER),
    Row("mark", ContentRejected, "it does not know the message that was to be marked as read", "Is the channel's region right?"),
    Row("no_id", OutcomeUnknown, "it answered without a message id", _LOOK),
    Row("sms/1", Throttled, "too many messages in a short time", _SLOWER),
    Row("sms/2", ContentRejected, "a parameter is missing", _PROGRAM),
    Row("sms/3", ContentRejected, "a parameter is not valid", "Is the number right? Else report it."),
    Row("sms/4", CredentialsRejected, "key or secret are wrong, or disabled", _LOG_IN),
    Row("sms/5", ServerFault, "a failure of its own", _LATER),
    Row("sms/6", ContentRejected, "it could not process the message", _NUMBER),
    Row("sms/7", RecipientGone, "the number is barred from receiving messages", "Nothing to do."),
    Row("sms/8", CredentialsRejected, "the account is barred", _ACCOUNT),
    Row("sms/9", CredentialsRejected, "the account has no credit", _CREDIT),
    Row("sms/10", Throttled, "too many connections at the same time", _SLOWER),
    Row("sms/11", CredentialsRejected, "the account may not use the SMS API", _ACCOUNT),
    Row("sms/12", ContentRejected, "the message is too long", _SHORTER),
    Row("sms/14", CredentialsRejected, "the signature is wrong", _LOG_IN),
    Row("sms/15", ContentRejected, "the sender is not allowed in the person's country", "Use a number of that country."),
    Row("sms/22", ContentRejected, "the network code is not valid", _PROGRAM),
    Row("sms/23", ContentRejected, "the callback address is not valid", "Correct PUBLIC_URL: Vonage has to reach it."),
    Row("sms/29", RecipientGone, "a trial account may not write to this number", "Add the number to the account's test numbers."),
    Row("sms/32", CredentialsRejected, "the log-in is given in two ways", _PROGRAM),
    Row("sms/33", RecipientGone, "the number is not in use any more", "Nothing to do."),
    Row("sms/partial", OutcomeUnknown, "it took only some of the SMS that the text became", _LOOK),
)

_WAIT_MS = re.compile(r"\[\s*([0-9]{1,7})\s*\]")


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success; to a message that means an id of Vonage's.

    Vonage's own sentences are not repeated in the error: they may quote what was sent.

    Raises:
        DeliveryError: see ``ERRORS``. OutcomeUnknown: a 2xx without an id.
    """
    if call.purpose == DOWNLOAD:
        raise_for_status(response)
    elif call.purpose == MARK and response.status in (404, 422):
        raise _error("mark", response)
    elif not response.is_success:
        _raise_for_refusal(response)
    elif call.purpose == SEND_SMS:
        _interpret_sms(response)
    elif call.purpose == SEND_MESSAGE and not message_uuid(response):
        raise _error("no_id", response)


def message_uuid(response: HttpResponse) -> str:
    """The id of the message that the Messages API took; empty where the answer has none."""
    return wire.identifier(response.json(), "message_uuid")


def sms_ids(response: HttpResponse) -> tuple[str, ...]:
    """The ids of the SMS that the SMS API made of a text, in order."""
    return tuple(found for entry in _entries(response) if (found := wire.identifier(entry, "message-id")))


def _entries(response: HttpResponse) -> list[Any]:
    return wire.items(response.json(), "messages")


def _interpret_sms(response: HttpResponse) -> None:
    """Raise unless every SMS was taken: the status is 200 for everything."""
    entries = _entries(response)
    refused = [entry for entry in entries if wire.identifier(entry, "status") != "0"]
    if refused and len(refused) < len(entries):
        raise _error("sms/partial", response)
    if refused:
        row = ERRORS.find(f"sms/{wire.identifier(refused[0], 'status')}")
        if row is None:
            raise ContentRejected("Vonage refused the message with a code that is not known", provider_code="sms")
        wait = _WAIT_MS.search(wire.text(refused[0], "error-text"))
        raise ERRORS.error(row, response, wait_s=int(wait[1]) / 1000 if wait else None)
    if not entries or len(set(sms_ids(response))) < len(entries):
        raise _error("no_id", response)


def _raise_for_refusal(response: HttpResponse) -> None:
    """Raise by the HTTP status and the number at the end of the problem's ``type``; the numbers mean little without the status."""
    number = wire.text(response.json(), "type").rpartition("#")[2]
    status = "500" if response.status >= 500 else str(response.status)
    if response.status == 503 and response.retry_after_s is not None:
        raise_for_status(response)
    row = ERRORS.find(f"{status}/{number}", status)
    if row is None:
        raise_for_status(response)
    else:
        raise ERRORS.error(row, response)


def _error(code: str, response: HttpResponse) -> DeliveryError:
    row = ERRORS.find(code)
    assert row is not None
    return ERRORS.error(row, response)
