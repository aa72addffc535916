"""Plivo on the wire: forms and numbers.

Source: https://www.plivo.com/docs/messaging/concepts/messaging-webhooks (known, 2026-11).
"""

from __future__ import annotations

import urllib.parse

from channels_app.providers.base import CallbackRequest
from connector_platform.core import wire
from connector_platform.core.errors import PayloadMalformed

MAX_PARAMETERS = 200

Pairs = list[tuple[str, str]]


def pairs(request: CallbackRequest) -> Pairs:
    """The parameters of a callback, in order: the form of a POST, the query of a GET. Undecodable octets become U+FFFD.

    Raises:
        PayloadMalformed: there are more than in any callback of Plivo's; answered 200, because Plivo repeats anything else.
    """
    text = request.query_string if request.method == "GET" else request.body.decode("utf-8", "replace")
    return read_pairs(text)


def read_pairs(text: str) -> Pairs:
    """The parameters in ``text``, as ``pairs``."""
    try:
        return urllib.parse.parse_qsl(text, keep_blank_values=True, errors="replace", max_num_fields=MAX_PARAMETERS)
    except ValueError:
        raise PayloadMalformed("the callback has more parameters than any of Plivo's", status=200) from None


def fields(request: CallbackRequest) -> dict[str, str]:
    """The parameters by name, the last of each, fit to be stored.

    Raises:
        PayloadMalformed: see ``pairs``.
    """
    return {wire.storable(name): wire.storable(value) for name, value in pairs(request)}


def number(given: dict[str, str], key: str) -> str:
    """The number or name at ``key``, without a plus: Plivo writes none, but takes one."""
    return wire.identifier(given, key).removeprefix("+")
