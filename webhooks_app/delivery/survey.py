"""The platform's own survey after the close: two questions in the channel's own form, and LivePerson's CSATRate with the answers.

Where an account uses LivePerson's post-conversation survey that one takes its place; never both.
"""

from __future__ import annotations

import re
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from channels_app.options import ChannelOptions
from channels_app.selectors.configs import ChannelConfig
from connector_platform.core.clock import now
from connector_platform.core.events import Content, ConversationChange, Rating, RichContent, Selection, Text
from connector_platform.core.rich import Choice, ChoiceKind, match, read_pick
from connector_platform.database import hot_pool, run
from webhooks_app.delivery.people import Person, Talk
from webhooks_app.journal import Entry, append, inbound_lane, outbound_lane

WIRE_TYPE = "own.survey"
SCALE = ("1", "2", "3", "4", "5")
_DIGIT = re.compile(r"[1-5]", re.ASCII)


@dataclass(frozen=True, slots=True)
class OpenSurvey:
    """A survey whose last question waits for an answer."""

    id: int
    conversation_id: uuid.UUID
    liveperson_app_id: uuid.UUID
    liveperson_id: str
    step: str
    csat: int | None


@dataclass(frozen=True, slots=True)
class Answer:
    """What a consumer's message answers: the rating, or whether it was solved."""

    csat: int | None = None
    resolved: bool | None = None


def follows(options: ChannelOptions, person: Person, change: ConversationChange) -> bool:
    """Whether our survey follows this close: LivePerson's own did not run, a person ended it, and the consumer may be written to."""
    has_own = any(dialog.get("dialog_type") == "POST_SURVEY" for dialog in change.dialogs)
    ended_by_person = change.close_reason in ("AGENT", "CONSUMER")
    return options.survey.enabled and change.stage == "CLOSE" and ended_by_person and not has_own and person.opted_out_at is None


def begin(connection: Any, talk: Talk, person: Person, channel: ChannelConfig, app_id: uuid.UUID) -> None:
    """Ask the first question, once for a conversation."""
    minutes = channel.options.survey.expires_minutes
    row = connection.execute(
        """INSERT INTO webhooks_app_survey (brand_id, conversation_id, consumer_id, step, expires_at) VALUES (%s, %s, %s, 'rating', %s)
           ON CONFLICT (conversation_id) DO NOTHING RETURNING id""",
        [channel.brand_id, talk.id, person.id, now() + timedelta(minutes=minutes)],
    ).fetchone()
    if row is not None:
        found = OpenSurvey(row[0], talk.id, app_id, talk.liveperson_id, "rating", None)
        _ask(connection, found, channel, "rating", rating_question(channel, person.profile.locale))


def open_for(person: Person) -> OpenSurvey | None:
    """The survey whose answer this person owes, or None."""
    rows = run(
        """SELECT s.id, c.id, c.liveperson_app_id, c.liveperson_id, s.step, s.csat
           FROM webhooks_app_survey s JOIN channels_app_conversation c ON c.id = s.conversation_id
           WHERE s.consumer_id = %s AND s.step IN ('rating', 'resolved') AND s.expires_at > now() ORDER BY s.id DESC LIMIT 1""",
        [person.id],
    )
    return OpenSurvey(*rows[0]) if rows else None


def read_answer(found: OpenSurvey, content: Content, channel: ChannelConfig, person: Person) -> Answer | None:
    """What ``content`` answers; None where it is no answer, so that the consumer means something else."""
    if isinstance(content, Selection) and (picked := read_pick(content.payload)) is not None:
        rows = run(
            "SELECT source_id FROM webhooks_app_event WHERE public_id = %s AND conversation_id = %s AND wire_type = %s",
            [picked[0], found.conversation_id, WIRE_TYPE],
        )
        if not rows:
            return None
        return _numbered("rating" if rows[0][0].endswith(":rating") else "resolved", picked[1])
    said = content.title or content.payload if isinstance(content, Selection) else content.text if isinstance(content, Text) else ""
    plain = unicodedata.normalize("NFKC", said).replace("\ufe0f", "").replace("\u20e3", "").strip()
    if found.step == "rating":
        return Answer(csat=int(plain)) if _DIGIT.fullmatch(plain) else None
    options, locale = channel.options, person.profile.locale
    words = (options.text("survey_yes", locale), options.text("survey_no", locale))
    shown = [
        Choice(number=number, title=title, kind=ChoiceKind.PUBLISH_TEXT, publish_text=title, is_numbered=True)
        for number, title in enumerate(words, 1)
    ]
    choice = match(plain, shown)
    return None if choice is None else Answer(resolved=choice.number == 1)


