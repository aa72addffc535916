"""What a conversation is: a consumer, participants, dialogs with their events, and the two JSON forms of it.

A conversation holds dialogs; the MAIN dialog bears the conversation's own id. ``state`` is the state of MAIN, ``stage`` that of the whole.
Source: https://developers.liveperson.com/messaging-window-api-api-reference-messaging-window-api.html (ExConversationChangeNotification)
"""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

CONSUMER = "CONSUMER"
ASSIGNED_AGENT = "ASSIGNED_AGENT"
MANAGER = "MANAGER"
READER = "READER"
CONTROLLER = "CONTROLLER"  # the bot of automatic messages
AGENT = "AGENT"  # the survey's bot; also as ``closedBy`` and ``closeReason``
SYSTEM = "SYSTEM"  # as ``closedBy`` and ``closeReason``: nobody closed it, time did
ACTIVE = "ACTIVE"
SUGGESTED = "SUGGESTED"  # offered to this agent, who has not accepted
OPEN = "OPEN"
CLOSE = "CLOSE"
MAIN = "MAIN"
POST_SURVEY = "POST_SURVEY"
AUDIENCE_ALL = "ALL"
AUDIENCE_PRIVATE = "AGENTS_AND_MANAGERS"
COMPOSING = "COMPOSING"

# Seconds until an answer is due, per time-to-response; an account sets its own at LivePerson.
TTR_SECONDS = {"URGENT": 300, "PRIORITIZED": 600, "NORMAL": 1200, "CUSTOM": 1200}
DEFAULT_TTR = "PRIORITIZED"


@dataclass
class Consumer:
    """A person at one account, with what SetUserProfile told about them."""

    account_id: str
    consumer_id: str  # lp_consumer_id, 64 hex characters
    ext_consumer_id: str
    profile: dict[str, Any] = field(default_factory=dict)
    sdes: list[dict[str, Any]] = field(default_factory=list)
    open_conversation_id: str | None = None

    def set_profile(self, body: dict[str, Any]) -> None:
        """Apply the body of ``userprofile.SetUserProfile``: what it names replaces what was known."""
        for name, value in body.items():
            if name != "authenticatedData":
                self.profile[name] = value
            elif "lp_sdes" in value:
                self.sdes = value["lp_sdes"]


@dataclass
class Participant:
    participant_id: str
    role: str
    state: str = ACTIVE


@dataclass
class Message:
    """A published content event and who has seen it."""

    dialog_id: str
    sequence: int
    originator_id: str
    role: str
    event: dict[str, Any]
    at_ms: int
    audience: str
    metadata: list[Any] | None
    marks: dict[str, int] = field(default_factory=dict)  # "accept", "read" ... -> when
    clicks: list[dict[str, Any]] = field(default_factory=list)  # on its elements: {"at_ms", "metadata"}

    @property
    def kind(self) -> str:
        if self.event["type"] == "RichContentEvent":
            return "rich"
        content_type = str(self.event.get("contentType"))
        return "file" if content_type == "hosted/file" else "form" if content_type.startswith("forms/") else "text"

    @property
    def text(self) -> str:
        """The words in it: the message, a file's caption, a form's title, or every text and title of structured content, a line each."""
        if self.kind == "rich":
            return "\n".join(words_of(self.event.get("content")))
        message = self.event["message"]
        if isinstance(message, dict):
            return str(message.get("caption") or message.get("title") or "")
        return str(message)

    def view(self) -> dict[str, Any]:
        return {
            "dialogId": self.dialog_id,
            "sequence": self.sequence,
            "originatorId": self.originator_id,
            "role": self.role,
            "type": self.kind,
            "text": self.text,
            "event": self.event,
            "at_ms": self.at_ms,
            "audience": self.audience,
            "metadata": self.metadata,
            "status": {"accept": None, "read": None, **self.marks},
            "clicks": self.clicks,
        }


