"""What both of Vonage's APIs have in common on the wire: numbers, instants, what a text says, parameters.

Source: https://developer.vonage.com/en/messages/concepts/webhooks (checked 2026-11).
"""

from __future__ import annotations

import json
import urllib.parse
from datetime import UTC, datetime
from typing import Any

from channels_app.providers._sms.inbound import EMPTY, consent
from channels_app.providers.base import CallbackRequest
from channels_app.providers.vonage.config import VonageConfig
from connector_platform.core import wire
from connector_platform.core.errors import PayloadMalformed
from connector_platform.core.events import Content, OptOut, Text

MAX_PARAMETERS = 100


def number(value: Any, key: str) -> str:
    """The number or name at ``key``, without a plus: Vonage writes none, but takes one."""
    return wire.identifier(value, key).removeprefix("+")


def words(text: str, config: VonageConfig, *, reply_to: str = "") -> tuple[str, Content]:
    """The name of the event and what a text says: a lone stop or start word is an opt-out or opt-in."""
    if wish := consent(text, stop=config.stop_keywords, start=config.start_keywords):
        return "keyword_stop" if isinstance(wish, OptOut) else "keyword_start", wish
    return "message.text", Text(text=text, reply_to=reply_to) if text.strip() else EMPTY


def instant(text: str) -> datetime | None:
    """``text`` as aware UTC; None where it is no instant. Both APIs write UTC, the older one without saying so."""
    try:
        at = datetime.fromisoformat(text)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def parameters(request: CallbackRequest) -> dict[str, str]:
    """What a callback of the SMS API carries: the query of a GET; the form or JSON of a POST, whose query is not signed.

    Raises:
        PayloadMalformed: the body is neither, or holds more than texts and numbers; answered 200, because Vonage repeats anything else
            for a day.
    """
    if request.method == "GET":
        return _pairs(request.query_string)
    if request.body.lstrip()[:1] != b"{":
        try:
            return _pairs(request.body.decode("utf-8"))
        except UnicodeDecodeError:
            raise PayloadMalformed("the body is no UTF-8", status=200) from None
    root = wire.decode(request.body, refusal_status=200)
    if not isinstance(root, dict) or len(root) > MAX_PARAMETERS:
        raise PayloadMalformed("the body is no object of parameters", status=200)
    return {name: _scalar(value) for name, value in root.items()}


def _pairs(text: str) -> dict[str, str]:
    try:
        return dict(urllib.parse.parse_qsl(text.strip(), keep_blank_values=True, errors="replace", max_num_fields=MAX_PARAMETERS))
    except ValueError:
        raise PayloadMalformed("the callback has more parameters than any of Vonage's", status=200) from None


def _scalar(value: Any) -> str:
    if isinstance(value, str):
        return value
    if isinstance(value, bool | int | float) or value is None:
        try:
            return "" if value is None else json.dumps(value)
        except ValueError:
            raise PayloadMalformed("the body holds a number that is too long", status=200) from None
    raise PayloadMalformed("the body holds more than texts and numbers", status=200)
