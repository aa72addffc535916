"""JSON from strangers: read with a floor under it, and made fit for UTF-8 and for a database."""

from __future__ import annotations

import json
import math
import re
from typing import Any

from connector_platform.core.errors import PayloadMalformed

MAX_DEPTH = 64
"""Structured content nests some ten levels; a body that nests deeper is an attack on whoever walks it."""

_SURROGATE = re.compile("[\ud800-\udfff]")
# An escape that may yield a lone surrogate or a NUL, neither of which PostgreSQL's jsonb holds. Any other string is well formed already.
_SUSPECT_ESCAPE = re.compile(r"\\u(0000|[dD][89a-fA-F])")


def parse_json(text: str) -> Any:
    """The value of ``text``, free of lone surrogates, NULs and infinities, and at most ``MAX_DEPTH`` deep.

    Raises:
        PayloadMalformed: it is no such JSON.
    """
    try:
        value = json.loads(text, parse_constant=_no_constant, parse_float=_finite)
        if text.count("{") + text.count("[") > MAX_DEPTH or _SUSPECT_ESCAPE.search(text):
            value = well_formed(value)
    except RecursionError as err:
        raise PayloadMalformed("the body nests too deep") from err
    except ValueError as err:
        raise PayloadMalformed("the body is not JSON") from err
    return value


def well_formed(value: Any, *, _depth: int = 0) -> Any:
    """A copy of the JSON ``value`` whose strings encode as UTF-8: lone surrogates become U+FFFD, NULs go.

    Raises:
        PayloadMalformed: it nests deeper than ``MAX_DEPTH``.
    """
    if isinstance(value, str):
        return _well_formed_text(value)
    if isinstance(value, dict | list):
        if _depth >= MAX_DEPTH:
            raise PayloadMalformed("the body nests too deep")
        if isinstance(value, list):
            return [well_formed(item, _depth=_depth + 1) for item in value]
        return {_well_formed_text(name): well_formed(item, _depth=_depth + 1) for name, item in value.items()}
    return value


def _well_formed_text(text: str) -> str:
    if "\x00" in text:
        text = text.replace("\x00", "")
    if _SURROGATE.search(text):
        text = text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")
    return text


def dump_json(value: Any) -> str:
    """``value`` as compact JSON, the form in which calls carry it."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def _no_constant(name: str) -> float:
    raise ValueError(f"{name} is not JSON")


def _finite(digits: str) -> float:
    number = float(digits)
    if not math.isfinite(number):
        raise ValueError("a number out of range")
    return number
