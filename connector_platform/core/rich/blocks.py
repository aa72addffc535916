"""The model taken apart into what channels are made of: words, pictures, places, links and things to press, in blocks.

A block is what could become one card. Nothing here depends on a channel; what no channel of ours has a form for is reported here.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from connector_platform.core.rich import model
from connector_platform.core.rich.choices import ChoiceKind
from connector_platform.core.rich.losses import LossKind
from connector_platform.core.rich.presses import Act, Note, Picture, Place, Press, Reference, Words, presses

Atom = Words | Picture | Place | Reference | Press

_STAGES = (model.Carousel, model.CarouselSelect, model.AccordionSelect, model.Tabs)
_TITLE_TAGS = ("title", "header")
# These make a native message on one channel only; our parts have no place for them.
_CHANNEL_METADATA = (
    *("BusinessChatMessage", "BusinessFormEvent", "ConnectorPaymentRequest", "ConnectorAuthenticationRequest"),
    *("WhatsAppSingleProduct", "WhatsAppMultipleProduct"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """``atoms`` in reading order. ``cards``: the block is a carousel of these, and has no atoms of its own."""

    path: str
    atoms: tuple[Atom, ...] = ()
    cards: tuple[Block, ...] = ()
    alt: str = ""

    @property
    def presses(self) -> tuple[Press, ...]:
        return tuple(atom for atom in self.atoms if isinstance(atom, Press))


def blocks(element: model.Element, note: Note) -> list[Block]:
    """The blocks of ``element`` from top to bottom."""
    return _Walker(note).blocks(element)


def quick_replies(message: model.Message, note: Note) -> list[Atom]:
    """Everything of ``message`` that is offered as a quick reply: inside the content first, then beside it."""
    walker = _Walker(note)
    found: list[Atom] = []
    for element in (message.content, message.quick_replies):
        for offered in _offers(element) if element is not None else ():
            if isinstance(offered, model.QuickReplyTemplate):
                for index, title in enumerate(offered.responses):
                    if title.strip():
                        act = Act(kind=ChoiceKind.PUBLISH_TEXT, value=title, path=f"{offered.path}/resp/{index}")
                        found.append(Press(path=act.path, title=title.strip(), acts=(act,), metadata=offered.click.metadata))
            else:
                found.extend(walker.strays(offered))
                for reply in offered.elements:
                    found.extend(walker.atoms(reply))
    return found


def _offers(element: model.Element) -> Iterator[model.QuickReplies | model.QuickReplyTemplate]:
    if isinstance(element, model.QuickReplies | model.QuickReplyTemplate):
        yield element
    if isinstance(element, model.Container):
        for child in element.elements:
            yield from _offers(child)
    if element.quick_replies is not None:
        yield from _offers(element.quick_replies)


class _Walker:
    def __init__(self, note: Note) -> None:
        self._note = note

    def blocks(self, element: model.Element) -> list[Block]:
        match element:
            case model.Carousel() | model.CarouselSelect():
                return self._stage(element)
            case model.AccordionSelect() | model.Tabs():
                self._note(element.path, LossKind.REDUCED, "cards to fold or to switch between are shown one after another")
                return [*self._own(element), *self._folded(element)]
            case model.Horizontal(elements=cards) if len(cards) > 1 and all(type(card) is model.Vertical for card in cards):
                return self._stage(element)
            case model.Vertical() | model.Horizontal() if (inner := _only_child(element)) is not None:
                return [replace(block, alt=element.alt or block.alt) for block in self.blocks(inner)]
            case model.Container() if apart := _apart(element):
                return self._around(element, apart)
            case _:
                return self._card(element)

    def _stage(self, element: model.Container) -> list[Block]:
        if isinstance(element, model.CarouselSelect):
            self._note(element.path, LossKind.REDUCED, "cards to select are shown as cards to leaf through")
        own = self._own(element)
        if any(_has_stage(card) for card in element.elements):
            self._note(element.path, LossKind.REDUCED, "a carousel of carousels is shown one after another")
            return [*own, *(block for card in element.elements for block in self.blocks(card))]
        cards = tuple(block for card in element.elements for block in self._card(card))
        return [*own, Block(path=element.path, cards=cards, alt=element.alt)] if cards else own

    def _own(self, element: model.Container) -> list[Block]:
        """What stands on the container itself."""
        atoms = (*self.strays(element), *presses(element, "", self._note, is_tap=True))
        return [Block(path=element.path, atoms=atoms)] if atoms else []

    def _folded(self, element: model.Container) -> Iterator[Block]:
        titles = element.titles if isinstance(element, model.AccordionSelect) else ()
        for index, card in enumerate(element.elements):
            found = self.blocks(card)
            for title in titles[index : index + 1]:
                words = [Words(path=title.path, text=text) for text in (title.name.strip(), title.additional.strip()) if text]
                if found and not found[0].cards:
                    found[0] = replace(found[0], atoms=(*words, *found[0].atoms))
                else:
                    found.insert(0, Block(path=title.path, atoms=tuple(words)))
            yield from found
        for title in titles[len(element.elements) :]:
            words = [Words(path=title.path, text=text) for text in (title.name.strip(), title.additional.strip()) if text]
            yield Block(path=title.path, atoms=tuple(words))

    def _around(self, element: model.Container, apart: list[model.Element]) -> list[Block]:
        """``apart`` in blocks of their own, and what stands between them in one block each."""
        found = self._own(element)
        run: list[Atom] = []
        for child in element.elements:
            if any(child is other for other in apart):
                found.extend(self._run(element, run))
                run = []
                found.extend(self.blocks(child))
            else:
                run.extend(self.atoms(child))
        return [*found, *self._run(element, run)]

    def _run(self, element: model.Element, atoms: list[Atom]) -> list[Block]:
        return [Block(path=element.path, atoms=_without_repeats(atoms, self._note), alt=element.alt)] if atoms else []

    def _card(self, element: model.Element) -> list[Block]:
        return self._run(element, self.atoms(element, is_root=True))

    def atoms(self, element: model.Element, *, is_root: bool = False) -> list[Atom]:
        note = self._note
        strays = self.strays(element)
        for entry in element.metadata:
            if entry.get("type") in _CHANNEL_METADATA:
                note(element.path, LossKind.DROPPED, "metadata that makes a native message on one channel only", str(entry["type"]))
        match element:
            case model.TextElement():
                words = _words(element.text, element.path, element.tag)
                return [*words, *strays, *presses(element, element.text, note, is_tap=True)]
            case model.ImageElement():
                picture = Picture(
                    path=element.path, url=element.url.strip(), caption=element.caption.strip(), label=_label(element, element.caption)
                )
                return [
                    *([picture] if picture.url else _words(element.caption, element.path)),
                    *strays,
                    *self._tap(element, element.caption),
                ]
            case model.ButtonElement():
                return [*strays, *presses(element, element.title, note, subtitle=element.subtitle)]
            case model.MapElement():
                if element.was_swapped:
                    note(element.path, LossKind.REDUCED, "latitude and longitude stood in each other's place and were put right")
                place = Place(path=element.path, latitude=element.latitude, longitude=element.longitude, label=_label(element))
                return [place, *strays, *self._tap(element)]
            case model.LinkPreviewElement():
                link = Reference(path=element.path, url=element.url.strip(), label=element.title.strip())
                return [*([link] if link.url else _words(element.title, element.path)), *strays, *self._tap(element, element.title)]
            case model.QuickReplyTemplate():
                return [*_words(element.title, element.path, "title"), *strays, *self._tap(element)]
            case model.KeyValueList():
                texts = [(": ".join(part for part in (pair.key.strip(), pair.value.strip()) if part), pair.path) for pair in element.pairs]
                return [*(words for text, path in texts for words in _words(text, path)), *strays, *self._tap(element)]
            case model.Checkbox():
                return [*strays, *presses(element, element.text, note)]
            case model.SubmitButton() if any(not isinstance(action, model.SubmitAsText) for action in element.click.actions):
                return [*strays, *presses(element, element.title, note)]
            case model.SubmitButton():
                note(element.path, LossKind.DROPPED, "an answer is sent at once; there is nothing to submit", element.title)
                return strays
            case model.QuickReplies():
                return []
            case model.Container():
                return self._inside(element, strays, is_root=is_root)
            case _:
                return strays

    def _inside(self, element: model.Container, strays: list[Atom], *, is_root: bool) -> list[Atom]:
        if isinstance(element, model.UnknownElement):
            reason = "an element of a type that we do not know is shown as its words"
            self._note(element.path, LossKind.REDUCED if strays or element.elements else LossKind.DROPPED, reason, element.kind)
        elif isinstance(element, model.SelectList):
            self._note(element.path, LossKind.REDUCED, "several things to tick are shown as choices of which one is taken at a time")
        found = list(strays)
        for child in element.elements:
            found.extend(self.atoms(child))
        found.extend(self._tap(element, strays[0].text if strays and isinstance(strays[0], Words) else ""))
        has_both = any(isinstance(atom, Words) for atom in found) and any(isinstance(atom, Press) for atom in found)
        if is_root or not has_both:
            return found
        return [replace(atom, section=element.path) if isinstance(atom, Words) and not atom.section else atom for atom in found]

    def _tap(self, element: model.Element, words: str = "") -> list[Atom]:
        return presses(element, _label(element, words), self._note, is_tap=True)

    def strays(self, element: model.Element) -> list[Atom]:
        if not isinstance(element, model.UnknownElement):
            for stray in element.strays:
                self._note(stray.path, LossKind.MOVED, "elements of this type have no such field; it is shown as text", stray.value)
        return [words for stray in element.strays for words in _words(stray.value, stray.path, stray.name)]


def _words(text: str, path: str, tag: str = "") -> list[Atom]:
    return [Words(path=path, text=text.strip(), is_title=tag in _TITLE_TAGS)] if text.strip() else []


def _label(element: model.Element, words: str = "") -> str:
    return words.strip() or element.tooltip.strip() or element.alt.strip()


def _has_stage(element: model.Element) -> bool:
    return _has(element, _STAGES)


def _has(element: model.Element, kinds: tuple[type[model.Element], ...]) -> bool:
    if isinstance(element, kinds):
        return True
    return isinstance(element, model.Container) and any(_has(child, kinds) for child in element.elements)


def _only_child(element: model.Container) -> model.Container | None:
    """The container that is all that ``element`` holds: Facebook's, LINE's, RCS's and Viber's cards are nested twice."""
    if len(element.elements) != 1 or element.strays or element.metadata or element.click.actions:
        return None
    (child,) = element.elements
    return child if isinstance(child, model.Container) and not isinstance(child, model.QuickReplies) else None


def _apart(element: model.Container) -> list[model.Element]:
    """The children that are blocks of their own: carousels and the like, and cards where several stand below one another."""
    cards = [
        child
        for child in element.elements
        if type(element) is model.Vertical
        and type(child) is model.Vertical
        and _has(child, (model.TextElement,))
        and _has(child, (model.ButtonElement,))
    ]
    stages = [child for child in element.elements if _has_stage(child)]
    return [*stages, *(cards if len(cards) > 1 else ())]


def _without_repeats(atoms: list[Atom], note: Note) -> tuple[Atom, ...]:
    """``atoms`` without the taps on words and pictures that do what a button of the same block does."""
    done = [[(act.kind, act.value) for act in atom.acts] for atom in atoms if isinstance(atom, Press) and not atom.is_tap]
    kept: list[Atom] = []
    for atom in atoms:
        if isinstance(atom, Press) and atom.is_tap:
            does = [(act.kind, act.value) for act in atom.acts]
            if does in done:
                note(atom.path, LossKind.MOVED, "a tap on it does what one of the buttons does")
                continue
            done.append(does)
        kept.append(atom)
    return tuple(kept)
