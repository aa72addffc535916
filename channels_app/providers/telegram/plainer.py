"""What Telegram would not take, or has refused, in a plainer form: a picture as its address, a place as a link to a map, a link written out,
a reply as a numbered line. One bad address makes a whole message fail, and the words are worth more than its looks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from channels_app.providers.telegram import errors
from channels_app.providers.telegram.messages import Message, compose, is_public
from connector_platform.core.errors import ContentRejected
from connector_platform.core.rich import Button, ButtonKind, Loss, LossKind, Shown, by_payload, maps_link

_REFUSED = "Telegram refused it in its better form"


@dataclass(slots=True)
class Draft:
    """``messages`` to be sent, in order; what they lack; what they offer to choose from."""

    messages: list[Message] = field(default_factory=list)
    losses: tuple[Loss, ...] = ()
    shown: Shown = ()

    def write_out_links(self) -> None:
        """Buttons whose address Telegram is known to refuse become lines."""
        messages, self.messages = self.messages, []
        for message in messages:
            reason = "Telegram takes no such address behind a button; it is written out"
            self.messages += self._reduced(message, reason, keeps_link=is_public)

    def make_plainer(self, message: Message, refusal: ContentRejected) -> list[Message]:
        """``message`` without what Telegram refused, or without all that can be refused where it did not say.

        Raises:
            ContentRejected: ``refusal``, where there is nothing plainer.
        """
        code = refusal.provider_code
        has_links = any(button.kind is ButtonKind.LINK for button in message.buttons)
        if has_links and code in errors.LINK_FAULTS:
            return self._reduced(message, _REFUSED, keeps_link=lambda url: False)
        if message.photo and code in errors.PICTURE_FAULTS:
            return self._reduced(message, _REFUSED, keeps_photo=False)
        if message.photo or message.place or message.buttons:
            return self._reduced(message, _REFUSED, keeps_photo=False, keeps_place=False, keeps_replies=False, keeps_link=lambda url: False)
        raise refusal

    def _reduced(
        self,
        message: Message,
        reason: str,
        *,
        keeps_photo: bool = True,
        keeps_place: bool = True,
        keeps_replies: bool = True,
        keeps_link: Callable[[str], bool] = lambda url: True,
    ) -> list[Message]:
        """``message`` without the rest, which follows its text as lines; unchanged where nothing is taken away."""
        lines: list[str] = []
        photo, place = message.photo, message.place
        if photo and not keeps_photo:
            lines.append(self._line(reason, photo, photo))
            photo = ""
        if place is not None and not keeps_place:
            link = maps_link(place.latitude, place.longitude)
            lines += [line for line in (place.title, place.address) if line]
            lines.append(self._line(reason, f"{place.latitude},{place.longitude}", link))
            place = None
        kept: list[Button] = []
        for button in message.buttons:
            if button.kind is ButtonKind.LINK and not keeps_link(button.value):
                lines.append(self._link_line(reason, button))
            elif button.kind is ButtonKind.REPLY and not keeps_replies:
                lines.append(self._numbered_line(reason, button))
            else:
                kept.append(button)
        if not lines:
            return [message]
        if place is not None:
            return [replace(message, buttons=()), *compose("\n".join(lines), buttons=tuple(kept))]
        text = "\n".join(line for line in (message.text, *lines) if line)
        return compose(text, photo=photo, buttons=tuple(kept))

    def _line(self, reason: str, before: str, after: str, path: str = "") -> str:
        self.losses += (Loss(path=path, kind=LossKind.REDUCED, reason=reason, before=before, after=after),)
        return after

    def _link_line(self, reason: str, button: Button) -> str:
        path = next((choice.path for choice in self.shown if not choice.number and choice.title == button.title), "")
        return self._line(reason, button.value, f"{button.title}: {button.value}", path)

    def _numbered_line(self, reason: str, button: Button) -> str:
        """The choice by its number, which then means it."""
        choice = by_payload(button.value, self.shown)
        assert choice is not None, "every reply is a choice"
        self.shown = tuple(replace(choice, is_numbered=True, payload="") if one is choice else one for one in self.shown)
        return self._line(reason, choice.title, f"{choice.number}) {choice.title}", choice.path)
