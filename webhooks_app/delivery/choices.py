"""What a consumer's tap, or the number typed in answer to a numbered menu, means: the choice as LivePerson's agent or bot had sent it."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

from connector_platform.core.events import Content, Selection, Text
from connector_platform.core.rich import by_payload, match, read_pick
from connector_platform.core.rich.choices import Choice
from connector_platform.database import run
from webhooks_app.delivery.people import Talk
from webhooks_app.delivery.records import Job

REMEMBERED = 20
"""Messages of a conversation with something to tap that are looked through for a payload; the newest counts first."""
MENU_HOURS = 24
"""A number answers the newest menu only, and that for a day: later it is just a number."""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A choice, and where LivePerson showed it. ``says`` is empty for what publishes nothing (a link)."""

    says: str
    metadata: tuple[dict[str, Any], ...]
    dialog_id: str
    sequence: int | None

    @property
    def reports_click(self) -> bool:
        """Whether LivePerson is told of the click itself: it wants the element's own metadata, so there has to be some."""
        return bool(self.metadata) and self.sequence is not None


def chosen(talk: Talk, content: Content, job: Job) -> Chosen | None:
    """The choice that ``content`` makes among what this conversation had shown when it was received; None where it makes none.

    Words typed instead of tapped are plain words (LivePerson's rule), but where choices could only be numbered, the number or the title is the
    tap. Asked again on a retry, the answer is the same.
    """
    if not isinstance(content, Selection | Text):
        return None
    if isinstance(content, Selection) and (picked := read_pick(content.payload)) is not None:
        return _picked(talk, job, *picked)
    if not talk.offered:
        return None
    rows = run(
        """SELECT shown, dialog_id, sequence, finished_at > %(received)s - make_interval(hours => %(hours)s) FROM webhooks_app_event
           WHERE conversation_id = %(talk)s AND shown IS NOT NULL AND finished_at <= %(received)s ORDER BY id DESC LIMIT %(limit)s""",
        {"talk": talk.id, "received": job.received_at, "hours": MENU_HOURS, "limit": REMEMBERED},
    )
    for number, (shown_json, dialog_id, sequence, is_recent) in enumerate(rows):
        shown = tuple(Choice.from_json(item) for item in shown_json)
        choice = None
        if isinstance(content, Selection):
            choice = by_payload(content.payload, shown)
        elif number == 0 and is_recent and any(offered.is_numbered for offered in shown):
            choice = match(content.text, shown)
        if choice is not None:
            return Chosen(says=choice.publish_text, metadata=choice.metadata, dialog_id=dialog_id, sequence=sequence)
    return None


def _picked(talk: Talk, job: Job, message_id: uuid.UUID, number: int) -> Chosen | None:
    """The choice ``number`` of the message ``message_id``, which went out on this channel; None where it is not known any more."""
    rows = run(
        "SELECT shown, dialog_id, sequence, conversation_id FROM webhooks_app_event WHERE public_id = %s AND channel_id = %s AND shown IS NOT NULL",
        [message_id, job.channel_id],
    )
    if not rows:
        return None
    shown_json, dialog_id, sequence, conversation_id = rows[0]
    choice = next((found for found in map(Choice.from_json, shown_json) if found.number == number), None)
    if choice is None:
        return None
    # In a conversation that is over, nothing can be reported any more: it is what was said that counts in the new one.
    is_here = conversation_id == talk.id
    return Chosen(
        says=choice.publish_text, metadata=choice.metadata, dialog_id=dialog_id if is_here else "", sequence=sequence if is_here else None
    )
