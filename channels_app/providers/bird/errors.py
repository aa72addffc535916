"""What Bird's refusals mean: by the code in ``errors``, with the parameter at fault where that tells more, else by HTTP status.

Source: https://developers.messagebird.com/api/#api-errors, https://developers.messagebird.com/api/sms-messaging/#sms-errors,
known as of 2026-11.
"""

from __future__ import annotations

import re
from types import MappingProxyType
from typing import Any

from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable, raise_for_status
from channels_app.providers.bird.media import FETCH_MEDIA
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

SEND_PURPOSES = frozenset({"send_text", "send_mms"})

_KEY = "Dashboard → Developers → API access: copy a live key into the channel and set it to active."
_LATER = "Nothing to do; the platform tries again."
_PROGRAM = "Report it: the platform built a request that Bird does not take."

TOO_MANY_REQUESTS = Row("429", Throttled, "too many requests in a short time", _LATER)
"""The one row of both APIs."""

ERRORS = ErrorTable(
    "Bird",
    Row("2", CredentialsRejected, "the access key is wrong, or may not do this", _KEY),
    Row("9", ContentRejected, "a parameter is missing", _PROGRAM),
    Row("10/recipient", RecipientGone, "the recipient is no phone number", "Nothing to do; the number cannot be reached."),
    Row(
        "10/originator",
        ConfigurationError,
        "the sender is not allowed, or not in the right form",
        "Register the sender at Bird, or correct it in the channel.",
    ),
    Row("10/body", ContentRejected, "the text is too long or empty", "Send a shorter message."),
    Row("10/mediaUrls", ContentRejected, "Bird does not take the picture", "Send the picture's address as text, or one under 1 MB."),
    Row("10", ContentRejected, "Bird does not take a value of the request", _PROGRAM),
    Row("20", ContentRejected, "what was asked for does not exist at Bird", _PROGRAM),
    Row("21", ContentRejected, "Bird does not understand the request", _PROGRAM),
    Row("25", CredentialsRejected, "the account has no balance left", "Top the account up at Bird, then set the channel to active."),
    Row("98", ServerFault, "a temporary failure at Bird", _LATER),
    Row("99", ServerFault, "a temporary failure at Bird", _LATER),
    TOO_MANY_REQUESTS,
)

_STATUS_WORDS = MappingProxyType(
    {
        "delivery_failed": "it could not be delivered",
        "expired": "it was not delivered in time",
        "rejected": "the operator refused it",
    }
)
# 1 to 51 are the errors of the mobile networks (3GPP TS 29.002), whose names Bird's newer pages list; 103 is Bird's own.
# Source: https://docs.bird.com/api/channels-api/message-status-and-interactions/message-failure-sources/sms-platform-extended-error-codes
# (read 2026-11 as far as code 5).
NETWORK_WORDS = MappingProxyType(
    {
        "1": "the number is not in use",
        "2": "the number is not in use",
        "3": "the number is not in use",
        "5": "the network does not know the phone at the moment",
        "6": "the phone is switched off or out of reach",
        "7": "the network bars the phone",
        "8": "the phone is in a network where it cannot get SMS",
        "9": "the network bars the number",
        "11": "the number has no SMS service",
        "12": "the network bars the phone",
        "13": "the number is barred, or the person does not want such messages",
        "21": "the network cannot take SMS for this number",
        "27": "the phone is switched off or out of reach",
        "31": "the phone was busy with another SMS",
        "32": "the phone could not store the message",
        "33": "too many messages wait for the phone",
        "34": "the recipient's network failed",
        "35": "the recipient's network failed",
        "36": "the recipient's network failed",
        "51": "the recipient's network is overloaded",
        "103": "the person opted out of messages",
    }
)
OPTED_OUT = "103"

# The REST API's ``statusReason``; the Channels API's ``details`` are the same words, joined by underscores.
# Source: https://developers.messagebird.com/api/sms-messaging/#the-message-object, known as of 2026-11; the page of ``NETWORK_WORDS``.
REASON_WORDS = MappingProxyType(
    {
        "dlr_not_received": "the network did not say whether it arrived",
        "incorrect_number": "the number is wrong",
        "unknown_subscriber": "the number is not in use",
        "unavailable_subscriber": "the phone is switched off or out of reach",
        "expired": "it was not delivered in time",
        "opted_out": "the person opted out of messages",
        "received_network_error": "the recipient's network failed",
        "insufficient_balance": "the account has no balance left",
        "carrier_rejected": "the operator refused it",
        "capacity_limit_reached": "too many messages wait for the network",
        "generic_delivery_failure": "it could not be delivered",
    }
)
_CODE = re.compile(r"[0-9]{1,6}", re.ASCII)


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success; to a message that means an id.

    Bird's own sentences are not repeated: they quote what was sent.

    Raises:
        DeliveryError: see ``ERRORS``. OutcomeUnknown: a 2xx that proves nothing.
    """
    if is_moved(call, response):
        return
    body = response.json()
    refusal = next(iter(wire.items(body, "errors")), None)
    if refusal is not None:
        code, parameter = wire.identifier(refusal, "code"), wire.text(refusal, "parameter")
        # "recipients" and "recipient" are both in use.
        row = ERRORS.find(f"{code}/{'recipient' if parameter == 'recipients' else parameter}", code)
        if row is not None:
            raise ERRORS.error(row, response)
    if response.status == 429:
        raise ERRORS.error(TOO_MANY_REQUESTS, response)
    raise_for_status(response)
    if call.purpose in SEND_PURPOSES and not message_id(response):
        raise OutcomeUnknown("Bird answered without a message id; the person may have the message", provider_code=str(response.status))


def is_moved(call: HttpCall, response: HttpResponse) -> bool:
    """Whether Bird tells where the bytes of a file lie, instead of giving them."""
    return call.purpose == FETCH_MEDIA and 300 <= response.status < 400 and bool(response.headers.get("location"))


def message_id(response: HttpResponse) -> str:
    """Bird's id of the message that was sent; empty where the answer names none."""
    body: Any = response.json()
    return wire.identifier(body, "id")


def reason_key(said: str) -> str:
    """``opted out`` and ``opted_out`` as the key of ``REASON_WORDS``."""
    return said.strip().lower().replace(" ", "_")


def failure_reason(status: str, code: str, said: str = "") -> str:
    """Why a message was not delivered, in words, with the status and the code. ``said`` is Bird's own word for it."""
    words = NETWORK_WORDS.get(code) or REASON_WORDS.get(reason_key(said)) or _STATUS_WORDS.get(status, "it was not delivered")
    return f"{words} ({wire.name(status)}{f', code {code}' if _CODE.fullmatch(code) else ''})"
