"""LivePerson structured content, reduced to what an SMS can say: text, numbered choices, ``label: url`` lines.

Source: LivePerson structured content templates (card, carousel, list, buttons, quick replies), checked 2026-11.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from connector_platform.core.events import RichContent

# LivePerson nests a carousel of cards of rows at most; anything deeper is not a template.
MAX_DEPTH = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Reduced:
    """``quick_replies`` holds the titles that are not numbered in ``text``, for gateways that show them themselves."""

    text: str
    quick_replies: tuple[str, ...] = ()


def reduce_rich_content(content: RichContent, *, keep_quick_replies: bool = False) -> Reduced:
    """``content`` as lines: its texts in order, links where they stand, then the choices, numbered from 1 to the end.

    ``keep_quick_replies`` hands the quick replies over as titles instead of numbering them.
    """
    lines: list[str] = [content.text.strip()] if content.text.strip() else []
    choices: list[str] = []
    for element in _elements(content.content, MAX_DEPTH):
        _reduce(element, lines, choices)
    quick: list[str] = []
    for reply in _elements(content.quick_replies or {}, MAX_DEPTH):
        _reduce(reply, lines, quick)
    if not (keep_quick_replies and lines):
        choices, quick = choices + quick, []
    lines += [f"{number}) {choice}" for number, choice in enumerate(choices, 1)]
    return Reduced(text="\n".join(lines), quick_replies=tuple(quick))


def _elements(node: Any, depth: int) -> Iterator[dict[str, Any]]:
    """The leaves of the tree in reading order, and what has words besides its children."""
    if depth == 0 or not isinstance(node, dict):
        return
    children = [child for key in ("elements", "replies") if isinstance(node.get(key), list) for child in node[key]]
    nested = node.get("quickReplies")
    if not (children or isinstance(nested, dict)) or _word(node, "title", "text"):
        yield node
    for child in children:
        yield from _elements(child, depth - 1)
    if isinstance(nested, dict):
        yield from _elements(nested, depth - 1)


def _reduce(element: dict[str, Any], lines: list[str], choices: list[str]) -> None:
    kind = _word(element, "type")
    label = _word(element, "title", "text", "caption", "tooltip", "alt")
    link = _link(element)
    if kind in ("button", "submitButton"):
        if link:
            lines.append(f"{label}: {link}" if label else link)
        elif label:
            choices.append(label)
    elif kind == "image":
        caption = _word(element, "caption", "title", "tooltip")
        url = link or _word(element, "url")
        lines.append(f"{caption}: {url}" if caption and url else caption or url)
    elif kind == "map":
        place = _place(element)
        lines.append(f"{label}: {place}" if label and place else label or place)
    elif label:
        lines.append(f"{label}: {link}" if link else label)
    if lines and not lines[-1]:
        lines.pop()


def _link(element: dict[str, Any]) -> str:
    """Where a tap on ``element`` leads; ``""`` where it stays in the conversation."""
    click = element.get("click")
    actions = click.get("actions") if isinstance(click, dict) else None
    for action in actions if isinstance(actions, list) else ():
        if isinstance(action, dict):
            if action.get("type") == "link" and (uri := _word(action, "uri")):
                return uri
            if action.get("type") == "navigate" and (place := _place(action)):
                return place
    return ""


def _place(node: dict[str, Any]) -> str:
    latitude, longitude = node.get("la"), node.get("lo")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return f"https://www.google.com/maps/search/?api=1&query={quote(f'{latitude},{longitude}', safe=',')}"
    return ""


def _word(node: dict[str, Any], *names: str) -> str:
    for name in names:
        value = node.get(name)
        if isinstance(value, str) and value.strip():
            return value.strip()
    return ""
