"""From a message and what a channel can show to what leaves: reduced step by step where it must be, and never without a word about it.

A carousel that does not fit becomes several, or single cards; a card that does not fit becomes its picture and its words, with numbered
choices and ``label: address`` lines; pictures become files or addresses, places become links to a map. Each such step is a ``Loss``.
What only concerns looks (style, borders, tooltips and alternative texts of what is shown, names of links) is not reported.
"""

from __future__ import annotations

from collections.abc import Callable

from connector_platform.core.rich.blocks import Block, blocks, quick_replies
from connector_platform.core.rich.choices import Choice, text_payload
from connector_platform.core.rich.emitter import Emitter
from connector_platform.core.rich.losses import LossKind
from connector_platform.core.rich.model import Message
from connector_platform.core.rich.parts import Abilities, CardPart, CarouselPart, ChoicesPart, Plan, TextPart
from connector_platform.core.rich.presses import Picture, Place, Press, Reference, Words


def plan(message: Message, abilities: Abilities, *, payload_for: Callable[[Choice], str] = text_payload) -> Plan:
    """What ``message`` becomes on a channel with ``abilities``. Equal input gives equal output.

    ``payload_for`` gives what is put behind a button or quick reply; it sees the choice before its own ``payload`` is set.
    """
    planner = _Planner(abilities, payload_for)
    if message.text.strip():
        planner.line(message.text.strip())
    for block in blocks(message.content, planner.note) if message.content is not None else ():
        planner.block(block)
    offered = quick_replies(message, planner.note)
    planner.finish(
        tuple(atom for atom in offered if isinstance(atom, Press)), tuple(atom for atom in offered if not isinstance(atom, Press))
    )
    return Plan(parts=tuple(planner.parts), losses=tuple(planner.losses), shown=tuple(planner.shown))


