"""What Meta's error codes mean for an Instagram account.

Source: https://developers.facebook.com/docs/messenger-platform/error-codes and
https://developers.facebook.com/docs/instagram-platform/instagram-api-with-instagram-login/messaging-api (checked 2026-07).
"""

from __future__ import annotations

from channels_app.providers._meta import errors as meta
from channels_app.providers.base import ErrorMeaning
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected, CredentialsRejected, RecipientGone, WindowClosed

_PERMISSION = (
    "Check that the app has instagram_business_manage_messages (log-in instagram) or instagram_manage_messages (facebook) for this account, "
    "and that Allow access to messages is on in the Instagram app."
)
_BLOCKED = "The person blocked the account, deleted their own or never wrote to this one."

# Of a file that Meta could not fetch or will not take; a link to it can stand in. Instagram has no code of its own for most of them.
FILE_REFUSALS = frozenset({"100", "100/2534068", "100/2018047", "100/2018008", "100/2018109", "36000"})

ERRORS: tuple[ErrorMeaning, ...] = (
    *meta.COMMON,
    # It comes as HTTP 403, which elsewhere means that the credentials are at fault.
    ErrorMeaning(code="10/2534022", error=WindowClosed, meaning="the person's last message is too long ago", remedy=meta.WINDOW),
    ErrorMeaning(code="10/2018278", error=WindowClosed, meaning="the person's last message is too long ago", remedy=meta.WINDOW),
    ErrorMeaning(code="10/2018065", error=WindowClosed, meaning="the person's last message is too long ago", remedy=meta.WINDOW),
    ErrorMeaning(
        code="10/2534037",
        error=ContentRejected,
        meaning="another app holds the conversation with this person",
        remedy="Give it back in Meta's inbox, or make this app the account's default for conversations.",
    ),
    ErrorMeaning(code="10", error=CredentialsRejected, meaning="the app lacks a permission", remedy=_PERMISSION),
    ErrorMeaning(code="200", error=CredentialsRejected, meaning="the app lacks a permission", remedy=_PERMISSION),
    ErrorMeaning(code="299", error=CredentialsRejected, meaning="the app lacks a permission", remedy=_PERMISSION),
    ErrorMeaning(
        code="230",
        error=ContentRejected,
        meaning="the person has not agreed to be known by this account",
        remedy="Nothing to do; the name stays empty until the person writes.",
    ),
    ErrorMeaning(code="100/2534014", error=RecipientGone, meaning="there is no such person for this account", remedy=_BLOCKED),
    ErrorMeaning(code="100/2018001", error=RecipientGone, meaning="there is no such person for this account", remedy=_BLOCKED),
    ErrorMeaning(code="551", error=RecipientGone, meaning="the person is not available", remedy=_BLOCKED),
    ErrorMeaning(code="551/1545041", error=RecipientGone, meaning="the person is not available", remedy=_BLOCKED),
    ErrorMeaning(code="200/1545041", error=RecipientGone, meaning="the person is not available", remedy=_BLOCKED),
    ErrorMeaning(code="100/2534068", error=ContentRejected, meaning="Instagram does not take the file", remedy=meta.SEND_LINK),
    ErrorMeaning(code="100/2018047", error=ContentRejected, meaning="Meta could not fetch the file", remedy=meta.SEND_LINK),
    ErrorMeaning(code="100/2018008", error=ContentRejected, meaning="Meta could not fetch the file", remedy=meta.SEND_LINK),
    ErrorMeaning(code="100/2018109", error=ContentRejected, meaning="the file is larger than Instagram takes", remedy=meta.SEND_LINK),
)

_BY_CODE = {row.code: row for row in ERRORS}


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """See ``_meta.errors.interpret``."""
    meta.interpret(_BY_CODE, call, response)
