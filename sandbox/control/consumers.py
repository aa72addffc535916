"""Consumers of another connector, such as the window on the brand's site: every connector of the account is told of them too."""

from __future__ import annotations

from aiohttp import web

from sandbox.control.errors import NotFound, body_of, field, optional
from sandbox.liveperson import LivePersonState, agents
from sandbox.liveperson.conversations import CLOSE, COMPOSING, CONSUMER, Participant
from sandbox.liveperson.state import AlreadyOpen
from sandbox.liveperson.tokens import ConsumerIdentity, lp_consumer_id

ACTIONS = ("text", "typing", "end", "close")


class ConsumerRoutes:
    def __init__(self, state: LivePersonState) -> None:
        self.state = state

    async def open(self, request: web.Request) -> web.Response:
        """Open a conversation that no app of the sandbox's callers asked for; with ``text`` the consumer says it."""
        account_id, body = request.match_info["account_id"], await body_of(request)
        if self.state.accounts.get(account_id) is None:
            raise NotFound(f"there is no account {account_id!r}")
        external_id, features = field(body, "ext_consumer_id", str), optional(body, "features", list)
        identity = ConsumerIdentity(account_id, external_id, lp_consumer_id(account_id, external_id))
        consumer = self.state.consumer(identity)
        consumer.set_profile(optional(body, "profile", dict) or {})
        properties = None if features is None else {"type": ".ClientProperties", "features": features}
        try:
            conversation = self.state.open_conversation(
                consumer, skill_id=optional(body, "skillId", str) or "-1", client_properties=properties
            )
        except AlreadyOpen as err:
            raise agents.ConversationClosed(f"the consumer has an open conversation, {consumer.open_conversation_id}") from err
        text = optional(body, "text", str)
        if text:
            self._say(conversation.conversation_id, text)
        return web.json_response({"conversation": conversation.view()})

    async def act(self, request: web.Request) -> web.Response:
        """Be the consumer: ``text``, ``typing``, ``end`` (the open dialog, so that a survey may follow), ``close`` (everything)."""
        name, conversation_id = request.match_info["action"], request.match_info["conversation_id"]
        if name not in ACTIONS:
            raise NotFound(f"there is no consumer action {name!r}; known are {', '.join(ACTIONS)}")
        conversation = agents.conversation_of(self.state, conversation_id)
        body = await body_of(request)
        if conversation.stage == CLOSE:
            raise agents.ConversationClosed(f"the conversation {conversation_id} is closed")
        dialog = next(dialog for dialog in conversation.dialogs if dialog.state != CLOSE)
        if name == "text":
            self._say(conversation_id, field(body, "text", str))
        elif name == "typing":
            person = Participant(conversation.consumer.consumer_id, CONSUMER)
            self.state.chat_state(conversation, dialog, person, COMPOSING if field(body, "on", bool) else "ACTIVE")
        elif name == "end":
            self.state.close_dialog(conversation, dialog, CONSUMER, "Closed by consumer")
        else:
            self.state.close_conversation(conversation, CONSUMER)
        return web.json_response({"conversation": conversation.view()})

    def _say(self, conversation_id: str, text: str) -> None:
        conversation = self.state.conversations[conversation_id]
        dialog = next(dialog for dialog in conversation.dialogs if dialog.state != CLOSE)
        event = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
        sequence = self.state.publish(conversation, dialog, Participant(conversation.consumer.consumer_id, CONSUMER), event)
        self.state.record("consumer.message", conversation, dialogId=dialog.dialog_id, sequence=sequence, text=text)