def rated(connection: Any, found: OpenSurvey, answer: Answer, channel: ChannelConfig, person: Person) -> None:
    """Keep the rating and ask the second question."""
    connection.execute("UPDATE webhooks_app_survey SET csat = %s, step = 'resolved' WHERE id = %s", [answer.csat, found.id])
    _ask(connection, found, channel, "resolved", resolved_question(channel, person.profile.locale))


def finished(connection: Any, found: OpenSurvey, answer: Answer, channel: ChannelConfig, person: Person) -> None:
    """Keep the last answer and say thanks."""
    connection.execute("UPDATE webhooks_app_survey SET resolved = %s, step = 'done' WHERE id = %s", [answer.resolved, found.id])
    thanks = channel.options.text("survey_thanks", person.profile.locale)
    if thanks:
        _ask(connection, found, channel, "thanks", Text(text=thanks))


def leave(found: OpenSurvey) -> None:
    """The consumer wrote something else. A rating that was given is told to LivePerson all the same."""
    with hot_pool().connection() as connection, connection.transaction():
        _leave(connection, "s.id = %s", [found.id])


def expire() -> int:
    """Leave the surveys whose time is over; how many there were."""
    with hot_pool().connection() as connection, connection.transaction():
        return _leave(connection, "s.step IN ('rating', 'resolved') AND s.expires_at <= now()", [])


def _leave(connection: Any, which: str, parameters: list[Any]) -> int:
    rows = connection.execute(
        f"""UPDATE webhooks_app_survey s SET step = 'left' FROM channels_app_conversation c, channels_app_consumer p
            WHERE {which} AND c.id = s.conversation_id AND p.id = s.consumer_id
            RETURNING s.csat, c.id, c.brand_id, c.channel_id, p.external_id""",
        parameters,
    ).fetchall()
    for csat, conversation_id, brand_id, channel_id, external_id in rows:
        if csat is None:
            continue
        entry = Entry(
            lane_key=inbound_lane(channel_id, external_id),
            direction="i",
            brand_id=brand_id,
            channel_id=channel_id,
            source_scope=channel_id,
            source_id=f"survey:{conversation_id}:left",
            content=Rating(csat=csat, resolved=None),
            consumer_external_id=external_id,
            conversation_id=conversation_id,
            wire_type=WIRE_TYPE,
        )
        append([entry], connection)
    return len(rows)


def rating_question(channel: ChannelConfig, locale: str) -> Content:
    """The first question; where the channel has nothing to tap, the digit itself is the answer and needs no list."""
    question = channel.options.text("survey_rating", locale)
    if not channel.provider.capabilities.quick_replies:
        return Text(text=question)
    return RichContent(text=question, quick_replies=_replies(SCALE))


def resolved_question(channel: ChannelConfig, locale: str) -> Content:
    """The second question."""
    options = channel.options
    words = (options.text("survey_yes", locale), options.text("survey_no", locale))
    return RichContent(text=options.text("survey_resolved", locale), quick_replies=_replies(words))


def _replies(titles: tuple[str, ...]) -> dict[str, Any]:
    buttons = [{"type": "button", "title": title, "click": {"actions": [{"type": "publishText", "text": title}]}} for title in titles]
    return {"type": "quickReplies", "itemsPerRow": 8, "replies": buttons}


def _numbered(step: str, number: int) -> Answer | None:
    if step == "rating":
        return Answer(csat=number) if 1 <= number <= len(SCALE) else None
    return Answer(resolved=number == 1) if number in (1, 2) else None


def _ask(connection: Any, found: OpenSurvey, channel: ChannelConfig, name: str, content: Content) -> None:
    entry = Entry(
        lane_key=outbound_lane(found.liveperson_app_id, found.liveperson_id),
        direction="o",
        brand_id=channel.brand_id,
        channel_id=channel.id,
        source_scope=found.liveperson_app_id,
        source_id=f"survey:{found.conversation_id}:{name}",
        content=content,
        conversation_id=found.conversation_id,
        dialog_id=found.liveperson_id,
        wire_type=WIRE_TYPE,
        by_bot=True,
    )
    append([entry], connection)
