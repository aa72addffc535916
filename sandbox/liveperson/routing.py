"""Routing: a conversation that nobody has rings at one agent after another, until one accepts.

It is offered to agents who are ONLINE and connected and serve its skill, to the one with the fewest conversations first; who rejects it or
lets it expire is passed over until all have been asked. An agent with auto-accept is not asked. One that was suggested to an agent rings at
that agent only (OCCUPIED will do), and returns to the queue if refused.
Source: https://github.com/LivePersonInc/node-agent-sdk (README: routing.RoutingTaskNotification)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.kernel import now_ms
from sandbox.liveperson.accounts import CONVERSATION_CHANGE
from sandbox.liveperson.conversations import ASSIGNED_AGENT, CLOSE, SUGGESTED, Conversation, Participant
from sandbox.liveperson.notifications import Notification
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.users import OCCUPIED, ONLINE, User

WAITING, REJECTED, EXPIRED, CANCELLED = "WAITING", "REJECTED", "EXPIRED", "CANCELLED"
ACCEPTED, AUTO_ACCEPT = "ACCEPTED", "AUTO_ACCEPT"  # by the agent, or by LivePerson for the agent
TAKEN = (ACCEPTED, AUTO_ACCEPT)
ASK_AGAIN_S = 5.0  # after every agent has refused

TIMER = "ring"


@dataclass
class Ring:
    """One offer of one conversation to one agent."""

    ring_id: str
    user: User
    conversation: Conversation
    expiration_ms: int
    expires_ms: int
    state: str = WAITING

    def details(self) -> dict[str, Any]:
        return {
            "ringId": self.ring_id,
            "ringState": self.state,
            "ringExpiration": self.expiration_ms,
            "ringExpirationTs": self.expires_ms,
            "weight": self.expires_ms,
            "brandId": self.conversation.account_id,
            "convId": self.conversation.conversation_id,
            "consumerId": self.conversation.consumer.consumer_id,
            "skillId": self.conversation.skill_id,
        }

    def result(self) -> dict[str, Any]:
        """``result`` of a RoutingTaskNotification."""
        conversation = self.conversation
        return {
            "routingTaskId": conversation.conversation_id,
            "taskCompleted": self.state in TAKEN,
            "conversationId": conversation.conversation_id,
            "consumerId": conversation.consumer.consumer_id,
            "skillId": conversation.skill_id,
            "brandId": conversation.account_id,
            "assignedAgentId": self.user.old_id if self.state in TAKEN else None,
            "ringsDetails": [self.details()],
        }


@dataclass
class Task:
    """The search for an agent for one conversation."""

    ring: Ring | None = None
    refused: set[str] = field(default_factory=set)  # UUIDs of agents asked in this round
    rings: int = 0


class Router:
    """Every search under way. ``tell`` is given each ring whenever it changes; ``reachable`` says whether an agent is connected."""

    def __init__(self, state: LivePersonState, tell: Callable[[Ring], None], reachable: Callable[[User], bool]) -> None:
        self.state = state
        self._tell = tell
        self._reachable = reachable
        self._tasks: dict[str, Task] = {}

    def told(self, notification: Notification) -> None:
        """Listen to the state: every change of a conversation may begin or end a search."""
        if notification.event_type == CONVERSATION_CHANGE:
            conversation = self.state.conversations[notification.conversation_id]
            self.state.timers.soon(lambda: self._review(conversation))

    def agents_changed(self, account_id: str) -> None:
        """An agent came online, left, or serves other skills now."""
        for conversation in list(self.state.conversations.values()):
            if conversation.account_id == account_id and conversation.stage != CLOSE:
                self._review(conversation)

    def clear(self) -> None:
        self._tasks.clear()

    def waiting(self, user: User) -> list[Ring]:
        """The rings that the agent may answer."""
        return [task.ring for task in self._tasks.values() if task.ring and task.ring.state == WAITING and task.ring.user is user]

    def answer(self, user: User, ring_id: str, ring_state: str) -> bool:
        """Accept or reject; whether such a ring waits for the agent."""
        ring = next((ring for ring in self.waiting(user) if ring.ring_id == ring_id), None)
        if ring is None:
            return False
        self._settle(ring, ring_state)
        if ring_state == ACCEPTED:
            self._assign(ring)
        else:
            self._refused(ring)
        return True

    def _assign(self, ring: Ring) -> None:
        main = ring.conversation.main
        main.remove(ASSIGNED_AGENT)
        main.participants.append(Participant(ring.user.pid, ASSIGNED_AGENT))
        self.state.changed(ring.conversation)

    def _review(self, conversation: Conversation) -> None:
        task = self._tasks.get(conversation.conversation_id)
        if conversation.state == CLOSE or conversation.agent_id is not None:
            if task is not None:
                self._tasks.pop(conversation.conversation_id)
                self._cancel(task.ring)
                self.state.timers.cancel("ask-again", conversation.conversation_id)
            return
        task = task or self._tasks.setdefault(conversation.conversation_id, Task())
        ring = task.ring
        if ring is not None and ring.state == WAITING:
            if self._may_take(ring.user, conversation):
                return
            self._cancel(ring)
        free = [user for user in self._agents(conversation) if user.pid not in task.refused]
        if free:
            self._ring(task, conversation, min(free, key=self._load))

    def _ring(self, task: Task, conversation: Conversation, user: User) -> None:
        expiration_ms, now = int(self.state.options.ring_expiration_s * 1000), now_ms()
        task.rings += 1
        ring_id = f"{conversation.conversation_id}_{user.user_id}_{now}{task.rings:02d}"
        ring = task.ring = Ring(ring_id, user, conversation, expiration_ms, now + expiration_ms)
        if user.auto_accept:
            self._settle(ring, AUTO_ACCEPT)
            self._assign(ring)
            return
        self.state.timers.start(TIMER, ring_id, expiration_ms / 1000, lambda: self._expire(ring))
        self._record(ring)

    def _expire(self, ring: Ring) -> None:
        if ring.state == WAITING:
            self._settle(ring, EXPIRED)
            self._refused(ring)

    def _cancel(self, ring: Ring | None) -> None:
        if ring is not None and ring.state == WAITING:
            self._settle(ring, CANCELLED)

    def _settle(self, ring: Ring, state: str) -> None:
        ring.state = state
        self.state.timers.cancel(TIMER, ring.ring_id)
        self._record(ring)

    def _record(self, ring: Ring) -> None:
        self.state.record("agent.ring", ring.conversation, ringId=ring.ring_id, agentId=ring.user.pid, state=ring.state)
        self._tell(ring)

    def _refused(self, ring: Ring) -> None:
        """Ask the next agent; when all have been asked, all of them again after a while."""
        conversation = ring.conversation
        if conversation.suggested_id == ring.user.pid:
            main = conversation.main
            main.participants = [person for person in main.participants if person.state != SUGGESTED]
            self.state.changed(conversation)
        task = self._tasks.get(conversation.conversation_id)
        if task is None:
            return
        task.refused.add(ring.user.pid)
        if all(user.pid in task.refused for user in self._agents(conversation)):
            name = conversation.conversation_id
            self.state.timers.start("ask-again", name, ASK_AGAIN_S * self.state.kernel.time_scale, lambda: self._ask_again(conversation))
        else:
            self._review(conversation)

    def _ask_again(self, conversation: Conversation) -> None:
        task = self._tasks.get(conversation.conversation_id)
        if task is not None:
            task.refused.clear()
            self._review(conversation)

    def _agents(self, conversation: Conversation) -> list[User]:
        account = self.state.accounts.get(conversation.account_id)
        return [user for user in account.users.list() if self._may_take(user, conversation)] if account else []

    def _may_take(self, user: User, conversation: Conversation) -> bool:
        if not self._reachable(user):
            return False
        if conversation.suggested_id is not None:
            return conversation.suggested_id == user.pid and user.availability in (ONLINE, OCCUPIED)
        return user.availability == ONLINE and user.serves(conversation.skill_id)

    def _load(self, user: User) -> int:
        return sum(1 for other in self.state.conversations.values() if other.stage != CLOSE and other.agent_id == user.pid)
