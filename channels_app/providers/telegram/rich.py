"""LivePerson's structured content as Telegram messages: pictures with captions, inline keyboards, readable text for the rest.

Source: https://core.telegram.org/bots/api#sendmessage, #sendphoto, #inlinekeyboardmarkup (checked 2026-11).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from channels_app.providers.telegram import choices
from connector_platform.core.errors import UnsupportedContent
from connector_platform.core.events import RichContent
from connector_platform.core.text import split_text, utf16_units

MAX_TEXT = 4096
MAX_CAPTION = 1024
# Not in the documentation; known from use.
MAX_BUTTONS = 100

# LivePerson's own content is a few levels deep; anything beyond is a mistake that must not exhaust the stack.
_MAX_DEPTH = 40

Button = dict[str, str]


@dataclass(slots=True)
class Message:
    """One message: a picture with a caption where ``photo`` is set, else a text. One button a row, so that labels are not cut."""

    text: str = ""
    photo: str = ""
    buttons: list[Button] = field(default_factory=list)

    @property
    def method(self) -> str:
        return "sendPhoto" if self.photo else "sendMessage"

    def fields(self) -> dict[str, Any]:
        """The call's own fields. No ``parse_mode``: an agent's stars and brackets are to arrive as they are."""
        shown = {"photo": self.photo, **({"caption": self.text} if self.text else {})} if self.photo else {"text": self.text}
        markup = {"reply_markup": {"inline_keyboard": [[button] for button in self.buttons]}} if self.buttons else {}
        return {**shown, **markup}


@dataclass(slots=True)
class _Card:
    """A structure taken apart."""

    lines: list[str] = field(default_factory=list)
    photos: list[str] = field(default_factory=list)
    buttons: list[Button] = field(default_factory=list)
    choices: int = 0  # the choices that are spelled out, numbered


def text_messages(text: str) -> list[Message]:
    """``text`` cut to Telegram's 4096 UTF-16 units; nothing for blank text."""
    return [Message(text=piece) for piece in split_text(text, MAX_TEXT, measure=utf16_units)] if text.strip() else []


def photo_messages(url: str, caption: str) -> list[Message]:
    """A picture that Telegram fetches from ``url``; a caption that is too long for one follows as text."""
    if utf16_units(caption) <= MAX_CAPTION:
        return [Message(photo=url, text=caption.strip())]
    return [Message(photo=url), *text_messages(caption)]


def maps_link(latitude: float, longitude: float) -> str:
    """A page with a map of the place, for any browser."""
    return f"https://www.google.com/maps/search/?api=1&query={latitude},{longitude}"


def is_web(url: str) -> bool:
    """Whether Telegram takes ``url`` for a button or a picture: one bad address makes the whole message fail."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in host.strip(".") and url.isprintable() and " " not in url


def messages(content: RichContent, *, prompt: str) -> list[Message]:
    """The messages that ``content`` becomes: its text, its structure card by card, its quick replies on the last of them.

    ``prompt`` is the text above buttons that come alone.

    Raises:
        UnsupportedContent: nested too deeply to be read.
    """
    found = text_messages(content.text)
    structure = content.content
    try:
        for element in _elements(structure) if structure.get("type") == "carousel" else [structure]:
            found += _card_messages(_card([element]), prompt)
        replies = _card(_replies(content))
    except RecursionError as error:
        raise UnsupportedContent("the structured content is nested too deeply") from error
    found += text_messages("\n".join(replies.lines))
    return _with_buttons(found, replies.buttons, prompt)


def _card_messages(card: _Card, prompt: str) -> list[Message]:
    text = "\n".join(card.lines)
    *before, last = card.photos or [""]
    found = [*(Message(photo=url) for url in before), *(photo_messages(last, text) if last else text_messages(text))]
    return _with_buttons(found, card.buttons, prompt)


def _with_buttons(found: list[Message], buttons: list[Button], prompt: str) -> list[Message]:
    """``found`` with ``buttons`` under its last message."""
    if buttons:
        found = found or text_messages(prompt)
        room = max(0, MAX_BUTTONS - len(found[-1].buttons))
        found[-1].buttons += buttons[:room]
        if buttons[room:]:
            found += _with_buttons(text_messages(prompt), buttons[room:], prompt)
    return found


def _replies(content: RichContent) -> list[Any]:
    block = content.quick_replies or {}
    replies = block.get("replies")
    found = list(replies) if isinstance(replies, list) else []
    if content.content.get("templateType") == "quickReply":  # the older form: titles only
        titles = content.content.get("resp")
        found += [_choice(title) for title in titles] if isinstance(titles, list) else []
    return found


def _card(elements: list[Any]) -> _Card:
    card = _Card()
    for element in elements:
        _fill(card, element, 0)
    return card


def _fill(card: _Card, element: Any, depth: int) -> None:
    if not isinstance(element, dict) or depth > _MAX_DEPTH:
        return
    button = _button(element) if element.get("type") == "button" else None
    if button is not None:
        card.buttons.append(button)
        return
    if is_picture(element):
        card.photos.append(_text(element, "url"))
    card.lines.extend(_lines(card, element))
    for child in _elements(element):
        _fill(card, child, depth + 1)


def _button(element: dict[str, Any]) -> Button | None:
    """The button as Telegram's; None where its action has no counterpart. Of several actions the first that has one counts."""
    title = _text(element, "title")
    for action in _actions(element) if title else ():
        kind, words, uri = action.get("type"), _text(action, "text"), _text(action, "uri")
        if kind == "publishText" and words:
            return {"text": title, "callback_data": choices.callback_data(words)}
        if kind == "link" and is_web(uri):
            return {"text": title, "url": uri}
        if kind == "navigate" and (link := _navigation(action)):
            return {"text": title, "url": link}
    return None


def _lines(card: _Card, element: dict[str, Any]) -> Iterator[str]:
    """What is readable in ``element`` itself: its words, ``label: link``, a numbered choice. Unknown elements give their words."""
    kind = element.get("type")
    label = " - ".join(words for key in ("title", "subtitle", "text", "caption", "key") if (words := _text(element, key)))
    links = [link for action in _actions(element) if (link := _text(action, "uri") or _navigation(action))]
    if kind == "map":
        links.append(_navigation(element))
    elif kind == "linkPreview" or (kind == "image" and not is_picture(element)):
        links.append(_text(element, "url"))
    if any(links):
        yield ": ".join(part for part in (label, " ".join(link for link in links if link)) if part)
    elif kind == "button" and label:
        card.choices += 1
        yield f"{card.choices}. {label}"
    elif _text(element, "value"):
        yield f"{label}: {_text(element, 'value')}"
    elif label:
        yield label


def is_picture(element: dict[str, Any]) -> bool:
    """Whether it is a picture that Telegram would fetch."""
    return element.get("type") == "image" and is_web(_text(element, "url"))


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
