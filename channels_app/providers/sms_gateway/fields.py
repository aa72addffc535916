"""Finding a configured field in whatever a gateway sends: form, query, JSON or XML, by name or by path."""

from __future__ import annotations

import codecs
import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_to_bytes
from xml.etree.ElementTree import Element, ParseError, tostring

from defusedxml.ElementTree import fromstring

from connector_platform.core import wire
from connector_platform.core.errors import PayloadMalformed

# More than any gateway sends; a body of a million empty parameters is not one of theirs.
MAX_PARAMETERS = 500
MAX_MATCHES = 50
MAX_NUMBERED = 20  # media0 … media19: an MMS has fewer parts

_STEP = re.compile(r"(?P<key>[^.\[\]]+)|\[(?P<index>\d{1,4}|\*)\]")
_XML_STEP = re.compile(r"@?[A-Za-z_][\w.-]*|\*")
# Only charsets that a gateway may mean; Python also knows "idna", "utf-7" and others that misread or stall on hostile input.
_CHARSETS = re.compile(r"utf-8(-sig)?|utf-16(-be|-le)?|iso8859-\d+|cp125\d|ascii|koi8-[ru]|gb18030|gbk|big5|shift_jis|euc[-_]\w+")


def parse_json_path(path: str) -> tuple[str | int, ...]:
    """The steps of ``a.b[0].c`` or ``a.*.b``: names, list positions, and ``*`` for every item.

    Raises:
        ValueError: it is not such a path.
    """
    steps: list[str | int] = []
    for segment in path.split("."):
        at = 0
        while at < len(segment):
            match = _STEP.match(segment, at)
            if match is None:
                raise ValueError(f"“{path}” is not a path like a.b[0].c")
            key, index = match["key"], match["index"]
            steps.append(key if key is not None else index if index == "*" else int(index))
            at = match.end()
        if not segment:
            raise ValueError(f"“{path}” has an empty step")
    return tuple(steps)


def parse_xml_path(path: str) -> tuple[bool, tuple[str, ...]]:
    """Whether ``path`` starts anywhere (``//name``), and its steps; namespaces are ignored. ``@name`` may come last.

    Raises:
        ValueError: it is not ``//a/b``, ``/root/a`` or ``a/b``.
    """
    anywhere = path.startswith("//")
    steps = tuple(path.lstrip("/").split("/"))
    if not all(_XML_STEP.fullmatch(step) for step in steps) or any(step.startswith("@") for step in steps[:-1]):
        raise ValueError(f"“{path}” is not a path like //name or /root/name")
    return anywhere, steps


def check_path(path: str) -> str:
    """``path``, if it can be looked up in one kind of body at least. A ``#`` in it stands for a number (``media#``: media0, media1 …).

    Raises:
        ValueError: it cannot.
    """
    if not path:
        raise ValueError("a field name is empty")
    if path.startswith("/"):
        parse_xml_path(path.replace("#", "0"))
    elif "." in path or "[" in path:
        parse_json_path(path.replace("#", "0"))
    return path


def check_items(path: str) -> str:
    """``path``, if it is empty or leads to the messages of a batch.

    Raises:
        ValueError: it does not.
    """
    if path.startswith("/"):
        if parse_xml_path(path)[1][-1].startswith("@"):
            raise ValueError("a message is an element, not an attribute")
    elif path:
        parse_json_path(path)
    return path


def _numbered(path: str) -> list[str]:
    """The paths that ``path`` stands for: with a ``#``, one for each number."""
    return [path.replace("#", str(number)) for number in range(MAX_NUMBERED)] if "#" in path else [path]


def clean(text: str) -> str:
    """``text`` as a database and JSON can carry it: no NUL, no half surrogate pairs."""
    return text.replace("\x00", "").encode("utf-16", "surrogatepass").decode("utf-16", "replace")


