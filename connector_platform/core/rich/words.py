"""Places and contacts for channels that have only words for them."""

from __future__ import annotations

from collections.abc import Iterable

from connector_platform.core.events import Contact, Location
from connector_platform.core.rich.losses import Loss, LossKind
from connector_platform.core.rich.parts import maps_link


def in_lines(lines: Iterable[str]) -> str:
    """``lines`` below one another, without the empty ones."""
    return "\n".join(line for line in lines if line)


def in_words(content: Location | Contact) -> tuple[str, Loss]:
    """A place as lines with a link to a map, a contact as lines; and what is lost by that."""
    if isinstance(content, Contact):
        lines = (content.name, content.phone, content.email)
        return in_lines(lines), Loss(path="", kind=LossKind.REDUCED, reason="the contact is shown as text")
    link = maps_link(content.latitude, content.longitude)
    loss = Loss(path="", kind=LossKind.REDUCED, reason="the place is shown as a link to a map", after=link)
    return in_lines((content.title, content.address, link)), loss
