"""What LivePerson says and does by itself: automatic messages, post-conversation surveys, closing after too long a silence.

Sources: https://developers.liveperson.com/connector-api-send-api-examples.html and
https://developers.liveperson.com/messaging-window-api-tutorials-post-conversation-survey.html
"""

from __future__ import annotations

import base64
import uuid
from dataclasses import dataclass, field
from typing import Any

from sandbox.liveperson.accounts import CONVERSATION_CHANGE, Account
from sandbox.liveperson.conversations import (
    AGENT,
    CLOSE,
    CONSUMER,
    CONTROLLER,
    OPEN,
    POST_SURVEY,
    READER,
    SYSTEM,
    Conversation,
    Dialog,
    Message,
    Participant,
)
from sandbox.liveperson.notifications import Notification
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.surveys import Survey
from sandbox.liveperson.users import bot_of

TIMEOUT, SILENCE = "survey-timeout", "auto-close"


@dataclass
class RunningSurvey:
    survey: Survey
    dialog: Dialog
    bot: Participant
    index: int = 0  # of the question that waits for its answer


@dataclass
class Known:
    """What was last seen of a conversation in which the controller bot speaks."""

    skill_id: str
    agent_id: str | None
    ttr: tuple[str, int]
    said: dict[str, int] = field(default_factory=dict)  # trigger -> how often

    @classmethod
    def of(cls, conversation: Conversation) -> Known:
        return cls(conversation.skill_id, conversation.agent_id, (conversation.ttr_type, conversation.ttr_s))


