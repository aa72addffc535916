"""LivePerson's structured content as Messenger messages: templates where they fit whole, readable text where they do not.

Source: https://developers.facebook.com/docs/messenger-platform/send-messages/templates (checked 2026-07).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import RichContent
from connector_platform.core.text import split_text

MAX_TEXT = 2000
MAX_QUICK_REPLIES = 13
MAX_BUTTONS = 3
MAX_BUTTON_TITLE = 20
MAX_BUTTON_TEXT = 640
MAX_CARD_TITLE = 80
MAX_CARD_SUBTITLE = 80
MAX_CARDS = 10
MAX_PAYLOAD = 1000

# Ours: a payload that starts so holds the words to publish when the person taps.
TEXT_PAYLOAD = "text:"

# LivePerson's own content is a few levels deep; anything beyond is a mistake that must not exhaust the stack.
_MAX_DEPTH = 40

Message = dict[str, Any]


@dataclass(slots=True)
class _Card:
    """A ``vertical`` taken apart. ``fits`` is False once something is met that no template has a place for."""

    texts: list[str] = field(default_factory=list)
    images: list[str] = field(default_factory=list)
    buttons: list[dict[str, str]] = field(default_factory=list)
    fits: bool = True


def text_messages(text: str) -> list[Message]:
    """``text`` cut to Messenger's 2000 characters; nothing for blank text."""
    return [{"text": piece} for piece in split_text(text, MAX_TEXT)] if text.strip() else []


def attachment(kind: str, url: str) -> Message:
    """A file that Meta fetches from ``url``."""
    return {"attachment": {"type": kind, "payload": {"url": url, "is_reusable": False}}}


def maps_link(latitude: float, longitude: float) -> str:
    """A page with a map of the place, for any browser."""
    return f"https://www.google.com/maps/search/?api=1&query={latitude},{longitude}"


def messages(content: RichContent, *, prompt: str) -> list[Message]:
    """The messages that ``content`` becomes: its text, its structure, and its quick replies on the last of them.

    Quick replies vanish as soon as another message follows, and Messenger refuses them without a text or attachment to stand
    on; ``prompt`` is that text where there is none.

    Raises:
        UnsupportedContent: nested too deeply to be read.
    """
    try:
        found = [*text_messages(content.text), *_structure(content.content, prompt=prompt)]
    except RecursionError as error:
        raise UnsupportedContent("the structured content is nested too deeply") from error
    chips, rest = _quick_replies(content.quick_replies or {})
    if content.content.get("templateType") == "quickReply":
        older, older_rest = _quick_replies({"replies": [_choice(title) for title in content.content.get("resp") or ()]})
        chips, rest = [*chips, *older], [*rest, *older_rest]
    found.extend(text_messages("\n".join(rest)))
    if chips:
        if not found:
            found = text_messages(prompt)
        found[-1] = {**found[-1], "quick_replies": chips[:MAX_QUICK_REPLIES]}
    return found


def _structure(content: dict[str, Any], *, prompt: str) -> list[Message]:
    if content.get("type") in ("carousel", "horizontal"):
        cards = [_card(element) for element in _elements(content)]
        elements = [_generic_element(card) for card in cards]
        whole = [element for element in elements if element is not None]
        if whole and len(whole) == len(elements) <= MAX_CARDS:
            return [_template({"template_type": "generic", "image_aspect_ratio": "horizontal", "elements": whole})]
    elif content.get("type") == "vertical":
        card = _card(content)
        if card.fits and card.buttons:
            return _card_messages(card, prompt=prompt)
    return [*_pictures(content, 0), *text_messages("\n".join(_lines(content, _Counter(), 0)))]


def _card_messages(card: _Card, *, prompt: str) -> list[Message]:
    """A card with one to three buttons, as one template where nothing has to be cut off, else with its picture and text before it."""
    element = _generic_element(card)
    if card.images and element is not None:
        return [_template({"template_type": "generic", "image_aspect_ratio": "horizontal", "elements": [element]})]
    text = "\n".join(card.texts)
    before = [attachment("image", url) for url in card.images]
    if len(text) > MAX_BUTTON_TEXT:
        before, text = [*before, *text_messages(text)], ""
    return [*before, _template({"template_type": "button", "text": text or prompt, "buttons": card.buttons})]


def _template(payload: dict[str, Any]) -> Message:
    return {"attachment": {"type": "template", "payload": payload}}


def _generic_element(card: _Card) -> Message | None:
    """The card as an element of a generic template; None where it has no place for all of it."""
    if not card.fits or not card.texts or not (card.images or card.buttons or card.texts[1:]):
        return None
    title, subtitle = card.texts[0], "\n".join(card.texts[1:])
    if len(title) > MAX_CARD_TITLE or len(subtitle) > MAX_CARD_SUBTITLE:
        return None
    element: Message = {"title": title}
    if subtitle:
        element["subtitle"] = subtitle
    if card.images:
        element["image_url"] = card.images[0]
    if card.buttons:
        element["buttons"] = card.buttons
    return element


def _card(element: Any) -> _Card:
    card = _Card()
    _fill(card, element, 0)
    card.fits = card.fits and len(card.images) <= 1 and len(card.buttons) <= MAX_BUTTONS
    return card


