"""The history of conversations (service ``msgHist``): one conversation with its messages and what became of them.

Source: https://developers.liveperson.com/messaging-interactions-api-methods-get-conversation-by-conversation-id.html
"""

from __future__ import annotations

import json
import time
from typing import Any

from aiohttp import web

from sandbox.liveperson.conversations import ASSIGNED_AGENT, CONSUMER, Conversation, Message
from sandbox.liveperson.state import LivePersonState

TYPES = {"text": "TEXT_PLAIN", "file": "HOSTED_FILE", "rich": "RICH_CONTENT", "form": "FORM_INVITATION"}


class HistoryRoutes:
    def __init__(self, state: LivePersonState) -> None:
        self.state = state

    async def search(self, request: web.Request) -> web.Response:
        """200 with the conversation of the body's ``conversationId``, or with no record; 400 a wrong body, 401 no bearer."""
        account_id = request.match_info["account_id"]
        if not request.headers.get("Authorization"):
            return self._refuse(account_id, 401, "the Authorization header is missing")
        try:
            data = json.loads(await request.read())
        except ValueError:
            data = None
        wanted = data.get("conversationId") if isinstance(data, dict) else None
        if not isinstance(wanted, str):
            return self._refuse(account_id, 400, "conversationId must be a string")
        conversation = self.state.conversations.get(wanted)
        found = [conversation] if conversation and conversation.account_id == account_id else []
        metadata = {"count": len(found), "self": {"rel": "self", "href": str(request.url)}}
        return web.json_response({"_metadata": metadata, "conversationHistoryRecords": [_record(each) for each in found]})

    def _refuse(self, account_id: str, status: int, reason: str) -> web.Response:
        self.state.kernel.ledger.record("liveperson.refused", call="history", accountId=account_id, status=status, reason=reason)
        return web.json_response({"error": {"message": reason, "internalCode": status}}, status=status)


def _record(conversation: Conversation) -> dict[str, Any]:
    messages = [message for dialog in conversation.dialogs for message in dialog.messages.values()]
    agents = [person for person in conversation.main.participants if person.role == ASSIGNED_AGENT]
    info = {
        "startTime": _written(conversation.started_ms),
        "startTimeL": conversation.started_ms,
        "endTimeL": conversation.ended_ms or -1,
        "conversationId": conversation.conversation_id,
        "brandId": conversation.account_id,
        "status": conversation.stage,
        "closeReason": conversation.close_reason,
        "latestSkillId": conversation.skill_id,
        "latestAgentId": conversation.agent_id,
        "source": "APP",
    }
    return {
        "info": info,
        "campaign": conversation.campaign_info or {},
        "messageRecords": [_message(conversation, message) for message in messages],
        "agentParticipants": [{"agentId": person.participant_id, "role": person.role} for person in agents],
        "agentParticipantsActive": [{"agentId": person.participant_id, "role": person.role} for person in agents],
        "agentParticipantsLeave": [],
        "consumerParticipants": [{"participantId": conversation.consumer.consumer_id}],
        "transfers": [],
        "messageScores": [],
        "messageStatuses": [status for message in messages for status in _statuses(message)],
    }


def _message(conversation: Conversation, message: Message) -> dict[str, Any]:
    event = message.event
    if message.kind == "rich":
        content = {"richContent": {"content": json.dumps(event["content"])}}  # a string here, unlike in notifications
    elif message.kind == "file":
        content = {"file": event["message"]}
    elif message.kind == "form":
        content = {"formInvitation": event["message"]}
    else:
        content = {"msg": {"text": event["message"]}}
    return {
        "type": TYPES[message.kind],
        "messageData": content,
        "messageId": f"ms::dialog:{message.dialog_id}::msg:{message.sequence}",
        "audience": message.audience,
        "seq": message.sequence,
        "dialogId": message.dialog_id,
        "participantId": message.originator_id,
        "source": "APP",
        "time": _written(message.at_ms),
        "timeL": message.at_ms,
        "sentBy": "Consumer" if message.role == CONSUMER else "Agent",
        "device": "",
    }


def _statuses(message: Message) -> list[dict[str, Any]]:
    named = [("SENT", message.at_ms), *((name.upper(), at_ms) for name, at_ms in message.marks.items())]
    return [
        {
            "messageId": f"ms::dialog:{message.dialog_id}::msg:{message.sequence}",
            "seq": message.sequence,
            "dialogId": message.dialog_id,
            "messageDeliveryStatus": status,
            "time": _written(at_ms),
            "timeL": at_ms,
            "participantType": "Consumer" if message.role == CONSUMER else "Agent",
        }
        for status, at_ms in named
    ]


def _written(at_ms: int) -> str:
    return time.strftime("%Y-%m-%d %H:%M:%S", time.gmtime(at_ms / 1000)) + f".{at_ms % 1000:03d}+0000"
