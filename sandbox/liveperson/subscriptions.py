"""Who is connected as an agent, and what each connection is told: its conversations, events, rings and state.

Source: https://github.com/LivePersonInc/node-agent-sdk (README: methods and events)
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from sandbox.liveperson import agent_forms
from sandbox.liveperson.accounts import CONVERSATION_CHANGE
from sandbox.liveperson.conversations import Conversation
from sandbox.liveperson.notifications import Notification
from sandbox.liveperson.routing import Ring, Router
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.users import OFFLINE, User, Users
from sandbox.liveperson.validation import expect

Send = Callable[[dict[str, Any]], None]


@dataclass(frozen=True)
class Filter:
    """Which conversations a subscription covers; an empty part lets all through."""

    states: tuple[str, ...] = ()
    stages: tuple[str, ...] = ()
    agent_ids: tuple[str, ...] = ()  # old ids, or UUIDs
    consumer_id: str | None = None

    @classmethod
    def from_body(cls, body: dict[str, Any]) -> Filter:
        """
        Raises:
            BadRequest: a part is not an array of strings.
        """
        consumer_id = body.get("consumerId")
        expect(isinstance(consumer_id, (str, type(None))), "consumerId must be a string")
        return cls(_strings(body, "convState"), _strings(body, "stage"), _strings(body, "agentIds"), consumer_id)

    def covers(self, conversation: Conversation, users: Users) -> bool:
        if self.states and conversation.state not in self.states:
            return False
        if self.stages and conversation.stage not in self.stages:
            return False
        if self.consumer_id not in (None, conversation.consumer.consumer_id):
            return False
        ids = {each for pid, _ in conversation.people() for each in (pid, users.old_id(pid))}
        return not self.agent_ids or any(agent_id in ids for agent_id in self.agent_ids)


def _strings(body: dict[str, Any], name: str) -> tuple[str, ...]:
    given = body.get(name) or []
    given = [given] if isinstance(given, str) else given
    expect(isinstance(given, list) and all(isinstance(item, str) for item in given), f"{name} must be an array of strings")
    return tuple(given)


@dataclass
class ConversationSubscription:
    subscription_id: str
    covers: Filter
    inside: set[str] = field(default_factory=set)  # conversations that were told and have not left


class Hub:
    """All connections of all agents."""

    def __init__(self, state: LivePersonState) -> None:
        self.state = state
        self.subscribers: set[Subscriber] = set()
        self.router = Router(state, self._ring, self.is_connected)
        state.listeners += [self.told, self.router.told]

    def clear(self) -> None:
        """Forget searches for agents and what was told; connections stay."""
        self.router.clear()
        for subscriber in self.subscribers:
            subscriber.forget()

    def users(self, user: User) -> Users:
        account = self.state.accounts.get(user.account_id)
        return account.users if account else Users(user.account_id)

    def is_connected(self, user: User) -> bool:
        return any(subscriber.user.pid == user.pid for subscriber in self._of_account(user.account_id))

    def join(self, subscriber: Subscriber) -> None:
        self.subscribers.add(subscriber)
        self.router.agents_changed(subscriber.user.account_id)

    def leave(self, subscriber: Subscriber) -> None:
        """The connection ended; with an agent's last one the agent is offline."""
        self.subscribers.discard(subscriber)
        if not self.is_connected(subscriber.user):
            self.set_availability(subscriber.user, OFFLINE)

    def set_availability(self, user: User, availability: str) -> None:
        user.availability = availability
        for subscriber in self._of_account(user.account_id):
            if subscriber.user.pid == user.pid:
                subscriber.tell_state()
        self.router.agents_changed(user.account_id)

    def disconnect(self, user: User, code: int) -> int:
        """Close every connection of the agent; how many there were."""
        mine = [subscriber for subscriber in self._of_account(user.account_id) if subscriber.user.pid == user.pid]
        for subscriber in mine:
            subscriber.close(code)
        return len(mine)

    def told(self, notification: Notification) -> None:
        conversation = self.state.conversations[notification.conversation_id]
        for subscriber in self._of_account(notification.account_id):
            if notification.event_type == CONVERSATION_CHANGE:
                subscriber.tell_conversation(conversation)
            else:
                subscriber.tell_event(conversation, notification.change)

    def _ring(self, ring: Ring) -> None:
        for subscriber in self._of_account(ring.user.account_id):
            if subscriber.user.pid == ring.user.pid:
                subscriber.tell_ring(ring)

    def _of_account(self, account_id: str) -> list[Subscriber]:
        return [subscriber for subscriber in self.subscribers if subscriber.user.account_id == account_id]


