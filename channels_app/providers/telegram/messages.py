"""One message of ours as the Bot API wants it: a text, a picture with a caption, or a place, each with buttons below it.

Source: https://core.telegram.org/bots/api#sendmessage, #sendphoto, #sendvenue, #inlinekeyboardmarkup (checked 2026-11).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import urlsplit

from connector_platform.core.events import Location
from connector_platform.core.rich import Button, ButtonKind
from connector_platform.core.text import split_text, utf16_units

MAX_TEXT = 4096
MAX_CAPTION = 1024
# Not in the documentation; known from use.
MAX_BUTTONS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """``text`` is the caption where ``photo`` (an address) is set, and empty where ``place`` is. One button a row, so that labels are not cut."""

    text: str = ""
    photo: str = ""
    place: Location | None = None
    buttons: tuple[Button, ...] = ()

    @property
    def method(self) -> str:
        if self.place is not None:
            return "sendVenue" if self.place.title or self.place.address else "sendLocation"
        return "sendPhoto" if self.photo else "sendMessage"

    @property
    def purpose(self) -> str:
        return "send_location" if self.place is not None else "send_photo" if self.photo else "send_text"

    def fields(self) -> dict[str, Any]:
        """The call's own fields. No ``parse_mode``: an agent's stars and brackets are to arrive as they are."""
        markup = {"reply_markup": {"inline_keyboard": [[_button(button)] for button in self.buttons]}} if self.buttons else {}
        return {**self._content(), **markup}

    def _content(self) -> dict[str, Any]:
        if self.place is not None:
            return _place(self.place)
        if self.photo:
            return {"photo": self.photo, **({"caption": self.text} if self.text else {})}
        return {"text": self.text}


def compose(text: str, *, photo: str = "", buttons: tuple[Button, ...] = ()) -> list[Message]:
    """``text`` as a caption where there is a picture and it fits, else in messages of 4096 UTF-16 units; ``buttons`` under the last.

    Nothing for a blank text without a picture: buttons need something to stand on.
    """
    text = text if text.strip() else ""
    if photo and utf16_units(text) <= MAX_CAPTION:
        return [Message(photo=photo, text=text.strip(), buttons=buttons)]
    found = [Message(photo=photo)] if photo else []
    found += [Message(text=piece) for piece in split_text(text, MAX_TEXT, measure=utf16_units)]
    return [*found[:-1], replace(found[-1], buttons=buttons)] if found else []


def is_public(url: str) -> bool:
    """Whether Telegram takes ``url`` for a button, and could fetch a file from it: one bad address makes the whole message fail."""
    try:
        parts = urlsplit(url)
        host = parts.hostname or ""
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and "." in host.strip(".") and url.isprintable() and " " not in url


def _place(place: Location) -> dict[str, Any]:
    """Telegram wants a name and an address of a venue, or neither."""
    point = {"latitude": place.latitude, "longitude": place.longitude}
    if not place.title and not place.address:
        return point
    return {**point, "title": place.title or place.address, "address": place.address or f"{place.latitude}, {place.longitude}"}


def _button(button: Button) -> dict[str, str]:
    return {"text": button.title, "url" if button.kind is ButtonKind.LINK else "callback_data": button.value}
