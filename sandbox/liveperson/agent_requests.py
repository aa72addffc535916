"""Every request that an agent may make over the websocket (UMS version 2), and its answer.

Source: https://github.com/LivePersonInc/node-agent-sdk (lib/Const.js lists the types)
"""

from __future__ import annotations

import secrets
from collections.abc import Callable
from typing import Any

from sandbox.kernel import now_ms
from sandbox.liveperson import agent_forms, validation
from sandbox.liveperson.agent_fields import AgentFields
from sandbox.liveperson.conversations import (
    ASSIGNED_AGENT,
    AUDIENCE_ALL,
    AUDIENCE_PRIVATE,
    CLOSE,
    CONSUMER,
    READER,
    Conversation,
    Dialog,
    Participant,
)
from sandbox.liveperson.routing import ACCEPTED, REJECTED
from sandbox.liveperson.state import AlreadyOpen
from sandbox.liveperson.subscriptions import Subscriber
from sandbox.liveperson.users import AVAILABILITIES
from sandbox.liveperson.validation import BadRequest, expect

QUERY = ".ams.ms.QueryMessages"
AUDIENCES = (AUDIENCE_ALL, AUDIENCE_PRIVATE)

Body = dict[str, Any]


class AgentRequests:
    """The requests of one agent's connection; each answers the body of its response, a bare string where LivePerson sends one."""

    def __init__(self, subscriber: Subscriber) -> None:
        self.subscriber = subscriber
        self.hub, self.user, self.state = subscriber.hub, subscriber.user, subscriber.hub.state
        self._known: dict[str, Callable[[Any, list[Any] | None], Any]] = {
            ".GetClock": lambda body, metadata: {"currentTime": now_ms()},
            ".ams.routing.SetAgentState": self._set_state,
            ".ams.routing.SubscribeRoutingTasks": lambda body, metadata: subscriber.follow_rings(),
            ".ams.routing.UpdateRoutingTaskSubscription": lambda body, metadata: "Routing task subscription updated successfully",
            ".ams.routing.SubscribeAgentsState": lambda body, metadata: subscriber.follow_state(),
            ".ams.routing.UpdateRingState": self._update_ring,
            ".ams.aam.SubscribeExConversations": lambda body, metadata: subscriber.follow_conversations(_object(body)),
            ".ams.aam.UnsubscribeExConversations": self._unsubscribe,
            ".ams.cm.UpdateConversationField": self._update_field,
            ".ams.cm.AgentRequestConversation": self._request_conversation,
            ".ams.userprofile.GetUserProfile": self._profile,
            QUERY: self._query,
            ".ams.ms.PublishEvent": self._publish,
            ".ams.ms.GenerateURLForUploadFile": self._upload_url,
            ".ams.ms.GenerateURLForDownloadFile": self._download_url,
            ".ams.ms.token.GenerateDownloadToken": lambda body, metadata: {"token": secrets.token_hex(16)},
        }

    def answer(self, data: Any) -> Body:
        """The response to one message of the socket."""
        request = data if isinstance(data, dict) else {}
        kind, code = request.get("type"), 200
        try:
            expect(request.get("kind") == "req" and isinstance(request.get("id"), (str, int)), 'a request needs kind "req" and an id')
            action = self._known.get(str(kind))
            if action is None:
                raise BadRequest(f"type {kind!r} is not known; known are {', '.join(self._known)}")
            metadata = request.get("metadata")
            is_list = metadata is None or (isinstance(metadata, list) and all(isinstance(item, dict) for item in metadata))
            expect(is_list, "metadata must be an array of objects")
            body = action(request.get("body", {}), metadata)
        except BadRequest as refusal:
            code, body = 400, refusal.msg
            self.state.kernel.ledger.record(
                "liveperson.refused", call="agent", accountId=self.user.account_id, status=code, type=kind, reason=refusal.reason
            )
        answer_type = "StringResponse" if isinstance(body, str) else f"{kind}$Response"
        return {"kind": "resp", "reqId": str(request.get("id", "")), "code": code, "type": answer_type, "body": body}

    def _set_state(self, body: Any, metadata: list[Any] | None) -> str:
        availability = _object(body).get("availability")
        expect(availability in AVAILABILITIES, f"availability must be one of {', '.join(AVAILABILITIES)}")
        self.hub.set_availability(self.user, str(availability))
        return "Agent state updated successfully"

    def _update_ring(self, body: Any, metadata: list[Any] | None) -> str:
        ring_state = _object(body).get("ringState")
        expect(ring_state in (ACCEPTED, REJECTED), "ringState must be ACCEPTED or REJECTED")
        is_known = self.hub.router.answer(self.user, str(body.get("ringId")), str(ring_state))
        expect(is_known, f"no ring {body.get('ringId')!r} waits for this agent")
        return "Ring state updated successfully"

    def _unsubscribe(self, body: Any, metadata: list[Any] | None) -> str:
        expect(self.subscriber.unfollow(str(_object(body).get("subscriptionId"))), "there is no such subscription")
        return "OK Unsubscribed successfully"

    def _update_field(self, body: Any, metadata: list[Any] | None) -> str:
        conversation = self._conversation(_object(body).get("conversationId"))
        answer = AgentFields(self.state, self.user, conversation).apply(body.get("conversationField"))
        self.state.record("agent.update", conversation, agentId=self.user.pid, fields=body.get("conversationField"), metadata=metadata)
        return answer

    def _request_conversation(self, body: Any, metadata: list[Any] | None) -> Body:
        """Begin a conversation with a consumer, this agent assigned: how a closed one is resumed."""
        context = _object(body).get("conversationContext")
        before = self.state.conversations.get(str((context or {}).get("originConversationId"))) if isinstance(context, dict) else None
        consumer = before.consumer if before else self.state.consumers.get((self.user.account_id, str(body.get("consumerId"))))
        if consumer is None or consumer.account_id != self.user.account_id:
            raise BadRequest(f"there is no consumer {body.get('consumerId')!r}")
        known = before or next((c for c in reversed(self.state.conversations.values()) if c.consumer is consumer), None)
        try:
            conversation = self.state.open_conversation(
                consumer,
                skill_id=str(body.get("skillId") or (known.skill_id if known else "-1")),
                context=context,
                campaign_info=known.campaign_info if known else None,
                client_properties=known.client_properties if known else None,
                agent_id=self.user.pid,
            )
        except AlreadyOpen as err:
            raise BadRequest(f"User {consumer.consumer_id} already has open conversation. Can't open another one.") from err
        return {"conversationId": conversation.conversation_id}

    def _profile(self, body: Any, metadata: list[Any] | None) -> Body:
        consumer_id = body if isinstance(body, str) else str(_object(body).get("userId"))
        consumer = self.state.consumers.get((self.user.account_id, consumer_id))
        if consumer is None:
            raise BadRequest(f"there is no consumer {consumer_id!r}")
        return agent_forms.profile(consumer)

    def _query(self, body: Any, metadata: list[Any] | None) -> list[Body]:
        """The dialog's events from ``newerThanSequence`` on, that one included; at most ``maxQuantity`` of them."""
        _, dialog = self._dialog(_object(body))
        first, most = body.get("newerThanSequence", 0), body.get("maxQuantity")
        expect(type(first) is int and (most is None or type(most) is int), "newerThanSequence and maxQuantity must be whole numbers")
        told = [agent_forms.event(self.hub.users(self.user), change) for change in dialog.log if change["sequence"] >= first]
        return told[: int(most)] if most else told

    def _publish(self, body: Any, metadata: list[Any] | None) -> Body:
        conversation, dialog = self._dialog(_object(body))
        event, audience = body.get("event"), body.get("messageAudience", AUDIENCE_ALL)
        expect(audience in AUDIENCES, f"messageAudience must be one of {', '.join(AUDIENCES)}")
        validation.agent_event(event)
        if dialog.state == CLOSE:
            raise validation.closed()
        me = self._participant(dialog)
        if event["type"] == "ChatStateEvent":
            self.state.chat_state(conversation, dialog, me, event["chatState"])
            return {"sequence": 0}
        if event["type"] == "AcceptStatusEvent":
            unknown = [number for number in event["sequenceList"] if number >= dialog.next_sequence]
            expect(not unknown, f"event.sequenceList: the dialog has no sequences {unknown}")
        if event.get("contentType") == "hosted/file":
            path = event["message"]["relativePath"]
            expect(self.state.files.get(path) is not None, "event.message.relativePath: no file was uploaded there")
        sequence = self.state.publish(conversation, dialog, me, event, audience=audience, metadata=metadata)
        if sequence in dialog.messages:
            message = dialog.messages[sequence]
            said = {"type": message.kind, "text": message.text, "audience": audience}
            self.state.record("agent.message", conversation, dialogId=dialog.dialog_id, sequence=sequence, agentId=self.user.pid, **said)
        return {"sequence": sequence}

    def _upload_url(self, body: Any, metadata: list[Any] | None) -> Body:
        file_type, size = _object(body).get("fileType"), body.get("fileSize")
        validation.agent_file_type(file_type)
        validation.file_size(size)
        return self.state.files.signed("PUT", self.state.files.new_path(self.user.account_id, self.user.pid, str(file_type).upper()))

    def _download_url(self, body: Any, metadata: list[Any] | None) -> Body:
        path = _object(body).get("relativePath")
        is_ours = isinstance(path, str) and f"/{self.user.account_id}/" in path and self.state.files.get(path) is not None
        expect(is_ours, "relativePath: there is no such file")
        return self.state.files.signed("GET", str(path))

    def _participant(self, dialog: Dialog) -> Participant:
        """This agent in the dialog; an assigned agent speaks as such, whatever other role it has."""
        mine = [person for person in dialog.participants if person.participant_id == self.user.pid and person.role != CONSUMER]
        mine = [person for person in mine if dialog.has(person.participant_id) and person.role != READER]
        expect(bool(mine), "this agent does not take part in the dialog, or only as a reader")
        return next((person for person in mine if person.role == ASSIGNED_AGENT), mine[0])

    def _dialog(self, body: Body) -> tuple[Conversation, Dialog]:
        dialog_id = body.get("dialogId", body.get("conversationId"))
        known = self.state.conversations.get(str(body.get("conversationId", dialog_id)))
        candidates = [known] if known else [c for c in self.state.conversations.values() if c.dialog(str(dialog_id))]
        for conversation in candidates:
            dialog = conversation.dialog(str(dialog_id))
            if dialog is not None and conversation.account_id == self.user.account_id:
                return conversation, dialog
        raise BadRequest(f"there is no dialog {dialog_id!r}")

    def _conversation(self, conversation_id: Any) -> Conversation:
        conversation = self.state.conversations.get(str(conversation_id))
        if conversation is None or conversation.account_id != self.user.account_id:
            raise BadRequest(f"there is no conversation {conversation_id!r}")
        return conversation


def _object(body: Any) -> Body:
    if not isinstance(body, dict):
        raise BadRequest("body must be an object")
    return body
