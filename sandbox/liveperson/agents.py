"""What the agent does: called by the control API and by the agent's page.

Every function takes the state and a conversation id, and takes effect at once: notifications are queued when it returns.

Raises (all of them):
    UnknownConversation: there is no such conversation.
    ConversationClosed: it is closed, so the agent cannot do that any more.
    BadAction: an argument is of the wrong form; the text is a sentence for whoever called.
"""

from __future__ import annotations

import uuid
from typing import Any

from sandbox.liveperson.conversations import (
    AGENT,
    ASSIGNED_AGENT,
    AUDIENCE_ALL,
    AUDIENCE_PRIVATE,
    CLOSE,
    COMPOSING,
    CONSUMER,
    MAIN,
    OPEN,
    SUGGESTED,
    SYSTEM,
    TTR_SECONDS,
    Conversation,
    Dialog,
    Participant,
)
from sandbox.liveperson.files import CONTENT_TYPES, FILE_TYPE, MAX_FILE_BYTES
from sandbox.liveperson.state import LivePersonState
from sandbox.liveperson.users import agent_of, bot_of

DELAYS = ("NIGHT", "WEEKEND", "HOLIDAY")


class UnknownConversation(LookupError):
    """There is no conversation of this id."""


class ConversationClosed(Exception):
    """The conversation is closed, or, for ``resume``, one is open."""


class BadAction(ValueError):
    """The action cannot be done with these arguments."""


def conversation_of(state: LivePersonState, conversation_id: str) -> Conversation:
    """The conversation, open or closed."""
    conversation = state.conversations.get(conversation_id)
    if conversation is None:
        raise UnknownConversation(f"there is no conversation {conversation_id!r}")
    return conversation


def join(state: LivePersonState, conversation_id: str, agent_id: str | None = None) -> None:
    """Assign the agent (the account's own unless ``agent_id`` names one); an agent already assigned is replaced."""
    conversation = _open(state, conversation_id)
    agent_id = agent_id or agent_of(conversation.account_id)
    if conversation.agent_id != agent_id:
        _unassign(conversation)
        conversation.main.participants.append(Participant(agent_id, ASSIGNED_AGENT))
        state.changed(conversation)


def join_bot(state: LivePersonState, conversation_id: str) -> dict[str, Any]:
    """Assign the account's bot, as ``join`` does an agent; returns the metadata by which what it sends is known as a bot's.

    Source: https://developers.liveperson.com/conversation-metadata-guide.html (BotResponse)
    """
    join(state, conversation_id, bot_of(conversation_of(state, conversation_id).account_id, "agent"))
    return {"type": "BotResponse", "externalConversationId": conversation_id}


def leave(state: LivePersonState, conversation_id: str) -> None:
    """Return the conversation to the queue of its skill."""
    conversation = _open(state, conversation_id)
    if conversation.agent_id is None:
        raise BadAction("no agent has joined the conversation")
    _unassign(conversation)
    state.handed_over(conversation)


def transfer(state: LivePersonState, conversation_id: str, skill_id: str) -> None:
    """Move the conversation to another skill; the agent leaves and the skill changes, in one notification."""
    conversation = _open(state, conversation_id)
    if not skill_id:
        raise BadAction("skillId must be a non-empty string")
    _unassign(conversation)
    conversation.skill_id = skill_id
    state.handed_over(conversation)


def text(
    state: LivePersonState,
    conversation_id: str,
    text: str,
    *,
    quick_replies: dict[str, Any] | None = None,
    metadata: list[Any] | None = None,
) -> int:
    """Send a text (with quick replies, if any) and return its sequence; the agent joins first if none has."""
    if not text:
        raise BadAction("text must be a non-empty string")
    event: dict[str, Any] = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
    if quick_replies is not None:
        event["quickReplies"] = quick_replies
    return _publish(state, conversation_id, event, metadata=metadata)


def private(state: LivePersonState, conversation_id: str, text: str) -> int:
    """Write a note that only agents and managers may see, and return its sequence."""
    if not text:
        raise BadAction("text must be a non-empty string")
    event = {"type": "ContentEvent", "message": text, "contentType": "text/plain"}
    return _publish(state, conversation_id, event, audience=AUDIENCE_PRIVATE)