class Bots:
    """Listens to the state, and speaks after what it heard has been told to everyone."""

    def __init__(self, state: LivePersonState) -> None:
        self.state = state
        self._surveys: dict[str, RunningSurvey] = {}
        self._known: dict[str, Known] = {}
        state.before_end.append(self.open_survey)
        state.listeners.append(self.told)

    def clear(self) -> None:
        self._surveys.clear()
        self._known.clear()

    def told(self, notification: Notification) -> None:
        conversation = self.state.conversations[notification.conversation_id]
        if notification.event_type == CONVERSATION_CHANGE:
            self._changed(conversation)
            return
        dialog = conversation.dialog(notification.change["dialogId"])
        message = dialog.messages.get(notification.change.get("sequence", -1)) if dialog else None
        if dialog is None or message is None:
            return
        self._silence_ends(conversation)
        if message.role != CONSUMER:
            return
        if dialog.dialog_type == POST_SURVEY:
            self.state.timers.soon(lambda: self._answered(conversation, message))
        elif conversation.automatic is None:
            self.state.timers.soon(lambda: self._first_message(conversation, message.at_ms))

    def open_survey(self, conversation: Conversation, by: str) -> None:
        """MAIN was closed: add the survey's dialog, if the conversation gets one."""
        account = self._account(conversation)
        survey = account.surveys.get(conversation.skill_id) if account else None
        if survey is None or by == SYSTEM or not conversation.declares("MULTI_DIALOG"):
            return
        at_ms = conversation.updated_ms
        dialog_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
        bot = Participant(bot_of(conversation.account_id, "survey"), AGENT)
        people = [Participant(conversation.consumer.consumer_id, CONSUMER), bot]
        if conversation.agent_id is not None:
            people.append(Participant(conversation.agent_id, READER))
        app_install = str(uuid.uuid5(uuid.NAMESPACE_URL, f"sandbox:{conversation.account_id}:survey"))
        dialog = Dialog(dialog_id, POST_SURVEY, at_ms, at_ms, people, metadata={"appInstallId": app_install})
        conversation.dialogs.append(dialog)
        running = self._surveys[conversation.conversation_id] = RunningSurvey(survey, dialog, bot)
        self.state.record("liveperson.survey", conversation, dialogId=dialog_id, surveyId=survey.survey_id)
        self.state.timers.start(
            TIMEOUT, conversation.conversation_id, survey.timeout_s, lambda: self._end(conversation, running, SYSTEM, "Timeout")
        )
        self.state.timers.soon(lambda: self._begin(conversation, running))

    def _begin(self, conversation: Conversation, running: RunningSurvey) -> None:
        if running.survey.welcome:
            self._say(conversation, running, running.survey.welcome)
        self._ask(conversation, running)

    def _ask(self, conversation: Conversation, running: RunningSurvey) -> None:
        if running.dialog.state == OPEN:
            question = running.survey.questions[running.index]
            self.state.publish(conversation, running.dialog, running.bot, question.event(), metadata=question.metadata())

    def _say(self, conversation: Conversation, running: RunningSurvey, text: str) -> None:
        if running.dialog.state == OPEN:
            event = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
            self.state.publish(conversation, running.dialog, running.bot, event)

    def _answered(self, conversation: Conversation, message: Message) -> None:
        """Take the answer and go on; what is no answer is asked again."""
        running = self._surveys.get(conversation.conversation_id)
        if running is None:
            return
        if running.survey.is_skip(message.text):
            self._end(conversation, running, AGENT, "Skipped")
            return
        question = running.survey.questions[running.index]
        answer = question.answered_by(message.text, message.metadata)
        if answer is not None:
            given = {"questionId": question.question_id, "question": question.text, "type": question.kind, "answer": answer}
            conversation.survey_answers.append(given)
            self.state.record("liveperson.survey_answer", conversation, **given)
            running.index += 1
        if running.index < len(running.survey.questions):
            self._ask(conversation, running)
            return
        if running.survey.thanks:
            self._say(conversation, running, running.survey.thanks)
        self._end(conversation, running, AGENT, "Completed")

    def _end(self, conversation: Conversation, running: RunningSurvey, by: str, cause: str) -> None:
        if running.dialog.state == OPEN:
            self.state.close_dialog(conversation, running.dialog, by, cause)

    def _changed(self, conversation: Conversation) -> None:
        name = conversation.conversation_id
        running = self._surveys.get(name)
        if running is not None and running.dialog.state == CLOSE:
            del self._surveys[name]
            self.state.timers.cancel(TIMEOUT, name)
        if conversation.state == CLOSE:
            self.state.timers.cancel(SILENCE, name)
            self._known.pop(name, None)
            return
        if len(conversation.main.log) == 0:
            self._silence_ends(conversation)
        known = self._known.get(name)
        if known is not None:
            now = Known.of(conversation)
            self._known[name] = Known(now.skill_id, now.agent_id, now.ttr, known.said)
            for trigger, happened in (
                ("TRANSFER", now.skill_id != known.skill_id),
                ("AGENT_JOINED", now.agent_id is not None and now.agent_id != known.agent_id),
                ("TTR_CHANGE", now.ttr != known.ttr),
            ):
                if happened:
                    self._speak_soon(conversation, trigger)

    def _first_message(self, conversation: Conversation, at_ms: int) -> None:
        """The consumer's first message decides whether the controller bot speaks in the conversation, and is what it first answers."""
        account = self._account(conversation)
        if conversation.automatic is not None or conversation.state == CLOSE:
            return
        in_time = at_ms - conversation.started_ms <= self.state.options.auto_message_window_s * 1000
        has_texts = account is not None and account.automatic_messages is not None
        conversation.automatic = has_texts and in_time and conversation.declares("AUTO_MESSAGES")
        if conversation.automatic:
            conversation.main.participants.append(self._controller(conversation))
            self._known[conversation.conversation_id] = Known.of(conversation)
            self.state.changed(conversation)
            self._speak(conversation, "FIRST_MESSAGE" if conversation.delay is None else "OFF_HOURS")

    def _speak_soon(self, conversation: Conversation, trigger: str) -> None:
        self.state.timers.soon(lambda: self._speak(conversation, trigger))

    def _speak(self, conversation: Conversation, trigger: str) -> None:
        account, known = self._account(conversation), self._known.get(conversation.conversation_id)
        texts = account.automatic_messages if account else None
        text = texts.text(trigger, conversation.skill_id) if texts else None
        if text is None or known is None:
            return
        known.said[trigger] = known.said.get(trigger, 0) + 1
        metadata: list[Any] = [{"type": "AutoMessage", "messageType": trigger, "faasInvoked": False, "iteration": known.said[trigger]}]
        event = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
        self.state.publish(conversation, conversation.main, self._controller(conversation), event, metadata=metadata)

    def _silence_ends(self, conversation: Conversation) -> None:
        """Count the time without a message anew."""
        after_s = self.state.options.auto_close_s
        if after_s is not None and conversation.state == OPEN:
            self.state.timers.start(SILENCE, conversation.conversation_id, after_s, lambda: self._close_silent(conversation))

    def _close_silent(self, conversation: Conversation) -> None:
        if conversation.state == OPEN:
            self.state.close_conversation(conversation, SYSTEM)

    def _controller(self, conversation: Conversation) -> Participant:
        return Participant(bot_of(conversation.account_id, "controller"), CONTROLLER)

    def _account(self, conversation: Conversation) -> Account | None:
        return self.state.accounts.get(conversation.account_id)
