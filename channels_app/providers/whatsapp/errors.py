"""What Meta's error codes mean, in an answer and in a status that comes later. The code decides; the HTTP status only where it is unknown.

Real answers put 131056 and 130429 behind HTTP 403, so the status alone would break the channel.

Source: https://developers.facebook.com/docs/whatsapp/cloud-api/support/error-codes (checked 2026-07).
"""

from __future__ import annotations

from typing import Any

from channels_app.providers._meta import errors as meta
from channels_app.providers._meta import wire
from channels_app.providers.whatsapp.error_table import ERRORS
from connector_platform.core.calls import HttpCall, HttpResponse
from connector_platform.core.errors import ContentRejected
from connector_platform.core.events import Receipt, ReceiptKind

MEDIA = "media"
"""The purpose of the call that asks where a file lies."""
DOWNLOAD = "download"
"""The purpose of the one call whose answer is a file and no JSON."""

WAITS_S = {"131056": 6.0}
"""One message in six seconds may go to the same person; a burst of some 45 is borrowed from the time after it."""


def interpret(call: HttpCall, response: HttpResponse) -> None:
    """See ``_meta.errors.interpret``. A file is a success as it comes; one that is not there (any more) is none of the request's faults.

    Raises:
        ContentRejected: WhatsApp does not have the file. DeliveryError: see there.
    """
    if call.purpose == DOWNLOAD and response.is_success:
        return
    if _is_gone(call, response):
        raise ContentRejected("WhatsApp does not have the file any more", provider_code=str(response.status))
    meta.interpret(ERRORS, call, response, message_id=message_id, waits_s=WAITS_S)


def _is_gone(call: HttpCall, response: HttpResponse) -> bool:
    """Whether the answer says that there is no such file (any more). Meta says so as of any object, with code 100."""
    if call.purpose not in (MEDIA, DOWNLOAD) or response.status not in (400, 404, 410):
        return False
    return wire.digits(wire.obj(response.json(), "error"), "code") in ("", "100")


def message_id(response: HttpResponse) -> str:
    """The id of the message that was sent; ``""`` where the answer names none. ``messages`` has been seen to be ``[null]``."""
    first = next(iter(wire.items(response.json(), "messages")), None)
    return wire.text(first, "id")[:200]


def failure(message_id: str, errors: list[Any]) -> Receipt:
    """What it means that a message failed which Meta had taken, from the ``errors`` of its status; the reason in our words, for the agent."""
    code = next((found for error in errors if (found := wire.digits(error, "code"))), "")
    row = meta.find(ERRORS, code)
    if row is None:
        words = f"WhatsApp could not deliver it (code {code})" if code else "WhatsApp could not deliver it"
        return Receipt(kind=ReceiptKind.FAILED, message_ids=(message_id,), reason=words)
    remedy = "Send it again later." if row.error.retryable else row.remedy
    return row.receipt((message_id,), f"WhatsApp: {row.meaning} (code {code}). {remedy}")
