"""What Infobip's refusals mean: by the code of a refused request, by the status of a refused message, else by HTTP status.

A request is refused with a 4xx or 5xx; a message also with a 200, whose ``status`` then belongs to another group than 0 (accepted),
1 (pending) and 3 (delivered).

Source: https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes, read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable, raise_for_status
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    OutcomeUnknown,
    PersonThrottled,
    RecipientGone,
    ServerFault,
    Throttled,
)

SEND_PURPOSES = frozenset({"send_text", "send_mms"})
MAYBE_ABSENT = frozenset(f"{verb}_{kind}" for verb in ("find", "remove") for kind in ("subscription", "profile", "security"))
"""The purposes of calls to which "there is none" (404) is an answer like any other."""

_GROUPS = MappingProxyType({"0": "ACCEPTED", "1": "PENDING", "2": "UNDELIVERABLE", "3": "DELIVERED", "4": "EXPIRED", "5": "REJECTED"})
_TAKEN = ("ACCEPTED", "PENDING", "DELIVERED")

_KEY = "Portal → Developer tools → API keys: make a key with the scopes that the channel's page lists, and store it in the channel."
_SENDER = "Portal → Channels and numbers: register the sender, or correct it in the channel."
_CREDIT = "Top the account up at Infobip, then set the channel to active."
_LATER = "Nothing to do; the platform tries again."
_NUMBER = "Nothing to do; the number cannot be reached."
_PROGRAM = "Report it: the platform built a request that Infobip does not take."


ERRORS = ErrorTable(
    "Infobip",
    # Of the whole request; the newer codes beside the older names.
    Row("UNAUTHORIZED", CredentialsRejected, "the API key is missing, wrong, expired or not allowed from this address", _KEY),
    Row("E401", CredentialsRejected, "the API key is missing, wrong, expired or not allowed from this address", _KEY),
    Row("FORBIDDEN", CredentialsRejected, "the API key lacks a scope", _KEY),
    Row("E403", CredentialsRejected, "the API key lacks a scope", _KEY),
    Row("BAD_REQUEST", ContentRejected, "it does not take a value of the request", _PROGRAM),
    Row("E400", ContentRejected, "it does not take a value of the request", _PROGRAM),
    Row("NOT_FOUND", ContentRejected, "the address does not exist", "Correct the API base URL of the channel."),
    Row("E404", ContentRejected, "the address does not exist", "Correct the API base URL of the channel."),
    Row("TOO_MANY_REQUESTS", Throttled, "too many requests in a short time", _LATER),
    Row("E429", Throttled, "too many requests in a short time", _LATER),
    Row("GENERAL_ERROR", ServerFault, "a temporary failure of its own", _LATER),
    Row("E500", ServerFault, "a temporary failure of its own", _LATER),
    # Of the message.
    Row("REJECTED_NETWORK", ContentRejected, "the account does not cover the recipient's network", "Ask Infobip to enable the network."),
    Row("REJECTED_PREFIX_MISSING", RecipientGone, "no network has the number's prefix", _NUMBER),
    Row("REJECTED_DND", RecipientGone, "the person is in a do-not-disturb register", "Nothing to do; only the person can leave it."),
    Row("REJECTED_SOURCE", ConfigurationError, "the account takes only registered senders, and this is none", _SENDER),
    Row("REJECTED_SENDER", ConfigurationError, "the sender is blocked on the account", _SENDER),
    Row("REJECTED_NOT_ENOUGH_CREDITS", CredentialsRejected, "the account has no credit left", _CREDIT),
    Row("REJECTED_PREPAID_PACKAGE_EXPIRED", CredentialsRejected, "the account's credit has expired", _CREDIT),
    Row(
        "REJECTED_DESTINATION_BLOCKLISTED",
        RecipientGone,
        "the number is on the account's blocklist, or the operator's: the person opted out, or somebody blocked it",
        "Portal → Blocklist, if it is there by mistake.",
    ),
    Row("REJECTED_DESTINATION", RecipientGone, "the recipient is no phone number", _NUMBER),
    Row(
        "REJECTED_DESTINATION_NOT_REGISTERED",
        RecipientGone,
        "a trial account writes only to numbers that it verified",
        "Verify the number in the portal, or end the trial.",
    ),
    Row("REJECTED_ROUTE_NOT_AVAILABLE", ContentRejected, "the account has no route to this number", "Ask Infobip to set the route up."),
    Row("REJECTED_FLOODING_FILTER", PersonThrottled, "too many, or the same, messages to this number within an hour", _LATER),
    Row("REJECTED_SYSTEM_ERROR", ServerFault, "a temporary failure of its own", _LATER),
    Row("REJECTED_MESSAGE_TOO_LONG", ContentRejected, "the message takes more SMS than are sent for one text", "Send a shorter message."),
    Row("REJECTED_MESSAGE_TEXT_TOO_LONG", ContentRejected, "the words of the MMS are longer than 1600 letters", "Send a shorter message."),
    Row(
        "SIGNALS_BLOCKED",
        ContentRejected,
        "the account's filter against fraud took it for fraud",
        "Trust the number in the portal, under Signals.",
    ),
    Row("MISSING_TO", ContentRejected, "the recipient is missing", _PROGRAM),
    Row("UNDELIVERABLE_REJECTED_OPERATOR", ContentRejected, "the operator refused the message", "Ask Infobip which filter it met."),
    Row("UNDELIVERABLE_NOT_DELIVERED", ContentRejected, "the operator could not deliver it", _NUMBER),
    Row("UNDELIVERABLE_NOT_SENT", ContentRejected, "the message was not sent", "Send it again later."),
    Row("UNDELIVERABLE_REJECTED_PLATFORM", ContentRejected, "the message is malformed, or the service is away", "Send it again later."),
    Row("UNDELIVERABLE", ContentRejected, "the message cannot be delivered", "Look the status up in the portal's logs."),
    Row(
        "EXPIRED_DLR_UNKNOWN",
        ContentRejected,
        "no report came in time; the person may have the message",
        "Ask the person before you send it again.",
    ),
    Row("EXPIRED", ContentRejected, "the message was not delivered in time", "Send it again later."),
    Row("REJECTED", ContentRejected, "the message was refused", "Look the status up in the portal's logs."),
)


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success; to a message that means a status of the groups pending or delivered and a message id.

    Infobip's own sentences are not repeated: they quote what was sent.

    Raises:
        DeliveryError: see ``ERRORS``. OutcomeUnknown: a 2xx that proves nothing.
    """
    if response.status == 404 and call.purpose in MAYBE_ABSENT:
        return
    if response.status == 409 and call.purpose == "register_subscription":
        raise ConfigurationError(
            "another subscription at Infobip already covers this number; remove it under Developer tools → Subscriptions management",
            provider_code="409",
        )
    body = response.json()
    if not response.is_success:
        exception = wire.obj(wire.obj(body, "requestError"), "serviceException")
        row = ERRORS.find(wire.text(body, "errorCode"), wire.text(exception, "messageId"))
        if row is not None:
            raise ERRORS.error(row, response)
        raise_for_status(response)
    if call.purpose in SEND_PURPOSES:
        _interpret_message(body, response)