def _fill(card: _Card, element: Any, depth: int) -> None:
    kind = element.get("type") if isinstance(element, dict) else None
    if kind in ("vertical", "horizontal") and depth < _MAX_DEPTH:
        for child in _elements(element):
            _fill(card, child, depth + 1)
    elif kind == "text":
        card.texts.extend(line for line in [_text(element, "text")] if line)
        # A text or picture that can be tapped has no counterpart; the fallback spells the link out.
        card.fits = card.fits and not _actions(element)
    elif kind == "image" and _is_picture(element) and not _text(element, "caption"):
        card.images.append(_text(element, "url"))
        card.fits = card.fits and not _actions(element)
    elif kind == "button" and (button := _button(element)) is not None:
        card.buttons.append(button)
    else:
        card.fits = False


def _button(element: dict[str, Any]) -> dict[str, str] | None:
    """The button as Messenger's; None where its action has no counterpart. Of several actions the first that has one counts."""
    title = _text(element, "title")
    if not title:
        return None
    for action in _actions(element):
        kind = action.get("type")
        if kind == "publishText" and _text(action, "text"):
            return {"type": "postback", "title": _cut(title), "payload": text_payload(_text(action, "text"))}
        uri = _text(action, "uri")
        if kind == "link" and uri.startswith("tel:"):
            return {"type": "phone_number", "title": _cut(title), "payload": uri.removeprefix("tel:")}
        if kind == "link" and _is_web(uri):
            return {"type": "web_url", "url": uri, "title": _cut(title)}
        if kind == "navigate" and (link := _navigation(action)):
            return {"type": "web_url", "url": link, "title": _cut(title)}
    return None


def _quick_replies(block: dict[str, Any]) -> tuple[list[dict[str, str]], list[str]]:
    """Native quick replies, and lines for those that have no native form or exceed the 13 that Messenger takes."""
    chips: list[dict[str, str]] = []
    lines: list[str] = []
    replies = block.get("replies")
    for reply in replies if isinstance(replies, list) else ():
        button = _button(reply) if isinstance(reply, dict) else None
        if button is not None and button["type"] == "postback" and len(chips) < MAX_QUICK_REPLIES:
            chips.append({"content_type": "text", "title": button["title"], "payload": button["payload"]})
        else:
            lines.extend(_lines(reply, _Counter(len(chips)), 0))
    return chips, lines


def text_payload(words: str) -> str:
    """What is put behind a button that publishes ``words``; Messenger takes 1000 characters."""
    return (TEXT_PAYLOAD + words.encode("utf-8", "replace").decode())[:MAX_PAYLOAD]


class _Counter:
    """Numbers the choices of one text."""

    def __init__(self, value: int = 0) -> None:
        self.value = value

    def next(self) -> int:
        self.value += 1
        return self.value


def _lines(element: Any, counter: _Counter, depth: int) -> Iterator[str]:
    """Everything readable in ``element`` as lines: texts, numbered choices, ``label: link``. Unknown elements give their words."""
    if not isinstance(element, dict) or depth > _MAX_DEPTH:
        return
    kind = element.get("type")
    label = " - ".join(words for key in ("title", "subtitle", "text", "caption", "key") if (words := _text(element, key)))
    links = [link for action in _actions(element) if (link := _text(action, "uri") or _navigation(action))]
    if kind == "map":
        links.append(_navigation(element))
    elif kind == "linkPreview" or (kind == "image" and not _is_picture(element)):
        links.append(_text(element, "url"))
    if any(links):
        yield ": ".join(part for part in (label, " ".join(link for link in links if link)) if part)
    elif kind == "button" and label:
        yield f"{counter.next()}. {label}"
    elif _text(element, "value"):
        yield f"{label}: {_text(element, 'value')}"
    elif label:
        yield label
    for child in _elements(element):
        yield from _lines(child, counter, depth + 1)


def _pictures(element: Any, depth: int) -> Iterator[Message]:
    """The pictures of a structure that goes out as text; they come before it."""
    if not isinstance(element, dict) or depth > _MAX_DEPTH:
        return
    if _is_picture(element):
        yield attachment("image", _text(element, "url"))
    for child in _elements(element):
        yield from _pictures(child, depth + 1)


def _is_picture(element: dict[str, Any]) -> bool:
    """Whether it is a picture that Meta would fetch."""
    return element.get("type") == "image" and _text(element, "url").startswith("https://")


def _elements(element: dict[str, Any]) -> list[Any]:
    found = element.get("elements")
    return found if isinstance(found, list) else []


def _actions(element: dict[str, Any]) -> list[dict[str, Any]]:
    click = element.get("click")
    actions = click.get("actions") if isinstance(click, dict) else None
    return [action for action in actions if isinstance(action, dict)] if isinstance(actions, list) else []


def _navigation(action: dict[str, Any]) -> str:
    latitude, longitude = action.get("la"), action.get("lo")
    if isinstance(latitude, int | float) and isinstance(longitude, int | float):
        return maps_link(latitude, longitude)
    return ""


def _choice(title: Any) -> dict[str, Any]:
    return {"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": title}]}}


def _text(element: dict[str, Any], key: str) -> str:
    value = element.get(key)
    return value.strip() if isinstance(value, str) else ""


def _cut(title: str) -> str:
    """``title`` in the 20 characters that Messenger shows."""
    return title if len(title) <= MAX_BUTTON_TITLE else title[: MAX_BUTTON_TITLE - 1].rstrip() + "…"


def _is_web(uri: str) -> bool:
    try:
        return urlsplit(uri).scheme in ("http", "https")
    except ValueError:
        return False
