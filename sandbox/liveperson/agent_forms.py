"""What agents are sent over their websocket, in the form of UMS version 2: old ids beside UUIDs, participants by role, one event at a time.

Source: https://github.com/LivePersonInc/node-agent-sdk (lib/Transformer.js turns these into the newer form)
"""

from __future__ import annotations

from typing import Any

from sandbox.liveperson.conversations import CONSUMER, Consumer, Conversation, Dialog
from sandbox.liveperson.users import User, Users

EX_CONVERSATION_CHANGE = ".ams.aam.ExConversationChangeNotification"
ONLINE_EVENT = ".ams.ms.OnlineEventDistribution"
ROUTING_TASK = ".ams.routing.RoutingTaskNotification"
AGENT_STATE = ".ams.routing.AgentStateNotification"


def notification(kind: str, body: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "notification", "type": kind, "body": body}


def old_id(users: Users, participant_id: str, role: str) -> str:
    """A participant's old id; a consumer has one id only."""
    return participant_id if role == CONSUMER else users.old_id(participant_id)


def event(users: Users, change: dict[str, Any]) -> dict[str, Any]:
    """A messaging change of a webhook as agents see the event."""
    who, role = change["originatorId"], change["originatorMetadata"]["role"]
    return {**change, "originatorId": old_id(users, who, role), "originatorPId": who}


def conversation_result(conversation: Conversation, users: Users, dialog_order: str) -> dict[str, Any]:
    """``result`` of an ExConversationChangeNotification: the complete state as it is now."""
    details = conversation.details(dialog_order)
    old: dict[str, list[str]] = {}
    pids: dict[str, list[str]] = {}
    for person in (person for dialog in conversation.dialogs for person in dialog.participants):
        old.setdefault(person.role, [])  # a role that is only suggested is there, with nobody in it
        pids.setdefault(person.role, [])
    for participant_id, role in conversation.people():
        old[role].append(old_id(users, participant_id, role))
        pids[role].append(participant_id)
    for dialog in details["dialogs"]:
        dialog["participantsDetails"] = [{**p, "id": old_id(users, p["id"], p["role"])} for p in dialog["participantsDetails"]]
    details |= {
        "convId": conversation.conversation_id,
        "participants": old,
        "participantsPId": pids,
        "note": "",
        "groupId": "",
        "csatRate": (conversation.csat or {}).get("csatRate", 0),
    }
    result: dict[str, Any] = {
        "convId": conversation.conversation_id,
        "effectiveTTR": conversation.effective_ttr_ms,
        "lastUpdateTime": conversation.updated_ms,
        "numberOfunreadMessages": {},
        "conversationDetails": details,
    }
    last = _last_content(conversation.dialogs)
    if last is not None:
        result["lastContentEventNotification"] = event(users, last)
    return result


def _last_content(dialogs: list[Dialog]) -> dict[str, Any] | None:
    told = [change for dialog in dialogs for change in dialog.log if change["event"]["type"] != "AcceptStatusEvent"]
    return max(told, key=lambda change: int(change["serverTimestamp"]), default=None)


def agent_state(user: User, subscription_id: str) -> dict[str, Any]:
    result = {"channels": ["MESSAGING"], "availability": user.availability, "description": "", "agentUserId": user.old_id}
    return notification(AGENT_STATE, {"subscriptionId": subscription_id, "changes": [{"type": "UPSERT", "result": result}]})


def profile(consumer: Consumer) -> dict[str, Any]:
    """A consumer's profile as SetUserProfile told it."""
    data = {"userId": consumer.consumer_id, "firstName": None, "lastName": None, **consumer.profile}
    data["privateData"] = consumer.profile.get("privateData") or {}
    data["authenticatedData"] = {"lp_sdes": [dict(sde) for sde in consumer.sdes]}
    data["claims"] = None
    return data