def rich(
    state: LivePersonState,
    conversation_id: str,
    content: dict[str, Any],
    *,
    quick_replies: dict[str, Any] | None = None,
    metadata: list[Any] | None = None,
) -> int:
    """Send structured content, passed on as it is, and return its sequence."""
    if not isinstance(content.get("type"), str):
        raise BadAction("content must be an object with a type, such as vertical")
    event: dict[str, Any] = {"type": "RichContentEvent", "content": content}
    if quick_replies is not None:
        event["quickReplies"] = quick_replies
    return _publish(state, conversation_id, event, metadata=metadata)


def file(
    state: LivePersonState,
    conversation_id: str,
    data: bytes,
    file_type: str,
    *,
    caption: str = "",
    preview: str | None = None,
) -> int:
    """Store ``data`` and send it as a hosted file; ``file_type`` is an upper-case word such as PNG or PDF. Returns the sequence."""
    if not FILE_TYPE.fullmatch(file_type):
        raise BadAction("fileType must be an upper-case word such as PNG or PDF")
    if not 0 < len(data) <= MAX_FILE_BYTES:
        raise BadAction(f"the file must have from 1 to {MAX_FILE_BYTES} bytes, not {len(data)}")
    conversation = _open(state, conversation_id)
    owner_id = conversation.agent_id or agent_of(conversation.account_id)
    path = state.files.new_path(conversation.account_id, owner_id, file_type)
    state.files.put(path, data, CONTENT_TYPES.get(file_type, "application/octet-stream"))
    message = {"caption": caption, "relativePath": path, "fileType": file_type}
    if preview is not None:
        message["preview"] = preview
    return _publish(state, conversation_id, {"type": "ContentEvent", "contentType": "hosted/file", "message": message})


def form(state: LivePersonState, conversation_id: str, title: str, form_id: str | None = None) -> int:
    """Invite the consumer to a secure form, and return the sequence; a connector cannot fill it in."""
    if not title:
        raise BadAction("title must be a non-empty string")
    message = {"formId": form_id or str(uuid.uuid4()), "invitationId": str(uuid.uuid4()), "title": title}
    return _publish(state, conversation_id, {"type": "ContentEvent", "contentType": "forms/secure-invitation", "message": message})


def typing(state: LivePersonState, conversation_id: str, on: bool) -> None:
    """Show the consumer that the agent types (``COMPOSING``), or no longer does (``ACTIVE``)."""
    conversation, dialog, agent = _joined(state, conversation_id)
    state.chat_state(conversation, dialog, agent, COMPOSING if on else "ACTIVE")


def read(state: LivePersonState, conversation_id: str, sequences: list[int] | None = None) -> list[int]:
    """Report the consumer's messages as read: the given ones, or all that were not yet. Returns which."""
    return _status(state, conversation_id, "READ", sequences)


def accept(state: LivePersonState, conversation_id: str, sequences: list[int] | None = None) -> list[int]:
    """Report the consumer's messages as received: the given ones, or all that were not yet. Returns which."""
    return _status(state, conversation_id, "ACCEPT", sequences)


def suggest(state: LivePersonState, conversation_id: str, agent_id: str) -> None:
    """Offer the conversation to one agent directly; who is assigned leaves."""
    conversation = _open(state, conversation_id)
    if not agent_id:
        raise BadAction("agentId must be a non-empty string")
    _unassign(conversation)
    conversation.main.participants.append(Participant(agent_id, ASSIGNED_AGENT, SUGGESTED))
    state.handed_over(conversation)


def ttr(state: LivePersonState, conversation_id: str, ttr_type: str, value_s: int | None = None) -> None:
    """Change within what time an answer is due."""
    if ttr_type not in TTR_SECONDS:
        raise BadAction(f"ttrType must be one of {', '.join(TTR_SECONDS)}")
    state.set_ttr(_open(state, conversation_id), ttr_type, TTR_SECONDS[ttr_type] if value_s is None else value_s)


def due(state: LivePersonState, conversation_id: str, due_ms: int) -> None:
    """Set by hand when the next answer is due (epoch milliseconds)."""
    state.set_manual_ettr(_open(state, conversation_id), due_ms)


