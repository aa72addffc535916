"""Towards LivePerson: what a consumer did becomes Send API calls in the consumer's conversation."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import structlog
from django.conf import settings

from channels_app.selectors.configs import ChannelConfig, LivePersonConfig
from connector_platform.core.calls import HttpResponse, Steps
from connector_platform.core.clock import now
from connector_platform.core.errors import ConversationGone, DeliveryError
from connector_platform.core.events import (
    ChatState,
    Close,
    Content,
    File,
    OptIn,
    OptOut,
    Rating,
    Receipt,
    Text,
    Unsupported,
)
from connector_platform.database import run
from connector_platform.liveperson import publish as lp
from connector_platform.liveperson.errors import ConsumerTokenRejected, NotReadyYet
from connector_platform.liveperson.files import publish_file
from connector_platform.liveperson.tokens import Tokens
from webhooks_app.delivery import people, receipts, survey
from webhooks_app.delivery.agent_lines import agent_text
from webhooks_app.delivery.choices import Chosen, chosen
from webhooks_app.delivery.consumer_files import Upload, fetch_upload
from webhooks_app.delivery.on_behalf import OnBehalf
from webhooks_app.delivery.opening import Opening
from webhooks_app.delivery.outcome import Again, Ended, Outcome, Spoken, skipped
from webhooks_app.delivery.people import Person, Talk
from webhooks_app.delivery.records import Job
from webhooks_app.delivery.signals import Signals, early
from webhooks_app.delivery.steps import Runner
from webhooks_app.journal import append, outbound_lane
from webhooks_app.lanes import wake_gap
from webhooks_app.notifications import digest, mark_seen
from webhooks_app.tokens import LivePersonAccess

log = structlog.get_logger(__name__)

FILE_TRIES = 3
"""A consumer's file must not hold the words behind it for hours: after a few tries the agent reads that there was one."""
NOT_READY_S = 60
"""A conversation that LivePerson does not find this long after it was opened is gone."""


