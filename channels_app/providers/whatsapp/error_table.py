"""The codes of the Cloud API, what each means for us and what an operator can do.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (checked 2026-07).
"""

from __future__ import annotations

from channels_app.providers._meta import errors as meta
from channels_app.providers.base import ErrorMeaning
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    DeliveryError,
    PersonThrottled,
    RecipientGone,
    ServerFault,
    Throttled,
    WindowClosed,
)

_PERMISSION = (
    "Give the system user this WhatsApp account and its token whatsapp_business_messaging and whatsapp_business_management, "
    "then set the channel to active."
)
_ACCOUNT = "See WhatsApp Manager and the Business support home at Meta, then set the channel to active."
_PROGRAM = "Report it with the trace id: the platform built a request that WhatsApp does not take."
_FILE = "Send another file: JPEG or PNG up to 5 MB, MP4 up to 16 MB, documents up to 100 MB, on an address that anybody can fetch."
_TEMPLATE = "Compare the channel's templates with WhatsApp Manager → Message templates; “Test connection” names what differs."
_QUALITY = "See the number's quality in WhatsApp Manager → Phone numbers; the platform waits and tries again."
_NOT_NOW = "Do not send it again within 24 hours. What the person asks can be answered all the same."


def _row(code: str, error: type[DeliveryError], meaning: str, remedy: str = "", again: int | None = None) -> ErrorMeaning:
    return ErrorMeaning(code=code, error=error, meaning=meaning, remedy=remedy, again=again)


_OWN: tuple[ErrorMeaning, ...] = (
    # Later
    _row("131000", ServerFault, "WhatsApp failed for a reason it does not give", meta.LATER),
    _row("131016", ServerFault, "WhatsApp is not available for a while", meta.LATER),
    _row("131057", ServerFault, "the account is under maintenance at Meta", meta.LATER),
    _row("135000", ServerFault, "WhatsApp failed for a reason it does not give", meta.LATER),
    _row("80007", Throttled, "the business account's rate limit is reached", meta.WAIT),
    _row("130429", Throttled, "the number's rate limit is reached", meta.WAIT),
    _row("131048", Throttled, "Meta slows the number down because people block or report its messages", _QUALITY),
    _row("131056", PersonThrottled, "too many messages to this person in a short time", meta.WAIT),
    _row("131064", Throttled, "the number's messaging limit is reached", "See the messaging limit in WhatsApp Manager → Phone numbers."),
    _row("133016", Throttled, "the number was registered too often in a short time", meta.WAIT),
    # The operator has to act
    _row("0", CredentialsRejected, "the access token is not valid", meta.RECONNECT),
    _row("3", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    _row("10", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    _row("200", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    _row("131005", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    _row("368", CredentialsRejected, "Meta blocked the account for a while because of its policies", _ACCOUNT),
    _row("131031", CredentialsRejected, "Meta locked the business account", _ACCOUNT),
    _row("131037", ConfigurationError, "the display name of the number is not approved", "Have it approved in WhatsApp Manager."),
    _row("131042", ConfigurationError, "there is a problem with the payment method", "Correct it in WhatsApp Manager → Payment settings."),
    _row("131045", ConfigurationError, "the number's certificate is not right", "Register the number again in WhatsApp Manager."),
    _row("133010", ConfigurationError, "the number is not registered with the Cloud API", "Register the number, then resume the channel."),
    _row(
        "100/33",
        ConfigurationError,
        "there is no such number or account, or the token may not see it",
        "Compare phone number ID and business account ID with WhatsApp → API setup, and the system user's assets.",
    ),
    _row(
        "2200",
        ConfigurationError,
        "Meta called the callback URL and did not get its challenge back",
        "See that the callback URL can be reached from the internet with a valid certificate.",
    ),
    # The person
    _row(
        "131047",
        WindowClosed,
        "more than 24 hours have passed since the person's last message",
        "Send a template, or wait for the person to write.",
    ),
    _row("470", WindowClosed, "more than 24 hours have passed since the person's last message", "Send a template."),
    _row("131026", RecipientGone, "the person cannot be reached: no WhatsApp, an old app, or the number is blocked", "Nothing to do."),
    _row("131021", RecipientGone, "the message goes to its own sender", "Nothing to do."),
    _row("131030", RecipientGone, "a test number writes to listed people only", "Add the person at Meta under WhatsApp → API setup."),
    # It depends on the person's country: the channel as such goes on.
    _row("130497", RecipientGone, "the business may not write to people in this country", "See the policy notice in WhatsApp Manager."),
    _row("131062", RecipientGone, "this message may not go to a person who hides the number", "Nothing to do."),
    _row("137000", RecipientGone, "the person has set WhatsApp up anew since", "Nothing to do."),
    # Advertisements
    _row("130472", ContentRejected, "the person is in an experiment of Meta's and gets no advertisements", _NOT_NOW),
    _row("131049", ContentRejected, "the person already got the advertisements that Meta allows", _NOT_NOW),
    _row("131050", ContentRejected, "the person wants no advertisements from this brand", "Do not send it to this person."),
    _row(
        "131063", ContentRejected, "advertisements are switched off for this account on the Cloud API", "Send a template of another kind."
    ),
    # The content
    _row("131008", ContentRejected, "the request lacks a value", _PROGRAM),
    _row("131009", ContentRejected, "WhatsApp does not take a value of the request", _PROGRAM),
    _row("131051", ContentRejected, "WhatsApp does not know this kind of message", _PROGRAM),
    _row("131052", ContentRejected, "WhatsApp could not fetch what the person sent", "Ask the person to send it again."),
    _row("131053", ContentRejected, "WhatsApp could not fetch the file, or does not take its type", _FILE, again=2),
    # Templates
    _row("132000", ContentRejected, "the template has another number of variables", _TEMPLATE),
    _row("132001", ContentRejected, "there is no such approved template in this language", _TEMPLATE),
    _row("132005", ContentRejected, "the template with its values is too long", "Send shorter values."),
    _row("132007", ContentRejected, "the template breaks a policy of WhatsApp", _TEMPLATE),
    _row("132008", ContentRejected, "a value is not in the form that the template wants", _TEMPLATE),
    _row("132012", ContentRejected, "a value is not in the form that the template wants", _TEMPLATE),
    _row("132015", ContentRejected, "the template is paused because of its quality", "Improve it in WhatsApp Manager, or send another."),
    _row("132016", ContentRejected, "the template is disabled because of its quality", "Make a new one in WhatsApp Manager."),
    _row("132068", ContentRejected, "the form behind the template is blocked", _TEMPLATE),
    _row("132069", ContentRejected, "the form behind the template is slowed down", "Send it later."),
)

_OWN_CODES = frozenset(row.code for row in _OWN)
ERRORS: tuple[ErrorMeaning, ...] = (*(row for row in meta.GRAPH if row.code not in _OWN_CODES), *_OWN)
