"""Towards the consumer: what an agent did goes out in the channel's own form."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import structlog

from channels_app.providers.base import Sent
from channels_app.selectors import configs
from channels_app.selectors.configs import ChannelConfig, LivePersonConfig
from connector_platform.core.clock import now
from connector_platform.core.errors import DeliveryError, OptedOut, RecipientGone
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Content,
    ConversationChange,
    File,
    Receipt,
    ReceiptKind,
    RichContent,
    Text,
    Unsupported,
)
from connector_platform.core.rich.choices import Choice
from connector_platform.core.rich.losses import Loss
from connector_platform.database import run
from webhooks_app.delivery import people, receipts, survey, typing
from webhooks_app.delivery.agent_files import rehost
from webhooks_app.delivery.context import send_context
from webhooks_app.delivery.notices import changes, ends, notice
from webhooks_app.delivery.on_behalf import OnBehalf
from webhooks_app.delivery.outcome import Ended, Outcome, Parked, Write, skipped
from webhooks_app.delivery.people import Person, Talk
from webhooks_app.delivery.records import Job
from webhooks_app.delivery.steps import Runner
from webhooks_app.journal import append, jsonb, outbound_lane, storable
from webhooks_app.notifications import mark_seen
from webhooks_app.tokens import LivePersonAccess

log = structlog.get_logger(__name__)

FILE_TRIES = 4
"""An agent's file must not hold the words behind it for hours: after a few tries it is announced in words."""
RECENT = 5
"""Of what a person did, a vendor may take only messages: among so many there is one, or nobody misses the mark."""

NOTICE_TRIES = 4
"""After so many tries a consumer is not told that an agent came or left; what agents say goes on."""