class _Planner(Emitter):
    """Plans one message, top to bottom."""

    def block(self, block: Block) -> None:
        if block.cards:
            self._carousel(block)
        else:
            self._card(block)

    # Cards

    def _carousel(self, block: Block) -> None:
        able = self.able
        if not able.max_carousel_cards:
            why = "the channel has no carousels"
        elif not self._sizes(len(block.cards)):
            why = "so many cards do not make carousels"
        else:
            why = next((why for card in block.cards if (why := self._misfit(card, in_carousel=True))), "") or self._unevenness(block)
        if why:
            self.note(block.path, LossKind.REDUCED, f"shown as single cards: {why}")
            for card in block.cards:
                self._card(card)
            return
        sizes = self._sizes(len(block.cards))
        if len(sizes) > 1:
            self.note(block.path, LossKind.REDUCED, f"shown as {len(sizes)} carousels: {able.max_carousel_cards} cards are the most in one")
        at = 0
        for size in sizes:
            cards = tuple(self._card_part(card, in_carousel=True) for card in block.cards[at : at + size])
            self.emit(CarouselPart(cards=cards, alt=block.alt))
            self.emit_held()
            at += size

    def _sizes(self, cards: int) -> list[int]:
        """How many cards each carousel gets: as few carousels as possible, as even as possible; empty where that does not come out."""
        most = self.able.max_carousel_cards
        count = -(-cards // most)
        sizes = [cards // count + (number < cards % count) for number in range(count)]
        return sizes if min(sizes) >= self.able.min_carousel_cards else []

    def _card(self, block: Block) -> None:
        if not block.presses and not self._is_captioned(block):
            self._as_text(block, "")
        elif block.presses and (why := self._misfit(block, in_carousel=False)):
            self._as_text(block, why)
        else:
            self.emit(self._card_part(block, in_carousel=False))
            self.emit_held()

    def _is_captioned(self, block: Block) -> bool:
        """Whether it is one picture with words that go below it."""
        others = [atom for atom in block.atoms if not isinstance(atom, Words)]
        if not self.able.captioned_cards or len(others) != 1 or len(others) == len(block.atoms):
            return False
        return isinstance(others[0], Picture) and self.is_picture(others[0].url) and self._has_title(block)

    def _misfit(self, block: Block, *, in_carousel: bool) -> str:
        """Why ``block`` cannot be a card; empty where it can."""
        able = self.able
        most = able.max_carousel_buttons if in_carousel else able.max_card_buttons
        natives = self.natives(block.presses)
        own = [press for press in natives if not press.is_tap]
        taps = [press for press in natives if press.is_tap]
        if not able.max_card_buttons:
            return "the channel has no cards"
        if len(own) > most:
            return f"more than {most} buttons"
        if in_carousel:
            return self._misfit_in_carousel(block) or ("" if own or taps or len(_texts(block)) > 1 or _pictures(block) else "a bare title")
        if not own and not taps:
            return "no button of it has a form here"
        if self._is_titled(block):
            return ""
        if not able.max_text_card:
            return "its picture or words do not fit a card"
        text = "\n".join(_texts(block))
        return "" if able.choice_prompt or (text and self.fits(text, able.max_text_card)) else "its words do not fit a card"

    def _misfit_in_carousel(self, block: Block) -> str:
        pictures = _pictures(block)
        if len(pictures) > 1 or any(isinstance(atom, Place | Reference) for atom in block.atoms):
            return "a card holds more than one picture, or a place or a link"
        if any(not self.is_picture(picture.url) for picture in pictures):
            return "the channel does not fetch a picture from such an address"
        if not pictures and self.able.titled_cards_need_picture:
            return "a card has no picture"
        return "" if self._has_title(block) else "the words of a card do not fit"

    def _unevenness(self, block: Block) -> str:
        """Why the cards of ``block``, each of which fits, do not fit together; empty where they do."""
        if not self.able.even_carousels:
            return ""
        if not all(_pictures(card) for card in block.cards):
            return "a card has no picture"
        most = self.able.max_carousel_buttons
        kinds = [[self.answer_of(press) is not None for press in self.natives(card.presses)[:most]] for card in block.cards]
        is_even = len(set(kinds[0])) == 1 and all(kind == kinds[0] for kind in kinds)
        return "" if is_even else "the cards do not have equally many buttons of one kind"

    def _has_title(self, block: Block) -> bool:
        """Whether its words fit a title and a subtitle."""
        able, texts = self.able, _texts(block)
        if not texts or not able.max_card_title:
            return False
        subtitle = "\n".join(texts[1:])
        return (
            self.fits(texts[0], able.max_card_title)
            and (not subtitle or self.fits(subtitle, able.max_card_subtitle))
            and (able.max_card_words is None or self.fits("\n".join(texts), able.max_card_words))
        )

    def _is_titled(self, block: Block) -> bool:
        """Whether a single card of it has a title; a card without a picture has a text instead, where the channel has such cards."""
        if any(self.is_picture(picture.url) for picture in _pictures(block)):
            return self._has_title(block) or (self.able.captioned_cards and not _texts(block))
        return not self.able.max_text_card and not self.able.titled_cards_need_picture and self._has_title(block)

    def _card_part(self, block: Block, *, in_carousel: bool) -> CardPart:
        """The card; pictures and words that it has no place for are emitted before it, the rest is held for after it."""
        texts, alt = _texts(block), block.alt
        is_titled = in_carousel or self._is_titled(block)
        pictures = [picture for picture in _pictures(block) if self.is_picture(picture.url)]
        main = pictures.pop(0) if is_titled and pictures else None
        for picture in pictures:
            self.picture(picture, is_captioned=False)
            self.note(picture.path, LossKind.MOVED, "the card has no place for this picture; it stands before it", picture.url)
        for picture in _pictures(block):
            if picture.caption:
                self.note(picture.path, LossKind.MOVED, "the caption stands with the words of the card", picture.caption)
            if not self.is_picture(picture.url):
                self.hold(picture)
        for atom in block.atoms:
            if isinstance(atom, Place | Reference):
                self.note(atom.path, LossKind.MOVED, "the card has no place for it; it stands after it")
                self.hold(atom)
        text = "" if is_titled else "\n".join(texts)
        if not is_titled and not (text and self.fits(text, self.able.max_text_card)):
            if text:
                self.note(block.path, LossKind.MOVED, "the words do not fit the card; they stand before it", text)
                self.line(text)
            text = self.prompt(self.able.max_text_card)
        buttons = self.buttons(block.presses, self.able.max_carousel_buttons if in_carousel else self.able.max_card_buttons)
        if is_titled:
            return CardPart(
                title=texts[0] if texts else "", subtitle="\n".join(texts[1:]), image_url=main.url if main else "", buttons=buttons, alt=alt
            )
        return CardPart(text=text, buttons=buttons, alt=alt)

    # Words

    def _as_text(self, block: Block, why: str) -> None:
        """The pictures of ``block``, then all its words; its choices are numbered."""
        if why:
            self.note(block.path, LossKind.REDUCED, f"shown as text: {why}")
        has_words = False
        for atom in block.atoms:
            if isinstance(atom, Picture) and (self.is_picture(atom.url) or self.able.image_files):
                self.picture(atom)
                if has_words:
                    self.note(atom.path, LossKind.MOVED, "the picture stands before the words", atom.url)
            has_words = has_words or isinstance(atom, Words)
        repeated = {press.repeats for press in block.presses}
        pending: list[str] = []
        section = ""
        for atom in block.atoms:
            if isinstance(atom, Press):
                answers = self.press_lines(atom)
                if self.able.choices_last:
                    pending.extend(answers)
                else:
                    self.lines(answers)
            elif isinstance(atom, Words):
                if atom.section and atom.section != section:
                    self.lines(pending)
                    pending, section = [], atom.section
                if atom.path not in repeated:
                    self.line(atom.text)
            elif isinstance(atom, Picture):
                self.picture_line(atom)
            else:
                self.show(atom)
        self.lines(pending)

    # The end

    def finish(self, replies: tuple[Press, ...], others: tuple[Words | Picture | Place | Reference, ...]) -> None:
        """The quick replies, as such as far as they go, and everything in messages that are short enough."""
        able = self.able
        for atom in others:
            self.show(atom)
        can_ride = able.quick_replies_on_anything and bool(self.parts)
        native = [press for press in replies if self.answer_of(press) is not None][: able.max_quick_replies]
        if not (self.has_lines or len(replies) > len(native) or can_ride or able.choice_prompt):
            native = []
        chips = []
        for press in replies:
            if any(press is chosen for chosen in native):
                chips.append(self.quick_reply(press))
            else:
                self.lines(self.press_lines(press))
        self.emit_held()
        if not chips:
            self.flush()
            return
        pieces = self.take_pieces() or ([] if can_ride else [self.prompt(able.max_text)])
        self.parts.extend(TextPart(text=piece) for piece in pieces[:-1])
        self.parts.append(ChoicesPart(text=pieces[-1] if pieces else "", choices=tuple(chips)))


def _texts(block: Block) -> list[str]:
    """The words for a card, the title first: what is marked as one, else the first. Captions come last."""
    words = [atom for atom in block.atoms if isinstance(atom, Words)]
    captions = [atom.caption for atom in block.atoms if isinstance(atom, Picture) and atom.caption]
    title = next((word for word in words if word.is_title), None)
    ordered = [title, *(word for word in words if word is not title)] if title else words
    return [*(word.text for word in ordered), *captions]


def _pictures(block: Block) -> list[Picture]:
    return [atom for atom in block.atoms if isinstance(atom, Picture)]
