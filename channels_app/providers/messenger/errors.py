"""What Meta's error codes mean for a page.

Source: https://developers.facebook.com/docs/messenger-platform/error-codes (checked 2026-07); 2200 as reported by people who set webhooks up.
"""

from __future__ import annotations

from channels_app.providers._meta import errors as meta
from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ConfigurationError, ContentRejected, CredentialsRejected, RecipientGone, Throttled, WindowClosed

_PERMISSION = "Check that the app has pages_messaging for this page (app review, page role, page connected to the app)."
_BLOCKED = "The person blocked the page, deleted the account or never wrote to this page."

# Of a file that Meta could not fetch or will not take; a link to it can stand in.
FILE_REFUSALS = frozenset({"100/2018047", "100/2018008", "100/2018109", "36000"})

ERRORS = ErrorTable(
    "Meta",
    *meta.COMMON,
    Row("4/2018022", Throttled, "the page's messaging rate limit is reached", meta.WAIT),
    Row("80006", Throttled, "the page's messaging limit is reached", meta.WAIT),
    Row("4/2018354", ContentRejected, "the person already got the marketing messages Meta allows", "Send it later."),
    Row("9/2018352", ContentRejected, "the person already got the marketing messages Meta allows", "Send it later."),
    Row("10/2018108", WindowClosed, "the page may not write to this person now", meta.WINDOW),
    Row(
        "10/2018300",
        ContentRejected,
        "another app holds the conversation with this person",
        "Give it back in Meta's inbox, or make this app the page's default for conversations: Page settings → Advanced messaging.",
    ),
    Row("10", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row("200", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row(
        "200/2018028",
        CredentialsRejected,
        "the app may only write to its own testers until Meta approves it",
        "Finish app review for pages_messaging, or test with people who have a role in the app.",
    ),
    Row("230", CredentialsRejected, "the app lacks pages_messaging", _PERMISSION),
    Row("299", CredentialsRejected, "the app lacks a permission", _PERMISSION),
    Row(
        "2200",
        ConfigurationError,
        "Meta called the callback address and did not get its challenge back",
        "PUBLIC_URL has to be reachable from the internet over https; then register the webhook again.",
    ),
    Row("100/2018001", RecipientGone, "there is no such person for this page", _BLOCKED),
    Row("551", RecipientGone, "the person is not available", _BLOCKED),
    Row("551/1545041", RecipientGone, "the person is not available", _BLOCKED),
    Row("200/1545041", RecipientGone, "the person is not available", _BLOCKED),
    Row("100/2018109", ContentRejected, "the file is larger than 25 MB", meta.SEND_LINK),
)


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """See ``_meta.errors.interpret``."""
    meta.interpret(ERRORS, call, response)