def delay(state: LivePersonState, conversation_id: str, kind: str | None, till_ms: int | None) -> None:
    """Tell that nobody answers until ``till_ms``, as it is night, weekend or holiday; without a kind, that somebody does again."""
    conversation = _open(state, conversation_id)
    if kind is not None and (kind not in DELAYS or till_ms is None):
        raise BadAction(f"type must be one of {', '.join(DELAYS)}, with tillWhen in epoch milliseconds; or null")
    conversation.delay = None if kind is None else {"type": kind, "tillWhen": till_ms}
    state.changed(conversation)


def close(state: LivePersonState, conversation_id: str) -> None:
    """End the main dialog, as the workspace does: a survey follows where one is configured. During a survey, close everything."""
    conversation = _open(state, conversation_id)
    if conversation.state == OPEN:
        state.close_dialog(conversation, conversation.main, AGENT)
    else:
        state.close_conversation(conversation, AGENT)


def close_all(state: LivePersonState, conversation_id: str) -> None:
    """Close the conversation and all its dialogs; no survey follows."""
    state.close_conversation(_open(state, conversation_id), AGENT)


def auto_close(state: LivePersonState, conversation_id: str) -> None:
    """Close the conversation as LivePerson does after too long a silence; no survey follows."""
    state.close_conversation(_open(state, conversation_id), SYSTEM)


def resume(state: LivePersonState, conversation_id: str) -> Conversation:
    """Begin a new conversation with the consumer of a closed one, the agent assigned from the start; returns the new one."""
    before = conversation_of(state, conversation_id)
    consumer = before.consumer
    if consumer.open_conversation_id is not None:
        raise ConversationClosed(f"the consumer has an open conversation, {consumer.open_conversation_id}")
    return state.open_conversation(
        consumer,
        skill_id=before.skill_id,
        ttr_type=before.ttr_type,
        campaign_info=before.campaign_info,
        context={"type": "ProactiveContext", "originConversationId": before.conversation_id},
        client_properties=before.client_properties,
        agent_id=next((p.participant_id for p in before.main.participants if p.role == ASSIGNED_AGENT), agent_of(before.account_id)),
    )


def _open(state: LivePersonState, conversation_id: str) -> Conversation:
    conversation = conversation_of(state, conversation_id)
    if conversation.stage == CLOSE:
        raise ConversationClosed(f"the conversation {conversation_id} is closed")
    return conversation


def _joined(state: LivePersonState, conversation_id: str) -> tuple[Conversation, Dialog, Participant]:
    """The conversation, the open dialog in which the agent speaks, and the agent, who joins if none has."""
    conversation = _open(state, conversation_id)
    dialog = next(dialog for dialog in conversation.dialogs if dialog.state == OPEN)
    if dialog.dialog_type != MAIN:
        raise ConversationClosed(f"the main dialog of {conversation_id} is closed; a survey is under way")
    if conversation.agent_id is None:
        join(state, conversation_id)
    return conversation, dialog, Participant(conversation.agent_id or agent_of(conversation.account_id), ASSIGNED_AGENT)


def _unassign(conversation: Conversation) -> None:
    main = conversation.main
    main.participants = [person for person in main.participants if person.role != ASSIGNED_AGENT]


def _publish(
    state: LivePersonState, conversation_id: str, event: dict[str, Any], *, audience: str = AUDIENCE_ALL, metadata: list[Any] | None = None
) -> int:
    conversation, dialog, agent = _joined(state, conversation_id)
    sequence = state.publish(conversation, dialog, agent, event, audience=audience, metadata=metadata)
    message = dialog.messages[sequence]
    said = {"type": message.kind, "text": message.text, "audience": audience}
    state.record("agent.message", conversation, dialogId=dialog.dialog_id, sequence=sequence, **said)
    return sequence


def _status(state: LivePersonState, conversation_id: str, status: str, sequences: list[int] | None) -> list[int]:
    theirs = [message for message in _open(state, conversation_id).main.messages.values() if message.role == CONSUMER]
    if sequences is None:
        sequences = [message.sequence for message in theirs if status.lower() not in message.marks]
    unknown = sorted(set(sequences) - {message.sequence for message in theirs})
    if unknown:
        raise BadAction(f"{unknown} are not sequences of the consumer's messages")
    if sequences:
        conversation, dialog, agent = _joined(state, conversation_id)
        state.publish(conversation, dialog, agent, {"type": "AcceptStatusEvent", "status": status, "sequenceList": sequences})
    return sequences
