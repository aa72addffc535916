"""Reading Twilio's callbacks: forms in the body of a POST or the query of a GET. Nothing is believed about their fields.

Source: https://www.twilio.com/docs/usage/webhooks/messaging-webhooks (known, not re-read, 2026-11).
"""

from __future__ import annotations

import base64
import re
from urllib.parse import parse_qsl

from channels_app.providers.base import CallbackRequest
from connector_platform.core.wire import identifier, storable

__all__ = ["identifier", "is_json", "parameters", "plain", "read_form", "text"]

MAX_FIELDS = 1000

# Nobody writes so long a word: shorter ones may be a code or a link.
_BASE64 = re.compile(r"[A-Za-z0-9+/]{58,}={0,2}")


def is_json(request: CallbackRequest) -> bool:
    """Whether ``request`` says that its body is JSON, as Event Streams post it."""
    return "json" in request.headers.get("content-type", "").lower()


def parameters(request: CallbackRequest) -> list[tuple[str, str]]:
    """The parameters in the body of ``request``, blank ones included, in the order in which they came; none in a JSON body.

    Raises:
        ValueError: there are more than ``MAX_FIELDS``.
    """
    if is_json(request):
        return []
    body = request.body.decode("utf-8", "replace")
    return parse_qsl(body, keep_blank_values=True, errors="replace", max_num_fields=MAX_FIELDS)


def read_form(request: CallbackRequest) -> dict[str, str]:
    """The fields of a callback, the last of each name: of the body, or, where the channel is called with GET, of the query.

    Raises:
        ValueError: there are more than ``MAX_FIELDS``.
    """
    return dict(parameters(request)) if request.method != "GET" else request.query


def text(fields: dict[str, str], name: str) -> str:
    """The field ``name`` without surrounding blanks and as a database can hold it; ``""`` where there is none."""
    return storable(fields.get(name, "")).strip()


def plain(body: str) -> str:
    """``body``, decoded where it is a whole text in base64, as long messages sometimes arrive.

    One long word that decodes to several readable ones is taken for such a text.
    """
    if not _BASE64.fullmatch(body) or len(body) % 4:
        return body
    try:
        decoded = base64.b64decode(body, validate=True).decode("utf-8")
    except ValueError:
        return body
    is_readable = " " in decoded and all(char.isprintable() or char in "\r\n\t" for char in decoded)
    return storable(decoded) if is_readable else body