@dataclass
class Dialog:
    """A part of a conversation with its own participants and its own sequence."""

    dialog_id: str
    dialog_type: str
    created_ms: int
    updated_ms: int
    participants: list[Participant]
    state: str = OPEN
    ended_ms: int | None = None
    closed_by: str | None = None
    closed_cause: str | None = None
    metadata: dict[str, Any] | None = None
    next_sequence: int = 0
    messages: dict[int, Message] = field(default_factory=dict)
    chat_states: dict[str, str] = field(default_factory=dict)  # participant id -> last chat state
    log: list[dict[str, Any]] = field(default_factory=list)  # every event that has a sequence, as it was notified

    def take_sequence(self) -> int:
        sequence = self.next_sequence
        self.next_sequence += 1
        return sequence

    def has(self, participant_id: str) -> bool:
        """Whether the person takes part, in any role; one to whom it is only suggested does not."""
        return any(person.participant_id == participant_id and person.state == ACTIVE for person in self.participants)

    def remove(self, role: str, participant_id: str | None = None) -> bool:
        """Whether anyone of ``role`` (only that person, if one is named) was there to be removed."""
        before = len(self.participants)
        self.participants = [p for p in self.participants if p.role != role or participant_id not in (None, p.participant_id)]
        return len(self.participants) < before

    def close(self, by: str, cause: str | None, at_ms: int) -> None:
        self.state = CLOSE
        self.closed_by, self.closed_cause = by, cause
        self.ended_ms = self.updated_ms = at_ms

    def details(self) -> dict[str, Any]:
        """The dialog as it stands in ``conversationDetails.dialogs``."""
        people = [{"id": person.participant_id, "role": person.role, "state": person.state} for person in self.participants]
        data: dict[str, Any] = {
            "dialogId": self.dialog_id,
            "participantsDetails": people,
            "dialogType": self.dialog_type,
            "channelType": "MESSAGING",
        }
        if self.metadata is not None:
            data["metaData"] = self.metadata
        data |= {"state": self.state, "creationTs": self.created_ms}
        if self.ended_ms is not None:
            data["endTs"] = self.ended_ms
        data["metaDataLastUpdateTs"] = self.updated_ms
        if self.closed_by is not None:
            data["closedBy"] = self.closed_by
        if self.closed_cause is not None:
            data["closedCause"] = self.closed_cause
        return data


