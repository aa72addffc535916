"""The smallest steps of a plan: a line, a picture, a button, a number; each with the loss that it brings."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import replace
from urllib.parse import urlsplit

from connector_platform.core.rich.choices import Choice, ChoiceKind
from connector_platform.core.rich.losses import Loss, LossKind
from connector_platform.core.rich.parts import (
    Abilities,
    Button,
    ButtonKind,
    FilePart,
    ImagePart,
    LinkPart,
    LocationPart,
    Part,
    TextPart,
    maps_link,
)
from connector_platform.core.rich.presses import Act, Picture, Place, Press, Reference, Words
from connector_platform.core.text import split_text

ELLIPSIS = "…"
# Joiners, variation selectors, skin tones, combining marks: they belong to the character before them.
_EXTENDING = ("Mn", "Me", "Cf", "Sk")


class Emitter:
    """Collects parts, losses and choices. Lines of text wait until something else is emitted, so that neighbours share a message."""

    def __init__(self, able: Abilities, payload_for: Callable[[Choice], str]) -> None:
        self.able = able
        self.parts: list[Part] = []
        self.losses: list[Loss] = []
        self.shown: list[Choice] = []
        self._payload_for = payload_for
        self._lines: list[str] = []
        self._held: list[Picture | Place | Reference | str] = []
        self._answers = 0

    def note(self, path: str, kind: LossKind, reason: str, before: str = "", after: str = "", /) -> None:
        self.losses.append(Loss(path=path, kind=kind, reason=reason, before=before, after=after))

    # Text

    @property
    def has_lines(self) -> bool:
        return bool(self._lines)

    def line(self, text: str) -> None:
        if text.strip():
            self._lines.append(text)

    def lines(self, texts: Iterable[str]) -> None:
        for text in texts:
            self.line(text)

    def take_pieces(self) -> list[str]:
        """The lines that wait, in messages of the channel's length; they wait no longer."""
        text, self._lines = "\n".join(self._lines), []
        if not text or self.able.max_text is None:
            return [text] if text else []
        return [piece for piece in split_text(text, self.able.max_text, measure=self.able.measure) if piece.strip()]

    def flush(self) -> None:
        self.parts.extend(TextPart(text=piece) for piece in self.take_pieces())

    def emit(self, part: Part) -> None:
        self.flush()
        self.parts.append(part)

    def hold(self, what: Picture | Place | Reference | str) -> None:
        """Keeps it until the card that is being made has been emitted."""
        self._held.append(what)

    def emit_held(self) -> None:
        held, self._held = self._held, []
        for what in held:
            if isinstance(what, str):
                self.line(what)
            else:
                self.show(what)

    def prompt(self, limit: int | None) -> str:
        """The operator's line above choices, as far as it fits."""
        return self.able.choice_prompt if limit is None else self._short(self.able.choice_prompt, limit)

    def fits(self, text: str, limit: int) -> bool:
        return self.able.measure(text) <= limit

    # Pictures, places, addresses

    def is_picture(self, url: str) -> bool:
        """Whether the channel would fetch it."""
        return _scheme(url) in self.able.image_schemes

    def picture(self, picture: Picture, *, is_captioned: bool = True) -> None:
        """The picture as one, or as a file."""
        caption = picture.caption if is_captioned and self.fits(picture.caption, self.able.max_image_caption) else ""
        if self.is_picture(picture.url):
            self.emit(ImagePart(url=picture.url, caption=caption, alt=picture.label))
        else:
            self.note(picture.path, LossKind.REDUCED, "the picture goes out as a file", picture.url, picture.url)
            self.emit(FilePart(url=picture.url, caption=caption))

    def picture_line(self, picture: Picture) -> None:
        """What is to be written about a picture: its caption where it stands elsewhere, its address where it is not shown."""
        if self.is_picture(picture.url) or self.able.image_files:
            if picture.caption and not self.fits(picture.caption, self.able.max_image_caption):
                self.note(picture.path, LossKind.MOVED, "picture and caption do not share a message", picture.caption)
                self.line(picture.caption)
        else:
            line = _labelled(picture.label, picture.url)
            self.note(picture.path, LossKind.REDUCED, "the picture is shown as its address", picture.url, line)
            self.line(line)

    def show(self, atom: Words | Picture | Place | Reference) -> None:
        if isinstance(atom, Words):
            self.line(atom.text)
        elif isinstance(atom, Picture):
            if self.is_picture(atom.url) or self.able.image_files:
                self.picture(atom)
            self.picture_line(atom)
        elif isinstance(atom, Place):
            if self.able.locations:
                self.emit(LocationPart(latitude=atom.latitude, longitude=atom.longitude, title=atom.label))
                return
            line = _labelled(atom.label, maps_link(atom.latitude, atom.longitude))
            self.note(atom.path, LossKind.REDUCED, "the place is shown as a link to a map", f"{atom.latitude},{atom.longitude}", line)
            self.line(line)
        elif self.able.link_previews:
            self.emit(LinkPart(url=atom.url, title=atom.label))
        else:
            line = _labelled(atom.label, atom.url)
            self.note(atom.path, LossKind.REDUCED, "the preview is shown as a link", atom.url, line)
            self.line(line)

    # Choices

    def answer_of(self, press: Press) -> Act | None:
        return next((act for act in press.acts if act.is_answer), None)

    def native_act(self, press: Press) -> Act | None:
        """What a button of the channel would do for it: the answer, for an address can be written beside it; else the first address."""
        if (answer := self.answer_of(press)) is not None:
            return answer
        for act in press.acts:
            if act.kind is ChoiceKind.CALL and self.able.call_buttons and act.value:
                return act
            if act.kind in (ChoiceKind.LINK, ChoiceKind.NAVIGATE) and self.able.link_buttons and _scheme(act.value) in ("http", "https"):
                return act
        return None

    def natives(self, presses: tuple[Press, ...]) -> list[Press]:
        """Those that can be buttons of one card: all that have a form here; where links stand alone, the answers, else the first link."""
        found = [press for press in presses if self.native_act(press) is not None]
        if not self.able.lone_links:
            return found
        return [press for press in found if self.answer_of(press) is not None] or found[:1]

    def buttons(self, presses: tuple[Press, ...], most: int) -> tuple[Button, ...]:
        """Native buttons: what is a button first, then taps as far as there is room. What is left is held as lines."""
        natives = self.natives(presses)
        own = [press for press in natives if not press.is_tap]
        taps = [press for press in natives if press.is_tap][: max(0, most - len(own))]
        made = []
        for press in sorted(presses, key=lambda press: press.is_tap):
            if any(press is chosen for chosen in (*own, *taps)):
                made.append(self._button(press, self.able.max_button_title))
            else:
                for line in self.press_lines(press, is_held=True):
                    self.hold(line)
        return tuple(made)

    def quick_reply(self, press: Press) -> Button:
        return self._button(press, self.able.max_quick_reply_title, self.answer_of(press))

    def _button(self, press: Press, most: int, act: Act | None = None) -> Button:
        act = act or self.native_act(press)
        assert act is not None
        title = self._short(press.title, most)
        if title != press.title:
            self.note(press.path, LossKind.SHORTENED, f"titles are cut after {most} here", press.title, title)
        if press.subtitle:
            self.note(press.path, LossKind.DROPPED, "a button has no second line here", press.subtitle)
        for other in press.acts:
            if other is not act:
                self._link_line(press, other, "a button does one thing here; this stands after it", is_held=True)
        choice = self._choice(press, act, is_numbered=False)
        if act.kind is ChoiceKind.CALL:
            return Button(kind=ButtonKind.CALL, title=title, value=act.value)
        if not act.is_answer:
            return Button(kind=ButtonKind.LINK, title=title, value=act.value)
        payload = whole = self._payload_for(choice)
        if self.able.max_payload is not None and not self.fits(whole, self.able.max_payload):
            payload = self._prefix(whole, self.able.max_payload)
            self.note(act.path, LossKind.SHORTENED, "what the button says is too long to be kept behind it", whole, payload)
        self.shown[-1] = replace(choice, payload=payload)
        return Button(kind=ButtonKind.REPLY, title=title, value=payload)

    def press_lines(self, press: Press, *, is_held: bool = False) -> list[str]:
        """The numbered lines of ``press``. Its addresses are written (or held) at once."""
        label = " - ".join(part for part in (press.title, press.subtitle) if part)
        lines = []
        for act in press.acts:
            if act.is_answer:
                choice = self._choice(press, act, is_numbered=True)
                number = str(choice.number)
                line = label if label == number else f"{number}{self.able.number_suffix}{label}"
                self.note(press.path, LossKind.REDUCED, "a numbered line instead of a button", press.title, line)
                lines.append(line)
            else:
                self._link_line(press, act, "a line instead of a button", is_held=is_held)
        return lines

    def _link_line(self, press: Press, act: Act, reason: str, *, is_held: bool) -> None:
        label = " - ".join(part for part in (press.title, press.subtitle) if part and part != act.value)
        line = _labelled(label, act.value)
        self._choice(press, act, is_numbered=False)
        self.note(act.path, LossKind.REDUCED, reason, act.value, line)
        if is_held:
            self.hold(line)
        else:
            self.line(line)

    def _choice(self, press: Press, act: Act, *, is_numbered: bool) -> Choice:
        if act.is_answer:
            self._answers += 1
        choice = Choice(
            number=self._answers if act.is_answer else 0,
            title=press.title,
            kind=act.kind,
            publish_text=act.value if act.is_answer else "",
            metadata=press.metadata,
            is_numbered=is_numbered,
            path=press.path,
        )
        self.shown.append(choice)
        return choice

    # Cutting

    def _short(self, text: str, limit: int) -> str:
        """``text`` within ``limit``, with an ellipsis where it was cut."""
        if self.fits(text, limit):
            return text
        return self._prefix(text, limit - self.able.measure(ELLIPSIS)).rstrip() + ELLIPSIS

    def _prefix(self, text: str, limit: int) -> str:
        """The longest beginning of ``text`` within ``limit`` that breaks no character in two."""
        cut = max(0, min(limit, len(text)))
        while cut and not self.fits(text[:cut], limit):
            cut -= 1
        whole = cut
        while 0 < cut < len(text) and (unicodedata.category(text[cut]) in _EXTENDING or text[cut - 1] == "\u200d"):
            cut -= 1
        return text[: cut or whole]


def _labelled(label: str, address: str) -> str:
    return f"{label}: {address}" if label and label != address else address


def _scheme(url: str) -> str:
    try:
        parts = urlsplit(url)
        return parts.scheme if parts.netloc else ""
    except ValueError:
        return ""
