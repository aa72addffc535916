"""What Twilio's error codes mean, in answers and in status callbacks. The code decides; the HTTP status only where the code is unknown.

Source: https://www.twilio.com/docs/api/errors (known, not re-read, 2026-11) and /docs/whatsapp/api/error-code-mapping (read 2026-11).
"""

from __future__ import annotations

import re
from typing import Any

from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable, raise_for_status
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
    WindowClosed,
)

FETCH_MEDIA = "fetch_media"
"""The purpose of the call for a consumer's file: answered with its bytes, or with the address where they are."""
FETCH_STORED = "fetch_stored_media"
"""The purpose of the call to that address."""
CREATE_CONTENT = "create_content"
"""The purpose of the call that makes buttons: whatever is wrong with it, numbered lines can stand in for them."""
WINDOW_CLOSED = "63016"
"""The code of a message that only a template could replace."""
SHOW_TYPING = "show_typing"
"""The purpose of the call that shows typing: whatever is wrong with it is no reason to stop the channel."""

_LATER = "Nothing to do; the platform tries again."
_WAIT = "Nothing to do; the platform waits and tries again. Ask Twilio for a higher rate if it keeps happening."
_KEYS = "Copy account SID and auth token (or API key) from the console into the channel and set it to active."
_SENDER = "Check in the console that the sender belongs to this account and can send such messages; set the channel to active."
_NUMBER = "Nothing to do; this number cannot be reached."
_WINDOW = "Send a template, or wait for the person to write again. Outside of 24 hours WhatsApp takes only templates that it approved."
_TEMPLATE = "Compare the channel's template with Messaging → Content Template Builder; Test connection says which are approved."
_MEDIA = "Send another file: a JPEG or PNG under 5 MB or a PDF under 16 MB, at an address that anybody on the internet can fetch."
_WHATSAPP = "See the sender under Messaging → Senders → WhatsApp senders, and its Meta business account; set the channel to active."
_TOMORROW = "Nothing to do until tomorrow; ask Twilio for a higher limit."
_PROGRAM = "Report it: the platform built a request that Twilio does not take."