class Subscriber:
    """One connection of one agent. ``send`` queues a message; ``close`` ends the connection with a code."""

    def __init__(self, hub: Hub, user: User, send: Send, close: Callable[[int], None]) -> None:
        self.hub = hub
        self.user = user
        self.send = send
        self.close = close
        self._conversations: dict[str, ConversationSubscription] = {}
        self._rings: str | None = None
        self._state: str | None = None

    def forget(self) -> None:
        for subscription in self._conversations.values():
            subscription.inside.clear()

    def follow_conversations(self, body: dict[str, Any]) -> dict[str, str]:
        subscription = ConversationSubscription(str(uuid.uuid4()), Filter.from_body(body))
        self._conversations[subscription.subscription_id] = subscription
        self.hub.state.timers.soon(lambda: self._tell_existing(subscription))
        return {"subscriptionId": subscription.subscription_id}

    def unfollow(self, subscription_id: str) -> bool:
        return self._conversations.pop(subscription_id, None) is not None

    def follow_rings(self) -> dict[str, str]:
        self._rings = self._rings or str(uuid.uuid4())
        self.hub.state.timers.soon(self._tell_waiting)
        return {"subscriptionId": self._rings}

    def follow_state(self) -> dict[str, str]:
        self._state = self._state or str(uuid.uuid4())
        self.hub.state.timers.soon(self.tell_state)
        return {"subscriptionId": self._state}

    def tell_state(self) -> None:
        if self._state is not None:
            self.send(agent_forms.agent_state(self.user, self._state))

    def tell_ring(self, ring: Ring) -> None:
        if self._rings is not None:
            body = {"subscriptionId": self._rings, "changes": [{"type": "UPSERT", "result": ring.result()}]}
            self.send(agent_forms.notification(agent_forms.ROUTING_TASK, body))

    def tell_conversation(self, conversation: Conversation) -> None:
        """Tell the change to every subscription that covers the conversation, and its leaving to those that no longer do."""
        for subscription in self._conversations.values():
            is_inside = subscription.covers.covers(conversation, self.hub.users(self.user))
            if is_inside:
                subscription.inside.add(conversation.conversation_id)
                self._send_change(subscription, [conversation], "UPSERT")
            elif conversation.conversation_id in subscription.inside:
                subscription.inside.discard(conversation.conversation_id)
                self._send_change(subscription, [conversation], "DELETE")

    def tell_event(self, conversation: Conversation, change: dict[str, Any]) -> None:
        """Participants of a dialog are told its events without asking, their own among them."""
        dialog = conversation.dialog(change["dialogId"])
        if dialog is not None and dialog.has(self.user.pid):
            self.send(agent_forms.notification(agent_forms.ONLINE_EVENT, agent_forms.event(self.hub.users(self.user), change)))

    def _tell_waiting(self) -> None:
        for ring in self.hub.router.waiting(self.user):
            self.tell_ring(ring)

    def _tell_existing(self, subscription: ConversationSubscription) -> None:
        users = self.hub.users(self.user)
        ours = [c for c in self.hub.state.conversations.values() if c.account_id == self.user.account_id]
        found = [conversation for conversation in ours if subscription.covers.covers(conversation, users)]
        subscription.inside.update(conversation.conversation_id for conversation in found)
        if found:
            self._send_change(subscription, found, "UPSERT")

    def _send_change(self, subscription: ConversationSubscription, conversations: list[Conversation], kind: str) -> None:
        users, order = self.hub.users(self.user), self.hub.state.options.dialog_order
        changes = [{"type": kind, "result": agent_forms.conversation_result(each, users, order)} for each in conversations]
        body = {"subscriptionId": subscription.subscription_id, "changes": changes, "sentTs": max(c.updated_ms for c in conversations)}
        self.send(agent_forms.notification(agent_forms.EX_CONVERSATION_CHANGE, body))