def as_text(value: Any) -> str | None:
    """A JSON scalar as text (ids and numbers come as numbers); None for null, objects and lists."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e18:
        return str(int(value))
    if isinstance(value, str | int | float):
        return str(value)
    return None


def json_values(document: Any, path: str) -> list[str]:
    """The texts that ``path`` finds in ``document``, at most 50."""
    return [text for text in map(as_text, _json_nodes(document, path)) if text is not None][:MAX_MATCHES]


def _json_nodes(document: Any, path: str) -> list[Any]:
    found: list[Any] = [document]
    for step in parse_json_path(path):
        found = [child for node in found for child in _children(node, step)]
    return found


def _children(node: Any, step: str | int) -> Iterable[Any]:
    if step == "*":
        if isinstance(node, dict):
            return list(node.values())
        return node if isinstance(node, list) else ()
    if isinstance(step, int):
        return node[step : step + 1] if isinstance(node, list) else ()
    return (node[step],) if isinstance(node, dict) and step in node else ()


def decode_octets(octets: bytes, charset: str = "") -> str:
    """``octets`` by ``charset`` where it is named and known, else as UTF-8, else as Latin-1, which never fails."""
    for name in (charset, "utf-8"):
        try:
            known = codecs.lookup(name).name if name else ""
            if _CHARSETS.fullmatch(known):
                # Nothing else reads UTF-16: half a pair at the end of a piece costs that letter only.
                return octets.decode(name, "replace" if known.startswith("utf-16") else "strict")
        except (LookupError, ValueError):
            continue
    return octets.decode("latin-1")


def parse_parameters(encoded: bytes) -> dict[str, list[bytes]]:
    """Form or query parameters, percent-decoded but not yet text: what the octets mean may depend on another parameter.

    Raises:
        PayloadMalformed: there are more than any gateway sends.
    """
    if encoded.count(b"&") >= MAX_PARAMETERS:
        raise PayloadMalformed("the body has too many parameters")
    parameters: dict[str, list[bytes]] = {}
    for pair in encoded.split(b"&"):
        if pair:
            name, _, value = pair.replace(b"+", b" ").partition(b"=")
            parameters.setdefault(decode_octets(unquote_to_bytes(name)), []).append(unquote_to_bytes(value))
    return parameters


@dataclass(frozen=True, slots=True, kw_only=True)
class Fields:
    """What a callback carried. ``parameters`` are the query's and the form body's; a JSON or XML body stands beside them and wins."""

    parameters: dict[str, list[bytes]] = field(default_factory=dict)
    charset: str = ""
    document: Any = None
    root: Element | None = None

    def first(self, names: Sequence[str]) -> str | None:
        """The first value by the alternatives ``names`` that is not empty; ``""`` if all that exist are empty; None if none exists.

        Names are tried as they are written and, only if none of them exists, regardless of letter case.
        """
        empty: str | None = None
        for values in self._lookups(names):
            for value in values[-1:]:
                if value.strip():
                    return value
                empty = ""
        return empty

    def all(self, names: Sequence[str]) -> list[str]:
        """Every non-empty value of the first alternative that has any, at most 50 (media comes as lists, or as numbered fields)."""
        for name in names:
            if found := [value.strip() for values in self._lookups(_numbered(name)) for value in values if value.strip()]:
                return found[:MAX_MATCHES]
        return []

    def items(self, path: str) -> list[tuple[Fields, bytes]]:
        """Each of the messages that stand at ``path`` by itself, and its own part of the body.

        Raises:
            PayloadMalformed: one is nested so deep that it cannot be written again.
        """
        try:
            if path.startswith("/"):
                nodes = _find_elements(self.root, path) if self.root is not None else []
                return [(Fields(charset=self.charset, root=node), tostring(node)) for node in nodes]
            found = [node for node in _json_nodes(self.document, path) if isinstance(node, dict)]
            return [(Fields(charset=self.charset, document=node), wire.dump(node)) for node in found]
        except RecursionError as err:
            raise PayloadMalformed("the body is nested too deep") from err

    def octets(self, names: Sequence[str]) -> bytes | None:
        """The undecoded octets behind ``first``, or None where the value is not made of octets (JSON, XML beyond Latin-1)."""
        text = self.first(names)
        if text is None:
            return None
        for name in names:
            for key, values in self.parameters.items():
                if key.lower() == name.lower() and self._decode(values[-1]) == text:
                    return values[-1]
        try:
            return text.encode("latin-1")
        except UnicodeEncodeError:
            return None

    def _decode(self, octets: bytes) -> str:
        return decode_octets(octets, self.charset)

    def _lookups(self, names: Sequence[str]) -> Iterator[list[str]]:
        exact = [values for name in names if (values := self._find(name, any_case=False))]
        if exact:
            yield from exact
        else:
            yield from (values for name in names if (values := self._find(name, any_case=True)))

    def _find(self, name: str, *, any_case: bool) -> list[str]:
        if self.document is not None and (found := self._find_json(name, any_case=any_case)):
            return found
        if self.root is not None and (found := _find_xml(self.root, name, any_case=any_case)):
            return found
        if name in self.parameters:
            return [self._decode(value) for value in self.parameters[name]]
        if any_case:
            for key, values in self.parameters.items():
                if key.lower() == name.lower():
                    return [self._decode(value) for value in values]
        return []

    def _find_json(self, name: str, *, any_case: bool) -> list[str]:
        if isinstance(self.document, dict):
            for key, value in self.document.items():
                if (key == name or (any_case and key.lower() == name.lower())) and (text := as_text(value)) is not None:
                    return [text]
        try:
            return json_values(self.document, name)
        except ValueError:  # an XML path among the alternatives
            return []


def _local(name: Any) -> str:
    """The name without its namespace; comments and processing instructions have none."""
    return name.rpartition("}")[2] if isinstance(name, str) else ""


def _find_xml(root: Element, path: str, *, any_case: bool) -> list[str]:
    try:
        _, steps = parse_xml_path(path)
    except ValueError:  # a JSON path among the alternatives
        return []
    if not steps[-1].startswith("@"):
        return ["".join(node.itertext()) for node in _find_elements(root, path, any_case=any_case)[:MAX_MATCHES]]
    above = path[: -len(steps[-1])].rstrip("/")
    if above:
        nodes = _find_elements(root, above, any_case=any_case)
    else:
        nodes = list(root.iter()) if path.startswith("//") else [root] if path.startswith("/") else list(root)
    return [value for node in nodes for key, value in node.attrib.items() if _is_called(key, steps[-1][1:], any_case=any_case)][
        :MAX_MATCHES
    ]


def _find_elements(root: Element, path: str, *, any_case: bool = False) -> list[Element]:
    """The elements at ``path``; a path without a slash in front begins below the root."""
    anywhere, (first, *rest) = parse_xml_path(path)
    start: Iterable[Element] = root.iter() if anywhere else [root] if path.startswith("/") else root
    nodes = [node for node in start if _is_called(node.tag, first, any_case=any_case)]
    for step in rest:
        nodes = [child for node in nodes for child in node if _is_called(child.tag, step, any_case=any_case)]
    return nodes


def _is_called(name: Any, step: str, *, any_case: bool) -> bool:
    local = _local(name)
    return bool(local) and (step == "*" or local == step or (any_case and local.lower() == step.lower()))


def read_json(body: bytes, charset: str = "") -> Any:
    """The document in ``body``.

    Raises:
        PayloadMalformed: it is not JSON.
    """
    try:
        document = json.loads(decode_octets(body, charset).removeprefix("\ufeff"))
    except (ValueError, RecursionError) as err:
        raise PayloadMalformed("the body is not JSON") from err
    return document if isinstance(document, dict | list) else {}


def read_xml(body: bytes) -> Element:
    """The root element of ``body``; document types, entities and external references are refused.

    Raises:
        PayloadMalformed: it is not XML, or not harmless XML.
    """
    try:
        root: Element = fromstring(body, forbid_dtd=True)
    except (ParseError, ValueError, LookupError) as err:
        raise PayloadMalformed("the body is not XML that this platform reads") from err
    return root