ERRORS = ErrorTable(
    "Twilio",
    # The account
    Row("20003", CredentialsRejected, "Twilio does not take the account SID with this token or key", _KEYS),
    Row("20005", CredentialsRejected, "the account is not active", "Settle what the console asks for; set the channel to active."),
    Row("20008", CredentialsRejected, "these are test credentials, with which nothing is sent", _KEYS),
    Row("30002", CredentialsRejected, "the account was suspended", "Settle what the console asks for; set the channel to active."),
    Row("20404", ConfigurationError, "the account, service or number does not exist for these credentials", _KEYS),
    # The sender
    Row("21603", ConfigurationError, "there is no sender", _SENDER),
    Row("21606", ConfigurationError, "the sender is not this account's, or cannot send messages", _SENDER),
    Row("21659", ConfigurationError, "the sender is no number of Twilio's, or a short code of another country", _SENDER),
    Row("21660", ConfigurationError, "the sender belongs to another account", _SENDER),
    Row("21701", ConfigurationError, "there is no such messaging service", _SENDER),
    Row("21703", ConfigurationError, "the messaging service has no sender", "Add a number to the pool of the messaging service."),
    Row("21702", ConfigurationError, "the messaging service cannot be used", _SENDER),
    Row("21704", ConfigurationError, "the messaging service has no sender that can send this", "Add a number to the pool of the service."),
    Row("21705", ConfigurationError, "there is no such messaging service", _SENDER),
    Row("30032", ConfigurationError, "the toll-free number is not verified", "Finish the verification in the console: Toll-Free."),
    Row("30034", ConfigurationError, "the number is not registered for messages to the USA", "Register brand and campaign: A2P 10DLC."),
    Row("63001", ConfigurationError, "WhatsApp does not accept the sender's credentials", _WHATSAPP),
    Row("63007", ConfigurationError, "there is no such WhatsApp sender in this account", _WHATSAPP),
    Row("63022", ConfigurationError, "WhatsApp does not take the sender's certificate", _WHATSAPP),
    Row("63020", ConfigurationError, "Twilio is not yet allowed to send for the Meta business account", "Accept the invitation at Meta."),
    # The recipient
    Row("21211", RecipientGone, "this is no valid number", _NUMBER),
    Row("21214", RecipientGone, "this number cannot be reached", _NUMBER),
    Row("21217", RecipientGone, "this is no valid number", _NUMBER),
    Row("21610", OptedOut, "the person sent STOP", "Nothing may be sent until the person sends START."),
    Row("21612", RecipientGone, "the sender cannot reach this number", "Use a sender of the recipient's country."),
    Row("21614", RecipientGone, "this is no mobile number", _NUMBER),
    Row("30004", RecipientGone, "the number is blocked, or the person blocked the sender", _NUMBER),
    Row("30005", RecipientGone, "the number does not exist, or is out of service", _NUMBER),
    Row("30006", RecipientGone, "this is a landline, or its network takes no messages", _NUMBER),
    Row("63003", RecipientGone, "there is no such person on WhatsApp", _NUMBER),
    Row(
        "63015",
        RecipientGone,
        "the person has not joined the sandbox",
        "Let the person send the sandbox's join words; use a sender of your own.",
    ),
    Row("63024", RecipientGone, "there is no such person on WhatsApp, or the app is too old", _NUMBER),
    Row("63033", RecipientGone, "WhatsApp lets this sender not write to this person", _NUMBER),
    # The window
    Row(WINDOW_CLOSED, WindowClosed, "the person's last message is more than 24 hours ago", _WINDOW),
    # Rates
    Row("20429", Throttled, "too many requests", _WAIT),
    Row("21611", Throttled, "the sender's queue is full", _WAIT),
    Row("30001", Throttled, "the message waited too long in the sender's queue", _WAIT),
    Row("30017", Throttled, "the network is congested", _WAIT),
    Row("30022", Throttled, "the campaign's rate limit is reached", _WAIT),
    Row("63017", Throttled, "WhatsApp's rate limit is reached", _WAIT),
    Row("63018", Throttled, "WhatsApp's rate limit is reached", _WAIT),
    Row("63038", Throttled, "the account's daily limit is reached", _TOMORROW, again=0),
    # What is sent
    Row("11751", ContentRejected, "the file is too large", _MEDIA),
    Row("12300", ContentRejected, "the file is of a type that Twilio does not take", _MEDIA),
    Row("21408", ContentRejected, "messages to this country are not allowed", "Allow it: Messaging → Settings → Geo permissions."),
    Row("21608", ContentRejected, "a trial account writes to verified numbers only", "Upgrade the account, or verify the number."),
    Row("21617", ContentRejected, "the text is longer than 1600 characters", _PROGRAM),
    Row("21619", ContentRejected, "there is neither text nor file", _PROGRAM),
    Row("21620", ContentRejected, "Twilio does not take the file's address", _MEDIA),
    Row("21623", ContentRejected, "Twilio does not take so many files", _MEDIA),
    Row("21655", ContentRejected, "there is no such content", _TEMPLATE),
    Row("21656", ContentRejected, "the variables do not fit the content", _TEMPLATE),
    Row("30007", ContentRejected, "the network filtered the message as unwanted", "Change the words; see Twilio's messaging policy."),
    Row("63005", ContentRejected, "WhatsApp does not take this content", _MEDIA),
    Row("63013", ContentRejected, "the message breaks a policy of WhatsApp", "Change the words; see WhatsApp's policy."),
    Row("63019", ContentRejected, "WhatsApp could not fetch the file", _MEDIA),
    Row("63021", ContentRejected, "WhatsApp does not take this content", _PROGRAM),
    Row("63027", ContentRejected, "the template does not exist in this language", _TEMPLATE),
    Row("63028", ContentRejected, "the template has another number of variables", _TEMPLATE),
    Row("63029", ContentRejected, "the person's app could not load the template", "Send it later, or in other words."),
    Row("63040", ContentRejected, "WhatsApp rejected the template", _TEMPLATE),
    Row("63041", ContentRejected, "WhatsApp paused the template, as people complained of it", _TEMPLATE),
    Row("63042", ContentRejected, "WhatsApp disabled the template", _TEMPLATE),
    Row("63049", ContentRejected, "WhatsApp held back an advertisement, as the person gets too many", "Send it on another day."),
    Row("63030", ContentRejected, "WhatsApp does not take a value of the message", _PROGRAM),
    Row("63032", ContentRejected, "WhatsApp limits the messages to this person", "Send it later, or by another channel."),
    # Trouble that passes
    Row("30003", ServerFault, "the phone is switched off or out of reach", _LATER, again=3),
    Row("30008", ServerFault, "the network does not say why", _LATER, again=1),
    Row("63009", ServerFault, "a failure at WhatsApp", _LATER),
    Row("63010", ServerFault, "a failure between Twilio and WhatsApp", _LATER),
    Row("63012", ServerFault, "a failure at WhatsApp", _LATER),
)

