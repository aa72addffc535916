"""LivePerson's messaging backend in memory: what changes a conversation, and whom it tells."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from sandbox.kernel import Kernel, now_ms
from sandbox.liveperson.accounts import Accounts
from sandbox.liveperson.conversations import (
    ASSIGNED_AGENT,
    AUDIENCE_ALL,
    CLOSE,
    CONSUMER,
    CONTROLLER,
    DEFAULT_TTR,
    MAIN,
    OPEN,
    TTR_SECONDS,
    Consumer,
    Conversation,
    Dialog,
    Message,
    Participant,
)
from sandbox.liveperson.files import Files
from sandbox.liveperson.notifications import Notification, conversation_change, messaging_event
from sandbox.liveperson.options import Options
from sandbox.liveperson.timers import Timers
from sandbox.liveperson.tokens import ConsumerIdentity, Tokens
from sandbox.liveperson.webhooks import Webhooks


class AlreadyOpen(Exception):
    """The consumer has a conversation whose stage is OPEN, and may not have a second one."""


class LivePersonState:
    """Everything LivePerson knows, for all accounts.

    Each change is told to ``listeners`` in the order in which it happened; the webhooks are the first of them.
    """

    def __init__(self, kernel: Kernel) -> None:
        self.kernel = kernel
        self.accounts = Accounts()
        self.tokens = Tokens()
        self.files = Files()
        self.options = Options()
        self.timers = Timers()
        self.webhooks = Webhooks(kernel, self.accounts, lambda: self.options)
        self.consumers: dict[tuple[str, str], Consumer] = {}  # (account id, lp consumer id)
        self.conversations: dict[str, Conversation] = {}
        self.listeners: list[Callable[[Notification], None]] = [self.webhooks.enqueue]
        self.before_end: list[Callable[[Conversation, str], None]] = []  # may open another dialog when MAIN was closed
        self.tls_host: str | None = None  # host:port of the services where they are reached by TLS; the Domain API then names it
        self.certificate = ""  # PEM, of that TLS

    @property
    def service_host(self) -> str:
        """Where every service of LivePerson is: a bare host, without scheme and path."""
        return self.tls_host or urlsplit(self.kernel.base_url).netloc

    def reset(self) -> None:
        """Forget conversations, consumers, files and undelivered notifications; accounts, their tokens and agents' sessions stay."""
        self.timers.clear()
        self.conversations.clear()
        self.consumers.clear()
        self.files.clear()
        self.webhooks.clear()

    def consumer(self, identity: ConsumerIdentity) -> Consumer:
        """The consumer a ConsumerJWS stands for, known from now on."""
        key = identity.account_id, identity.lp_consumer_id
        if key not in self.consumers:
            self.consumers[key] = Consumer(identity.account_id, identity.lp_consumer_id, identity.ext_consumer_id)
        return self.consumers[key]

    def open_conversation(
        self,
        consumer: Consumer,
        *,
        skill_id: str = "-1",
        ttr_type: str | None = None,
        campaign_info: dict[str, Any] | None = None,
        context: dict[str, Any] | None = None,
        client_properties: dict[str, Any] | None = None,
        agent_id: str | None = None,
    ) -> Conversation:
        """A new conversation of ``consumer``, unassigned unless ``agent_id`` is given.

        Raises:
            AlreadyOpen: the consumer has one whose stage is OPEN, a survey included.
        """
        if consumer.open_conversation_id is not None:
            raise AlreadyOpen
        conversation_id, at_ms = str(uuid.uuid4()), now_ms()
        people = [Participant(consumer.consumer_id, CONSUMER)]
        ttr_type = ttr_type or DEFAULT_TTR
        conversation = Conversation(
            conversation_id=conversation_id,
            account_id=consumer.account_id,
            consumer=consumer,
            skill_id=skill_id,
            started_ms=at_ms,
            updated_ms=at_ms,
            dialogs=[Dialog(conversation_id, MAIN, at_ms, at_ms, people)],
            ttr_type=ttr_type,
            ttr_s=TTR_SECONDS[ttr_type],
            effective_ttr_ms=at_ms + TTR_SECONDS[ttr_type] * 1000,
            campaign_info=campaign_info,
            context=context,
            client_properties=client_properties,
        )
        if agent_id is not None:
            people.append(Participant(agent_id, ASSIGNED_AGENT))
        self.conversations[conversation_id] = conversation
        consumer.open_conversation_id = conversation_id
        self.record("liveperson.conversation", conversation, skillId=skill_id, campaignInfo=campaign_info)
        self._tell_change(conversation)
        return conversation

    def changed(self, conversation: Conversation) -> None:
        """Tell everyone the new state, after its fields were changed."""
        conversation.touch(now_ms())
        self._tell_change(conversation)

    def handed_over(self, conversation: Conversation) -> None:
        """Tell everyone that the agent left it, or that it moved: an answer is due anew, counted from now."""
        conversation.manual_ettr_ms = None
        conversation.effective_ttr_ms = now_ms() + conversation.ttr_s * 1000
        self.changed(conversation)

    def publish(
        self,
        conversation: Conversation,
        dialog: Dialog,
        originator: Participant,
        event: dict[str, Any],
        *,
        audience: str = AUDIENCE_ALL,
        metadata: list[Any] | None = None,
    ) -> int:
        """Publish a content event or an accept status and return its sequence in the dialog."""
        sequence, at_ms = dialog.take_sequence(), now_ms()
        is_content = event["type"] != "AcceptStatusEvent"
        who, role = originator.participant_id, originator.role
        if is_content:
            dialog.messages[sequence] = Message(dialog.dialog_id, sequence, who, role, event, at_ms, audience, metadata)
            self._answer_due(conversation, dialog, role, audience, at_ms)
        else:
            self._mark(dialog, event["status"], event["sequenceList"], at_ms, metadata)
        notification = messaging_event(
            conversation,
            dialog.dialog_id,
            who,
            role,
            event,
            sequence=sequence,
            at_ms=at_ms,
            audience=audience if is_content else None,
            metadata=metadata,
        )
        dialog.log.append(notification.change)
        self._tell(conversation, notification)
        return sequence

    def chat_state(self, conversation: Conversation, dialog: Dialog, originator: Participant, chat_state: str) -> None:
        """Note and tell a participant's chat state; it takes no sequence."""
        dialog.chat_states[originator.participant_id] = chat_state
        event = {"type": "ChatStateEvent", "chatState": chat_state}
        self._tell(conversation, messaging_event(conversation, dialog.dialog_id, originator.participant_id, originator.role, event))

    def close_dialog(self, conversation: Conversation, dialog: Dialog, by: str, cause: str | None = None) -> None:
        """Close one dialog, and with the last open one the conversation. ``by`` is ``CONSUMER``, ``AGENT`` or ``SYSTEM``.

        When it is MAIN that closes, a survey may follow; the conversation then stays open until the survey has ended.
        """
        at_ms = conversation.touch(now_ms())
        dialog.close(by, cause, at_ms)
        conversation.effective_ttr_ms = -1
        if dialog.dialog_type == MAIN:
            conversation.close_reason = by
            for open_next in self.before_end:
                open_next(conversation, by)
        if all(each.state == CLOSE for each in conversation.dialogs):
            self._end(conversation, by, at_ms)
        self._tell_change(conversation)

    def close_conversation(self, conversation: Conversation, by: str, cause: str | None = None) -> None:
        """Close every open dialog and the conversation, in one change."""
        at_ms = conversation.touch(now_ms())
        for dialog in conversation.dialogs:
            if dialog.state == OPEN:
                dialog.close(by, cause, at_ms)
        conversation.effective_ttr_ms = -1
        conversation.close_reason = conversation.close_reason or by
        self._end(conversation, by, at_ms)
        self._tell_change(conversation)

    def record(self, kind: str, conversation: Conversation, **fields: Any) -> None:
        """Write an effect on ``conversation`` into the ledger."""
        self.kernel.ledger.record(
            kind,
            accountId=conversation.account_id,
            conversationId=conversation.conversation_id,
            extConsumerId=conversation.consumer.ext_consumer_id,
            **fields,
        )

    def _end(self, conversation: Conversation, by: str, at_ms: int) -> None:
        conversation.stage = CLOSE
        conversation.ended_ms = at_ms
        if conversation.consumer.open_conversation_id == conversation.conversation_id:
            conversation.consumer.open_conversation_id = None
        self.record("liveperson.close", conversation, by=by)

    def set_ttr(self, conversation: Conversation, ttr_type: str, seconds: int) -> None:
        """Change within what time an answer is due; one that is due now gets its time anew."""
        conversation.ttr_type, conversation.ttr_s = ttr_type, seconds
        if conversation.effective_ttr_ms != -1:
            conversation.effective_ttr_ms = now_ms() + seconds * 1000
        self.changed(conversation)

    def set_manual_ettr(self, conversation: Conversation, due_ms: int) -> None:
        """Set by hand when an answer is due, until one is given."""
        conversation.manual_ettr_ms = conversation.effective_ttr_ms = due_ms
        self.changed(conversation)

    @staticmethod
    def _answer_due(conversation: Conversation, dialog: Dialog, role: str, audience: str, at_ms: int) -> None:
        if dialog.dialog_type != MAIN or role == CONTROLLER:
            return
        if role == CONSUMER and conversation.effective_ttr_ms == -1:
            conversation.effective_ttr_ms = at_ms + conversation.ttr_s * 1000
        elif role != CONSUMER and audience == AUDIENCE_ALL:
            conversation.effective_ttr_ms, conversation.manual_ettr_ms = -1, None

    @staticmethod
    def _mark(dialog: Dialog, status: str, sequences: list[int], at_ms: int, metadata: list[Any] | None) -> None:
        marks = ("accept", "read") if status == "READ" else (status.lower(),)  # read implies accepted
        for message in (dialog.messages[sequence] for sequence in sequences if sequence in dialog.messages):
            for mark in marks:
                message.marks.setdefault(mark, at_ms)
            if status == "ACTION":
                message.clicks.append({"at_ms": at_ms, "metadata": metadata})

    def _tell_change(self, conversation: Conversation) -> None:
        self._tell(conversation, conversation_change(conversation, self.options.dialog_order))

    def _tell(self, conversation: Conversation, notification: Notification) -> None:
        for listener in self.listeners:
            listener(notification)
        if self.kernel.bus.has_listeners():
            self.kernel.bus.publish("conversation", conversation.view())