@dataclass
class InboundDelivery:
    """One event's delivery. ``deliver`` is called once."""

    job: Job
    channel: ChannelConfig
    app: LivePersonConfig
    access: LivePersonAccess
    runner: Runner

    @property
    def calls(self) -> OnBehalf:
        """Calls on a consumer's behalf."""
        return OnBehalf(self.app, self.access, self.runner)

    @property
    def _opening(self) -> Opening:
        return Opening(self.job, self.channel, self.app, self.calls)

    @property
    def _signals(self) -> Signals:
        return Signals(self.job, self.channel, self.app, self.calls)

    def deliver(self) -> Outcome:
        """What came of the event.

        Raises:
            DeliveryError: what the engine's table decides on.
        """
        content = self.job.content
        if isinstance(content, Text) and self.channel.options.closes(content.text):
            content = Close()
        if isinstance(content, Unsupported) and content.takes_back:
            people.forget_words(self.channel.id, content.takes_back)
        is_message = agent_text(content) is not None
        opens_window = is_message and _opens_window(content)
        if not self.job.consumer_external_id:
            return self._nameless(content)
        person, talk = people.meet(
            self.channel,
            self.job.consumer_external_id,
            self.job.profile,
            (self.job.occurred_at or self.job.received_at) if opens_window else None,
        )
        if isinstance(content, OptOut | OptIn) and not content.marketing_only:
            people.set_opt_out(person, opted_out=isinstance(content, OptOut))
        if talk is None and (isinstance(content, OptOut) or (isinstance(content, OptIn) and not content.reference)):
            return skipped("no_conversation", "noted; nobody is talking with this person")
        if self.job.wire_type == receipts.NOT_DELIVERED and (talk is None or talk.id != self.job.conversation_id):
            return skipped("conversation_closed", "the agent is not in this conversation any more")
        if is_message:
            if talk is None and (answered := self._survey(person, content)) is not None:
                return answered
            said = self._said(person, content)
            if isinstance(content, File):
                talk = people.talk_of(person)  # fetching it took a while
            return self._message(person, talk, content, said)
        match content:
            case ChatState():
                return self._signals.chat_state(person, talk, content)
            case Receipt():
                return self._signals.receipt(person, content)
            case Close():
                return self._signals.close(person, talk)
            case Rating():
                return self._signals.rating(person, content)
        return skipped("nothing_to_send", f"{content.type} has no form on LivePerson's side")

    def _nameless(self, content: Content) -> Outcome:
        """A receipt that names a message but no person: the message tells who it was for."""
        if not isinstance(content, Receipt):
            return Ended(state="dead", outcome="no_consumer", detail=f"a {content.type} of nobody: the provider gave no consumer id")
        person = people.person_of_message(self.channel.id, content.message_ids)
        if person is None:
            return early(content)
        if not receipts.is_of_several_parts(self.channel.id, content.message_ids):
            return self._signals.receipt(person, content)
        # Reports on the parts of one message come at once and each in a lane of its own; the last of them can only be told in one lane.
        known = person

        def hand_over(connection: Any) -> None:
            append([receipts.in_persons_lane(self.job, known, self.channel.id, content)], connection)

        return Ended(state="done", outcome="handed_over", detail="waits for its turn in the person's lane", write=hand_over)

    # A consumer's message.

    def _survey(self, person: Person, content: Content) -> Outcome | None:
        """What came of an answer to the platform's own survey; None where there is none to answer, or this is no answer."""
        found = survey.open_for(person)
        if found is None:
            return None
        answer = survey.read_answer(found, content, self.channel, person)
        if answer is None:
            survey.leave(found)
            return None
        if answer.csat is not None:
            write = partial(survey.rated, found=found, answer=answer, channel=self.channel, person=person)
        else:
            if found.csat is None:
                return skipped("survey_answer", "the rating comes first", conversation_id=found.conversation_id)
            self._signals.rate(person, found.liveperson_id, Rating(csat=found.csat, resolved=answer.resolved))
            write = partial(survey.finished, found=found, answer=answer, channel=self.channel, person=person)
        return Ended(state="done", outcome="survey_answer", conversation_id=found.conversation_id, write=write)

    def _said(self, person: Person, content: Content) -> str | Upload:
        """What is published: the file that the consumer sent where the account takes it, else a line in words that says why not."""
        line = agent_text(content) or ""
        if not isinstance(content, File):
            return line
        try:
            return fetch_upload(self.channel, self.app, person, content, self.runner, str(self.job.public_id))
        except DeliveryError as error:
            if error.retryable and self.job.tries < FILE_TRIES:
                raise
            log.info("file_not_shown", channel_id=str(self.channel.id), code=error.code)
            return f"{line}\n[this {content.kind.value} cannot be shown: {self.runner.clean(error.message)}]"

    def _message(self, person: Person, known: Talk | None, content: Content, said: str | Upload) -> Outcome:
        if isinstance(said, str) and not said.strip():
            return skipped("empty", "an empty message")
        for last in (False, True):
            talk = self._opening.talk(person, known)
            progress = self.job.progress
            choice = chosen(talk, content, self.job)
            if choice is not None:
                said = choice.says
            if self._is_doubtful(talk) and (verdict := self._reconcile(talk, said, choice)) is not None:
                return verdict
            try:
                sequences = self.calls.run(
                    person,
                    lambda domains, tokens, talk=talk, said=said, choice=choice: self._publish(domains, tokens, talk, said, choice),
                    progress,
                )
            except (ConversationGone, NotReadyYet, ConsumerTokenRejected) as error:
                # Refused with a new token, the conversation is not this person's (any more): as good as gone.
                if isinstance(error, NotReadyYet) and self._is_new(talk):
                    raise
                if last and isinstance(error, ConsumerTokenRejected):
                    raise
                people.mark_closed(talk, "GONE")
                progress.restart()
                self.runner.begin_anew()
                if last:
                    raise  # closed as soon as it was opened: the next try opens another
                known = people.talk_of(person)
                continue
            if talk.is_typing:
                self._signals.stop_typing(person, talk)
            if len(sequences) == 1 and sequences[0][1] is not None:
                spoken = Spoken(
                    dialog=talk.dialog_id,
                    sequence=sequences[0][1],
                    digest=sequences[0][0],
                    outbound=outbound_lane(self.app.id, talk.liveperson_id),
                )
                return Ended(state="done", outcome="sent", conversation_id=talk.id, spoken=spoken)
            return Ended(
                state="done",
                outcome="sent",
                conversation_id=talk.id,
                write=partial(self._record_sequences, talk, sequences),
            )
        raise AssertionError("the second round returns or raises")

    def _publish(
        self, domains: Mapping[str, str], tokens: Tokens, talk: Talk, said: str | Upload, choice: Chosen | None
    ) -> Steps[list[tuple[str, int | None]]]:
        """The digest and the sequence of each part that it became."""
        sent: list[tuple[str, int | None]] = []
        if isinstance(said, Upload):
            shown = yield from publish_file(
                self.app.config,
                domains,
                tokens,
                conversation_id=talk.liveperson_id,
                dialog_id=talk.dialog_id,
                request_id=f"{self.job.public_id}-1",
                data=said.data,
                mime_type=said.mime_type,
                caption=said.caption,
                preview=said.preview,
                file_types=self.app.file_types,
            )
            return [("", shown.sequence)]
        metadata = choice.metadata if choice is not None and choice.metadata else None
        if choice is not None and choice.reports_click:
            # A click is reported in two calls: the click with the element's metadata, then the words that it publishes with the same.
            yield from lp.publish_accept_status(
                self.app.config,
                domains,
                tokens,
                conversation_id=talk.liveperson_id,
                dialog_id=choice.dialog_id or talk.dialog_id,
                request_id=f"{self.job.public_id}-action",
                status=lp.AcceptStatus.ACTION,
                sequences=(choice.sequence or 0,),
                metadata=metadata,
            )
        parts = lp.text_parts(said, conversation_id=talk.liveperson_id, dialog_id=talk.dialog_id, metadata=metadata)
        for number, part in enumerate(parts, 1):
            published = yield from lp.publish_text(
                self.app.config,
                domains,
                tokens,
                conversation_id=talk.liveperson_id,
                dialog_id=talk.dialog_id,
                request_id=f"{self.job.public_id}-{number}",
                text=part,
                metadata=metadata,
            )
            sent.append((digest(Text(text=part)), published.sequence))
        return sent

    def _record_sequences(self, talk: Talk, sent: list[tuple[str, int | None]], connection: Any) -> None:
        # In the order in which notifications lock them: the consumer's messages, the lane, the dialog.
        numbered = [(said_digest, sequence) for said_digest, sequence in sent if sequence is not None]
        for said_digest, sequence in numbered:
            connection.execute(
                """INSERT INTO webhooks_app_consumermessage (brand_id, conversation_id, dialog_id, sequence, digest, event_id, created_at)
                   VALUES (%s, %s, %s, %s, %s, %s, now())
                   ON CONFLICT (conversation_id, dialog_id, sequence) DO UPDATE SET event_id = EXCLUDED.event_id""",
                [self.job.brand_id, talk.id, talk.dialog_id, sequence, said_digest, self.job.id],
            )
        wake_gap(connection, key=outbound_lane(self.app.id, talk.liveperson_id))
        for _, sequence in numbered:
            mark_seen(connection, talk.id, talk.dialog_id, sequence)

    def _is_new(self, talk: Talk) -> bool:
        """Whether LivePerson may merely need a moment: nothing was ever said in the conversation, and it was opened just now."""
        if (now() - talk.created_at).total_seconds() > NOT_READY_S:
            return False
        return not run("SELECT 1 FROM webhooks_app_consumermessage WHERE conversation_id = %s LIMIT 1", [talk.id])

    # An answer that was never seen.

    def _is_doubtful(self, talk: Talk) -> bool:
        # A call for an event can only have been made in a conversation that had its id by then.
        return self.job.in_doubt and self.job.started_at is not None and talk.created_at <= self.job.started_at

    def _reconcile(self, talk: Talk, said: str | Upload, choice: Chosen | None) -> Outcome | None:
        """Look for LivePerson's echo of the part whose answer was not seen: found, the part counts as sent; else wait for it a while."""
        done = len(self.job.progress.answers)
        if isinstance(said, Upload):
            # Its echo names LivePerson's own path. One consumer's sends are made one after another, so an echo that is nobody's is ours.
            digests: list[str | None] = [None]
            # A preview that LivePerson refused left an answer, too.
            done = sum(self.job.progress.response(index).is_success for index in range(done))
        else:
            metadata = choice.metadata if choice is not None and choice.metadata else None
            parts = lp.text_parts(said, conversation_id=talk.liveperson_id, dialog_id=talk.dialog_id, metadata=metadata)
            digests = [digest(Text(text=part)) for part in parts]
        if choice is not None and choice.reports_click:
            done -= 1
            if done < 0:
                return None  # the click itself has no echo of its own; reporting it twice says the same
        if done >= len(digests):
            return None
        row = run(
            """UPDATE webhooks_app_consumermessage SET event_id = %s WHERE id = (
                   SELECT id FROM webhooks_app_consumermessage WHERE conversation_id = %s AND dialog_id = %s AND digest = COALESCE(%s, digest)
                   AND (event_id IS NULL OR event_id = %s) AND created_at >= %s AND sequence <> ALL(%s)
                   ORDER BY sequence LIMIT 1) RETURNING sequence""",
            [self.job.id, talk.id, talk.dialog_id, digests[done], self.job.id, self.job.started_at, self._answered_sequences()],
        )
        if row:
            log.info("send_reconciled", event_id=str(self.job.public_id), sequence=row[0][0])
            body = {"reqId": f"{self.job.public_id}-{done + 1}", "code": "OK", "body": {"sequence": row[0][0]}}
            self.job.progress.add(HttpResponse(status=200, body=json.dumps(body).encode()))
            return None
        assert self.job.started_at is not None
        waited_s = (now() - self.job.started_at).total_seconds()
        if waited_s < settings.RECONCILE_WAIT_S:
            return Again(
                delay_s=min(0.5, settings.RECONCILE_WAIT_S - waited_s),
                outcome="outcome_unknown",
                detail="LivePerson's answer was never seen; waiting for its echo before repeating",
                in_doubt=True,
            )
        return None

    def _answered_sequences(self) -> list[int]:
        """The numbers of the parts whose answers were seen: an equal part's echo is not this one's."""
        progress = self.job.progress
        bodies = [progress.response(index).json() for index in range(len(progress.answers))]
        numbers = [body["body"].get("sequence") for body in bodies if isinstance(body, dict) and isinstance(body.get("body"), dict)]
        return [number for number in numbers if isinstance(number, int) and abs(number) < 2**63]


def _opens_window(content: Content) -> bool:
    """Whether vendors count the time in which we may answer from it: a wish about advertisements is no message."""
    match content:
        case Unsupported():
            return content.opens_window
        case OptOut() | OptIn():
            return not content.marketing_only
    return True
