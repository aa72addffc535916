"""Towards LivePerson, everything that is not a message: typing, receipts, closing, ratings."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import structlog

from channels_app.selectors.configs import ChannelConfig, LivePersonConfig
from connector_platform.core.calls import Steps
from connector_platform.core.clock import now
from connector_platform.core.errors import ConversationGone, DeliveryError
from connector_platform.core.events import (
    ChatState,
    ChatStateKind,
    Rating,
    Receipt,
    ReceiptKind,
)
from connector_platform.database import run
from connector_platform.liveperson import publish as lp
from connector_platform.liveperson.app import Feature
from connector_platform.liveperson.errors import ConsumerTokenRejected, NotReadyYet
from connector_platform.liveperson.tokens import Tokens
from webhooks_app.delivery import people, receipts, typing
from webhooks_app.delivery.again import send_again
from webhooks_app.delivery.on_behalf import OnBehalf
from webhooks_app.delivery.outcome import Ended, Outcome, skipped
from webhooks_app.delivery.people import Person, Talk
from webhooks_app.delivery.records import Job
from webhooks_app.journal import append, inbound_lane

log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Signals:
    """One event that is no message, and the calls that it takes."""

    job: Job
    channel: ChannelConfig
    app: LivePersonConfig
    calls: OnBehalf

    def chat_state(self, person: Person, talk: Talk | None, content: ChatState) -> Outcome:
        if talk is None or not talk.liveperson_id:
            return skipped("no_conversation", "typing before the first message")
        if talk.dialog_id != talk.liveperson_id:
            return skipped("not_shown", "a survey takes no chat states")
        if typing.is_late(self.job, inbound_lane(self.channel.id, person.external_id)):
            return skipped("stale", "the chat state is over")
        if content.state is not ChatStateKind.COMPOSING:
            typing.end(talk.id, "i")
            return self._quietly(person, talk, lp.publish_chat_state, state=content.state)
        typing.begin(talk.id, "i", typing.CONSUMER_TYPES_S)
        outcome = self._quietly(person, talk, lp.publish_chat_state, state=content.state)
        if not typing.is_going_on(talk.id, "i"):
            # The message came while this was under way, and has told LivePerson already that the typing is over.
            self.stop_typing(person, talk)
        return outcome

    def stop_typing(self, person: Person, talk: Talk) -> None:
        """Tell LivePerson that the consumer does not type any more: a message does not say so. Nothing depends on its success."""
        typing.end(talk.id, "i")

        def build(domains: Mapping[str, str], tokens: Tokens) -> Steps[Any]:
            return lp.publish_chat_state(
                self.app.config,
                domains,
                tokens,
                conversation_id=talk.liveperson_id,
                dialog_id=talk.liveperson_id,
                request_id=f"{self.job.public_id}-active",
                state=ChatStateKind.ACTIVE,
            )

        try:
            self.calls.run(person, build)
        except DeliveryError as error:
            log.info("typing_not_ended", event_id=str(self.job.public_id), code=error.code)

    def receipt(self, person: Person, receipt: Receipt) -> Outcome:
        if receipt.sequences:
            return self._own_receipt(person, receipt)
        if receipt.watermark_at is not None:
            receipts.raise_watermark(person, receipt)
        extra_failed = receipt.kind is ReceiptKind.FAILED
        found = receipts.covered(person, self.channel.id, receipt)
        if not found and receipt.watermark_at is None:
            if not receipts.any_known(self.channel.id, receipt.message_ids):
                return early(receipt)
            # Had it before, or the message's own answer was recorded between the two looks.
            found = receipts.covered(person, self.channel.id, receipt)
        if extra_failed and found and (outcome := send_again(self.channel.id, receipt)) is not None:
            return outcome
        status = lp.ACCEPT_STATUSES[receipt.kind]
        for part in found:
            if part.sequences:
                self._accept(person, part.liveperson_id, part.dialog_id, status, part.sequences)

        def write(connection: Any) -> None:
            if extra_failed:
                receipts.fail_messages(connection, self.channel.id, receipt)
                if receipt.reason and self.channel.options.tell_failures:
                    append(
                        [
                            receipts.why_not_delivered(self.job, person, part.conversation_id, self.channel.id, receipt.reason)
                            for part in found[:1]
                            if part.sequences
                        ],
                        connection,
                    )
            for part in found:
                receipts.stamp(connection, receipt.kind, part.row_ids)

        return Ended(state="done" if found else "skipped", outcome="sent" if found else "nothing_new", write=write)

    def _own_receipt(self, person: Person, receipt: Receipt) -> Outcome:
        row = run("SELECT liveperson_id FROM channels_app_conversation WHERE id = %s", [self.job.conversation_id])
        if not row or not row[0][0]:
            return skipped("no_conversation")
        self._accept(person, row[0][0], self.job.dialog_id or row[0][0], lp.ACCEPT_STATUSES[receipt.kind], receipt.sequences)
        return Ended(state="done", outcome="sent", conversation_id=self.job.conversation_id)

    def _accept(self, person: Person, liveperson_id: str, dialog_id: str, status: lp.AcceptStatus, sequences: tuple[int, ...]) -> None:
        def build(domains: Mapping[str, str], tokens: Tokens) -> Steps[Any]:
            return lp.publish_accept_status(
                self.app.config,
                domains,
                tokens,
                conversation_id=liveperson_id,
                dialog_id=dialog_id,
                request_id=f"{self.job.public_id}-{sequences[0]}",
                status=status,
                sequences=sequences,
            )

        try:
            self.calls.run(person, build)
        except (ConversationGone, NotReadyYet, ConsumerTokenRejected):
            log.debug("receipt_after_close", event_id=str(self.job.public_id))

    def close(self, person: Person, talk: Talk | None) -> Outcome:
        """The consumer's end. Where the app takes surveys, only MAIN is closed, so that one may follow; during one, everything is."""
        if talk is None or not talk.liveperson_id:
            return skipped("no_conversation", "there is no open conversation")
        if talk.dialog_id != talk.liveperson_id:
            scope = lp.CloseScope.STAGE
        elif Feature.MULTI_DIALOG in self.app.config.features:
            scope = lp.CloseScope.DIALOG
        else:
            scope = lp.CloseScope.CONVERSATION
        outcome = self._quietly(person, talk, lp.publish_close, scope=scope)
        if scope is not lp.CloseScope.DIALOG:
            people.mark_closed(talk, "CONSUMER")
        return outcome

    def rating(self, person: Person, rating: Rating) -> Outcome:
        row = run(
            """SELECT id, liveperson_id FROM channels_app_conversation WHERE consumer_id = %s AND liveperson_id <> '' AND closed_at > %s
               AND id = COALESCE(%s, id) ORDER BY closed_at DESC LIMIT 1""",
            [person.id, now() - timedelta(days=7), self.job.conversation_id],
        )
        if not row:
            return skipped("no_conversation", "no conversation was closed in the last week")

        self.rate(person, row[0][1], rating)
        return Ended(state="done", outcome="sent", conversation_id=row[0][0])

    def rate(self, person: Person, liveperson_id: str, rating: Rating) -> None:
        """Tell LivePerson the rating of a closed conversation.

        Raises:
            DeliveryError: its refusal.
        """

        def build(domains: Mapping[str, str], tokens: Tokens) -> Steps[Any]:
            return lp.publish_csat(
                self.app.config,
                domains,
                tokens,
                conversation_id=liveperson_id,
                request_id=str(self.job.public_id),
                csat=rating.csat,
                resolved=rating.resolved,
            )

        self.calls.run(person, build)

    def _quietly(
        self, person: Person, talk: Talk, publish: Callable[..., Steps[lp.Published]], **fields: ChatStateKind | lp.CloseScope
    ) -> Outcome:
        """A call that may find the conversation closed: then there is nothing to say."""

        def build(domains: Mapping[str, str], tokens: Tokens) -> Steps[Any]:
            steps: Steps[Any] = publish(
                self.app.config,
                domains,
                tokens,
                conversation_id=talk.liveperson_id,
                dialog_id=talk.dialog_id,
                request_id=str(self.job.public_id),
                **fields,
            )
            return steps

        try:
            self.calls.run(person, build)
        except ConversationGone:
            return skipped("conversation_closed", conversation_id=talk.id)
        return Ended(state="done", outcome="sent", conversation_id=talk.id)


def early(receipt: Receipt) -> Outcome:
    if not receipt.message_ids:
        return skipped("nothing_new")
    return Ended(state="held", outcome="early_receipt", detail="the message's own answer is not there yet", awaits=receipt.message_ids[0])
