"""What an agent may change of a conversation: ``.ams.cm.UpdateConversationField`` with its array of fields.

The fields of one request take effect together, or, when one of them is refused, not at all.
Source: https://github.com/LivePersonInc/node-agent-sdk (README: updateConversationField)
"""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

from sandbox.liveperson import validation
from sandbox.liveperson.conversations import (
    AGENT,
    ASSIGNED_AGENT,
    CLOSE,
    MANAGER,
    READER,
    SUGGESTED,
    TTR_SECONDS,
    Conversation,
    Participant,
)
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.users import User
from sandbox.liveperson.validation import BadRequest, expect

ROLES = (ASSIGNED_AGENT, MANAGER, READER)
RESOLVED = "OK Conversation resolved successfully"
UPDATED = "OK Conversation updated successfully"
CHANGED = {
    "ADD": "OK Agent added successfully",
    "REMOVE": "OK Agent removed successfully",
    "SUGGEST": "OK Agent suggested successfully",
    "UPDATE": "OK Agent updated successfully",
}

Later = Callable[[], None]


class AgentFields:
    """Applies the fields of one request by one agent."""

    def __init__(self, state: LivePersonState, user: User, conversation: Conversation) -> None:
        self.state = state
        self.user = user
        self.conversation = conversation
        self._takes_part = any(dialog.has(user.pid) for dialog in conversation.dialogs)
        self._later: list[Later] = []  # what tells everyone by itself: closing, TTR
        self._is_changed = False
        self._is_handed_over = False  # an agent left, or the skill is another

    def apply(self, given: Any) -> str:
        """The text of the answer.

        Raises:
            BadRequest: a field is refused.
        """
        fields = given if isinstance(given, list) else [given]
        expect(bool(fields) and all(isinstance(item, dict) for item in fields), "conversationField must be an array of objects")
        if self.conversation.stage == CLOSE:
            raise validation.closed()
        before = self.conversation.skill_id, [copy.deepcopy(dialog.participants) for dialog in self.conversation.dialogs]
        try:
            answers = [self._field(item) for item in fields]
        except BadRequest:
            self.conversation.skill_id = before[0]
            for dialog, people in zip(self.conversation.dialogs, before[1], strict=True):
                dialog.participants = people
            raise
        if self._is_handed_over and self.conversation.agent_id is None:
            self.state.handed_over(self.conversation)
        elif self._is_changed:
            self.state.changed(self.conversation)
        for act in self._later:
            act()
        return answers[0]

    def _field(self, item: dict[str, Any]) -> str:
        name = item.get("field")
        if name == "ParticipantsChange":
            return self._participants(item)
        if name == "Skill":
            return self._skill(item)
        if name in ("ConversationStateField", "Stage"):
            expect(item.get("conversationState") == CLOSE, f"{name}: conversationState must be CLOSE")
            self._later.append(lambda: self.state.close_conversation(self.conversation, AGENT))
            return RESOLVED
        if name == "DialogChange":
            return self._dialog(item)
        if name == "TTRField":
            ttr_type, value = item.get("ttrType"), item.get("value", TTR_SECONDS.get(str(item.get("ttrType")), 0))
            expect(ttr_type in tuple(TTR_SECONDS), f"TTRField: ttrType must be one of {', '.join(TTR_SECONDS)}")
            expect(type(value) is int and value >= 0, "TTRField: value must be a whole number of seconds")
            self._later.append(lambda: self.state.set_ttr(self.conversation, str(ttr_type), int(value)))
            return UPDATED
        if name == "ManualETTR":
            due_ms = item.get("time", item.get("value"))
            expect(type(due_ms) is int, "ManualETTR: time must be epoch milliseconds")
            self._later.append(lambda: self.state.set_manual_ettr(self.conversation, int(due_ms or 0)))
            return UPDATED
        raise BadRequest(f"conversationField.field {name!r} is not known")

    def _participants(self, item: dict[str, Any]) -> str:
        how, role = item.get("type"), item.get("role", ASSIGNED_AGENT)
        expect(how in tuple(CHANGED), f"ParticipantsChange: type must be one of {', '.join(CHANGED)}")
        expect(role in ROLES, f"ParticipantsChange: role must be one of {', '.join(ROLES)}")
        whom = self._whom(item.get("userId"))
        main = self.conversation.main
        if how == "REMOVE":
            expect(main.remove(role, whom) or main.remove(role, self._sole(role)), f"ParticipantsChange: there is no {role} to remove")
            self._is_handed_over = self._is_handed_over or role == ASSIGNED_AGENT
        elif how == "SUGGEST":
            expect(role == ASSIGNED_AGENT, "ParticipantsChange: only the ASSIGNED_AGENT can be suggested")
            main.participants = [person for person in main.participants if person.state != SUGGESTED]
            main.participants.append(Participant(whom, ASSIGNED_AGENT, SUGGESTED))
        else:
            if how == "UPDATE":
                main.participants = [person for person in main.participants if person.participant_id != whom]
            taken = self.conversation.agent_id if role == ASSIGNED_AGENT else None
            expect(taken in (None, whom), "ParticipantsChange: the conversation has an ASSIGNED_AGENT; remove it first")
            main.remove(role, whom)
            main.participants.append(Participant(whom, role))
        self._is_changed = True
        return CHANGED[str(how)]

    def _sole(self, role: str) -> str | None:
        """Who has the role if it is one person: the SDK names its own agent where it means whoever is assigned."""
        people = [person.participant_id for person in self.conversation.main.participants if person.role == role]
        return people[0] if len(people) == 1 and role == ASSIGNED_AGENT else ""

    def _whom(self, given: Any) -> str:
        if given is None:
            return self.user.pid
        account = self.state.accounts.get(self.conversation.account_id)
        user = account.users.find(str(given)) if account else None
        if user is None:
            raise BadRequest(f"ParticipantsChange: there is no agent {given!r}")
        return user.pid

    def _skill(self, item: dict[str, Any]) -> str:
        skill = item.get("skill", item.get("skillId"))
        expect(self._takes_part, "Skill: only a participant may transfer the conversation")
        expect(isinstance(skill, (str, int)) and not isinstance(skill, bool) and str(skill) != "", "Skill: skill must be a skill id")
        self.conversation.skill_id = str(skill)
        self._is_changed = self._is_handed_over = True
        return UPDATED

    def _dialog(self, item: dict[str, Any]) -> str:
        given = item.get("dialog")
        expect(isinstance(given, dict) and given.get("state") == CLOSE, "DialogChange: dialog.state must be CLOSE")
        dialog = self.conversation.dialog(str(given["dialogId"])) if isinstance(given, dict) and "dialogId" in given else None
        if dialog is None:
            raise BadRequest("DialogChange: the conversation has no such dialog")
        if dialog.state == CLOSE:
            raise validation.closed()
        cause = given.get("closedCause") if isinstance(given, dict) else None
        self._later.append(lambda: self.state.close_dialog(self.conversation, dialog, AGENT, cause))
        return RESOLVED