@dataclass
class OutboundDelivery:
    """One event's delivery. ``deliver`` is called once."""

    job: Job
    app: LivePersonConfig
    liveperson_id: str
    runner: Runner
    access: LivePersonAccess

    def deliver(self) -> Outcome:
        """What came of the event.

        Raises:
            DeliveryError: what the engine's table decides on.
        """
        content = self.job.content
        talk = people.talk_by_liveperson_id(self.app.id, self.liveperson_id)
        if isinstance(content, ConversationChange):
            return self._change(talk, content)
        if talk is None:
            return skipped("conversation_unknown", "not a conversation of ours")
        channel = configs.channel(talk.channel_id)
        if channel is None:
            return skipped("channel_gone", "the channel was deleted")
        if not channel.sends:
            return Parked(outcome="channel_" + channel.state.value, detail=channel.why_still)
        person = people.person_by_id(talk.consumer_id)
        if isinstance(content, ChatState | Receipt):
            return self._mark(channel, person, talk, content)
        return self._message(channel, person, talk, content)

    def _message(self, channel: ChannelConfig, person: Person, talk: Talk, content: Content) -> Outcome:
        if person.opted_out_at is not None:
            raise RecipientGone("the consumer opted out of messages on this channel", provider_code="opted_out")
        if isinstance(content, File) and not content.url:
            content = self._fetched(channel, person, content)
        shown = presentable(content)
        if shown is None:
            return skipped("nothing_to_show", conversation_id=talk.id)
        try:
            sent = self._send(channel, person, shown)
        except OptedOut:
            people.set_opt_out(person, opted_out=True)
            raise
        record = self._recorder(channel, person, talk, sent)
        return Ended(state="done", outcome="sent", conversation_id=talk.id, channel_id=channel.id, write=record)

    def _recorder(self, channel: ChannelConfig, person: Person, talk: Talk, sent: Sent) -> Write:
        """What writes down what was sent: the vendor's ids, what was lost and offered, and the receipts that this sets free."""
        sent_at = self._sent_at()
        ids = [storable(message_id) for part in sent.parts for message_id in part]

        def record(connection: Any) -> None:
            if sent.losses or sent.shown:
                connection.execute(
                    "UPDATE webhooks_app_event SET losses = %s::jsonb, shown = %s::jsonb WHERE id = %s",
                    [_as_json(sent.losses), _as_json(sent.shown), self.job.id],
                )
            for number, part in enumerate(sent.parts):
                for message_id in part:
                    self._remember(connection, channel, talk, message_id, number, sent_at)
            if channel.provider.capabilities.typing_out:
                typing.end(talk.id, "o", connection)  # platforms end it with the message
            receipts.after_sent(
                connection,
                self.job,
                person,
                conversation_id=talk.id,
                channel_id=channel.id,
                ids=ids,
                sent_at=sent_at,
                tells_delivery=channel.provider.capabilities.delivered_receipts,
            )
            # Last, as everywhere: whoever holds a dialog waits for nobody.
            if self.job.sequence is not None:
                mark_seen(connection, talk.id, self.job.dialog_id, self.job.sequence)

        return record

    def _fetched(self, channel: ChannelConfig, person: Person, file: File) -> Content:
        """The file on an address of ours; in words where it cannot be had, since LivePerson's refusal is no fault of the channel."""
        try:
            return rehost(file, self.job, person, OnBehalf(self.app, self.access, self.runner), brand_id=channel.brand_id)
        except DeliveryError as error:
            if error.retryable and self.job.tries < FILE_TRIES:
                raise
            log.warning("file_not_fetched", event_id=str(self.job.public_id), code=error.code)
            return Text(text="[The agent sent a file that cannot be shown here]" + (f" {file.caption}" if file.caption else ""))

    def _sent_at(self) -> datetime:
        """When the first call began, also where that was an earlier try: no vendor's watermark for this message can be before it."""
        return self.runner.first_effect_at or self.job.started_at or now()

    def _send(
        self, channel: ChannelConfig, person: Person, content: Content, *, recent_source_ids: tuple[str, ...] = (), by_bot: bool = False
    ) -> Sent:
        provider, by_bot = channel.provider, by_bot or self.job.by_bot
        context = send_context(channel, person, str(self.job.public_id), recent_source_ids=recent_source_ids, by_bot=by_bot)
        return self.runner.run(provider.send(content, channel.config, context), self.job.progress, provider.interpret)

    def _remember(self, connection: Any, channel: ChannelConfig, talk: Talk, message_id: str, part: int, sent_at: datetime) -> None:
        connection.execute(
            """INSERT INTO webhooks_app_deliveredmessage (brand_id, channel_id, conversation_id, event_id, provider_message_id, part, dialog_id,
                   sequence, sent_at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s) ON CONFLICT (channel_id, provider_message_id) DO NOTHING""",
            [
                self.job.brand_id,
                channel.id,
                talk.id,
                self.job.id,
                storable(message_id)[:300],
                part,
                self.job.dialog_id,
                self.job.sequence,
                sent_at,
            ],
        )

    def _mark(self, channel: ChannelConfig, person: Person, talk: Talk, content: ChatState | Receipt) -> Outcome:
        """Typing and read marks: worth something only at once, and only where the channel shows them."""
        capabilities = channel.provider.capabilities
        shows = (
            capabilities.typing_out if isinstance(content, ChatState) else capabilities.mark_read_out and content.kind is ReceiptKind.READ
        )
        if not shows:
            return skipped("not_shown", f"{channel.provider.title} does not show this", conversation_id=talk.id)
        if isinstance(content, ChatState):
            return self._typing(channel, person, talk, content)
        if self.job.age_s > typing.FRESH_S or self.job.tries:
            return skipped("stale", conversation_id=talk.id)
        self._send(channel, person, content, recent_source_ids=_recent_source_ids(talk))
        return Ended(state="done", outcome="sent", conversation_id=talk.id, channel_id=channel.id)

    def _typing(self, channel: ChannelConfig, person: Person, talk: Talk, content: ChatState) -> Outcome:
        is_repeated = self.job.wire_type == typing.REPEATED
        if typing.is_late(self.job, outbound_lane(self.app.id, self.liveperson_id)):
            return skipped("stale", "the chat state is over", conversation_id=talk.id)
        if is_repeated and content.state is ChatStateKind.COMPOSING and not typing.is_going_on(talk.id, "o"):
            return skipped("stale", "the agent stopped typing", conversation_id=talk.id)
        if content.state is not ChatStateKind.COMPOSING:
            typing.end(talk.id, "o")
        elif is_repeated:
            typing.go_on(talk.id, "o", channel.provider.capabilities.typing_repeat_s)
        else:
            typing.begin(talk.id, "o", typing.AGENT_TYPES_S, channel.provider.capabilities.typing_repeat_s)
        self._send(channel, person, content, recent_source_ids=_recent_source_ids(talk))
        return Ended(state="done", outcome="sent", conversation_id=talk.id, channel_id=channel.id)

    def _change(self, talk: Talk | None, change: ConversationChange) -> Outcome:
        if talk is None:
            if change.stage == "CLOSE":
                return skipped("conversation_unknown")
            person = self._participant(change)
            if person is None:
                return skipped("conversation_unknown", "not a conversation of ours")
            people.record_open(
                consumer_id=person[0],
                brand_id=self.job.brand_id,
                channel_id=person[1],
                app_id=self.app.id,
                liveperson_id=self.liveperson_id,
            )
            talk = people.talk_by_liveperson_id(self.app.id, self.liveperson_id)
            assert talk is not None
        known = talk
        channel = configs.channel(talk.channel_id)
        person_ = people.person_by_id(talk.consumer_id) if channel is not None and changes(talk, change) else None
        detail, told = "", None
        if channel is not None and person_ is not None:
            detail, told = self._tell(channel, person_, talk, notice(channel.options, person_.profile.locale, talk, change))

        def apply(connection: Any) -> None:
            if told is not None:
                told(connection)
            people.apply_change(connection, known, change)
            if ends(known, change):
                for direction in "io":
                    typing.end(known.id, direction, connection)
            if channel is not None and person_ is not None and ends(known, change) and survey.follows(channel.options, person_, change):
                survey.begin(connection, known, person_, channel, self.app.id)

        return Ended(state="done", outcome="applied", detail=detail, conversation_id=talk.id, channel_id=talk.channel_id, write=apply)

    def _tell(self, channel: ChannelConfig, person: Person, talk: Talk, words: str) -> tuple[str, Write | None]:
        """Say ``words`` to the consumer; why not, where that is impossible: the conversation's state is taken over all the same."""
        if not words or person.opted_out_at is not None:
            return "", None
        if not channel.sends:
            return f"the consumer was not told: {channel.why_still}", None
        try:
            sent = self._send(channel, person, Text(text=words), by_bot=True)
        except DeliveryError as error:
            if error.retryable and self.job.tries < NOTICE_TRIES:
                raise
            return f"the consumer was not told: {error.message}", None
        return "", self._recorder(channel, person, talk, sent)

    def _participant(self, change: ConversationChange) -> tuple[Any, Any] | None:
        rows = run(
            "SELECT id, channel_id FROM channels_app_consumer WHERE liveperson_app_id = %s AND liveperson_consumer_id = %s",
            [self.app.id, change.consumer_id],
        )
        return (rows[0][0], rows[0][1]) if rows else None

    def failure_receipt(self, reason: str, detail: str) -> Any:
        """A write that tells LivePerson that the consumer did not get this message, and the agent why; None for what has no number there."""
        if self.job.sequence is None or isinstance(self.job.content, ChatState | Receipt | ConversationChange):
            return None
        talk = people.talk_by_liveperson_id(self.app.id, self.liveperson_id)
        if talk is None:
            return None
        person = people.person_by_id(talk.consumer_id)
        entries = [receipts.own_receipt(self.job, person, talk.id, talk.channel_id, ReceiptKind.FAILED, reason)]
        channel = configs.channel(talk.channel_id)
        if channel is not None and channel.options.tell_failures and detail:
            entries.append(receipts.why_not_delivered(self.job, person, talk.id, talk.channel_id, detail))
        return lambda connection: append(entries, connection)


def _recent_source_ids(talk: Talk) -> tuple[str, ...]:
    """What the person last did in this conversation, by the vendor's ids, newest first."""
    rows = run(
        """SELECT source_id FROM webhooks_app_event WHERE conversation_id = %s AND direction = 'i' AND kind NOT IN ('receipt', 'chat_state')
           ORDER BY id DESC LIMIT %s""",
        [talk.id, RECENT],
    )
    return tuple(row[0] for row in rows)


def presentable(content: Content) -> Content | None:
    """What is given to the provider; None for what a consumer has no use for."""
    match content:
        case Text() | RichContent() | File():
            return content
        case Unsupported(description=description) if description:
            return Text(text=description)
    return None


def _as_json(items: Sequence[Loss | Choice]) -> str | None:
    """The items as storable JSON; None for none."""
    return jsonb([item.to_json() for item in items]) if items else None