_HARMLESS = {
    CREATE_CONTENT: "Twilio's Content API does not take the buttons",
    SHOW_TYPING: "Twilio does not show that the agent types",
}
_MESSAGE_SID = re.compile(r"[A-Z]{2}[0-9a-fA-F]{32}")


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success; to a message that means that it names the message's SID.

    Twilio's own sentence is not repeated in the error: it quotes numbers and what was sent.

    Raises:
        DeliveryError: by the code in the body, else by HTTP status. OutcomeUnknown: a 2xx that proves nothing.
    """
    if call.purpose in (FETCH_MEDIA, FETCH_STORED):
        _interpret_media(call, response)
        return
    if not response.is_success:
        body = response.json()
        _raise_for_refusal(call, response, code_of(body.get("code")) if isinstance(body, dict) else "")
    if call.effect and not message_sid(response.json()):
        raise OutcomeUnknown("Twilio answered without a message SID; the person may have the message", provider_code=str(response.status))


def message_sid(fields: Any) -> str:
    """The SID of the message that was accepted; ``""`` where the answer names none."""
    sid = fields.get("sid") if isinstance(fields, dict) else None
    return sid if isinstance(sid, str) and _MESSAGE_SID.fullmatch(sid) else ""


def code_of(value: object) -> str:
    """``value`` as one of Twilio's codes, whether it came as a number or as text; ``""`` for anything else."""
    written = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    return written if re.fullmatch(r"[1-9][0-9]{4,5}", written, re.ASCII) else ""


def reason(code: str) -> str:
    """Why a message was not delivered, in words for an operator. ``code`` is what a status callback gave; it may be empty."""
    row = ERRORS.find(code)
    if row is not None:
        return f"{row.meaning} (code {code})"
    return f"Twilio's code {code}: https://www.twilio.com/docs/api/errors/{code}" if code else "Twilio gives no reason"


def _raise_for_refusal(call: HttpCall, response: HttpResponse, code: str) -> None:
    row = ERRORS.find(code)
    if call.purpose in _HARMLESS and response.status != 429 and response.status < 500:
        raise ContentRejected(_HARMLESS[call.purpose], provider_code=code or str(response.status))
    if row is not None:
        raise ERRORS.error(row, response)
    try:
        raise_for_status(response)
    except DeliveryError as error:
        error.provider_code = code or error.provider_code
        raise


def _interpret_media(call: HttpCall, response: HttpResponse) -> None:
    is_moved = call.purpose == FETCH_MEDIA and 300 <= response.status < 400 and response.headers.get("location")
    if is_moved:
        return
    if response.status in (403, 404, 410):
        raise ContentRejected("Twilio does not have the file any more", provider_code=str(response.status))
    raise_for_status(response)
