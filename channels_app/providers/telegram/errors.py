"""What Telegram's refusals mean: by ``error_code`` in the body, then by a part of the description, else by HTTP status.

Source: https://core.telegram.org/bots/api#making-requests and #responseparameters; descriptions after Telegram's server,
https://github.com/tdlib/telegram-bot-api (checked 2026-11).
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

from channels_app.providers.base import ErrorMeaning as Row
from channels_app.providers.base import ErrorTable, raise_for_status
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import (
    ConfigurationError,
    ContentRejected,
    CredentialsRejected,
    OutcomeUnknown,
    PersonThrottled,
    RecipientGone,
    ServerFault,
)

DOWNLOAD = "download"
"""The purpose of fetching a consumer's file: the answer is no JSON."""

AGENT_FILE = "fetch_agent_file"
"""The purpose of fetching an agent's file from our own address: the answer is not Telegram's."""

_LONGEST_WAIT_S = 24 * 3600.0

_RECONNECT = "Copy the token from @BotFather (/mybots → your bot → API Token) into the channel and set it to active."
_GONE = "Nothing to do. The person can come back by starting the bot again."
_NOBODY = "Nothing to do. A bot can write only to people who have started it."
_SHORTER = "Send a shorter message."
_PROGRAM = "Report it: the platform built a request that Telegram does not take."
_PICTURE = "Send the picture's address as text, or a JPEG, PNG or WebP under 5 MB that anybody on the internet can fetch."
_LINK = "Correct the link: http or https, a public host."
_ADDRESS = "PUBLIC_URL must be https, on port 443, 80, 88 or 8443, and a host that Telegram can find."
_LATER = "Nothing to do; the platform tries again."

ERRORS = ErrorTable(
    "Telegram",
    Row("401", CredentialsRejected, "the bot token is not valid any more", _RECONNECT),
    Row("404", CredentialsRejected, "the bot token is malformed, or the method does not exist", _RECONNECT),
    Row("403/bot was blocked by the user", RecipientGone, "the person blocked the bot", _GONE),
    Row("403/user is deactivated", RecipientGone, "the person deleted the account", "Nothing to do."),
    Row("403/bot can't initiate conversation", RecipientGone, "the person never started the bot", _NOBODY),
    Row("403/bot was kicked", RecipientGone, "the bot was removed from the chat", _GONE),
    Row("403/business_", CredentialsRejected, "the connection with the business account has ended", "Connect the bot again."),
    Row("403/not enough rights", CredentialsRejected, "the bot lacks a right", "Give the bot the right to write."),
    Row("403", RecipientGone, "the bot may not write to this person", _GONE),
    Row("400/chat not found", RecipientGone, "there is no such chat with this bot", _NOBODY),
    Row("400/peer_id_invalid", RecipientGone, "there is no such chat with this bot", _NOBODY),
    Row("400/user not found", RecipientGone, "there is no such person", _NOBODY),
    Row("400/group chat was upgraded", RecipientGone, "the group has another id now; groups are not answered", "Nothing to do."),
    Row("400/message is too long", ContentRejected, "the text is too long", _SHORTER),
    Row("400/message caption is too long", ContentRejected, "the caption is too long", _SHORTER),
    Row("400/message text is empty", ContentRejected, "there is nothing visible in the text", "Send a text with visible characters."),
    Row("400/can't parse entities", ContentRejected, "Telegram does not take the text's formatting", _PROGRAM),
    Row("400/reply markup is too long", ContentRejected, "there are too many buttons", "Send fewer choices."),
    Row("400/button_data_invalid", ContentRejected, "Telegram does not take what stands behind a button", _PROGRAM),
    Row("400/button_url_invalid", ContentRejected, "Telegram does not take a button's link", _LINK),
    Row("400/wrong http url", ContentRejected, "Telegram does not take a link", _LINK),
    Row("400/failed to get http url content", ContentRejected, "Telegram could not fetch the picture", _PICTURE),
    Row("400/wrong type of the web page content", ContentRejected, "what Telegram fetched is no picture", _PICTURE),
    Row("400/wrong file identifier", ContentRejected, "Telegram does not take the picture's address", _PICTURE),
    Row("400/webpage_curl_failed", ContentRejected, "Telegram could not fetch the picture", _PICTURE),
    Row("400/webpage_media_empty", ContentRejected, "there is no picture at the address", _PICTURE),
    Row("400/image_process_failed", ContentRejected, "Telegram cannot read the picture", _PICTURE),
    Row("400/photo_invalid_dimensions", ContentRejected, "the picture's width and height are too large", _PICTURE),
    Row("400/file is too big", ContentRejected, "the file is larger than a bot may fetch (20 MB)", "Ask the person for a smaller file."),
    Row("400/bad webhook", ConfigurationError, "Telegram does not take the callback's address", _ADDRESS),
    Row("400", ContentRejected, "Telegram does not take a value of the request", _PROGRAM),
    Row(
        "409",
        ConfigurationError,
        "another program fetches this bot's updates with getUpdates",
        "Stop the other program, or make a bot of its own for it; then register the webhook again.",
    ),
    Row("413", ContentRejected, "the request is too large", _SHORTER),
    Row("429", PersonThrottled, "too many messages in a short time", "Nothing to do; the platform waits as long as Telegram says."),
    Row("500", ServerFault, "a temporary failure at Telegram", _LATER),
)

