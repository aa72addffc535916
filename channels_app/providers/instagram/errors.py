"""What Meta's error codes mean for an Instagram account.

Source: https://developers.facebook.com/docs/messenger-platform/error-codes and
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api (checked 2026-07).
"""

from __future__ import annotations

from channels_app.providers._meta import errors as meta
from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, CredentialsRejected, RecipientGone, WindowClosed

_PERMISSION = (
    "Check that the app has instagram_business_manage_messages (log-in instagram) or instagram_manage_messages (facebook) for this account, "
    "and that Allow access to messages is on in the Instagram app."
)
_BLOCKED = "The person blocked the account, deleted their own or never wrote to this one."

# Of a file that Meta could not fetch or will not take; a link to it can stand in. Instagram has no code of its own for most of them.
FILE_REFUSALS = frozenset({"100", "100/2534068", "100/2018047", "100/2018008", "100/2018109", "36000"})

ERRORS = ErrorTable(
    "Meta",
    *meta.COMMON,
    # It comes as HTTP 403, which elsewhere means that the credentials are at fault.
    Row("10/2534022", WindowClosed, "the person's last message is too long ago", meta.WINDOW),
    Row(
        "10/2534037",
        ContentRejected,
        "another app holds the conversation with this person",
        "Give it back in Meta's inbox, or make this app the account's default for conversations.",
    ),
    Row("10", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row("200", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row("299", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row(
        "230",
        ContentRejected,
        "the person has not agreed to be known by this account",
        "Nothing to do; the name stays empty until the person writes.",
    ),
    Row("100/2534014", RecipientGone, "there is no such person for this account", _BLOCKED),
    Row("100/2018001", RecipientGone, "there is no such person for this account", _BLOCKED),
    Row("551", RecipientGone, "the person is not available", _BLOCKED),
    Row("551/1545041", RecipientGone, "the person is not available", _BLOCKED),
    Row("200/1545041", RecipientGone, "the person is not available", _BLOCKED),
    Row("100/2534068", ContentRejected, "Instagram does not take the file", meta.SEND_LINK),
    Row("100/2018109", ContentRejected, "the file is larger than Instagram takes", meta.SEND_LINK),
)


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """See ``_meta.errors.interpret``."""
    meta.interpret(ERRORS, call, response)
