"""The codes of the Cloud API, what each means for us and what an operator can do.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (checked 2026-07).
"""

from __future__ import annotations

from channels_app.providers._meta import errors as meta
from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
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


_OWN: tuple[Row, ...] = (
    # Later
    Row("131000", ServerFault, "WhatsApp failed for a reason it does not give", meta.LATER),
    Row("131016", ServerFault, "WhatsApp is not available for a while", meta.LATER),
    Row("131057", ServerFault, "the account is under maintenance at Meta", meta.LATER),
    Row("135000", ServerFault, "WhatsApp failed for a reason it does not give", meta.LATER),
    Row("80007", Throttled, "the business account's rate limit is reached", meta.WAIT),
    Row("130429", Throttled, "the number's rate limit is reached", meta.WAIT),
    Row("131048", Throttled, "Meta slows the number down because people block or report its messages", _QUALITY),
    Row("131056", PersonThrottled, "too many messages to this person in a short time", meta.WAIT),
    Row("131064", Throttled, "the number's messaging limit is reached", "See the messaging limit in WhatsApp Manager → Phone numbers."),
    Row("133016", Throttled, "the number was registered too often in a short time", meta.WAIT),
    # The operator has to act
    Row("0", CredentialsRejected, "the access token is not valid", meta.RECONNECT),
    Row("3", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row("10", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row("200", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row("131005", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row("368", CredentialsRejected, "Meta blocked the account for a while because of its policies", _ACCOUNT),
    Row("131031", CredentialsRejected, "Meta locked the business account", _ACCOUNT),
    Row("131037", ConfigurationError, "the display name of the number is not approved", "Have it approved in WhatsApp Manager."),
    Row("131042", ConfigurationError, "there is a problem with the payment method", "Correct it in WhatsApp Manager → Payment settings."),
    Row("131045", ConfigurationError, "the number's certificate is not right", "Register the number again in WhatsApp Manager."),
    Row("133010", ConfigurationError, "the number is not registered with the Cloud API", "Register the number, then resume the channel."),
    Row(
        "100/33",
        ConfigurationError,
        "there is no such number or account, or the token may not see it",
        "Compare phone number ID and business account ID with WhatsApp → API setup, and the system user's assets.",
    ),
    Row(
        "2200",
        ConfigurationError,
        "Meta called the callback URL and did not get its challenge back",
        "See that the callback URL can be reached from the internet with a valid certificate.",
    ),
    # The person
    Row(
        "131047",
        WindowClosed,
        "more than 24 hours have passed since the person's last message",
        "Send a template, or wait for the person to write.",
    ),
    Row("470", WindowClosed, "more than 24 hours have passed since the person's last message", "Send a template."),
    Row("131026", RecipientGone, "the person cannot be reached: no WhatsApp, an old app, or the number is blocked", "Nothing to do."),
    Row("131021", RecipientGone, "the message goes to its own sender", "Nothing to do."),
    Row("131030", RecipientGone, "a test number writes to listed people only", "Add the person at Meta under WhatsApp → API setup."),
    # It depends on the person's country: the channel as such goes on.
    Row("130497", RecipientGone, "the business may not write to people in this country", "See the policy notice in WhatsApp Manager."),
    Row("131062", RecipientGone, "this message may not go to a person who hides the number", "Nothing to do."),
    Row("137000", RecipientGone, "the person has set WhatsApp up anew since", "Nothing to do."),
    # Advertisements
    Row("130472", ContentRejected, "the person is in an experiment of Meta's and gets no advertisements", _NOT_NOW),
    Row("131049", ContentRejected, "the person already got the advertisements that Meta allows", _NOT_NOW),
    Row("131050", ContentRejected, "the person wants no advertisements from this brand", "Do not send it to this person."),
    Row("131063", ContentRejected, "advertisements are switched off for this account on the Cloud API", "Send a template of another kind."),
    # The content
    Row("131008", ContentRejected, "the request lacks a value", _PROGRAM),
    Row("131009", ContentRejected, "WhatsApp does not take a value of the request", _PROGRAM),
    Row("131051", ContentRejected, "WhatsApp does not know this kind of message", _PROGRAM),
    Row("131052", ContentRejected, "WhatsApp could not fetch what the person sent", "Ask the person to send it again."),
    Row("131053", ContentRejected, "WhatsApp could not fetch the file, or does not take its type", _FILE, again=2),
    # Templates
    Row("132000", ContentRejected, "the template has another number of variables", _TEMPLATE),
    Row("132001", ContentRejected, "there is no such approved template in this language", _TEMPLATE),
    Row("132005", ContentRejected, "the template with its values is too long", "Send shorter values."),
    Row("132007", ContentRejected, "the template breaks a policy of WhatsApp", _TEMPLATE),
    Row("132008", ContentRejected, "a value is not in the form that the template wants", _TEMPLATE),
    Row("132012", ContentRejected, "a value is not in the form that the template wants", _TEMPLATE),
    Row("132015", ContentRejected, "the template is paused because of its quality", "Improve it in WhatsApp Manager, or send another."),
    Row("132016", ContentRejected, "the template is disabled because of its quality", "Make a new one in WhatsApp Manager."),
    Row("132068", ContentRejected, "the form behind the template is blocked", _TEMPLATE),
    Row("132069", ContentRejected, "the form behind the template is slowed down", "Send it later."),
)

_OWN_CODES = frozenset(row.code for row in _OWN)
ERRORS = ErrorTable("WhatsApp", *(row for row in meta.GRAPH if row.code not in _OWN_CODES), *_OWN)
