"""Why a message was not delivered, in words: by the error that the network gave, else by the status of the message.

Source: https://www.infobip.com/docs/essentials/api-essentials/response-status-and-error-codes, read 2026-11.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from channels_app.providers.infobip.errors import row_of
from connector_platform.core import wire

_OFF = "the phone is switched off or out of reach"
_NO_SMS = "the number cannot receive SMS"
_BARRED = "the network bars the number"
_SENDER = "the operator does not take this sender; ask Infobip to register it there"
_FILTER = "the operator's filter refused it; ask Infobip which one it met"
_BLOCKLISTED = "the number is on a blocklist, of the operator or of the account"
_STOPPED = "the person has opted out at the operator; only their own START takes it back"
_TOO_MUCH = "too many messages at once; the operator sets the limit of the campaign"

WORDS = MappingProxyType(
    {
        "EC_UNKNOWN_SUBSCRIBER": "the number is not in use",
        "EC_UNIDENTIFIED_SUBSCRIBER": "the network does not know the phone at the moment",
        "EC_DEACTIVATED_LIST": "the number is not in use any more; do not write to it again",
        "EC_INVALID_DESTINATION_ADDRESS": "the number is not valid, not in use, or takes no such messages",
        "EC_INVALID_REQUEST_DESTINATION": "the number's country is not known",
        "EC_ABSENT_SUBSCRIBER_SM": _OFF,
        "EC_ABSENT_SUBSCRIBER": _OFF,
        "EC_ROAMING_NOT_ALLOWED": "the person is abroad, in a network that takes no SMS for them",
        "EC_USER_OUT_OF_CREDIT": "the person's prepaid credit is used up",
        "EC_ILLEGAL_SUBSCRIBER": _BARRED,
        "EC_CALL_BARRED": _BARRED,
        "EC_DEST_ADDRESS_SUSPENDED": _BARRED,
        "EC_DESTINATION_BLOCKED_BY_OPERATOR": _BARRED,
        "EC_ILLEGAL_EQUIPMENT": "the network bars the phone",
        "EC_BEARER_SERVICE_NOT_PROVISIONED": _NO_SMS,
        "EC_TELESERVICE_NOT_PROVISIONED": _NO_SMS,
        "EC_FACILITY_NOT_SUPPORTED": _NO_SMS,
        "EC_DESTINATION_NOT_SMS_PROVISIONED": _NO_SMS,
        "EC_DEST_ADDRESS_UNABLE_TO_RECEIVE_SMS": _NO_SMS,
        "EC_CANNOT_RECEIVE_SC": "the person's operator takes no messages from short codes",
        "EC_SUBSCRIBER_BUSY_FOR_MT_SMS": "the phone was busy with another SMS",
        "EC_SM_DELIVERY_FAILURE": "the phone could not store the message",
        "EC_SM_DF_MEMORYCAPACITYEXCEEDED": "the phone's memory is full",
        "EC_MESSAGE_WAITING_LIST_FULL": "too many messages wait for the phone",
        "EC_SYSTEM_FAILURE": "the recipient's network failed",
        "EC_NO_RESPONSE": "the recipient's network gave no answer",
        "EC_CONTENT_BLOCKED": _STOPPED,
        "EC_SC_BLOCKED_BY_END_USER": _STOPPED,
        "EC_BLACKLISTED_DESTINATIONADDRESS": _BLOCKLISTED,
        "EC_DEST_ADDRESS_BLACKLISTED": _BLOCKLISTED,
        "EC_DEST_ADDRESS_BLOCKLISTED": _BLOCKLISTED,
        "EC_BLOCKED_BY_CAMPAIGN_BLACKLIST": _BLOCKLISTED,
        "EC_REJECTED_SPAM_BY_OPERATOR": "the operator took it for spam",
        "EC_CONTENT_BLOCKED_BY_OPERATOR": _FILTER,
        "EC_SMS_REJECTED_BY_MOBILE_OPERATOR": _FILTER,
        "EC_INVALID_SOURCE_ADDRESS": _SENDER,
        "EC_BLACKLISTED_SENDERADDRESS": _SENDER,
        "EC_SOURCE_ADDRESS_IS_BLOCKED": _SENDER,
        "EC_SC_NOT_PROVISIONED": _SENDER,
        "EC_SC_EXPIRED": _SENDER,
        "EC_CAMPAIGNID_NOT_PROVISIONED": _SENDER,
        "EC_CAMPAIGN_ID_REJECTED": _SENDER,
        "EC_TF_NUMBER_NOT_VERIFIED": "the toll-free number is not verified; ask Infobip to verify it",
        "EC_LIMIT_REACHED": _TOO_MUCH,
        "EC_QUOTA_REACHED": _TOO_MUCH,
        "EC_10DLC_LIMIT_REACHED": _TOO_MUCH,
        "EC_DESTINATION_FLOODING": "too many messages to this number within an hour",
        "EC_DESTINATION_TXT_FLOODING": "the same message too often to this number within an hour",
        "EC_MONTHLY_LIMIT_REACHED": "the account's monthly limit is used up; ask Infobip",
        "EC_VALIDITY_EXPIRED": "it could not be delivered in time",
    }
)
"""What the networks' errors mean; Infobip has some 150, most of them of the networks' insides."""

AGAIN = 2
"""How many times a message goes out anew whose failure passes: Infobip has given it up, after the network's own tries."""
_OPTED_OUT = frozenset({"EC_CONTENT_BLOCKED", "EC_SC_BLOCKED_BY_END_USER"})


def reason(status: dict[str, Any], error: dict[str, Any]) -> str:
    """Why a message was not delivered, in words, with Infobip's own names of status and error."""
    error_name = wire.text(error, "name")
    row = row_of(status)
    words = WORDS.get(error_name) or (row.meaning if row else "it was not delivered")
    names = [wire.name(name) for name in (wire.text(status, "name"), error_name) if name and name != "NO_ERROR"]
    if error.get("permanent") is True:
        words += "; sending it again will not help"
    elif passes(error):
        words += "; it may be sent again later"
    return words + (f" ({', '.join(names)})" if names else "")


def passes(error: dict[str, Any]) -> bool:
    """Whether the network says that the same may arrive later."""
    return wire.text(error, "name") != "NO_ERROR" and error.get("permanent") is False and not has_opted_out(error)


def has_opted_out(error: dict[str, Any]) -> bool:
    """Whether the network did not deliver because the person told their operator to stop this sender."""
    return wire.text(error, "name") in _OPTED_OUT
