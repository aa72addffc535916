"""What the Channels API's refusals mean, and why a message that it had taken was not delivered.

Source: https://docs.bird.com/api/api-access/common-api-usage (errors go by HTTP status, the body says more),
https://docs.bird.com/api/channels-api/rate-limit, https://docs.bird.com/api/channels-api/message-status-and-interactions/message-failure-codes
and .../message-failure-sources (read 2026-11). The pages do not list the body's codes: ``InvalidPayload`` is from answers that users published
(2025). That 402 is an empty balance is not proven.
"""

from __future__ import annotations

import re
from types import MappingProxyType

from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable, raise_for_status
from channels_app.providers.bird.errors import NETWORK_WORDS, REASON_WORDS, TOO_MANY_REQUESTS, message_id, reason_key
from connector_platform.core import wire
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, ContentRejected, CredentialsRejected, OutcomeUnknown

SEND, READ_CHANNEL = "send_message", "read_channel"
FIND_WEBHOOKS, LIST_WEBHOOKS, CREATE_WEBHOOK, DELETE_WEBHOOK = "find_webhooks", "list_webhooks", "create_webhook", "delete_webhook"
PURPOSES = frozenset({SEND, READ_CHANNEL, FIND_WEBHOOKS, LIST_WEBHOOKS, CREATE_WEBHOOK, DELETE_WEBHOOK})

SMS_PLATFORM = "sms-messagebird"

_PROGRAM = "Report it: the platform built a request that Bird does not take."

ERRORS = ErrorTable(
    "Bird",
    Row(
        "401",
        CredentialsRejected,
        "the access key is wrong",
        "Settings → Security → Access keys: copy a key into the channel and set it to active.",
    ),
    Row("402", CredentialsRejected, "the organization has no balance left", "Top the wallet up at Bird, then set the channel to active."),
    Row(
        "403",
        CredentialsRejected,
        "the access key may not do this",
        "Give the key a role that may send on this channel and manage webhook subscriptions.",
    ),
    Row("404", ConfigurationError, "Bird knows no such workspace or channel", "Correct the workspace ID and the channel ID."),
    Row(
        "409", ContentRejected, "the message conflicts with the channel's state", "See that the channel is active at Bird, then replay it."
    ),
    Row("422", ContentRejected, "Bird does not take the message", _PROGRAM),
    Row(
        "InvalidPayload",
        ContentRejected,
        "Bird does not take a value of the request",
        "See that the recipient is a phone number, and that the channel has MMS where a picture was sent. Otherwise report it.",
    ),
)

_STATUS_WORDS = MappingProxyType(
    {
        "sending_failed": "Bird could not send it",
        "delivery_failed": "it could not be delivered",
        "rejected": "Bird refused it",
        "skipped": "Bird did not send it",
    }
)
FAILED = frozenset(_STATUS_WORDS)
# Where it failed, as far as Bird's pages name it; the failures of the SMS platform go by its network codes.
_SOURCE_WORDS = MappingProxyType(
    {
        "pre-processing": "Bird could not process it",
        "accounting": "Bird could not charge for it: see the balance",
        "contact": "Bird could not find the contact",
    }
)
_FAMILY_WORDS = MappingProxyType(
    {
        "11": "Bird does not take the message",
        "12": "a failure at Bird",
        "14": "Bird refused it for something on the account's side",
        "15": "it could not be delivered",
    }
)
_CODE = re.compile(r"[0-9]{1,6}", re.ASCII)
_WORD = re.compile(r"[a-z][a-z0-9_-]{2,59}", re.ASCII)


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success; to a message that means an id. Bird's own sentences are not repeated: they quote what was sent.

    Raises:
        DeliveryError: see ``ERRORS``. OutcomeUnknown: a 2xx that proves nothing.
    """
    if call.purpose == FIND_WEBHOOKS and response.status == 403:
        return  # ``check`` says so
    if call.purpose == DELETE_WEBHOOK and response.status == 404:
        return  # it is gone
    if response.is_success:
        if call.purpose == SEND and not message_id(response):
            raise OutcomeUnknown("Bird answered without a message id; the person may have the message", provider_code=str(response.status))
        return
    if response.status == 429:
        raise ERRORS.error(TOO_MANY_REQUESTS, response)
    row = ERRORS.find(wire.text(response.json(), "code"), str(response.status))
    if row is None:
        return raise_for_status(response)
    if call.purpose == CREATE_WEBHOOK and row.code in ("InvalidPayload", "422"):
        raise ConfigurationError(
            "Bird does not take the webhook: PUBLIC_URL has to be https with a domain name and without a port, and at most five webhooks may "
            "be alike",
            provider_code=row.code,
        )
    raise ERRORS.error(row, response)


def failure_reason(status: str, code: str, source: str, source_code: str, details: str) -> str:
    """Why a message was not delivered, in words, with Bird's status, its word for the reason and its codes, as far as they are harmless."""
    words = (
        (NETWORK_WORDS.get(source_code) if source == SMS_PLATFORM else "")
        or REASON_WORDS.get(reason_key(details))
        or _SOURCE_WORDS.get(source)
        or _FAMILY_WORDS.get(code[:2] if len(code) == 5 else "")
        or _STATUS_WORDS.get(status, "it was not delivered")
    )
    told = [wire.name(status)]
    if _WORD.fullmatch(details):
        told.append(details)
    if _CODE.fullmatch(code):
        told.append(f"code {code}")
    if _CODE.fullmatch(source_code):
        told.append(f"network code {source_code}")
    return f"{words} ({', '.join(told)})"