@dataclass
class Conversation:
    """One conversation; LivePerson lets a consumer have one whose ``stage`` is OPEN."""

    conversation_id: str
    account_id: str
    consumer: Consumer
    skill_id: str
    started_ms: int
    updated_ms: int
    dialogs: list[Dialog]
    ttr_type: str = DEFAULT_TTR
    ttr_s: int = TTR_SECONDS[DEFAULT_TTR]
    effective_ttr_ms: int = -1  # when an answer is due; -1: none is
    stage: str = OPEN
    close_reason: str | None = None
    ended_ms: int | None = None
    csat: dict[str, Any] | None = None
    campaign_info: dict[str, Any] | None = None
    context: dict[str, Any] | None = None
    client_properties: dict[str, Any] | None = None  # as the consumer's client last told them
    features: frozenset[str] = frozenset()  # what every request of the client declared so far
    delay: dict[str, Any] | None = None  # outside opening hours: {"type": NIGHT, WEEKEND or HOLIDAY, "tillWhen": ms}
    manual_ettr_ms: int | None = None  # when an answer is due, as set by an agent
    automatic: bool | None = None  # whether the controller bot speaks in it; None: not decided yet
    survey_answers: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.features = features_of(self.client_properties)

    def declare(self, properties: dict[str, Any] | None) -> None:
        """Take the Client-Properties of one more request: a feature that it does not name is switched off from now on."""
        self.client_properties = properties or self.client_properties
        self.features &= features_of(properties)

    def declares(self, feature: str) -> bool:
        """Whether the consumer's client named ``feature`` in the Client-Properties of its create and of every SEND since."""
        return feature in self.features

    @property
    def main(self) -> Dialog:
        return next(dialog for dialog in self.dialogs if dialog.dialog_type == MAIN)

    @property
    def state(self) -> str:
        return self.main.state

    @property
    def agent_id(self) -> str | None:
        """The agent who has joined MAIN, if any."""
        return next((p.participant_id for p in self.main.participants if p.role == ASSIGNED_AGENT and p.state == ACTIVE), None)

    @property
    def suggested_id(self) -> str | None:
        """The agent to whom the conversation was offered directly and who has not answered, if any."""
        return next((p.participant_id for p in self.main.participants if p.state == SUGGESTED), None)

    def people(self) -> list[tuple[str, str]]:
        """Id and role of everyone who takes part in any dialog; agents to whom it is only suggested are not among them."""
        return list(dict.fromkeys((p.participant_id, p.role) for dialog in self.dialogs for p in dialog.participants if p.state == ACTIVE))

    def dialog(self, dialog_id: str) -> Dialog | None:
        return next((dialog for dialog in self.dialogs if dialog.dialog_id == dialog_id), None)

    def touch(self, now_ms: int) -> int:
        """The time of a change: now, but always later than the change before it, as ``metaDataLastUpdateTs`` orders changes."""
        self.updated_ms = max(now_ms, self.updated_ms + 1)
        return self.updated_ms

    def details(self, dialog_order: str = "created") -> dict[str, Any]:
        """``conversationDetails``: the complete state, as every change notification carries it."""
        dialogs = list(self.dialogs)
        if dialog_order == "newest_first":
            dialogs.reverse()
        elif dialog_order == "random":
            random.shuffle(dialogs)
        data: dict[str, Any] = {
            "skillId": self.skill_id,
            "participants": [{"id": participant_id, "role": role} for participant_id, role in self.people()],
            "dialogs": [dialog.details() for dialog in dialogs],
            "brandId": self.account_id,
            "state": self.state,
            "stage": self.stage,
        }
        if self.close_reason is not None:
            data["closeReason"] = self.close_reason
        data["startTs"] = self.started_ms
        if self.ended_ms is not None:
            data["endTs"] = self.ended_ms
        data["metaDataLastUpdateTs"] = self.updated_ms
        data["ttr"] = {"ttrType": self.ttr_type, "value": self.ttr_s}
        if self.delay is not None:
            data["delay"] = self.delay
        if self.manual_ettr_ms is not None:
            data["manualETTR"] = self.manual_ettr_ms
        if self.csat is not None:
            data["csat"] = self.csat
        if self.context is not None:
            data["context"] = self.context
        data["conversationHandlerDetails"] = {"accountId": self.account_id, "skillId": self.skill_id}
        return data

    def view(self) -> dict[str, Any]:
        """The conversation as the agent's side sees it: for the control API and the pages."""
        consumer = self.consumer
        return {
            "conversationId": self.conversation_id,
            "accountId": self.account_id,
            "state": self.state,
            "stage": self.stage,
            "skillId": self.skill_id,
            "agentId": self.agent_id,
            "consumer": {
                "id": consumer.consumer_id,
                "extConsumerId": consumer.ext_consumer_id,
                "profile": consumer.profile,
                "sdes": consumer.sdes,
            },
            "campaignInfo": self.campaign_info,
            "context": self.context,
            "clientProperties": self.client_properties,
            "ttr": {"ttrType": self.ttr_type, "value": self.ttr_s},
            "effectiveTTR": self.effective_ttr_ms,
            "features": sorted(self.features),
            "csat": self.csat,
            "delay": self.delay,
            "suggestedId": self.suggested_id,
            "surveyAnswers": self.survey_answers,
            "dialogs": [
                {
                    "dialogId": d.dialog_id,
                    "dialogType": d.dialog_type,
                    "state": d.state,
                    "closedBy": d.closed_by,
                    "closedCause": d.closed_cause,
                }
                for d in self.dialogs
            ],
            "messages": [message.view() for dialog in self.dialogs for message in dialog.messages.values()],
            "consumerTyping": any(d.chat_states.get(consumer.consumer_id) == COMPOSING for d in self.dialogs if d.state == OPEN),
            "closeReason": self.close_reason,
            "started_ms": self.started_ms,
            "updated_ms": self.updated_ms,
        }


def features_of(properties: dict[str, Any] | None) -> frozenset[str]:
    """The features that Client-Properties name."""
    return frozenset((properties or {}).get("features", []))


def words_of(node: Any) -> list[str]:
    """Every text and title in structured content, in reading order."""
    if isinstance(node, list):
        return [words for item in node for words in words_of(item)]
    if not isinstance(node, dict):
        return []
    own = [node[name] for name in ("title", "text") if isinstance(node.get(name), str)]
    return own + words_of(node.get("elements"))
