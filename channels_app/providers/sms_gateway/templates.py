"""``{{name}}`` templates: a value is put in encoded for where it lands. There is no other template logic."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from enum import StrEnum
from urllib.parse import quote
from xml.sax.saxutils import escape

Value = str | Sequence[str]

VARIABLES = frozenset(
    {
        *("id", "text", "to", "to_no_plus", "to_national", "from", "from_no_plus", "channel", "status_url", "status_url_with_id"),
        *("part", "parts", "media_url", "quick_replies", "now_iso", "now_unix", "coding", "text_hex", "coded_hex", "username", "password"),
    }
)
"""Everything that a URL or body may name; README.md says what each is."""

HEADER_VARIABLES = VARIABLES & {
    *("id", "to", "to_no_plus", "to_national", "from", "from_no_plus", "channel", "part", "parts", "now_iso", "now_unix", "coding")
}
"""What a header may name: short values of ours, never a consumer's or agent's words."""

_VARIABLE = re.compile(r"\{\{\s*([A-Za-z_]\w*)\s*\}\}")
# XML 1.0 has no way to write these, not even as a reference.
_NOT_IN_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")


class Encoding(StrEnum):
    JSON = "json"
    URL = "url"
    XML = "xml"
    PLAIN = "plain"


def variables_of(template: str) -> frozenset[str]:
    """The names that ``template`` uses."""
    return frozenset(_VARIABLE.findall(template))


def check_template(template: str, allowed: frozenset[str] = VARIABLES) -> str:
    """``template``, if it can be rendered.

    Raises:
        ValueError: it names something that does not exist, or holds a ``{{`` that is no variable.
    """
    if unknown := sorted(variables_of(template) - allowed):
        raise ValueError(f"unknown variable {{{{{unknown[0]}}}}}; known are {', '.join(sorted(allowed))}")
    if "{{" in _VARIABLE.sub("", template):
        raise ValueError("“{{” without a name and “}}” after it")
    return template


def fill(template: str, values: Mapping[str, Value], encoding: Encoding) -> str:
    """``template`` with every variable replaced by its value in ``encoding``; a variable without a value is empty.

    JSON: a string with its quotes (a list: an array of strings). URL: percent-encoded, nothing spared. XML: escaped for text and
    attributes, without the characters that XML cannot hold. Plain: as it is, on one line (headers). Lists are joined by commas elsewhere.
    """

    def insert(match: re.Match[str]) -> str:
        return _encode(values.get(match[1], ""), encoding)

    return _VARIABLE.sub(insert, template)


def _encode(value: Value, encoding: Encoding) -> str:
    if encoding is Encoding.JSON:
        return json.dumps(value if isinstance(value, str) else list(value), ensure_ascii=False)
    text = value if isinstance(value, str) else ",".join(value)
    if encoding is Encoding.URL:
        return quote(text, safe="")
    if encoding is Encoding.XML:
        return escape(_NOT_IN_XML.sub("", text), {'"': "&quot;", "'": "&apos;"})
    return " ".join(text.split())