def message_id(response: HttpResponse) -> str:
    """Infobip's id of the message that was sent; empty where the answer names none."""
    return wire.identifier(_first_message(response.json()), "messageId")


def group_of(status: dict[str, Any]) -> str:
    """The name of a status's group; empty where it names none."""
    return _GROUPS.get(wire.identifier(status, "groupId"), "") or wire.text(status, "groupName")


def row_of(status: dict[str, Any]) -> Row | None:
    """The row of a message's ``status``, else that of its group."""
    name = wire.text(status, "name")
    # Infobip calls two statuses so: 52, and in older accounts 14.
    if name == "REJECTED_DESTINATION" and wire.identifier(status, "id") == "14":
        name = "REJECTED_DESTINATION_BLOCKLISTED"
    return ERRORS.find(name, group_of(status))


def _first_message(body: Any) -> Any:
    return next(iter(wire.items(body, "messages")), None)


def _interpret_message(body: Any, response: HttpResponse) -> None:
    message = _first_message(body)
    status = wire.obj(message, "status")
    group = group_of(status)
    if group and group not in _TAKEN:
        row = row_of(status)
        if row is not None:
            raise ERRORS.error(row, response)
    elif wire.identifier(message, "messageId"):
        return
    raise OutcomeUnknown("Infobip answered without a message id; the person may have the message", provider_code=str(response.status))