PICTURE_FAULTS = frozenset(
    {
        *("400/failed to get http url content", "400/wrong type of the web page content", "400/wrong file identifier"),
        *("400/webpage_curl_failed", "400/webpage_media_empty", "400/photo_invalid_dimensions", "400/image_process_failed"),
        "400/wrong http url",
    }
)
"""The codes that say that it is the picture which Telegram does not take."""

LINK_FAULTS = frozenset({"400/button_url_invalid", "400/wrong http url"})
"""The codes that say that it is a button's address."""


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """Return if ``response`` is a success; to a message that means ``ok`` and a message id.

    Telegram's own sentence is not repeated in the error: it may quote what was sent.

    Raises:
        DeliveryError: see ``ERRORS``. OutcomeUnknown: a 2xx that proves nothing.
    """
    if call.purpose in (DOWNLOAD, AGENT_FILE):
        _interpret_file(call.purpose, response)
        return
    body = response.json()
    fields = body if isinstance(body, dict) else {}
    if fields.get("ok") is False:
        _raise_for_refusal(fields, response)
    if not response.is_success:
        raise_for_status(response)
    if fields.get("ok") is True and (not call.effect or message_number(fields)):
        return
    if call.effect:
        raise OutcomeUnknown("Telegram answered without a message id; the person may have the message", provider_code=str(response.status))
    raise ServerFault("Telegram's answer says nothing", provider_code=str(response.status))


def message_number(fields: Any) -> int:
    """The number of the message that was sent; 0 where the answer names none."""
    result = fields.get("result") if isinstance(fields, dict) else None
    number = result.get("message_id") if isinstance(result, dict) else None
    return number if isinstance(number, int) and not isinstance(number, bool) and 0 < number < 2**63 else 0


def _interpret_file(purpose: str, response: HttpResponse) -> None:
    code = str(response.status)
    if purpose == AGENT_FILE and response.status in (401, 403, 404):
        raise ContentRejected("the agent's file is not at our address any more", provider_code=code)
    if response.status in (400, 404):
        raise ContentRejected("Telegram does not have the file any more", provider_code=code)
    raise_for_status(response)


def _raise_for_refusal(fields: dict[str, Any], response: HttpResponse) -> None:
    """Raise by the body: proxies put other HTTP statuses around it."""
    code = fields.get("error_code")
    if not isinstance(code, int) or isinstance(code, bool) or not 300 <= code <= 599:
        raise_for_status(response)
        raise OutcomeUnknown("Telegram refused without saying why", provider_code=str(response.status))
    description = fields.get("description")
    row = ERRORS.find_described(str(min(code, 500)), description if isinstance(description, str) else "")
    if row is None:
        raise ContentRejected(f"Telegram refused it (code {code})", provider_code=str(code))
    raise ERRORS.error(replace(row, code=str(code)) if code > 500 else row, response, wait_s=_wait_s(fields))


def _wait_s(fields: dict[str, Any]) -> float | None:
    """How long the body asks us to wait; None where it does not say."""
    parameters = fields.get("parameters")
    seconds = parameters.get("retry_after") if isinstance(parameters, dict) else None
    if isinstance(seconds, int | float) and not isinstance(seconds, bool) and math.isfinite(seconds) and seconds >= 0:
        return min(float(seconds), _LONGEST_WAIT_S)
    return None
