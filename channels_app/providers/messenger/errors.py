"""What Meta's error codes mean for a page.

Source: https://developers.facebook.com/docs/messenger-platform/error-codes (checked 2026-07); 2200 as reported by people who set webhooks up.
"""

from __future__ import annotations

from channels_app.providers._meta import errors as meta
from channels_app.providers.base import ErrorMeaning
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, ContentRejected, CredentialsRejected, RecipientGone, Throttled, WindowClosed

_PERMISSION = "Check that the app has pages_messaging for this page (app review, page role, page connected to the app)."
_BLOCKED = "The person blocked the page, deleted the account or never wrote to this page."

# Of a file that Meta could not fetch or will not take; a link to it can stand in.
FILE_REFUSALS = frozenset({"100/2018047", "100/2018008", "100/2018109", "36000"})

ERRORS: tuple[ErrorMeaning, ...] = (
    *meta.COMMON,
    ErrorMeaning(code="4/2018022", error=Throttled, meaning="the page's messaging rate limit is reached", remedy=meta.WAIT),
    ErrorMeaning(code="80006", error=Throttled, meaning="the page's messaging limit is reached", remedy=meta.WAIT),
    ErrorMeaning(
        code="4/2018354",
        error=ContentRejected,
        meaning="the person already got the marketing messages Meta allows",
        remedy="Send it later.",
    ),
    ErrorMeaning(
        code="9/2018352",
        error=ContentRejected,
        meaning="the person already got the marketing messages Meta allows",
        remedy="Send it later.",
    ),
    ErrorMeaning(code="10/2018278", error=WindowClosed, meaning="the person's last message is too long ago", remedy=meta.WINDOW),
    ErrorMeaning(code="10/2018065", error=WindowClosed, meaning="the person's last message is too long ago", remedy=meta.WINDOW),
    ErrorMeaning(code="10/2018108", error=WindowClosed, meaning="the page may not write to this person now", remedy=meta.WINDOW),
    ErrorMeaning(
        code="10/2018300",
        error=ContentRejected,
        meaning="another app holds the conversation with this person",
        remedy="Give it back in Meta's inbox, or make this app the page's default for conversations: Page settings → Advanced messaging.",
    ),
    ErrorMeaning(code="10", error=CredentialsRejected, meaning="the app lacks a permission", remedy=_PERMISSION),
    ErrorMeaning(code="200", error=CredentialsRejected, meaning="the app lacks a permission", remedy=_PERMISSION),
    ErrorMeaning(
        code="200/2018028",
        error=CredentialsRejected,
        meaning="the app may only write to its own testers until Meta approves it",
        remedy="Finish app review for pages_messaging, or test with people who have a role in the app.",
    ),
    ErrorMeaning(code="230", error=CredentialsRejected, meaning="the app lacks pages_messaging", remedy=_PERMISSION),
    ErrorMeaning(code="299", error=CredentialsRejected, meaning="the app lacks a permission", remedy=_PERMISSION),
    ErrorMeaning(
        code="2200",
        error=ConfigurationError,
        meaning="Meta called the callback address and did not get its challenge back",
        remedy="PUBLIC_URL has to be reachable from the internet over https; then register the webhook again.",
    ),
    ErrorMeaning(code="100/2018001", error=RecipientGone, meaning="there is no such person for this page", remedy=_BLOCKED),
    ErrorMeaning(code="551", error=RecipientGone, meaning="the person is not available", remedy=_BLOCKED),
    ErrorMeaning(code="551/1545041", error=RecipientGone, meaning="the person is not available", remedy=_BLOCKED),
    ErrorMeaning(code="200/1545041", error=RecipientGone, meaning="the person is not available", remedy=_BLOCKED),
    ErrorMeaning(code="100/2018047", error=ContentRejected, meaning="Meta could not fetch the file", remedy=meta.SEND_LINK),
    ErrorMeaning(code="100/2018008", error=ContentRejected, meaning="Meta could not fetch the file", remedy=meta.SEND_LINK),
    ErrorMeaning(code="100/2018109", error=ContentRejected, meaning="the file is larger than 25 MB", remedy=meta.SEND_LINK),
)

_BY_CODE = {row.code: row for row in ERRORS}


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """See ``_meta.errors.interpret``."""
    meta.interpret(_BY_CODE, call, response)
